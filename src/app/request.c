/* SPDX-License-Identifier: MIT */
#include "app/request.h"

#define PIECE ((size_t)16 * 1024)

struct slice request_header(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (slice_is(r->headers[i].name, name))
			return r->headers[i].value;
	return SLICE_NONE;
}

static enum rc too_large(size_t max, struct err *e)
{
	return err_tell(e, RC_TOO_LARGE, "The request's body is larger than %zu bytes.", max);
}

WAITS static enum rc read_piece(struct request *r, char *p, size_t size, size_t *got, int64_t deadline, struct err *e)
{
	if (r->ops->read(r, p, size, got, deadline, e) == RC_OK)
		return RC_OK;
	/* The table's 504 is for those we ask; this one asked us. */
	if (e->rc == RC_TIMEOUT)
		e->http = 408;
	return e->rc;
}

enum rc request_body_some(struct request *r, struct buf *out, bool *end, int64_t deadline, struct err *e)
{
	size_t got = 1;

	while (got > 0 && out->n < out->max) {
		size_t size = out->max - out->n < PIECE ? out->max - out->n : PIECE;

		if (read_piece(r, buf_room(out, size), size, &got, deadline, e) != RC_OK)
			return e->rc;
		buf_added(out, got);
	}
	*end = got == 0;
	return RC_OK;
}

/* Room for what comes, one byte at least: at the maximum it goes to `probe`, to learn whether the body ends here. */
static size_t room(struct buf *out, char *probe, char **p)
{
	size_t size = out->max - out->n < PIECE ? out->max - out->n : PIECE;

	*p = size ? buf_room(out, size) : probe;
	return size ? size : 1;
}

enum rc request_body(struct request *r, struct buf *out, int64_t deadline, struct err *e)
{
	char probe, *p;
	size_t size, got;

	if (r->content_length > 0 && (uint64_t)r->content_length > out->max)
		return too_large(out->max, e);
	for (;;) {
		size = room(out, &probe, &p);
		if (read_piece(r, p, size, &got, deadline, e) != RC_OK)
			return e->rc;
		if (got == 0)
			return RC_OK;
		if (p == &probe)
			return too_large(out->max, e);
		buf_added(out, got);
	}
}
