/* SPDX-License-Identifier: MIT */
/*
 * One pass over JSON text before anything else reads it. Knows no schema, and allocates nothing (but, for a client's object of more than 256 keys, 8
 * bytes a key while it closes). What passes is RFC 8259, real UTF-8, bounded in depth, nodes, key and number length: json-c behind it can neither be
 * surprised nor made to eat memory (it takes up to 264 times its input).
 * Why json-c alone is not enough: it accepts single quotes, NaN, raw control bytes, bytes after a NUL, and cuts keys at \u0000.
 *
 * Two policies. A client's text is refused for \u0000, lone surrogates, bad UTF-8, integers beyond int64 and duplicate keys ("\u0061" is "a"). An
 * upstream's (a model, a tool server) is mended instead: guard_mend copies it with U+FFFD in such places, and with ".0" after such integers, which
 * json-c would silently clamp; duplicate keys pass (last wins, in picks too).
 *
 * While it walks it can pick the raw text of a few members, so that a text delta needs no tree.
 */
#ifndef WIRE_GUARD_H
#define WIRE_GUARD_H

#include "base/buf.h"
#include "base/err.h"

struct guard_limits {
	unsigned depth; /* containers within each other; at most GUARD_DEPTH_MAX */
	unsigned nodes; /* values, containers included */
	unsigned key;   /* bytes of one key, raw */
	bool upstream;  /* the second policy: what guard_mend can mend is not a fault, only noted in needs_mend */
	bool any_top;   /* the top level may be any value; else it must be an object */
};

#define GUARD_DEPTH_MAX 32
#define GUARD_NUMBER_MAX 32 /* bytes of one number; what is mended counts as mended */
#define GUARD_CLIENT ((struct guard_limits){.depth = 32, .nodes = 20000, .key = 256})
#define GUARD_UPSTREAM ((struct guard_limits){.depth = 32, .nodes = 100000, .key = 1024, .upstream = true})

/*
 * Wanted: path with dots, array places as numbers ("choices.0.delta.content"), at most 255 bytes, no key with a dot in it. Found: the value's raw text,
 * quotes included, as it stands in the input, not mended; empty when absent.
 */
struct guard_pick {
	const char *path;
	struct slice raw;
};
#define GUARD_PICKS_MAX 16

/* What a walk has seen: enough to say what a tree of it will cost. */
struct guard_seen {
	bool needs_mend;
	unsigned nodes;    /* values, containers included */
	unsigned objects, arrays;
};

/*
 * RC_OK, or RC_BAD with a text that names path and place: "params.input: duplicate key 'text' (byte 41)", "not JSON: unexpected end (byte 12)". At most
 * 60 bytes of it are the input's own. A client may read it (e->user), an upstream's is for the log.
 * needs_mend may be NULL when limits->upstream is false. Picks are good for nothing unless it is RC_OK.
 */
enum rc guard_check(struct slice in, const struct guard_limits *limits, struct guard_pick *picks, size_t n_picks, bool *needs_mend,
		    struct err *e) MUSTCHECK;
/* The same; seen may be NULL and is filled when RC_OK. */
enum rc guard_walk(struct slice in, const struct guard_limits *limits, struct guard_pick *picks, size_t n_picks, struct guard_seen *seen,
		   struct err *e) MUSTCHECK;
/* Copies in to out, mended. Only for text that guard_check passed. */
void guard_mend(struct slice in, struct buf *out);
/* The text that a raw JSON string (with its quotes, checked before) stands for, appended as UTF-8 and mended: what is bad becomes U+FFFD. */
void guard_unescape(struct slice raw, struct buf *out);

#endif
