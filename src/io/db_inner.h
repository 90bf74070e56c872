/* SPDX-License-Identifier: MIT */
/*
 * The database's three parts: db.c one round trip, db_args.c how arguments travel, db_pool.c connections. Together the only files that include libpq.
 */
#ifndef IO_DB_INNER_H
#define IO_DB_INNER_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "io/db.h"
#include "io/inner.h"

/* One connection, in pipeline mode and non-blocking, owned by one db_run at a time. */
struct db_conn {
	struct db *d;
	PGconn *pg;
	int fd;             /* kept: libpq closes it by itself when it finds the connection broken, and then no longer tells which it was */
	struct buf scratch; /* arguments in their binary form, for one call */
	struct db_conn *next;
};

struct db_waiter;

struct db {
	struct io *io;
	PQconninfoOption *info; /* parsed once */
	unsigned max, n;        /* n: connections that exist or are being made */
	int64_t connect_us, acquire_us, query_us;
	struct db_conn *idle;   /* the last used first: the warmest */
	struct db_waiter *first, **last;
};

/* A live connection: an idle one, a new one, or one that another task gives back. */
WAITS enum rc db_acquire(struct db *d, struct db_conn **out, struct err *e) MUSTCHECK;
/* Gives it back; one that is broken, or in doubt, is closed. */
void db_release(struct db_conn *c, bool good);

/* PQsendQueryParams with one call's arguments. RC_BAD: a NUL in a text; RC_DB: libpq refused, nothing was sent. */
enum rc db_send(struct db_conn *c, const struct db_call *call, struct err *e) MUSTCHECK;

#endif
