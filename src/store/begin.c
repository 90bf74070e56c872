/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

/*
 * Begin is one pipeline: whose rows; the locks; a new thread; the lease, which decides; then what the lease allows: the batch and the history, both joined to
 * "the live row is ours". A second run after an unknown outcome is the same pipeline: the lease stands and says so, ids make the batch do nothing twice.
 *
 * $1 owner, $2 thread, $3 turn, $4 request hash, $5 frame, $6 now, $7 runner, $8 model, $9 cut after
 */
static const char sql_own[] = SQL_OWN;
static const char sql_lock[] = SQL_LOCK;

/*
 * owner_pkey. The owner's row, locked whether or not it was there: a request for a new thread that comes twice waits here, and then finds its first. The
 * update never happens; a conflicting row is locked all the same.
 */
static const char sql_lock_owner[] =
	"INSERT INTO chatkit.owner AS o (owner_id) VALUES ($1)\n"
	"ON CONFLICT (owner_id) DO UPDATE SET created_at = o.created_at WHERE false";

/*
 * turn_pkey, turn_request. This very turn (only a second run finds it) or an earlier one of the same request. A started_at from a clock that ran ahead is
 * not believed for ever.
 */
#define SQL_SEEN                                                                                                                                       \
	"(SELECT id, thread_id, state FROM chatkit.turn WHERE owner_id = $1 AND thread_id = $2 AND id = $3\n"                                          \
	" UNION ALL\n"                                                                                                                                 \
	" (SELECT id, thread_id, state FROM chatkit.turn\n"                                                                                            \
	"  WHERE owner_id = $1 AND req_hash = $4::bytea AND frame IS NOT DISTINCT FROM $5::text AND delivered_at IS NULL\n"                            \
	"    AND started_at BETWEEN now() - interval '120 seconds' AND now() + interval '1 minute'\n"                                                  \
	"  ORDER BY started_at DESC LIMIT 1)\n"                                                                                                        \
	" LIMIT 1)"

/*
 * thread_pkey. After the lock: what that found cannot be deleted any more, and what it did not find nobody else can make, because we hold the owner's row.
 */
static const char sql_new_thread[] =
	"INSERT INTO chatkit.thread (owner_id, id, created_at)\n"
	"SELECT $1, $2, timestamptz 'epoch' + $6::bigint * interval '1 microsecond'\n"
	"WHERE NOT EXISTS " SQL_SEEN "\n"
	"ON CONFLICT DO NOTHING";

/*
 * thread_pkey, turn_pkey, turn_request, live_pkey, item_owner_id_thread_id_id_key, item_pkey, entry_pkey. One row, always: all that decides, and whether
 * the lease was given.
 */
static const char sql_lease[] =
	"WITH t AS (\n"
	"	SELECT " SQL_THREAD("") ", last_seq, status->>'type' = 'active' AS active,\n"
	"	       $9::text IS NULL OR EXISTS (SELECT FROM chatkit.item WHERE owner_id = $1 AND thread_id = $2 AND id = $9) AS has_cut\n"
	"	FROM chatkit.thread WHERE owner_id = $1 AND id = $2),\n"
	"seen AS " SQL_SEEN ",\n"
	"runs AS (SELECT turn_id, runner, " SQL_LAPSED " AS lapsed FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2),\n"
	"l AS (\n"
	"	INSERT INTO chatkit.live (owner_id, thread_id, turn_id, runner, lease_until)\n"
	"	SELECT $1, $2, $3, $7, " SQL_LEASE " FROM t\n"
	"	WHERE t.active AND t.has_cut AND NOT EXISTS (SELECT FROM seen) AND NOT EXISTS (SELECT FROM runs)\n"
	"	RETURNING true AS leased),\n"
	"turn AS (\n"
	"	INSERT INTO chatkit.turn (owner_id, thread_id, id, first_seq, req_hash, frame, model, runner)\n"
	"	SELECT $1, $2, $3, t.last_seq, $4::bytea, $5::text, $8::text, $7 FROM l, t),\n"
	"cut AS (SELECT i.seq FROM l, chatkit.item i WHERE i.owner_id = $1 AND i.thread_id = $2 AND i.id = $9::text),\n"
	"items AS (DELETE FROM chatkit.item i USING cut WHERE i.owner_id = $1 AND i.thread_id = $2 AND i.seq > cut.seq),\n"
	"entries AS (\n"
	"	DELETE FROM chatkit.entry e USING cut\n"
	"	WHERE e.owner_id = $1 AND e.thread_id = $2 AND e.seq > cut.seq AND e.item_id IS DISTINCT FROM $9::text)\n"
	"SELECT t.*, l.leased, runs.turn_id, runs.runner, runs.lapsed, seen.id, seen.thread_id, seen.state\n"
	"FROM (VALUES (1)) AS one\n"
	"LEFT JOIN t ON true LEFT JOIN l ON true LEFT JOIN runs ON true LEFT JOIN seen ON true";
