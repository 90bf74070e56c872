/* SPDX-License-Identifier: MIT */
#include "talk/schema_inner.h"

#include <math.h>

#define BUCKETS 256

static const struct {
	const char *name;
	unsigned bit;
} types[] = {
	{"string", SCHEMA_STRING}, {"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER}, {"boolean", SCHEMA_BOOLEAN},
	{"array", SCHEMA_ARRAY},   {"object", SCHEMA_OBJECT},   {"null", SCHEMA_NULL},
};

static unsigned type_bit(struct slice name)
{
	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(name, types[i].name))
			return types[i].bit;
	return 0;
}

unsigned schema_type_of(enum json_kind kind)
{
	switch (kind) {
	case JSON_ABSENT:
	case JSON_NULL:
		return SCHEMA_NULL;
	case JSON_BOOL:
		return SCHEMA_BOOLEAN;
	case JSON_NUMBER:
		return SCHEMA_NUMBER;
	case JSON_STRING:
		return SCHEMA_STRING;
	case JSON_ARRAY:
		return SCHEMA_ARRAY;
	case JSON_OBJECT:
		return SCHEMA_OBJECT;
	}
	return 0;
}

void schema_type_names(unsigned bits, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (size_t i = 0; i < countof(types) && n < size; i++)
		if (bits & types[i].bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " or " : "", types[i].name);
}

