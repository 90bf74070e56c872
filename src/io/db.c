/* SPDX-License-Identifier: MIT */
#include "io/db.h"

#include <errno.h>

#include "base/ascii.h"
#include "base/log.h"
#include "io/db_inner.h"
#include "io/fault.h"

#define TRIES 4 /* the first and three more after a deadlock or serialisation failure */

/* One round trip. Where it stands decides what a broken connection means. */
struct trip {
	struct db_conn *c;
	int64_t deadline;
	bool sent;      /* something may have reached the server */
	bool all_said;  /* every statement was answered without an error: the commit may be done */
	bool unusable;  /* the connection cannot be used again */
};

static enum rc broken(struct trip *t, struct err *e, const char *why)
{
	t->unusable = true;
	return err_set(e, t->sent ? RC_DB_UNKNOWN : RC_DB, "%s", why);
}

WAITS static enum rc wait_socket(struct trip *t, bool unsent, struct err *e)
{
	struct pollfd p = {.fd = PQsocket(t->c->pg), .events = (short)(POLLIN | (unsent ? POLLOUT : 0))};

	if (p.fd < 0)
		return broken(t, e, "the connection is broken");
	if (io_wait(t->c->d->io, &p, 1, t->deadline, NULL) == RC_TIMEOUT)
		return broken(t, e, "the database did not answer in time");
	return RC_OK;
}

static int consume(struct trip *t)
{
	int ok;

	/* libpq may call the notice receiver. */
	io_foreign_begin(t->c->d->io);
	ok = PQconsumeInput(t->c->pg);
	io_foreign_end(t->c->d->io);
	return ok;
}

/* The next result, or NULL where libpq says so; sends what is still to send meanwhile. */
WAITS static enum rc next_result(struct trip *t, PGresult **out, struct err *e)
{
	PGconn *pg = t->c->pg;

	if (FAULT("db.recv"))
		return broken(t, e, "fault");
	for (;;) {
		int unsent = PQflush(pg);
		enum rc rc;

		/* A failed flush is no reason to stop: what the server said last may lie in the socket. */
		if (!PQisBusy(pg))
			break;
		rc = wait_socket(t, unsent == 1, e);
		if (rc != RC_OK)
			return rc;
		if (!consume(t) && PQisBusy(pg))
			return broken(t, e, "the connection broke while waiting for the answer");
	}
	io_foreign_begin(t->c->d->io);
	*out = PQgetResult(pg);
	io_foreign_end(t->c->d->io);
	return RC_OK;
}

/* What an error result means. Its connection goes when it is FATAL; the transaction is undone unless it may have been committed already. */
static enum rc refused(struct trip *t, const PGresult *res, struct err *e)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE), *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	bool fatal = !severity || strcmp(severity, "ERROR") != 0, pooler;

	/* Without a code it is libpq's own message: the connection broke. */
	if (!state)
		return broken(t, e, "the connection broke while waiting for the answer");
	/* A pooler says 08 for a server that it lost at any moment. The server itself speaks in order: a FATAL before the last answer undoes all. */
	pooler = strncmp(state, "08", 2) == 0;
	if (fatal)
		t->unusable = true;
	err_set(e, fatal && (pooler || t->all_said) ? RC_DB_UNKNOWN : RC_DB, "%s", text ? text : "no message");
	if (e)
		snprintf(e->sqlstate, sizeof(e->sqlstate), "%s", state);
	return e ? e->rc : RC_DB;
}

static bool is_rows(ExecStatusType s)
{
	return s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK || s == PGRES_EMPTY_QUERY;
}

static void clear_result(void *res)
{
	PQclear(res);
}

static void keep_rows(struct arena *a, struct db_call *call, PGresult *res)
{
	struct slice status = slice_cstr(PQcmdStatus(res));

	arena_defer(a, clear_result, res);
	call->rows = (struct db_rows){.res = res, .n = (size_t)PQntuples(res), .affected = -1};
	/* "SELECT 5" counts rows that are here anyway. */
	if (slice_starts(status, S("SELECT")) || !slice_i64(slice_cstr(PQcmdTuples(res)), 0, INT64_MAX, &call->rows.affected))
		call->rows.affected = -1;
}

/* One statement's answer and the NULL behind it. */
WAITS static enum rc read_answer(struct trip *t, struct arena *a, struct db_call *call, struct err *e)
{
	PGresult *res = NULL;
	enum rc rc = next_result(t, &res, e);

	if (rc != RC_OK)
		return rc;
	if (!res)
		return broken(t, e, "an answer is missing");
	if (is_rows(PQresultStatus(res))) {
		keep_rows(a, call, res);
	} else {
		rc = PQresultStatus(res) == PGRES_FATAL_ERROR ? refused(t, res, e) : broken(t, e, "an answer of an unknown kind");
		PQclear(res);
		return rc;
	}
	rc = next_result(t, &res, e);
	if (rc == RC_OK && res) {
		PQclear(res);
		return broken(t, e, "more than one answer to a statement");
	}
	return rc;
}

/* After the last statement, or the first that failed: up to the Sync's answer. A commit that fails says so here. */
WAITS static enum rc read_sync(struct trip *t, struct err *e)
{
	enum rc failed = RC_OK;

	for (int nulls = 0; nulls < 2;) {
		PGresult *res = NULL;
		enum rc rc = next_result(t, &res, e);
		ExecStatusType s;

		if (rc != RC_OK)
			return rc;
		if (!res) {
			nulls++;
			continue;
		}
		nulls = 0;
		s = PQresultStatus(res);
		if (s == PGRES_FATAL_ERROR && failed == RC_OK)
			failed = refused(t, res, e);
		PQclear(res);
		if (s == PGRES_PIPELINE_SYNC)
			return failed;
		if (t->unusable)
			return failed;
	}
	return broken(t, e, "the connection broke before the commit was confirmed");
}

