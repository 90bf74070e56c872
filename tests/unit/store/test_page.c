/* SPDX-License-Identifier: MIT */
/* Threads and items by the page, rename, delete. */
#include "tests/unit/store/world.h"

enum { THREADS = 57, ITEMS = 43 };

/* ---- threads ---- */

/* Walks all pages of limit; ids in the order they came. */
static size_t walk_threads(struct shop *sh, struct slice owner, size_t limit, bool desc, struct slice *ids, size_t max)
{
	struct page_req p = {.limit = limit, .desc = desc};
	struct thread_page page;
	size_t n = 0;

	do {
		EXPECT_RC_E(RC_OK, store_threads(sh->s, sh->a, owner, &p, &page, &sh->e), &sh->e);
		EXPECT(page.n <= limit && n + page.n <= max);
		EXPECT(page.n == limit || !page.more);
		for (size_t i = 0; i < page.n; i++)
			ids[n++] = page.t[i].id;
		p.after = n ? ids[n - 1] : SLICE_NONE;
	} while (page.more);
	return n;
}

static void threads(struct io *io)
{
	static const size_t limits[] = {1, 2, 7, 56, 57, 58, 9999};
	struct slice forth[THREADS + 1], back[THREADS + 1];
	struct thread_page page;
	struct shop sh;
	struct talk t, other;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &other, S("pager2"));
	for (int i = 0; i < THREADS; i++) {
		talk_new(&sh, &t, S("pager"));
		talk_end(&sh, &t);
	}
	/* Some of one moment: the id decides. */
	ask("UPDATE chatkit.thread SET updated_at = '2026-01-01 00:00:00.123456+00' WHERE owner_id = 'pager' AND id > '%.*s'", SLICE_ARG(t.k.thread_id));
	for (size_t l = 0; l < countof(limits); l++) {
		EXPECT_EQ(walk_threads(&sh, S("pager"), limits[l], false, forth, countof(forth)), THREADS);
		EXPECT_EQ(walk_threads(&sh, S("pager"), limits[l], true, back, countof(back)), THREADS);
		for (int i = 0; i < THREADS; i++)
			EXPECT(slice_eq(forth[i], back[THREADS - 1 - i]));
	}
	/* A turn brings its thread to the front. */
	t.k.thread_id = forth[3];
	talk_next(&sh, &t);
	EXPECT_RC_E(RC_OK, store_threads(sh.s, sh.a, S("pager"), &(struct page_req){.limit = 2, .desc = true}, &page, &sh.e), &sh.e);
	EXPECT(page.more && slice_eq(page.t[0].id, forth[3]) && slice_eq(page.t[1].id, back[0]));
	EXPECT(page.t[0].updated_us > page.t[1].updated_us);
	/* Unknown, another owner's, nobody's. */
	EXPECT_RC_E(RC_OK, store_threads(sh.s, sh.a, S("pager"), &(struct page_req){.limit = 2, .after = S("thr_x")}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 0 && !page.more);
	EXPECT_RC_E(RC_OK, store_threads(sh.s, sh.a, S("pager"), &(struct page_req){.limit = 2, .desc = true, .after = other.k.thread_id}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 0 && !page.more);
	EXPECT_RC_E(RC_OK, store_threads(sh.s, sh.a, S("nobody"), &(struct page_req){.limit = 2}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 0 && !page.more);
	shop_close(&sh);
}

static void threads_walk_the_same_both_ways(void **state UNUSED)
{
	run_task(threads);
}

/* ---- items ---- */
static size_t walk_items(struct shop *sh, const struct turn_key *k, size_t limit, bool desc, struct slice *ids, size_t max)
{
	struct page_req p = {.limit = limit, .desc = desc};
	struct item_page page;
	size_t n = 0;

	do {
		EXPECT_RC_E(RC_OK, store_items(sh->s, sh->a, k->owner, k->thread_id, &p, &page, &sh->e), &sh->e);
		EXPECT(page.n + page.n_chunks <= limit && n + page.n + page.n_chunks <= max);
		EXPECT(page.n + page.n_chunks == limit || !page.more);
		/* What grows is the newest. */
		for (size_t i = 0; desc && i < page.n_chunks; i++)
			ids[n++] = page.chunks[i].item_id;
		for (size_t i = 0; i < page.n; i++) {
			EXPECT(!page.items[i].hidden);
			ids[n++] = page.items[i].id;
		}
		for (size_t i = 0; !desc && i < page.n_chunks; i++)
			ids[n++] = page.chunks[i].item_id;
		p.after = n ? ids[n - 1] : SLICE_NONE;
	} while (page.more);
	return n;
}

static void items(struct io *io)
{
	static const size_t limits[] = {1, 2, 20, 42, 43, 44, 9999};
	struct slice forth[ITEMS + 2], back[ITEMS + 2], hidden = SLICE_NONE;
	struct item_page page;
	struct shop sh;
	struct talk t;
	struct keep k;
	struct kept kept;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("items"));
	for (int i = 1; i < ITEMS; i++) {
		struct store_item put[2] = {item_of(new_id(&sh, "msg_"), "{\"a\": [1,2]}", ITEM_DONE), item_of(new_id(&sh, "hid_"), "{}", ITEM_DONE)};

		put[1].hidden = true;
		hidden = put[1].id;
		EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){.put = put, .n_put = i % 3 ? 1 : 2}, &sh.e), &sh.e);
		if (i % 3 == 0 && i < 20)
			back[0] = hidden;
	}
	hidden = back[0];
	k = keep_of(&t, S("msg_grows"), 0, "grows");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k, 1, NULL, 0, &kept, &sh.e), &sh.e);
	for (size_t l = 0; l < countof(limits); l++) {
		EXPECT_EQ(walk_items(&sh, &t.k, limits[l], false, forth, countof(forth)), ITEMS + 1);
		EXPECT_EQ(walk_items(&sh, &t.k, limits[l], true, back, countof(back)), ITEMS + 1);
		for (int i = 0; i <= ITEMS; i++)
			EXPECT(slice_eq(forth[i], back[ITEMS - i]));
	}
	EXPECT(slice_eq(forth[0], t.item) && slice_is(forth[ITEMS], "msg_grows"));
	/* After a hidden one: i = 18 was the last before 20 whose batch had one, and forth[i] is what came with it. */
	EXPECT_RC_E(RC_OK, store_items(sh.s, sh.a, t.k.owner, t.k.thread_id, &(struct page_req){.limit = 1, .after = hidden}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 1 && slice_eq(page.items[0].id, forth[19]));
	EXPECT_RC_E(RC_OK, store_items(sh.s, sh.a, t.k.owner, t.k.thread_id, &(struct page_req){.limit = 1, .desc = true, .after = hidden}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 1 && slice_eq(page.items[0].id, forth[18]));
	EXPECT_STR("{\"a\": [1,2]}", page.items[0].body);
	EXPECT_RC_E(RC_OK, store_items(sh.s, sh.a, t.k.owner, t.k.thread_id, &(struct page_req){.limit = 9, .after = S("?")}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 0 && !page.more);
	EXPECT(slice_eq(page.thread.id, t.k.thread_id));
	EXPECT_RC(RC_NOT_FOUND, store_items(sh.s, sh.a, S("items2"), t.k.thread_id, &(struct page_req){.limit = 9}, &page, &sh.e));

	/* A chunk of an item that stands complete is not shown beside it. */
	EXPECT_RC_E(RC_OK, store_write(sh.s, sh.a, &t.k, &(struct batch){.put = (struct store_item[]){item_of(S("msg_grows"), "{}", ITEM_DONE)}, .n_put = 1}, &sh.e),
		    &sh.e);
	EXPECT_RC_E(RC_OK, store_items(sh.s, sh.a, t.k.owner, t.k.thread_id, &(struct page_req){.limit = 9, .desc = true}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 9 && page.n_chunks == 0 && slice_is(page.items[0].id, "msg_grows"));
	shop_close(&sh);
}

static void items_walk_the_same_both_ways(void **state UNUSED)
{
	run_task(items);
}

/* ---- rename, delete ---- */
static void rename_delete(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct store_thread th;
	struct keep k;
	struct kept kept;
	bool found;

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("del"));
	EXPECT_RC_E(RC_OK, store_thread_rename(sh.s, sh.a, t.k.owner, t.k.thread_id, S("Naïve ☃"), &th, &sh.e), &sh.e);
	EXPECT_STR("Naïve ☃", th.title);
	EXPECT_EQ(th.updated_us, t.b.thread.updated_us);
	EXPECT_RC(RC_NOT_FOUND, store_thread_rename(sh.s, sh.a, S("del2"), t.k.thread_id, S("x"), &th, &sh.e));
	EXPECT_RC_E(RC_OK, store_thread_retitle(sh.s, sh.a, t.k.owner, t.k.thread_id, S("Naïve"), S("No"), &th, &sh.e), &sh.e);
	EXPECT_STR("Naïve ☃", th.title);
	EXPECT_RC_E(RC_OK, store_thread_retitle(sh.s, sh.a, t.k.owner, t.k.thread_id, S("Naïve ☃"), S("Yes"), &th, &sh.e), &sh.e);
	EXPECT_STR("Yes", th.title);
	EXPECT_RC(RC_NOT_FOUND, store_thread_retitle(sh.s, sh.a, S("del2"), t.k.thread_id, S("Yes"), S("x"), &th, &sh.e));

	k = keep_of(&t, S("msg_grows"), 0, "grows");
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k, 1, NULL, 0, &kept, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_thread_delete(sh.s, S("del2"), t.k.thread_id, &found, &sh.e), &sh.e);
	EXPECT(!found);
	EXPECT_RC_E(RC_OK, store_thread_delete(sh.s, t.k.owner, t.k.thread_id, &found, &sh.e), &sh.e);
	EXPECT(found);
	EXPECT_EQ(ask("SELECT (SELECT count(*) FROM chatkit.thread WHERE owner_id = 'del') + (SELECT count(*) FROM chatkit.turn WHERE owner_id = 'del')\n"
		      " + (SELECT count(*) FROM chatkit.live WHERE owner_id = 'del') + (SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'del')\n"
		      " + (SELECT count(*) FROM chatkit.item WHERE owner_id = 'del') + (SELECT count(*) FROM chatkit.entry WHERE owner_id = 'del')"), 0);
	EXPECT_RC_E(RC_OK, store_thread_delete(sh.s, t.k.owner, t.k.thread_id, &found, &sh.e), &sh.e);
	EXPECT(!found);

	/* Its turn learns of it with the next word. */
	EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k, 1, NULL, 0, &kept, &sh.e), &sh.e);
	EXPECT(!kept.there);
	EXPECT_RC(RC_LOST, store_alive(sh.s, &t.k, &sh.e));
	EXPECT_RC(RC_LOST, store_write(sh.s, sh.a, &t.k, &(struct batch){.title = S("x")}, &sh.e));
	EXPECT_RC(RC_LOST, store_end(sh.s, sh.a, &t.k, &(struct turn_end){.state = TURN_DONE}, &sh.e));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.chunk WHERE owner_id = 'del'"), 0);
	shop_close(&sh);
}

static void a_deleted_thread_is_gone_and_its_turn_lost(void **state UNUSED)
{
	run_task(rename_delete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_walk_the_same_both_ways),
		cmocka_unit_test(items_walk_the_same_both_ways),
		cmocka_unit_test(a_deleted_thread_is_gone_and_its_turn_lost),
	};

	return world_run(tests);
}
