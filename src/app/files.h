/* SPDX-License-Identifier: MIT */
/*
 * Attachments: what people send along with their words, and images that a model made. Bytes lie in state_dir (io/file.h), rows in the store; the two are
 * changed in such an order that a crash leaves at most a row without bytes or bytes with a row that the sweep looks at, never bytes that nobody knows.
 *
 * A file is read by its address: signed, short-lived, and made anew whenever something that names the file is shown. Stored JSON therefore holds no
 * address but a placeholder, "chatkit-file:ID" as the value of a member "preview_url" or "url", and files_splice puts addresses in on every way out.
 * The bytes "preview_url":"chatkit-file: cannot stand inside a JSON string, whose quotes are escaped, so that nobody's text is taken for one.
 */
#ifndef APP_FILES_H
#define APP_FILES_H

#include "app/conf.h"
#include "app/request.h"
#include "store/store.h"
#include "talk/message.h"
#include "talk/tool.h"

#define FILES_IMAGE_MAX ((size_t)10 * 1024 * 1024) /* bytes of an image that a model is shown */
#define FILES_PDF_MAX ((size_t)15 * 1024 * 1024)   /* of a PDF: in base64 all that goes along with one request (agent.c) */
#define FILES_TEXT_MAX ((size_t)200 * 1024)        /* of a text: more is cut, and the model is told */

struct files;
struct store_file; /* store/files.h */

/* NULL when conf does not offer attachments (conf->files.offered). All arguments outlive it. */
struct files *files_new(struct arena *a, struct io *io, const struct conf *c, struct store *s);
/* The task that deletes what nobody refers to. NULL is fine, here and wherever it says so. */
void files_start(struct files *f);
WAITS void files_stop(struct files *f);

/* ---- addresses ---- */
/* Where people reach us, without a trailing slash: conf's public_url, else the request's scheme and host; then base_path. In the arena. */
struct slice files_base(struct arena *a, const struct request *r, const struct conf *c);
/* base/api/chat/files/ID?... good for conf's link_us; the same for some minutes, so that browsers need not fetch it again. */
void files_url(const struct files *f, struct slice base, struct slice owner, struct slice id, struct buf *out);
/*
 * json with an address for each placeholder, appended to out. Without placeholders json itself is appended, after one search. f may be NULL: then each
 * becomes "".
 */
void files_splice(const struct files *f, struct slice base, struct slice owner, struct slice json, struct buf *out);
/* Is there anything to splice? */
bool files_in(struct slice json);

/* ---- in messages ---- */
/*
 * Can it be sent along? Its row says so, but its bytes come after the row: a process that ended between the two, or a disk that took no more, left a row that
 * the same upload again makes good, or the sweep takes. RC_NOT_FOUND: they are not there.
 */
WAITS enum rc files_there(struct files *f, struct slice id, struct err *e) MUSTCHECK;
/* ChatKit's attachments of a user message, as they are stored: a JSON array, with placeholders. */
void files_attach(struct buf *out, const struct store_file *f, size_t n, struct slice thread_id);
/*
 * For a model: p is a PART_FILE with file_id. An image or a PDF becomes base64 in p->data, a text p->text, its end cut off with a note when it is long; what is
 * too large a sentence in p->text that says so. p is left as it is when there is no such file (any more), or nothing in it that a model reads. All in a. ctx
 * is the struct files, NULL is fine. RC_TOO_LARGE: a is full; RC_DB, RC_INTERNAL: p is as it was.
 */
WAITS enum rc files_load(void *ctx, const struct caller *who, struct part *p, struct arena *a, struct err *e);
/*
 * An image that a model made becomes a file that no conversation uses yet: the batch that stores what shows it names it (store.h). Its type is what its bytes
 * are, whatever mime says; base64 may hold line breaks. RC_PROTO: it is no image that is shown here, or too large. RC_RATE: over quota. RC_NOT_FOUND: ctx, the
 * struct files, is NULL.
 */
WAITS enum rc files_put_image(void *ctx, struct slice owner, struct slice mime, struct slice base64, struct arena *a, struct slice *id,
			      struct err *e) MUSTCHECK;

#endif
