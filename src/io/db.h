/* SPDX-License-Identifier: MIT */
/*
 * Postgres that reads straight down. The only file pair (with db_pool) that includes libpq. Everything works through PgBouncer in transaction mode:
 * unnamed statements with parameters, no session state, no LISTEN.
 *
 * db_run sends any number of calls in one pipeline with one Sync: one round trip, one implicit transaction (an error rolls all back). Never BEGIN.
 * Connections are pooled, made when first needed (on a helper thread: name look-up blocks), and held only inside db_run.
 *
 * No PG* environment variable counts: db_new unsets them all, so it must run before other threads read the environment.
 */
#ifndef IO_DB_H
#define IO_DB_H

#include "base/arena.h"
#include "io/io.h"

struct db;

struct db_opts {
	struct slice conninfo;   /* libpq's: a postgresql:// URL or key=value; already normalised */
	unsigned max_conns;      /* 0: 8 */
	int64_t connect_us;      /* 0: 10 s */
	int64_t acquire_us;      /* how long a task waits for a free connection; 0: 5 s, then RC_DB */
	int64_t query_us;        /* a round trip; 0: 15 s, then the connection is dropped: RC_DB_UNKNOWN */
};

enum db_kind { DB_KIND_TEXT, DB_KIND_INT, DB_KIND_BOOL, DB_KIND_BYTES, DB_KIND_NULL, DB_KIND_TEXTS, DB_KIND_INTS };
struct db_arg {
	enum db_kind kind;
	struct slice s;              /* TEXT (no NUL byte inside: RC_BAD), BYTES */
	int64_t i;                   /* INT, BOOL */
	const struct slice *texts;   /* TEXTS: a text[]; an element with p == NULL is SQL's NULL */
	const int64_t *ints;         /* INTS: a bigint[] */
	size_t n;
};
#define DB_TEXT(slice_) ((struct db_arg){.kind = DB_KIND_TEXT, .s = (slice_)})
#define DB_INT(v_) ((struct db_arg){.kind = DB_KIND_INT, .i = (v_)})
#define DB_BOOL(v_) ((struct db_arg){.kind = DB_KIND_BOOL, .i = (v_)})
#define DB_BYTES(slice_) ((struct db_arg){.kind = DB_KIND_BYTES, .s = (slice_)})
#define DB_NULL ((struct db_arg){.kind = DB_KIND_NULL})
/* Empty is NULL. */
#define DB_TEXT_OPT(slice_) ((slice_).n ? DB_TEXT(slice_) : DB_NULL)
#define DB_TEXTS(texts_, n_) ((struct db_arg){.kind = DB_KIND_TEXTS, .texts = (texts_), .n = (n_)})
#define DB_INTS(ints_, n_) ((struct db_arg){.kind = DB_KIND_INTS, .ints = (ints_), .n = (n_)})

struct db_rows {
	void *res; /* libpq's, owned by the arena given to db_run */
	size_t n;  /* rows */
	int64_t affected; /* rows of an INSERT, UPDATE, DELETE; -1 otherwise */
};

struct db_call {
	const char *sql; /* $1.. ; types: text, int8, bool, bytea, text[], int8[] are declared by the arg's kind (cast in SQL for others) */
	const struct db_arg *args;
	size_t n_args;
	struct db_rows rows; /* filled */
};

/* Connects to nothing yet. RC_CONF: conninfo cannot be read (err does not quote it: it may hold a password). */
struct db *db_new(struct io *io, const struct db_opts *o, struct err *e) MUSTCHECK;
void db_free(struct db *d); /* when no db_run is under way; NULL is fine */

/*
 * RC_OK: all were committed and all rows are there. RC_DB: nothing happened (could not connect; or the server said no: e->sqlstate has its code).
 * RC_DB_UNKNOWN: the connection broke after sending. RC_BAD: a text holds a NUL byte. A deadlock or serialisation failure (40P01, 40001) is re-run up to
 * 3 times; an idle connection that turns out dead before anything was sent is replaced by a fresh one. Rows live as long as a, and count as none unless
 * the answer is RC_OK. At most DB_ARGS_MAX arguments a call. Not stoppable. err has the server's primary message, never its detail.
 */
#define DB_ARGS_MAX 32
WAITS enum rc db_run(struct db *d, struct arena *a, struct db_call *calls, size_t n, struct err *e) MUSTCHECK;
/* A script of several statements without parameters (a schema), one implicit transaction. A connection that ends under it is always RC_DB_UNKNOWN. */
WAITS enum rc db_script(struct db *d, const char *sql, struct err *e) MUSTCHECK;

/* Column values; row and col must be in range. NULL reads as empty, 0, false. */
struct slice db_str(const struct db_rows *r, size_t row, int col);
int64_t db_int(const struct db_rows *r, size_t row, int col);
bool db_bool(const struct db_rows *r, size_t row, int col);
bool db_is_null(const struct db_rows *r, size_t row, int col);
/* bytea, decoded into a; SLICE_NONE when it does not fit the arena's cap. */
struct slice db_bytes(struct arena *a, const struct db_rows *r, size_t row, int col);

#endif
