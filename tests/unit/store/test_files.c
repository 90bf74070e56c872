/* SPDX-License-Identifier: MIT */
/* Files: from declared to gone, what a turn may use, quotas, and that no bytes are left to nobody. */
#include "tests/unit/store/world.h"

#define SHA S("0123456789abcdef0123456789abcdef")
#define SHA_2 S("0123456789abcdef0123456789abcdee")

static struct store_file file_of(const char *id, int64_t size)
{
	return (struct store_file){.id = slice_cstr(id), .name = S("Häuser.png"), .mime = S("image/png"), .size = size};
}

static void expect_state(struct slice owner, const char *id, const char *state)
{
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file WHERE owner_id = '%.*s' AND id = '%s' AND state = '%s'", SLICE_ARG(owner), id, state), 1);
}

/* Declared and sent, as an upload is. */
static void upload(struct shop *sh, struct slice owner, const char *id)
{
	struct store_file f = file_of(id, 3);

	EXPECT_RC_E(RC_OK, store_file_new(sh->s, sh->a, owner, &f, NULL, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_file_here(sh->s, sh->a, owner, f.id, 3, f.mime, SHA, NULL, &sh->e), &sh->e);
}

/* ---- one file's life ---- */
static void life(struct io *io)
{
	const struct slice me = S("files");
	struct shop sh;
	struct store_file f = file_of("fil_1", 3), out[3];
	struct slice ids[3] = {S("fil_2"), S("fil_1"), S("fil_2")};

	shop_open(&sh, io, NULL);
	/* Its owner may be new too. Twice is once. */
	for (int i = 0; i < 2; i++)
		EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_files(sh.s, sh.a, me, &f.id, 1, out, &sh.e), &sh.e);
	EXPECT(out[0].state == FILE_NEW && out[0].kind == FILE_UPLOAD && out[0].size == 3 && !out[0].sha256.n && !out[0].thread_id.n);
	EXPECT_STR("Häuser.png", out[0].name);
	EXPECT(out[0].created_us > env_wall_us(env_real()) - 60 * IO_SECOND && out[0].created_us < env_wall_us(env_real()) + IO_SECOND);

	EXPECT_RC(RC_NOT_FOUND, store_file_here(sh.s, sh.a, me, S("fil_x"), 4, S("image/webp"), SHA, NULL, &sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_file_here(sh.s, sh.a, S("files2"), f.id, 4, S("image/webp"), SHA, NULL, &sh.e));
	for (int i = 0; i < 2; i++)
		EXPECT_RC_E(RC_OK, store_file_here(sh.s, sh.a, me, f.id, 4, S("image/webp"), SHA, NULL, &sh.e), &sh.e);
	EXPECT_RC(RC_CONFLICT, store_file_here(sh.s, sh.a, me, f.id, 4, S("image/webp"), SHA_2, NULL, &sh.e));
	EXPECT_RC(RC_CONFLICT, store_file_here(sh.s, sh.a, me, f.id, 5, S("image/webp"), SHA, NULL, &sh.e));

	/* All at once: sent with its declaration. The very same again; another under its id. */
	f = file_of("fil_2", 7);
	f.kind = FILE_IMAGE;
	f.state = FILE_HERE;
	f.sha256 = SHA_2;
	for (int i = 0; i < 2; i++)
		EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e), &sh.e);
	f.sha256 = SHA;
	EXPECT_RC(RC_CONFLICT, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e));
	EXPECT_RC_E(RC_OK, store_files(sh.s, sh.a, me, ids, 3, out, &sh.e), &sh.e);
	EXPECT(slice_is(out[0].id, "fil_2") && out[0].state == FILE_HERE && out[0].kind == FILE_IMAGE && slice_eq(out[0].sha256, SHA_2));
	EXPECT(slice_is(out[1].id, "fil_1") && out[1].size == 4 && slice_is(out[1].mime, "image/webp") && slice_eq(out[1].sha256, SHA));
	EXPECT(slice_is(out[2].id, "fil_2"));

	/* The first that is missing is named; another's is missing; none is none. */
	ids[1] = S("fil_x");
	ids[2] = S("fil_y");
	EXPECT_RC(RC_NOT_FOUND, store_files(sh.s, sh.a, me, ids, 3, out, &sh.e));
	EXPECT(strstr(sh.e.msg, "'fil_x'"));
	EXPECT_RC(RC_NOT_FOUND, store_files(sh.s, sh.a, S("files2"), ids, 1, out, &sh.e));
	EXPECT_RC_E(RC_OK, store_files(sh.s, sh.a, me, ids, 0, out, &sh.e), &sh.e);

	EXPECT_RC(RC_NOT_FOUND, store_file_drop(sh.s, sh.a, S("files2"), S("fil_1"), &sh.e));
	EXPECT_RC_E(RC_OK, store_file_drop(sh.s, sh.a, me, S("fil_1"), &sh.e), &sh.e);
	EXPECT_RC(RC_NOT_FOUND, store_file_drop(sh.s, sh.a, me, S("fil_1"), &sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_files(sh.s, sh.a, me, &S("fil_1"), 1, out, &sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_file_here(sh.s, sh.a, me, S("fil_1"), 4, S("image/webp"), SHA, NULL, &sh.e));
	f = file_of("fil_1", 3);
	EXPECT_RC(RC_CONFLICT, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e));
	EXPECT_RC_E(RC_OK, store_file_forget(sh.s, sh.a, me, S("fil_1"), &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_file_forget(sh.s, sh.a, me, S("fil_1"), &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_file_forget(sh.s, sh.a, me, S("fil_2"), &sh.e), &sh.e); /* not gone: stays */
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file WHERE owner_id = 'files'"), 1);
	shop_close(&sh);
}

static void a_file_is_declared_sent_and_dropped(void **state UNUSED)
{
	run_task(life);
}

/* ---- what a turn may use ---- */
static void use(struct io *io)
{
	const struct slice me = S("use");
	struct slice ids[3] = {S("fil_a"), S("fil_b"), SLICE_NONE};
	struct store_file f = file_of("fil_new", 3), out;
	struct shop sh;
	struct talk t, other;
	struct begin b = {.owner = me, .create = BEGIN_NEW};
	struct change c;
	enum change_how how;

	shop_open(&sh, io, NULL);
	upload(&sh, me, "fil_a");
	upload(&sh, me, "fil_b");
	upload(&sh, S("use2"), "fil_foreign");
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e), &sh.e);
	talk_new(&sh, &other, me);
	upload(&sh, me, "fil_other");
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &other.k, &(struct batch){.files = (struct slice[]){S("fil_other"), S("fil_x")}, .n_files = 2}, &sh.e), &sh.e);
	expect_state(me, "fil_other", "used");

	/* One that may not be used, and nothing is written: unknown, foreign, not here yet, another thread's. */
	b.batch.files = ids;
	b.batch.n_files = 3;
	for (int i = 0; i < 4; i++) {
		static const char *const bad[] = {"fil_x", "fil_foreign", "fil_new", "fil_other"};

		ids[2] = slice_cstr(bad[i]);
		b.thread_id = new_id(&sh, "thr_");
		b.turn_id = new_id(&sh, "turn_");
		EXPECT_RC(RC_NOT_FOUND, talk_begin(&sh, &t, &b));
		EXPECT(strstr(sh.e.msg, arena_cstr(sh.a, arena_printf(sh.a, "no file '%s'", bad[i]))));
	}
	EXPECT_EQ(ask("SELECT count(*) * 10 + (SELECT count(*) FROM chatkit.turn WHERE owner_id = 'use') FROM chatkit.thread WHERE owner_id = 'use'"), 11);
	expect_state(me, "fil_a", "here");

	/* Taken; by a second run too, and by the next turn of the same thread. */
	b.batch.n_files = 2;
	for (int i = 0; i < 2; i++) {
		EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
		EXPECT_EQ(t.b.how, BEGIN_LEASED);
	}
	talk_end(&sh, &t);
	b.create = BEGIN_EXISTING;
	b.turn_id = new_id(&sh, "turn_");
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_RC_E(RC_OK, store_files(sh.s, sh.a, me, ids, 1, &out, &sh.e), &sh.e);
	EXPECT(out.state == FILE_USED && slice_eq(out.thread_id, t.k.thread_id));
	EXPECT_RC(RC_CONFLICT, store_file_drop(sh.s, sh.a, me, ids[0], &sh.e));
	EXPECT_RC_E(RC_OK, store_file_here(sh.s, sh.a, me, ids[0], 3, S("image/png"), SHA, NULL, &sh.e), &sh.e); /* told again, late */

	/* By a change. */
	c = (struct change){.owner = me, .thread_id = t.k.thread_id, .batch = {.files = &ids[2], .n_files = 1}};
	EXPECT_RC(RC_NOT_FOUND, store_change(sh.s, sh.a, &c, &how, &sh.e));
	EXPECT(strstr(sh.e.msg, "no file 'fil_other'"));
	upload(&sh, me, "fil_c");
	ids[2] = S("fil_c");
	EXPECT_RC_E(RC_OK, store_change(sh.s, sh.a, &c, &how, &sh.e), &sh.e);
	EXPECT_EQ(how, CHANGE_DONE);
	expect_state(me, "fil_c", "used");

	/* What a model made: the thread's from the first. */
	f = file_of("img_1", 9);
	f.kind = FILE_IMAGE;
	f.state = FILE_USED;
	f.thread_id = S("thr_x");
	EXPECT_RC(RC_NOT_FOUND, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e));
	EXPECT(strstr(sh.e.msg, "no thread 'thr_x'"));
	f.thread_id = t.k.thread_id;
	for (int i = 0; i < 2; i++)
		EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e), &sh.e);
	expect_state(me, "img_1", "used");

	/* With the thread all of its files go, and no other. */
	EXPECT_RC_E(RC_OK, store_thread_delete(sh.s, me, t.k.thread_id, NULL, &sh.e), &sh.e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file WHERE owner_id = 'use' AND state = 'gone' AND thread_id IS NULL"), 4);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file WHERE owner_id = 'use'"), 6);
	shop_close(&sh);
}

