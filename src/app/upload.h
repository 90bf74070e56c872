/* SPDX-License-Identifier: MIT */
/*
 * One file on its way in: its bytes go to the disk as they come, counted, hashed, and looked at. What it takes of memory does not depend on its size. The
 * order that leaves no bytes that nobody knows: all bytes under a name of chance (upload_seal), then the row, then the name (upload_place).
 */
#ifndef APP_UPLOAD_H
#define APP_UPLOAD_H

#include "app/files_inner.h"
#include "wire/sniff.h"

struct upload {
	struct files *f;
	struct file_writer *w;
	struct sniff sniff;
	size_t max;
	bool any;                /* whatever conf's list says */
	/* after upload_seal */
	int64_t size;
	struct slice mime;       /* what it is */
	unsigned char sha256[SHA256_LEN];
};

struct upload_is {
	struct slice said;       /* the media type as it was told, or empty */
	struct slice name;       /* cleaned (wire/filename.h) */
	size_t max;              /* bytes */
	bool any;                /* its type need not be on conf's list: nobody uploads it */
};

/* RC_MEDIA: this type is not taken. In the heap (1 KiB): upload_end on every path after RC_OK. */
WAITS enum rc upload_begin(struct files *f, const struct upload_is *is, struct arena *a, struct upload **out, struct err *e) MUSTCHECK;
/* RC_TOO_LARGE, RC_MEDIA (it is not what was said), RC_BUSY (no room). */
WAITS enum rc upload_write(struct upload *u, struct slice bytes, struct err *e) MUSTCHECK;
/* All is there. RC_BAD: it is empty. */
WAITS enum rc upload_seal(struct upload *u, struct err *e) MUSTCHECK;
/*
 * Its row is there, with this hash: now it can be read under its id. Looks at the row again, for who took it back meanwhile found no bytes to delete:
 * RC_NOT_FOUND, and they are deleted.
 */
WAITS enum rc upload_place(struct upload *u, struct arena *a, struct slice owner, struct slice id, struct err *e) MUSTCHECK;
/*
 * A file that nobody announced: its row (of which the caller gives id, name and kind), HERE and within the quota, then its name. Neither stays when this fails;
 * what a kill leaves in between is the sweep's, for no conversation uses it yet.
 */
WAITS enum rc upload_new(struct upload *u, struct arena *a, struct slice owner, struct store_file *f, struct err *e) MUSTCHECK;
WAITS void upload_end(struct upload *u); /* NULL is fine */

#endif
