/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"

/* Functions of schema.sql. The first decides and writes; the history comes with the same round trip, needed or not, newest first. */
static const char sql_begin[] =
	"SELECT how, other_turn, other_thread, other_state, other_runner, lapsed, missing, titled, title, status, created_us, updated_us\n"
	"FROM chatkit.begin_turn_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)";
enum { B_HOW, B_TURN, B_THREAD, B_STATE, B_RUNNER, B_LAPSED, B_MISSING, B_TITLED, B_TITLE, B_STATUS, B_CREATED, B_UPDATED };
#define BEGIN_ARGS 14 /* before the batch's */

static const char sql_history[] = "SELECT seq, id, item_id, body FROM chatkit.history($1, $2, $3, $4)";

static enum rc read_history(struct arena *a, const struct db_rows *r, struct begun *out, struct err *e)
{
	struct store_entry *entries;

	if (store_array(a, r->n, sizeof(*entries), &entries, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < r->n; i++)
		entries[r->n - 1 - i] = (struct store_entry){
			.seq = db_int(r, i, 0),
			.id = db_str(r, i, 1),
			.item_id = db_str(r, i, 2),
			.body = db_str(r, i, 3),
		};
	out->history = entries;
	out->n_history = r->n;
	return RC_OK;
}

static const struct how {
	const char *name;
	enum begin_how how;
} hows[] = {
	{"leased", BEGIN_LEASED},
	{"retry", BEGIN_RETRY},
	{"busy", BEGIN_BUSY},
	{"inactive", BEGIN_INACTIVE},
	{"changed", BEGIN_CHANGED},
};

/* RC_NOT_FOUND: the thread, the item to cut after, or a file. */
static enum rc read_how(const struct db_rows *r, const struct begin *b, struct begun *out, struct err *e)
{
	struct slice name = db_str(r, 0, B_HOW), missing = b->thread_id;

	for (size_t i = 0; i < countof(hows); i++) {
		if (!slice_is(name, hows[i].name))
			continue;
		out->how = hows[i].how;
		return RC_OK;
	}
	if (slice_is(name, "no item"))
		missing = b->cut_after;
	else if (slice_is(name, "no file"))
		missing = db_str(r, 0, B_MISSING);
	return err_set(e, RC_NOT_FOUND, "%.*s '%.*s'", SLICE_ARG(name), SLICE_ARG(missing));
}

static enum rc read_begun(struct store *s, const struct begin *b, const struct db_rows *r, struct begun *out, struct err *e)
{
	*out = (struct begun){
		.turn_id = db_str(r, 0, B_TURN),
		.thread_id = db_str(r, 0, B_THREAD),
		.state = store_turn_state(db_str(r, 0, B_STATE)),
		.titled = db_bool(r, 0, B_TITLED),
		.thread = {b->thread_id, db_str(r, 0, B_TITLE), db_str(r, 0, B_STATUS), db_int(r, 0, B_CREATED), db_int(r, 0, B_UPDATED)},
	};
	if (read_how(r, b, out, e) != RC_OK)
		return e->rc;
	if (out->how == BEGIN_BUSY && (db_bool(r, 0, B_LAPSED) || store_runner_dead(s, db_str(r, 0, B_RUNNER))))
		out->how = BEGIN_STALE;
	return RC_OK;
}

enum rc store_begin(struct store *s, struct arena *a, const struct begin *b, struct begun *out, struct err *e)
{
	struct db_arg args[BEGIN_ARGS + BATCH_ARGS] = {
		DB_TEXT(b->owner),
		DB_TEXT(b->thread_id),
		DB_TEXT(b->turn_id),
		DB_BOOL(b->create != BEGIN_EXISTING),
		b->req_hash.n ? DB_BYTES(b->req_hash) : DB_NULL,
		DB_TEXT_OPT(b->frame),
		DB_INT(b->now_us),
		DB_TEXT(s->runner),
		DB_TEXT_OPT(b->model),
		DB_TEXT_OPT(b->cut_after),
		DB_TEXT_OPT(b->title_if_none),
		DB_TEXT_OPT(b->if_item),
		DB_TEXT(b->if_body),
		DB_TEXT_OPT(b->if_no_entry),
	};
	struct db_arg history[] = {DB_TEXT(b->owner), DB_TEXT(b->thread_id), DB_INT((int64_t)b->history_max),
				   DB_INT(b->history_bytes ? (int64_t)b->history_bytes : INT64_MAX)};
	struct db_call calls[] = {CALL(sql_begin, args, countof(args)), CALL(sql_history, history, countof(history))};

	if (store_batch_args(a, &b->batch, args + BEGIN_ARGS, e) != RC_OK || store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e) != RC_OK ||
	    read_begun(s, b, &calls[0].rows, out, e) != RC_OK)
		return e->rc;
	return out->how == BEGIN_LEASED ? read_history(a, &calls[1].rows, out, e) : RC_OK;
}
