/* SPDX-License-Identifier: MIT */
/* Who gets the lease when many want it, and what the others are told: races, dead runners, odd clocks, late writers. */
#include "tests/unit/store/world.h"

/* ---- 64 begins at once ---- */
enum { PROCESSES = 4, TASKS = 16 };

static struct counts {
	_Atomic int how[BEGIN_CHANGED + 1];
	char thread[64];
	_Atomic int odd;
} *seen;

static void begin_one(void *arg)
{
	struct shop *sh = arg;
	struct begin b = {.owner = S("race"), .thread_id = slice_cstr(seen->thread), .turn_id = new_id(sh, "turn_"), .title_if_none = S("first")};
	struct talk t;

	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	seen->how[t.b.how]++;
	if (t.b.how == BEGIN_LEASED && (!slice_eq(t.b.history[t.b.n_history - 1].id, t.entry) || !t.b.titled))
		seen->odd++;
}

static void begin_sixteen(struct io *io)
{
	struct shop sh;
	struct task *t[TASKS];

	shop_open(&sh, io, NULL);
	crowd_start();
	for (int i = 0; i < TASKS; i++)
		t[i] = io_go(io, "begin", begin_one, &sh);
	for (int i = 0; i < TASKS; i++)
		io_join(t[i]);
	crowd_start(); /* the turn of a process that has ended is stale, not busy */
	shop_close(&sh);
}

static void make_thread(struct io *io)
{
	struct shop sh;
	struct talk t;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("race"));
	talk_end(&sh, &t);
	snprintf(seen->thread, sizeof(seen->thread), "%.*s", SLICE_ARG(t.k.thread_id));
	shop_close(&sh);
}

static void of_64_begins_one_is_leased(void **state UNUSED)
{
	pid_t pids[PROCESSES];

	seen = shared(sizeof(*seen));
	run_task(make_thread);
	crowd_go(PROCESSES, pids, begin_sixteen);
	crowd_join(PROCESSES, pids);
	EXPECT_EQ(seen->how[BEGIN_LEASED], 1);
	EXPECT_EQ(seen->how[BEGIN_BUSY], PROCESSES * TASKS - 1);
	EXPECT_EQ(seen->odd, 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE thread_id = '%s'", seen->thread), 2);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE thread_id = '%s'", seen->thread), 2);
	EXPECT_EQ(threads_with_gaps("race"), 0);
}

/* ---- whose process is dead ---- */
static char *ghost; /* the runner of a process that has ended */

static void ghost_leaves_its_name(struct io *io UNUSED)
{
	struct arena *a = arena_new(1 << 16, NULL);
	struct slice r = store_runner(a);

	memcpy(ghost, r.p, r.n);
	arena_free(a);
}

static void make_ghost(void)
{
	pid_t pid;

	ghost = shared(256);
	crowd_go(1, &pid, ghost_leaves_its_name);
	crowd_join(1, &pid);
}

static void take_over(struct shop *sh, struct talk *was, enum begin_how want)
{
	struct begin b = {.owner = was->k.owner, .thread_id = was->k.thread_id, .turn_id = new_id(sh, "turn_")};
	struct store_item late = item_of(S("msg_late"), "{}", ITEM_DONE), half = item_of(new_id(sh, "msg_"), "half", ITEM_INCOMPLETE);
	struct keep k = keep_of(was, S("msg_x"), 9, "late");
	struct kept kept;
	struct talk t;
	struct turn_end close = {.state = TURN_INTERRUPTED, .only_if_stale = true, .batch = {.put = &half, .n_put = 1}};

	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	EXPECT_EQ(t.b.how, want);
	EXPECT(slice_eq(t.b.turn_id, was->k.turn_id));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE id = '%.*s'", SLICE_ARG(b.turn_id)), 0);
	EXPECT_RC(want == BEGIN_STALE ? RC_OK : RC_LOST, store_end(sh->s, sh->a, &was->k, &close, &sh->e));
	if (want != BEGIN_STALE)
		return;
	EXPECT_RC(RC_LOST, store_end(sh->s, sh->a, &was->k, &close, &sh->e));
	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);

	/* The one that was taken over comes back and writes: nothing of it arrives, under the new turn's lease neither. */
	EXPECT_RC(RC_LOST, store_write(sh->s, sh->a, &was->k, &(struct batch){.put = &late, .n_put = 1, .title = S("late")}, &sh->e));
	EXPECT_RC_E(RC_OK, store_keep(sh->s, sh->a, &k, 1, NULL, 0, &kept, &sh->e), &sh->e);
	EXPECT(!kept.there);
	EXPECT_RC(RC_LOST, store_end(sh->s, sh->a, &was->k, &(struct turn_end){.state = TURN_DONE, .batch = {.put = &late, .n_put = 1}}, &sh->e));
	EXPECT_RC_E(RC_OK, store_alive(sh->s, &t.k, &sh->e), &sh->e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE id = 'msg_late'"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE t = 'late'"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE id = '%.*s' AND state = 'interrupted'", SLICE_ARG(was->k.turn_id)), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE id = '%.*s' AND state = 'incomplete'", SLICE_ARG(half.id)), 1);
	talk_end(sh, &t);
}

