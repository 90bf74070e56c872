/* SPDX-License-Identifier: MIT */
/*
 * A private PostgreSQL for one test program: its own directory under /tmp, a unix socket and nothing else, so that no port is taken. Header only.
 *
 *     struct pg *pg = pg_start();          initdb and start, about a second
 *     db_opts.conninfo = slice_cstr(pg_conninfo(pg));
 *     pg_stop_server(pg) pg_kill9(pg) pg_start_again(pg)
 *     pg_bouncer_start(pg) pg_bouncer_conninfo(pg)
 *     pg_free(pg);                         stops all of it and removes the directory
 *
 * Servers refuse to run as root, so root's children become nobody. All of it goes with the test, also when that crashes.
 */
#ifndef TESTS_UNIT_PG_H
#define TESTS_UNIT_PG_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"

#define PG_WAIT_MS 60000

struct pg {
	char dir[64];
	char conninfo[160], bouncer_conninfo[160];
	pid_t server, bouncer, janitor;
	int alive; /* closes with us: the janitor's sign */
};

static inline void pg__die(const char *what)
{
	fprintf(stderr, "pg.h: %s: %s\n", what, strerror(errno));
	abort();
}

static inline void pg__sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* The unprivileged user that root's children become. */
static inline const struct passwd *pg__user(void)
{
	return geteuid() == 0 ? getpwnam("nobody") : NULL;
}

/* Starts argv[0] as a child that has our rights at most, writes into the log and dies when we do. */
static inline pid_t pg__spawn(const struct pg *p, char *const argv[])
{
	const struct passwd *u = pg__user();
	char log[96];
	pid_t parent = getpid(), pid;
	/* The signal comes when the thread that forked ends: of use on the first thread only. */
	bool first = gettid() == parent;
	sigset_t none;

	snprintf(log, sizeof(log), "%s/log", p->dir);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		pg__die("fork");
	if (pid > 0)
		return pid;
	if (u && (setgroups(0, NULL) != 0 || setgid(u->pw_gid) != 0 || setuid(u->pw_uid) != 0))
		_exit(124);
	sigemptyset(&none); /* a task's thread blocks all */
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (first)
		prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (getppid() != parent || chdir(p->dir) != 0)
		_exit(125);
	/* A process group of its own, so that a terminal's Ctrl-C is ours to handle. */
	setpgid(0, 0);
	if (!freopen("/dev/null", "r", stdin) || !freopen(log, "a", stdout) || !freopen(log, "a", stderr))
		_exit(126);
	execv(argv[0], argv);
	_exit(127);
}

static inline void pg__path(char *out, size_t size, const char *program)
{
	static const char *const dirs[] = {"/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin", "/usr/local/bin",
	                                   "/usr/bin", "/usr/sbin", "/usr/local/pgsql/bin"};
	struct stat st;

	for (size_t i = 0; i < countof(dirs); i++) {
		snprintf(out, size, "%s/%s", dirs[i], program);
		if (stat(out, &st) == 0)
			return;
	}
	pg__die(program);
}

/* A server that was killed may leave something locked for a moment, so that its successor gives up: then it is begun again. */
static inline pid_t pg__serve(const struct pg *p, char *const argv[], const char *conninfo)
{
	pid_t pid = pg__spawn(p, argv);

	for (int ms = 0; ms < PG_WAIT_MS; ms += 10) {
		if (PQping(conninfo) == PQPING_OK)
			return pid;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			pid = pg__spawn(p, argv);
		pg__sleep_ms(10);
	}
	pg__die("the server does not answer, see its log");
	return -1;
}

static inline const char *pg_conninfo(const struct pg *p)
{
	return p->conninfo;
}

static inline void pg_start_again(struct pg *p)
{
	char bin[128], data[96], arg_k[96];
	char *argv[] = {bin, (char[]){"-D"}, data, (char[]){"-k"}, arg_k, (char[]){"-c"}, (char[]){"listen_addresses="}, (char[]){"-c"},
	                (char[]){"fsync=off"}, (char[]){"-c"}, (char[]){"deadlock_timeout=100ms"}, (char[]){"-c"}, (char[]){"max_connections=60"}, NULL};

	pg__path(bin, sizeof(bin), "postgres");
	snprintf(data, sizeof(data), "%s/data", p->dir);
	snprintf(arg_k, sizeof(arg_k), "%s", p->dir);
	p->server = pg__serve(p, argv, p->conninfo);
}

