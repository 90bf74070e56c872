/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

#define TASKS_MAX 500

static const char sql_own[] = SQL_OWN;

/* schema.sql: the fence, the change and the entry that tells the model of it are one */
static const char sql_change[] = "SELECT ours, result FROM chatkit.task_change($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
#define CHANGE_ARGS 14

/* task_pkey. $2 completed, $3 priority, $4 category (NULL: any), $5 how many */
static const char sql_list[] =
	"SELECT '{\"count\":' || count(*) || ',\"tasks\":[' || coalesce(string_agg(task, ',' ORDER BY id), '') || ']}'\n"
	"FROM (SELECT t.id, chatkit.task_json(t) AS task FROM chatkit.task t\n"
	"      WHERE t.owner_id = $1 AND t.completed = coalesce($2::boolean, t.completed)\n"
	"        AND t.priority = coalesce($3::text, t.priority) AND t.category = coalesce($4::text, t.category)\n"
	"      ORDER BY t.id LIMIT $5) AS list";

static struct db_arg text_or_null(struct slice s)
{
	return s.p ? DB_TEXT(s) : DB_NULL;
}

/* RC_LOST, RC_NOT_FOUND, or the result. *unknown as store_run. */
static enum rc change(struct store *s, struct arena *a, struct slice owner, struct slice what, int64_t id, const struct task_fields *f,
		      const struct task_fence *fence, bool *unknown, struct slice *result, struct err *e)
{
	static const struct task_fence none;
	const struct task_fence *by = fence ? fence : &none;
	struct id made_by = id_new(io_env(s->io), "call_");
	struct db_arg args[CHANGE_ARGS] = {
		DB_TEXT(owner),
		DB_TEXT_OPT(by->key.thread_id),
		DB_TEXT_OPT(by->key.turn_id),
		DB_TEXT_OPT(by->entry_id),
		DB_TEXT(by->pre),
		DB_TEXT(by->post),
		DB_TEXT(what),
		DB_INT(id),
		DB_TEXT(id_slice(&made_by)),
		text_or_null(f->title),
		text_or_null(f->description),
		text_or_null(f->priority),
		text_or_null(f->category),
		f->completed < 0 ? DB_NULL : DB_BOOL(f->completed),
	};
	struct db_call call = CALL(sql_change, args, countof(args));

	if (store_run(s, a, fence ? AGAIN_TURN : AGAIN_WRITE, &call, 1, unknown, e) != RC_OK)
		return e->rc;
	if (!db_bool(&call.rows, 0, 0))
		return err_set(e, RC_LOST, "the lease of turn '%.*s' is not ours", SLICE_ARG(by->key.turn_id));
	if (db_is_null(&call.rows, 0, 1))
		return err_set(e, RC_NOT_FOUND, "no task %lld", (long long)id);
	*result = db_str(&call.rows, 0, 1);
	return RC_OK;
}

enum rc store_task_add(struct store *s, struct arena *a, struct slice owner, const struct task_fields *f, const struct task_fence *fence,
		       struct slice *result, struct err *e)
{
	return change(s, a, owner, S("add"), 0, f, fence, NULL, result, e);
}

enum rc store_task_update(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fields *f, const struct task_fence *fence,
			  struct slice *result, struct err *e)
{
	return change(s, a, owner, S("update"), id, f, fence, NULL, result, e);
}

enum rc store_task_delete(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fence *fence, struct slice *result,
			  struct err *e)
{
	static const struct task_fields none = {.completed = -1};
	bool unknown = false;
	enum rc rc = change(s, a, owner, S("delete"), id, &none, fence, &unknown, result, e);

	/* A first run, bare, may have deleted it; fenced, its entry would have told. */
	if (rc != RC_NOT_FOUND || !unknown || fence)
		return rc;
	*result = S("{\"success\":true,\"message\":\"Deleted the task\"}");
	return RC_OK;
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
