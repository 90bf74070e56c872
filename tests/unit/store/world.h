/* SPDX-License-Identifier: MIT */
/*
 * What the store's tests stand on: a private PostgreSQL, in it a database whose owner is an ordinary role (row-level security holds for it, as in the
 * field), the same behind PgBouncer in transaction mode, and a superuser's connection that looks behind the store's back. Header only.
 */
#ifndef TESTS_UNIT_STORE_WORLD_H
#define TESTS_UNIT_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/mman.h>

#include "store/files.h"
#include "tests/unit/pg.h"
#include "tests/unit/task.h"

struct world {
	struct pg *pg;
	char direct[160], pooled[160];
	const char *conninfo; /* the one of the two that the tests use now */
	pid_t pooler;
};
static struct world w;

/* ---- behind the store's back ---- */
static inline PGconn *admin_open(const char *user)
{
	char info[200];
	PGconn *c;

	snprintf(info, sizeof(info), "host=%s port=5432 user=%s dbname=ck", w.pg->dir, user);
	c = PQconnectdb(info);
	PQclear(PQexec(c, "SET client_min_messages = error"));
	if (PQstatus(c) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(c));
		abort();
	}
	return c;
}

static inline PGresult *ask_on(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);

	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) {
		fprintf(stderr, "%s\n%s", sql, PQerrorMessage(c));
		abort();
	}
	return r;
}

/* The first column of the first row as a number; 0 without a row. */
static inline int64_t ask(const char *fmt, ...) PRINTF(1, 2);
static inline int64_t ask(const char *fmt, ...)
{
	char sql[2048];
	va_list ap;
	PGconn *c = admin_open("chatkit");
	PGresult *r;
	int64_t v;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	r = ask_on(c, sql);
	v = PQntuples(r) ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	PQclear(r);
	PQfinish(c);
	return v;
}

/* ---- up and down ---- */
static inline void world_pooler(void)
{
	char bin[128], ini[96];
	char *argv[] = {bin, (char[]){"-q"}, ini, NULL};
	FILE *f;

	snprintf(ini, sizeof(ini), "%s/store.ini", w.pg->dir);
	f = fopen(ini, "w");
	if (!f)
		abort();
	fprintf(f,
		"[databases]\nck = host=%s port=5432 user=ck\n[pgbouncer]\nlisten_addr=\nunix_socket_dir=%s\nlisten_port=6433\nauth_type=any\n"
		"pool_mode=transaction\ndefault_pool_size=8\nmax_client_conn=400\nserver_login_retry=0.1\n",
		w.pg->dir, w.pg->dir);
	fclose(f);
	snprintf(w.pooled, sizeof(w.pooled), "host=%s port=6433 user=ck dbname=ck", w.pg->dir);
	pg__path(bin, sizeof(bin), "pgbouncer");
	w.pooler = pg__serve(w.pg, argv, w.pooled);
}

static inline void world_open(void)
{
	PGconn *c;

	w.pg = pg_start();
	c = PQconnectdb(pg_conninfo(w.pg));
	PQclear(ask_on(c, "CREATE ROLE ck LOGIN"));
	PQclear(ask_on(c, "CREATE DATABASE ck OWNER ck"));
	PQfinish(c);
	snprintf(w.direct, sizeof(w.direct), "host=%s port=5432 user=ck dbname=ck", w.pg->dir);
	w.conninfo = w.direct;
	world_pooler();
}

static inline void world_close(void)
{
	pg__end(&w.pooler, SIGINT);
	pg_free(w.pg);
}

/* The same tests on the server itself, through the pooler, and as a superuser, for whom row-level security is not: then WHERE stands alone. */
#define world_run(tests) world_run_(#tests, tests, countof(tests))
static inline int world_run_(const char *name, const struct CMUnitTest *tests, size_t n)
{
	char super[160];
	const char *const ways[] = {w.direct, w.pooled, super};
	int failed = 0;

	world_open();
	snprintf(super, sizeof(super), "host=%s port=5432 user=chatkit dbname=ck", w.pg->dir);
	for (size_t i = 0; i < countof(ways) && !failed; i++) {
		w.conninfo = ways[i];
		printf("as %s\n", w.conninfo);
		failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
		ask("DELETE FROM chatkit.owner; DELETE FROM chatkit.chunk; DELETE FROM chatkit.file");
	}
	world_close();
	return failed;
}

/* ---- one process's store ---- */
struct shop {
	struct io *io;
	struct db *db;
	struct store *s;
	struct arena *a;
	struct err e;
};

/* Not asked yet whether the schema is there. runner NULL: this process. */
static inline void shop_build(struct shop *sh, struct io *io, const char *conninfo, const char *runner)
{
	*sh = (struct shop){.io = io, .a = arena_new((size_t)256 << 20, NULL)};
	sh->db = db_new(io, &(struct db_opts){.conninfo = slice_cstr(conninfo), .max_conns = 8}, &sh->e);
	EXPECT(sh->db);
	sh->s = store_new(sh->db, io, runner ? slice_cstr(runner) : store_runner(sh->a), sh->a);
}

static inline void shop_open(struct shop *sh, struct io *io, const char *runner)
{
	shop_build(sh, io, w.conninfo, runner);
	EXPECT_RC_E(RC_OK, store_ready(sh->s, &sh->e), &sh->e);
}

static inline void shop_close(struct shop *sh)
{
	arena_free(sh->a);
	db_free(sh->db);
}

