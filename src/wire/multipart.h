/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data (RFC 7578, RFC 2046 5.1) as it comes: bytes in, parts out, whatever the bytes are cut at. Holds nothing of a part's content: what it
 * cannot decide yet is at most a boundary's length. Pure.
 *
 *     multipart_feed(&m, bytes);
 *     while ((got = multipart_next(&m, &ev)) != MULTIPART_MORE) ...
 *
 * and multipart_end() when there are no more bytes. Stricter than RFC 2046 where readers differ: lines end in CRLF, no header is folded, each part says
 * form-data and a name.
 */
#ifndef WIRE_MULTIPART_H
#define WIRE_MULTIPART_H

#include "wire/filename.h"

#define MULTIPART_BOUNDARY_MAX 70
#define MULTIPART_HEAD_MAX 4096    /* bytes of one part's headers */
#define MULTIPART_PARTS_MAX 32
#define MULTIPART_OUTSIDE_MAX 4096 /* bytes before the first boundary, and after the last */

enum multipart_got {
	MULTIPART_MORE,     /* feed on */
	MULTIPART_PART,     /* one begins: name, filename, type */
	MULTIPART_DATA,     /* data: of this part; lives until the next call of next or feed */
	MULTIPART_PART_END,
	MULTIPART_LAST,     /* the last boundary: what follows is passed over */
	MULTIPART_BAD,      /* m->why is a sentence for the person; sticky */
};

struct multipart_event {
	struct slice data;
	/* PART: live until it ends */
	struct slice name;     /* the field's */
	struct slice filename; /* cleaned (filename.h) */
	bool is_file;          /* a filename was given */
	struct slice type;     /* Content-Type as sent, or empty */
};

enum multipart_state { MULTIPART_IN_PREAMBLE, MULTIPART_IN_HEAD, MULTIPART_IN_DATA, MULTIPART_AFTER, MULTIPART_IN_EPILOGUE, MULTIPART_BROKEN };

struct multipart {
	enum multipart_state state;
	const char *why;
	struct slice in;
	char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CRLF "--" boundary */
	size_t n_delimiter, matched;
	bool dash, cr;      /* AFTER: what was seen */
	size_t n_parts, n_outside, n_padding;
	size_t n_head;
	char head[MULTIPART_HEAD_MAX];
	char name[FILENAME_MAX_BYTES + 1], filename[FILENAME_MAX_BYTES + 1];
};

/* Of a Content-Type: multipart/form-data with a boundary of 1 to 70 of RFC 2046's characters, quoted or not. Looks into s. false: not that. */
bool multipart_boundary(struct slice content_type, struct slice *boundary) MUSTCHECK;
/* Is this Content-Type multipart at all? */
bool multipart_is(struct slice content_type);
/* 5 KiB: better not on a stack that waits. boundary as above; copied. */
void multipart_init(struct multipart *m, struct slice boundary);
/* Only after MULTIPART_MORE (or init). bytes live until that comes again. */
void multipart_feed(struct multipart *m, struct slice bytes);
enum multipart_got multipart_next(struct multipart *m, struct multipart_event *ev) MUSTCHECK;
/* No more bytes: true when the last boundary was seen; else m->why says what is wrong. */
bool multipart_end(struct multipart *m) MUSTCHECK;

#endif
