/* SPDX-License-Identifier: MIT */
#include "app/upload.h"

#include <stdlib.h>

#include "base/log.h"
#include "wire/filename.h"
#include "wire/media.h"

/* What was not said is known after the first bytes. */
static enum rc check_type(struct upload *u, struct err *e)
{
	if (u->mime.n)
		return RC_OK;
	u->mime = sniff_found(&u->sniff);
	if (u->mime.n == 0 || u->any || files_takes(u->f, u->mime))
		return RC_OK;
	return err_tell(e, RC_MEDIA, "Files of the type %.*s are not accepted here.", SLICE_ARG(slice_upto(u->mime, 100)));
}

/* Lower case and without parameters; what cannot be read was not said. */
static struct slice type_of(struct arena *a, struct slice said)
{
	struct media m;

	return media_parse(said, &m) ? arena_lower(a, m.type) : SLICE_NONE;
}

enum rc upload_begin(struct files *f, const struct upload_is *is, struct arena *a, struct upload **out, struct err *e)
{
	struct upload *u = xalloc(sizeof(*u));

	u->f = f;
	u->max = is->max;
	u->any = is->any;
	sniff_init(&u->sniff, type_of(a, slice_upto(is->said, 200)), filename_extension(is->name));
	if (check_type(u, e) != RC_OK || file_begin(&f->dir, &u->w, e) != RC_OK) {
		free(u);
		return e->rc;
	}
	*out = u;
	return RC_OK;
}

enum rc upload_write(struct upload *u, struct slice bytes, struct err *e)
{
	if (bytes.n > u->max - file_written(u->w))
		return err_tell(e, RC_TOO_LARGE, "The file is larger than %zu bytes.", u->max);
	if (!sniff_feed(&u->sniff, bytes))
		return err_tell(e, RC_MEDIA, "%s", u->sniff.why);
	if (check_type(u, e) != RC_OK)
		return e->rc;
	return file_write(u->w, bytes, e);
}

enum rc upload_seal(struct upload *u, struct err *e)
{
	u->size = (int64_t)file_written(u->w);
	if (u->size == 0)
		return err_tell(e, RC_BAD, "The file is empty.");
	if (!sniff_end(&u->sniff))
		return err_tell(e, RC_MEDIA, "%s", u->sniff.why);
	if (check_type(u, e) != RC_OK)
		return e->rc;
	return file_seal(u->w, u->sha256, e);
}

enum rc upload_place(struct upload *u, struct arena *a, struct slice owner, struct slice id, struct err *e)
{
	struct log_ctx ctx = {.owner = owner};
	struct store_file row;
	struct err late = ERR_INIT;

	if (file_keep(u->w, id, e) != RC_OK)
		return e->rc;
	/* A database that does not answer now has said that the row is there. */
	if (store_files(u->f->store, a, owner, &id, 1, &row, &late) != RC_NOT_FOUND)
		return RC_OK;
	*e = late;
	if (file_delete(&u->f->dir, id, &late) != RC_OK)
		log_err(&ctx, "deleting a file", &late);
	return e->rc;
}

enum rc upload_new(struct upload *u, struct arena *a, struct slice owner, struct store_file *f, struct err *e)
{
	struct store_quota quota = files_quota(u->f);
	struct err ignored = ERR_INIT;

	f->mime = u->mime;
	f->size = u->size;
	f->sha256 = slice_mem(u->sha256, SHA256_LEN);
	f->state = FILE_HERE;
	if (store_file_new(u->f->store, a, owner, f, &quota, e) != RC_OK)
		return e->rc;
	if (upload_place(u, a, owner, f->id, e) == RC_OK)
		return RC_OK;
	if (store_file_drop(u->f->store, a, owner, f->id, &ignored) == RC_OK)
		(void)files_erase(u->f, a, owner, f->id);
	return e->rc;
}

void upload_end(struct upload *u)
{
	if (!u)
		return;
	file_end(u->w);
	free(u);
}
