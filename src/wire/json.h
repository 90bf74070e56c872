/* SPDX-License-Identifier: MIT */
/*
 * Typed access to JSON whose errors name the path: "params.input.content[0].text: expected string". Includes json-c for everybody (json.c alone does).
 *
 *     struct json_at root = json_root(doc), input = json_get(&root, "input");
 *     struct slice text = json_str(&input, "text");
 *     if (json_done(doc, e) != RC_OK) return e->rc;
 *
 * A document is parsed into an arena, guarded first (guard.h), and immutable. The first wrong access sticks to the document and all later ones give
 * empty values, so a reader reads on and looks once, with json_done. A struct json_at is a value that points at its parent's: keep parents alive.
 * Slices live as long as the arena.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/arena.h"
#include "wire/guard.h"

struct json_doc;

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_at {
	struct json_doc *doc;
	void *v;                  /* json-c's value; NULL when absent or null */
	const struct json_at *up; /* for the path; NULL at the root */
	const char *key;          /* in an object; NULL in an array */
	size_t index;             /* in an array */
	bool there;               /* false: no such member */
};

/* Guards, mends if the limits say upstream, charges the arena for what the tree will take at most (about 320 bytes a value), parses. RC_BAD with a path,
 * or RC_TOO_LARGE when the cap is too small. in may die afterwards. */
enum rc json_parse(struct arena *a, struct slice in, const struct guard_limits *limits, struct json_doc **out, struct err *e) MUSTCHECK;
struct json_at json_root(struct json_doc *doc);
/* The same for a value of any kind, an array or a string alone too, whatever the limits say of the top. */
enum rc json_parse_value(struct arena *a, struct slice in, const struct guard_limits *limits, struct json_at *out, struct err *e) MUSTCHECK;
/* RC_OK, or the first wrong access since json_parse, as RC_BAD with its text (also for the person); RC_TOO_LARGE when that was a json_text. */
enum rc json_done(struct json_doc *doc, struct err *e) MUSTCHECK;
/* Makes a fault of the reader's own: "PATH: text". The first one stays. */
void json_fail(const struct json_at *at, const char *fmt, ...) PRINTF(2, 3);

enum json_kind json_kind(const struct json_at *at);
static inline bool json_has(const struct json_at *at) /* there and not null */
{
	return at->v != NULL;
}

/* A member of an object. Absent gives an absent place; a place that is not an object (but there) is a fault. */
struct json_at json_get(const struct json_at *in, const char *key);
/* The same for a chain of keys with dots: json_path(&root, "params.input"). The parents live in the arena. */
struct json_at json_path(const struct json_at *in, const char *dotted);
/* An array's length; absent or null counts as 0; anything else there is a fault. */
size_t json_count(const struct json_at *arr);
struct json_at json_item(const struct json_at *arr, size_t i);
/* Walks an object's members in order: for (size_t it = 0; json_each(&obj, &it, &key, &child);) */
bool json_each(const struct json_at *obj, size_t *it, struct slice *key, struct json_at *child);

/* The place itself. The plain form must be there (a fault otherwise); the _or form gives the default when absent or null. Wrong type: a fault. */
struct slice json_as_str(const struct json_at *at);
struct slice json_as_str_or(const struct json_at *at, struct slice dflt);
int64_t json_as_i64(const struct json_at *at, int64_t min, int64_t max);
int64_t json_as_i64_or(const struct json_at *at, int64_t min, int64_t max, int64_t dflt);
bool json_as_bool_or(const struct json_at *at, bool dflt);
double json_as_num_or(const struct json_at *at, double dflt);
/* A number of any size; false, and no fault, where there is none. */
struct json_number {
	bool whole; /* an integer that int64 holds: i; else only d, which may be infinite */
	int64_t i;
	double d;   /* the nearest one to it */
};
bool json_number(const struct json_at *at, struct json_number *out) MUSTCHECK;
/* The member key of in: json_get and json_as_* in one. */
struct slice json_str(const struct json_at *in, const char *key);
struct slice json_str_or(const struct json_at *in, const char *key, struct slice dflt);
int64_t json_i64_or(const struct json_at *in, const char *key, int64_t min, int64_t max, int64_t dflt);
bool json_bool_or(const struct json_at *in, const char *key, bool dflt);
/* The place's JSON as compact text, in its document's arena; "null" when null or absent. Members keep their order; numbers keep their
 * spelling (but -0, which is 0). */
struct slice json_text(const struct json_at *at);
/* "params.input.content[0].text" into out; "" at the root. Cut to fit. */
void json_where(const struct json_at *at, char *out, size_t size);

#endif
