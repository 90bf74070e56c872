/* SPDX-License-Identifier: MIT */
/*
 * GET and HEAD /api/chat/files/ID: whoever has a signed address reads the file, for as long as it is good; nobody is asked who they are, for the frame that
 * shows previews sends no credentials. What people uploaded never runs as ours: no type but an image's own, a sandbox, and all but images to be saved.
 */
#include <stdlib.h>

#include "app/files_inner.h"
#include "app/inner.h"
#include "wire/filename.h"
#include "wire/sniff.h"

#define HEADERS_MAX (CORS_HEADERS_MAX + 12)

struct shown {
	struct store_file row;
	int64_t until_s;
	struct slice etag;
	uint64_t from, size, all;    /* what of it is sent */
	struct reply_header h[HEADERS_MAX];
	size_t n;
};

static void add(struct shown *s, const char *name, struct slice value)
{
	CHECK(s->n < HEADERS_MAX);
	s->h[s->n++] = (struct reply_header){name, value};
}

/* One digit string, not too long to be a number. */
static bool number(struct slice s, uint64_t *out)
{
	int64_t v;

	if (!slice_i64(s, 0, INT64_MAX, &v))
		return false;
	*out = (uint64_t)v;
	return true;
}

enum range { RANGE_ALL, RANGE_PART, RANGE_NONE };

/* RFC 9110, 14: one range of bytes; of more, and of what cannot be read, all is sent. */
static enum range range_of(struct slice value, uint64_t all, uint64_t *from, uint64_t *size)
{
	struct slice set = slice_trim(slice_from(value, 6)), first, last;
	uint64_t to;

	*from = 0;
	*size = all;
	if (!slice_starts(value, S("bytes=")))
		return RANGE_ALL;
	last = slice_cut(set, '-', &first);
	if (first.n == set.n)
		return RANGE_ALL; /* no dash */
	if (first.n == 0 && number(last, size)) {
		if (*size == 0)
			return RANGE_NONE;
		*size = *size < all ? *size : all;
		*from = all - *size;
		return RANGE_PART;
	}
	if (!number(first, from) || (last.n && (!number(last, &to) || to < *from))) {
		*from = 0;
		return RANGE_ALL;
	}
	if (*from >= all)
		return RANGE_NONE;
	*size = last.n && to - *from + 1 < all - *from ? to - *from + 1 : all - *from;
	return RANGE_PART;
}

/* A list of tags, weak ones too: RFC 9110, 13.1.2. */
static bool names_etag(struct slice list, struct slice etag)
{
	return slice_is(slice_trim(list), "*") || (etag.n && slice_find(list, etag) >= 0);
}

static void headers(struct exchange *x, struct shown *s)
{
	int64_t left = s->until_s - env_wall_us(io_env(x->app->io)) / IO_SECOND;
	struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < x->cors.n; i++)
		add(s, x->cors.h[i].name, x->cors.h[i].value);
	filename_header(&b, files_is_image(s->row.mime) ? "inline" : "attachment", s->row.name);
	add(s, "Content-Disposition", arena_dup(x->arena, buf_slice(&b)));
	buf_release(&b);
	add(s, "Content-Security-Policy", S("default-src 'none'; sandbox"));
	add(s, "Cross-Origin-Resource-Policy", S("cross-origin"));
	add(s, "Referrer-Policy", S("no-referrer"));
	add(s, "Cache-Control", arena_printf(x->arena, "private, max-age=%lld", (long long)left));
	add(s, "Accept-Ranges", S("bytes"));
	if (s->etag.n)
		add(s, "ETag", s->etag);
}

/* The reply's buffer moves while the disk is waited for, so there is one between. */
WAITS static enum rc send_bytes(struct exchange *x, struct file_reader *r, const struct shown *s, struct err *e)
{
	char *piece = xalloc(FILE_PIECE);
	uint64_t at = s->from, end = s->from + s->size;
	enum rc rc = RC_OK;
	size_t got;

	while (rc == RC_OK && at < end) {
		rc = file_read(r, at, piece, end - at < FILE_PIECE ? (size_t)(end - at) : FILE_PIECE, &got, e);
		if (rc == RC_OK && got == 0)
			rc = err_set(e, RC_INTERNAL, "file '%.*s' is shorter than it was", SLICE_ARG(s->row.id));
		if (rc != RC_OK)
			break;
		buf_addmem(&x->rep->out, piece, got);
		at += got;
		rc = reply_room(x->rep);
	}
	free(piece);
	return rc;
}

WAITS static enum rc send_file(struct exchange *x, struct file_reader *r, struct shown *s, struct err *e)
{
	struct slice if_range = request_header(x->req, "IF_RANGE"), range = request_header(x->req, "RANGE");
	enum range part = range_of(if_range.n && !slice_eq(if_range, s->etag) ? SLICE_NONE : range, s->all, &s->from, &s->size);

	if (part == RANGE_NONE) {
		add(s, "Content-Range", arena_printf(x->arena, "bytes */%llu", (unsigned long long)s->all));
		reply_begin(x->rep, 416, NULL, 0, s->h, s->n);
		return RC_OK;
	}
	if (part == RANGE_PART)
		add(s, "Content-Range", arena_printf(x->arena, "bytes %llu-%llu/%llu", (unsigned long long)s->from,
						     (unsigned long long)(s->from + s->size - 1), (unsigned long long)s->all));
	reply_begin(x->rep, part == RANGE_PART ? 206 : 200, sniff_shown_as(s->row.mime), (int64_t)s->size, s->h, s->n);
	return slice_is(x->req->method, "HEAD") ? RC_OK : send_bytes(x, r, s, e);
}

/* A wrong address and one that is over are told alike. */
WAITS static enum rc find(struct exchange *x, struct shown *s, struct err *e)
{
	struct slice id = arena_dup(x->arena, slice_from(x->req->path, strlen("/api/chat/files/"))), owner;
	struct buf hex = BUF_INIT(2 * SHA256_LEN);

	if (!x->app->files)
		return err_set(e, RC_NOT_FOUND, "files are not offered");
	if (!files_signed(x->app->files, id, x->req->query, x->arena, &owner, &s->until_s)) {
		err_set(e, RC_FORBIDDEN, "a file's address is not good, or over");
		return err_user(e, "This address is not valid any more.");
	}
	if (exchange_store(x, e) != RC_OK || store_files(x->app->store, x->arena, owner, &id, 1, &s->row, e) != RC_OK)
		return e->rc;
	if (s->row.state == FILE_NEW)
		return err_set(e, RC_NOT_FOUND, "the file's upload is not complete");
	hex_encode(&hex, s->row.sha256);
	s->etag = arena_printf(x->arena, "\"%.*s\"", SLICE_ARG(buf_slice(&hex)));
	buf_release(&hex);
	return RC_OK;
}

enum rc op_file(struct exchange *x, struct err *e)
{
	struct shown *s = arena_new_of(x->arena, struct shown);
	struct file_reader *r;
	enum rc rc;

	if (find(x, s, e) != RC_OK || file_open(&x->app->files->dir, s->row.id, &r, &s->all, e) != RC_OK)
		return e->rc;
	headers(x, s);
	if (names_etag(request_header(x->req, "IF_NONE_MATCH"), s->etag)) {
		reply_begin(x->rep, 304, NULL, -1, s->h, s->n);
		rc = RC_OK;
	} else {
		rc = send_file(x, r, s, e);
	}
	file_close(r);
	return rc;
}
