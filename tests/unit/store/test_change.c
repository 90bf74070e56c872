/* SPDX-License-Identifier: MIT */
/* Items that wait for the page's answer, what a begin and a change ask to be so still, feedback. */
#include "tests/unit/store/world.h"

/* A thread whose turn has ended and left a widget and, waiting, a call of the page's tool. */
struct scene {
	struct shop sh;
	struct talk t;
	struct slice widget, call, call_entry;
};

static void scene_open(struct scene *sc, struct io *io, const char *owner)
{
	struct store_item put[2];

	shop_open(&sc->sh, io, NULL);
	talk_new(&sc->sh, &sc->t, slice_cstr(owner));
	sc->widget = new_id(&sc->sh, "wid_");
	sc->call = new_id(&sc->sh, "call_");
	sc->call_entry = new_id(&sc->sh, "ent_");
	put[0] = item_of(sc->widget, "{\"widget\":1}", ITEM_DONE);
	put[1] = item_of(sc->call, "{\"call\":1}", ITEM_WAITING);
	put[1].kind = S("client_tool_call");
	EXPECT_RC_E(RC_OK, store_end(sc->sh.s, sc->sh.a, &sc->t.k, &(struct turn_end){.state = TURN_DONE, .batch = {.put = put, .n_put = 2}}, &sc->sh.e), &sc->sh.e);
}

static struct begin scene_begin(struct scene *sc)
{
	return (struct begin){.owner = sc->t.k.owner, .thread_id = sc->t.k.thread_id, .turn_id = new_id(&sc->sh, "turn_")};
}

static struct store_waiting waiting_of(struct scene *sc, const char *kind)
{
	struct store_waiting out;

	EXPECT_RC_E(RC_OK, store_waiting(sc->sh.s, sc->sh.a, sc->t.k.owner, sc->t.k.thread_id, slice_cstr(kind), &out, &sc->sh.e), &sc->sh.e);
	EXPECT(slice_eq(out.thread.id, sc->t.k.thread_id));
	return out;
}

static int64_t items_of(struct scene *sc)
{
	return ask("SELECT count(*) FROM chatkit.item WHERE thread_id = '%.*s'", SLICE_ARG(sc->t.k.thread_id));
}