static void stale_turns(struct io *io)
{
	static struct shop dead, reborn, far; /* a task's stack is small */
	struct shop sh;
	struct turn_key stale[20];
	struct talk t;
	struct slice me;
	size_t n;

	shop_open(&sh, io, NULL);
	shop_open(&dead, io, ghost);
	shop_open(&far, io, "elsewhere/00000000.1:1:1");
	me = store_runner(sh.a);
	shop_open(&reborn, io, arena_cstr(sh.a, arena_printf(sh.a, "%.*s1", SLICE_ARG(me))));

	ask("DELETE FROM chatkit.owner"); /* the tests before left turns of processes that have ended */
	talk_new(&sh, &t, S("stale"));
	take_over(&sh, &t, BEGIN_BUSY);
	talk_new(&far, &t, S("stale"));
	take_over(&sh, &t, BEGIN_BUSY);
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, countof(stale), &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 0);

	/* Out of lease; a lease that no clock of ours can have given; a process that is gone; our number, but another process's start. */
	ask("UPDATE chatkit.live SET lease_until = now() - interval '1 ms' WHERE turn_id = '%.*s'", SLICE_ARG(t.k.turn_id));
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, countof(stale), &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 1);
	EXPECT(slice_eq(stale[0].owner, t.k.owner) && slice_eq(stale[0].thread_id, t.k.thread_id) && slice_eq(stale[0].turn_id, t.k.turn_id));
	take_over(&sh, &t, BEGIN_STALE);
	talk_new(&far, &t, S("stale"));
	ask("UPDATE chatkit.live SET lease_until = now() + interval '61 min' WHERE turn_id = '%.*s'", SLICE_ARG(t.k.turn_id));
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, countof(stale), &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 1);
	take_over(&sh, &t, BEGIN_STALE);
	talk_new(&dead, &t, S("stale"));
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, countof(stale), &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 1);
	take_over(&sh, &t, BEGIN_STALE);
	talk_new(&reborn, &t, S("stale2"));
	take_over(&sh, &t, BEGIN_STALE);

	talk_new(&dead, &t, S("stale"));
	talk_new(&dead, &t, S("stale3"));
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, 1, &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 1);
	EXPECT_RC_E(RC_OK, store_stale(sh.s, sh.a, stale, countof(stale), &n, &sh.e), &sh.e);
	EXPECT_EQ(n, 2);
	/* Its renewal makes a lapsed turn ours again: what is alive is not taken. */
	talk_new(&sh, &t, S("stale"));
	ask("UPDATE chatkit.live SET lease_until = now() - interval '1 s' WHERE turn_id = '%.*s'", SLICE_ARG(t.k.turn_id));
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){0}, &sh.e), &sh.e);
	take_over(&sh, &t, BEGIN_BUSY);
	shop_close(&reborn);
	shop_close(&far);
	shop_close(&dead);
	shop_close(&sh);
}

static void a_turn_whose_runner_is_gone_is_taken_over(void **state UNUSED)
{
	make_ghost();
	run_task(stale_turns);
}

/* ---- many answers to one question ---- */
static struct {
	_Atomic int leased, changed, done, other;
	char thread[64];
} *answers;

/* Half of them take the lease, half change the item without it. */
static void answer_one(void *arg)
{
	struct shop *sh = arg;
	struct store_item put = item_of(S("wid"), "", ITEM_DONE);
	struct store_entry said = {.id = new_id(sh, "ent_"), .item_id = S("wid"), .body = S("answered")};
	struct batch batch = {.put = &put, .n_put = 1, .entries = &said, .n_entries = 1};
	struct begin b = {.owner = S("answer"), .thread_id = slice_cstr(answers->thread), .turn_id = new_id(sh, "turn_"), .if_item = S("wid"),
			  .if_body = S("asked")};
	struct change c = {.owner = b.owner, .thread_id = b.thread_id, .if_item = b.if_item, .if_body = b.if_body};
	enum change_how how;
	struct err e;
	struct talk t;

	put.body = b.turn_id;
	b.batch = c.batch = batch;
	if (b.turn_id.p[b.turn_id.n - 1] % 2) {
		EXPECT_RC_E(RC_OK, store_change(sh->s, sh->a, &c, &how, &e), &e);
		answers->done += how == CHANGE_DONE;
		answers->changed += how == CHANGE_CHANGED;
		answers->other += how == CHANGE_INACTIVE;
		return;
	}
	for (;;) {
		struct shop mine = *sh;

		EXPECT_RC_E(RC_OK, talk_begin(&mine, &t, &b), &mine.e);
		if (t.b.how != BEGIN_BUSY)
			break;
		io_sleep(sh->io, IO_MS, NULL);
	}
	answers->leased += t.b.how == BEGIN_LEASED;
	answers->changed += t.b.how == BEGIN_CHANGED;
	answers->other += t.b.how != BEGIN_LEASED && t.b.how != BEGIN_CHANGED;
	if (t.b.how == BEGIN_LEASED) {
		io_sleep(sh->io, 5 * IO_MS, NULL);
		talk_end(sh, &t);
	}
}

