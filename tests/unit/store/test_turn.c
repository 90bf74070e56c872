/* SPDX-License-Identifier: MIT */
/* A turn's life, step by step: begin, write, keep, end, and what others see of it. */
#include "tests/unit/store/world.h"

/* ---- begin ---- */
static void begin_new(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct begin b = {.owner = S("begin"), .create = BEGIN_NEW, .title_if_none = S("Hello"), .now_us = 1766000000123457, .model = S("demo/todo")};

	shop_open(&sh, io, NULL);
	b.thread_id = new_id(&sh, "thr_");
	b.turn_id = new_id(&sh, "turn_");
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	EXPECT(t.b.titled);
	EXPECT_STR("Hello", t.b.thread.title);
	EXPECT_STR("{\"type\":\"active\"}", t.b.thread.status);
	EXPECT(slice_eq(t.b.thread.id, b.thread_id));
	EXPECT_EQ(t.b.thread.created_us, 1766000000123457);
	EXPECT_EQ(t.b.n_history, 1);
	EXPECT(slice_eq(t.b.history[0].id, t.entry));
	EXPECT(slice_eq(t.b.history[0].item_id, t.item));
	EXPECT_EQ(t.b.history[0].seq, 2);

	/* The same again, as after an unknown outcome: it is ours already. */
	b.history_max = 9;
	EXPECT_RC_E(RC_OK, store_begin(sh.s, sh.a, &b, &t.b, &sh.e), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	EXPECT(t.b.titled);
	EXPECT_EQ(t.b.n_history, 1);

	/* Another on top. */
	b.turn_id = new_id(&sh, "turn_");
	b.create = BEGIN_EXISTING;
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_BUSY);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'begin' AND thread_id = '%.*s'", SLICE_ARG(b.thread_id)), 1);
	shop_close(&sh);
}

static void begin_makes_a_thread(void **state UNUSED)
{
	run_task(begin_new);
}

static void begin_finds(struct io *io)
{
	struct shop sh;
	struct talk t, t2;
	struct begin b = {.owner = S("finds"), .thread_id = S("thr_none")};

	shop_open(&sh, io, NULL);
	b.turn_id = new_id(&sh, "turn_");
	EXPECT_RC(RC_NOT_FOUND, talk_begin(&sh, &t, &b));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.thread WHERE owner_id = 'finds'"), 0);

	/* A client's own id makes the thread once. */
	b.create = BEGIN_EXISTING_OR_NEW;
	b.thread_id = new_id(&sh, "mine-");
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	talk_end(&sh, &t);
	b.turn_id = new_id(&sh, "turn_");
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t2, &b), &sh.e);
	EXPECT_EQ(t2.b.how, BEGIN_LEASED);
	EXPECT_EQ(t2.b.n_history, 2);
	EXPECT(slice_eq(t2.b.history[0].id, t.entry));
	talk_end(&sh, &t2);

	/* Another owner's thread is no thread. */
	b.owner = S("finds-another");
	b.create = BEGIN_EXISTING;
	EXPECT_RC(RC_NOT_FOUND, talk_begin(&sh, &t, &b));

	/* Only the newest entries. */
	b.owner = S("finds");
	b.turn_id = new_id(&sh, "turn_");
	b.history_max = 2;
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.n_history, 2);
	EXPECT(slice_eq(t.b.history[0].id, t2.entry));
	EXPECT(slice_eq(t.b.history[1].id, t.entry));
	EXPECT_EQ(threads_with_gaps("finds"), 0);

	/* And no more than fit: a body has 15 bytes, and the one that passes the bound is the last. Each time a second run of the same begin. */
	b.history_max = 9;
	for (size_t bytes = 0; bytes <= 45; bytes++) {
		b.history_bytes = bytes;
		EXPECT_RC_E(RC_OK, store_begin(sh.s, sh.a, &b, &t.b, &sh.e), &sh.e);
		EXPECT_EQ(t.b.n_history, bytes ? (bytes + 14) / 15 : 3);
	}
	shop_close(&sh);
}

