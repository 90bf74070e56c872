/* SPDX-License-Identifier: MIT */
/*
 * The connection breaks when the server has committed and before it has said so. Made certain: the commit waits for a standby that does not exist, and the
 * waiting session is ended. Whatever it was, it is run again or looked for, and has happened once.
 * And: the session was ended while nobody used it, and says so only to the statement that comes next. Made certain: its process sleeps until that is sent.
 */
#include "tests/unit/store/world.h"

struct act {
	struct shop *sh;
	const struct op *op;
	struct talk t;
	struct slice owner;
	bool over;
};

struct op {
	const char *name;
	void (*prepare)(struct act *);
	void (*run)(struct act *);
	const char *once; /* asked afterwards, gives 1 */
};

static void no_preparation(struct act *x UNUSED)
{
}

static void a_turn(struct act *x)
{
	talk_new(x->sh, &x->t, x->owner);
}

static void a_task(struct act *x)
{
	struct task_fields f = {.title = S("t"), .completed = -1};
	struct slice r;

	EXPECT_RC_E(RC_OK, store_task_add(x->sh->s, x->sh->a, x->owner, &f, NULL, &r, &x->sh->e), &x->sh->e);
}

static void a_turn_and_a_task(struct act *x)
{
	a_turn(x);
	a_task(x);
}

static void begin(struct act *x)
{
	struct begin b = {.owner = x->owner, .thread_id = new_id(x->sh, "thr_"), .turn_id = new_id(x->sh, "turn_"), .create = BEGIN_NEW,
			  .title_if_none = S("x"), .req_hash = S("0123456789abcdef0123456789abcdef")};

	EXPECT_RC_E(RC_OK, talk_begin(x->sh, &x->t, &b), &x->sh->e);
	EXPECT_EQ(x->t.b.how, BEGIN_LEASED);
	EXPECT(x->t.b.titled);
	EXPECT_EQ(x->t.b.n_history, 1);
}

static void write_once(struct act *x)
{
	struct store_item put = item_of(S("msg_w"), "{}", ITEM_DONE);
	struct store_entry said = {.id = S("ent_w"), .body = S("x")};

	EXPECT_RC_E(RC_OK, store_write(x->sh->s, x->sh->a, &x->t.k, &(struct batch){.put = &put, .n_put = 1, .entries = &said, .n_entries = 1}, &x->sh->e),
		    &x->sh->e);
}

static void end(struct act *x)
{
	struct store_item put = item_of(S("msg_w"), "{}", ITEM_DONE);

	EXPECT_RC_E(RC_OK, store_end(x->sh->s, x->sh->a, &x->t.k, &(struct turn_end){.state = TURN_DONE, .batch = {.put = &put, .n_put = 1}}, &x->sh->e),
		    &x->sh->e);
}

static void keep(struct act *x)
{
	struct keep k = keep_of(&x->t, S("msg_w"), 0, "x");
	struct kept kept;

	EXPECT_RC_E(RC_OK, store_keep(x->sh->s, x->sh->a, &k, 1, NULL, 0, &kept, &x->sh->e), &x->sh->e);
	EXPECT(kept.there);
}

static void add_task(struct act *x)
{
	a_task(x);
}

static void delete_task(struct act *x)
{
	struct slice r;

	EXPECT_RC_E(RC_OK, store_task_delete(x->sh->s, x->sh->a, x->owner, 1, NULL, &r, &x->sh->e), &x->sh->e);
	EXPECT(slice_starts(r, S("{\"success\":true,")));
}

static void delete_task_fenced(struct act *x)
{
	struct task_fence f = {.key = x->t.k, .entry_id = S("ent_w"), .pre = S("["), .post = S("]")};
	struct slice r;

	EXPECT_RC_E(RC_OK, store_task_delete(x->sh->s, x->sh->a, x->owner, 1, &f, &r, &x->sh->e), &x->sh->e);
	EXPECT_STR("{\"success\":true,\"message\":\"Deleted task \\\"t\\\"\"}", r);
}

static void delete_thread(struct act *x)
{
	bool found = false;

	EXPECT_RC_E(RC_OK, store_thread_delete(x->sh->s, x->owner, x->t.k.thread_id, &found, &x->sh->e), &x->sh->e);
	EXPECT(found);
}