static inline void pg__end(pid_t *pid, int sig)
{
	if (*pid <= 0)
		return;
	kill(*pid, sig);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

/* A fast shutdown: sessions are told (57P01) and cut. */
static inline void pg_stop_server(struct pg *p)
{
	pg__end(&p->server, SIGINT);
}

/* As a machine that loses its power: the postmaster and all its children are killed at once. */
static inline void pg_kill9(struct pg *p)
{
	char path[96];
	FILE *f;
	int child;

	if (p->server <= 0)
		return;
	kill(p->server, SIGSTOP); /* so that it restarts nothing meanwhile */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)p->server, (int)p->server);
	f = fopen(path, "r");
	while (f && fscanf(f, "%d", &child) == 1)
		kill(child, SIGKILL);
	if (f)
		fclose(f);
	pg__end(&p->server, SIGKILL);
	snprintf(path, sizeof(path), "%s/data/postmaster.pid", p->dir);
	unlink(path);
}

static inline int pg__remove(const char *path, const struct stat *st UNUSED, int flag UNUSED, struct FTW *ftw UNUSED)
{
	return remove(path);
}

/* A child that outlives a test that crashes, and then stops what it left running and removes the directory. */
static inline void pg__janitor(struct pg *p)
{
	char path[96], x;
	int fds[2], pid;
	FILE *f;

	if (pipe(fds) != 0)
		pg__die("pipe");
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	p->janitor = fork();
	p->alive = fds[1];
	if (p->janitor != 0) {
		close(fds[0]);
		return;
	}
	setsid();
	close(fds[1]);
	while (read(fds[0], &x, 1) < 0 && errno == EINTR)
		;
	snprintf(path, sizeof(path), "%s/data/postmaster.pid", p->dir);
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &pid) == 1) {
		kill(pid, SIGQUIT);
		for (int ms = 0; ms < 5000 && access(path, F_OK) == 0; ms += 10)
			pg__sleep_ms(10);
	}
	nftw(p->dir, pg__remove, 16, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

static inline struct pg *pg_start(void)
{
	struct pg *p = calloc(1, sizeof(*p));
	const struct passwd *u = pg__user();
	char bin[128], data[96];
	char *argv[] = {bin, (char[]){"-D"}, data, (char[]){"-U"}, (char[]){"chatkit"}, (char[]){"--auth=trust"}, (char[]){"--no-sync"}, (char[]){"-E"},
	                (char[]){"UTF8"}, (char[]){"--locale=C"}, NULL};
	int status = 0;
	pid_t pid;

	if (!p)
		pg__die("calloc");
	snprintf(p->dir, sizeof(p->dir), "/tmp/chatkit-pg-XXXXXX");
	if (!mkdtemp(p->dir) || (u && chown(p->dir, u->pw_uid, u->pw_gid) != 0))
		pg__die("mkdtemp");
	pg__janitor(p);
	snprintf(p->conninfo, sizeof(p->conninfo), "host=%s port=5432 user=chatkit dbname=postgres", p->dir);
	snprintf(data, sizeof(data), "%s/data", p->dir);
	pg__path(bin, sizeof(bin), "initdb");
	pid = pg__spawn(p, argv);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		pg__die("initdb failed");
	pg_start_again(p);
	return p;
}

/* PgBouncer in transaction mode in front, with a pool of 2. */
static inline void pg_bouncer_start(struct pg *p)
{
	char bin[128], ini[96];
	char *argv[] = {bin, (char[]){"-q"}, ini, NULL};
	FILE *f;

	snprintf(ini, sizeof(ini), "%s/pgbouncer.ini", p->dir);
	f = fopen(ini, "w");
	if (!f)
		pg__die(ini);
	fprintf(f,
	        "[databases]\n* = host=%s port=5432 user=chatkit\n[pgbouncer]\nlisten_addr=\nunix_socket_dir=%s\nlisten_port=6432\n"
	        "auth_type=any\npool_mode=transaction\ndefault_pool_size=2\nmax_client_conn=200\nserver_login_retry=0.1\n",
	        p->dir, p->dir);
	fclose(f);
	snprintf(p->bouncer_conninfo, sizeof(p->bouncer_conninfo), "host=%s port=6432 user=chatkit dbname=postgres", p->dir);
	pg__path(bin, sizeof(bin), "pgbouncer");
	p->bouncer = pg__serve(p, argv, p->bouncer_conninfo);
}

static inline const char *pg_bouncer_conninfo(const struct pg *p)
{
	return p->bouncer_conninfo;
}

static inline void pg_bouncer_stop(struct pg *p)
{
	pg__end(&p->bouncer, SIGTERM); /* SIGINT would wait for its clients */
}

static inline void pg_free(struct pg *p)
{
	if (!p)
		return;
	pg_bouncer_stop(p);
	pg__end(&p->server, SIGQUIT); /* nobody needs its data, and a session that does not end is killed after 5 s */
	close(p->alive);
	pg__end(&p->janitor, 0);
	free(p);
}

#endif
