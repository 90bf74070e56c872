/* SPDX-License-Identifier: MIT */
/*
 * A streaming JSON writer onto a buf: a scope stack and a sticky fault, so that callers write straight on. Compact: no blanks, no newline, UTF-8
 * unescaped except what JSON must escape; bad UTF-8 becomes U+FFFD; "/" is not escaped. A keyless value inside an object, a key outside one, or an
 * end without a begin is a fault of the programmer's (CHECK). Allocates nothing of its own.
 */
#ifndef WIRE_JSONW_H
#define WIRE_JSONW_H

#include "base/buf.h"

#define JSONW_DEPTH_MAX 32

struct jsonw {
	struct buf *out;
	uint32_t is_object; /* one bit a level */
	uint32_t has_some;  /* one bit a level: a comma is due */
	unsigned depth;
	bool keyed; /* a key was written and waits for its value */
};

void jsonw_init(struct jsonw *w, struct buf *out);
void jsonw_obj(struct jsonw *w);
void jsonw_arr(struct jsonw *w);
void jsonw_end(struct jsonw *w); /* closes the innermost object or array */
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_key_slice(struct jsonw *w, struct slice key);

void jsonw_str(struct jsonw *w, struct slice s);
void jsonw_cstr(struct jsonw *w, const char *s); /* NULL writes null */
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_num(struct jsonw *w, double v); /* shortest that reads back the same; null for nan and inf */
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
/* JSON text that is already whole and checked. */
void jsonw_raw(struct jsonw *w, struct slice json);

/* Key and value in one. The _opt form writes nothing for an empty slice. */
void jsonw_kstr(struct jsonw *w, const char *key, struct slice s);
void jsonw_kstr_opt(struct jsonw *w, const char *key, struct slice s);
void jsonw_kcstr(struct jsonw *w, const char *key, const char *s);
void jsonw_kint(struct jsonw *w, const char *key, int64_t v);
void jsonw_kbool(struct jsonw *w, const char *key, bool v);
void jsonw_kraw(struct jsonw *w, const char *key, struct slice json);

/* All scopes are closed and the buf did not overflow. */
bool jsonw_ok(const struct jsonw *w);
/* Appends s to out as JSON string content, without the quotes: for hand-made hot paths. */
void jsonw_escape(struct buf *out, struct slice s);

#endif
