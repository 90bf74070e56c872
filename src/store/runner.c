/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "store/inner.h"

#define HOST_MAX 64

/* A small file of /proc, whole. */
static struct slice read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return SLICE_NONE;
	n = read(fd, buf, size);
	close(fd);
	return slice_mem(buf, n > 0 ? (size_t)n : 0);
}

/* The process's start in ticks since the boot: field 22 of stat. The name before it may hold anything, so count from its closing bracket. Empty: unknown. */
static struct slice start_of(int64_t pid, char *buf, size_t size)
{
	char path[48];
	struct slice s, word = SLICE_NONE;
	size_t close_at;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	s = read_small(path, buf, size);
	for (close_at = s.n; close_at > 0 && s.p[close_at - 1] != ')'; close_at--)
		;
	if (close_at == 0)
		return SLICE_NONE;
	s = slice_trim(slice_from(s, close_at));
	for (int field = 3; field <= 22; field++)
		s = slice_cut(s, ' ', &word);
	return word;
}

/*
 * "name/boot.namespace": two containers may have one host name, and a pid means nothing in another pid namespace or after a reboot. What looks like
 * another host only costs the time until the lease is out.
 */
static struct slice host_name(struct arena *a)
{
	char name[HOST_MAX + 1] = "", boot[64], ns[64];
	struct slice b = slice_upto(read_small("/proc/sys/kernel/random/boot_id", boot, sizeof(boot)), 8);
	ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof(ns));
	struct slice in = slice_mem(ns, n > 0 ? (size_t)n : 0), digits;

	if (gethostname(name, HOST_MAX) != 0 || !name[0])
		snprintf(name, sizeof(name), "host");
	for (char *p = name; *p; p++) {
		if (*p == ':' || *p == '/')
			*p = '-';
	}
	slice_cut(slice_from(in, sizeof("pid:[") - 1), ']', &digits); /* "pid:[4026531836]" */
	return arena_printf(a, "%s/%.*s.%.*s", name, SLICE_ARG(b), SLICE_ARG(digits));
}

struct slice store_runner(struct arena *a)
{
	struct slice host = host_name(a);
	char buf[1024];
	int64_t pid = getpid();
	struct slice start = start_of(pid, buf, sizeof(buf));

	return arena_printf(a, "%.*s:%lld:%.*s", SLICE_ARG(host), (long long)pid, SLICE_ARG(start));
}

bool store_runner_dead(const struct store *s, struct slice runner)
{
	struct slice pid_text, start, now;
	char buf[1024];
	int64_t pid;

	if (!slice_starts(runner, s->host))
		return false;
	start = slice_cut(slice_from(runner, s->host.n), ':', &pid_text);
	if (!slice_i64(pid_text, 1, INT32_MAX, &pid))
		return false;
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return true;
	/* Another process may have got its number. Where the start cannot be seen (hidepid, no /proc), it counts as alive. */
	now = start_of(pid, buf, sizeof(buf));
	return start.n && now.n && !slice_eq(start, now);
}