static void begin_finds_or_makes(void **state UNUSED)
{
	run_task(begin_finds);
}

static void begin_inactive(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct begin b;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("locked"));
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &t.k,
				     &(struct turn_end){.state = TURN_DONE, .batch = {.status = S("{\"type\": \"locked\",\"reason\":\"no\"}"), .title = S("T")}}, &sh.e),
		    &sh.e);
	b = (struct begin){.owner = t.k.owner, .thread_id = t.k.thread_id, .turn_id = new_id(&sh, "turn_"), .title_if_none = S("other")};
	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_INACTIVE);
	EXPECT_STR("{\"type\": \"locked\",\"reason\":\"no\"}", t.b.thread.status);
	EXPECT_STR("T", t.b.thread.title);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE owner_id = 'locked' AND thread_id = '%.*s'", SLICE_ARG(b.thread_id)), 1);
	shop_close(&sh);
}

static void begin_refuses_an_inactive_thread(void **state UNUSED)
{
	run_task(begin_inactive);
}

static void begin_cut(struct io *io)
{
	struct shop sh;
	struct talk first, t;
	struct store_item answer;
	struct store_entry said;
	struct begin b;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &first, S("cut"));
	answer = item_of(new_id(&sh, "msg_"), "{}", ITEM_DONE);
	said = (struct store_entry){.id = new_id(&sh, "ent_"), .item_id = answer.id, .body = S("x")};
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &first.k,
				     &(struct turn_end){.state = TURN_DONE, .batch = {.put = &answer, .n_put = 1, .entries = &said, .n_entries = 1}}, &sh.e), &sh.e);
	t = first;
	talk_next(&sh, &t);
	talk_end(&sh, &t);

	/* An unknown item cuts nothing and begins nothing. */
	b = (struct begin){.owner = first.k.owner, .thread_id = first.k.thread_id, .turn_id = new_id(&sh, "turn_"), .cut_after = S("msg_unknown")};
	EXPECT_RC(RC_NOT_FOUND, talk_begin(&sh, &t, &b));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'cut' AND thread_id = '%.*s'", SLICE_ARG(b.thread_id)), 3);

	/* The first message stays, with what it means to the model; all behind it goes. */
	b.cut_after = first.item;
	EXPECT_RC_E(RC_OK, store_begin(sh.s, sh.a, &b, &t.b, &sh.e), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	b.history_max = 9;
	EXPECT_RC_E(RC_OK, store_begin(sh.s, sh.a, &b, &t.b, &sh.e), &sh.e);
	EXPECT_EQ(t.b.n_history, 1);
	EXPECT(slice_eq(t.b.history[0].id, first.entry));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'cut' AND thread_id = '%.*s'", SLICE_ARG(b.thread_id)), 1);
	shop_close(&sh);
}

static void begin_cuts_for_a_retry(void **state UNUSED)
{
	run_task(begin_cut);
}

