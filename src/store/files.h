/* SPDX-License-Identifier: MIT */
/*
 * Rows that tell of files: attachments that a person uploads, images that a model makes. The bytes are kept elsewhere (under owner and id); a row is there
 * before its bytes come, and until they are gone, so that no bytes are without a row: what nobody uses is found by store_files_sweep.
 *
 *     NEW       declared; its bytes are to come
 *     HERE      its bytes are kept whole, no conversation uses it
 *     USED      a thread's (struct batch, files)
 *     GONE      nobody's: its bytes are to be deleted, then its row (store_file_forget). Counts as missing
 *
 * A file becomes GONE by store_file_drop, by the sweep when it was NEW or HERE for too long, and with its thread, however that is deleted (a trigger: by an
 * older executable too, by hand, with its owner). Rows of files do not go with their owner's: a GONE or unused file of an owner who was deleted is swept as
 * any other. A file that was USED stays with its thread even when the items that showed it were cut off.
 *
 * All as store.h says: every function may be run again after an unknown outcome, ids being made before.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store/store.h"

enum file_state { FILE_NEW, FILE_HERE, FILE_USED, FILE_GONE };
enum file_kind { FILE_UPLOAD, FILE_IMAGE };

struct store_file {
	struct slice id, name, mime;
	struct slice thread_id;      /* USED: whose. Otherwise empty */
	struct slice sha256;         /* 32 bytes, or empty: not known (yet) */
	enum file_state state;
	enum file_kind kind;
	int64_t size;                /* bytes; as declared while NEW */
	int64_t created_us;          /* out only */
};

/* What one owner may have, of all that is not GONE. */
struct store_quota {
	int64_t max_count, max_bytes;
};

/*
 * A new file, NEW; or, when its bytes are kept already, HERE or USED (with thread_id: RC_NOT_FOUND when the owner has no such thread). The size counts
 * against q (NULL: no quota). RC_RATE, with a sentence for the person: over quota. RC_CONFLICT: another file stands under this id, or it is GONE again.
 */
WAITS enum rc store_file_new(struct store *s, struct arena *a, struct slice owner, const struct store_file *f, const struct store_quota *q, struct err *e);
/*
 * NEW becomes HERE, with what its bytes are: size, type, SHA-256 (32 bytes). The same again, also when it is USED by now: RC_OK; other bytes: RC_CONFLICT.
 * RC_RATE: over quota with this size; the row stays NEW. RC_NOT_FOUND: also when it was swept meanwhile; delete the bytes.
 */
WAITS enum rc store_file_here(struct store *s, struct arena *a, struct slice owner, struct slice id, int64_t size, struct slice mime, struct slice sha256,
			      const struct store_quota *q, struct err *e);
/* out has n places, filled in the order of ids. RC_NOT_FOUND names the first that is missing, foreign or GONE. */
WAITS enum rc store_files(struct store *s, struct arena *a, struct slice owner, const struct slice *ids, size_t n, struct store_file *out, struct err *e);
/* NEW or HERE becomes GONE. RC_CONFLICT: it is USED. RC_NOT_FOUND: missing, foreign, or GONE before. */
WAITS enum rc store_file_drop(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e);

struct swept {
	struct slice owner, id;
};
/*
 * Of all owners: what was NEW or HERE for longer than keep_us becomes GONE (at most max at a time), and GONE files, oldest first, are returned. Delete their
 * bytes, then forget them. Several processes may do it at once and be told of the same file.
 */
WAITS enum rc store_files_sweep(struct store *s, struct arena *a, int64_t keep_us, struct swept *out, size_t max, size_t *n, struct err *e);
/* Deletes the row of a GONE file whose bytes are deleted. RC_OK also when there is none; a row that is not GONE stays. */
WAITS enum rc store_file_forget(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e);
/* A GONE file whose bytes cannot be deleted now: the next sweep is told of all others first. */
WAITS enum rc store_file_later(struct store *s, struct arena *a, struct slice owner, struct slice id, struct err *e);

#endif
