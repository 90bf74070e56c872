/* SPDX-License-Identifier: MIT */
/*
 * Against a real PostgreSQL and PgBouncer of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "io/db.h"
#include "tests/unit/pg.h"
#include "tests/unit/task.h"

#define LONG (60 * IO_SECOND)

static struct pg *pg;

/* One client a test. */
struct place {
	struct io *io;
	struct db *db;
	struct arena *a;
	struct err e;
};

static void place_open(struct place *p, struct io *io, const struct db_opts *o)
{
	struct db_opts opts = o ? *o : (struct db_opts){0};

	if (!opts.conninfo.n)
		opts.conninfo = slice_cstr(pg_conninfo(pg));
	memset(p, 0, sizeof(*p));
	p->io = io;
	p->a = arena_new(64 * 1024 * 1024, NULL);
	p->db = db_new(io, &opts, &p->e);
	EXPECT(p->db);
}

static void place_close(struct place *p)
{
	db_free(p->db);
	arena_free(p->a);
}

WAITS static enum rc run(struct place *p, struct db_call *c, size_t n)
{
	return db_run(p->db, p->a, c, n, &p->e);
}

WAITS static enum rc run_sql(struct place *p, const char *sql)
{
	return run(p, &(struct db_call){.sql = sql}, 1);
}

WAITS static int64_t one_int(struct place *p, const char *sql)
{
	struct db_call c = {.sql = sql};

	EXPECT_RC_E(RC_OK, run(p, &c, 1), &p->e);
	EXPECT_EQ(c.rows.n, 1);
	return db_int(&c.rows, 0, 0);
}

static void types(struct io *io)
{
	static const int64_t ints[] = {0, -1, INT64_MAX, INT64_MIN};
	static const char raw[] = {0, 1, '\\', '\'', (char)0xff, 0};
	const struct slice texts[] = {S("a,b"), S(""), SLICE_NONE, S("\"quo\\ted\" {x}"), S("na\xc3\xafve")};
	const struct db_arg args[] = {
		DB_TEXT(S("na\xc3\xafve '; drop")), DB_INT(INT64_MIN), DB_BOOL(true), DB_BOOL(false), DB_BYTES(((struct slice){raw, sizeof(raw)})), DB_NULL,
		DB_TEXTS(texts, 5), DB_INTS(ints, 4), DB_TEXTS(NULL, 0), DB_INTS(NULL, 0), DB_TEXT(SLICE_NONE), DB_TEXT_OPT(SLICE_NONE), DB_BYTES(SLICE_NONE)};
	struct db_call c = {
		.sql = "SELECT $1, $2, $3, $4, $5, $6::int, array_length($7,1), $7[1], $7[2], $7[3], $7[4], $7[5], $8[1], $8[2], $8[3], $8[4], cardinality($9),"
		       " cardinality($10), $11, $12, $13, pg_typeof($1)::text||pg_typeof($2)||pg_typeof($3)||pg_typeof($5)||pg_typeof($7)||pg_typeof($8)",
		.args = args,
		.n_args = countof(args)};
	struct place p;
	struct slice s;

	place_open(&p, io, NULL);
	EXPECT_RC_E(RC_OK, run(&p, &c, 1), &p.e);
	EXPECT_EQ(c.rows.n, 1);
	EXPECT_EQ(c.rows.affected, -1);
	EXPECT_STR("na\xc3\xafve '; drop", db_str(&c.rows, 0, 0));
	EXPECT_EQ(db_int(&c.rows, 0, 1), INT64_MIN);
	EXPECT(db_bool(&c.rows, 0, 2) && !db_bool(&c.rows, 0, 3));
	s = db_bytes(p.a, &c.rows, 0, 4);
	EXPECT(s.n == sizeof(raw) && memcmp(s.p, raw, s.n) == 0);
	EXPECT(db_is_null(&c.rows, 0, 5) && db_str(&c.rows, 0, 5).n == 0 && db_int(&c.rows, 0, 5) == 0 && !db_bool(&c.rows, 0, 5));
	EXPECT_EQ(db_int(&c.rows, 0, 6), 5);
	EXPECT_STR("a,b", db_str(&c.rows, 0, 7));
	EXPECT(!db_is_null(&c.rows, 0, 8) && db_str(&c.rows, 0, 8).n == 0);
	EXPECT(db_is_null(&c.rows, 0, 9));
	EXPECT_STR("\"quo\\ted\" {x}", db_str(&c.rows, 0, 10));
	EXPECT_STR("na\xc3\xafve", db_str(&c.rows, 0, 11));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(db_int(&c.rows, 0, 12 + i), ints[i]);
	EXPECT_EQ(db_int(&c.rows, 0, 16), 0);
	EXPECT(!db_is_null(&c.rows, 0, 16) && !db_is_null(&c.rows, 0, 17));
	EXPECT(!db_is_null(&c.rows, 0, 18) && db_str(&c.rows, 0, 18).n == 0);
	EXPECT(db_is_null(&c.rows, 0, 19));
	EXPECT(!db_is_null(&c.rows, 0, 20) && db_bytes(p.a, &c.rows, 0, 20).n == 0);
	EXPECT_STR("textbigintbooleanbyteatext[]bigint[]", db_str(&c.rows, 0, 21));
	place_close(&p);
}

