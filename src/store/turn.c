/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

static const char sql_own[] = SQL_OWN;
static const char sql_lock[] = SQL_LOCK;

/* live_pkey, SQL_BATCH's indexes */
static const char sql_write[] =
	SQL_BATCH("UPDATE chatkit.live SET lease_until = " SQL_LEASE "\n"
		  "WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3 RETURNING 1",
		  "coalesce($13::text, title)", "", SQL_BATCH_SAYS) "\n"
	"SELECT count(*) FROM f";

/*
 * live_pkey, SQL_BATCH's indexes, turn_pkey. $15 state, $16 error code, $17 and $18 tokens, $19 who we are, $20 only if stale, $21 a runner known to be
 * dead. The columns after the first tell a second run whether the first one was.
 */
static const char sql_end[] =
	SQL_BATCH("DELETE FROM chatkit.live\n"
		  "WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3\n"
		  "  AND (NOT $20::boolean OR " SQL_LAPSED " OR runner = $21::text) RETURNING 1",
		  "coalesce($13::text, title)", "", SQL_BATCH_SAYS) ",\n"
	"ended AS (\n"
	"	UPDATE chatkit.turn\n"
	"	SET state = $15, error_code = $16::text, tokens_in = $17, tokens_out = $18, ended_at = clock_timestamp(), ended_by = $19\n"
	"	FROM f WHERE owner_id = $1 AND thread_id = $2 AND id = $3)\n"
	"SELECT (SELECT count(*) FROM f), (SELECT u.state = $15 AND u.ended_by = $19 FROM chatkit.turn u\n"
	"                                  WHERE u.owner_id = $1 AND u.thread_id = $2 AND u.id = $3)";

/*
 * chunk_pkey, live_pkey. A statement of its own: while the one before waited for the live row, its holder, a keeper, may have added a chunk that its
 * snapshot does not show.
 */
static const char sql_end_chunks[] =
	"DELETE FROM chatkit.chunk\n"
	"WHERE owner_id = $1 AND thread_id = $2\n"
	"  AND NOT EXISTS (SELECT FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2)";

/* live_pkey */
static const char sql_runner[] = "SELECT runner FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3";

/* live_pkey */
static const char sql_cancel[] =
	"UPDATE chatkit.live SET cancel_requested = true\n"
	"WHERE owner_id = $1 AND thread_id = $2 AND turn_id = coalesce($3::text, turn_id) AND NOT cancel_requested";

static enum rc lost(const struct turn_key *k, struct err *e)
{
	return err_set(e, RC_LOST, "the lease of turn '%.*s' is not ours", SLICE_ARG(k->turn_id));
}

enum rc store_write(struct store *s, struct arena *a, const struct turn_key *k, const struct batch *b, struct err *e)
{
	struct db_arg args[3 + BATCH_ARGS] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_lock, args, 2), CALL(sql_write, args, countof(args))};
	enum rc rc = store_batch_args(a, b, args + 3, e);

	if (rc == RC_OK)
		rc = store_run(s, a, AGAIN_TURN, calls, countof(calls), NULL, e);
	if (rc != RC_OK)
		return rc;
	return db_int(&calls[2].rows, 0, 0) ? RC_OK : lost(k, e);
}

/* The runner of somebody else's turn when its process is known to be dead. *dead empty: it is not. RC_LOST: the turn does not run. */
static enum rc dead_runner(struct store *s, struct arena *a, const struct turn_key *k, struct slice *dead, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_runner, args, 3)};
	struct slice runner;

	if (store_run(s, a, AGAIN_TURN, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (calls[1].rows.n == 0)
		return lost(k, e);
	runner = db_str(&calls[1].rows, 0, 0);
	*dead = store_runner_dead(s, runner) ? runner : SLICE_NONE;
	return RC_OK;
}

enum rc store_end(struct store *s, struct arena *a, const struct turn_key *k, const struct turn_end *t, struct err *e)
{
	struct db_arg args[3 + BATCH_ARGS + 7] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_lock, args, 2), CALL(sql_end, args, countof(args)), CALL(sql_end_chunks, args, 2)};
	struct db_arg *more = args + 3 + BATCH_ARGS;
	struct slice dead = SLICE_NONE;
	bool unknown;
	enum rc rc = store_batch_args(a, &t->batch, args + 3, e);

	if (rc == RC_OK && t->only_if_stale)
		rc = dead_runner(s, a, k, &dead, e);
	if (rc != RC_OK)
		return rc;
	more[0] = DB_TEXT(store_turn_state_name(t->state));
	more[1] = DB_TEXT_OPT(t->error_code);
	more[2] = DB_INT(t->tokens_in);
	more[3] = DB_INT(t->tokens_out);
	more[4] = DB_TEXT(s->runner);
	more[5] = DB_BOOL(t->only_if_stale);
	more[6] = DB_TEXT_OPT(dead);
	rc = store_run(s, a, AGAIN_TURN, calls, countof(calls), &unknown, e);
	if (rc != RC_OK)
		return rc;
	/* No lease after an unknown outcome: look. We may have ended it ourselves. */
	if (db_int(&calls[2].rows, 0, 0) || (unknown && db_bool(&calls[2].rows, 0, 1)))
		return RC_OK;
	return lost(k, e);
}

enum rc store_alive(struct store *s, const struct turn_key *k, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_runner, args, 3)};
	struct arena *a = arena_new((size_t)1 << 16, NULL);
	enum rc rc = store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e);

	if (rc == RC_OK && calls[1].rows.n == 0)
		rc = lost(k, e);
	arena_free(a);
	return rc;
}

enum rc store_cancel(struct store *s, const struct turn_key *k, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT_OPT(k->turn_id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_cancel, args, 3)};
	struct arena *a = arena_new((size_t)1 << 16, NULL);
	enum rc rc = store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e);

	arena_free(a);
	return rc;
}
