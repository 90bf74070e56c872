/* SPDX-License-Identifier: MIT */
/*
 * What an answer that breaks off means, at each place where it can: against a server of a few lines that says just so much of PostgreSQL's protocol
 * (version 3.0, chapter "Message Formats") and then misbehaves.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "io/db.h"
#include "tests/unit/task.h"

#define LONG (60 * IO_SECOND)

struct fake {
	int fd;
	char dir[64], path[96], conninfo[128];
	const char *script; /* see play() */
	pthread_t thread;
	atomic_int sessions;
};

static void say(struct buf *b, char type, const char *body, size_t n)
{
	uint32_t len = (uint32_t)n + 4;
	char head[5] = {type, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};

	buf_addmem(b, head, 5);
	buf_addmem(b, body, n);
}

/* A pooler's own errors have no V. */
static void say_trouble(struct buf *b, char type, const char *severity, const char *state, bool pooler)
{
	struct buf e = BUF_INIT(1000);

	buf_addf(&e, "S%s%c", severity, 0);
	if (!pooler)
		buf_addf(&e, "V%s%c", severity, 0);
	buf_addf(&e, "C%s%cMsomething happened%cDperson@example.org%c%c", state, 0, 0, 0, 0);
	say(b, type, buf_slice(&e).p, e.n);
	buf_release(&e);
}

static void say_error(struct buf *b, const char *severity, const char *state)
{
	say_trouble(b, 'E', severity, state, false);
}

/*
 * One letter a deed: o an answered INSERT, c the same in a script, s the Sync's answer, e an ERROR, f a FATAL 57P01, i a FATAL 57P05, n the notice 57P02 of a
 * server that crashed, p a pooler's FATAL 08P01, l its FATAL 53300 of a log-in that failed, x the end of the connection, h silence.
 */
static bool play(int fd, const char *script)
{
	struct buf b = BUF_INIT(10000);
	bool open = true;
	char c;

	for (; *script; script++) {
		if (*script == 'o') {
			say(&b, '1', "", 0);
			say(&b, '2', "", 0);
			say(&b, 'n', "", 0);
			say(&b, 'C', "INSERT 0 1", 11);
		} else if (*script == 's') {
			say(&b, 'Z', "I", 1);
		} else if (*script == 'e') {
			say_error(&b, "ERROR", "23505");
		} else if (*script == 'f') {
			say_error(&b, "FATAL", "57P01");
		} else if (*script == 'c') {
			say(&b, 'C', "INSERT 0 1", 11);
		} else if (*script == 'i') {
			say_error(&b, "FATAL", "57P05");
		} else if (*script == 'n') {
			say_trouble(&b, 'N', "WARNING", "57P02", false);
		} else if (*script == 'p') {
			say_trouble(&b, 'E', "FATAL", "08P01", true);
		} else if (*script == 'l') {
			say_trouble(&b, 'E', "FATAL", "53300", true);
		} else {
			open = false;
		}
	}
	EXPECT(b.n == 0 || write(fd, b.p, b.n) == (ssize_t)b.n);
	if (!open && script[-1] == 'h')
		while (read(fd, &c, 1) > 0)
			;
	buf_release(&b);
	return open;
}

/* Reads up to the Sync, whose type is S and whose body is empty, or a script's end. */
static bool read_sync(int fd)
{
	char in[2048];
	size_t n = 0;

	for (;;) {
		ssize_t k = read(fd, in + n, sizeof(in) - n);

		if (k <= 0)
			return false;
		n += (size_t)k;
		if (n >= 5 && memcmp(in + n - 5, "S\0\0\0\4", 5) == 0)
			return true;
		if (in[0] == 'Q' && in[n - 1] == '\0')
			return true;
		if (in[0] == 'X')
			return false;
	}
}

static void *serve(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		struct buf b = BUF_INIT(1000);
		char startup[1024];

		atomic_fetch_add(&f->sessions, 1);
		EXPECT(read(fd, startup, sizeof(startup)) > 8);
		say(&b, 'R', "\0\0\0\0", 4);
		say(&b, 'S', "client_encoding\0UTF8", 21);
		say(&b, 'Z', "I", 1);
		EXPECT(write(fd, b.p, b.n) == (ssize_t)b.n);
		buf_release(&b);
		while (read_sync(fd) && play(fd, f->script))
			;
		close(fd);
	}
	return NULL;
}

static void fake_open(struct fake *f)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/chatkit-fake-XXXXXX");
	EXPECT(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/.s.PGSQL.5432", f->dir);
	snprintf(f->conninfo, sizeof(f->conninfo), "host=%s port=5432 user=x dbname=x", f->dir);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f->path);
	f->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	EXPECT(bind(f->fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(f->fd, 16) == 0);
}

static void fake_close(struct fake *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
	unlink(f->path);
	rmdir(f->dir);
}

