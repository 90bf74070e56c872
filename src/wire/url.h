/* SPDX-License-Identifier: MIT */
/* URLs (RFC 3986), only what we need: percent coding, query strings, and taking an absolute URL apart. Pure. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include "base/arena.h"
#include "base/buf.h"

struct url {
	struct slice scheme; /* lower case is the caller's work: as written */
	struct slice user, password; /* still percent-coded */
	struct slice host;   /* without brackets; may be empty, or a comma list (for databases), which keeps its ports */
	struct slice port;   /* 1 to 65535, or empty */
	struct slice path;   /* with its leading slash, or empty */
	struct slice query;  /* without "?" */
	struct slice fragment;
};

/*
 * scheme "://" authority path ? query # fragment; false when it is not that, or holds blanks, control bytes or a backslash (which browsers read as a
 * slash), or its authority could be read in two ways (a second "@", a colon in a host without brackets). Slices look into s.
 */
bool url_parse(struct slice s, struct url *out) MUSTCHECK;
/* "%41" and, when plus is set, "+" decoded; false, and nothing added, for a broken escape, a NUL, or a result that is not UTF-8. */
bool url_decode(struct buf *out, struct slice s, bool plus) MUSTCHECK;
/* Everything but unreserved characters is escaped. */
void url_encode(struct buf *out, struct slice s);
/* The value of name in a query string, still coded (names are compared decoded, "+" as a blank); a second one of that name sets *twice. false: not
 * there. */
bool url_query(struct slice query, struct slice name, struct slice *value, bool *twice) MUSTCHECK;

#endif
