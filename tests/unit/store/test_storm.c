/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, from several processes, for some seconds, while the server is killed and started again: begin, write, keep, end, take over, sweep,
 * delete, change beside a turn, files that come, are used and go, and requests sent again when they failed. At the end: nothing that was acknowledged is missing, nothing stands twice, no number is left out,
 * nothing runs, and the server saw no deadlock.
 */
#include "base/crypto.h"
#include "tests/unit/store/world.h"

enum { PROCESSES = 3, TALKERS = 6, OWNERS = 3, THREADS = 5, ACKED_MAX = 200000 };

static struct storm {
	_Atomic bool over;
	_Atomic int started, n_acked, leased, retried, busy, stale, down, lost, ended, swept, deleted, kept, changed, forgotten, odd;
	char ghost[256]; /* the runner of a process that has ended: its turns may be taken over at once */
	char acked[ACKED_MAX][24];
} *st;

static int seconds = 7;

/* One process: what its keeper looks after. */
struct house {
	struct shop live, dead;
	struct talker {
		struct house *h;
		struct turn_key k; /* empty: none runs */
		int64_t n;         /* chunks */
		int no, serial;
		bool is_ghost, doomed;
	} talkers[TALKERS], changer;
};

static unsigned dice(unsigned sides)
{
	unsigned v;

	env_random(env_real(), &v, sizeof(v));
	return v % sides;
}

static struct slice id_in(struct arena *a, const char *prefix)
{
	struct id id = id_new(env_real(), prefix);

	return arena_dup(a, id_slice(&id));
}

static void odd(const char *what, const struct err *e)
{
	st->odd++;
	fprintf(stderr, "odd: %s: %s %s %s\n", what, rc_name(e->rc), e->msg, e->sqlstate);
}

/* What was promised to somebody: it must stand once at the end. What goes with a doomed thread is promised to nobody. */
static void acknowledge(const struct talker *t, struct slice body)
{
	int at;

	if (t->doomed)
		return;
	at = st->n_acked++;
	EXPECT(at < ACKED_MAX);
	memcpy(st->acked[at], body.p, body.n);
}

/* A batch of one item and its entry, with one body that no other has. */
struct piece {
	struct store_item item;
	struct store_entry entry;
};

static struct batch piece_of(struct arena *a, struct piece *p, struct slice body)
{
	p->item = (struct store_item){.id = id_in(a, "msg_"), .kind = S("k"), .body = body};
	p->entry = (struct store_entry){.id = id_in(a, "ent_"), .item_id = p->item.id, .body = body};
	return (struct batch){.put = &p->item, .n_put = 1, .entries = &p->entry, .n_entries = 1};
}

static struct slice new_body(struct arena *a, struct talker *t)
{
	return arena_printf(a, "%d-%d-%d", crowd_me, t->no, t->serial++);
}

/* ---- closing what another left ---- */

/* Chunks are numbers, "0,1,2,": none may be missing. */
static void expect_chunks(const struct store_open *o)
{
	for (size_t i = 0; i < o->n_chunks; i++) {
		struct slice rest = o->chunks[i].text, head;
		int64_t v, n = 0;

		for (; rest.n; n++) {
			rest = slice_cut(rest, ',', &head);
			EXPECT(slice_i64(head, 0, 1 << 20, &v));
			EXPECT_EQ(v, n);
		}
		EXPECT_EQ(n, o->chunks[i].n + 1);
	}
}

static void close_stale(struct store *s, const struct turn_key *k)
{
	struct arena *a = arena_new((size_t)4 << 20, NULL);
	struct turn_end end = {.state = TURN_INTERRUPTED, .only_if_stale = true};
	struct store_open open;
	struct store_item put;
	struct err e = ERR_INIT;
	enum rc rc = store_open_of(s, a, k, &open, &e);

	if (rc == RC_OK) {
		expect_chunks(&open);
		if (open.n_chunks) {
			put = (struct store_item){.id = open.chunks[0].item_id, .kind = S("k"), .state = ITEM_INCOMPLETE,
						  .body = arena_printf(a, "half %.*s", SLICE_ARG(k->turn_id))};
			end.batch = (struct batch){.put = &put, .n_put = 1};
		}
		rc = store_end(s, a, k, &end, &e);
	}
	if (rc == RC_OK)
		st->swept++;
	else if (rc != RC_LOST && rc != RC_DB)
		odd("close", &e);
	arena_free(a);
}

