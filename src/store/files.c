/* SPDX-License-Identifier: MIT */
#include "store/files.h"

#include "store/inner.h"
#include "store/sql.h"

static const char sql_own[] = SQL_OWN;
static const char sql_keeper[] = SQL_KEEPER;

/* schema.sql: under the owner's lock, because of the quota */
static const char sql_new[] = "SELECT chatkit.file_new($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
static const char sql_here[] = "SELECT chatkit.file_here($1, $2, $3, $4, $5, $6, $7)";

/* file_pkey. $2 ids. In their order; its number tells which are missing */
static const char sql_files[] =
	"SELECT x.place, f.id, f.name, f.mime, f.thread_id, f.sha256, f.state, f.kind, f.size, " SQL_US("f.created_at") "\n"
	"FROM unnest($2::text[]) WITH ORDINALITY AS x(id, place) JOIN chatkit.file f ON f.owner_id = $1 AND f.id = x.id\n"
	"WHERE f.state <> 'gone' ORDER BY x.place";
enum { F_PLACE, F_ID, F_NAME, F_MIME, F_THREAD, F_SHA256, F_STATE, F_KIND, F_SIZE, F_CREATED };

/* file_pkey. The second sees what the first left, and whoever it waited for. */
static const char sql_drop[] =
	"UPDATE chatkit.file SET state = 'gone', at = clock_timestamp() WHERE owner_id = $1 AND id = $2 AND state IN ('new', 'here')";
static const char sql_used[] = "SELECT 1 FROM chatkit.file WHERE owner_id = $1 AND id = $2 AND state = 'used'";

/* file_unused, twice. $1 how many, $2 how long it may lie, in microseconds. What a begin is about to use is passed over. */
static const char sql_sweep[] =
	"WITH k AS (\n"
	"	SELECT f.owner_id, f.id FROM chatkit.file f\n"
	"	WHERE f.state <> 'used' AND f.state <> 'gone' AND f.at < clock_timestamp() - $2 * interval '1 microsecond'\n"
	"	ORDER BY f.at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)\n"
	"UPDATE chatkit.file f SET state = 'gone', at = clock_timestamp() FROM k WHERE f.owner_id = k.owner_id AND f.id = k.id";
static const char sql_gone[] = "SELECT owner_id, id FROM chatkit.file WHERE state <> 'used' AND state = 'gone' ORDER BY at LIMIT $1";

/* file_pkey */
static const char sql_forget[] = "DELETE FROM chatkit.file WHERE owner_id = $1 AND id = $2 AND state = 'gone'";
static const char sql_later[] = "UPDATE chatkit.file SET at = clock_timestamp() WHERE owner_id = $1 AND id = $2 AND state = 'gone'";

static const struct slice states[] = {
	[FILE_NEW] = S_INIT("new"),
	[FILE_HERE] = S_INIT("here"),
	[FILE_USED] = S_INIT("used"),
	[FILE_GONE] = S_INIT("gone"),
};

static const struct slice kinds[] = {
	[FILE_UPLOAD] = S_INIT("upload"),
	[FILE_IMAGE] = S_INIT("image"),
};

static enum rc no_file(struct slice id, struct err *e)
{
	return err_set(e, RC_NOT_FOUND, "no file '%.*s'", SLICE_ARG(id));
}

/* What chatkit.file_new and file_here say. */
static enum rc told(const struct db_call *c, struct slice id, struct slice thread_id, struct err *e)
{
	struct slice how = db_str(&c->rows, 0, 0);

	if (slice_is(how, "ok"))
		return RC_OK;
	if (slice_is(how, "no thread"))
		return err_set(e, RC_NOT_FOUND, "no thread '%.*s'", SLICE_ARG(thread_id));
	if (slice_is(how, "no file"))
		return no_file(id, e);
	if (slice_is(how, "other"))
		return err_set(e, RC_CONFLICT, "file '%.*s' stands already, and is another", SLICE_ARG(id));
	err_set(e, RC_RATE, "file '%.*s' is over its owner's quota", SLICE_ARG(id));
	return err_user(e, "You have too many files stored. Delete conversations with files that you no longer need, then try again.");
}

/* NULL, NULL: none. */
static void quota_args(const struct store_quota *q, struct db_arg *out)
{
	out[0] = q ? DB_INT(q->max_count) : DB_NULL;
	out[1] = q ? DB_INT(q->max_bytes) : DB_NULL;
}

