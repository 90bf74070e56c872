/* SPDX-License-Identifier: MIT */
/*
 * For meta's own files: reading what a tool's server wrote. Nothing may touch a place as what it is not: that would stick to the document, and one mistake
 * would cost the rest.
 */
#ifndef CHATKIT_META_INNER_H
#define CHATKIT_META_INNER_H

#include "chatkit/meta.h"

struct meta_reading {
	struct arena *a;
	struct ck_shown *out;
	struct buf *warnings;
	const char *member; /* the one that is being read */
};

void meta_left_out(struct meta_reading *r, const char *why);
/* Members of an object; a wrong type is as good as absent. */
struct slice meta_str(const struct json_at *obj, const char *key);
bool meta_true(const struct json_at *obj, const char *key);
/* The member's JSON when it is an object and not too large, else {}. */
struct slice meta_object(struct meta_reading *r, const struct json_at *obj, const char *key);
/* How many there are, at most max, where one may stand for a list of it; and each. */
size_t meta_count(struct meta_reading *r, const struct json_at *at, size_t max);
struct json_at meta_nth(const struct json_at *at, size_t i);

void meta_sources(struct meta_reading *r, const struct json_at *at);
void meta_task(struct meta_reading *r, const struct json_at *at);

#endif