WAITS static enum rc run_once(struct trip *t, struct arena *a, struct db_call *calls, size_t n, struct err *e)
{
	struct err ignored;
	enum rc rc;

	if (FAULT("db.send"))
		return broken(t, e, "fault");
	for (size_t i = 0; i < n; i++) {
		rc = db_send(t->c, &calls[i], e);
		if (rc != RC_OK) {
			/* Statements before it are with libpq, perhaps on the wire; without a Sync they never commit. */
			t->unusable = i > 0 || rc != RC_BAD;
			return rc;
		}
	}
	t->sent = true;
	if (PQpipelineSync(t->c->pg) != 1)
		return broken(t, e, "cannot send");
	for (size_t i = 0; i < n; i++) {
		rc = read_answer(t, a, &calls[i], e);
		if (rc != RC_OK && !t->unusable && read_sync(t, &ignored) != RC_OK)
			t->unusable = true;
		if (rc != RC_OK)
			return rc;
	}
	t->all_said = true;
	return read_sync(t, e);
}

static bool worth_again(const struct err *e)
{
	return e->rc == RC_DB && (strcmp(e->sqlstate, "40P01") == 0 || strcmp(e->sqlstate, "40001") == 0);
}

/* Two that met once meet again if they start over in step. */
WAITS static void step_aside(struct db *d, const struct err *e, int try)
{
	unsigned char chance;

	log_line(LOG_DEBUG, NULL, "running again sqlstate=%s try=%d", e->sqlstate, try);
	env_random(io_env(d->io), &chance, 1);
	io_sleep(d->io, (1 + chance % 16) * try * IO_MS, NULL);
}

enum rc db_run(struct db *d, struct arena *a, struct db_call *calls, size_t n, struct err *e)
{
	struct err own;
	enum rc rc = RC_OK;

	if (!e)
		e = &own;
	for (int try = 1; try <= TRIES; try++) {
		struct trip t = {0};

		rc = db_acquire(d, &t.c, e);
		if (rc != RC_OK)
			return rc;
		t.deadline = io_in(d->io, d->query_us);
		rc = run_once(&t, a, calls, n, e);
		db_release(t.c, !t.unusable);
		if (rc == RC_OK || !worth_again(e))
			break;
		if (try < TRIES)
			step_aside(d, e, try);
	}
	if (rc != RC_OK)
		for (size_t i = 0; i < n; i++)
			calls[i].rows = (struct db_rows){0};
	return rc;
}

/* A script */

WAITS static enum rc run_script(struct trip *t, const char *sql, struct err *e)
{
	enum rc rc = RC_OK, failed = RC_OK;
	PGresult *res;

	if (PQexitPipelineMode(t->c->pg) != 1)
		return broken(t, e, "the connection is busy");
	/* Its last answer comes behind its commit, and only the server knows which is the last. */
	t->sent = t->all_said = true;
	if (PQsendQuery(t->c->pg, sql) != 1)
		return broken(t, e, "cannot send");
	for (;;) {
		res = NULL;
		rc = next_result(t, &res, e);
		if (rc != RC_OK)
			return rc;
		if (!res)
			break;
		if (PQresultStatus(res) == PGRES_FATAL_ERROR && failed == RC_OK)
			failed = refused(t, res, e);
		else if (!is_rows(PQresultStatus(res)) && failed == RC_OK)
			failed = broken(t, e, "an answer of an unknown kind");
		PQclear(res);
		if (t->unusable)
			return failed;
	}
	if (PQenterPipelineMode(t->c->pg) != 1)
		t->unusable = true;
	return failed;
}

enum rc db_script(struct db *d, const char *sql, struct err *e)
{
	struct trip t = {0};
	enum rc rc = db_acquire(d, &t.c, e);

	if (rc != RC_OK)
		return rc;
	t.deadline = io_in(d->io, d->query_us);
	rc = run_script(&t, sql, e);
	db_release(t.c, !t.unusable);
	return rc;
}

/* Columns */

static const PGresult *at(const struct db_rows *r, size_t row, int col)
{
	CHECK(r->res && row < r->n && col >= 0 && col < PQnfields(r->res));
	return r->res;
}

struct slice db_str(const struct db_rows *r, size_t row, int col)
{
	const PGresult *res = at(r, row, col);

	return (struct slice){PQgetvalue(res, (int)row, col), (size_t)PQgetlength(res, (int)row, col)};
}

int64_t db_int(const struct db_rows *r, size_t row, int col)
{
	int64_t v;

	return slice_i64(db_str(r, row, col), INT64_MIN, INT64_MAX, &v) ? v : 0;
}

bool db_bool(const struct db_rows *r, size_t row, int col)
{
	return slice_is(db_str(r, row, col), "t");
}

bool db_is_null(const struct db_rows *r, size_t row, int col)
{
	return PQgetisnull(at(r, row, col), (int)row, col) != 0;
}

/* bytea_output=hex: \x and two digits a byte. */
struct slice db_bytes(struct arena *a, const struct db_rows *r, size_t row, int col)
{
	struct slice s = slice_from(db_str(r, row, col), 2);
	char *out = arena_try(a, s.n / 2 + 1);

	if (!out)
		return SLICE_NONE;
	for (size_t i = 0; i < s.n / 2; i++)
		out[i] = (char)(ascii_hex(s.p[2 * i]) << 4 | ascii_hex(s.p[2 * i + 1]));
	return (struct slice){out, s.n / 2};
}