static void a_turn_uses_what_is_here(void **state UNUSED)
{
	run_task(use);
}

/* ---- quotas ---- */
static struct quota_race {
	_Atomic int ok, over;
} *race;

static void declare(struct io *io)
{
	struct store_quota q = {5, 1000};
	struct shop sh;

	shop_open(&sh, io, NULL);
	crowd_start();
	for (int i = 0; i < 5; i++) {
		struct store_file f = {.id = new_id(&sh, "fil_"), .name = S("n"), .mime = S("m"), .size = 1};
		enum rc rc = store_file_new(sh.s, sh.a, S("race"), &f, &q, &sh.e);

		EXPECT(rc == RC_OK || rc == RC_RATE);
		race->ok += rc == RC_OK;
		race->over += rc == RC_RATE;
	}
	shop_close(&sh);
}

static void over(struct io *io)
{
	const struct slice me = S("quota");
	const struct store_quota q = {3, 100};
	struct store_file f;
	struct shop sh;

	shop_open(&sh, io, NULL);
	f = file_of("fil_1", 101);
	EXPECT_RC(RC_RATE, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e));
	EXPECT(strstr(err_sentence(&sh.e), "too many files"));
	f.size = 60;
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e), &sh.e);
	f = file_of("fil_2", 41);
	EXPECT_RC(RC_RATE, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e));
	f.size = 40;
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e), &sh.e);
	/* A second run is not counted twice. Another owner has a quota of its own. */
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, S("quota2"), &f, &q, &sh.e), &sh.e);
	/* It was declared smaller than it is. */
	EXPECT_RC(RC_RATE, store_file_here(sh.s, sh.a, me, f.id, 41, f.mime, SHA, &q, &sh.e));
	expect_state(me, "fil_2", "new");
	EXPECT_RC_E(RC_OK, store_file_here(sh.s, sh.a, me, f.id, 30, f.mime, SHA, &q, &sh.e), &sh.e);
	f = file_of("fil_3", 10);
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e), &sh.e);
	f = file_of("fil_4", 0);
	EXPECT_RC(RC_RATE, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e)); /* the fourth */
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, S("quota3"), &f, NULL, &sh.e), &sh.e);
	/* What is gone does not count. */
	EXPECT_RC_E(RC_OK, store_file_drop(sh.s, sh.a, me, S("fil_2"), &sh.e), &sh.e);
	f.size = 30;
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, &q, &sh.e), &sh.e);
	shop_close(&sh);
}

