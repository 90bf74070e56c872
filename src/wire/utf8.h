/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure. */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include "base/buf.h"

bool utf8_valid(struct slice s);
/*
 * Bytes of the character at p, of which n are there (n > 0), and its code point; or, when there is none, minus the bytes of the bad sequence: as much
 * of a character as was there before the byte that cannot follow (Unicode, "maximal subpart").
 */
int utf8_get(const char *p, size_t n, uint32_t *code_point);
/* The longest prefix of at most max bytes that does not cut a character. s is valid, here and below unless said. */
struct slice utf8_cut(struct slice s, size_t max);
/* The same by characters (code points). */
struct slice utf8_cut_chars(struct slice s, size_t max_chars);
/* Any s. How many bytes at the end of s begin a character that is not whole yet (0 to 3): what a stream must hold back. */
size_t utf8_partial_tail(struct slice s);
/* Any s. Appends s with each bad sequence, and NUL, replaced by U+FFFD. */
void utf8_mend(struct buf *out, struct slice s);
/* Length in UTF-16 units: what JavaScript counts. */
size_t utf8_len16(struct slice s);
/* Bytes of the character, 1 to 4; what is no code point, or is a surrogate, is U+FFFD. */
size_t utf8_encode(uint32_t code_point, char out[4]);
void utf8_put(struct buf *out, uint32_t code_point);

#endif