static void answer_sixteen(struct io *io)
{
	struct shop sh;
	struct task *t[TASKS];

	shop_open(&sh, io, NULL);
	crowd_start();
	for (int i = 0; i < TASKS; i++)
		t[i] = io_go(io, "answer", answer_one, &sh);
	for (int i = 0; i < TASKS; i++)
		io_join(t[i]);
	crowd_start();
	shop_close(&sh);
}

static void ask_them(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct store_item put = item_of(S("wid"), "asked", ITEM_WAITING);

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("answer"));
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &t.k, &(struct turn_end){.state = TURN_DONE, .batch = {.put = &put, .n_put = 1}}, &sh.e), &sh.e);
	snprintf(answers->thread, sizeof(answers->thread), "%.*s", SLICE_ARG(t.k.thread_id));
	shop_close(&sh);
}

static void of_64_answers_one_counts(void **state UNUSED)
{
	pid_t pids[PROCESSES];

	answers = shared(sizeof(*answers));
	for (int round = 0; round < 5; round++) {
		memset(answers, 0, sizeof(*answers));
		run_task(ask_them);
		crowd_go(PROCESSES, pids, answer_sixteen);
		crowd_join(PROCESSES, pids);
		EXPECT_EQ(answers->leased + answers->done, 1);
		EXPECT_EQ(answers->changed, PROCESSES * TASKS - 1);
		EXPECT_EQ(answers->other, 0);
		EXPECT_EQ(ask("SELECT count(*) FROM chatkit.entry WHERE body = 'answered' AND thread_id = '%s'", answers->thread), 1);
	}
	EXPECT_EQ(threads_with_gaps("answer"), 0);
	munmap(answers, sizeof(*answers));
}

/* ---- a turn that writes, and changes beside it ---- */
static struct {
	_Atomic bool over;
	_Atomic int changes;
	char thread[64];
} *beside;

static void change_beside(struct io *io)
{
	struct shop sh;
	enum change_how how;

	shop_open(&sh, io, NULL);
	crowd_start();
	for (int i = 0; !beside->over; i++) {
		struct store_item put = item_of(new_id(&sh, "chg_"), "{}", ITEM_DONE);
		struct store_entry said = {.id = new_id(&sh, "ent_"), .item_id = put.id, .body = S("x")};
		struct change c = {.owner = S("beside"), .thread_id = slice_cstr(beside->thread), .if_no_entry = said.id,
				   .batch = {.put = &put, .n_put = 1, .entries = &said, .n_entries = 1}};

		EXPECT_RC_E(RC_OK, store_change(sh.s, sh.a, &c, &how, &sh.e), &sh.e);
		EXPECT_EQ(how, CHANGE_DONE);
		beside->changes++;
	}
	shop_close(&sh);
}