static void a_quota_holds(void **state UNUSED)
{
	pid_t pids[4];

	run_task(over);
	race = shared(sizeof(*race));
	crowd_go(countof(pids), pids, declare);
	crowd_join(countof(pids), pids);
	EXPECT_EQ(race->ok, 5);
	EXPECT_EQ(race->over, 15);
	munmap(race, sizeof(*race));
}

/* ---- the sweep ---- */
static size_t sweep(struct shop *sh, int64_t keep_us, struct swept *out, size_t max)
{
	size_t n = 99;

	EXPECT_RC_E(RC_OK, store_files_sweep(sh->s, sh->a, keep_us, out, max, &n, &sh->e), &sh->e);
	EXPECT(n <= max);
	return n;
}

static void sweeps(struct io *io)
{
	const int64_t hour = 3600 * (int64_t)IO_SECOND;
	const struct slice me = S("sweep");
	struct store_file f;
	struct swept out[10];
	struct shop sh;
	struct talk t, other;
	PGconn *holder = admin_open("chatkit");

	ask("DELETE FROM chatkit.file");
	shop_open(&sh, io, NULL);
	f = file_of("fil_new", 3);
	EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, me, &f, NULL, &sh.e), &sh.e);
	upload(&sh, S("sweep2"), "fil_here");
	upload(&sh, me, "fil_young");
	upload(&sh, me, "fil_used");
	upload(&sh, me, "fil_dropped");
	talk_new(&sh, &t, me);
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){.files = &S("fil_used"), .n_files = 1}, &sh.e), &sh.e);
	EXPECT_EQ(sweep(&sh, hour, out, 10), 0);
	EXPECT_RC_E(RC_OK, store_file_drop(sh.s, sh.a, me, S("fil_dropped"), &sh.e), &sh.e);
	ask("UPDATE chatkit.file SET at = at - interval '61 min' WHERE id <> 'fil_young'");

	/* In the order in which they went, at most so many; again, until they are forgotten. One that a begin holds is let be. */
	PQclear(ask_on(holder, "BEGIN; SELECT 1 FROM chatkit.file WHERE id = 'fil_here' FOR UPDATE"));
	EXPECT_EQ(sweep(&sh, hour, out, 10), 2);
	PQclear(ask_on(holder, "ROLLBACK"));
	expect_state(S("sweep2"), "fil_here", "here");
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(sweep(&sh, hour, out, 10), 3);
	EXPECT(slice_is(out[0].id, "fil_dropped") && slice_is(out[0].owner, "sweep"));
	EXPECT(slice_is(out[1].id, "fil_new") && slice_is(out[2].id, "fil_here") && slice_is(out[2].owner, "sweep2"));
	EXPECT_EQ(sweep(&sh, hour, out, 1), 1);
	EXPECT_RC_E(RC_OK, store_file_later(sh.s, sh.a, out[0].owner, out[0].id, &sh.e), &sh.e);
	EXPECT_EQ(sweep(&sh, hour, out, 10), 3);
	EXPECT(slice_is(out[0].id, "fil_new") && slice_is(out[2].id, "fil_dropped"));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(sweep(&sh, hour, out, 10), 3 - i);
		EXPECT_RC_E(RC_OK, store_file_forget(sh.s, sh.a, out[0].owner, out[0].id, &sh.e), &sh.e);
	}
	EXPECT_EQ(sweep(&sh, hour, out, 10), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file"), 2);

	/* However its thread goes: by hand, as version 1 does it, with the owner. Files that nobody used outlive their owner until they are swept. */
	talk_new(&sh, &other, me);
	upload(&sh, me, "fil_by_hand");
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &other.k, &(struct batch){.files = &S("fil_by_hand"), .n_files = 1}, &sh.e), &sh.e);
	PQfinish(holder);
	holder = admin_open("ck");
	PQclear(ask_on(holder, arena_cstr(sh.a, arena_printf(sh.a, "BEGIN; SELECT set_config('chatkit.owner', 'sweep', true); DELETE FROM chatkit.thread WHERE id = '%.*s'; COMMIT",
							   SLICE_ARG(other.k.thread_id)))));
	expect_state(me, "fil_by_hand", "gone");
	PQclear(ask_on(holder, "BEGIN; SELECT set_config('chatkit.owner', 'sweep', true); DELETE FROM chatkit.owner; COMMIT"));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.thread WHERE owner_id = 'sweep'"), 0);
	expect_state(me, "fil_used", "gone");
	expect_state(me, "fil_young", "here");
	EXPECT_EQ(sweep(&sh, 0, out, 10), 3);
	PQfinish(holder);
	shop_close(&sh);
}

