/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

#define TASKS_MAX 500

/*
 * Each change is written once, as WITH members between `go` (one row: do it) and `done` (its result, no row: no such task), and stands in two statements:
 * bare, and fenced by a turn. $1 owner; the fence: $2 thread, $3 turn, $4 entry, $5 and $6 the entry's text before and behind the result; the change: $7
 * which task (of a new one: a name for this very change, made before), $8 title, $9 description, $10 priority, $11 category, $12 completed.
 */
static const char sql_own[] = SQL_OWN;

/* owner_pkey. New ids come from the owner's row; it is locked before the thread's, always. */
static const char sql_lock_owner[] =
	"INSERT INTO chatkit.owner AS o (owner_id) VALUES ($1)\n"
	"ON CONFLICT (owner_id) DO UPDATE SET created_at = o.created_at WHERE false";

static const char sql_lock[] = SQL_LOCK;

/* A task as the tools give it. Independent of the session's DateStyle and TimeZone. */
#define SQL_TASK(p)                                                                                                                                    \
	"row_to_json((SELECT x FROM (SELECT " p "id, " p "title, " p "description, " p "priority, " p "category, " p "completed,\n"                    \
	"	to_char(" p "created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created_at) AS x))::text"

/* owner_pkey, task_pkey. A first run's task is among the newest. */
#define SQL_ADD                                                                                                                                        \
	"was AS (\n"                                                                                                                                   \
	"	SELECT t.* FROM go, chatkit.task t\n"                                                                                                  \
	"	WHERE t.owner_id = $1 AND t.made_by = $7\n"                                                                                            \
	"	  AND t.id > (SELECT last_task - 100 FROM chatkit.owner WHERE owner_id = $1)),\n"                                                      \
	"next AS (\n"                                                                                                                                  \
	"	UPDATE chatkit.owner SET last_task = last_task + 1 FROM go\n"                                                                          \
	"	WHERE owner_id = $1 AND NOT EXISTS (SELECT FROM was) RETURNING last_task),\n"                                                          \
	"made AS (\n"                                                                                                                                  \
	"	INSERT INTO chatkit.task (owner_id, id, title, description, priority, category, completed, made_by)\n"                                 \
	"	SELECT $1, last_task, $8::text, coalesce($9::text, ''), coalesce($10::text, 'none'), coalesce($11::text, 'other'),\n"                  \
	"	       coalesce($12::boolean, false), $7 FROM next\n"                                                                                  \
	"	RETURNING *),\n"                                                                                                                       \
	"done AS (SELECT " SQL_TASK("a.") " AS result FROM (SELECT * FROM made UNION ALL SELECT * FROM was) AS a)"

/* task_pkey */
#define SQL_UPDATE                                                                                                                                     \
	"changed AS (\n"                                                                                                                               \
	"	UPDATE chatkit.task t SET title = coalesce($8::text, title), description = coalesce($9::text, description),\n"                         \
	"	       priority = coalesce($10::text, priority), category = coalesce($11::text, category), completed = coalesce($12::boolean, completed)\n" \
	"	FROM go WHERE t.owner_id = $1 AND t.id = $7::bigint RETURNING t.*),\n"                                                                 \
	"done AS (SELECT " SQL_TASK("a.") " AS result FROM changed AS a)"

/* task_pkey */
#define SQL_DELETE                                                                                                                                     \
	"gone AS (DELETE FROM chatkit.task t USING go WHERE t.owner_id = $1 AND t.id = $7::bigint RETURNING t.title),\n"                               \
	"done AS (SELECT row_to_json((SELECT x FROM (SELECT true AS success, 'Deleted task \"' || title || '\"' AS message) AS x))::text AS result\n"  \
	"         FROM gone)"

#define SQL_BARE(change) "WITH go AS (SELECT 1), " change "\nSELECT true, result FROM (VALUES (1)) AS one LEFT JOIN done ON true"

