/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void log_clean__secrets__are_masked(void **state UNUSED)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"key sk-abcdefghijklmnop end", "key sk-*** end"},
		{"sk-proj-Ab_c-12345678", "sk-***"},
		{"(gsk_abcdefghijkl)", "(gsk_***)"},
		{"AIzaSyA1234567890abcdefg", "AIza***"},
		{"a task-force is no key", "a task-force is no key"},
		{"sk-short", "sk-short"},
		{"Authorization: Bearer abc.def", "Authorization: ***"},
		{"got bearer  abc, then", "got bearer  ***, then"},
		{"the bearer", "the bearer"},
		{"postgres://user:pw@host:5432/db", "postgres://user:***@host:5432/db"},
		{"postgres://user:p/w@host/db", "postgres://user:***@host/db"},
		{"postgres://user:p@w@host/db", "postgres://user:***@host/db"},
		{"postgres://user@host:5432/db", "postgres://user@host:5432/db"},
		{"http://host:8080/a@b", "http://host:8080/a@b"},
		{"x postgres://u:x@h and y://a:b@c", "x postgres://u:***@h and y://a:***@c"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJ***"},
		{"eyJhbGciOi", "eyJhbGciOi"},
		{"?key=abc&x=1", "?key=***&x=1"},
		{"api_key=abc def", "api_key=*** def"},
		{"\"x-api-key\": \"ab\\\"c\"", "\"x-api-key\": \"***\"c\""},
		{"password='a b' host=h", "password='***' host=h"},
		{"password: x", "password: ***"},
		{"access_token=x;", "access_token=***;"},
		{"input_tokens=5", "input_tokens=5"},
		{"unexpected token: x", "unexpected token: x"},
		{"duplicate key 'a'", "duplicate key 'a'"},
		{"key=", "key="},
		{"Cookie: a=b; c=d", "Cookie: ***"},
		{"client_secret=\"s\"", "client_secret=\"***\""},
		{"", ""},
		{"=", "="},
		{":", ":"},
		{"://", "://"},
		{"x://a:", "x://a:"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		char line[LOG_LINE_MAX];

		snprintf(line, sizeof(line), "%s", rows[i].in);
		log_clean(line, sizeof(line));
		assert_string_equal(line, rows[i].want);
	}
}

static void log_clean__foreign_bytes__cannot_forge_a_line(void **state UNUSED)
{
	char line[LOG_LINE_MAX] = "a\nb\r\t\x1b[0m\x7f\xc3\xa9\\x";

	log_clean(line, sizeof(line));
	assert_string_equal(line, "a\\x0ab\\x0d\\x09\\x1b[0m\\x7f\\xc3\\xa9\\\\x");
}

static void log_clean__small_room__is_kept(void **state UNUSED)
{
	for (size_t size = 1; size < 40; size++) {
		char line[64], guard[sizeof(line)];

		memset(line, 0x55, sizeof(line));
		memset(guard, 0x55, sizeof(guard));
		memset(line, '\n', size - 1);
		line[size - 1] = '\0';
		log_clean(line, size);
		assert_true(strlen(line) < size);
		assert_memory_equal(line + size, guard, sizeof(line) - size);
	}
}

static void read_line(int fd, char *line, size_t size)
{
	ssize_t n = read(fd, line, size - 1);

	assert_true(n > 0);
	line[n] = '\0';
}

static void log_line__line__has_time_level_pid_and_context(void **state UNUSED)
{
	const struct log_ctx ctx = {.rid = S("r1 owner=x"), .owner = S("ada@example.org"), .thread = S("thr_1"), .turn = SLICE_NONE};
	char line[LOG_LINE_MAX + 1], rest[200], pid[32];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	log_open(LOG_INFO, fds[1]);
	log_line(LOG_DEBUG, NULL, "not this");
	log_line(LOG_WARN, &ctx, "turn done ms=%d text=%s", 5, "a\nb");
	read_line(fds[0], line, sizeof(line));
	assert_int_equal(line[10], 'T');
	assert_int_equal(line[23], 'Z');
	snprintf(pid, sizeof(pid), " warn [%ld] ", (long)getpid());
	assert_memory_equal(line + 24, pid, strlen(pid));
	snprintf(rest, sizeof(rest), "%s", line + 24 + strlen(pid));
	assert_memory_equal(rest, "rid=r1?owner?x owner=", 21);
	assert_string_equal(rest + 29, " thread=thr_1 turn done ms=5 text=a\\x0ab\n");
	assert_null(strstr(rest, "ada"));
	log_open(LOG_INFO, 2);
	close(fds[0]);
	close(fds[1]);
}

static void log_line__long_text__is_cut_and_ends_in_a_newline(void **state UNUSED)
{
	static const char fills[] = {'x', '\n', '\\'};
	char line[LOG_LINE_MAX + 1], text[1200];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	for (size_t i = 0; i < countof(fills); i++) {
		memset(text, fills[i], sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		log_open(LOG_INFO, fds[1]);
		log_line(LOG_ERROR, NULL, "%s%s", text, text);
		log_open(LOG_INFO, 2);
		read_line(fds[0], line, sizeof(line));
		assert_in_range(strlen(line), LOG_LINE_MAX - 8, LOG_LINE_MAX);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	}
	close(fds[0]);
	close(fds[1]);
}

static void log_err__level__is_what_the_rc_deserves(void **state UNUSED)
{
	struct err e = ERR_INIT;
	char line[LOG_LINE_MAX + 1];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	log_open(LOG_INFO, fds[1]);
	(void)err_set(&e, RC_GONE, "left");
	log_err(NULL, "stream", &e);
	(void)err_set(&e, RC_DB, "no connection");
	snprintf(e.sqlstate, sizeof(e.sqlstate), "08006");
	log_err(NULL, "stream", &e);
	log_open(LOG_INFO, 2);
	read_line(fds[0], line, sizeof(line));
	close(fds[0]);
	close(fds[1]);
	assert_non_null(strstr(line, " error ["));
	assert_non_null(strstr(line, "] stream: no connection rc=database_unavailable sqlstate=08006\n"));
}

static void log_level_parse__names__are_known(void **state UNUSED)
{
	enum log_level level = LOG_ERROR;

	assert_true(log_level_parse(S("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse(S("Debug"), &level));
	assert_false(log_level_parse(SLICE_NONE, &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_clean__secrets__are_masked),
		cmocka_unit_test(log_clean__foreign_bytes__cannot_forge_a_line),
		cmocka_unit_test(log_clean__small_room__is_kept),
		cmocka_unit_test(log_line__line__has_time_level_pid_and_context),
		cmocka_unit_test(log_line__long_text__is_cut_and_ends_in_a_newline),
		cmocka_unit_test(log_err__level__is_what_the_rc_deserves),
		cmocka_unit_test(log_level_parse__names__are_known),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
