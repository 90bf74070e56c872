/* SPDX-License-Identifier: MIT */
/*
 * The reading half of FastCGI 1.0 (specification sections 3.3, 5.1 to 5.4), pure: bytes in, bytes out.
 *
 * Why not libfcgi's: its reader keeps what it read ahead to itself, so that nobody can tell whether the next byte of a body is in its buffer or must be
 * waited for; a loop that asks poll first hangs, one that does not, blocks. So we find where a request's head ends, hand libfcgi exactly these bytes to
 * decode, and take the body apart ourselves.
 */
#ifndef FCGI_RECORD_H
#define FCGI_RECORD_H

#include "base/err.h"

#define RECORD_HEADER 8
#define RECORD_HEAD_MAX (64 * 1024) /* bytes of BEGIN_REQUEST and all PARAMS records: what a pipe holds */

enum record_type { RECORD_BEGIN = 1, RECORD_ABORT = 2, RECORD_PARAMS = 4, RECORD_STDIN = 5 };

/* Where a body's reader stands; record_head sets it before the first byte. */
struct record_body {
	unsigned id;
	unsigned char header[RECORD_HEADER];
	size_t n_header, content, padding; /* had of a header; left of a record */
	bool end;                          /* the empty STDIN record was seen */
};

/*
 * How many bytes of in make the head: BEGIN_REQUEST and the PARAMS records up to the header of the empty one, which is its last byte (padding that may
 * follow is the body's to skip). RC_OK and *n; RC_OK and *n == 0: not all here yet; RC_PROTO: this is no request, or one whose BEGIN_REQUEST is padded;
 * RC_TOO_LARGE: past RECORD_HEAD_MAX.
 */
enum rc record_head(struct slice in, size_t *n, struct record_body *body, struct err *e) MUSTCHECK;

/*
 * Takes bytes from the front of *in until size bytes of content stand in p, the body has ended, or *in is empty; *got is how many stand in p. RC_GONE when
 * the web server aborts the request, RC_PROTO.
 */
enum rc record_body(struct record_body *b, struct slice *in, char *p, size_t size, size_t *got, struct err *e) MUSTCHECK;

#endif
