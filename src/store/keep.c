/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "base/log.h"
#include "store/inner.h"
#include "store/sql.h"

/* One row of policy instead of an owner: these statements span owners. */
static const char sql_keeper[] = SQL_KEEPER;

/*
 * turn_pkey. $1..$3 keys. First in the pipeline, and it takes only what is free, as the next one does: a keeper that waited would hold up every turn of
 * its process. Turns that are delivered have ended: nobody but a deletion holds their rows.
 */
static const char sql_delivered[] =
	"WITH d AS (\n"
	"	SELECT u.owner_id, u.thread_id, u.id FROM chatkit.turn u\n"
	"	WHERE (u.owner_id, u.thread_id, u.id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))\n"
	"	ORDER BY u.owner_id, u.thread_id, u.id FOR NO KEY UPDATE SKIP LOCKED)\n"
	"UPDATE chatkit.turn u SET delivered_at = clock_timestamp()\n"
	"FROM d WHERE u.owner_id = d.owner_id AND u.thread_id = d.thread_id AND u.id = d.id AND u.delivered_at IS NULL";

/*
 * live_pkey, chunk_pkey. $1..$3 keys, $4 item ids, $5 kinds, $6 created, $7 numbers, $8 texts. A chunk that comes again, perhaps with what was said since,
 * takes the place of its first: the longer one wins, so the order of two runs does not matter.
 */
static const char sql_keep[] =
	"WITH k AS (\n"
	"	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[])\n"
	"	WITH ORDINALITY AS k(owner_id, thread_id, turn_id, item_id, kind, created_us, n, t, place)),\n"
	"l AS (\n"
	"	SELECT v.owner_id, v.thread_id, v.turn_id FROM chatkit.live v\n"
	"	WHERE (v.owner_id, v.thread_id, v.turn_id) IN (SELECT owner_id, thread_id, turn_id FROM k)\n"
	"	ORDER BY v.owner_id, v.thread_id FOR NO KEY UPDATE SKIP LOCKED),\n"
	"r AS (\n"
	"	UPDATE chatkit.live v SET lease_until = clock_timestamp() + interval '15 seconds' FROM l\n"
	"	WHERE v.owner_id = l.owner_id AND v.thread_id = l.thread_id\n"
	"	RETURNING v.owner_id, v.thread_id, v.turn_id, v.cancel_requested),\n"
	"ours AS (SELECT k.*, r.cancel_requested FROM k JOIN r USING (owner_id, thread_id, turn_id)),\n"
	"c AS (\n"
	"	INSERT INTO chatkit.chunk AS c (owner_id, thread_id, item_id, n, kind, created_us, t)\n"
	"	SELECT owner_id, thread_id, item_id, n, kind, created_us, t FROM ours WHERE item_id IS NOT NULL\n"
	"	ON CONFLICT (owner_id, thread_id, item_id, n) DO UPDATE SET t = excluded.t WHERE length(c.t) < length(excluded.t))\n"
	"SELECT place, cancel_requested FROM ours";

/* No index: live is as long as turns run now. $1 "host:" */
static const char sql_runners[] = "SELECT DISTINCT runner FROM chatkit.live WHERE left(runner, length($1)) = $1";

/* No index. $1 runners that are dead, $2 how many */
static const char sql_stale[] =
	"SELECT owner_id, thread_id, turn_id FROM chatkit.live\n"
	"WHERE " SQL_LAPSED " OR runner = ANY ($1::text[])\n"
	"ORDER BY lease_until LIMIT $2";

#define KEY_ARGS 3
#define KEEP_ARGS 8

static enum rc key_args(struct arena *a, const struct turn_key *k, size_t n, size_t stride, struct db_arg *out, struct err *e)
{
	struct slice *owners, *threads, *turns;

	if (store_array(a, n, sizeof(*owners), &owners, e) != RC_OK || store_array(a, n, sizeof(*owners), &threads, e) != RC_OK ||
	    store_array(a, n, sizeof(*owners), &turns, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < n; i++) {
		owners[i] = k->owner;
		threads[i] = k->thread_id;
		turns[i] = k->turn_id;
		k = (const struct turn_key *)(const void *)((const char *)k + stride);
	}
	out[0] = DB_TEXTS(owners, n);
	out[1] = DB_TEXTS(threads, n);
	out[2] = DB_TEXTS(turns, n);
	return RC_OK;
}

static enum rc keep_args(struct arena *a, const struct keep *k, size_t n, struct db_arg *out, struct err *e)
{
	struct slice *items, *kinds, *texts;
	int64_t *created, *numbers;