static void rename_thread(struct act *x)
{
	struct store_thread th;

	EXPECT_RC_E(RC_OK, store_thread_rename(x->sh->s, x->sh->a, x->owner, x->t.k.thread_id, S("renamed"), &th, &x->sh->e), &x->sh->e);
	EXPECT_STR("renamed", th.title);
}

static void retitle_thread(struct act *x)
{
	struct store_thread th;

	EXPECT_RC_E(RC_OK, store_thread_retitle(x->sh->s, x->sh->a, x->owner, x->t.k.thread_id, SLICE_NONE, S("better"), &th, &x->sh->e), &x->sh->e);
	EXPECT_STR("better", th.title);
}

/* ---- conditions, changes, files ---- */
#define HASH S("0123456789abcdef0123456789abcdef")

static void a_widget(struct act *x)
{
	struct store_item put = item_of(S("wid"), "{\"w\":1}", ITEM_WAITING);

	a_turn(x);
	EXPECT_RC_E(RC_OK, store_end(x->sh->s, x->sh->a, &x->t.k, &(struct turn_end){.state = TURN_DONE, .batch = {.put = &put, .n_put = 1}}, &x->sh->e),
		    &x->sh->e);
}

static void begin_if(struct act *x)
{
	struct store_item put = item_of(S("wid"), "{\"w\":2}", ITEM_DONE);
	struct begin b = {.owner = x->owner, .thread_id = x->t.k.thread_id, .turn_id = new_id(x->sh, "turn_"), .if_item = S("wid"), .if_body = S("{\"w\":1}"),
			  .batch = {.put = &put, .n_put = 1}};

	EXPECT_RC_E(RC_OK, talk_begin(x->sh, &x->t, &b), &x->sh->e);
	EXPECT_EQ(x->t.b.how, BEGIN_LEASED);
}

static void change(struct act *x)
{
	struct store_item put = item_of(S("wid"), "{\"w\":2}", ITEM_DONE);
	struct store_entry said = {.id = S("ent_w"), .body = S("x")};
	struct change c = {.owner = x->owner, .thread_id = x->t.k.thread_id, .if_item = S("wid"), .if_body = S("{\"w\":1}"), .if_no_entry = S("ent_w"),
			   .batch = {.put = &put, .n_put = 1, .entries = &said, .n_entries = 1, .status = S("{\"type\":\"closed\"}")}};
	enum change_how how = CHANGE_CHANGED;

	EXPECT_RC_E(RC_OK, store_change(x->sh->s, x->sh->a, &c, &how, &x->sh->e), &x->sh->e);
	EXPECT_EQ(how, CHANGE_DONE);
}

static void feedback(struct act *x)
{
	EXPECT_RC_E(RC_OK, store_feedback(x->sh->s, x->sh->a, x->owner, x->t.k.thread_id, &S("wid"), 1, true, &x->sh->e), &x->sh->e);
}

static void new_file(struct act *x)
{
	const struct store_file f = {.id = S("fil"), .name = S("n"), .mime = S("m"), .size = 3};
	const struct store_quota q = {1, 3};

	EXPECT_RC_E(RC_OK, store_file_new(x->sh->s, x->sh->a, x->owner, &f, &q, &x->sh->e), &x->sh->e);
}

static void file_here(struct act *x)
{
	EXPECT_RC_E(RC_OK, store_file_here(x->sh->s, x->sh->a, x->owner, S("fil"), 4, S("m"), HASH, NULL, &x->sh->e), &x->sh->e);
}

static void a_file(struct act *x)
{
	a_turn(x);
	talk_end(x->sh, &x->t);
	new_file(x);
	file_here(x);
}

static void begin_with_file(struct act *x)
{
	struct begin b = {.owner = x->owner, .thread_id = x->t.k.thread_id, .turn_id = new_id(x->sh, "turn_"), .batch = {.files = &S("fil"), .n_files = 1}};

	EXPECT_RC_E(RC_OK, talk_begin(x->sh, &x->t, &b), &x->sh->e);
	EXPECT_EQ(x->t.b.how, BEGIN_LEASED);
}

static void drop_file(struct act *x)
{
	EXPECT_RC_E(RC_OK, store_file_drop(x->sh->s, x->sh->a, x->owner, S("fil"), &x->sh->e), &x->sh->e);
}

static void a_dropped_file(struct act *x)
{
	new_file(x);
	drop_file(x);
}