static void every_type_there_and_back(void **state UNUSED)
{
	run_task(types);
}

static void nul_bytes(struct io *io)
{
	const struct slice texts[] = {S("good"), S("b\0ad")};
	const struct db_arg a1 = DB_TEXT(S("b\0ad")), a2 = DB_TEXTS(texts, 2);
	struct place p;

	place_open(&p, io, NULL);
	EXPECT_RC(RC_BAD, run(&p, &(struct db_call){.sql = "SELECT $1", .args = &a1, .n_args = 1}, 1));
	EXPECT_RC(RC_BAD, run(&p, &(struct db_call){.sql = "SELECT $1", .args = &a2, .n_args = 1}, 1));
	/* Behind a good one: that one must not happen either. */
	EXPECT_RC_E(RC_OK, run_sql(&p, "CREATE TABLE nul (x int)"), &p.e);
	{
		struct db_call c[2] = {{.sql = "INSERT INTO nul VALUES (1)"}, {.sql = "SELECT $1", .args = &a1, .n_args = 1}};

		EXPECT_RC(RC_BAD, run(&p, c, 2));
	}
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM nul"), 0);
	/* What is no UTF-8 is the server's to refuse. */
	{
		const struct db_arg a3 = DB_TEXT(S("\xff"));

		EXPECT_RC(RC_DB, run(&p, &(struct db_call){.sql = "SELECT $1", .args = &a3, .n_args = 1}, 1));
		EXPECT_EQ(strcmp(p.e.sqlstate, "22021"), 0);
	}
	place_close(&p);
}

static void text_holds_no_nul(void **state UNUSED)
{
	run_task(nul_bytes);
}

static void pipeline(struct io *io)
{
	struct db_call good[3] = {{.sql = "INSERT INTO pipe SELECT generate_series(1,5)"},
	                          {.sql = "UPDATE pipe SET x = x + 1 WHERE x > 2 RETURNING x"},
	                          {.sql = "SELECT sum(x) FROM pipe"}};
	struct db_call bad[3] = {{.sql = "DELETE FROM pipe"}, {.sql = "INSERT INTO pipe VALUES (1/0)"}, {.sql = "INSERT INTO pipe VALUES (99)"}};
	struct db_call late[2] = {{.sql = "INSERT INTO pipe_d VALUES (1)"}, {.sql = "INSERT INTO pipe_d VALUES (1)"}};
	struct place p;

	place_open(&p, io, &(struct db_opts){.max_conns = 1});
	EXPECT_RC_E(RC_OK, run_sql(&p, "CREATE TABLE pipe (x int)"), &p.e);
	EXPECT_RC_E(RC_OK, run(&p, good, 3), &p.e);
	EXPECT_EQ(good[0].rows.affected, 5);
	EXPECT_EQ(good[1].rows.affected, 3);
	EXPECT_EQ(good[1].rows.n, 3);
	EXPECT_EQ(db_int(&good[2].rows, 0, 0), 18);
	/* The second fails: the first is undone, the third never runs, and the connection is as good as before. */
	EXPECT_RC(RC_DB, run(&p, bad, 3));
	EXPECT_EQ(strcmp(p.e.sqlstate, "22012"), 0);
	EXPECT(strstr(p.e.msg, "division by zero"));
	EXPECT(!bad[0].rows.res);
	EXPECT_EQ(one_int(&p, "SELECT sum(x) FROM pipe"), 18);
	/* A constraint that is only looked at when committing. */
	EXPECT_RC_E(RC_OK, run_sql(&p, "CREATE TABLE pipe_d (x int UNIQUE DEFERRABLE INITIALLY DEFERRED)"), &p.e);
	EXPECT_RC(RC_DB, run(&p, late, 2));
	EXPECT_EQ(strcmp(p.e.sqlstate, "23505"), 0);
	/* The detail would hold the value. */
	EXPECT(!strstr(p.e.msg, "(1)"));
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM pipe_d"), 0);
	/* Syntax, no answer at all, too many. */
	EXPECT_RC(RC_DB, run_sql(&p, "SELEC 1"));
	EXPECT_EQ(strcmp(p.e.sqlstate, "42601"), 0);
	EXPECT_RC_E(RC_OK, run_sql(&p, ""), &p.e);
	EXPECT_RC(RC_DB_UNKNOWN, run_sql(&p, "COPY pipe TO STDOUT"));
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	place_close(&p);
}