enum { L_THREAD, L_ACTIVE = 6, L_HAS_CUT, L_LEASED, L_RUNS, L_RUNNER, L_LAPSED, L_SEEN, L_SEEN_THREAD, L_SEEN_STATE };

/* SQL_BATCH's indexes. The lease was taken by an earlier statement under the thread's lock, so reading it is enough. $15 the title if there is none */
static const char sql_batch[] =
	SQL_BATCH("SELECT 1 FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3", "coalesce($13::text, title, $15::text)",
		  ", updated_at = clock_timestamp()", "true") "\n"
	"SELECT " SQL_THREAD_OUT ", title IS NOT NULL AND title = $15::text FROM t";
enum { B_TITLED = 5 };

/* entry_pkey, backwards. $4 how many, $5 how many bytes (a length is read without its text) */
static const char sql_history[] =
	"SELECT seq, id, item_id, body\n"
	"FROM (SELECT newest.*, sum(octet_length(body)) OVER (ORDER BY seq DESC) - octet_length(body) AS newer\n"
	"      FROM (SELECT e.seq, e.id, e.item_id, e.body FROM chatkit.entry e\n"
	"            WHERE e.owner_id = $1 AND e.thread_id = $2\n"
	"              AND EXISTS (SELECT FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3)\n"
	"            ORDER BY e.seq DESC LIMIT $4) AS newest) AS weighed\n"
	"WHERE newer < $5\n"
	"ORDER BY seq";

#define LEASE_ARGS 9
#define NEW_THREAD_ARGS 6

struct pipeline {
	struct db_arg lease[LEASE_ARGS], batch[3 + BATCH_ARGS + 1], history[5];
	struct db_call calls[7];
	size_t n;
	const struct db_rows *leased, *written, *told;
};

static const struct db_rows *add(struct pipeline *p, const char *sql, const struct db_arg *args, size_t n_args)
{
	CHECK(p->n < countof(p->calls));
	p->calls[p->n] = CALL(sql, args, n_args);
	return &p->calls[p->n++].rows;
}

static enum rc build(struct store *s, struct arena *a, const struct begin *b, struct pipeline *p, struct err *e)
{
	const struct db_arg who[] = {DB_TEXT(b->owner), DB_TEXT(b->thread_id), DB_TEXT(b->turn_id)};
	const struct db_arg rest[] = {b->req_hash.n ? DB_BYTES(b->req_hash) : DB_NULL, DB_TEXT_OPT(b->frame), DB_INT(b->now_us), DB_TEXT(s->runner),
				      DB_TEXT_OPT(b->model), DB_TEXT_OPT(b->cut_after)};

	*p = (struct pipeline){0};
	memcpy(p->lease, who, sizeof(who));
	memcpy(p->lease + countof(who), rest, sizeof(rest));
	memcpy(p->batch, who, sizeof(who));
	memcpy(p->history, who, sizeof(who));
	if (store_batch_args(a, &b->batch, p->batch + countof(who), e) != RC_OK)
		return e->rc;
	p->batch[countof(p->batch) - 1] = DB_TEXT_OPT(b->title_if_none);
	p->history[3] = DB_INT((int64_t)b->history_max);
	p->history[4] = DB_INT(b->history_bytes ? (int64_t)b->history_bytes : INT64_MAX);

