/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs fn in a child and returns how it ended; what it said to stderr is in said. */
static int end_of(void (*fn)(void), char *said, size_t size)
{
	const struct rlimit no_core = {0, 0};
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], 2);
		fn();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void break_a_promise(void)
{
	int n = 1;

	CHECK(n == 2);
}

static void no_memory(void)
{
	out_of_memory();
}

static void far_over_the_cap(void)
{
	struct arena *a = arena_new(16, NULL);

	for (;;)
		memset(arena_alloc(a, 16), 1, 16);
}

static void parent_first(void)
{
	struct arena *top = arena_new(16, NULL), *child = arena_new(16, top);

	arena_free(top);
	arena_free(child);
}

static void check__broken_promise__ends_the_process(void **state UNUSED)
{
	char said[512];
	int status = end_of(break_a_promise, said, sizeof(said));

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, "check failed: n == 2 (tests/unit/base/test_check.c:"));
}

static void out_of_memory__is_exit_71_and_one_line(void **state UNUSED)
{
	char said[512];
	int status = end_of(no_memory, said, sizeof(said));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 71);
	assert_string_equal(said, "chatkit: out of memory\n");
}

static void arena__programmers_faults__end_the_process(void **state UNUSED)
{
	char said[512];

	assert_true(WIFSIGNALED(end_of(far_over_the_cap, said, sizeof(said))));
	assert_true(WIFSIGNALED(end_of(parent_first, said, sizeof(said))));
}

static void xalloc__memory__is_zeroed(void **state UNUSED)
{
	char *p = xalloc(100);

	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	p = xrealloc(p, 200);
	p[199] = 1;
	free(p);
	p = xalloc(0);
	assert_non_null(p);
	p = xrealloc(p, 0);
	assert_non_null(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check__broken_promise__ends_the_process),
		cmocka_unit_test(out_of_memory__is_exit_71_and_one_line),
		cmocka_unit_test(arena__programmers_faults__end_the_process),
		cmocka_unit_test(xalloc__memory__is_zeroed),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
