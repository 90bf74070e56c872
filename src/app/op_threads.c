/* SPDX-License-Identifier: MIT */
/* ChatKit's operations that answer at once: threads and items, read, renamed, deleted. */
#include "app/stream.h"
#include "chatkit/page.h"
#include "turn/follow.h"

/* What a running turn has said so far, as an item. Empty: too large to show now, it is shown when it is done. */
static struct slice growing(struct exchange *x, const struct item_page *p, size_t i)
{
	struct ck_meta meta = {p->chunks[i].item_id, p->thread.id, p->chunks[i].created_us};
	struct buf b = BUF_INIT(8 * TURN_TEXT_MAX);

	ck_assistant_message(&b, &meta, p->chunks[i].text, true);
	return stream_made(x->arena, &b);
}

/* Item bodies as they stand; what grows is the newest. */
static void item_bodies(struct exchange *x, const struct item_page *p, struct ck_page *out, bool desc)
{
	struct slice *bodies = arena_alloc(x->arena, (p->n + p->n_chunks + 1) * sizeof(*bodies));

	*out = (struct ck_page){.bodies = bodies, .more = p->more};
	for (size_t i = 0; i < p->n + p->n_chunks; i++) {
		size_t chunk = desc ? i : i - p->n, item = desc ? i - p->n_chunks : i;

		bodies[out->n] = chunk < p->n_chunks ? growing(x, p, chunk) : p->items[item].body;
		out->after = chunk < p->n_chunks ? p->chunks[chunk].item_id : p->items[item].id;
		out->n += bodies[out->n].n > 0;
	}
}

/* With addresses of files that are good from now on. */
WAITS static enum rc answer_items(struct exchange *x, struct buf *json, struct err *e)
{
	struct buf spliced = BUF_INIT(ANSWER_MAX);

	if (!buf_ok(json) || !files_in(buf_slice(json)))
		return exchange_answer(x, json, e);
	files_splice(x->app->files, files_base(x->arena, x->req, x->app->conf), x->who.owner, buf_slice(json), &spliced);
	buf_release(json);
	return exchange_answer(x, &spliced, e);
}

static struct ck_thread thread_of(const struct store_thread *t)
{
	return (struct ck_thread){t->id, t->title, t->status, t->created_us};
}

WAITS static enum rc list_threads(struct exchange *x, const struct ck_request *r, struct err *e)
{
	struct page_req p = {r->limit, r->desc, r->after};
	struct thread_page page = {0};
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct jsonw w;

	if (x->who.kind != WHO_NOBODY && store_threads(x->app->store, x->arena, x->who.owner, &p, &page, e) != RC_OK)
		return e->rc;
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_key(&w, "data");
	jsonw_arr(&w);
	for (size_t i = 0; i < page.n; i++) {
		struct ck_thread t = thread_of(&page.t[i]);

		ck_thread(&w, &t, NULL);
	}
	jsonw_end(&w);
	jsonw_kbool(&w, "has_more", page.more);
	if (page.more)
		jsonw_kstr(&w, "after", page.t[page.n - 1].id);
	jsonw_end(&w);
	return exchange_answer(x, &json, e);
}

WAITS static enum rc items(struct exchange *x, const struct ck_request *r, bool whole_thread, struct err *e)
{
	/* The official backend shows the oldest items with a thread; clients page on from there. */
	struct page_req p = {whole_thread ? CK_PAGE_DEFAULT : r->limit, !whole_thread && r->desc, whole_thread ? SLICE_NONE : r->after};
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct item_page page;
	struct ck_page bodies;
	struct ck_thread t;

	if (store_items(x->app->store, x->arena, x->who.owner, r->thread_id, &p, &page, e) != RC_OK)
		return e->rc;
	item_bodies(x, &page, &bodies, p.desc);
	t = thread_of(&page.thread);
	if (whole_thread)
		ck_thread_json(&json, &t, &bodies);
	else
		ck_page_json(&json, &bodies);
	return answer_items(x, &json, e);
}

WAITS static enum rc rename_thread(struct exchange *x, const struct ck_request *r, struct err *e)
{
	struct slice title = slice_trim(r->title);
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct store_thread t;

	if (title.n == 0)
		return err_tell(e, RC_BAD, "params.title: a title cannot be empty");
	if (store_thread_rename(x->app->store, x->arena, x->who.owner, r->thread_id, title, &t, e) != RC_OK)
		return e->rc;
	turn_thread_json(&json, &t);
	return exchange_answer(x, &json, e);
}

WAITS static enum rc delete_thread(struct exchange *x, const struct ck_request *r, struct err *e)
{
	bool found;

	if (store_thread_delete(x->app->store, x->who.owner, r->thread_id, &found, e) != RC_OK)
		return e->rc;
	if (!found)
		return err_set(e, RC_NOT_FOUND, "no such thread");
	/* A running turn of ours is told at once; elsewhere its next write finds its lease gone. */
	keeper_stop(turns_keeper(x->app->turns), x->who.owner, r->thread_id, STOP_DELETED);
	exchange_reply(x, 200, S("{}"));
	return RC_OK;
}

WAITS static enum rc feedback(struct exchange *x, const struct ck_request *r, struct err *e)
{
	if (store_feedback(x->app->store, x->arena, x->who.owner, r->thread_id, r->item_ids, r->n_item_ids, r->positive, e) != RC_OK)
		return e->rc;
	exchange_reply(x, 200, S("{}"));
	return RC_OK;
}

enum rc op_threads(struct exchange *x, const struct ck_request *r, struct err *e)
{
	if (x->who.kind == WHO_NOBODY && r->op != CK_THREADS_LIST)
		return err_set(e, RC_NOT_FOUND, "no identity");
	if (exchange_store(x, e) != RC_OK)
		return e->rc;
	switch (r->op) {
	case CK_THREADS_LIST:
		return list_threads(x, r, e);
	case CK_THREADS_GET_BY_ID:
		return items(x, r, true, e);
	case CK_ITEMS_LIST:
		return items(x, r, false, e);
	case CK_THREADS_UPDATE:
		return rename_thread(x, r, e);
	case CK_THREADS_DELETE:
		return delete_thread(x, r, e);
	case CK_ITEMS_FEEDBACK:
		return feedback(x, r, e);
	case CK_THREADS_SYNC_CUSTOM_ACTION:
		return op_sync_action(x, r, e);
	case CK_THREADS_CREATE:
	case CK_THREADS_ADD_USER_MESSAGE:
	case CK_THREADS_ADD_CLIENT_TOOL_OUTPUT:
	case CK_THREADS_ADD_STRUCTURED_INPUT:
	case CK_THREADS_RETRY_AFTER_ITEM:
	case CK_THREADS_CUSTOM_ACTION:
	case CK_ATTACHMENTS_CREATE:
	case CK_ATTACHMENTS_DELETE:
	case CK_ATTACHMENTS_GET_PREVIEW:
	case CK_INPUT_TRANSCRIBE:
	case CK_OP__MAX:
		break;
	}
	return err_tell(e, RC_BAD, "type: this server does not offer '%s'", ck_op_info(r->op)->type);
}