static void a_pipeline_is_one_transaction(void **state UNUSED)
{
	run_task(pipeline);
}

/* Megabytes both ways at once: a client that only writes, then only reads, would hang. */
static void large(struct io *io)
{
	size_t n = 3 * 1024 * 1024;
	char *big = xalloc(n);
	struct db_arg arg;
	struct db_call c[8];
	struct place p;

	memset(big, 'x', n);
	arg = DB_TEXT(((struct slice){big, n}));
	place_open(&p, io, NULL);
	for (int i = 0; i < 8; i++)
		c[i] = (struct db_call){.sql = "SELECT $1, length($1)", .args = &arg, .n_args = 1};
	EXPECT_RC_E(RC_OK, run(&p, c, 8), &p.e);
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(db_int(&c[i].rows, 0, 1), n);
		EXPECT_EQ(db_str(&c[i].rows, 0, 0).n, n);
	}
	free(big);
	place_close(&p);
}

static void large_values_both_ways(void **state UNUSED)
{
	run_task(large);
}

static void script(struct io *io)
{
	struct place p;

	place_open(&p, io, &(struct db_opts){.max_conns = 1});
	EXPECT_RC_E(RC_OK, db_script(p.db, "CREATE TABLE s1 (x int); INSERT INTO s1 VALUES (1), (2);\nSELECT 1; -- done\n", &p.e), &p.e);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM s1"), 2);
	/* One transaction: nothing of it stays. */
	EXPECT_RC(RC_DB, db_script(p.db, "CREATE TABLE s2 (x int); INSERT INTO s1 VALUES (3); SELECT nonsense; DROP TABLE s1", &p.e));
	EXPECT_EQ(strcmp(p.e.sqlstate, "42703"), 0);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM s1"), 2);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM pg_class WHERE relname='s2'"), 0);
	EXPECT_RC_E(RC_OK, db_script(p.db, "DO $$ BEGIN RAISE NOTICE 'hello'; END $$", &p.e), &p.e);
	place_close(&p);
}

static void a_script_is_one_transaction(void **state UNUSED)
{
	run_task(script);
}

static void opening(struct io *io)
{
	struct place p;
	struct err e;

	/* Nothing of it may come through. */
	setenv("PGAPPNAME", "sneaky", 1);
	setenv("PGOPTIONS", "-c search_path=evil", 1);
	setenv("PGDATABASE", "nowhere", 1);
	place_open(&p, io, NULL);
	EXPECT(!getenv("PGAPPNAME") && !getenv("PGOPTIONS") && !getenv("PGDATABASE"));
	{
		struct db_call c = {.sql = "SELECT current_setting('application_name'), current_setting('client_encoding'), current_setting('search_path')"};

		EXPECT_RC_E(RC_OK, run(&p, &c, 1), &p.e);
		EXPECT_STR("chatkit", db_str(&c.rows, 0, 0));
		EXPECT_STR("UTF8", db_str(&c.rows, 0, 1));
		EXPECT(slice_find(db_str(&c.rows, 0, 2), S("evil")) < 0);
	}
	place_close(&p);
	EXPECT(!db_new(io, &(struct db_opts){.conninfo = S("host=x password='sesame")}, &e));
	EXPECT_EQ(e.rc, RC_CONF);
	EXPECT(!strstr(e.msg, "sesame"));
	place_open(&p, io, &(struct db_opts){.conninfo = S("postgresql://me:sesame@127.0.0.1:1/x")});
	EXPECT_RC(RC_DB, run_sql(&p, "SELECT 1"));
	EXPECT(strstr(p.e.msg, "127.0.0.1") && !strstr(p.e.msg, "sesame"));
	EXPECT_RC(RC_DB, run_sql(&p, "SELECT 1"));
	place_close(&p);
}

