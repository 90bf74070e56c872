/* SPDX-License-Identifier: MIT */
/* Files that a model reads, and images that it makes. */
#include <stdlib.h>

#include "app/upload.h"
#include "base/base64.h"
#include "wire/utf8.h"

#define THIRDS ((size_t)48 * 1024) /* bytes read at a time: whole groups of base64 */
#define QUARTERS ((size_t)64 * 1024)

enum rc files_there(struct files *f, struct slice id, struct err *e)
{
	struct file_reader *r;
	uint64_t size;

	if (file_open(&f->dir, id, &r, &size, e) != RC_OK)
		return e->rc;
	file_close(r);
	return RC_OK;
}

/* ---- what a model reads ---- */

/* All of it, at most max bytes, to p. */
WAITS static enum rc read_all(struct file_reader *r, char *p, size_t max, size_t *n, struct err *e)
{
	size_t got;

	for (*n = 0; *n < max; *n += got) {
		if (file_read(r, *n, p + *n, max - *n < FILE_PIECE ? max - *n : FILE_PIECE, &got, e) != RC_OK)
			return e->rc;
		if (got == 0)
			break;
	}
	return RC_OK;
}

WAITS static enum rc load_text(struct file_reader *r, uint64_t size, struct part *p, struct arena *a, struct err *e)
{
	static const char note[] = "\n[The file goes on: %llu bytes of %llu are shown.]";
	size_t max = size < FILES_TEXT_MAX ? (size_t)size : FILES_TEXT_MAX, n;
	char *text = arena_try(a, max + sizeof(note) + 40);
	struct slice shown;

	if (!text)
		return err_set(e, RC_TOO_LARGE, "no room for the text of a file");
	if (read_all(r, text, max, &n, e) != RC_OK)
		return e->rc;
	shown = slice_mem(text, n);
	if (n < size) {
		shown.n -= utf8_partial_tail(shown);
		shown.n += (size_t)snprintf(text + shown.n, sizeof(note) + 40, note, (unsigned long long)shown.n, (unsigned long long)size);
	}
	p->text = shown;
	return RC_OK;
}

WAITS static enum rc load_base64(struct file_reader *r, uint64_t size, struct part *p, struct arena *a, struct err *e)
{
	char *data = arena_try(a, base64_size((size_t)size)), *piece;
	size_t n = 0, at = 0, got = THIRDS;
	enum rc rc = RC_OK;

	if (!data)
		return err_set(e, RC_TOO_LARGE, "no room for a file");
	piece = xalloc(THIRDS);
	while (rc == RC_OK && at < size && got == THIRDS) {
		rc = file_read(r, at, piece, size - at < THIRDS ? (size_t)(size - at) : THIRDS, &got, e);
		if (rc == RC_OK)
			n += base64_encode(data + n, slice_mem(piece, got));
		at += got;
	}
	free(piece);
	if (rc == RC_OK)
		p->data = slice_mem(data, n);
	return rc;
}

static bool is_text(struct slice mime)
{
	return sniff_kind_of(mime) == SNIFF_TEXT;
}

WAITS static enum rc load_open(struct file_reader *r, uint64_t size, struct slice mime, struct part *p, struct arena *a, struct err *e)
{
	bool pdf = slice_is(mime, "application/pdf");

	if (is_text(mime))
		return load_text(r, size, p, a, e);
	if (size > (pdf ? FILES_PDF_MAX : FILES_IMAGE_MAX)) {
		p->text = arena_printf(a, "(This file cannot be shown: its %llu bytes are too many.)", (unsigned long long)size);
		return RC_OK;
	}
	return load_base64(r, size, p, a, e);
}

enum rc files_load(void *ctx, const struct caller *who, struct part *p, struct arena *a, struct err *e)
{
	struct files *f = ctx;
	struct file_reader *r;
	struct store_file row;
	uint64_t size;
	enum rc rc;

	if (!f || !file_id_ok(p->file_id))
		return RC_OK;
	rc = store_files(f->store, a, who->owner, &p->file_id, 1, &row, e);
	if (rc == RC_OK && !files_is_image(row.mime) && !is_text(row.mime) && !slice_is(row.mime, "application/pdf"))
		return RC_OK;
	if (rc == RC_OK)
		rc = file_open(&f->dir, p->file_id, &r, &size, e);
	if (rc != RC_OK)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = load_open(r, size, row.mime, p, a, e);
	if (rc == RC_OK)
		p->mime = arena_dup(a, row.mime);
	file_close(r);
	return rc;
}

/* ---- what a model makes ---- */

static enum rc no_image(struct err *e)
{
	return err_set(e, RC_PROTO, "the model's image is not base64");
}

/* Whole groups of base64 from *in into to, which has room for QUARTERS; line breaks are left out. */
static size_t take_groups(struct slice *in, char *to)
{
	size_t n = 0, i = 0;

	for (; i < in->n && n < QUARTERS; i++)
		if (!memchr("\r\n \t", in->p[i], 4))
			to[n++] = in->p[i];
	*in = slice_from(*in, i);
	return n;
}

WAITS static enum rc write_image(struct upload *u, struct slice base64, struct err *e)
{
	char *piece = xalloc(QUARTERS);
	size_t n = QUARTERS / 4 * 3, got;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (base64 = slice_trim(base64)).n) {
		/* Padding in the middle is no end of a piece. */
		if (n != QUARTERS / 4 * 3)
			rc = no_image(e);
		got = take_groups(&base64, piece);
		if (rc == RC_OK && !base64_decode(piece, slice_mem(piece, got), &n))
			rc = no_image(e);
		if (rc == RC_OK)
			rc = upload_write(u, slice_mem(piece, n), e);
	}
	free(piece);
	return rc == RC_OK ? upload_seal(u, e) : rc;
}

WAITS static enum rc image_row(struct upload *u, struct slice owner, struct arena *a, struct slice *id, struct err *e)
{
	struct id made = id_new(io_env(u->f->io), "img_");
	struct store_file row = {
		.id = arena_dup(a, id_slice(&made)),
		.name = arena_printf(a, "image.%.*s", SLICE_ARG(slice_from(u->mime, strlen("image/")))),
		.kind = FILE_IMAGE,
	};

	*id = row.id;
	return upload_new(u, a, owner, &row, e);
}

enum rc files_put_image(void *ctx, struct slice owner, struct slice mime, struct slice base64, struct arena *a, struct slice *id, struct err *e)
{
	struct upload_is is = {.name = S("image"), .max = FILES_IMAGE_MAX, .any = true};
	struct files *f = ctx;
	struct upload *u;
	enum rc rc;

	(void)mime; /* providers err in it; the bytes do not */
	if (!f)
		return err_set(e, RC_NOT_FOUND, "files are not offered: the model's image has no place");
	if (upload_begin(f, &is, a, &u, e) != RC_OK)
		return e->rc;
	rc = write_image(u, base64, e);
	if (rc == RC_OK && !files_is_image(u->mime))
		rc = err_set(e, RC_MEDIA, "'%.*s' is no image", SLICE_ARG(slice_upto(u->mime, 60)));
	if (rc == RC_OK)
		rc = image_row(u, owner, a, id, e);
	upload_end(u);
	if (rc == RC_BAD || rc == RC_MEDIA || rc == RC_TOO_LARGE) {
		e->rc = RC_PROTO;
		return err_wrap(e, "the model's image");
	}
	return rc;
}
