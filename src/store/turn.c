/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

static const char sql_own[] = SQL_OWN;

/* Functions of schema.sql */
static const char sql_write[] = "SELECT chatkit.write_turn_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
static const char sql_end[] =
	"SELECT chatkit.end_turn_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
#define WRITE_ARGS 3 /* before the batch's */
#define END_ARGS 10

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
	struct db_arg args[WRITE_ARGS + BATCH_ARGS] = {DB_TEXT(k->owner), DB_TEXT(k->thread_id), DB_TEXT(k->turn_id)};
	struct db_call call = CALL(sql_write, args, countof(args));

	if (store_batch_args(a, b, args + WRITE_ARGS, e) != RC_OK || store_run(s, a, AGAIN_TURN, &call, 1, NULL, e) != RC_OK)
		return e->rc;
	return db_bool(&call.rows, 0, 0) ? RC_OK : lost(k, e);
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
	struct db_arg args[END_ARGS + BATCH_ARGS] = {
		DB_TEXT(k->owner),
		DB_TEXT(k->thread_id),
		DB_TEXT(k->turn_id),
		DB_TEXT(store_turn_state_name(t->state)),
		DB_TEXT_OPT(t->error_code),
		DB_INT(t->tokens_in),
		DB_INT(t->tokens_out),
		DB_TEXT(s->runner),
		DB_BOOL(t->only_if_stale),
	};
	struct db_call call = CALL(sql_end, args, countof(args));
	struct slice dead = SLICE_NONE, how;
	bool unknown;

	if (t->only_if_stale && dead_runner(s, a, k, &dead, e) != RC_OK)
		return e->rc;
	args[END_ARGS - 1] = DB_TEXT_OPT(dead);
	if (store_batch_args(a, &t->batch, args + END_ARGS, e) != RC_OK || store_run(s, a, AGAIN_TURN, &call, 1, &unknown, e) != RC_OK)
		return e->rc;
	/* No lease after an unknown outcome: a first run ended the turn, if it stands as we left it. */
	how = db_str(&call.rows, 0, 0);
	return slice_is(how, "ended") || (unknown && slice_is(how, "ended before")) ? RC_OK : lost(k, e);
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
