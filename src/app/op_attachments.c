/* SPDX-License-Identifier: MIT */
/* ChatKit's operations on attachments: announcing one, taking it back, its preview. */
#include "app/files_inner.h"
#include "app/inner.h"
#include "chatkit/request.h"
#include "wire/filename.h"
#include "wire/sniff.h"

/* Lower case, without parameters, in our spelling. */
static struct slice type_of(struct arena *a, struct slice s, struct slice name)
{
	struct slice type;

	slice_cut(s, ';', &type);
	return sniff_type_named(arena_lower(a, slice_trim(type)), filename_extension(name));
}

static enum rc check_announced(struct exchange *x, const struct ck_announced *an, struct slice type, struct err *e)
{
	struct files *f = x->app->files;

	if (sniff_kind_of(type) != SNIFF_OPEN && !files_takes(f, type))
		return err_tell(e, RC_MEDIA, "params.mime_type: files of the type %.*s are not accepted here", SLICE_ARG(slice_upto(type, 100)));
	if (an->size <= 0)
		return err_tell(e, RC_BAD, "params.size: a file cannot be empty");
	if ((uint64_t)an->size > x->app->conf->files.max_bytes)
		return err_tell(e, RC_TOO_LARGE, "params.size: a file may have %zu bytes", x->app->conf->files.max_bytes);
	return RC_OK;
}

WAITS static enum rc answer(struct exchange *x, const struct store_file *f, struct err *e)
{
	struct buf json = BUF_INIT(ANSWER_MAX), url = BUF_INIT(64 * 1024), upload = BUF_INIT(64 * 1024);
	struct slice base = files_base(x->arena, x->req, x->app->conf);
	struct jsonw w;

	files_url(x->app->files, base, x->who.owner, f->id, &url);
	files_upload_url(&upload, base, f->id);
	jsonw_init(&w, &json);
	files_json(&w, f, SLICE_NONE, buf_slice(&url), buf_slice(&upload));
	buf_release(&url);
	buf_release(&upload);
	return exchange_answer(x, &json, e);
}

WAITS static enum rc create(struct exchange *x, const struct ck_announced *an, struct err *e)
{
	struct store_quota quota = files_quota(x->app->files);
	struct buf name = BUF_INIT(FILENAME_MAX_BYTES);
	struct store_file f = {.state = FILE_NEW, .kind = FILE_UPLOAD, .size = an->size, .mime = type_of(x->arena, an->mime_type, an->name)};

	if (check_announced(x, an, f.mime, e) != RC_OK || exchange_writer(x, e) != RC_OK)
		return e->rc;
	filename_clean(&name, an->name);
	f.name = arena_dup(x->arena, buf_slice(&name));
	buf_release(&name);
	f.id = exchange_id(x, "atc_");
	if (store_file_new(x->app->store, x->arena, x->who.owner, &f, &quota, e) != RC_OK)
		return e->rc;
	return answer(x, &f, e);
}

/* The row says first that it is gone, so that nobody begins to use what is being deleted. */
WAITS static enum rc delete(struct exchange *x, struct slice id, struct err *e)
{
	if (store_file_drop(x->app->store, x->arena, x->who.owner, id, e) == RC_CONFLICT)
		return err_user(e, "This file is part of a conversation. It goes when the conversation is deleted.");
	if (e->rc != RC_OK)
		return e->rc;
	(void)files_erase(x->app->files, x->arena, x->who.owner, id);
	exchange_reply(x, 200, S("{}"));
	return RC_OK;
}

WAITS static enum rc get_preview(struct exchange *x, struct slice id, struct err *e)
{
	struct buf json = BUF_INIT(ANSWER_MAX), url = BUF_INIT(64 * 1024);
	struct store_file f;
	struct jsonw w;

	if (store_files(x->app->store, x->arena, x->who.owner, &id, 1, &f, e) != RC_OK)
		return e->rc;
	files_url(x->app->files, files_base(x->arena, x->req, x->app->conf), x->who.owner, f.id, &url);
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_kstr(&w, "preview_url", buf_slice(&url));
	jsonw_end(&w);
	buf_release(&url);
	return exchange_answer(x, &json, e);
}

enum rc op_attachments(struct exchange *x, const struct ck_request *r, struct err *e)
{
	if (!x->app->files)
		return err_tell(e, RC_FORBIDDEN, "This server takes no files.");
	if (r->op == CK_ATTACHMENTS_CREATE)
		return create(x, &r->announced, e);
	if (x->who.kind == WHO_NOBODY || !file_id_ok(r->attachment_id))
		return err_set(e, RC_NOT_FOUND, "no such attachment");
	if (exchange_store(x, e) != RC_OK)
		return e->rc;
	return r->op == CK_ATTACHMENTS_DELETE ? delete(x, r->attachment_id, e) : get_preview(x, r->attachment_id, e);
}
