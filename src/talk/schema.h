/* SPDX-License-Identifier: MIT */
/*
 * Does a JSON value fit a JSON Schema? Asked of arguments that a model wrote, so that it is told where it went wrong: "'items[2].status' must be one of
 * "open", "done"". Only args.c uses it. Pure.
 *
 * Checked: type, enum, const, required, properties, additionalProperties, items, prefixItems, minItems, maxItems, minLength, maxLength (characters), minimum,
 * maximum, exclusiveMinimum, exclusiveMaximum, allOf, anyOf, oneOf (as anyOf: that one alone fits is not looked at), $ref within the document ("#",
 * "#/$defs/x"), and true and false as schemas.
 * Not checked, because a guess could be wrong or the work has no end: everything else (not, if, pattern, patternProperties and what it leaves to
 * additionalProperties, format, multipleOf, uniqueItems, contains, dependent*, unevaluated*, $dynamicRef, references to elsewhere or beneath an $id).
 * A keyword that is malformed checks nothing.
 *
 * What is refused here, any validator refuses: what is not known is let through. Numbers are compared as doubles where they are no int64, and are unequal
 * only where that is certain; a whole number is an integer however it is written (5.0, 5e0). The dialect is 2020-12; a $schema at the root that names an
 * older one takes away what that one does not know (draft-07: what stands beside $ref).
 *
 * Limits: SCHEMA_STEPS of work for all checks between one schema_init and the next, about 4 ms, and as much again to find the words; then everything
 * fits. SCHEMA_DEPTH schemas within each other, through $ref too; what lies deeper fits, and so does what goes round in a circle. At most 28 KiB of stack.
 *
 * Source: json-schema.org/draft/2020-12/json-schema-core and -validation.
 */
#ifndef TALK_SCHEMA_H
#define TALK_SCHEMA_H

#include "wire/json.h"

#define SCHEMA_DEPTH 64
#define SCHEMA_STEPS 150000

enum { SCHEMA_STRING = 1, SCHEMA_INTEGER = 2, SCHEMA_NUMBER = 4, SCHEMA_BOOLEAN = 8, SCHEMA_ARRAY = 16, SCHEMA_OBJECT = 32, SCHEMA_NULL = 64 };

struct schema_node;
/* What a check knows of the whole document. Its document must live as long; what it makes lives in the arena: without room there all fits, and full says so. */
struct schema {
	struct arena *arena;
	struct json_at root;
	bool no_root;               /* "#" checks nothing: the caller knows better what the whole must be */
	bool nulls_left_out;        /* a null for a member that is not required fits, as if it were left out: models write so */
	bool full;                  /* there was no room for something */
	unsigned dialect;           /* 3, 4, 6, 7, 2019, 2020 */
	unsigned steps, told;       /* left: work, alternatives that are put into words */
	struct schema_node **nodes; /* by place in the document */
	const struct json_at *top;  /* the value that is checked, and what it is called */
	struct slice name;
};

struct schema_fault {
	char why[600]; /* half a sentence for the model */
};

/* A kind's type; nothing is null, and of a number nobody says yet that it is whole. */
unsigned schema_type_of(enum json_kind kind);
/* root may be of any kind. */
void schema_init(struct schema *s, struct arena *a, const struct json_at *root);
/* The types that sub, a place in the document, allows, as far as type, $ref, anyOf and oneOf tell; 0: any. */
unsigned schema_types(struct schema *s, const struct json_at *sub);
/* "integer or null" */
void schema_type_names(unsigned types, char *out, size_t size);
/* value, of any document, fits sub, or nobody knows. false: fault says why; the value is called name in it. Neither document gets a fault of its own, but the
 * schema's that of json_text, when the arena is full. */
bool schema_check(struct schema *s, const struct json_at *sub, const struct json_at *value, struct slice name, struct schema_fault *fault) MUSTCHECK;

#endif
