/* SPDX-License-Identifier: MIT */
/*
 * Bytes that come: POST /api/chat/attachments brings a file at once, PUT or POST /api/chat/attachments/ID one that attachments.create has announced; either as
 * a form (the field "file") or bare. The whole exchange holds one buffer of the body and one of the disk. Whatever goes wrong leaves nothing on the disk.
 *
 * A form needs no preflight, so that any page could send one with somebody's cookie: identity_of refuses a foreign Origin, and here a browser that says no
 * Origin but that the page is another site's.
 */
#include <stdlib.h>

#include "app/inner.h"
#include "app/upload.h"
#include "wire/multipart.h"
#include "wire/url.h"

#define PIECE ((size_t)16 * 1024)
#define FORM_MAX ((size_t)64 * 1024)            /* what a form may hold beside its file */
#define IDLE_US (30 * (int64_t)IO_SECOND)       /* between two pieces */
#define WHOLE_US (15 * 60 * (int64_t)IO_SECOND) /* for all of them */

struct receiver {
	struct exchange *x;
	struct upload *up;       /* NULL: the file has not begun */
	struct slice said, title; /* type and name as announced; empty: as this request says */
	size_t max;
	int64_t deadline, n_read;
	char name[FILENAME_MAX_BYTES];
	size_t n_name;
	bool in_file;
	struct multipart form;
	char piece[PIECE];
};

static void take_name(struct receiver *r, struct slice name)
{
	r->n_name = name.n < sizeof(r->name) ? name.n : sizeof(r->name);
	if (name.n)
		memcpy(r->name, name.p, r->n_name);
}

static struct slice name_of(const struct receiver *r)
{
	return slice_mem(r->name, r->n_name);
}

WAITS static enum rc begin_file(struct receiver *r, struct slice said, struct err *e)
{
	struct upload_is is = {.said = r->said.n ? r->said : said, .name = r->title.n ? r->title : name_of(r), .max = r->max};

	return upload_begin(r->x->app->files, &is, r->x->arena, &r->up, e);
}

/* RC_OK with *got 0: the body is over. Some servers say so too when the client has left. */
WAITS static enum rc read_piece(struct receiver *r, size_t *got, struct err *e)
{
	struct request *req = r->x->req;
	int64_t idle = io_in(r->x->app->io, IDLE_US);

	if (req->ops->read(req, r->piece, PIECE, got, idle < r->deadline ? idle : r->deadline, e) != RC_OK) {
		if (e->rc == RC_TIMEOUT)
			e->http = 408; /* who is late is who asks */
		return e->rc;
	}
	r->n_read += (int64_t)*got;
	if (*got == 0 && r->n_read < req->content_length)
		return err_tell(e, RC_BAD, "The upload was broken off.");
	return RC_OK;
}

static enum rc too_large(const struct receiver *r, struct err *e)
{
	return err_tell(e, RC_TOO_LARGE, "The file is larger than %zu bytes.", r->max);
}

/* ---- bare ---- */

/* ?name= or Content-Disposition. */
static void find_name(struct receiver *r)
{
	struct buf name = BUF_INIT(FILENAME_MAX_BYTES), raw = BUF_INIT(4096);
	struct disposition d;
	struct slice coded;
	bool twice = false;

	if (url_query(r->x->req->query, S("name"), &coded, &twice) && !twice && url_decode(&raw, coded, true))
		filename_clean(&name, buf_slice(&raw));
	else if (disposition_read(request_header(r->x->req, "CONTENT_DISPOSITION"), &d))
		disposition_filename(&name, &d, NULL);
	else
		buf_adds(&name, "file");
	take_name(r, buf_slice(&name));
	buf_release(&name);
	buf_release(&raw);
}

WAITS static enum rc receive_bare(struct receiver *r, struct err *e)
{
	size_t got;

	find_name(r);
	if (begin_file(r, r->x->req->content_type, e) != RC_OK)
		return e->rc;
	for (;;) {
		if (read_piece(r, &got, e) != RC_OK)
			return e->rc;
		if (got == 0)
			return RC_OK;
		if (upload_write(r->up, slice_mem(r->piece, got), e) != RC_OK)
			return e->rc;
	}
}

/* ---- a form ---- */

