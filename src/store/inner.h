/* SPDX-License-Identifier: MIT */
/* What the store's files share and nobody else sees. */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include "store/store.h"

struct store {
	struct db *db;
	struct io *io;
	struct slice runner; /* who we are in `live` */
	struct slice host;   /* its first part, with the colon: every runner of this host begins so */
	bool ready;          /* the schema was seen and is ours */
};

/*
 * How long a pipeline is sent again. All of them may be: ids were made before, and what a first run did makes the second do nothing.
 * READ: only when the connection broke under it, and then while the server can be reached. WRITE: once its outcome is unknown, through a restart of the
 * server too. TURN: through a restart from the start, because what a turn has to say has no other place to go.
 */
enum again { AGAIN_READ, AGAIN_WRITE, AGAIN_TURN };
/* db_run, again. Never RC_DB_UNKNOWN: when the time is over it is RC_DB. *unknown (may be NULL): a run before the last may have been committed. */
WAITS enum rc store_run(struct store *s, struct arena *a, enum again how, struct db_call *calls, size_t n, bool *unknown, struct err *e) MUSTCHECK;

/* One argument list serves a whole pipeline: $1 is the owner for all of its calls, and each takes as many as it needs from the front. */
#define CALL(sql_, args_, n_) ((struct db_call){.sql = (sql_), .args = (args_), .n_args = (n_)})

/* The runner lived on this host, in our pid namespace, and is no more. */
bool store_runner_dead(const struct store *s, struct slice runner);

/* The last arguments of chatkit.begin_turn_2, write_turn_2, end_turn_2 and change. RC_TOO_LARGE when they pass the arena's cap. */
#define BATCH_ARGS 13
enum rc store_batch_args(struct arena *a, const struct batch *b, struct db_arg *out, struct err *e) MUSTCHECK;

/* Rows to structs. Columns as in SQL_THREAD, SQL_ITEM, chatkit.growing; what they return looks into the rows. */
struct store_thread store_read_thread(const struct db_rows *r, size_t row, int col);
enum rc store_read_items(struct arena *a, const struct db_rows *r, size_t n, struct store_item **out, struct err *e) MUSTCHECK;
enum rc store_read_chunks(struct arena *a, const struct db_rows *r, struct store_chunk **out, size_t *n, struct err *e) MUSTCHECK;
/* Without the chunks of items that stand complete among the items: how many stay. */
size_t store_drop_chunks(struct store_chunk *chunks, size_t n, const struct store_item *items, size_t n_items);
/* An array of n elements from the arena, or RC_TOO_LARGE. */
enum rc store_array(struct arena *a, size_t n, size_t size, void *out, struct err *e) MUSTCHECK;

struct slice store_turn_state_name(enum turn_state st);
enum turn_state store_turn_state(struct slice name);
struct slice store_item_state_name(enum item_state st);

#endif
