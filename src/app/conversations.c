/* SPDX-License-Identifier: MIT */
/* Reading for simple clients: conversations as lists of messages. */
#include "app/inner.h"
#include "chatkit/item.h"
#include "wire/url.h"

#define LIST_DEFAULT 50
#define LIST_MAX 1000
#define TREE_MAX (64 * 1024 * 1024) /* one item's, while it is read */

static enum rc query(struct exchange *x, const char *name, struct slice *out, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	struct slice raw = SLICE_NONE;
	bool twice = false, there = url_query(x->req->query, slice_cstr(name), &raw, &twice), ok;

	ok = !twice && (!there || url_decode(&b, raw, true));
	*out = there && ok ? arena_dup(x->arena, buf_slice(&b)) : SLICE_NONE;
	buf_release(&b);
	return ok ? RC_OK : err_tell(e, RC_BAD, "%s: %s", name, twice ? "given twice" : "not properly encoded");
}

static void head(struct jsonw *w, const struct store_thread *t)
{
	char iso[28];

	jsonw_kstr(w, "id", t->id);
	jsonw_kstr(w, "title", t->title);
	time_iso(t->created_us, iso);
	jsonw_kcstr(w, "created_at", iso);
	time_iso(t->updated_us, iso);
	jsonw_kcstr(w, "updated_at", iso);
}

enum rc op_conversations(struct exchange *x, struct err *e)
{
	struct page_req p = {.limit = LIST_DEFAULT, .desc = true};
	struct thread_page page = {0};
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct slice limit;
	struct jsonw w;
	int64_t n;

	if (query(x, "limit", &limit, e) != RC_OK || query(x, "after", &p.after, e) != RC_OK)
		return e->rc;
	if (limit.n && !slice_i64(limit, 1, LIST_MAX, &n))
		return err_tell(e, RC_BAD, "limit: expected a number from 1 to %d", LIST_MAX);
	if (limit.n)
		p.limit = (size_t)n;
	if (x->who.kind != WHO_NOBODY &&
	    (exchange_store(x, e) != RC_OK || store_threads(x->app->store, x->arena, x->who.owner, &p, &page, e) != RC_OK))
		return e->rc;
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_key(&w, "conversations");
	jsonw_arr(&w);
	for (size_t i = 0; i < page.n; i++) {
		jsonw_obj(&w);
		head(&w, &page.t[i]);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_kbool(&w, "has_more", page.more);
	jsonw_end(&w);
	return exchange_answer(x, &json, e);
}

static void message(struct jsonw *w, struct slice role, struct slice content, struct slice created_at)
{
	jsonw_obj(w);
	jsonw_kstr(w, "role", role);
	jsonw_kstr(w, "content", content);
	jsonw_kstr(w, "created_at", created_at);
	jsonw_end(w);
}

static void messages(struct jsonw *w, const struct item_page *page)
{
	struct slice role, text, at;

	jsonw_arr(w);
	for (size_t i = 0; i < page->n; i++) {
		struct arena *tree = arena_new(TREE_MAX, NULL);

		if (ck_item_text(tree, page->items[i].body, &role, &text, &at))
			message(w, role, text, at);
		arena_free(tree);
	}
	for (size_t i = 0; i < page->n_chunks; i++) { /* what a running turn has said so far */
		char iso[28];

		time_iso(page->chunks[i].created_us, iso);
		message(w, S("assistant"), page->chunks[i].text, slice_cstr(iso));
	}
	jsonw_end(w);
}

enum rc op_conversation(struct exchange *x, struct err *e)
{
	struct page_req p = {.limit = STORE_PAGE_MAX};
	struct slice raw = slice_from(x->req->path, strlen("/api/conversations/"));
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct item_page page;
	struct jsonw w;

	if (x->who.kind == WHO_NOBODY)
		return err_set(e, RC_NOT_FOUND, "no identity");
	if (exchange_store(x, e) != RC_OK || store_items(x->app->store, x->arena, x->who.owner, raw, &p, &page, e) != RC_OK)
		return e->rc;
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	head(&w, &page.thread);
	jsonw_key(&w, "messages");
	messages(&w, &page);
	jsonw_end(&w);
	return exchange_answer(x, &json, e);
}