	add(p, sql_own, p->lease, 1);
	if (b->create != BEGIN_EXISTING)
		add(p, sql_lock_owner, p->lease, 1);
	add(p, sql_lock, p->lease, 2);
	if (b->create != BEGIN_EXISTING)
		add(p, sql_new_thread, p->lease, NEW_THREAD_ARGS);
	p->leased = add(p, sql_lease, p->lease, LEASE_ARGS);
	p->written = add(p, sql_batch, p->batch, countof(p->batch));
	p->told = add(p, sql_history, p->history, countof(p->history));
	return RC_OK;
}

static enum rc read_history(struct arena *a, const struct db_rows *r, struct begun *out, struct err *e)
{
	struct store_entry *entries;

	if (store_array(a, r->n, sizeof(*entries), &entries, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < r->n; i++)
		entries[i] = (struct store_entry){
			.seq = db_int(r, i, 0),
			.id = db_str(r, i, 1),
			.item_id = db_str(r, i, 2),
			.body = db_str(r, i, 3),
		};
	out->history = entries;
	out->n_history = r->n;
	return RC_OK;
}

/* Ours: what the batch left, and what the model is told. */
static enum rc leased(struct arena *a, const struct pipeline *p, struct begun *out, struct err *e)
{
	out->how = BEGIN_LEASED;
	out->thread = store_read_thread(p->written, 0, 0);
	/* On a second run the title is there already: told once too often is better than never. */
	out->titled = db_bool(p->written, 0, B_TITLED) && (db_str(p->leased, 0, L_THREAD + 1).n == 0 || !db_bool(p->leased, 0, L_LEASED));
	return read_history(a, p->told, out, e);
}

static enum rc decide(struct store *s, struct arena *a, const struct begin *b, const struct pipeline *p, struct begun *out, struct err *e)
{
	const struct db_rows *l = p->leased;
	struct slice runs = db_str(l, 0, L_RUNS);

	*out = (struct begun){.turn_id = runs};
	if (db_bool(l, 0, L_LEASED) || slice_eq(runs, b->turn_id))
		return leased(a, p, out, e);
	if (!db_is_null(l, 0, L_SEEN)) {
		out->how = BEGIN_RETRY;
		out->turn_id = db_str(l, 0, L_SEEN);
		out->thread_id = db_str(l, 0, L_SEEN_THREAD);
		out->state = store_turn_state(db_str(l, 0, L_SEEN_STATE));
		return RC_OK;
	}
	if (db_is_null(l, 0, L_THREAD))
		return err_set(e, RC_NOT_FOUND, "no thread '%.*s'", SLICE_ARG(b->thread_id));
	if (!db_bool(l, 0, L_ACTIVE)) {
		out->how = BEGIN_INACTIVE;
		out->thread = store_read_thread(l, 0, L_THREAD);
		return RC_OK;
	}
	if (!db_bool(l, 0, L_HAS_CUT))
		return err_set(e, RC_NOT_FOUND, "no item '%.*s' to begin again after", SLICE_ARG(b->cut_after));
	out->how = db_bool(l, 0, L_LAPSED) || store_runner_dead(s, db_str(l, 0, L_RUNNER)) ? BEGIN_STALE : BEGIN_BUSY;
	return RC_OK;
}

enum rc store_begin(struct store *s, struct arena *a, const struct begin *b, struct begun *out, struct err *e)
{
	struct pipeline *p = arena_new_of(a, struct pipeline);

	if (build(s, a, b, p, e) != RC_OK || store_run(s, a, AGAIN_WRITE, p->calls, p->n, NULL, e) != RC_OK)
		return e->rc;
	return decide(s, a, b, p, out, e);
}