/* ---- write, keep, end ---- */
static void life(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct store_item put[2];
	struct store_entry said;
	struct keep k[2];
	struct kept kept[2];
	struct store_open open;
	struct store_news news;
	struct batch batch = {.put = put, .n_put = 2, .entries = &said, .n_entries = 1};

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("life"));
	put[0] = item_of(new_id(&sh, "wf_"), "{\"w\":1}", ITEM_OPEN);
	put[1] = item_of(new_id(&sh, "hid_"), "{\"h\":1}", ITEM_DONE);
	put[1].hidden = true;
	said = (struct store_entry){.id = new_id(&sh, "ent_"), .body = S("called a tool")};
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &batch, &sh.e), &sh.e);
	/* Twice is once. */
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &batch, &sh.e), &sh.e);
	EXPECT_EQ(threads_with_gaps("life"), 0);

	/* Two items grow; a chunk that comes again with more takes its place, with less it does not. */
	k[0] = keep_of(&t, S("msg_a"), 0, "Hello");
	k[1] = keep_of(&t, S("msg_b"), 0, "thinking");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 2, NULL, 0, kept, &sh.e), &sh.e);
	EXPECT(kept[0].there && kept[1].there && !kept[0].cancel && !kept[0].refused);
	k[0].text = S("Hell");
	k[1].text = S("thinking hard");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 2, NULL, 0, kept, &sh.e), &sh.e);
	k[0] = keep_of(&t, S("msg_a"), 1, ", wörld");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 1, NULL, 0, kept, &sh.e), &sh.e);

	EXPECT_RC_E(RC_OK, store_open_of(sh.s, sh.a, &t.k, &open, &sh.e), &sh.e);
	EXPECT_EQ(open.n_items, 1);
	EXPECT(slice_eq(open.items[0].id, put[0].id));
	EXPECT_EQ(open.items[0].state, ITEM_OPEN);
	EXPECT_STR("{\"w\":1}", open.items[0].body);
	EXPECT_EQ(open.n_chunks, 2);
	EXPECT_STR("Hello, wörld", open.chunks[0].text);
	EXPECT_EQ(open.chunks[0].n, 1);
	EXPECT_EQ(open.chunks[0].created_us, 7);
	EXPECT_STR("assistant_message", open.chunks[0].kind);
	EXPECT_STR("thinking hard", open.chunks[1].text);

	/* An item that is complete no longer shows its chunks. */
	put[1] = item_of(S("msg_b"), "{}", ITEM_DONE);
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){.put = &put[1], .n_put = 1, .title = S("New")}, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_follow(sh.s, sh.a, &t.k, 0, &news, &sh.e), &sh.e);
	EXPECT_EQ(news.state, TURN_RUNNING);
	EXPECT_STR("New", news.thread.title);
	EXPECT_EQ(news.n_chunks, 1);
	EXPECT_EQ(news.n_items, 4); /* the user's message, the workflow, the hidden one, msg_b */
	EXPECT_EQ(news.items[1].seq, 3);
	EXPECT(news.items[2].hidden);
	EXPECT_RC_E(RC_OK, store_follow(sh.s, sh.a, &t.k, news.items[2].seq, &news, &sh.e), &sh.e);
	EXPECT_EQ(news.n_items, 1);
	EXPECT_STR("msg_b", news.items[0].id);

	EXPECT_RC_E(RC_OK, store_follow(sh.s, sh.a, &t.k, 1 << 20, &news, &sh.e), &sh.e);
	EXPECT(news.n_items == 0 && news.n_chunks == 1);

	/* Cancel is seen by the next keep. */
	EXPECT_RC_E(RC_OK, store_cancel(sh.s, &(struct turn_key){t.k.owner, t.k.thread_id, S("another")}, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 1, NULL, 0, kept, &sh.e), &sh.e);
	EXPECT(!kept[0].cancel);
	EXPECT_RC_E(RC_OK, store_cancel(sh.s, &(struct turn_key){t.k.owner, t.k.thread_id, SLICE_NONE}, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 1, NULL, 0, kept, &sh.e), &sh.e);
	EXPECT(kept[0].cancel);

	put[0].state = ITEM_DONE;
	put[0].body = S("{\"w\":2}");
	put[1] = item_of(S("msg_a"), "{\"text\":\"Hello, world\"}", ITEM_INCOMPLETE);
	EXPECT_RC_E(RC_OK, store_alive(sh.s, &t.k, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &t.k,
				     &(struct turn_end){.state = TURN_CANCELLED, .error_code = S("x"), .tokens_in = 3, .tokens_out = 4,
							.batch = {.put = put, .n_put = 2, .drop = &S("msg_b"), .n_drop = 1}}, &sh.e), &sh.e);
	EXPECT_RC(RC_LOST, store_alive(sh.s, &t.k, &sh.e));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'life'"), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.live WHERE owner_id = 'life'"), 0);
	EXPECT_EQ(ask("SELECT tokens_in * 10 + tokens_out FROM chatkit.turn WHERE owner_id = 'life' AND state = 'cancelled' AND ended_at >= started_at"), 34);
	EXPECT_RC_E(RC_OK, store_follow(sh.s, sh.a, &t.k, 0, &news, &sh.e), &sh.e);
	EXPECT_EQ(news.state, TURN_CANCELLED);
	EXPECT_STR("x", news.error_code);
	EXPECT_EQ(news.n_items, 4);
	EXPECT_STR("{\"w\":2}", news.items[1].body);
	EXPECT_EQ(news.items[1].seq, 3);
	EXPECT_EQ(news.items[3].state, ITEM_INCOMPLETE);

	/* After the end nothing gets in. */
	EXPECT_RC(RC_LOST, store_write(sh.s, sh.a, &t.k, &batch, &sh.e));
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 1, NULL, 0, kept, &sh.e), &sh.e);
	EXPECT(!kept[0].there);
	EXPECT_RC(RC_LOST, store_end(sh.s, sh.a, &t.k, &(struct turn_end){.state = TURN_DONE}, &sh.e));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'life'"), 0);
	ask("DELETE FROM chatkit.owner WHERE owner_id = 'life'");
	shop_close(&sh);
}