WAITS static enum rc form_event(struct receiver *r, enum multipart_got got, const struct multipart_event *ev, struct err *e)
{
	switch (got) {
	case MULTIPART_PART:
		r->in_file = slice_is(ev->name, "file");
		if (!r->in_file)
			return RC_OK;
		if (r->up)
			return err_tell(e, RC_BAD, "The form has more than one field 'file': send one file at a time.");
		take_name(r, ev->filename);
		return begin_file(r, ev->type, e);
	case MULTIPART_DATA:
		return r->in_file ? upload_write(r->up, ev->data, e) : RC_OK;
	case MULTIPART_PART_END:
		r->in_file = false;
		return RC_OK;
	case MULTIPART_BAD:
		return err_tell(e, RC_BAD, "%s", r->form.why);
	case MULTIPART_MORE:
	case MULTIPART_LAST:
		break;
	}
	return RC_OK;
}

WAITS static enum rc form_piece(struct receiver *r, struct slice bytes, struct err *e)
{
	struct multipart_event ev;
	enum multipart_got got;

	multipart_feed(&r->form, bytes);
	while ((got = multipart_next(&r->form, &ev)) != MULTIPART_MORE)
		if (form_event(r, got, &ev, e) != RC_OK)
			return e->rc;
	return RC_OK;
}

WAITS static enum rc receive_form(struct receiver *r, struct err *e)
{
	struct slice boundary;
	size_t got;

	if (!multipart_boundary(r->x->req->content_type, &boundary))
		return err_tell(e, RC_BAD, "Content-Type: expected multipart/form-data with a boundary");
	multipart_init(&r->form, boundary);
	for (;;) {
		if (read_piece(r, &got, e) != RC_OK)
			return e->rc;
		if (got == 0)
			break;
		if ((uint64_t)r->n_read > r->max + FORM_MAX)
			return too_large(r, e);
		if (form_piece(r, slice_mem(r->piece, got), e) != RC_OK)
			return e->rc;
	}
	if (!multipart_end(&r->form))
		return err_tell(e, RC_BAD, "%s", r->form.why);
	return r->up ? RC_OK : err_tell(e, RC_BAD, "The form has no field 'file'.");
}

/* ---- either ---- */

/* All of the file is on the disk, without a name there. */
WAITS static enum rc receive(struct receiver *r, struct err *e)
{
	const struct request *req = r->x->req;
	bool form = multipart_is(req->content_type);

	if (req->content_length > 0 && (uint64_t)req->content_length > r->max + (form ? FORM_MAX : 0))
		return too_large(r, e);
	if ((form ? receive_form(r, e) : receive_bare(r, e)) != RC_OK)
		return e->rc;
	return upload_seal(r->up, e);
}

/* About half of the requests beside the streams, before any side effect: where a server passes bodies on as they come, slow ones hold no health check up. */
static enum rc receiver_new(struct exchange *x, struct slice said, struct slice title, size_t max, struct receiver **out, struct err *e)
{
	struct receiver *r;

	if (x->app->files->uploads > x->app->conf->cheap_share / 2) {
		err_set(e, RC_BUSY, "%zu uploads are under way already", x->app->files->uploads);
		e->retry_after_s = 5;
		return e->rc;
	}
	x->app->files->uploads++;
	r = *out = xalloc(sizeof(*r));
	r->x = x;
	r->said = said;
	r->title = title;
	r->max = max;
	r->deadline = io_in(x->app->io, WHOLE_US);
	return RC_OK;
}

WAITS static void receiver_free(struct receiver *r)
{
	r->x->app->files->uploads--;
	upload_end(r->up);
	free(r);
}

/* What is packed, or a part, would be kept as if it were the file. */
static enum rc check_whole(const struct request *r, struct err *e)
{
	struct slice coding = slice_trim(request_header(r, "CONTENT_ENCODING"));

	if (request_header(r, "CONTENT_RANGE").n)
		return err_tell(e, RC_BAD, "Content-Range: a file is sent whole");
	if (coding.n && !slice_eq_nocase(coding, S("identity")))
		return err_tell(e, RC_MEDIA, "Content-Encoding: files are taken as they are, not compressed");
	return RC_OK;
}