	if (key_args(a, n ? &k->key : NULL, n, sizeof(*k), out, e) != RC_OK || store_array(a, n, sizeof(*items), &items, e) != RC_OK ||
	    store_array(a, n, sizeof(*items), &kinds, e) != RC_OK || store_array(a, n, sizeof(*items), &texts, e) != RC_OK ||
	    store_array(a, n, sizeof(*created), &created, e) != RC_OK || store_array(a, n, sizeof(*created), &numbers, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < n; i++) {
		items[i] = k[i].item_id.n ? k[i].item_id : SLICE_NONE;
		kinds[i] = k[i].kind.p ? k[i].kind : S("");
		texts[i] = k[i].text.p ? k[i].text : S("");
		created[i] = k[i].created_us;
		numbers[i] = k[i].n;
	}
	out[3] = DB_TEXTS(items, n);
	out[4] = DB_TEXTS(kinds, n);
	out[5] = DB_INTS(created, n);
	out[6] = DB_INTS(numbers, n);
	out[7] = DB_TEXTS(texts, n);
	return RC_OK;
}

static enum rc keep_all(struct store *s, struct arena *a, const struct keep *k, size_t n, const struct turn_key *delivered, size_t n_delivered,
			struct kept *out, struct err *e)
{
	struct db_arg done[KEY_ARGS], args[KEEP_ARGS];
	struct db_call calls[3] = {CALL(sql_keeper, NULL, 0)};
	const struct db_rows *r;
	size_t n_calls = 1;

	for (size_t i = 0; i < n; i++)
		out[i] = (struct kept){0};
	if (key_args(a, delivered, n_delivered, sizeof(*delivered), done, e) != RC_OK || keep_args(a, k, n, args, e) != RC_OK)
		return e->rc;
	if (n_delivered)
		calls[n_calls++] = CALL(sql_delivered, done, countof(done));
	if (n)
		calls[n_calls++] = CALL(sql_keep, args, countof(args));
	if (n_calls == 1)
		return RC_OK;
	if (store_run(s, a, AGAIN_WRITE, calls, n_calls, NULL, e) != RC_OK)
		return e->rc;
	r = &calls[n_calls - 1].rows;
	for (size_t i = 0; n && i < r->n; i++) {
		struct kept *o = &out[db_int(r, i, 0) - 1];

		o->there = true;
		o->cancel = db_bool(r, i, 1);
	}
	return RC_OK;
}

/* One turn's text is at fault, not the server: a NUL byte; a byte that is not UTF-8 (class 22); longer than it can be (54). */
static bool is_refusal(const struct err *e)
{
	struct slice code = slice_cstr(e->sqlstate);

	return e->rc == RC_BAD || slice_starts(code, S("22")) || slice_starts(code, S("54"));
}

/* One turn by itself; when even that is refused, its lease is renewed without the text. */
static enum rc keep_one(struct store *s, struct arena *a, const struct keep *k, struct kept *out, struct err *e)
{
	struct keep lease_only = {.key = k->key};
	enum rc rc = keep_all(s, a, k, 1, NULL, 0, out, e);

	if (rc == RC_OK || !is_refusal(e))
		return rc;
	log_line(LOG_WARN, &(struct log_ctx){.owner = k->key.owner, .thread = k->key.thread_id, .turn = k->key.turn_id}, "a checkpoint was refused: %s", e->msg);
	rc = keep_all(s, a, &lease_only, 1, NULL, 0, out, e);
	out->refused = true;
	return rc;
}

enum rc store_keep(struct store *s, struct arena *a, const struct keep *k, size_t n, const struct turn_key *delivered, size_t n_delivered,
		   struct kept *out, struct err *e)
{
	enum rc rc = keep_all(s, a, k, n, delivered, n_delivered, out, e);

	if (rc == RC_OK || !is_refusal(e))
		return rc;
	/* One bad turn must not cost the others their lease. */
	rc = n_delivered ? keep_all(s, a, NULL, 0, delivered, n_delivered, NULL, e) : RC_OK;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = keep_one(s, a, &k[i], &out[i], e);
	return rc;
}

/* The runners of this host, in live, whose processes are gone. */
static enum rc dead_runners(struct store *s, struct arena *a, struct db_arg *dead, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(s->host)};
	struct db_call calls[] = {CALL(sql_keeper, NULL, 0), CALL(sql_runners, args, 1)};
	struct slice *found;
	size_t n = 0;

	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK ||
	    store_array(a, calls[1].rows.n, sizeof(*found), &found, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < calls[1].rows.n; i++) {
		struct slice runner = db_str(&calls[1].rows, i, 0);

		if (store_runner_dead(s, runner))
			found[n++] = runner;
	}
	*dead = DB_TEXTS(found, n);
	return RC_OK;
}

enum rc store_stale(struct store *s, struct arena *a, struct turn_key *out, size_t max, size_t *n, struct err *e)
{
	struct db_arg args[2] = {DB_NULL, DB_INT((int64_t)max)};
	struct db_call calls[] = {CALL(sql_keeper, NULL, 0), CALL(sql_stale, args, 2)};

	*n = 0;
	if (dead_runners(s, a, &args[0], e) != RC_OK || store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	for (; *n < calls[1].rows.n; ++*n)
		out[*n] = (struct turn_key){
			.owner = db_str(&calls[1].rows, *n, 0),
			.thread_id = db_str(&calls[1].rows, *n, 1),
			.turn_id = db_str(&calls[1].rows, *n, 2),
		};
	return RC_OK;
}