/* ---- one item, the waiting one ---- */
static void look(struct io *io)
{
	struct scene sc;
	struct store_waiting at;
	struct store_thread th;
	struct store_item it, put[2];
	struct store_open open;

	scene_open(&sc, io, "wait");
	EXPECT_RC_E(RC_OK, store_item(sc.sh.s, sc.sh.a, sc.t.k.owner, sc.t.k.thread_id, sc.widget, &th, &it, &sc.sh.e), &sc.sh.e);
	EXPECT(slice_eq(th.id, sc.t.k.thread_id) && slice_eq(it.id, sc.widget) && !it.hidden && it.state == ITEM_DONE && it.seq == 3);
	EXPECT_STR("{\"widget\":1}", it.body);
	EXPECT_RC(RC_NOT_FOUND, store_item(sc.sh.s, sc.sh.a, sc.t.k.owner, sc.t.k.thread_id, S("wid_x"), &th, &it, &sc.sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_item(sc.sh.s, sc.sh.a, sc.t.k.owner, S("thr_x"), sc.widget, &th, &it, &sc.sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_item(sc.sh.s, sc.sh.a, S("wait2"), sc.t.k.thread_id, sc.widget, &th, &it, &sc.sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_waiting(sc.sh.s, sc.sh.a, S("wait2"), sc.t.k.thread_id, S("client_tool_call"), &at, &sc.sh.e));

	at = waiting_of(&sc, "client_tool_call");
	EXPECT(at.found && !at.running && slice_eq(at.item.id, sc.call) && at.item.state == ITEM_WAITING);
	EXPECT(!waiting_of(&sc, "widget").found);

	/* The newest; a hidden one too; and that a turn runs is told. Nothing of it is open: nobody closes it. */
	talk_next(&sc.sh, &sc.t);
	put[0] = item_of(S("call_2"), "{\"call\":2}", ITEM_WAITING);
	put[1] = item_of(S("call_3"), "{\"call\":3}", ITEM_WAITING);
	put[0].kind = put[1].kind = S("client_tool_call");
	put[1].hidden = true;
	EXPECT_RC_E(RC_OK, store_write(sc.sh.s, sc.sh.a, &sc.t.k, &(struct batch){.put = put, .n_put = 2}, &sc.sh.e), &sc.sh.e);
	at = waiting_of(&sc, "client_tool_call");
	EXPECT(at.found && at.running && at.item.hidden && slice_is(at.item.id, "call_3"));
	EXPECT_RC_E(RC_OK, store_item(sc.sh.s, sc.sh.a, sc.t.k.owner, sc.t.k.thread_id, S("call_3"), &th, &it, &sc.sh.e), &sc.sh.e);
	EXPECT(it.hidden);
	EXPECT_RC_E(RC_OK, store_open_of(sc.sh.s, sc.sh.a, &sc.t.k, &open, &sc.sh.e), &sc.sh.e);
	EXPECT_EQ(open.n_items, 0);
	talk_end(&sc.sh, &sc.t);
	at = waiting_of(&sc, "client_tool_call");
	EXPECT(at.found && !at.running);
	shop_close(&sc.sh);
}

static void a_waiting_item_outlives_its_turn(void **state UNUSED)
{
	run_task(look);
}

/* ---- a begin's conditions ---- */
static void conditions(struct io *io)
{
	struct scene sc;
	struct store_item put;
	struct talk t;
	struct begin b;
	int64_t items;

	scene_open(&sc, io, "cond");
	items = items_of(&sc);
	/* Another body, no such item, an entry that stands: each alone is enough. With a new thread there is no item. */
	for (int i = 0; i < 5; i++) {
		b = scene_begin(&sc);
		b.if_item = i == 1 ? S("call_x") : i == 2 ? SLICE_NONE : sc.call;
		b.if_body = i == 0 ? S("{\"call\":1} ") : i == 4 ? SLICE_NONE : S("{\"call\":1}");
		b.if_no_entry = i == 2 ? sc.t.entry : SLICE_NONE;
		b.title_if_none = S("no title");
		if (i == 3) {
			b.thread_id = S("thr_new");
			b.create = BEGIN_NEW;
		}
		EXPECT_RC_E(RC_OK, talk_begin(&sc.sh, &t, &b), &sc.sh.e);
		EXPECT_EQ(t.b.how, BEGIN_CHANGED);
	}
	EXPECT_EQ(items_of(&sc), items);
	EXPECT_EQ(ask("SELECT (SELECT count(*) FROM chatkit.live WHERE owner_id = 'cond') + (SELECT count(*) FROM chatkit.turn WHERE owner_id = 'cond')\n"
		      " + (SELECT count(*) FROM chatkit.thread WHERE owner_id = 'cond') + (SELECT count(*) FROM chatkit.thread WHERE title IS NOT NULL AND owner_id = 'cond')"), 2);

	/* It holds: the answer takes the waiting item's place, and its seq. The same begin again, with its condition undone by itself: ours. */
	put = item_of(sc.call, "{\"call\":1,\"output\":2}", ITEM_DONE);
	put.kind = S("client_tool_call");
	b = scene_begin(&sc);
	b.if_item = sc.call;
	b.if_body = S("{\"call\":1}");
	b.if_no_entry = sc.call_entry;
	b.batch = (struct batch){.put = &put, .n_put = 1, .entries = &(struct store_entry){.id = sc.call_entry, .item_id = sc.call, .body = S("output")}, .n_entries = 1};
	for (int i = 0; i < 2; i++) {
		EXPECT_RC_E(RC_OK, talk_begin(&sc.sh, &t, &b), &sc.sh.e);
		EXPECT_EQ(t.b.how, BEGIN_LEASED);
		EXPECT_EQ(t.b.n_history, 2);
	}
	EXPECT_EQ(items_of(&sc), items);
	EXPECT_EQ(ask("SELECT seq FROM chatkit.item WHERE id = '%.*s' AND state = 'done'", SLICE_ARG(sc.call)), 4);
	EXPECT(!waiting_of(&sc, "client_tool_call").found);
	/* Somebody else's second answer finds the thread busy, and then that it was answered. */
	b.turn_id = new_id(&sc.sh, "turn_");
	EXPECT_RC_E(RC_OK, talk_begin(&sc.sh, &t, &b), &sc.sh.e);
	EXPECT_EQ(t.b.how, BEGIN_BUSY);
	EXPECT_RC_E(RC_OK, store_end(sc.sh.s, sc.sh.a, &(struct turn_key){b.owner, b.thread_id, t.b.turn_id}, &(struct turn_end){.state = TURN_DONE}, &sc.sh.e), &sc.sh.e);
	EXPECT_RC_E(RC_OK, talk_begin(&sc.sh, &t, &b), &sc.sh.e);
	EXPECT_EQ(t.b.how, BEGIN_CHANGED);
	EXPECT_EQ(threads_with_gaps("cond"), 0);
	shop_close(&sc.sh);
}

static void a_begin_finds_that_somebody_was_faster(void **state UNUSED)
{
	run_task(conditions);
}

static void drop(struct io *io)
{
	struct scene sc;
	struct store_item put[2];
	struct talk t, other;
	struct begin b;

	scene_open(&sc, io, "drop");
	talk_new(&sc.sh, &other, S("drop"));
	put[0] = item_of(S("call_far"), "{}", ITEM_WAITING);
	put[0].kind = S("client_tool_call");
	EXPECT_RC_E(RC_OK, store_write(sc.sh.s, sc.sh.a, &other.k, &(struct batch){.put = put, .n_put = 1}, &sc.sh.e), &sc.sh.e);

	/* Another kind, and what is put itself, stay; another thread's too. */
	put[0] = item_of(S("call_new"), "{}", ITEM_WAITING);
	put[0].kind = S("client_tool_call");
	put[1] = item_of(S("else"), "{}", ITEM_WAITING);
	b = scene_begin(&sc);
	b.batch = (struct batch){.put = put, .n_put = 2, .drop_waiting = S("client_tool_call")};
	EXPECT_RC_E(RC_OK, talk_begin(&sc.sh, &t, &b), &sc.sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	EXPECT(slice_is(waiting_of(&sc, "client_tool_call").item.id, "call_new") && waiting_of(&sc, "assistant_message").found);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'drop' AND state = 'waiting'"), 3);
	/* By a write and by the end too. An empty batch drops them all. */
	EXPECT_RC_E(RC_OK, store_write(sc.sh.s, sc.sh.a, &t.k, &(struct batch){.drop_waiting = S("client_tool_call")}, &sc.sh.e), &sc.sh.e);
	EXPECT(!waiting_of(&sc, "client_tool_call").found && waiting_of(&sc, "assistant_message").found);
	EXPECT_RC_E(RC_OK, store_end(sc.sh.s, sc.sh.a, &t.k, &(struct turn_end){.state = TURN_DONE, .batch = {.drop_waiting = S("assistant_message")}}, &sc.sh.e), &sc.sh.e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'drop' AND state = 'waiting' AND id = 'call_far'"), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'drop' AND state = 'waiting'"), 1);
	shop_close(&sc.sh);
}

static void what_waits_is_dropped_by_its_kind(void **state UNUSED)
{
	run_task(drop);
}

/* ---- a change without a turn ---- */
static enum change_how do_change(struct scene *sc, const struct change *c)
{
	enum change_how how = (enum change_how)-1;

	EXPECT_RC_E(RC_OK, store_change(sc->sh.s, sc->sh.a, c, &how, &sc->sh.e), &sc->sh.e);
	return how;
}

static void change(struct io *io)
{
	struct scene sc;
	struct store_item put[2];
	struct store_entry said = {.id = S("ent_w"), .body = S("pressed")};
	struct change c, other;
	enum change_how how;

	scene_open(&sc, io, "change");
	put[0] = item_of(sc.widget, "{\"widget\":2}", ITEM_DONE);
	put[1] = item_of(S("ctx"), "{}", ITEM_DONE);
	put[1].hidden = true;
	c = (struct change){.owner = sc.t.k.owner, .thread_id = sc.t.k.thread_id, .if_item = sc.widget, .if_body = S("{\"widget\":1}"), .if_no_entry = said.id,
			    .batch = {.put = put, .n_put = 2, .entries = &said, .n_entries = 1}};
	said.item_id = sc.widget;
	other = c;
	other.thread_id = S("thr_x");
	EXPECT_RC(RC_NOT_FOUND, store_change(sc.sh.s, sc.sh.a, &other, &how, &sc.sh.e));
	other = c;
	other.owner = S("change2");
	EXPECT_RC(RC_NOT_FOUND, store_change(sc.sh.s, sc.sh.a, &other, &how, &sc.sh.e));
	other = c;
	other.if_body = S("{\"widget\":0}");
	EXPECT_EQ(do_change(&sc, &other), CHANGE_CHANGED);
	other.if_body = c.if_body;
	other.if_no_entry = sc.t.entry;
	EXPECT_EQ(do_change(&sc, &other), CHANGE_CHANGED);
	EXPECT_EQ(items_of(&sc), 3);

	/* New ones count to the widget's turn, though another runs. Again: done, and once. */
	talk_next(&sc.sh, &sc.t);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(do_change(&sc, &c), CHANGE_DONE);
	EXPECT_EQ(items_of(&sc), 5);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item i JOIN chatkit.item w USING (owner_id, thread_id, turn_id) WHERE i.id = 'ctx' AND i.hidden AND w.id = '%.*s'\n"
		      "AND w.body = '{\"widget\":2}' AND w.seq = 3 AND w.turn_id <> '%.*s'", SLICE_ARG(sc.widget), SLICE_ARG(sc.t.k.turn_id)), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.entry WHERE id = 'ent_w' AND owner_id = 'change'"), 1);
	EXPECT_EQ(threads_with_gaps("change"), 0);
	/* Another's change of the same widget, that is: not the very same. */
	other = c;
	put[0].body = S("{\"widget\":3}");
	EXPECT_EQ(do_change(&sc, &other), CHANGE_CHANGED);
	/* The same body, but an entry that does not stand. */
	put[0].body = S("{\"widget\":2}");
	said.id = S("ent_w2");
	EXPECT_EQ(do_change(&sc, &other), CHANGE_CHANGED);
	EXPECT_EQ(items_of(&sc), 5);

	/* Without an item asked for: to the turn that runs. It is not disturbed, and ends as ever. */
	put[0] = item_of(S("during"), "{}", ITEM_DONE);
	c = (struct change){.owner = sc.t.k.owner, .thread_id = sc.t.k.thread_id, .batch = {.put = put, .n_put = 1}};
	EXPECT_EQ(do_change(&sc, &c), CHANGE_DONE);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE id = 'during' AND turn_id = '%.*s'", SLICE_ARG(sc.t.k.turn_id)), 1);
	talk_end(&sc.sh, &sc.t);

	/* To the newest item's when none runs. A status: set by the change itself, a second run knows it; refused, and allowed if any will do. */
	put[0] = item_of(S("more"), "{}", ITEM_DONE);
	c = (struct change){.owner = sc.t.k.owner, .thread_id = sc.t.k.thread_id,
			    .batch = {.put = put, .n_put = 1, .status = S("{\"type\":\"closed\"}"), .title = S("New")}};
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(do_change(&sc, &c), CHANGE_DONE);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE id = 'more' AND turn_id = '%.*s'", SLICE_ARG(sc.t.k.turn_id)), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.thread WHERE title = 'New' AND id = '%.*s'", SLICE_ARG(sc.t.k.thread_id)), 1);
	put[0] = item_of(S("even more"), "{}", ITEM_DONE);
	EXPECT_EQ(do_change(&sc, &c), CHANGE_INACTIVE);
	c.batch = (struct batch){.title = S("Newer")};
	EXPECT_EQ(do_change(&sc, &c), CHANGE_INACTIVE);
	c.any_status = true;
	EXPECT_EQ(do_change(&sc, &c), CHANGE_DONE);
	EXPECT_EQ(threads_with_gaps("change"), 0);

	/* A thread of no turn at all. */
	ask("INSERT INTO chatkit.thread (owner_id, id) VALUES ('change', 'thr_bare')");
	c = (struct change){.owner = S("change"), .thread_id = S("thr_bare"), .batch = {.put = put, .n_put = 1}};
	EXPECT_EQ(do_change(&sc, &c), CHANGE_DONE);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE thread_id = 'thr_bare' AND turn_id = '' AND seq = 1"), 1);
	shop_close(&sc.sh);
}