static enum rc may_upload(struct exchange *x, struct err *e)
{
	if (!x->app->files)
		return err_tell(e, RC_FORBIDDEN, "This server takes no files.");
	if (check_whole(x->req, e) != RC_OK)
		return e->rc;
	if (x->who.kind == WHO_USER || request_header(x->req, "ORIGIN").n || !slice_is(request_header(x->req, "SEC_FETCH_SITE"), "cross-site"))
		return RC_OK;
	err_set(e, RC_FORBIDDEN, "another site's page sends a file and no origin");
	return err_user(e, "This page may not use this service.");
}

WAITS static enum rc answer(struct exchange *x, const struct store_file *f, struct err *e)
{
	struct buf json = BUF_INIT(ANSWER_MAX), url = BUF_INIT(64 * 1024);
	struct jsonw w;

	files_url(x->app->files, files_base(x->arena, x->req, x->app->conf), x->who.owner, f->id, &url);
	jsonw_init(&w, &json);
	files_json(&w, f, SLICE_NONE, buf_slice(&url), SLICE_NONE);
	buf_release(&url);
	return exchange_answer(x, &json, e);
}

/* ---- at once ---- */

WAITS static enum rc new_row(struct exchange *x, struct receiver *r, struct store_file *f, struct err *e)
{
	*f = (struct store_file){.id = exchange_id(x, "atc_"), .name = name_of(r), .kind = FILE_UPLOAD};
	return upload_new(r->up, x->arena, x->who.owner, f, e);
}

enum rc op_upload(struct exchange *x, struct err *e)
{
	struct receiver *r;
	struct store_file f;
	enum rc rc;

	if (may_upload(x, e) != RC_OK || exchange_store(x, e) != RC_OK)
		return e->rc;
	if (receiver_new(x, SLICE_NONE, SLICE_NONE, x->app->conf->files.max_bytes, &r, e) != RC_OK)
		return e->rc;
	rc = receive(r, e);
	if (rc == RC_OK)
		rc = exchange_writer(x, e); /* what is refused makes nobody */
	if (rc == RC_OK)
		rc = new_row(x, r, &f, e);
	if (rc == RC_OK)
		rc = answer(x, &f, e);
	receiver_free(r);
	return rc;
}

/* ---- announced before ---- */

WAITS static enum rc announced_row(struct exchange *x, struct receiver *r, struct store_file *f, struct err *e)
{
	struct store_quota quota = files_quota(x->app->files);

	f->mime = r->up->mime;
	f->size = r->up->size;
	f->sha256 = slice_mem(r->up->sha256, SHA256_LEN);
	if (store_file_here(x->app->store, x->arena, x->who.owner, f->id, f->size, f->mime, f->sha256, &quota, e) == RC_CONFLICT)
		return err_user(e, "Another file was uploaded to this address.");
	return e->rc == RC_OK ? upload_place(r->up, x->arena, x->who.owner, f->id, e) : e->rc;
}

/* A file may be smaller than announced, but not larger: that was counted. */
WAITS static enum rc find_announced(struct exchange *x, struct store_file *f, struct err *e)
{
	struct slice id = arena_dup(x->arena, slice_from(x->req->path, strlen("/api/chat/attachments/")));

	if (x->who.kind == WHO_NOBODY || !file_id_ok(id))
		return err_set(e, RC_NOT_FOUND, "nobody announced this file");
	if (exchange_store(x, e) != RC_OK || store_files(x->app->store, x->arena, x->who.owner, &id, 1, f, e) != RC_OK)
		return e->rc;
	return f->kind == FILE_UPLOAD ? RC_OK : err_set(e, RC_NOT_FOUND, "not an upload");
}

enum rc op_upload_announced(struct exchange *x, struct err *e)
{
	size_t max = x->app->conf->files.max_bytes;
	struct receiver *r;
	struct store_file f;
	enum rc rc;

	if (may_upload(x, e) != RC_OK || find_announced(x, &f, e) != RC_OK)
		return e->rc;
	if (receiver_new(x, f.mime, f.name, (uint64_t)f.size < max ? (size_t)f.size : max, &r, e) != RC_OK)
		return e->rc;
	rc = receive(r, e);
	if (rc == RC_OK)
		rc = announced_row(x, r, &f, e);
	if (rc == RC_OK)
		rc = answer(x, &f, e);
	receiver_free(r);
	return rc;
}
