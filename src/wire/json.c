/* SPDX-License-Identifier: MIT */
#include "wire/json.h"

#include "base/buf.h"
#include "wire/guard_text.h"

#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>

struct json_doc {
	struct arena *arena;
	struct json_object *root; /* NULL for null */
	enum rc rc;               /* the first wrong access */
	char fault[256];
};

/*
 * What json-c's tree takes at most, malloc's own part included; test_json.c holds it against what malloc says. An object begins with a table of 16
 * places, doubles it at two thirds, and for that moment has both; an array begins with 32.
 */
#define COST_OBJECT 1024
#define COST_ARRAY 448
#define COST_VALUE 320 /* the value, its key, its place in the container, the spelling of a number */

static size_t cost_of(const struct guard_seen *seen, size_t n)
{
	return (size_t)seen->objects * COST_OBJECT + (size_t)seen->arrays * COST_ARRAY + (size_t)seen->nodes * COST_VALUE + n;
}

static void put_tree(void *root)
{
	json_object_put(root);
}

/* A bare number has no end of its own: json-c waits for more until it sees a NUL. */
static struct json_object *tokenize(struct json_tokener *t, struct slice in)
{
	struct json_object *root = json_tokener_parse_ex(t, in.p, (int)in.n);

	if (!root && json_tokener_get_error(t) == json_tokener_continue)
		root = json_tokener_parse_ex(t, "", 1);
	return root;
}

static enum rc read_tree(struct slice in, struct json_object **root, struct err *e)
{
	/* json-c counts one level more than there are containers. */
	struct json_tokener *t = json_tokener_new_ex(GUARD_DEPTH_MAX + 1);
	enum json_tokener_error fault;

	if (!t)
		out_of_memory();
	*root = tokenize(t, in);
	fault = json_tokener_get_error(t);
	json_tokener_free(t);
	if (fault == json_tokener_success)
		return RC_OK;
	json_object_put(*root);
	return err_set(e, RC_INTERNAL, "json-c refused what guard passed: %s", json_tokener_error_desc(fault));
}

enum rc json_parse(struct arena *a, struct slice in, const struct guard_limits *limits, struct json_doc **out, struct err *e)
{
	struct guard_seen seen;
	struct buf mended, plain = BUF_INIT(in.n * 3);
	struct json_object *root = NULL;
	enum rc rc = guard_walk(in, limits, NULL, 0, &seen, e);

	if (rc != RC_OK)
		return rc;
	if (in.n > INT32_MAX / 4)
		return err_tell(e, RC_TOO_LARGE, "the JSON text is too large");
	buf_init(&mended, in.n * 3); /* one bad byte becomes three */
	if (seen.needs_mend) {
		guard_mend(in, &mended);
		in = buf_slice(&mended);
	}
	if (guard_pairs(in, &plain))
		in = buf_slice(&plain);
	if (!arena_charge(a, cost_of(&seen, in.n)))
		rc = err_tell(e, RC_TOO_LARGE, "the JSON text is too large");
	else
		rc = read_tree(in, &root, e);
	buf_release(&mended);
	buf_release(&plain);
	if (rc != RC_OK)
		return rc;
	if (root)
		arena_defer(a, put_tree, root);
	*out = arena_new_of(a, struct json_doc);
	(*out)->arena = a;
	(*out)->root = root;
	return RC_OK;
}

enum rc json_parse_value(struct arena *a, struct slice in, const struct guard_limits *limits, struct json_at *out, struct err *e)
{
	struct guard_limits any = *limits;
	struct json_doc *doc;
	enum rc rc;

	any.any_top = true;
	rc = json_parse(a, in, &any, &doc, e);
	if (rc == RC_OK)
		*out = json_root(doc);
	return rc;
}

struct json_at json_root(struct json_doc *doc)
{
	return (struct json_at){.doc = doc, .v = doc->root, .there = true};
}

enum rc json_done(struct json_doc *doc, struct err *e)
{
	return doc->rc == RC_OK ? RC_OK : err_tell(e, doc->rc, "%s", doc->fault);
}

