/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure. */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include "base/buf.h"

bool utf8_valid(struct slice s);
/* The longest prefix of at most max bytes that does not cut a character. s is valid. */
struct slice utf8_cut(struct slice s, size_t max);
/* The same by characters (code points). */
struct slice utf8_cut_chars(struct slice s, size_t max_chars);
/* How many bytes at the end of s begin a character that is not whole yet (0 to 3): what a stream must hold back. */
size_t utf8_partial_tail(struct slice s);
/* Appends s with each bad sequence, and NUL, replaced by U+FFFD. */
void utf8_mend(struct buf *out, struct slice s);
/* Length in UTF-16 units: what JavaScript counts. */
size_t utf8_len16(struct slice s);
void utf8_put(struct buf *out, uint32_t code_point);

#endif