static void turns_beside(struct io *io)
{
	static struct shop sh; /* a task's stack is small */
	struct talk t;
	struct keep k;
	struct kept kept;
	pid_t pids[2];

	beside = shared(sizeof(*beside));
	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("beside"));
	talk_end(&sh, &t);
	snprintf(beside->thread, sizeof(beside->thread), "%.*s", SLICE_ARG(t.k.thread_id));
	shop_close(&sh);
	crowd_go(countof(pids), pids, change_beside);
	shop_open(&sh, io, NULL);
	t.k.thread_id = slice_cstr(beside->thread);
	for (int i = 0; i < 40 || beside->changes < 40; i++) {
		struct store_item put = item_of(new_id(&sh, "msg_"), "{}", ITEM_DONE);

		talk_next(&sh, &t);
		k = keep_of(&t, S("msg_g"), 0, "x");
		EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k, 1, NULL, 0, &kept, &sh.e), &sh.e);
		EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){.put = &put, .n_put = 1}, &sh.e), &sh.e);
		talk_end(&sh, &t);
	}
	beside->over = true;
	crowd_join(countof(pids), pids);
	EXPECT_EQ(threads_with_gaps("beside"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'beside' AND id LIKE 'chg%%'"), beside->changes);
	munmap(beside, sizeof(*beside));
	shop_close(&sh);
}

static void a_turn_bears_changes_beside_it(void **state UNUSED)
{
	run_task(turns_beside);
}

/* ---- what a statement sees that had to wait ---- */
struct waiter {
	struct shop *sh;
	struct talk t;
	struct err e;
};

static void end_task(void *arg)
{
	struct waiter *p = arg;

	EXPECT_RC_E(RC_OK, store_end(p->sh->s, p->sh->a, &p->t.k, &(struct turn_end){.state = TURN_DONE}, &p->e), &p->e);
}

static void write_task(void *arg)
{
	struct waiter *p = arg;
	struct store_item put[2] = {item_of(S("msg_one"), "{}", ITEM_DONE), item_of(S("msg_two"), "{}", ITEM_DONE)};
	struct store_entry said = {.id = S("ent_one"), .body = S("x")};

	EXPECT_RC_E(RC_OK, store_write(p->sh->s, p->sh->a, &p->t.k, &(struct batch){.put = put, .n_put = 2, .entries = &said, .n_entries = 1}, &p->e), &p->e);
}

static void late(struct io *io)
{
	PGconn *holder = admin_open("chatkit");
	struct shop sh;
	struct waiter p = {.sh = &sh};
	struct task *task;
	struct keep k[3];
	struct kept kept[3];
	struct talk t[3];

	shop_open(&sh, io, NULL);
	/* A keeper is about to commit a chunk when the turn ends: the end waits for it, and leaves no chunk behind. */
	talk_new(&sh, &p.t, S("late"));
	PQclear(ask_on(holder, "BEGIN; UPDATE chatkit.live SET lease_until = lease_until WHERE owner_id = 'late';\n"
			       "INSERT INTO chatkit.chunk SELECT owner_id, thread_id, 'msg_x', 0, 'k', 1, 'late' FROM chatkit.live WHERE owner_id = 'late'"));
	task = io_go(io, "end", end_task, &p);
	wait_for_waiters(io, 1);
	PQclear(ask_on(holder, "COMMIT"));
	io_join(task);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'late'"), 0);

	/* A write's first run is about to commit when its second comes: both together are one, and number without a gap. */
	talk_next(&sh, &p.t);
	PQclear(ask_on(holder, "BEGIN; UPDATE chatkit.thread SET last_seq = last_seq + 1 WHERE owner_id = 'late';\n"
			       "INSERT INTO chatkit.item SELECT owner_id, id, last_seq, 'msg_one', 'turn_x', 'k', 'done', false, now(), 'late'\n"
			       "FROM chatkit.thread WHERE owner_id = 'late'"));
	task = io_go(io, "write", write_task, &p);
	wait_for_waiters(io, 1);
	PQclear(ask_on(holder, "COMMIT"));
	io_join(task);
	EXPECT_EQ(threads_with_gaps("late"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'late' AND id = 'msg_one' AND body = '{}'"), 1);

	/* The keeper waits for nobody: a turn whose row is held is told as not there, its neighbours are kept, marking as delivered likewise. */
	for (int i = 0; i < 3; i++) {
		talk_new(&sh, &t[i], S("late2"));
		k[i] = keep_of(&t[i], S("msg_x"), 0, "x");
	}
	PQclear(ask_on(holder, "BEGIN"));
	PQclear(ask_on(holder, arena_cstr(sh.a, arena_printf(sh.a, "SELECT 1 FROM chatkit.live WHERE turn_id = '%.*s' FOR UPDATE", SLICE_ARG(t[1].k.turn_id)))));
	PQclear(ask_on(holder, arena_cstr(sh.a, arena_printf(sh.a, "SELECT 1 FROM chatkit.turn WHERE id = '%.*s' FOR UPDATE", SLICE_ARG(t[0].k.turn_id)))));
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 3, (struct turn_key[]){t[0].k, t[2].k}, 2, kept, &sh.e), &sh.e);
	EXPECT(kept[0].there && !kept[1].there && kept[2].there);
	EXPECT_RC_E(RC_OK, store_alive(sh.s, &t[1].k, &sh.e), &sh.e);
	PQclear(ask_on(holder, "ROLLBACK"));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE owner_id = 'late2' AND delivered_at IS NOT NULL"), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'late2'"), 2);
	PQfinish(holder);
	shop_close(&sh);
}

static void what_waited_sees_what_it_waited_for(void **state UNUSED)
{
	run_task(late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_64_begins_one_is_leased),
		cmocka_unit_test(a_turn_whose_runner_is_gone_is_taken_over),
		cmocka_unit_test(of_64_answers_one_counts),
		cmocka_unit_test(a_turn_bears_changes_beside_it),
		cmocka_unit_test(what_waited_sees_what_it_waited_for),
	};

	return world_run(tests);
}