void json_fail(const struct json_at *at, const char *fmt, ...)
{
	struct json_doc *doc = at->doc;
	char where[120], what[120];
	va_list ap;

	if (doc->rc != RC_OK)
		return;
	json_where(at, where, sizeof(where));
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	doc->rc = RC_BAD;
	snprintf(doc->fault, sizeof(doc->fault), "%s%s%s", where, where[0] ? ": " : "", what);
}

enum json_kind json_kind(const struct json_at *at)
{
	if (!at->there)
		return JSON_ABSENT;
	switch (json_object_get_type(at->v)) {
	case json_type_null: return JSON_NULL;
	case json_type_boolean: return JSON_BOOL;
	case json_type_double:
	case json_type_int: return JSON_NUMBER;
	case json_type_object: return JSON_OBJECT;
	case json_type_array: return JSON_ARRAY;
	case json_type_string: return JSON_STRING;
	}
	return JSON_NULL;
}

static bool is_kind(const struct json_at *at, enum json_type type)
{
	return json_object_is_type(at->v, type);
}

struct json_at json_get(const struct json_at *in, const char *key)
{
	struct json_at at = {.doc = in->doc, .up = in, .key = key};
	struct json_object *v = NULL;

	if (!json_has(in))
		return at;
	if (!is_kind(in, json_type_object)) {
		json_fail(in, "expected object");
		return at;
	}
	at.there = json_object_object_get_ex(in->v, key, &v);
	at.v = v;
	return at;
}

struct json_at json_path(const struct json_at *in, const char *dotted)
{
	struct arena *a = in->doc->arena;
	struct slice rest = slice_cstr(dotted), key;
	struct json_at at = *in;

	while (rest.n) {
		struct json_at *up = arena_new_of(a, struct json_at);

		*up = at;
		rest = slice_cut(rest, '.', &key);
		at = json_get(up, arena_cstr(a, key));
	}
	return at;
}

size_t json_count(const struct json_at *arr)
{
	if (!json_has(arr))
		return 0;
	if (is_kind(arr, json_type_array))
		return json_object_array_length(arr->v);
	json_fail(arr, "expected array");
	return 0;
}

struct json_at json_item(const struct json_at *arr, size_t i)
{
	struct json_at at = {.doc = arr->doc, .up = arr, .index = i};

	if (i >= json_count(arr))
		return at;
	at.there = true;
	at.v = json_object_array_get_idx(arr->v, i);
	return at;
}

/* *it is 0 before the first member, 1 after the last, else the address of the next one's entry. */
bool json_each(const struct json_at *obj, size_t *it, struct slice *key, struct json_at *child)
{
	struct lh_entry *entry;

	if (!json_has(obj) || *it == 1)
		return false;
	if (!is_kind(obj, json_type_object)) {
		json_fail(obj, "expected object");
		return false;
	}
	entry = *it ? (struct lh_entry *)(uintptr_t)*it : lh_table_head(json_object_get_object(obj->v));
	if (!entry) {
		*it = 1;
		return false;
	}
	*it = lh_entry_next(entry) ? (size_t)(uintptr_t)lh_entry_next(entry) : 1;
	*child = (struct json_at){.doc = obj->doc, .up = obj, .key = lh_entry_k(entry), .v = lh_entry_v(entry), .there = true};
	*key = slice_cstr(child->key);
	return true;
}

/* true: the value is of this type. false: a fault was made, or it is not there and may be missing. */
static bool want(const struct json_at *at, enum json_type type, const char *name, bool optional)
{
	if (at->v && is_kind(at, type))
		return true;
	if (!at->v && optional)
		return false;
	if (at->there)
		json_fail(at, "expected %s", name);
	else
		json_fail(at, "missing");
	return false;
}

static struct slice text_of(const struct json_at *at)
{
	return slice_mem(json_object_get_string(at->v), (size_t)json_object_get_string_len(at->v));
}

struct slice json_as_str(const struct json_at *at)
{
	return want(at, json_type_string, "string", false) ? text_of(at) : SLICE_NONE;
}