static void a_turn_lives_and_ends(void **state UNUSED)
{
	run_task(life);
}

static void keep_many(struct io *io)
{
	enum { N = 1000 };
	struct shop sh;
	struct talk *t = xalloc(N * sizeof(*t));
	struct keep *k = xalloc((N + 1) * sizeof(*k));
	struct kept *kept = xalloc((N + 1) * sizeof(*kept));
	struct turn_key done[2];
	int64_t began, per;

	shop_open(&sh, io, NULL);
	for (int i = 0; i < N; i++) {
		talk_new(&sh, &t[i], arena_printf(sh.a, "keep%d", i % 100));
		k[i] = keep_of(&t[i], S("msg_a"), 0, "some words of an answer, as many as come in a second or so");
	}
	talk_end(&sh, &t[N - 1]);
	done[0] = t[N - 1].k;
	done[1] = (struct turn_key){S("nobody"), S("thr_x"), S("turn_x")};
	began = env_mono_us(env_real());
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, N, done, 2, kept, &sh.e), &sh.e);
	per = env_mono_us(env_real()) - began;
	print_message("keep of %d turns: %lld us\n", N, (long long)per);
	for (int i = 0; i < N - 1; i++)
		EXPECT(kept[i].there);
	EXPECT(!kept[N - 1].there);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id LIKE 'keep%%'"), N - 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE owner_id LIKE 'keep%%' AND delivered_at IS NOT NULL"), 1);

	/* One that cannot be stored (an invalid byte) costs the others nothing, and keeps its own lease. */
	for (int i = 0; i < 20; i++)
		k[i].n = 1;
	k[7].text = S("broken \xff text");
	ask("UPDATE chatkit.live SET lease_until = now() - interval '1 s' WHERE turn_id = '%.*s'", SLICE_ARG(t[7].k.turn_id));
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, k, 20, done, 1, kept, &sh.e), &sh.e);
	for (int i = 0; i < 20; i++)
		EXPECT(kept[i].there && kept[i].refused == (i == 7));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id LIKE 'keep%%' AND n = 1"), 19);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.live WHERE lease_until < now() AND turn_id = '%.*s'", SLICE_ARG(t[7].k.turn_id)), 0);
	k[7].text = S("a NUL \0 byte");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k[7], 1, NULL, 0, kept, &sh.e), &sh.e);
	EXPECT(kept[0].there && kept[0].refused);
	ask("DELETE FROM chatkit.owner WHERE owner_id LIKE 'keep%%'");
	ask("DELETE FROM chatkit.chunk WHERE owner_id LIKE 'keep%%'");
	free(t);
	free(k);
	free(kept);
	shop_close(&sh);
}

static void one_keep_serves_all_turns(void **state UNUSED)
{
	run_task(keep_many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_makes_a_thread),
		cmocka_unit_test(begin_finds_or_makes),
		cmocka_unit_test(begin_refuses_an_inactive_thread),
		cmocka_unit_test(begin_cuts_for_a_retry),
		cmocka_unit_test(a_turn_lives_and_ends),
		cmocka_unit_test(one_keep_serves_all_turns),
	};

	return world_run(tests);
}
