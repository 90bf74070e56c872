/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a JSON object, closed: what a model has written of a tool's arguments so far, as JSON that can be read. Pure; allocates only out.
 */
#ifndef WIRE_PARTIAL_H
#define WIRE_PARTIAL_H

#include "base/buf.h"

/*
 * prefix: the first bytes of a JSON text (any value) that will be well-formed. Appends it to out with open strings, arrays and objects closed; what cannot be
 * told yet is dropped: a key without its value, a literal or a number that may go on, an escape or a character that is not whole, a comma. A string that is
 * open is there as far as it is written. A whole text comes out as it stands. false, and nothing is appended, when nothing is there yet, or when the text is
 * already wrong in a way that this walk sees (it checks brackets and strings, not all of JSON: guard does that with the result), or deeper than 32.
 */
bool json_complete(struct slice prefix, struct buf *out) MUSTCHECK;

#endif