static void sweep_files(struct act *x)
{
	struct swept out[2];
	size_t n = 0;

	EXPECT_RC_E(RC_OK, store_files_sweep(x->sh->s, x->sh->a, 0, out, 2, &n, &x->sh->e), &x->sh->e);
	EXPECT(n == 1 && slice_is(out[0].id, "fil") && slice_eq(out[0].owner, x->owner));
}

static void forget_file(struct act *x)
{
	EXPECT_RC_E(RC_OK, store_file_forget(x->sh->s, x->sh->a, x->owner, S("fil"), &x->sh->e), &x->sh->e);
}

static const struct op ops[] = {
	{"begin", no_preparation, begin, "SELECT count(*) FROM chatkit.item JOIN chatkit.entry USING (owner_id) JOIN chatkit.turn USING (owner_id)"},
	{"write", a_turn, write_once, "SELECT count(*) FROM chatkit.item JOIN chatkit.entry USING (owner_id) JOIN chatkit.thread USING (owner_id)\n"
				      "WHERE last_seq = 4 AND item.id = 'msg_w' AND entry.id = 'ent_w'"},
	{"end", a_turn, end, "SELECT count(*) FROM chatkit.turn JOIN chatkit.item USING (owner_id) JOIN chatkit.thread USING (owner_id)\n"
			     "WHERE turn.state = 'done' AND item.id = 'msg_w' AND last_seq = 3"},
	{"keep", a_turn, keep, "SELECT count(*) FROM chatkit.chunk"},
	{"add task", no_preparation, add_task, "SELECT count(*) FROM chatkit.task JOIN chatkit.owner USING (owner_id) WHERE last_task = 1"},
	{"delete task", a_task, delete_task, "SELECT 1 - count(*) FROM chatkit.task"},
	{"delete task, fenced", a_turn_and_a_task, delete_task_fenced, "SELECT count(*) FROM chatkit.entry WHERE id = 'ent_w'"},
	{"delete thread", a_turn, delete_thread, "SELECT 1 - count(*) FROM chatkit.thread"},
	{"rename thread", a_turn, rename_thread, "SELECT count(*) FROM chatkit.thread WHERE title = 'renamed'"},
	{"retitle thread", a_turn, retitle_thread, "SELECT count(*) FROM chatkit.thread WHERE title = 'better'"},
	{"begin with conditions", a_widget, begin_if, "SELECT count(*) FROM chatkit.item JOIN chatkit.live USING (owner_id) WHERE item.body = '{\"w\":2}'"},
	{"change", a_widget, change, "SELECT count(*) FROM chatkit.item JOIN chatkit.entry USING (owner_id) WHERE item.body = '{\"w\":2}' AND entry.id = 'ent_w'"},
	{"feedback", a_turn, feedback, "SELECT count(*) FROM chatkit.feedback WHERE kind = 'positive'"},
	{"new file", no_preparation, new_file, "SELECT count(*) FROM chatkit.file WHERE state = 'new'"},
	{"file here", new_file, file_here, "SELECT count(*) FROM chatkit.file WHERE state = 'here' AND size = 4"},
	{"begin with a file", a_file, begin_with_file, "SELECT count(*) FROM chatkit.file JOIN chatkit.live USING (owner_id, thread_id) WHERE state = 'used'"},
	{"drop file", new_file, drop_file, "SELECT count(*) FROM chatkit.file WHERE state = 'gone'"},
	{"sweep files", new_file, sweep_files, "SELECT count(*) FROM chatkit.file WHERE state = 'gone'"},
	{"forget file", a_dropped_file, forget_file, "SELECT 1 - count(*) FROM chatkit.file"},
};

static void act(void *arg)
{
	struct act *x = arg;

	x->op->run(x);
	x->over = true;
}

/* True: its session was ended while its commit waited. */
static bool cut(struct act *x)
{
	struct task *t = io_go(x->sh->io, "act", act, x);
	int64_t ended = 0;

	while (!x->over && !ended) {
		ended = ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
		io_sleep(x->sh->io, IO_MS, NULL);
	}
	ask("ALTER SYSTEM RESET synchronous_standby_names");
	ask("SELECT pg_reload_conf()");
	io_join(t);
	return ended > 0;
}

