/* SPDX-License-Identifier: MIT */
/* Media types (RFC 9110, 8.3.1), parsed exactly: "text/plain; x=application/json" is text/plain. Pure. */
#ifndef WIRE_MEDIA_H
#define WIRE_MEDIA_H

#include "base/slice.h"

struct media {
	struct slice type; /* "application/json" as written, compare without case */
	struct slice charset; /* without its quotes; empty if none */
};

/* false for anything that is not type "/" subtype *( ";" [ name "=" value ] ), that holds a comma (two headers joined), or that names two charsets. */
bool media_parse(struct slice s, struct media *out) MUSTCHECK;
/* application/json, with no charset or charset=utf-8. */
bool media_is_json(struct slice s);

#endif