static inline struct slice new_id(struct shop *sh, const char *prefix)
{
	struct id id = id_new(env_real(), prefix);

	return arena_dup(sh->a, id_slice(&id));
}

static inline struct store_item item_of(struct slice id, const char *body, enum item_state state)
{
	return (struct store_item){.id = id, .kind = S("assistant_message"), .body = slice_cstr(body), .state = state};
}

/* A turn under way: what most tests begin with. */
struct talk {
	struct turn_key k;
	struct begun b;
	struct slice item, entry; /* the user's message */
};

/* With a user's message unless *given brings items or entries of its own. */
static inline enum rc talk_begin(struct shop *sh, struct talk *t, const struct begin *given)
{
	struct begin copy = *given, *b = &copy;
	struct store_item *put = arena_new_of(sh->a, struct store_item);
	struct store_entry *entry = arena_new_of(sh->a, struct store_entry);

	*put = (struct store_item){.id = new_id(sh, "msg_"), .kind = S("user_message"), .body = S("{\"text\":\"hello\"}")};
	*entry = (struct store_entry){.id = new_id(sh, "ent_"), .item_id = put->id, .body = S("{\"role\":\"user\"}")};
	*t = (struct talk){.k = {b->owner, b->thread_id, b->turn_id}, .item = put->id, .entry = entry->id};
	if (!b->batch.n_put && !b->batch.n_entries) {
		b->batch.put = put;
		b->batch.entries = entry;
		b->batch.n_put = b->batch.n_entries = 1;
	}
	if (!b->now_us)
		b->now_us = env_wall_us(env_real());
	if (!b->history_max)
		b->history_max = 100;
	return store_begin(sh->s, sh->a, b, &t->b, &sh->e);
}

static inline void talk_new(struct shop *sh, struct talk *t, struct slice owner)
{
	struct begin b = {.owner = owner, .thread_id = new_id(sh, "thr_"), .turn_id = new_id(sh, "turn_"), .create = BEGIN_NEW};

	EXPECT_RC_E(RC_OK, talk_begin(sh, t, &b), &sh->e);
	EXPECT_EQ(t->b.how, BEGIN_LEASED);
}

static inline void talk_next(struct shop *sh, struct talk *t)
{
	struct begin b = {.owner = t->k.owner, .thread_id = t->k.thread_id, .turn_id = new_id(sh, "turn_")};

	EXPECT_RC_E(RC_OK, talk_begin(sh, t, &b), &sh->e);
	EXPECT_EQ(t->b.how, BEGIN_LEASED);
}

static inline void talk_end(struct shop *sh, const struct talk *t)
{
	EXPECT_RC_E(RC_OK, store_end(sh->s, sh->a, &t->k, &(struct turn_end){.state = TURN_DONE}, &sh->e), &sh->e);
}

static inline struct keep keep_of(const struct talk *t, struct slice item, int64_t n, const char *text)
{
	return (struct keep){.key = t->k, .item_id = item, .kind = S("assistant_message"), .created_us = 7, .n = n, .text = slice_cstr(text)};
}

/* ---- several processes ---- */
#ifdef __SANITIZE_THREAD__
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0"; /* our forks make loops of their own */
}
#endif

/* Memory that forked processes share; zeroed. */
static inline void *shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(p != MAP_FAILED);
	return p;
}

static pthread_barrier_t *crowd_gate;
static int crowd_me;

/* Processes wait here for each other, so that they begin at one moment. */
static inline void crowd_start(void)
{
	pthread_barrier_wait(crowd_gate);
}

static inline void crowd_go(int n, pid_t *pids, void (*fn)(struct io *io))
{
	pthread_barrierattr_t at;

	crowd_gate = shared(sizeof(*crowd_gate));
	pthread_barrierattr_init(&at);
	pthread_barrierattr_setpshared(&at, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(crowd_gate, &at, (unsigned)n);
	fflush(NULL);
	for (crowd_me = 0; crowd_me < n; crowd_me++) {
		pids[crowd_me] = fork();
		EXPECT(pids[crowd_me] >= 0);
		if (pids[crowd_me] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			run_task(fn);
			fflush(NULL);
			_exit(0);
		}
	}
}

static inline void crowd_join(int n, const pid_t *pids)
{
	for (int i = 0; i < n; i++) {
		int status = -1;

		EXPECT_EQ(waitpid(pids[i], &status, 0), pids[i]);
		EXPECT_EQ(status, 0);
	}
}

/* Runs until so many sessions of the database wait for a lock. */
static inline void wait_for_waiters(struct io *io, int n)
{
	while (ask("SELECT count(*) FROM pg_stat_activity WHERE datname = 'ck' AND wait_event_type = 'Lock'") < n)
		io_sleep(io, 2 * IO_MS, NULL);
}

/* Every seq of items and entries, from 1 on, stands once: holds where nothing was deleted. Counts the owner's threads where it does not. */
static inline int64_t threads_with_gaps(const char *owner)
{
	return ask("SELECT count(*) FROM chatkit.thread t WHERE owner_id LIKE '%s' AND last_seq || ' ' || last_seq || ' ' || last_seq IS DISTINCT FROM\n"
		   "(SELECT count(*) || ' ' || count(DISTINCT seq) || ' ' || coalesce(max(seq), 0) FROM\n"
		   " (SELECT seq FROM chatkit.item i WHERE i.owner_id = t.owner_id AND i.thread_id = t.id UNION ALL\n"
		   "  SELECT seq FROM chatkit.entry e WHERE e.owner_id = t.owner_id AND e.thread_id = t.id) x)",
		   owner);
}

#endif