static void unknown(struct io *io)
{
	struct shop sh;

	shop_open(&sh, io, NULL);
	for (size_t i = 0; i < countof(ops); i++) {
		struct act x = {.sh = &sh, .op = &ops[i]};
		bool was_cut = false;

		/* The server may learn of the standby only after the act: then once more. */
		for (int round = 0; !was_cut && round < 200; round++) {
			ask("DELETE FROM chatkit.owner; DELETE FROM chatkit.chunk; DELETE FROM chatkit.file");
			x.over = false;
			x.owner = S("unknown");
			x.op->prepare(&x);
			ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
			ask("SELECT pg_reload_conf()");
			was_cut = cut(&x);
			if (ask("%s", x.op->once) != 1) {
				fprintf(stderr, "%s: not once\n", x.op->name);
				EXPECT(!"once");
			}
		}
		EXPECT(was_cut);
	}
	shop_close(&sh);
}

/* ---- ended while idle ---- */

/* The processes of all sessions in the database but the asker's, sent a signal each. */
static int signal_sessions(int sig)
{
	PGconn *c = admin_open("chatkit");
	PGresult *r = ask_on(c, "SELECT pid FROM pg_stat_activity WHERE datname = 'ck' AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
	int n = PQntuples(r);

	for (int i = 0; i < n; i++)
		EXPECT(kill((pid_t)strtol(PQgetvalue(r, i, 0), NULL, 10), sig) == 0 || errno == ESRCH); /* it may just have ended */
	PQclear(r);
	PQfinish(c);
	return n;
}

/* What the sessions are to hear (SIGTERM: 57P01; 0: nothing but what their own clocks say) they hear when the act's first statement lies before them. */
static void act_unheard(struct act *x, int sig, int64_t wait_us)
{
	struct task *t;

	EXPECT(signal_sessions(SIGSTOP) > 0);
	if (sig)
		signal_sessions(sig);
	io_sleep(x->sh->io, wait_us, NULL);
	t = io_go(x->sh->io, "act", act, x);
	io_sleep(x->sh->io, 50 * IO_MS, NULL);
	EXPECT(!x->over);
	signal_sessions(SIGCONT);
	io_join(t);
	EXPECT(x->over);
}

static void ping(struct act *x)
{
	EXPECT_RC_E(RC_OK, store_ping(x->sh->s, &x->sh->e), &x->sh->e);
}

static const struct op reads = {"ping", no_preparation, ping, "SELECT 1"};

static void start_over(struct act *x)
{
	ask("DELETE FROM chatkit.owner; DELETE FROM chatkit.chunk; DELETE FROM chatkit.file");
	x->over = false;
	x->owner = S("unheard");
	ping(x); /* there is a session */
	x->op->prepare(x);
}

static void unheard(struct io *io)
{
	struct shop sh;

	shop_open(&sh, io, NULL);
	for (size_t i = 0; i <= countof(ops); i++) {
		struct act x = {.sh = &sh, .op = i < countof(ops) ? &ops[i] : &reads};

		start_over(&x);
		act_unheard(&x, SIGTERM, 0);
		if (ask("%s", x.op->once) != 1) {
			fprintf(stderr, "%s: not once\n", x.op->name);
			EXPECT(!"once");
		}
	}
	shop_close(&sh);
}

static void what_finds_its_session_ended_happens_once(void **state UNUSED)
{
	run_task(unheard);
}

/* A server that ends sessions which are idle for long (57P05). */
static void unheard_too_long(struct io *io)
{
	const struct op *const both[] = {&ops[0], &reads};
	struct shop sh;

	ask("ALTER DATABASE ck SET idle_session_timeout = '3s'");
	shop_open(&sh, io, NULL);
	for (size_t i = 0; i < countof(both); i++) {
		struct act x = {.sh = &sh, .op = both[i]};

		start_over(&x);
		act_unheard(&x, 0, 3300 * IO_MS);
		EXPECT_EQ(ask("%s", x.op->once), 1);
	}
	shop_close(&sh);
	ask("ALTER DATABASE ck RESET idle_session_timeout");
}

static void what_finds_its_session_timed_out_happens_once(void **state UNUSED)
{
	if (ask("SELECT count(*) FROM pg_settings WHERE name = 'idle_session_timeout'") == 0)
		skip(); /* PostgreSQL 13 */
	run_task(unheard_too_long);
}

static void what_broke_after_its_commit_happened_once(void **state UNUSED)
{
	run_task(unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_finds_its_session_ended_happens_once),
		cmocka_unit_test(what_finds_its_session_timed_out_happens_once),
		cmocka_unit_test(what_broke_after_its_commit_happened_once),
	};

	return world_run(tests);
}
