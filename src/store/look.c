/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

/*
 * Each statement of these pipelines has a snapshot of its own, and a turn may end between two. So the order is: how the turn stands, its chunks, its items.
 * What is seen twice (a chunk and the item that it became) is dropped here; what ends after the first look is seen as running once more, never lost.
 */
static const char sql_own[] = SQL_OWN;

/* schema.sql */
static const char sql_growing[] = "SELECT item_id, kind, created_us, n, t FROM chatkit.growing($1, $2, $3)";

/* turn_pkey, item_pkey. Items of the turn that it has not completed */
static const char sql_open[] =
	"SELECT " SQL_ITEM("i.") "\n"
	"FROM chatkit.turn u JOIN chatkit.item i ON i.owner_id = $1 AND i.thread_id = $2 AND i.seq > u.first_seq AND i.turn_id = u.id\n"
	"WHERE u.owner_id = $1 AND u.thread_id = $2 AND u.id = $3 AND i.state = 'open'\n"
	"ORDER BY i.seq";

/* turn_pkey, thread_pkey */
static const char sql_stands[] =
	"SELECT " SQL_THREAD("t.") ", u.state, u.error_code\n"
	"FROM chatkit.thread t JOIN chatkit.turn u ON u.owner_id = $1 AND u.thread_id = $2 AND u.id = $3\n"
	"WHERE t.owner_id = $1 AND t.id = $2";
enum { ST_STATE = 5, ST_ERROR };

/* turn_pkey, item_pkey. $4 after which seq */
static const char sql_news[] =
	"SELECT " SQL_ITEM("i.") "\n"
	"FROM chatkit.turn u JOIN chatkit.item i ON i.owner_id = $1 AND i.thread_id = $2 AND i.seq > greatest(u.first_seq, $4::bigint) AND i.turn_id = u.id\n"
	"WHERE u.owner_id = $1 AND u.thread_id = $2 AND u.id = $3\n"
	"ORDER BY i.seq";

/* Without the chunks of items that stand complete among the items. Returns how many stay. */
size_t store_drop_chunks(struct store_chunk *chunks, size_t n, const struct store_item *items, size_t n_items)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		while (at < n_items && (items[at].state == ITEM_OPEN || !slice_eq(items[at].id, chunks[i].item_id)))
			at++;
		if (at == n_items)
			chunks[kept++] = chunks[i];
	}
	return kept;
}

enum rc store_open_of(struct store *s, struct arena *a, const struct turn_key *k, struct store_open *out, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_growing, args, 3), CALL(sql_open, args, 3)};

	*out = (struct store_open){0};
	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK ||
	    store_read_chunks(a, &calls[1].rows, &out->chunks, &out->n_chunks, e) != RC_OK ||
	    store_read_items(a, &calls[2].rows, calls[2].rows.n, &out->items, e) != RC_OK)
		return e->rc;
	out->n_items = calls[2].rows.n;
	return RC_OK;
}

enum rc store_follow(struct store *s, struct arena *a, const struct turn_key *k, int64_t after_seq, struct store_news *out, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id), DB_INT(after_seq)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_stands, args, 3), CALL(sql_growing, args, 3), CALL(sql_news, args, 4)};
	const struct db_rows *stands = &calls[1].rows;

	*out = (struct store_news){0};
	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (stands->n == 0)
		return err_set(e, RC_NOT_FOUND, "no turn '%.*s'", SLICE_ARG(k->turn_id));
	out->thread = store_read_thread(stands, 0, 0);
	out->state = store_turn_state(db_str(stands, 0, ST_STATE));
	out->error_code = db_str(stands, 0, ST_ERROR);
	if (store_read_chunks(a, &calls[2].rows, &out->chunks, &out->n_chunks, e) != RC_OK ||
	    store_read_items(a, &calls[3].rows, calls[3].rows.n, &out->items, e) != RC_OK)
		return e->rc;
	out->n_items = calls[3].rows.n;
	out->n_chunks = store_drop_chunks(out->chunks, out->n_chunks, out->items, out->n_items);
	return RC_OK;
}