struct slice json_as_str_or(const struct json_at *at, struct slice dflt)
{
	return want(at, json_type_string, "string", true) ? text_of(at) : dflt;
}

/* guard lets no integer through that json-c would clamp. */
static int64_t bounded(const struct json_at *at, int64_t min, int64_t max, int64_t dflt)
{
	int64_t v = json_object_get_int64(at->v);

	if (v >= min && v <= max)
		return v;
	json_fail(at, "expected an integer from %lld to %lld", (long long)min, (long long)max);
	return dflt;
}

int64_t json_as_i64(const struct json_at *at, int64_t min, int64_t max)
{
	return want(at, json_type_int, "integer", false) ? bounded(at, min, max, min) : min;
}

int64_t json_as_i64_or(const struct json_at *at, int64_t min, int64_t max, int64_t dflt)
{
	return want(at, json_type_int, "integer", true) ? bounded(at, min, max, dflt) : dflt;
}

bool json_as_bool_or(const struct json_at *at, bool dflt)
{
	return want(at, json_type_boolean, "boolean", true) ? json_object_get_boolean(at->v) : dflt;
}

double json_as_num_or(const struct json_at *at, double dflt)
{
	double v;

	if (at->v && is_kind(at, json_type_int))
		return (double)json_object_get_int64(at->v);
	if (!want(at, json_type_double, "number", true))
		return dflt;
	v = json_object_get_double(at->v);
	if (isfinite(v))
		return v;
	json_fail(at, "number out of range");
	return dflt;
}

bool json_number(const struct json_at *at, struct json_number *out)
{
	bool whole = at->v && is_kind(at, json_type_int);

	if (!whole && !(at->v && is_kind(at, json_type_double)))
		return false;
	*out = (struct json_number){.whole = whole, .i = whole ? json_object_get_int64(at->v) : 0, .d = json_object_get_double(at->v)};
	return true;
}

struct slice json_str(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_as_str(&at);
}

struct slice json_str_or(const struct json_at *in, const char *key, struct slice dflt)
{
	struct json_at at = json_get(in, key);

	return json_as_str_or(&at, dflt);
}

int64_t json_i64_or(const struct json_at *in, const char *key, int64_t min, int64_t max, int64_t dflt)
{
	struct json_at at = json_get(in, key);

	return json_as_i64_or(&at, min, max, dflt);
}

bool json_bool_or(const struct json_at *in, const char *key, bool dflt)
{
	struct json_at at = json_get(in, key);

	return json_as_bool_or(&at, dflt);
}

struct slice json_text(const struct json_at *at)
{
	size_t n = 0;
	const char *text;
	struct slice copy;

	if (!at->v)
		return S("null");
	text = json_object_to_json_string_length(at->v, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	if (!text)
		out_of_memory();
	copy = arena_try_dup(at->doc->arena, slice_mem(text, n));
	if (copy.p)
		return copy;
	if (at->doc->rc == RC_OK) {
		json_fail(at, "too large");
		at->doc->rc = RC_TOO_LARGE;
	}
	return S("null");
}

#define KEY_SHOWN 20

void json_where(const struct json_at *at, char *out, size_t size)
{
	const struct json_at *chain[GUARD_DEPTH_MAX + 1];
	struct buf text = BUF_INIT(160);
	size_t n = 0;

	for (; at->up && n < countof(chain); at = at->up)
		chain[n++] = at;
	while (n--) {
		const struct json_at *place = chain[n];

		if (!place->key) {
			buf_addf(&text, "[%zu]", place->index);
			continue;
		}
		if (text.n)
			buf_addch(&text, '.');
		/* A key may be the sender's own text. */
		for (size_t i = 0; place->key[i] && i < KEY_SHOWN; i++)
			buf_addch(&text, place->key[i] > ' ' && place->key[i] < 0x7f ? place->key[i] : '?');
		if (strlen(place->key) > KEY_SHOWN)
			buf_adds(&text, "..");
	}
	if (size)
		snprintf(out, size, "%s", buf_slice(&text).p);
	buf_release(&text);
}
