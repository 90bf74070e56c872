/* SPDX-License-Identifier: MIT */
/*
 * Which path a request means. Every web server tells it differently; this is the only place that knows. Pure: no libfcgi, no I/O.
 *
 * REQUEST_URI is what the client asked for, coded, and every server we know sends it whatever it rewrote meanwhile; so it decides. A server without it
 * (it is not in RFC 3875) is asked for SCRIPT_NAME + PATH_INFO, which it has decoded. Either way base_path is taken off: what does not lie below it is
 * not ours.
 */
#ifndef FCGI_PATH_H
#define FCGI_PATH_H

#include "base/arena.h"
#include "base/err.h"

struct path_from {
	struct slice request_uri;            /* REQUEST_URI: "/chat/api/x?y=1", or absolute: "http://host/chat/api/x" */
	struct slice script_name, path_info; /* used when it is empty */
	struct slice base_path;              /* "/chat", or empty: the root */
};

/*
 * *out begins with "/" and is decoded once; memory from a. RC_BAD for what could mean two things to two readers: dot segments, "//", a coded slash or
 * NUL or other control byte, a broken escape, no leading slash. RC_NOT_FOUND when it is not below base_path; RC_TOO_LARGE for what a does not hold.
 */
enum rc path_derive(struct arena *a, const struct path_from *from, struct slice *out, struct err *e) MUSTCHECK;

#endif