static void what_nobody_uses_is_swept(void **state UNUSED)
{
	run_task(sweeps);
}

/* ---- a thread that is deleted while a file comes to it ---- */
struct waiter {
	struct shop *sh;
	struct turn_key k;
	struct store_file f;
	enum rc rc;
	struct err e;
};

static void image_task(void *arg)
{
	struct waiter *p = arg;

	p->rc = store_file_new(p->sh->s, p->sh->a, p->k.owner, &p->f, NULL, &p->e);
}

static void begin_task(void *arg)
{
	struct waiter *p = arg;
	struct begin b = {.owner = p->k.owner, .thread_id = p->k.thread_id, .turn_id = S("turn_late"), .batch = {.files = &p->f.id, .n_files = 1}};
	struct shop sh = *p->sh;
	struct talk t;

	p->rc = talk_begin(&sh, &t, &b);
}

static void delete_task(void *arg)
{
	struct waiter *p = arg;

	p->rc = store_thread_delete(p->sh->s, p->k.owner, p->k.thread_id, NULL, &p->e);
}

static void late(struct io *io)
{
	const struct slice me = S("late");
	struct shop sh;
	static struct waiter image, begin, gone; /* a task's stack is small */
	struct task *tasks[2];
	PGconn *holder = admin_open("chatkit");
	struct talk t;

	shop_open(&sh, io, NULL);
	image = (struct waiter){.sh = &sh, .f = file_of("img_late", 3)};
	begin = (struct waiter){.sh = &sh, .f = file_of("fil_late", 3)};
	gone = (struct waiter){.sh = &sh};
	talk_new(&sh, &t, me);
	talk_end(&sh, &t);
	upload(&sh, me, "fil_late");
	image.k = begin.k = t.k;
	image.f.state = FILE_USED;
	image.f.thread_id = t.k.thread_id;
	/* The deletion is about to commit: whoever comes waits, and finds no thread. */
	PQclear(ask_on(holder, "BEGIN; DELETE FROM chatkit.thread WHERE owner_id = 'late'"));
	tasks[0] = io_go(io, "image", image_task, &image);
	tasks[1] = io_go(io, "begin", begin_task, &begin);
	wait_for_waiters(io, 2);
	PQclear(ask_on(holder, "COMMIT"));
	io_join(tasks[0]);
	io_join(tasks[1]);
	EXPECT_EQ(image.rc, RC_NOT_FOUND);
	EXPECT_EQ(begin.rc, RC_NOT_FOUND);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file WHERE owner_id = 'late' AND state = 'used'"), 0);

	/* The other way round: the file is about to be there, the deletion waits for it and takes it along. */
	talk_new(&sh, &t, me);
	PQclear(ask_on(holder, arena_cstr(sh.a, arena_printf(sh.a, "BEGIN; SELECT chatkit.file_new('late', 'img_first', 'image', 'n', 'm', 1, NULL, 'used', '%.*s', NULL, NULL)",
							   SLICE_ARG(t.k.thread_id)))));
	gone.k = t.k;
	tasks[0] = io_go(io, "delete", delete_task, &gone);
	wait_for_waiters(io, 1);
	PQclear(ask_on(holder, "COMMIT"));
	io_join(tasks[0]);
	EXPECT_EQ(gone.rc, RC_OK);
	expect_state(me, "img_first", "gone");
	PQfinish(holder);
	shop_close(&sh);
}

static void no_file_comes_to_a_thread_that_goes(void **state UNUSED)
{
	run_task(late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_declared_sent_and_dropped),
		cmocka_unit_test(a_turn_uses_what_is_here),
		cmocka_unit_test(a_quota_holds),
		cmocka_unit_test(what_nobody_uses_is_swept),
		cmocka_unit_test(no_file_comes_to_a_thread_that_goes),
	};

	return world_run(tests);
}
