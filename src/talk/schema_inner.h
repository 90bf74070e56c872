/* SPDX-License-Identifier: MIT */
/* For the schema's own files: schema_read.c makes nodes of a document, schema.c holds values against them, schema_told.c puts into words what does not fit. */
#ifndef TALK_SCHEMA_INNER_H
#define TALK_SCHEMA_INNER_H

#include "talk/schema.h"

enum schema_bound { B_MINIMUM, B_MAXIMUM, B_OVER, B_UNDER, B_ITEMS_MIN, B_ITEMS_MAX, B_CHARS_MIN, B_CHARS_MAX, B_COUNT };

struct schema_list {
	struct schema_node **of;
	size_t n;
};

/* One schema of the document, read when it is first needed. */
struct schema_node {
	const void *v;            /* its place */
	struct schema_node *next; /* of the same bucket */
	struct json_at at;
	const struct json_at *busy; /* the value that is held against it: met again, a reference goes round in a circle */
	bool ready;
	bool foreign;             /* beneath an $id: what "#" is there, is not the root */
	bool never;               /* false */
	bool open;                /* patternProperties may know what properties does not */
	bool bounded;             /* any of bounds */
	unsigned types;           /* 0: any */
	struct json_at choices;   /* enum, or absent */
	struct json_at only;      /* const, or absent */
	struct json_at properties;
	const char **required;
	size_t n_required;
	struct schema_node *ref, *items, *more; /* NULL: none */
	struct schema_list prefix, all, any, one;
	struct {
		bool set;
		struct json_number n;
	} bounds[B_COUNT];
};

/* Takes n steps; false: they are used up. */
static inline bool schema_spend(struct schema *s, size_t n)
{
	if (n >= s->steps)
		s->steps = 0;
	else
		s->steps -= (unsigned)n;
	return s->steps > 0;
}

/* Zeroed room for n things; NULL: there is none, and nothing is checked any more. */
void *schema_room(struct schema *s, size_t n, size_t size);
/* The node of a place, which need not be a schema; NULL: no room, and all steps are gone. foreign: as its parent is. */
struct schema_node *schema_node(struct schema *s, const struct json_at *at, bool foreign);
/* Reads it, unless it was read. false: no room, and all steps are gone. */
bool schema_ready(struct schema *s, struct schema_node *n) MUSTCHECK;

#define TOLD_PATH 160
#define TOLD_WHAT 400

/* Why a value does not fit: "'path' what". */
struct schema_told {
	char path[TOLD_PATH], what[TOLD_WHAT];
	enum { TOLD_MISSING, TOLD_TYPE, TOLD_CHOICE, TOLD_OTHER } kind;
	unsigned types; /* TOLD_TYPE: what was wanted */
	unsigned level; /* of the place, below the whole value */
};

/* All return false. told may be NULL: nobody wants to know. */
bool tell(const struct schema *s, struct schema_told *told, const struct json_at *at, const char *fmt, ...) PRINTF(4, 5);
bool tell_type(const struct schema *s, struct schema_told *told, const struct json_at *at, unsigned types);
bool tell_choice(const struct schema *s, struct schema_told *told, const struct json_at *at, const struct schema_node *n);
bool tell_missing(const struct schema *s, struct schema_told *told, const struct json_at *at, const char *member);
/* at fits none of n alternatives, and this was told of each; n is 0 when nothing could be told. */
bool tell_none(const struct schema *s, struct schema_told *told, const struct json_at *at, const struct schema_told *each, size_t n);

#endif