/* ---- one message and its turn ---- */
static void run_turn(struct talker *t, struct store *s, struct arena *a)
{
	struct turn_end end = {.state = TURN_DONE};
	struct err e = ERR_INIT;
	struct piece p;
	enum rc rc = RC_OK;

	for (unsigned step = dice(4); step && rc == RC_OK; step--) {
		struct slice body = new_body(a, t);
		struct batch b = piece_of(a, &p, body);

		rc = store_write(s, a, &t->k, &b, &e);
		if (rc == RC_OK)
			acknowledge(t, body);
		io_sleep(t->h->live.io, dice(20) * IO_MS, NULL);
	}
	if (rc == RC_OK && !(t->is_ghost && dice(2))) {
		struct slice body = new_body(a, t);
		struct turn_key k = t->k;

		end.batch = piece_of(a, &p, body);
		t->k = (struct turn_key){0}; /* the keeper lets go */
		rc = store_end(s, a, &k, &end, &e);
		if (rc == RC_OK) {
			st->ended++;
			acknowledge(t, body);
		}
	}
	t->k = (struct turn_key){0};
	if (rc == RC_LOST)
		st->lost++;
	if (rc != RC_OK && !(rc == RC_LOST && (t->is_ghost || t->doomed)))
		odd("turn", &e);
}

/* A request, sent again up to five times while it fails, as a page does. */
static void say(struct talker *t, struct arena *a)
{
	struct store *s = t->is_ghost ? t->h->dead.s : t->h->live.s;
	struct slice text = new_body(a, t);
	unsigned char hash[SHA256_LEN];
	struct piece p;
	struct begun out;
	struct err e = ERR_INIT;
	struct begin b = {.owner = arena_printf(a, "storm%u", dice(OWNERS)), .create = BEGIN_EXISTING_OR_NEW, .title_if_none = text, .history_max = 20};

	b.thread_id = arena_printf(a, "%s-%u", t->doomed ? "doomed" : "kept", dice(THREADS));
	if (!t->doomed && dice(4) == 0) {
		b.create = BEGIN_NEW;
		b.thread_id = id_in(a, "thr_");
	}
	sha256(text, hash);
	b.req_hash = slice_mem(hash, sizeof(hash));
	for (int tries = 0; tries < 5; tries++) {
		b.turn_id = id_in(a, "turn_");
		b.batch = piece_of(a, &p, text);
		b.now_us = env_wall_us(env_real());
		if (store_begin(s, a, &b, &out, &e) != RC_OK) {
			if (e.rc != RC_DB)
				odd("begin", &e);
			st->down++;
			io_sleep(t->h->live.io, 50 * IO_MS, NULL);
			continue;
		}
		switch (out.how) {
		case BEGIN_LEASED:
			st->leased++;
			acknowledge(t, text);
			t->k = (struct turn_key){b.owner, b.thread_id, b.turn_id};
			t->n = 0;
			run_turn(t, s, a);
			/* Nobody marked it delivered, so the same request is that turn. */
			if (!t->doomed && dice(4) == 0)
				continue;
			return;
		case BEGIN_RETRY:
			st->retried++;
			return;
		case BEGIN_STALE:
			st->stale++;
			close_stale(s, &(struct turn_key){b.owner, b.thread_id, out.turn_id});
			continue;
		case BEGIN_BUSY:
			st->busy++;
			io_sleep(t->h->live.io, 5 * IO_MS, NULL);
			continue;
		case BEGIN_INACTIVE:
		case BEGIN_CHANGED:
			odd("inactive or changed", &e);
			return;
		}
	}
}

static void talker(void *arg)
{
	struct talker *t = arg;

	while (!st->over) {
		struct arena *a = arena_new((size_t)8 << 20, NULL);

		t->is_ghost = dice(4) == 0;
		t->doomed = dice(3) == 0;
		say(t, a);
		arena_free(a);
	}
}

