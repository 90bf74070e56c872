/* SPDX-License-Identifier: MIT */
#include "app/files_inner.h"
#include "base/log.h"
#include "wire/sniff.h"

#define SWEEP_FIRST_US (5 * (int64_t)IO_SECOND) /* a start that is not slowed down */
#define SWEEP_PERIOD_US (180 * (int64_t)IO_SECOND)
#define SWEEP_ROWS 100
#define SWEEP_ROUNDS 50   /* of rows, before the next pause */
#define TMP_AGE_S 3600    /* an upload takes no hour */

static const char link_label[] = "chatkit link to a file";

struct files *files_new(struct arena *a, struct io *io, const struct conf *c, struct store *s)
{
	struct files *f;

	if (!c->files.offered || !s)
		return NULL;
	f = arena_new_of(a, struct files);
	*f = (struct files){.io = io, .conf = c, .store = s, .dir = {io, c->state_dir, c->files.keep_free}};
	hkdf(c->secret, link_label, f->keys[f->n_keys++]);
	if (c->secret_old.n)
		hkdf(c->secret_old, link_label, f->keys[f->n_keys++]);
	return f;
}

bool files_takes(const struct files *f, struct slice type)
{
	const struct conf_list *l = &f->conf->file_types;

	for (size_t i = 0; i < l->n; i++)
		if (slice_eq(sniff_type(l->v[i]), type))
			return true;
	return false;
}

struct store_quota files_quota(const struct files *f)
{
	const struct conf_files *c = &f->conf->files;

	return (struct store_quota){c->owner_count, (int64_t)c->owner_bytes};
}

bool files_is_image(struct slice type)
{
	return sniff_is_image(sniff_kind_of(type));
}

/* ---- as JSON ---- */

void files_json(struct jsonw *w, const struct store_file *f, struct slice thread_id, struct slice preview, struct slice upload)
{
	bool image = files_is_image(f->mime);

	jsonw_obj(w);
	jsonw_kcstr(w, "type", image ? "image" : "file");
	jsonw_kstr(w, "id", f->id);
	jsonw_kstr(w, "name", f->name);
	jsonw_kstr(w, "mime_type", f->mime);
	if (image)
		jsonw_kstr(w, "preview_url", preview);
	jsonw_kstr_opt(w, "thread_id", thread_id);
	if (upload.n) {
		jsonw_key(w, "upload_descriptor");
		jsonw_obj(w);
		jsonw_kstr(w, "url", upload);
		jsonw_kcstr(w, "method", "POST");
		jsonw_key(w, "headers");
		jsonw_obj(w);
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

void files_attach(struct buf *out, const struct store_file *f, size_t n, struct slice thread_id)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_arr(&w);
	for (size_t i = 0; i < n; i++) {
		char preview[sizeof("chatkit-file:") + FILE_ID_MAX];

		snprintf(preview, sizeof(preview), "chatkit-file:%.*s", SLICE_ARG(slice_upto(f[i].id, FILE_ID_MAX)));
		files_json(&w, &f[i], thread_id, slice_cstr(preview), SLICE_NONE);
	}
	jsonw_end(&w);
}

/* ---- what nobody refers to ---- */

bool files_erase(struct files *f, struct arena *a, struct slice owner, struct slice id)
{
	struct log_ctx ctx = {.owner = owner};
	struct err e = ERR_INIT;

	if (file_delete(&f->dir, id, &e) == RC_OK && store_file_forget(f->store, a, owner, id, &e) == RC_OK)
		return true;
	log_err(&ctx, "deleting a file", &e);
	return false;
}

/* true: there are more, and it gets on. */
WAITS static bool sweep_rows(struct files *f)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct swept *gone = arena_alloc(a, SWEEP_ROWS * sizeof(*gone));
	struct err e = ERR_INIT;
	size_t n = 0, erased = 0;

	if (store_ready(f->store, &e) != RC_OK || store_files_sweep(f->store, a, f->conf->files.keep_us, gone, SWEEP_ROWS, &n, &e) != RC_OK)
		log_err(NULL, "looking for files that nobody refers to", &e);
	for (size_t i = 0; i < n && !f->stop; i++) {
		if (files_erase(f, a, gone[i].owner, gone[i].id))
			erased++;
		else if (store_file_later(f->store, a, gone[i].owner, gone[i].id, &e) != RC_OK)
			log_err(NULL, "putting off a file", &e);
	}
	arena_free(a);
	return n == SWEEP_ROWS && erased;
}

WAITS static void sweep_once(struct files *f)
{
	struct err e = ERR_INIT;
	size_t n;

	for (size_t i = 0; i < SWEEP_ROUNDS && !f->stop; i++)
		if (!sweep_rows(f))
			break;
	if (file_sweep(&f->dir, TMP_AGE_S, &n, &e) != RC_OK)
		log_err(NULL, "looking for uploads that were broken off", &e);
	else if (n)
		log_line(LOG_WARN, NULL, "deleted %zu uploads that were broken off", n);
}

static void sweep_task(void *arg)
{
	struct files *f = arg;
	int64_t pause = SWEEP_FIRST_US;

	while (!f->stop) {
		if (io_event_wait(f->io, &f->wake, io_in(f->io, pause), NULL) == RC_TIMEOUT)
			sweep_once(f);
		pause = SWEEP_PERIOD_US;
	}
}

void files_start(struct files *f)
{
	if (f && !f->task)
		f->task = io_go(f->io, "files", sweep_task, f);
}

void files_stop(struct files *f)
{
	if (!f || !f->task)
		return;
	f->stop = true;
	io_event_set(f->io, &f->wake);
	io_join(f->task);
	f->task = NULL;
}
