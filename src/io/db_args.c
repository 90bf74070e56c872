/* SPDX-License-Identifier: MIT */
/*
 * Arguments in Postgres' binary form: no quoting, no NUL-termination, no text of numbers. Layouts: src/backend/utils/adt of PostgreSQL, *recv functions;
 * arrays: array_recv (dimensions, has-nulls flag, element type; per dimension length and lower bound; per element length and bytes).
 */
#include "io/db_inner.h"

/* pg_type's fixed numbers. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016 };

#define SCRATCH_MAX (64 * 1024 * 1024)
#define SCRATCH_KEEP (64 * 1024)

static void add_be(struct buf *b, uint64_t v, int bytes)
{
	char out[8];

	for (int i = 0; i < bytes; i++)
		out[i] = (char)(v >> (8 * (bytes - 1 - i)));
	buf_addmem(b, out, (size_t)bytes);
}

static void add_array_head(struct buf *b, size_t n, bool nulls, uint32_t type)
{
	add_be(b, n ? 1 : 0, 4);
	add_be(b, nulls, 4);
	add_be(b, type, 4);
	if (n == 0)
		return;
	add_be(b, n, 4);
	add_be(b, 1, 4);
}

static bool has_nul(struct slice s)
{
	return s.n && memchr(s.p, 0, s.n);
}

static bool add_texts(struct buf *b, const struct db_arg *a)
{
	bool nulls = false;

	for (size_t i = 0; i < a->n; i++) {
		if (has_nul(a->texts[i]))
			return false;
		nulls |= !a->texts[i].p;
	}
	add_array_head(b, a->n, nulls, OID_TEXT);
	for (size_t i = 0; i < a->n; i++) {
		add_be(b, a->texts[i].p ? a->texts[i].n : UINT32_MAX, 4);
		buf_add(b, a->texts[i]);
	}
	return true;
}

static void add_ints(struct buf *b, const struct db_arg *a)
{
	add_array_head(b, a->n, false, OID_INT8);
	for (size_t i = 0; i < a->n; i++) {
		add_be(b, 8, 4);
		add_be(b, (uint64_t)a->ints[i], 8);
	}
}

/* The declared type; what does not already lie somewhere as it must travel is written into b. False: a NUL byte in a text. */
static bool encode(struct buf *b, const struct db_arg *a, Oid *type)
{
	switch (a->kind) {
	case DB_KIND_TEXT:
		*type = OID_TEXT;
		return !has_nul(a->s);
	case DB_KIND_BYTES:
		*type = OID_BYTEA;
		return true;
	case DB_KIND_INT:
		*type = OID_INT8;
		add_be(b, (uint64_t)a->i, 8);
		return true;
	case DB_KIND_BOOL:
		*type = OID_BOOL;
		add_be(b, a->i != 0, 1);
		return true;
	case DB_KIND_NULL:
		*type = 0; /* the server infers it */
		return true;
	case DB_KIND_TEXTS:
		*type = OID_TEXT_ARRAY;
		return add_texts(b, a);
	case DB_KIND_INTS:
		*type = OID_INT8_ARRAY;
		add_ints(b, a);
		return true;
	}
	CHECK(!"a kind of argument");
	return false;
}

enum rc db_send(struct db_conn *c, const struct db_call *call, struct err *e)
{
	Oid types[DB_ARGS_MAX];
	const char *values[DB_ARGS_MAX];
	size_t starts[DB_ARGS_MAX];
	int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX];
	struct buf *b = &c->scratch;
	int sent;

	CHECK(call->n_args <= DB_ARGS_MAX);
	if (b->cap > SCRATCH_KEEP || !b->max) {
		buf_release(b);
		buf_init(b, SCRATCH_MAX);
	}
	buf_clear(b);
	for (size_t i = 0; i < call->n_args; i++) {
		starts[i] = b->n;
		if (!encode(b, &call->args[i], &types[i]))
			return err_set(e, RC_BAD, "argument %zu holds a NUL byte", i + 1);
		lengths[i] = (int)(b->n - starts[i]);
		formats[i] = 1;
	}
	if (!buf_ok(b))
		return err_set(e, RC_TOO_LARGE, "arguments of more than %d bytes", SCRATCH_MAX);
	/* Only now does the scratch buffer lie still. */
	for (size_t i = 0; i < call->n_args; i++) {
		const struct db_arg *a = &call->args[i];

		values[i] = b->p + starts[i];
		if (a->kind == DB_KIND_NULL) {
			values[i] = NULL;
		} else if (a->kind == DB_KIND_TEXT || a->kind == DB_KIND_BYTES) {
			values[i] = a->s.p ? a->s.p : "";
			lengths[i] = (int)a->s.n;
		}
	}
	io_foreign_begin(c->d->io);
	sent = PQsendQueryParams(c->pg, call->sql, (int)call->n_args, types, values, lengths, formats, 0);
	io_foreign_end(c->d->io);
	return sent == 1 ? RC_OK : err_set(e, RC_DB, "cannot send: %s", PQstatus(c->pg) == CONNECTION_OK ? "refused by libpq" : "the connection is broken");
}
