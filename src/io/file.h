/* SPDX-License-Identifier: MIT */
/*
 * Files of our own, written and read beside the loop: each call that touches the disk runs on a helper thread (io_offload) while the task is parked, so
 * that a slow disk holds nobody up. What is under way lies in DIR/tmp under a name of chance; what is whole stands in DIR/files/xx/ID, where xx are two
 * letters of the id, so that no folder grows without bound. Folders are 0700, files 0600; nothing is followed that is a symbolic link in its last part.
 *
 * A file is whole or not there: its bytes are synced before it gets its name. A writer's memory is one buffer of FILE_PIECE, whatever the file's size.
 * Works alike on both seams. A call on the disk cannot be stopped once begun (io_offload); it is as long as the disk takes for one piece.
 *
 * Failures: RC_BUSY with HTTP 507 and a sentence for the person when the disk or its quota is full, or as full as it may get; RC_INTERNAL for whatever
 * else the machine says, its words in msg.
 */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/crypto.h"
#include "io/io.h"

#define FILE_PIECE ((size_t)64 * 1024)
#define FILE_ID_MAX 64 /* bytes of an id: letters, digits, "_" and "-" */

struct filedir {
	struct io *io;
	struct slice path;  /* absolute; outlives it. Made when the first file is written */
	uint64_t keep_free; /* bytes of its disk that are left to others: with less than that free it counts as full */
};

/* ---- writing ---- */
struct file_writer;
/* A file under way, its writer in the heap: file_end on every path. */
WAITS enum rc file_begin(struct filedir *d, struct file_writer **out, struct err *e) MUSTCHECK;
/* bytes are copied; waits for the disk when a piece is full. After a failure each further call gives it again. */
WAITS enum rc file_write(struct file_writer *w, struct slice bytes, struct err *e) MUSTCHECK;
/* What was written so far. */
uint64_t file_written(const struct file_writer *w);
/* No more comes: the rest to the disk, synced; the hash of all of it. Then only file_keep and file_end. */
WAITS enum rc file_seal(struct file_writer *w, unsigned char hash[SHA256_LEN], struct err *e) MUSTCHECK;
/* After file_seal: gives it its name, durably. One that stands there already is replaced: who gives two files one id made sure that they are the same. */
WAITS enum rc file_keep(struct file_writer *w, struct slice id, struct err *e) MUSTCHECK;
/* Frees; what was not kept is deleted. NULL is fine. */
WAITS void file_end(struct file_writer *w);

/* ---- reading ---- */
struct file_reader;
/* RC_NOT_FOUND; *size is the file's. file_close on every path after RC_OK. */
WAITS enum rc file_open(struct filedir *d, struct slice id, struct file_reader **out, uint64_t *size, struct err *e) MUSTCHECK;
/* At most size bytes from at on; *got is less only at the file's end. */
WAITS enum rc file_read(struct file_reader *r, uint64_t at, char *p, size_t size, size_t *got, struct err *e) MUSTCHECK;
WAITS void file_close(struct file_reader *r); /* NULL is fine */

/* ---- deleting ---- */
/* RC_OK also when there was none. */
WAITS enum rc file_delete(struct filedir *d, struct slice id, struct err *e) MUSTCHECK;
/* What a process that was killed left under way: files in DIR/tmp that nobody wrote to for age_s. *n: how many are gone now. */
WAITS enum rc file_sweep(struct filedir *d, int64_t age_s, size_t *n, struct err *e) MUSTCHECK;

/* Not empty, at most FILE_ID_MAX bytes, of the id's alphabet: what may become a part of a path. */
bool file_id_ok(struct slice id);

#endif
