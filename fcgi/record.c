/* SPDX-License-Identifier: MIT */
#include "fcgi/record.h"

#define BEGIN_CONTENT 8

struct record {
	unsigned type, id;
	size_t content, padding;
};

static bool record_read(const unsigned char *p, struct record *r)
{
	r->type = p[1];
	r->id = (unsigned)p[2] << 8 | p[3];
	r->content = (size_t)p[4] << 8 | p[5];
	r->padding = p[6];
	return p[0] == 1;
}

enum rc record_head(struct slice in, size_t *n, struct record_body *body, struct err *e)
{
	size_t at = 0;
	struct record r;

	*n = 0;
	for (;;) {
		enum record_type want = at == 0 ? RECORD_BEGIN : RECORD_PARAMS;

		if (at + RECORD_HEADER > RECORD_HEAD_MAX)
			return err_set(e, RC_TOO_LARGE, "more than %d bytes of parameters", RECORD_HEAD_MAX);
		if (in.n < at + RECORD_HEADER)
			return RC_OK;
		if (!record_read((const unsigned char *)in.p + at, &r) || r.type != want || (at > 0 && r.id != body->id))
			return err_set(e, RC_PROTO, "not a FastCGI request (type %u at byte %zu)", r.type, at);
		/* After a padded BEGIN_REQUEST libfcgi takes the padding for a record, and a broken record for the end of the parameters. */
		if (at == 0 && (r.content != BEGIN_CONTENT || r.padding != 0))
			return err_set(e, RC_PROTO, "a BEGIN_REQUEST of %zu and %zu bytes", r.content, r.padding);
		*body = (struct record_body){.id = r.id, .padding = r.padding};
		at += RECORD_HEADER;
		if (want == RECORD_PARAMS && r.content == 0) {
			*n = at;
			return RC_OK;
		}
		at += r.content + r.padding;
	}
}

/* A header is whole: what follows it? */
static enum rc begin_record(struct record_body *b, struct err *e)
{
	struct record r;

	b->n_header = 0;
	if (!record_read(b->header, &r))
		return err_set(e, RC_PROTO, "not a FastCGI record");
	if (r.id == b->id && r.type == RECORD_ABORT)
		return err_set(e, RC_GONE, "the web server aborted the request");
	if (r.id != b->id || r.type != RECORD_STDIN)
		return err_set(e, RC_PROTO, "a FastCGI record of type %u amid the body", r.type);
	b->content = r.content;
	b->padding = r.padding;
	b->end = r.content == 0;
	return RC_OK;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum rc record_body(struct record_body *b, struct slice *in, char *p, size_t size, size_t *got, struct err *e)
{
	size_t k;

	*got = 0;
	while (in->n && !b->end && *got < size) {
		if (b->content) {
			k = least(least(b->content, in->n), size - *got);
			memcpy(p + *got, in->p, k);
			*got += k;
			b->content -= k;
		} else if (b->padding) {
			k = least(b->padding, in->n);
			b->padding -= k;
		} else {
			k = least(RECORD_HEADER - b->n_header, in->n);
			memcpy(b->header + b->n_header, in->p, k);
			b->n_header += k;
		}
		*in = slice_from(*in, k);
		if (b->n_header == RECORD_HEADER && begin_record(b, e) != RC_OK)
			return e->rc;
	}
	return RC_OK;
}
