/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin requests. Unset: the same origin only, and no CORS headers at all. Else an exact list; a listed origin is echoed, never "*", never "null";
 * Vary on every answer, errors and streams too. The preflight is answered before anybody is asked who they are.
 */
#ifndef APP_CORS_H
#define APP_CORS_H

#include "app/conf.h"
#include "app/request.h"

#define CORS_HEADERS_MAX 6
#define CORS_ASKED_MAX 1024 /* bytes of Access-Control-Request-Headers */

struct cors {
	struct reply_header h[CORS_HEADERS_MAX]; /* to send with whatever is answered */
	size_t n;
	bool allowed; /* the request's origin is listed */
};

/* Slices live as long as the request's arena and the configuration. */
void cors_of(struct request *r, const struct conf *c, struct cors *out);
/*
 * OPTIONS: 204, from whomever. A listed origin gets the methods GET, POST, PUT, OPTIONS, the headers that were asked for (at most 1 KiB of tokens, else
 * none), and Max-Age 7200; others get Allow only, which lets no browser on.
 */
void cors_preflight(struct request *r, const struct cors *c, struct reply *rep);
/* Is this the origin that the request itself came to (scheme, host, port), or conf's public_url? Default ports are the same as none; "null" never is. */
bool cors_is_own(const struct request *r, const struct conf *c, struct slice origin);

#endif
