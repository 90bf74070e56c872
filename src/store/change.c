/* SPDX-License-Identifier: MIT */
/* What changes a thread without a turn. */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

#define FEEDBACK_ID_MAX 200 /* bytes: it is part of a key, and a client's word */

static const char sql_own[] = SQL_OWN;

/* schema.sql */
static const char sql_change[] =
	"SELECT how, missing FROM chatkit.change($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
#define CHANGE_ARGS 6 /* before the batch's */

/* thread_pkey. It stays while feedback is written to it. */
static const char sql_hold[] = "SELECT 1 FROM chatkit.thread WHERE owner_id = $1 AND id = $2 FOR KEY SHARE";

/* feedback_pkey. $3 item ids, $4 kind. In one order for all, each once. */
static const char sql_feedback[] =
	"INSERT INTO chatkit.feedback AS f (owner_id, thread_id, item_id, kind)\n"
	"SELECT t.owner_id, t.id, x.item_id, $4\n"
	"FROM chatkit.thread t, (SELECT DISTINCT item_id FROM unnest($3::text[]) AS u(item_id)) AS x\n"
	"WHERE t.owner_id = $1 AND t.id = $2\n"
	"ORDER BY x.item_id\n"
	"ON CONFLICT (owner_id, thread_id, item_id) DO UPDATE SET kind = excluded.kind, at = clock_timestamp()";

static const struct how {
	const char *name;
	enum change_how how;
} hows[] = {
	{"done", CHANGE_DONE},
	{"changed", CHANGE_CHANGED},
	{"inactive", CHANGE_INACTIVE},
};

enum rc store_change(struct store *s, struct arena *a, const struct change *c, enum change_how *how, struct err *e)
{
	struct db_arg args[CHANGE_ARGS + BATCH_ARGS] = {
		DB_TEXT(c->owner),
		DB_TEXT(c->thread_id),
		DB_TEXT_OPT(c->if_item),
		DB_TEXT(c->if_body),
		DB_TEXT_OPT(c->if_no_entry),
		DB_BOOL(c->any_status),
	};
	struct db_call call = CALL(sql_change, args, countof(args));
	struct slice name;

	if (store_batch_args(a, &c->batch, args + CHANGE_ARGS, e) != RC_OK || store_run(s, a, AGAIN_WRITE, &call, 1, NULL, e) != RC_OK)
		return e->rc;
	name = db_str(&call.rows, 0, 0);
	for (size_t i = 0; i < countof(hows); i++) {
		if (!slice_is(name, hows[i].name))
			continue;
		*how = hows[i].how;
		return RC_OK;
	}
	return err_set(e, RC_NOT_FOUND, "%.*s '%.*s'", SLICE_ARG(name), SLICE_ARG(slice_is(name, "no file") ? db_str(&call.rows, 0, 1) : c->thread_id));
}

enum rc store_feedback(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, const struct slice *item_ids, size_t n, bool positive,
		       struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXTS(item_ids, n), DB_TEXT(positive ? S("positive") : S("negative"))};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_hold, args, 2), CALL(sql_feedback, args, countof(args))};

	if (n > STORE_FEEDBACK_MAX)
		return err_set(e, RC_BAD, "feedback on %zu items at once, at most %d", n, STORE_FEEDBACK_MAX);
	for (size_t i = 0; i < n; i++) {
		if (item_ids[i].n == 0 || item_ids[i].n > FEEDBACK_ID_MAX)
			return err_set(e, RC_BAD, "an item's id of %zu bytes", item_ids[i].n);
	}
	if (store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	return calls[1].rows.n ? RC_OK : err_set(e, RC_NOT_FOUND, "no thread '%.*s'", SLICE_ARG(thread_id));
}
