/* SPDX-License-Identifier: MIT */
/* A request that comes again while its first is uncommitted, runs, has ended in some way, was delivered, is long ago: it attaches, or is a new one. */
#include "tests/unit/store/world.h"

#define HASH S("0123456789abcdef0123456789abcdef")

struct post {
	struct shop *sh;
	struct begin b;
	struct talk t;
};

static void post_task(void *arg)
{
	struct post *p = arg;
	struct shop sh = *p->sh;

	EXPECT_RC_E(RC_OK, talk_begin(&sh, &p->t, &p->b), &sh.e);
}

/* Five begins of one request; each has ids of its own, as five processes would make them. Returns the one that was leased, or -1. */
static int five(struct shop *sh, struct post *p, const struct begin *like, PGconn *holder)
{
	struct task *tasks[5];
	int leased = -1;

	for (int i = 0; i < 5; i++) {
		p[i] = (struct post){.sh = sh, .b = *like};
		p[i].b.turn_id = new_id(sh, "turn_");
		if (like->create == BEGIN_NEW)
			p[i].b.thread_id = new_id(sh, "thr_");
		tasks[i] = io_go(sh->io, "post", post_task, &p[i]);
	}
	if (holder) {
		wait_for_waiters(sh->io, 4);
		PQclear(ask_on(holder, "COMMIT"));
	}
	for (int i = 0; i < 5; i++)
		io_join(tasks[i]);
	for (int i = 0; i < 5; i++) {
		if (p[i].t.b.how != BEGIN_LEASED)
			continue;
		EXPECT_EQ(leased, -1);
		leased = i;
	}
	return leased;
}

static void all_attach_to(const struct post *p, const struct turn_key *k, int but, enum turn_state state)
{
	for (int i = 0; i < 5; i++) {
		if (i == but)
			continue;
		EXPECT_EQ(p[i].t.b.how, BEGIN_RETRY);
		EXPECT(slice_eq(p[i].t.b.turn_id, k->turn_id) && slice_eq(p[i].t.b.thread_id, k->thread_id));
		EXPECT_EQ(p[i].t.b.state, state);
	}
}

/* new: threads.create, otherwise a message to a thread. Each stage of the first: uncommitted, running, ended in some way, delivered, long ago. */
static void retries_of(struct io *io, const char *owner, bool new)
{
	struct begin like = {.owner = slice_cstr(owner), .create = new ? BEGIN_NEW : BEGIN_EXISTING, .req_hash = HASH, .frame = S("frame-1")};
	PGconn *holder = admin_open("chatkit");
	static struct post p[5]; /* a task's stack is small */
	struct shop sh;
	struct talk first;
	struct turn_key k;
	struct kept kept;
	int leased;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &first, like.owner);
	talk_end(&sh, &first);
	like.thread_id = first.k.thread_id;

	/* All five while the first is not committed: somebody holds the row that they all lock. */
	PQclear(ask_on(holder, "BEGIN"));
	PQclear(ask_on(holder, new ? "SELECT 1 FROM chatkit.owner FOR UPDATE" : "SELECT 1 FROM chatkit.thread FOR UPDATE"));
	leased = five(&sh, p, &like, holder);
	EXPECT(leased >= 0);
	k = p[leased].t.k;
	all_attach_to(p, &k, leased, TURN_RUNNING);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE owner_id = '%s'", owner), 2);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.thread WHERE owner_id = '%s'", owner), new ? 2 : 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = '%s'", owner), 2);

	/* Once more while it runs, and when it was cut off. */
	EXPECT_EQ(five(&sh, p, &like, NULL), -1);
	all_attach_to(p, &k, -1, TURN_RUNNING);
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &k, &(struct turn_end){.state = TURN_INTERRUPTED}, &sh.e), &sh.e);
	EXPECT_EQ(five(&sh, p, &like, NULL), -1);
	all_attach_to(p, &k, -1, TURN_INTERRUPTED);
	ask("UPDATE chatkit.turn SET state = 'done' WHERE id = '%.*s'", SLICE_ARG(k.turn_id));
	EXPECT_EQ(five(&sh, p, &like, NULL), -1);
	all_attach_to(p, &k, -1, TURN_DONE);

	/* Another frame, another hash, another owner: no retry. Here: another frame. */
	like.frame = SLICE_NONE;
	leased = five(&sh, p, &like, NULL);
	EXPECT(leased >= 0);
	talk_end(&sh, &p[leased].t);
	all_attach_to(p, &p[leased].t.k, leased, TURN_RUNNING);

	/* Delivered: the same words again are a new message. */
	like.frame = S("frame-1");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, NULL, 0, &k, 1, &kept, &sh.e), &sh.e);
	leased = five(&sh, p, &like, NULL);
	EXPECT(leased >= 0);
	k = p[leased].t.k;
	talk_end(&sh, &p[leased].t);
	/* Long ago; and from a clock that ran ahead. */
	ask("UPDATE chatkit.turn SET started_at = now() - interval '121 s' WHERE id = '%.*s'", SLICE_ARG(k.turn_id));
	leased = five(&sh, p, &like, NULL);
	EXPECT(leased >= 0);
	talk_end(&sh, &p[leased].t);
	ask("UPDATE chatkit.turn SET started_at = now() + interval '1 h' WHERE id = '%.*s'", SLICE_ARG(p[leased].t.k.turn_id));
	leased = five(&sh, p, &like, NULL);
	EXPECT(leased >= 0);
	PQfinish(holder);
	shop_close(&sh);
}

static void retries_new(struct io *io)
{
	retries_of(io, "retry-new", true);
}

static void retries_existing(struct io *io)
{
	retries_of(io, "retry-old", false);
}

static void a_request_sent_again_attaches(void **state UNUSED)
{
	run_task(retries_new);
	run_task(retries_existing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_request_sent_again_attaches)};

	return world_run(tests);
}
