/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

static const char sql_own[] = SQL_OWN;

/* schema.sql */
static const char sql_growing[] = "SELECT item_id, kind, created_us, n, t FROM chatkit.growing($1, $2, NULL)";

/* thread_pkey */
static const char sql_thread[] = "SELECT " SQL_THREAD("") " FROM chatkit.thread WHERE owner_id = $1 AND id = $2";

/*
 * Where a page begins. item_owner_id_thread_id_id_key, chunk_pkey. $3 after which item (NULL: from the end; a hidden one will do, and what grows stands
 * behind all the others). An unknown one has no place, and nothing comes after NULL. One subquery, and no coalesce of two: behind a row's policy only what
 * cannot leak may bound an index, and a coalesce counts as what can.
 */
#define SQL_PLACE                                                                                                                                      \
	"(SELECT f.seq FROM chatkit.item f WHERE f.owner_id = $1 AND f.thread_id = $2 AND f.id = $3\n"                                                 \
	" UNION ALL SELECT 9223372036854775807 FROM chatkit.chunk c WHERE c.owner_id = $1 AND c.thread_id = $2 AND c.item_id = $3\n"                    \
	" ORDER BY 1 LIMIT 1)"

/* item_shown, backwards for the newest first. $4 how many */
#define SQL_ITEMS(before, far, order)                                                                                                                  \
	"SELECT " SQL_ITEM("i.") "\n"                                                                                                                  \
	"FROM chatkit.item i\n"                                                                                                                        \
	"WHERE i.owner_id = $1 AND i.thread_id = $2 AND NOT i.hidden\n"                                                                                \
	"  AND i.seq " before " (CASE WHEN $3::text IS NULL THEN " far " ELSE " SQL_PLACE " END)\n"                                                    \
	"ORDER BY i.seq " order " LIMIT $4"

static const char sql_items_asc[] = SQL_ITEMS(">", "0", "ASC");
static const char sql_items_desc[] = SQL_ITEMS("<", "9223372036854775807", "DESC");

/* The thread, and whether the page begins anywhere. */
static const char sql_page[] =
	"SELECT " SQL_THREAD("t.") ", $3::text IS NULL OR " SQL_PLACE " IS NOT NULL\n"
	"FROM chatkit.thread t WHERE t.owner_id = $1 AND t.id = $2";
#define PAGE_KNOWN 5

/* An item, and what its turn ran with. turn_pkey */
#define SQL_ONE_ITEM                                                                                                                                   \
	"SELECT " SQL_ITEM("i.") ",\n"                                                                                                                 \
	"       (SELECT u.model FROM chatkit.turn u WHERE u.owner_id = $1 AND u.thread_id = $2 AND u.id = i.turn_id)"

/* item_owner_id_thread_id_id_key */
static const char sql_item[] = SQL_ONE_ITEM "\nFROM chatkit.item i WHERE i.owner_id = $1 AND i.thread_id = $2 AND i.id = $3";

/* item_waiting, item_pkey, live_pkey. $3 kind. Is the newest item another turn's? */
static const char sql_waiting[] =
	SQL_ONE_ITEM ",\n"
	"       i.turn_id <> (SELECT j.turn_id FROM chatkit.item j WHERE j.owner_id = $1 AND j.thread_id = $2 ORDER BY j.seq DESC LIMIT 1)\n"
	"FROM chatkit.item i\n"
	"WHERE i.owner_id = $1 AND i.thread_id = $2 AND i.state = 'waiting' AND i.kind = $3 ORDER BY i.seq DESC LIMIT 1";
static const char sql_running[] = "SELECT 1 FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2";

static enum rc no_thread(struct slice thread_id, struct err *e)
{
	return err_set(e, RC_NOT_FOUND, "no thread '%.*s'", SLICE_ARG(thread_id));
}

static enum rc read_one(struct arena *a, const struct db_rows *r, struct store_item *out, struct err *e)
{
	struct store_item *found;

