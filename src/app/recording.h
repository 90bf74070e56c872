/* SPDX-License-Identifier: MIT */
/*
 * What an input.transcribe brings: {"type":"input.transcribe","params":{"audio_base64","mime_type"}}, megabytes of it. No tree: the members are picked while
 * the text is checked, and the sound is decoded where it stands. Pure, and work of a millisecond a megabyte or two: a helper's.
 */
#ifndef APP_RECORDING_H
#define APP_RECORDING_H

#include "base/buf.h"
#include "base/err.h"

#define RECORDING_MIME_MAX 100 /* bytes */

struct recording_in {
	char mime[RECORDING_MIME_MAX]; /* lower case, without parameters; one that transcribe_extension knows */
	size_t n_mime;
};

/*
 * body: the request's, then, when RC_OK, the sound alone, of one byte at least; else nothing of use. small: a body of more bytes may be nothing else, so
 * another type is RC_TOO_LARGE; a smaller one's type was looked at by the caller. RC_BAD names the path; RC_MEDIA.
 */
enum rc recording_read(struct buf *body, size_t small, struct recording_in *out, struct err *e) MUSTCHECK;

#endif