/* ---- beside the turns ---- */
static void keeper(void *arg)
{
	struct house *h = arg;

	while (!st->over) {
		struct arena *a = arena_new((size_t)1 << 20, NULL);
		struct keep k[TALKERS];
		struct kept kept[TALKERS];
		struct talker *who[TALKERS];
		struct turn_key delivered = {0};
		struct err e = ERR_INIT;
		size_t n = 0;

		for (int i = 0; i < TALKERS; i++) {
			struct talker *t = &h->talkers[i];

			if (!t->k.thread_id.n)
				continue;
			if (t->doomed)
				delivered = (struct turn_key){arena_dup(a, t->k.owner), arena_dup(a, t->k.thread_id), arena_dup(a, t->k.turn_id)};
			/* Copies: the turn may end while we wait. */
			k[n] = (struct keep){.key = {arena_dup(a, t->k.owner), arena_dup(a, t->k.thread_id), arena_dup(a, t->k.turn_id)}, .kind = S("k"),
					     .created_us = 1, .n = t->n};
			k[n].item_id = arena_printf(a, "msg_of_%.*s", SLICE_ARG(t->k.turn_id));
			k[n].text = arena_printf(a, "%lld,", (long long)t->n);
			who[n++] = t;
		}
		if (n && store_keep(h->live.s, a, k, n, &delivered, delivered.owner.n > 0, kept, &e) != RC_OK && e.rc != RC_DB)
			odd("keep", &e);
		for (size_t i = 0; i < n && e.rc == RC_OK; i++) {
			if (!slice_eq(who[i]->k.turn_id, k[i].key.turn_id))
				continue;
			st->kept += kept[i].there;
			who[i]->n += kept[i].there;
			if (kept[i].refused)
				odd("refused", &e);
		}
		arena_free(a);
		io_sleep(h->live.io, 15 * IO_MS, NULL);
	}
}

static void sweep(struct store *s)
{
	struct arena *a = arena_new((size_t)1 << 20, NULL);
	struct turn_key k[20];
	struct err e = ERR_INIT;
	size_t n = 0;

	if (store_stale(s, a, k, countof(k), &n, &e) != RC_OK && e.rc != RC_DB)
		odd("stale", &e);
	for (size_t i = 0; i < n; i++)
		close_stale(s, &k[i]);
	arena_free(a);
}

/* A change of a thread in which turns may run, that uses a file; the file may be swept before, the thread may be deleted. */
static void change(struct house *h)
{
	struct arena *a = arena_new((size_t)1 << 20, NULL);
	struct talker *t = &h->changer;
	struct slice body = new_body(a, t);
	struct piece p;
	struct store_file f = {.id = id_in(a, "fil_"), .name = S("n"), .mime = S("m"), .size = 1, .state = FILE_HERE};
	struct store_quota q = {1000000, 1000000};
	struct change c = {.owner = arena_printf(a, "storm%u", dice(OWNERS)), .batch = piece_of(a, &p, body)};
	enum change_how how = CHANGE_DONE;
	struct err e = ERR_INIT;
	enum rc rc = store_file_new(h->live.s, a, c.owner, &f, &q, &e);

	t->doomed = dice(2);
	c.thread_id = arena_printf(a, "%s-%u", t->doomed ? "doomed" : "kept", dice(THREADS));
	c.if_no_entry = p.entry.id;
	c.batch.files = &f.id;
	c.batch.n_files = 1;
	if (rc == RC_OK)
		rc = store_change(h->live.s, a, &c, &how, &e);
	if ((rc != RC_OK && rc != RC_DB && rc != RC_NOT_FOUND) || how != CHANGE_DONE)
		odd("change", &e);
	if (rc == RC_OK) {
		acknowledge(t, body);
		st->changed++;
	}
	arena_free(a);
}

static void sweep_files(struct store *s)
{
	struct arena *a = arena_new((size_t)1 << 20, NULL);
	struct swept out[20];
	struct err e = ERR_INIT;
	size_t n = 0;
	enum rc rc = store_files_sweep(s, a, 5 * IO_MS, out, countof(out), &n, &e);

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		rc = store_file_forget(s, a, out[i].owner, out[i].id, &e);
		st->forgotten += rc == RC_OK;
	}
	if (rc != RC_OK && rc != RC_DB)
		odd("files", &e);
	arena_free(a);
}

static void sweeper(void *arg)
{
	struct house *h = arg;

	while (!st->over) {
		struct arena *a = arena_new((size_t)1 << 20, NULL);
		struct err e = ERR_INIT;
		bool found = false;

		sweep(h->live.s);
		change(h);
		sweep_files(h->live.s);
		if (store_thread_delete(h->live.s, arena_printf(a, "storm%u", dice(OWNERS)), arena_printf(a, "doomed-%u", dice(THREADS)), &found, &e) != RC_OK &&
		    e.rc != RC_DB)
			odd("delete", &e);
		st->deleted += found;
		arena_free(a);
		io_sleep(h->live.io, dice(50) * IO_MS, NULL);
	}
}