/*
 * live_pkey, entry_owner_id_thread_id_id_key, thread_pkey. The fence, the change and the entry that tells the model of it are one. When the entry stands
 * already, nothing changes and its own text is the result.
 */
#define SQL_FENCED(change)                                                                                                                             \
	"WITH f AS (\n"                                                                                                                                \
	"	UPDATE chatkit.live SET lease_until = " SQL_LEASE "\n"                                                                                 \
	"	WHERE owner_id = $1 AND thread_id = $2 AND turn_id = $3 RETURNING 1),\n"                                                               \
	"told AS (\n"                                                                                                                                  \
	"	SELECT substr(body, length($5) + 1, length(body) - length($5) - length($6))::json #>> '{}' AS result\n"                                \
	"	FROM f, chatkit.entry WHERE owner_id = $1 AND thread_id = $2 AND id = $4),\n"                                                          \
	"go AS (SELECT 1 FROM f WHERE NOT EXISTS (SELECT FROM told)),\n" change ",\n"                                                                  \
	"s AS (\n"                                                                                                                                     \
	"	UPDATE chatkit.thread SET last_seq = last_seq + 1 FROM done\n"                                                                         \
	"	WHERE owner_id = $1 AND id = $2 RETURNING last_seq, result),\n"                                                                        \
	"e AS (\n"                                                                                                                                     \
	"	INSERT INTO chatkit.entry (owner_id, thread_id, seq, id, turn_id, body)\n"                                                             \
	"	SELECT $1, $2, last_seq, $4, $3, $5 || to_json(result)::text || $6 FROM s)\n"                                                          \
	"SELECT (SELECT count(*) FROM f) > 0, coalesce(told.result, done.result)\n"                                                                    \
	"FROM (VALUES (1)) AS one LEFT JOIN told ON true LEFT JOIN done ON true"

static const char sql_add[] = SQL_BARE(SQL_ADD);
static const char sql_add_fenced[] = SQL_FENCED(SQL_ADD);
static const char sql_update[] = SQL_BARE(SQL_UPDATE);
static const char sql_update_fenced[] = SQL_FENCED(SQL_UPDATE);
static const char sql_delete[] = SQL_BARE(SQL_DELETE);
static const char sql_delete_fenced[] = SQL_FENCED(SQL_DELETE);

/* task_pkey. $2 completed, $3 priority, $4 category (NULL: any), $5 how many */
static const char sql_list[] =
	"SELECT '{\"count\":' || count(*) || ',\"tasks\":[' || coalesce(string_agg(task, ',' ORDER BY id), '') || ']}'\n"
	"FROM (SELECT t.id, " SQL_TASK("t.") " AS task FROM chatkit.task t\n"
	"      WHERE t.owner_id = $1 AND t.completed = coalesce($2::boolean, t.completed)\n"
	"        AND t.priority = coalesce($3::text, t.priority) AND t.category = coalesce($4::text, t.category)\n"
	"      ORDER BY t.id LIMIT $5) AS list";

#define FENCE_ARGS 6
#define CHANGE_ARGS 12

enum change { CHANGE_ADD, CHANGE_UPDATE, CHANGE_DELETE };

static const struct {
	const char *bare, *fenced;
	size_t n_args;
} changes[] = {
	[CHANGE_ADD] = {sql_add, sql_add_fenced, CHANGE_ARGS},
	[CHANGE_UPDATE] = {sql_update, sql_update_fenced, CHANGE_ARGS},
	[CHANGE_DELETE] = {sql_delete, sql_delete_fenced, FENCE_ARGS + 1},
};

/* Bare statements do not look at the fence's arguments: they only have to be texts. */
static void fence_args(struct db_arg *args, struct slice owner, const struct task_fence *f)
{
	static const struct task_fence none;

	if (!f)
		f = &none;
	args[0] = DB_TEXT(owner);
	args[1] = DB_TEXT(f->key.thread_id);
	args[2] = DB_TEXT(f->key.turn_id);
	args[3] = DB_TEXT(f->entry_id);
	args[4] = DB_TEXT(f->pre);
	args[5] = DB_TEXT(f->post);
}