enum rc store_file_new(struct store *s, struct arena *a, struct slice owner, const struct store_file *f, const struct store_quota *q, struct err *e)
{
	struct db_arg args[11] = {
		DB_TEXT(owner),
		DB_TEXT(f->id),
		DB_TEXT(kinds[f->kind]),
		DB_TEXT(f->name),
		DB_TEXT(f->mime),
		DB_INT(f->size),
		f->sha256.n ? DB_BYTES(f->sha256) : DB_NULL,
		DB_TEXT(states[f->state]),
		DB_TEXT_OPT(f->thread_id),
	};
	struct db_call call = CALL(sql_new, args, countof(args));

	CHECK(f->state != FILE_GONE && (f->state == FILE_USED) == (f->thread_id.n > 0));
	quota_args(q, args + 9);
	if (store_run(s, a, AGAIN_WRITE, &call, 1, NULL, e) != RC_OK)
		return e->rc;
	return told(&call, f->id, f->thread_id, e);
}

enum rc store_file_here(struct store *s, struct arena *a, struct slice owner, struct slice id, int64_t size, struct slice mime, struct slice sha256,
			const struct store_quota *q, struct err *e)
{
	struct db_arg args[7] = {DB_TEXT(owner), DB_TEXT(id), DB_INT(size), DB_TEXT(mime), DB_BYTES(sha256)};
	struct db_call call = CALL(sql_here, args, countof(args));

	quota_args(q, args + 5);
	if (store_run(s, a, AGAIN_WRITE, &call, 1, NULL, e) != RC_OK)
		return e->rc;
	return told(&call, id, SLICE_NONE, e);
}

/* The tables' CHECKs let no other name in. */
static size_t named(const struct slice *names, size_t n, struct slice name)
{
	size_t i = 0;

	while (i + 1 < n && !slice_eq(names[i], name))
		i++;
	return i;
}

enum rc store_files(struct store *s, struct arena *a, struct slice owner, const struct slice *ids, size_t n, struct store_file *out, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXTS(ids, n)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_files, args, countof(args))};
	const struct db_rows *r = &calls[1].rows;

	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < n; i++) {
		if (i >= r->n || db_int(r, i, F_PLACE) != (int64_t)i + 1)
			return no_file(ids[i], e);
		out[i] = (struct store_file){
			.id = db_str(r, i, F_ID),
			.name = db_str(r, i, F_NAME),
			.mime = db_str(r, i, F_MIME),
			.thread_id = db_str(r, i, F_THREAD),
			.sha256 = db_is_null(r, i, F_SHA256) ? SLICE_NONE : db_bytes(a, r, i, F_SHA256),
			.state = (enum file_state)named(states, countof(states), db_str(r, i, F_STATE)),
			.kind = (enum file_kind)named(kinds, countof(kinds), db_str(r, i, F_KIND)),
			.size = db_int(r, i, F_SIZE),
			.created_us = db_int(r, i, F_CREATED),
		};
	}
	return RC_OK;
}

enum rc store_file_drop(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_drop, args, 2), CALL(sql_used, args, 2)};
	bool unknown;

	if (store_run(s, a, AGAIN_WRITE, calls, countof(calls), &unknown, e) != RC_OK)
		return e->rc;
	if (calls[1].rows.affected > 0)
		return RC_OK;
	if (calls[2].rows.n > 0)
		return err_set(e, RC_CONFLICT, "file '%.*s' is used by a conversation", SLICE_ARG(id));
	/* A first run may have dropped it. */
	return unknown ? RC_OK : no_file(id, e);
}

enum rc store_files_sweep(struct store *s, struct arena *a, int64_t keep_us, struct swept *out, size_t max, size_t *n, struct err *e)
{
	struct db_arg args[] = {DB_INT((int64_t)max), DB_INT(keep_us)};
	struct db_call calls[] = {CALL(sql_keeper, NULL, 0), CALL(sql_sweep, args, 2), CALL(sql_gone, args, 1)};

	*n = 0;
	if (store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	for (; *n < calls[2].rows.n; ++*n)
		out[*n] = (struct swept){db_str(&calls[2].rows, *n, 0), db_str(&calls[2].rows, *n, 1)};
	return RC_OK;
}

WAITS static enum rc on_one(struct store *s, struct arena *a, const char *sql, struct slice owner, struct slice id, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(id)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql, args, 2)};

	return store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e);
}

enum rc store_file_forget(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e)
{
	return on_one(s, a, sql_forget, owner, id, e);
}

enum rc store_file_later(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e)
{
	return on_one(s, a, sql_later, owner, id, e);
}