static struct slice str_or_none(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

static unsigned dialect_of(const struct json_at *root)
{
	static const struct {
		struct slice name;
		unsigned dialect;
	} old[] = {{S_INIT("draft-03"), 3}, {S_INIT("draft-04"), 4}, {S_INIT("draft-06"), 6}, {S_INIT("draft-07"), 7}, {S_INIT("2019-09"), 2019}};
	struct slice name;

	if (json_kind(root) != JSON_OBJECT)
		return 2020;
	name = str_or_none(root, "$schema");
	for (size_t i = 0; i < countof(old); i++)
		if (slice_find(name, old[i].name) >= 0)
			return old[i].dialect;
	return 2020;
}

void *schema_room(struct schema *s, size_t n, size_t size)
{
	void *p = arena_try(s->arena, n * size);

	if (!p) {
		s->full = true;
		s->steps = 0;
	}
	return p;
}

void schema_init(struct schema *s, struct arena *a, const struct json_at *root)
{
	*s = (struct schema){.arena = a, .root = *root, .dialect = dialect_of(root), .steps = SCHEMA_STEPS};
	s->nodes = schema_room(s, BUCKETS, sizeof(struct schema_node *));
}

struct schema_node *schema_node(struct schema *s, const struct json_at *at, bool foreign)
{
	size_t bucket = (size_t)((uintptr_t)at->v >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 56;
	struct schema_node *n;

	if (!s->nodes)
		return NULL;
	for (n = s->nodes[bucket % BUCKETS]; n; n = n->next)
		if (n->v == at->v)
			return n;
	n = schema_room(s, 1, sizeof(*n));
	if (!n)
		return NULL;
	n->v = at->v;
	n->at = *at;
	n->at.up = NULL; /* it may be gone, and is good for faults only, which are not made here */
	n->foreign = foreign;
	n->next = s->nodes[bucket % BUCKETS];
	s->nodes[bucket % BUCKETS] = n;
	return n;
}

static bool is_schema(const struct schema *s, const struct json_at *at)
{
	return json_kind(at) == JSON_OBJECT || (json_kind(at) == JSON_BOOL && s->dialect >= 6);
}

/* The node of a schema that stands in n; NULL when it is none. */
static struct schema_node *within(struct schema *s, const struct schema_node *n, const struct json_at *at)
{
	return is_schema(s, at) ? schema_node(s, at, n->foreign) : NULL;
}

/* An $id makes a document of its own of what it stands in. */
static bool has_id(const struct schema *s, const struct json_at *at)
{
	return json_kind(at) == JSON_OBJECT && (str_or_none(at, "$id").p || (s->dialect <= 4 && str_or_none(at, "id").p));
}

/* One part of a JSON pointer: "a~1b" is "a/b". NULL: it is too long, or not understood. */
static const char *pointer_key(struct slice part, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (c == '~') {
			c = ++i < part.n ? part.p[i] : 0;
			if (c != '0' && c != '1')
				return NULL;
			c = c == '0' ? '~' : '/';
		}
		if (n + 1 >= size || c == '%') /* a URL's escape */
			return NULL;
		out[n++] = c;
	}
	out[n] = 0;
	return out;
}

static bool pointer_step(struct json_at *at, struct slice part)
{
	char key[128];
	int64_t i;

	if (json_kind(at) == JSON_ARRAY) {
		if (!slice_i64(part, 0, INT32_MAX, &i))
			return false;
		*at = json_item(at, (size_t)i);
	} else if (json_kind(at) == JSON_OBJECT && pointer_key(part, key, sizeof(key))) {
		*at = json_get(at, key);
	} else {
		return false;
	}
	at->up = NULL;
	at->key = NULL;
	return at->there;
}

static struct schema_node *referred(struct schema *s, const struct schema_node *n, struct slice ref)
{
	struct json_at at = s->root;
	size_t end;

	if (n->foreign || ref.n == 0 || ref.p[0] != '#' || (ref.n == 1 && s->no_root))
		return NULL;
	for (ref = slice_from(ref, 1); ref.n; ref = slice_from(ref, end)) {
		if (ref.p[0] != '/' || (at.v != s->root.v && has_id(s, &at)))
			return NULL;
		for (end = 1; end < ref.n && ref.p[end] != '/'; end++)
			;
		if (!pointer_step(&at, slice_from(slice_upto(ref, end), 1)))
			return NULL;
	}
	return is_schema(s, &at) ? schema_node(s, &at, false) : NULL;
}

static void read_list(struct schema *s, const struct schema_node *n, const struct json_at *value, struct schema_list *out)
{
	size_t count = json_kind(value) == JSON_ARRAY ? json_count(value) : 0;
	struct json_at item;

	out->of = count ? schema_room(s, count, sizeof(struct schema_node *)) : NULL;
	for (size_t i = 0; out->of && i < count; i++) {
		item = json_item(value, i);
		out->of[i] = within(s, n, &item);
		out->n = i + 1;
	}
}

static void read_type(struct schema *s UNUSED, struct schema_node *n, const struct json_at *value)
{
	struct json_at item;

	if (json_kind(value) == JSON_STRING)
		n->types = type_bit(json_as_str(value));
	if (json_kind(value) != JSON_ARRAY)
		return;
	for (size_t i = 0; i < json_count(value); i++) {
		unsigned bit = 0;

		item = json_item(value, i);
		if (json_kind(&item) == JSON_STRING)
			bit = type_bit(json_as_str(&item));
		n->types |= bit;
		if (!bit) {
			n->types = 0; /* what it is, only who wrote it knows */
			return;
		}
	}
}

static void read_required(struct schema *s, struct schema_node *n, const struct json_at *value)
{
	size_t count = json_kind(value) == JSON_ARRAY ? json_count(value) : 0;
	struct json_at item;

	n->required = count ? schema_room(s, count, sizeof(char *)) : NULL;
	for (size_t i = 0; n->required && i < count; i++) {
		item = json_item(value, i);
		if (json_kind(&item) == JSON_STRING)
			n->required[n->n_required++] = json_as_str(&item).p;
	}
}

static void read_choices(struct schema *s UNUSED, struct schema_node *n, const struct json_at *value)
{
	if (json_kind(value) == JSON_ARRAY && json_count(value) > 0)
		n->choices = *value;
}

static void read_only(struct schema *s UNUSED, struct schema_node *n, const struct json_at *value)
{
	n->only = *value;
}

static void read_properties(struct schema *s UNUSED, struct schema_node *n, const struct json_at *value)
{
	if (json_kind(value) == JSON_OBJECT)
		n->properties = *value;
	else
		n->open = true;
}

static void read_patterns(struct schema *s UNUSED, struct schema_node *n, const struct json_at *value)
{
	struct json_at child;
	struct slice key;
	size_t it = 0;

	if (json_kind(value) != JSON_OBJECT || json_each(value, &it, &key, &child))
		n->open = true;
}

static void read_more(struct schema *s, struct schema_node *n, const struct json_at *value)
{
	/* The oldest had true and false here already. */
	if (json_kind(value) == JSON_OBJECT || json_kind(value) == JSON_BOOL)
		n->more = schema_node(s, value, n->foreign);
}

static void read_items(struct schema *s, struct schema_node *n, const struct json_at *value)
{
	n->items = within(s, n, value);
}

static void read_ref(struct schema *s, struct schema_node *n, const struct json_at *value)
{
	if (json_kind(value) == JSON_STRING)
		n->ref = referred(s, n, json_as_str(value));
}

/* How a keyword is read: by a function, or as a list of schemas, or else as a bound. */
static const struct keyword {
	const char *name;
	unsigned since; /* the first dialect that has it */
	void (*read)(struct schema *s, struct schema_node *n, const struct json_at *value);
	size_t list; /* where in the node */
	enum schema_bound bound;
} keywords[] = {
	{"$ref", 3, .read = read_ref},
	{"additionalProperties", 3, .read = read_more},
	{"allOf", 4, .list = offsetof(struct schema_node, all)},
	{"anyOf", 4, .list = offsetof(struct schema_node, any)},
	{"const", 6, .read = read_only},
	{"enum", 3, .read = read_choices},
	{"exclusiveMaximum", 6, .bound = B_UNDER},
	{"exclusiveMinimum", 6, .bound = B_OVER},
	{"items", 3, .read = read_items},
	{"maxItems", 3, .bound = B_ITEMS_MAX},
	{"maxLength", 3, .bound = B_CHARS_MAX},
	{"maximum", 3, .bound = B_MAXIMUM},
	{"minItems", 3, .bound = B_ITEMS_MIN},
	{"minLength", 3, .bound = B_CHARS_MIN},
	{"minimum", 3, .bound = B_MINIMUM},
	{"oneOf", 4, .list = offsetof(struct schema_node, one)},
	{"patternProperties", 3, .read = read_patterns},
	{"prefixItems", 2020, .list = offsetof(struct schema_node, prefix)},
	{"properties", 3, .read = read_properties},
	{"required", 4, .read = read_required},
	{"type", 3, .read = read_type},
};

static const struct keyword *keyword_find(struct slice name, unsigned dialect)
{
	for (size_t i = 0; i < countof(keywords); i++)
		if (slice_is(name, keywords[i].name))
			return keywords[i].since <= dialect ? &keywords[i] : NULL;
	return NULL;
}

static void read_bound(struct schema_node *n, enum schema_bound bound, const struct json_at *value)
{
	struct json_number v;

	if (!json_number(value, &v) || !isfinite(v.d))
		return;
	/* What counts is a whole number that is not negative. */
	if (bound >= B_ITEMS_MIN && (v.d < 0 || v.d != trunc(v.d)))
		return;
	n->bounds[bound].set = n->bounded = true;
	n->bounds[bound].n = v;
}

bool schema_ready(struct schema *s, struct schema_node *n)
{
	struct json_at value;
	struct slice key;
	bool alone;

	if (n->ready)
		return s->steps > 0;
	n->ready = true;
	if (json_kind(&n->at) == JSON_BOOL)
		n->never = !json_as_bool_or(&n->at, true);
	if (json_kind(&n->at) != JSON_OBJECT)
		return s->steps > 0;
	if (n->v != s->root.v && has_id(s, &n->at))
		n->foreign = true;
	alone = s->dialect <= 7 && str_or_none(&n->at, "$ref").p;
	for (size_t it = 0; json_each(&n->at, &it, &key, &value);) {
		const struct keyword *k = keyword_find(key, s->dialect);

		if (!k || (alone && k->read != read_ref))
			continue;
		value.up = NULL;
		if (k->read)
			k->read(s, n, &value);
		else if (k->list)
			read_list(s, n, &value, (struct schema_list *)(void *)((char *)n + k->list));
		else
			read_bound(n, k->bound, &value);
	}
	return s->steps > 0;
}

static unsigned types_of(struct schema *s, struct schema_node *n, unsigned depth);

static unsigned types_of_all(struct schema *s, const struct schema_list *list, unsigned depth)
{
	unsigned bits = 0, one;

	for (size_t i = 0; i < list->n; i++) {
		one = types_of(s, list->of[i], depth + 1);
		if (one == 0)
			return 0;
		bits |= one;
	}
	return bits;
}

/* Deep enough for an optional reference to a choice; and cheap, whatever the schema is. */
#define TYPES_DEPTH 5

static unsigned types_of(struct schema *s, struct schema_node *n, unsigned depth)
{
	unsigned bits;

	if (!n || depth > TYPES_DEPTH || !schema_spend(s, 1) || !schema_ready(s, n))
		return 0;
	bits = n->types;
	if (!bits && n->ref)
		bits = types_of(s, n->ref, depth + 1);
	if (!bits)
		bits = types_of_all(s, &n->any, depth);
	if (!bits)
		bits = types_of_all(s, &n->one, depth);
	return bits;
}

unsigned schema_types(struct schema *s, const struct json_at *sub)
{
	return is_schema(s, sub) ? types_of(s, schema_node(s, sub, false), 0) : 0;
}