static void field_args(struct db_arg *args, const struct task_fields *f)
{
	const struct slice texts[] = {f->title, f->description, f->priority, f->category};

	for (size_t i = 0; i < countof(texts); i++)
		args[i] = texts[i].p ? DB_TEXT(texts[i]) : DB_NULL;
	args[countof(texts)] = f->completed < 0 ? DB_NULL : DB_BOOL(f->completed);
}

/* RC_LOST, RC_NOT_FOUND, or the result. *unknown as store_run. */
static enum rc change(struct store *s, struct arena *a, enum change what, const struct db_arg *args, bool fenced, bool *unknown, struct slice *result,
		      struct err *e)
{
	struct db_call calls[4] = {CALL(sql_own, args, 1)};
	size_t n = 1;
	const struct db_rows *r;

	if (what == CHANGE_ADD)
		calls[n++] = CALL(sql_lock_owner, args, 1);
	if (fenced)
		calls[n++] = CALL(sql_lock, args, 2);
	calls[n++] = CALL(fenced ? changes[what].fenced : changes[what].bare, args, changes[what].n_args);
	if (store_run(s, a, fenced ? AGAIN_TURN : AGAIN_WRITE, calls, n, unknown, e) != RC_OK)
		return e->rc;
	r = &calls[n - 1].rows;
	if (!db_bool(r, 0, 0))
		return err_set(e, RC_LOST, "the lease of turn '%.*s' is not ours", SLICE_ARG(args[2].s));
	if (db_is_null(r, 0, 1))
		return err_set(e, RC_NOT_FOUND, "no such task");
	*result = db_str(r, 0, 1);
	return RC_OK;
}

enum rc store_task_add(struct store *s, struct arena *a, struct slice owner, const struct task_fields *f, const struct task_fence *fence,
		       struct slice *result, struct err *e)
{
	struct db_arg args[CHANGE_ARGS];
	struct id made_by = id_new(io_env(s->io), "add_");

	fence_args(args, owner, fence);
	args[FENCE_ARGS] = DB_TEXT(id_slice(&made_by));
	field_args(args + FENCE_ARGS + 1, f);
	return change(s, a, CHANGE_ADD, args, fence, NULL, result, e);
}

enum rc store_task_update(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fields *f, const struct task_fence *fence,
			  struct slice *result, struct err *e)
{
	struct db_arg args[CHANGE_ARGS];

	fence_args(args, owner, fence);
	args[FENCE_ARGS] = DB_INT(id);
	field_args(args + FENCE_ARGS + 1, f);
	return change(s, a, CHANGE_UPDATE, args, fence, NULL, result, e);
}

enum rc store_task_delete(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fence *fence, struct slice *result,
			  struct err *e)
{
	struct db_arg args[CHANGE_ARGS];
	bool unknown;
	enum rc rc;

	fence_args(args, owner, fence);
	args[FENCE_ARGS] = DB_INT(id);
	rc = change(s, a, CHANGE_DELETE, args, fence, &unknown, result, e);
	/* A first run, bare, may have deleted it; fenced, its entry would have told. */
	if (rc == RC_NOT_FOUND && unknown && !fence) {
		*result = S("{\"success\":true,\"message\":\"Deleted the task\"}");
		return RC_OK;
	}
	return rc;
}

enum rc store_task_list(struct store *s, struct arena *a, struct slice owner, struct slice status, struct slice priority, struct slice category,
			struct slice *result, struct err *e)
{
	bool completed = slice_is(status, "completed");
	struct db_arg args[] = {DB_TEXT(owner), completed || slice_is(status, "pending") ? DB_BOOL(completed) : DB_NULL, DB_TEXT_OPT(priority),
				DB_TEXT_OPT(category), DB_INT(TASKS_MAX)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql_list, args, countof(args))};

	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	*result = db_str(&calls[1].rows, 0, 0);
	return RC_OK;
}