static void a_change_needs_no_turn(void **state UNUSED)
{
	run_task(change);
}

/* ---- feedback ---- */
static void feedback(struct io *io)
{
	struct scene sc;
	struct slice ids[4] = {S("msg_1"), S("task_of_no_item"), S("msg_1"), S("msg_2")}, many[STORE_FEEDBACK_MAX + 1], *thread;

	scene_open(&sc, io, "feedback");
	thread = &sc.t.k.thread_id;
	EXPECT_RC_E(RC_OK, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, ids, 4, true, &sc.sh.e), &sc.sh.e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.feedback WHERE owner_id = 'feedback' AND kind = 'positive'"), 3);
	EXPECT_RC_E(RC_OK, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, ids, 1, false, &sc.sh.e), &sc.sh.e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.feedback WHERE owner_id = 'feedback' AND kind = 'positive'"), 2);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.feedback WHERE owner_id = 'feedback' AND kind = 'negative' AND item_id = 'msg_1'"), 1);
	EXPECT_RC_E(RC_OK, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, NULL, 0, true, &sc.sh.e), &sc.sh.e);

	EXPECT_RC(RC_NOT_FOUND, store_feedback(sc.sh.s, sc.sh.a, S("feedback2"), *thread, ids, 1, true, &sc.sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), S("thr_x"), ids, 1, true, &sc.sh.e));
	for (size_t i = 0; i < countof(many); i++)
		many[i] = ids[0];
	EXPECT_RC(RC_BAD, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, many, countof(many), true, &sc.sh.e));
	EXPECT_RC_E(RC_OK, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, many, countof(many) - 1, false, &sc.sh.e), &sc.sh.e);
	many[0] = arena_printf(sc.sh.a, "%0201d", 7);
	EXPECT_RC(RC_BAD, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, many, 1, true, &sc.sh.e));
	many[0] = S("");
	EXPECT_RC(RC_BAD, store_feedback(sc.sh.s, sc.sh.a, S("feedback"), *thread, many, 1, true, &sc.sh.e));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.feedback WHERE owner_id = 'feedback'"), 3);

	EXPECT_RC_E(RC_OK, store_thread_delete(sc.sh.s, S("feedback"), *thread, NULL, &sc.sh.e), &sc.sh.e);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.feedback WHERE owner_id = 'feedback'"), 0);
	shop_close(&sc.sh);
}

static void the_latest_feedback_counts(void **state UNUSED)
{
	run_task(feedback);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_item_outlives_its_turn),
		cmocka_unit_test(a_begin_finds_that_somebody_was_faster),
		cmocka_unit_test(what_waits_is_dropped_by_its_kind),
		cmocka_unit_test(a_change_needs_no_turn),
		cmocka_unit_test(the_latest_feedback_counts),
	};

	return world_run(tests);
}
