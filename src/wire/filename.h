/* SPDX-License-Identifier: MIT */
/*
 * The names that files come and go with: Content-Disposition (RFC 6266; RFC 7578, 4.2 in a form; RFC 8187 for filename*), and what of such a name is kept.
 * A name is a label for people: nothing on a disk is ever called by it. Pure.
 */
#ifndef WIRE_FILENAME_H
#define WIRE_FILENAME_H

#include "base/buf.h"

#define FILENAME_MAX_BYTES 200

struct disposition {
	struct slice type;         /* "form-data" as written, compare without case */
	struct slice name;         /* between the quotes, still escaped; p NULL: there is none */
	struct slice filename;     /* the same */
	struct slice filename_ext; /* of filename*: charset'language'bytes, still coded */
};

/*
 * false for what is not type *( ";" name "=" value ), or says name, filename or filename* twice. A quoted value ends at the first quote that no backslash
 * stands before; browsers send backslashes unescaped and a quote as %22, so no other escapes are known. Slices look into s.
 */
bool disposition_read(struct slice s, struct disposition *out) MUSTCHECK;
/* A form field's name without its escapes. */
void disposition_name(struct buf *out, const struct disposition *d);
/*
 * The file's name, as filename_clean leaves it: filename* where it can be read (UTF-8 or ISO 8859-1), else filename, else "file". *given (may be NULL):
 * there was one of the two.
 */
void disposition_filename(struct buf *out, const struct disposition *d, bool *given);

/*
 * Any bytes: what follows the last "/" or "\", as UTF-8, without control characters and those that turn text around or break lines, trimmed, at most
 * FILENAME_MAX_BYTES (an extension survives the cut). Nothing left, or only dots: "file". The result holds no quote that JSON would not escape.
 */
void filename_clean(struct buf *out, struct slice s);
/* What follows the last dot, at most 16 bytes; empty: none. */
struct slice filename_extension(struct slice name);
/* type; filename="..."; filename*=UTF-8''...: RFC 6266, appendix D. type is "inline" or "attachment". name was cleaned. */
void filename_header(struct buf *out, const char *type, struct slice name);

#endif
