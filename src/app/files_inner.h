/* SPDX-License-Identifier: MIT */
/* What the files_*.c, upload.c and the routes of attachments share. Nobody outside src/app/ includes this. */
#ifndef APP_FILES_INNER_H
#define APP_FILES_INNER_H

#include "app/files.h"
#include "io/file.h"
#include "store/files.h"
#include "wire/jsonw.h"

struct files {
	struct io *io;
	const struct conf *conf;
	struct store *store;
	struct filedir dir;
	unsigned char keys[2][32]; /* of links: the secret's, the old secret's */
	size_t n_keys;
	size_t uploads;            /* under way */
	struct task *task;
	struct io_event wake;
	bool stop;
};

/* files_url.c */
/* What the query of a file's address says, when it was signed by us for this id and is not over: the owner, in the arena, and when it is over. */
bool files_signed(const struct files *f, struct slice id, struct slice query, struct arena *a, struct slice *owner, int64_t *until_s) MUSTCHECK;
/* base/api/chat/attachments/ID */
void files_upload_url(struct buf *out, struct slice base, struct slice id);

/* files.c */
/* conf's list names this media type. */
bool files_takes(const struct files *f, struct slice type) MUSTCHECK;
struct store_quota files_quota(const struct files *f);
/* Is its address shown, because a browser can show it? */
bool files_is_image(struct slice type);
/* The bytes and the row of a file that is GONE. false: logged, and the sweep finds what stays. */
WAITS bool files_erase(struct files *f, struct arena *a, struct slice owner, struct slice id);

/* One attachment as ChatKit has it. preview: the value of preview_url, for images; upload: of upload_descriptor.url, empty: it is here. */
void files_json(struct jsonw *w, const struct store_file *f, struct slice thread_id, struct slice preview, struct slice upload);

#endif