static void house(struct io *io)
{
	static struct house h;
	struct task *t[TALKERS + 2];

	shop_open(&h.live, io, NULL);
	shop_open(&h.dead, io, st->ghost);
	st->started++;
	h.changer = (struct talker){.h = &h, .no = TALKERS};
	for (int i = 0; i < TALKERS; i++) {
		h.talkers[i].h = &h;
		h.talkers[i].no = i;
		t[i] = io_go(io, "talker", talker, &h.talkers[i]);
	}
	t[TALKERS] = io_go(io, "keeper", keeper, &h);
	t[TALKERS + 1] = io_go(io, "sweeper", sweeper, &h);
	for (size_t i = 0; i < countof(t); i++)
		io_join(t[i]);
	shop_close(&h.dead);
	shop_close(&h.live);
}

/* ---- the end ---- */
static void last_sweep(struct io *io)
{
	struct shop sh;

	shop_open(&sh, io, NULL);
	while (ask("SELECT count(*) FROM chatkit.live") > 0)
		sweep(sh.s);
	shop_close(&sh);
}

static void leave_ghost(struct io *io UNUSED)
{
	struct arena *a = arena_new((size_t)1 << 16, NULL);
	struct slice r = store_runner(a);

	memcpy(st->ghost, r.p, r.n);
	arena_free(a);
}

static int64_t deadlocks(void)
{
	char path[96], line[512];
	int64_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", w.pg->dir);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "deadlock detected") != NULL;
	if (f)
		fclose(f);
	return n;
}

/* Acknowledged bodies that do not stand exactly once. */
static int64_t missing(const char *table)
{
	PGconn *c = admin_open("chatkit");
	PGresult *r;
	char sql[256];
	int64_t n;

	PQclear(ask_on(c, "CREATE TEMP TABLE acked (body text)"));
	r = PQexec(c, "COPY acked FROM STDIN");
	EXPECT(PQresultStatus(r) == PGRES_COPY_IN);
	PQclear(r);
	for (int i = 0; i < st->n_acked; i++) {
		char line[32];

		EXPECT(PQputCopyData(c, line, snprintf(line, sizeof(line), "%s\n", st->acked[i])) == 1);
	}
	EXPECT(PQputCopyEnd(c, NULL) == 1);
	while ((r = PQgetResult(c)))
		PQclear(r);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM acked LEFT JOIN (SELECT body, count(*) AS n FROM chatkit.%s GROUP BY body) x USING (body) WHERE n IS DISTINCT FROM 1", table);
	r = ask_on(c, sql);
	n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	PQfinish(c);
	return n;
}

static void storm(void **state UNUSED)
{
	pid_t pids[PROCESSES];
	int restarts = 0;
	int64_t until;

	st = shared(sizeof(*st));
	crowd_go(1, pids, leave_ghost);
	crowd_join(1, pids);
	run_task(last_sweep); /* installs */
	crowd_go(PROCESSES, pids, house);
	while (st->started < PROCESSES)
		pg__sleep_ms(1);
	for (until = env_mono_us(env_real()) + seconds * IO_SECOND; env_mono_us(env_real()) < until;) {
		pg__sleep_ms(1500 + dice(1500));
		pg__end(&w.pg->server, SIGQUIT); /* immediate: no checkpoint, recovery at the next start */
		pg_start_again(w.pg);
		restarts++;
	}
	st->over = true;
	crowd_join(PROCESSES, pids);
	run_task(last_sweep);
	print_message("%d restarts; leased %d retried %d busy %d stale %d down %d lost %d ended %d closed %d deleted %d kept %d changed %d forgotten %d; acknowledged %d\n", restarts,
		      st->leased, st->retried, st->busy, st->stale, st->down, st->lost, st->ended, st->swept, st->deleted, st->kept, st->changed, st->forgotten, st->n_acked);
	EXPECT_EQ(st->odd, 0);
	EXPECT(st->ended > 0 && st->retried > 0 && st->swept > 0 && st->deleted > 0 && st->lost > 0 && st->kept > 0 && st->changed > 0 && st->forgotten > 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file f WHERE state = 'used' AND NOT EXISTS\n"
		      "(SELECT FROM chatkit.thread t WHERE t.owner_id = f.owner_id AND t.id = f.thread_id)"), 0);
	EXPECT_EQ(missing("item"), 0);
	EXPECT_EQ(missing("entry"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM (SELECT FROM chatkit.item GROUP BY body HAVING count(*) > 1) x"), 0);
	EXPECT_EQ(threads_with_gaps("%"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.live"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE state = 'running'"), 0);
	EXPECT_EQ(deadlocks(), 0);
	munmap(st, sizeof(*st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(storm)};
	const char *s = getenv("STORM_SECONDS");
	int64_t v;

	if (s && slice_i64(slice_cstr(s), 1, 86400, &v))
		seconds = (int)v;
	return world_run(tests);
}
