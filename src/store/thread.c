/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"
#include "store/sql.h"

static const char sql_own[] = SQL_OWN;

/*
 * thread_recent, backwards for the newest first; thread_pkey finds where the page begins. $2 after which thread (NULL: from the end), $3 how many. An
 * unknown one has no place, and nothing comes after NULL.
 */
#define SQL_THREADS(before, far, order)                                                                                                                \
	"SELECT " SQL_THREAD("t.") "\n"                                                                                                                \
	"FROM chatkit.thread t\n"                                                                                                                      \
	"WHERE t.owner_id = $1\n"                                                                                                                      \
	"  AND (t.updated_at, t.id) " before " (CASE WHEN $2::text IS NULL THEN timestamptz '" far "'\n"                                               \
	"       ELSE (SELECT f.updated_at FROM chatkit.thread f WHERE f.owner_id = $1 AND f.id = $2) END, coalesce($2::text, ''))\n"                   \
	"ORDER BY t.updated_at " order ", t.id " order " LIMIT $3"

static const char sql_threads_asc[] = SQL_THREADS(">", "-infinity", "ASC");
static const char sql_threads_desc[] = SQL_THREADS("<", "infinity", "DESC");

/* thread_pkey */
static const char sql_rename[] = "UPDATE chatkit.thread SET title = $3::text WHERE owner_id = $1 AND id = $2 RETURNING " SQL_THREAD("");

static const char sql_retitle[] =
	"UPDATE chatkit.thread SET title = CASE WHEN title IS NOT DISTINCT FROM $4::text THEN $3::text ELSE title END\n"
	"WHERE owner_id = $1 AND id = $2 RETURNING " SQL_THREAD("");

static const char sql_delete[] = "SELECT chatkit.thread_delete($1, $2)"; /* schema.sql */

enum rc store_threads(struct store *s, struct arena *a, struct slice owner, const struct page_req *p, struct thread_page *out, struct err *e)
{
	size_t limit = p->limit < STORE_PAGE_MAX ? p->limit : STORE_PAGE_MAX;
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT_OPT(p->after), DB_INT((int64_t)limit + 1)};
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(p->desc ? sql_threads_desc : sql_threads_asc, args, 3)};
	const struct db_rows *r = &calls[1].rows;

	*out = (struct thread_page){0};
	if (store_run(s, a, AGAIN_READ, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	out->more = r->n > limit;
	out->n = out->more ? limit : r->n;
	if (store_array(a, out->n, sizeof(*out->t), &out->t, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < out->n; i++)
		out->t[i] = store_read_thread(r, i, 0);
	return RC_OK;
}

/* args: owner, thread, title, and what the statement asks for beyond. */
WAITS static enum rc rename_by(struct store *s, struct arena *a, const char *sql, const struct db_arg *args, size_t n, struct store_thread *out, struct err *e)
{
	struct db_call calls[] = {CALL(sql_own, args, 1), CALL(sql, args, n)};

	if (store_run(s, a, AGAIN_WRITE, calls, countof(calls), NULL, e) != RC_OK)
		return e->rc;
	if (calls[1].rows.n == 0)
		return err_set(e, RC_NOT_FOUND, "no such thread");
	*out = store_read_thread(&calls[1].rows, 0, 0);
	return RC_OK;
}

enum rc store_thread_rename(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice title, struct store_thread *out,
			    struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXT_OPT(title)};

	return rename_by(s, a, sql_rename, args, countof(args), out, e);
}

enum rc store_thread_retitle(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice was, struct slice title,
			     struct store_thread *out, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id), DB_TEXT_OPT(title), DB_TEXT_OPT(was)};

	return rename_by(s, a, sql_retitle, args, countof(args), out, e);
}

enum rc store_thread_delete(struct store *s, struct slice owner, struct slice thread_id, bool *found, struct err *e)
{
	struct db_arg args[] = {DB_TEXT(owner), DB_TEXT(thread_id)};
	struct db_call call = CALL(sql_delete, args, 2);
	struct arena *a = arena_new((size_t)1 << 16, NULL);
	bool unknown;
	enum rc rc = store_run(s, a, AGAIN_WRITE, &call, 1, &unknown, e);

	/* A first run may have deleted it: then it was there. */
	if (rc == RC_OK && found)
		*found = unknown || db_bool(&call.rows, 0, 0);
	arena_free(a);
	return rc;
}