static void connecting_asks_no_environment(void **state UNUSED)
{
	run_task(opening);
}

/* Two transactions that lock two rows in opposite orders, over and over: the loser is run again and both count. */
struct rival {
	struct place *p;
	int first, second;
};

static void compete(void *arg)
{
	struct rival *r = arg;
	struct db_arg args[2] = {DB_INT(r->first), DB_INT(r->second)};
	struct err e;

	for (int i = 0; i < 10; i++) {
		struct db_call c[3] = {{.sql = "UPDATE dead SET n = n + 1 WHERE id = $1", .args = &args[0], .n_args = 1},
		                       {.sql = "SELECT pg_sleep(0.02)"},
		                       {.sql = "UPDATE dead SET n = n + 1 WHERE id = $1", .args = &args[1], .n_args = 1}};

		/* Rivals that never rest may lose four times in a row: a tenth of a second each. Then it is still for sure that nothing happened. */
		while (db_run(r->p->db, r->p->a, c, 3, &e) != RC_OK)
			EXPECT_EQ(strcmp(e.sqlstate, "40P01"), 0);
	}
}

static void deadlocks(struct io *io)
{
	struct place p;
	struct rival a = {.p = &p, .first = 1, .second = 2}, b = {.p = &p, .first = 2, .second = 1};
	struct task *t;

	place_open(&p, io, NULL);
	EXPECT_RC_E(RC_OK, db_script(p.db, "CREATE TABLE dead (id bigint PRIMARY KEY, n int); INSERT INTO dead VALUES (1,0),(2,0)", &p.e), &p.e);
	t = io_go(io, "rival", compete, &b);
	compete(&a);
	io_join(t);
	EXPECT_EQ(one_int(&p, "SELECT sum(n) FROM dead"), 40);
	/* It did happen, or this test shows nothing. The statistics come in when a session ends or idles. */
	while (one_int(&p, "SELECT deadlocks FROM pg_stat_database WHERE datname='postgres'") == 0)
		io_sleep(io, 10 * IO_MS, NULL);
	/* One that fails always is given up. */
	EXPECT_RC(RC_DB, run_sql(&p, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE='40001'; END $$"));
	EXPECT_EQ(strcmp(p.e.sqlstate, "40001"), 0);
	/* Counted outside of the transaction: four tries. */
	EXPECT_RC_E(RC_OK, run_sql(&p, "CREATE SEQUENCE tries"), &p.e);
	{
		struct db_call c[2] = {{.sql = "SELECT nextval('tries')"}, {.sql = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE='40P01'; END $$"}};

		EXPECT_RC(RC_DB, run(&p, c, 2));
	}
	EXPECT_EQ(one_int(&p, "SELECT last_value FROM tries"), 4);
	place_close(&p);
}

static void deadlocks_are_run_again(void **state UNUSED)
{
	run_task(deadlocks);
}

/* The pool */

struct client {
	struct place *p;
	int i, *order, *n;
	enum rc rc;
	int64_t pid;
};

static void sleep_a_little(void *arg)
{
	struct client *c = arg;
	struct db_call call = {.sql = "SELECT pg_backend_pid(), pg_sleep(0.05)"};
	struct err e;

	c->rc = db_run(c->p->db, c->p->a, &call, 1, &e);
	if (c->rc == RC_OK)
		c->pid = db_int(&call.rows, 0, 0);
	c->order[(*c->n)++] = c->i;
}

static void busy(struct io *io)
{
	enum { N = 40 };
	struct place p;
	struct client c[N];
	struct task *t[N];
	int order[N], n = 0, pids = 0;

	place_open(&p, io, &(struct db_opts){.max_conns = 3, .acquire_us = LONG});
	for (int i = 0; i < N; i++) {
		c[i] = (struct client){.p = &p, .i = i, .order = order, .n = &n};
		t[i] = io_go(io, "client", sleep_a_little, &c[i]);
	}
	for (int i = 0; i < N; i++) {
		io_join(t[i]);
		EXPECT_RC(RC_OK, c[i].rc);
	}
	for (int i = 0; i < N; i++) {
		bool seen = false;

		for (int j = 0; j < i; j++)
			seen |= c[j].pid == c[i].pid;
		pids += !seen;
	}
	EXPECT_EQ(pids, 3);
	place_close(&p);
}

/* First come, first served: with one connection that is the order of the answers. */
static void queue_up(struct io *io)
{
	enum { N = 20 };
	struct place p;
	struct client c[N];
	struct task *t[N];
	int order[N], n = 0;

	place_open(&p, io, &(struct db_opts){.max_conns = 1, .acquire_us = LONG});
	for (int i = 0; i < N; i++) {
		c[i] = (struct client){.p = &p, .i = i, .order = order, .n = &n};
		t[i] = io_go(io, "client", sleep_a_little, &c[i]);
		/* Threads begin when they like: one after the other into the queue. */
		io_sleep(io, 20 * IO_MS, NULL);
	}
	for (int i = 0; i < N; i++)
		io_join(t[i]);
	for (int i = 0; i < N; i++)
		EXPECT_EQ(order[i], i);
	place_close(&p);
}

static void the_queue_is_fair(void **state UNUSED)
{
	run_task(queue_up);
}

static void a_busy_pool_waits(void **state UNUSED)
{
	run_task(busy);
}

static void hold(void *arg)
{
	struct client *c = arg;
	struct db_call call = {.sql = "SELECT pg_sleep(3)"};
	struct err e;

	c->rc = db_run(c->p->db, c->p->a, &call, 1, &e);
}

static void exhausted(struct io *io)
{
	struct place p;
	struct client c = {.p = &p};
	struct task *t;

	place_open(&p, io, &(struct db_opts){.max_conns = 1, .acquire_us = 500 * IO_MS});
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	t = io_go(io, "holder", hold, &c);
	io_sleep(io, 100 * IO_MS, NULL);
	EXPECT_RC(RC_DB, run_sql(&p, "SELECT 1"));
	EXPECT(strstr(p.e.msg, "busy"));
	io_join(t);
	EXPECT_RC(RC_OK, c.rc);
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	place_close(&p);
}

static void an_exhausted_pool_refuses_in_time(void **state UNUSED)
{
	run_task(exhausted);
}

static void slow_query(struct io *io)
{
	struct place p;

	place_open(&p, io, &(struct db_opts){.max_conns = 1, .query_us = IO_SECOND});
	EXPECT_RC(RC_DB_UNKNOWN, run_sql(&p, "SELECT pg_sleep(60)"));
	EXPECT(strstr(p.e.msg, "in time"));
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	place_close(&p);
}

static void a_slow_query_is_dropped(void **state UNUSED)
{
	run_task(slow_query);
}

/* Restarts */

static void idle_death(struct io *io)
{
	struct place p;

	place_open(&p, io, NULL);
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	/* Told and cut; killed; one backend terminated: each time the next query does not notice. */
	pg_stop_server(pg);
	EXPECT_RC(RC_DB, run_sql(&p, "SELECT 1"));
	pg_start_again(pg);
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	pg_kill9(pg);
	pg_start_again(pg);
	EXPECT_EQ(one_int(&p, "SELECT 1"), 1);
	place_close(&p);
}

static void idle_connections_die_unnoticed(void **state UNUSED)
{
	run_task(idle_death);
}

static void kill_self(struct io *io)
{
	struct db_call c[2] = {{.sql = "INSERT INTO mid VALUES (1)"}, {.sql = "SELECT pg_terminate_backend(pg_backend_pid())"}};
	struct place p;

	place_open(&p, io, NULL);
	EXPECT_RC_E(RC_OK, run_sql(&p, "CREATE TABLE mid (x int)"), &p.e);
	/* A FATAL in place of an answer: surely undone. */
	EXPECT_RC(RC_DB, run(&p, c, 2));
	EXPECT_EQ(strcmp(p.e.sqlstate, "57P01"), 0);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM mid"), 0);
	place_close(&p);
}

static void a_terminated_backend(void **state UNUSED)
{
	run_task(kill_self);
}

/* Many tasks write numbers while the server is killed and started again. What was said to be done is there; what was said not to be done is not. */
enum { WRITERS = 8, MAYBE = 100000 };
struct writer {
	struct place *p;
	int id;
	bool *stop;
	int done, refused, unknown, last;
	unsigned char said[MAYBE];
};

static void keep_writing(void *arg)
{
	struct writer *w = arg;
	struct err e;

	for (int i = 0; i < MAYBE && !*w->stop; i++) {
		const struct db_arg args[2] = {DB_INT(w->id), DB_INT(i)};
		struct arena *a = arena_new(1024 * 1024, NULL);
		struct db_call c[2] = {{.sql = "INSERT INTO wrote VALUES ($1, $2)", .args = args, .n_args = 2}, {.sql = "SELECT 1"}};
		enum rc rc = db_run(w->p->db, a, c, 2, &e);

		arena_free(a);
		w->last = i + 1;
		if (rc == RC_OK) {
			w->done++;
			w->said[i] = 1;
		} else if (rc == RC_DB) {
			w->refused++;
			w->said[i] = 2;
			io_sleep(w->p->io, IO_MS, NULL);
		} else {
			EXPECT_RC_E(RC_DB_UNKNOWN, rc, &e);
			w->unknown++;
			w->said[i] = 3;
		}
	}
}

struct restart {
	int kind;
};

static void restart_server(void *arg)
{
	struct restart *r = arg;

	if (r->kind == 0)
		pg_kill9(pg);
	else
		pg_stop_server(pg);
	pg_start_again(pg);
}

static void check_writer(struct place *p, struct writer *w)
{
	const struct db_arg arg = DB_INT(w->id);
	struct db_call c = {.sql = "SELECT i FROM wrote WHERE w = $1 ORDER BY i", .args = &arg, .n_args = 1};
	unsigned char *there = xalloc(MAYBE);

	EXPECT_RC_E(RC_OK, run(p, &c, 1), &p->e);
	for (size_t i = 0; i < c.rows.n; i++)
		there[db_int(&c.rows, i, 0)]++;
	for (int i = 0; i < w->last; i++) {
		if (w->said[i] == 1)
			EXPECT_EQ(there[i], 1);
		else if (w->said[i] == 2)
			EXPECT_EQ(there[i], 0);
		else
			EXPECT(there[i] <= 1);
	}
	free(there);
}

static int all_done(const struct writer *w)
{
	int n = 0;

	for (int i = 0; i < WRITERS; i++)
		n += w[i].done;
	return n;
}

/* Writers that never rest, and so many restarts of the server under them: each time it comes back without help. Returns how many writes felt it. */
static int write_on(struct place *p, int restarts, const char *first)
{
	struct io *io = p->io;
	bool stop = false;
	struct writer *w = xalloc(WRITERS * sizeof(*w));
	struct task *t[WRITERS];
	int refused = 0, unknown = 0;

	EXPECT_RC_E(RC_OK, run_sql(p, first), &p->e);
	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){.p = p, .id = i, .stop = &stop};
		t[i] = io_go(io, "writer", keep_writing, &w[i]);
	}
	for (int i = 0; i < restarts; i++) {
		int before;

		/* On the test's own thread: it is the children's parent. */
		restart_server(&(struct restart){i % 2});
		before = all_done(w);
		while (all_done(w) < before + 20)
			io_sleep(io, IO_MS, NULL);
	}
	stop = true;
	for (int i = 0; i < WRITERS; i++) {
		io_join(t[i]);
		check_writer(p, &w[i]);
		refused += w[i].refused;
		unknown += w[i].unknown;
	}
	printf("restarts: %d done, %d refused, %d unknown\n", all_done(w), refused, unknown);
	free(w);
	return refused + unknown;
}

static void restarts(struct io *io)
{
	struct place p;

	place_open(&p, io, &(struct db_opts){.max_conns = 5, .query_us = LONG, .acquire_us = LONG});
	EXPECT(write_on(&p, 6, "CREATE TABLE wrote (w bigint, i bigint)") > 0);
	place_close(&p);
}

static void restarts_in_the_middle(void **state UNUSED)
{
	run_task(restarts);
}

/* PgBouncer */

static void through_bouncer(struct io *io)
{
	enum { N = 30 };
	struct place p;
	struct client c[N];
	struct task *t[N];
	int order[N], n = 0;
	struct db_call bad[2] = {{.sql = "INSERT INTO viab VALUES (2)"}, {.sql = "SELECT 1/0"}};

	place_open(&p, io, &(struct db_opts){.conninfo = slice_cstr(pg_bouncer_conninfo(pg)), .max_conns = 6, .acquire_us = LONG});
	EXPECT_RC_E(RC_OK, db_script(p.db, "CREATE TABLE viab (x int); INSERT INTO viab VALUES (1)", &p.e), &p.e);
	EXPECT_RC(RC_DB, run(&p, bad, 2));
	EXPECT_EQ(strcmp(p.e.sqlstate, "22012"), 0);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM viab"), 1);
	for (int i = 0; i < N; i++) {
		c[i] = (struct client){.p = &p, .i = i, .order = order, .n = &n};
		t[i] = io_go(io, "client", sleep_a_little, &c[i]);
	}
	for (int i = 0; i < N; i++) {
		io_join(t[i]);
		EXPECT_RC(RC_OK, c[i].rc);
	}
	/* Behind it the server is killed: the client's connections to the pooler live on. */
	pg_kill9(pg);
	pg_start_again(pg);
	for (int i = 0; run_sql(&p, "SELECT 1") != RC_OK; i++) {
		EXPECT(i < 1000);
		io_sleep(io, 10 * IO_MS, NULL);
	}
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM viab"), 1);
	/* The pooler itself goes and comes back. */
	pg_bouncer_stop(pg);
	EXPECT_RC(RC_DB, run_sql(&p, "SELECT 1"));
	pg_bouncer_start(pg);
	EXPECT_EQ(one_int(&p, "SELECT count(*) FROM viab"), 1);
	place_close(&p);
}

static void everything_goes_through_pgbouncer(void **state UNUSED)
{
	run_task(through_bouncer);
}

static void bouncer_restarts(struct io *io)
{
	struct place p;

	place_open(&p, io, &(struct db_opts){.conninfo = slice_cstr(pg_bouncer_conninfo(pg)), .max_conns = 5, .query_us = LONG, .acquire_us = LONG});
	(void)write_on(&p, 2, "TRUNCATE wrote"); /* it may hold them back until the server is there again */
	place_close(&p);
}

static void restarts_behind_pgbouncer(void **state UNUSED)
{
	run_task(bouncer_restarts);
}

static int start(void **state UNUSED)
{
	pg = pg_start();
	pg_bouncer_start(pg);
	return 0;
}

static int stop(void **state UNUSED)
{
	pg_free(pg);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_there_and_back),
		cmocka_unit_test(text_holds_no_nul),
		cmocka_unit_test(a_pipeline_is_one_transaction),
		cmocka_unit_test(large_values_both_ways),
		cmocka_unit_test(a_script_is_one_transaction),
		cmocka_unit_test(connecting_asks_no_environment),
		cmocka_unit_test(deadlocks_are_run_again),
		cmocka_unit_test(a_busy_pool_waits),
		cmocka_unit_test(the_queue_is_fair),
		cmocka_unit_test(an_exhausted_pool_refuses_in_time),
		cmocka_unit_test(a_slow_query_is_dropped),
		cmocka_unit_test(idle_connections_die_unnoticed),
		cmocka_unit_test(a_terminated_backend),
		cmocka_unit_test(restarts_in_the_middle),
		cmocka_unit_test(everything_goes_through_pgbouncer),
		cmocka_unit_test(restarts_behind_pgbouncer),
	};

	return cmocka_run_group_tests_name("db", tests, start, stop);
}