static const struct row {
	const char *script;
	enum rc want;
	const char *state;
	bool kept; /* the connection is used again */
} rows[] = {
	{"oos", RC_OK, "", true},
	{"es", RC_DB, "23505", true},           /* the first was refused */
	{"oes", RC_DB, "23505", true},          /* the second */
	{"ooes", RC_DB, "23505", true},         /* the commit, by a deferred constraint */
	{"ofx", RC_DB, "57P01", false},         /* shut down before all was answered: the server undoes it */
	{"fx", RC_DB, "57P01", false},
	{"oofx", RC_DB_UNKNOWN, "57P01", false}, /* all was answered: the commit may be done */
	{"ix", RC_DB, "57P05", false},          /* it was idle for too long */
	{"nx", RC_DB_UNKNOWN, "", false},       /* crashed: at any moment, in the commit too */
	{"oonx", RC_DB_UNKNOWN, "", false},
	{"lx", RC_DB, "53300", false},          /* a pooler had no session for it */
	{"px", RC_DB_UNKNOWN, "08P01", false},  /* a pooler lost its server, who knows when */
	{"opx", RC_DB_UNKNOWN, "08P01", false},
	{"oopx", RC_DB_UNKNOWN, "08P01", false},
	{"x", RC_DB_UNKNOWN, "", false},
	{"ox", RC_DB_UNKNOWN, "", false},
	{"oox", RC_DB_UNKNOWN, "", false},
	{"h", RC_DB_UNKNOWN, "", false},        /* silence, until query_us is over */
	{"ooh", RC_DB_UNKNOWN, "", false},
};

static void every_break(struct io *io)
{
	for (size_t i = 0; i < countof(rows); i++) {
		struct fake f;
		struct err e = ERR_INIT;
		struct db *db;
		struct arena *a = arena_new(65536, NULL);
		struct db_call c[2] = {{.sql = "INSERT INTO a VALUES (1)"}, {.sql = "INSERT INTO a VALUES (2)"}};
		enum rc rc;

		fake_open(&f);
		f.script = rows[i].script;
		EXPECT_EQ(pthread_create(&f.thread, NULL, serve, &f), 0);
		db = db_new(io, &(struct db_opts){.conninfo = slice_cstr(f.conninfo), .max_conns = 1, .query_us = strchr(f.script, 'h') ? 500 * IO_MS : LONG}, &e);
		EXPECT(db);
		for (int round = 1; round <= 2; round++) {
			rc = db_run(db, a, c, 2, &e);
			if (rc != rows[i].want)
				fprintf(stderr, "script '%s'\n", rows[i].script);
			EXPECT_RC_E(rows[i].want, rc, &e);
			if (rc != RC_OK) {
				EXPECT_STR(rows[i].state, slice_cstr(e.sqlstate));
				EXPECT(!strstr(e.msg, "example.org"));
				EXPECT(!c[0].rows.res);
			}
			EXPECT_EQ(atomic_load(&f.sessions), rows[i].kept ? 1 : round);
		}
		db_free(db);
		fake_close(&f);
		arena_free(a);
	}
}

/* A script's last answer comes behind its commit, and which is the last nobody knows. */
static void every_break_of_a_script(struct io *io)
{
	static const struct row scripts[] = {
		{"ccs", RC_OK, "", true},
		{"ces", RC_DB, "23505", true},
		{"fx", RC_DB_UNKNOWN, "57P01", false},
		{"ccfx", RC_DB_UNKNOWN, "57P01", false},
		{"ccnx", RC_DB_UNKNOWN, "", false},
		{"ccx", RC_DB_UNKNOWN, "", false},
	};

	for (size_t i = 0; i < countof(scripts); i++) {
		struct err e = ERR_INIT;
		struct fake f;
		struct db *db;

		fake_open(&f);
		f.script = scripts[i].script;
		EXPECT_EQ(pthread_create(&f.thread, NULL, serve, &f), 0);
		db = db_new(io, &(struct db_opts){.conninfo = slice_cstr(f.conninfo), .max_conns = 1, .query_us = LONG}, &e);
		for (int round = 1; round <= 2; round++) {
			EXPECT_RC_E(scripts[i].want, db_script(db, "INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)", &e), &e);
			EXPECT(scripts[i].want == RC_OK || slice_is(slice_cstr(e.sqlstate), scripts[i].state));
			EXPECT_EQ(atomic_load(&f.sessions), scripts[i].kept ? 1 : round);
		}
		db_free(db);
		fake_close(&f);
	}
}

static void a_broken_answer_to_a_script_says_what_it_means(void **state UNUSED)
{
	run_task(every_break_of_a_script);
}

static void a_broken_answer_says_what_it_means(void **state UNUSED)
{
	run_task(every_break);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_answer_says_what_it_means),
		cmocka_unit_test(a_broken_answer_to_a_script_says_what_it_means),
	};

	return cmocka_run_group_tests_name("db_broken", tests, NULL, NULL);
}