	if (store_read_items(a, r, 1, &found, e) != RC_OK)
		return e->rc;
	*out = *found;
	out->model = db_str(r, 0, 6);
	return RC_OK;
}

/* What grows stands at the newest end: which of it is on the page, and which items then have no place on it. */
static void place_chunks(struct item_page *out, const struct page_req *p, size_t limit, bool known)
{
	size_t from = 0, to = out->n_chunks, at = 0, room = p->desc ? limit : limit - out->n;

	while (at < to && !slice_eq(out->chunks[at].item_id, p->after))
		at++;
	if (!known || (p->desc ? p->after.n && at == to : out->more))
		to = 0;
	else if (p->desc)
		to = at;
	else if (at < to)
		from = at + 1;
	out->chunks += from;
	out->n_chunks = to - from;
	for (size_t i = 0; p->desc && i < out->n_chunks / 2; i++) {
		struct store_chunk *a = &out->chunks[i], *b = &out->chunks[out->n_chunks - 1 - i], c = *a;

		*a = *b;
		*b = c;
	}
	out->more = out->more || out->n_chunks > room;
	if (out->n_chunks > room)
		out->n_chunks = room;
	if (out->n > limit - out->n_chunks) {
		out->n = limit - out->n_chunks;
		out->more = true;
	}
}

enum rc store_items(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, const struct page_req *p, struct item_page *out,
		    struct err *e)
{
	size_t limit = p->limit < STORE_PAGE_MAX ? p->limit : STORE_PAGE_MAX;
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXT_OPT(p->after), DB_INT((int64_t)limit + 1)};
	/* The chunks before the items: a turn that ends between the two is seen twice, not lost (look.c). */
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_page, args, 3), CALL(sql_growing, args, 2),
				  CALL(p->desc ? sql_items_desc : sql_items_asc, args, 4)};
	const struct db_rows *thread = &calls[1].rows, *chunks = &calls[2].rows, *items = &calls[3].rows;

	*out = (struct item_page){0};
	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (thread->n == 0)
		return no_thread(thread_id, e);
	out->thread = store_read_thread(thread, 0, 0);
	out->more = items->n > limit;
	out->n = out->more ? limit : items->n;
	if (store_read_items(a, items, out->n, &out->items, e) != RC_OK || store_read_chunks(a, chunks, &out->chunks, &out->n_chunks, e) != RC_OK)
		return e->rc;
	out->n_chunks = store_drop_chunks(out->chunks, out->n_chunks, out->items, out->n);
	place_chunks(out, p, limit, db_bool(thread, 0, PAGE_KNOWN));
	return RC_OK;
}

enum rc store_item(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice item_id, struct store_thread *thread,
		   struct store_item *out, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXT(item_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_thread, args, 2), CALL(sql_item, args, 3)};

	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (calls[1].rows.n == 0)
		return no_thread(thread_id, e);
	if (calls[2].rows.n == 0)
		return err_set(e, RC_NOT_FOUND, "no item '%.*s'", SLICE_ARG(item_id));
	*thread = store_read_thread(&calls[1].rows, 0, 0);
	return read_one(a, &calls[2].rows, out, e);
}

enum rc store_waiting(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice kind, struct store_waiting *out,
		      struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXT(kind)};
	/* Whether a turn runs is asked first: one that ends between the two leaves its waiting item to the second. */
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_thread, args, 2), CALL(sql_running, args, 2), CALL(sql_waiting, args, 3)};
	const struct db_rows *items = &calls[3].rows;

	*out = (struct store_waiting){0};
	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (calls[1].rows.n == 0)
		return no_thread(thread_id, e);
	out->thread = store_read_thread(&calls[1].rows, 0, 0);
	out->running = calls[2].rows.n > 0;
	out->found = items->n > 0;
	out->passed = out->found && db_bool(items, 0, 7);
	return out->found ? read_one(a, items, &out->item, e) : RC_OK;
}
