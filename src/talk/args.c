/* SPDX-License-Identifier: MIT */
#include "talk/args.h"

#include <stdarg.h>

#include "wire/json.h"
#include "wire/jsonw.h"

enum { T_STRING = 1, T_INTEGER = 2, T_NUMBER = 4, T_BOOLEAN = 8, T_ARRAY = 16, T_OBJECT = 32, T_NULL = 64 };

static const struct {
	const char *name;
	unsigned bit;
} types[] = {
	{"string", T_STRING}, {"integer", T_INTEGER}, {"number", T_NUMBER}, {"boolean", T_BOOLEAN},
	{"array", T_ARRAY},   {"object", T_OBJECT},   {"null", T_NULL},
};

struct args {
	const struct tool *tool;
	struct arena *arena;
	struct json_at schema, properties;
	struct jsonw w;
	struct args_fault *fault;
};

static bool refuse(struct args *g, const char *fmt, ...) PRINTF(2, 3);
static bool refuse(struct args *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(g->fault->why, sizeof(g->fault->why), fmt, ap);
	va_end(ap);
	return false;
}

static unsigned type_bit(struct slice name)
{
	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(name, types[i].name))
			return types[i].bit;
	return 0;
}

/* What a schema's "type" (a name or a list of names) allows; 0 when it does not say. */
static unsigned types_named(const struct json_at *schema)
{
	struct json_at type, item;
	unsigned bits = 0;

	if (json_kind(schema) != JSON_OBJECT)
		return 0;
	type = json_get(schema, "type");
	if (json_kind(&type) == JSON_STRING)
		return type_bit(json_as_str(&type));
	if (json_kind(&type) != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < json_count(&type); i++) {
		item = json_item(&type, i);
		if (json_kind(&item) == JSON_STRING)
			bits |= type_bit(json_as_str(&item));
	}
	return bits;
}

/* The same with one level of anyOf, which is how an optional parameter is often written: {"anyOf":[{"type":"string"},{"type":"null"}]}. */
static unsigned types_allowed(const struct json_at *schema)
{
	unsigned bits = types_named(schema);
	struct json_at any, one;

	if (bits || json_kind(schema) != JSON_OBJECT)
		return bits;
	any = json_get(schema, "anyOf");
	if (json_kind(&any) != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < json_count(&any); i++) {
		one = json_item(&any, i);
		if (types_named(&one) == 0)
			return 0;
		bits |= types_named(&one);
	}
	return bits;
}

/* "5", "5.0" and "5e0" without what makes no difference: the integer's text, or empty. */
static struct slice integer_text(struct slice number)
{
	struct slice whole, rest = slice_cut(number, '.', &whole);
	int64_t v;

	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] != '0')
			return SLICE_NONE;
	return slice_i64(whole, INT64_MIN, INT64_MAX, &v) ? whole : SLICE_NONE;
}

static unsigned kind_bits(enum json_kind kind, struct slice text)
{
	switch (kind) {
	case JSON_ABSENT:
	case JSON_NULL:
		return T_NULL;
	case JSON_BOOL:
		return T_BOOLEAN;
	case JSON_NUMBER:
		return T_NUMBER | (integer_text(text).n ? T_INTEGER : 0);
	case JSON_STRING:
		return T_STRING;
	case JSON_ARRAY:
		return T_ARRAY;
	case JSON_OBJECT:
		return T_OBJECT;
	}
	return 0;
}

/* A string that holds what was asked for: models write "5", "true" and whole arrays within quotes. The text of what it holds and its types, or empty. */
static struct slice unquoted(struct slice s, unsigned want, unsigned *types_held)
{
	static const struct guard_limits limits = {.depth = GUARD_DEPTH_MAX - 4, .nodes = 20000, .key = 1024, .any_top = true};
	unsigned bits;
	bool mend;

	s = slice_trim(s);
	if (s.n == 0 || guard_check(s, &limits, NULL, 0, &mend, NULL) != RC_OK)
		return SLICE_NONE;
	switch (s.p[0]) {
	case '{':
		bits = T_OBJECT;
		break;
	case '[':
		bits = T_ARRAY;
		break;
	case 't':
	case 'f':
		bits = T_BOOLEAN;
		break;
	case '"':
	case 'n':
		return SLICE_NONE;
	default:
		bits = kind_bits(JSON_NUMBER, s);
		break;
	}
	if (!(bits & want))
		return SLICE_NONE;
	*types_held = bits;
	return s;
}

static void want_names(unsigned want, char *out, size_t size)
{
	size_t n = 0;

	out[0] = 0;
	for (size_t i = 0; i < countof(types) && n < size; i++)
		if (want & types[i].bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " or " : "", types[i].name);
}

/* The value's text in a type that the schema allows; false with the fault told. */
static bool coerce(struct args *g, struct slice key, unsigned want, const struct json_at *value, struct slice *out)
{
	struct slice text = json_text(value), held = SLICE_NONE;
	enum json_kind kind = json_kind(value);
	unsigned bits = kind_bits(kind, text);
	char names[80];

	if (kind == JSON_STRING && !(want & T_STRING))
		held = unquoted(json_as_str(value), want, &bits);
	if (held.n) {
		text = held;
	} else if (kind == JSON_NUMBER && (want & T_STRING) && !(want & bits)) {
		text = arena_printf(g->arena, "\"%.*s\"", SLICE_ARG(text));
		bits = T_STRING;
	}
	if (want && !(bits & want)) {
		want_names(want, names, sizeof(names));
		return refuse(g, "'%.*s' must be of type %s", SLICE_ARG(slice_upto(key, 64)), names);
	}
	if ((want & T_INTEGER) && !(want & T_NUMBER) && (bits & T_INTEGER))
		text = integer_text(text);
	*out = text;
	return true;
}

static bool check_enum(struct args *g, struct slice key, const struct json_at *schema, struct slice text)
{
	struct json_at list, item;
	char names[240];
	size_t n = 0;

	list = json_get(schema, "enum");
	if (json_kind(&list) != JSON_ARRAY)
		return true;
	names[0] = 0;
	for (size_t i = 0; i < json_count(&list); i++) {
		item = json_item(&list, i);
		if (slice_eq(json_text(&item), text))
			return true;
		if (n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%.*s", i ? ", " : "", SLICE_ARG(slice_upto(json_text(&item), 60)));
	}
	return refuse(g, "'%.*s' must be one of %s", SLICE_ARG(slice_upto(key, 64)), names);
}

static bool is_required(const struct args *g, struct slice key)
{
	struct json_at list, item;

	if (json_kind(&g->schema) != JSON_OBJECT)
		return false;
	list = json_get(&g->schema, "required");
	if (json_kind(&list) != JSON_ARRAY)
		return false;
	for (size_t i = 0; i < json_count(&list); i++) {
		item = json_item(&list, i);
		if (json_kind(&item) == JSON_STRING && slice_eq(json_as_str(&item), key))
			return true;
	}
	return false;
}

/* Without case: some tool servers read names so, and would take "User_Id" for the bound one. */
static const struct bind *find_bind(const struct tool *t, struct slice key)
{
	for (size_t i = 0; i < t->n_binds; i++)
		if (slice_eq_nocase(t->binds[i].param, key))
			return &t->binds[i];
	return NULL;
}

static struct json_at property(const struct args *g, struct slice key)
{
	struct json_at child, none = {0};
	struct slice name;

	if (json_kind(&g->properties) != JSON_OBJECT)
		return none;
	for (size_t it = 0; json_each(&g->properties, &it, &name, &child);)
		if (slice_eq(name, key))
			return child;
	return none;
}

static bool closed(const struct args *g)
{
	struct json_at more;

	if (json_kind(&g->schema) != JSON_OBJECT)
		return false;
	more = json_get(&g->schema, "additionalProperties");
	return json_kind(&more) == JSON_BOOL && !json_as_bool_or(&more, true);
}

/* One argument of the model's: written, dropped (null for an optional one), or refused. */
static bool take(struct args *g, struct slice key, const struct json_at *value)
{
	struct json_at schema = property(g, key);
	unsigned want = schema.there ? types_allowed(&schema) : 0;
	struct slice text;

	if (find_bind(g->tool, key))
		return refuse(g, "the parameter '%.*s' is not yours to give, leave it out", SLICE_ARG(key));
	if (!schema.there && closed(g))
		return refuse(g, "there is no parameter '%.*s'", SLICE_ARG(slice_upto(key, 64)));
	if (json_kind(value) == JSON_NULL && want && !(want & T_NULL) && !is_required(g, key))
		return true;
	if (!coerce(g, key, want, value, &text))
		return false;
	if (json_kind(&schema) == JSON_OBJECT && !check_enum(g, key, &schema, text))
		return false;
	jsonw_key_slice(&g->w, key);
	jsonw_raw(&g->w, text);
	return true;
}

/* Whether the object has a member key, null not counted: a null for a required one was already judged by its type. */
static bool all_required(struct args *g, const struct json_at *given)
{
	struct json_at list, item, child;
	struct slice name;

	if (json_kind(&g->schema) != JSON_OBJECT)
		return true;
	list = json_get(&g->schema, "required");
	if (json_kind(&list) != JSON_ARRAY)
		return true;
	for (size_t i = 0; i < json_count(&list); i++) {
		bool found = false;

		item = json_item(&list, i);
		if (json_kind(&item) != JSON_STRING || find_bind(g->tool, json_as_str(&item)))
			continue;
		for (size_t it = 0; !found && json_each(given, &it, &name, &child);)
			found = slice_eq(name, json_as_str(&item));
		if (!found)
			return refuse(g, "'%.*s' is missing", SLICE_ARG(slice_upto(json_as_str(&item), 64)));
	}
	return true;
}

static struct slice bound_value(const struct caller *who, enum bind_from from)
{
	switch (from) {
	case BIND_OWNER:
		return who->owner;
	case BIND_USER_NAME:
		return who->user_name;
	case BIND_LOCALE:
		return who->locale;
	case BIND_THREAD_ID:
		return who->thread_id;
	case BIND_TURN_ID:
		return who->turn_id;
	}
	return SLICE_NONE;
}

static void inject(struct args *g, const struct caller *who)
{
	for (size_t i = 0; i < g->tool->n_binds; i++) {
		const struct bind *b = &g->tool->binds[i];

		/* A tool that acts for somebody is never called for nobody. */
		CHECK(b->from != BIND_OWNER || who->owner.n > 0);
		jsonw_key_slice(&g->w, b->param);
		jsonw_str(&g->w, bound_value(who, b->from));
	}
}

/* The tool's schema; one that does not parse checks nothing. false: there is no room for it. */
static bool schema_open(struct args *g)
{
	struct json_doc *doc;
	enum rc rc;

	if (g->tool->spec.schema.n == 0)
		return true;
	rc = json_parse(g->arena, g->tool->spec.schema, &GUARD_UPSTREAM, &doc, NULL);
	if (rc != RC_OK)
		return rc != RC_TOO_LARGE;
	g->schema = json_root(doc);
	if (json_kind(&g->schema) == JSON_OBJECT)
		g->properties = json_get(&g->schema, "properties");
	return true;
}

static bool no_room(struct args *g)
{
	return refuse(g, "the arguments are too large");
}

bool args_make(const struct tool *t, const struct caller *who, struct slice raw, struct arena *a, struct slice *out, struct args_fault *fault)
{
	struct args g = {.tool = t, .arena = a, .fault = fault};
	struct buf text = BUF_INIT(2 * (size_t)TOOL_ARGS_MAX);
	struct json_at given, value;
	struct json_doc *doc;
	struct slice key;
	struct err e;
	bool ok = true;

	raw = slice_trim(raw);
	if (raw.n == 0)
		raw = S("{}");
	if (raw.n > TOOL_ARGS_MAX)
		return refuse(&g, "the arguments are longer than %d bytes", TOOL_ARGS_MAX);
	if (json_parse(a, raw, &GUARD_UPSTREAM, &doc, &e) != RC_OK)
		return refuse(&g, "the arguments must be one JSON object: %.250s", e.msg);
	if (!schema_open(&g))
		return no_room(&g);
	given = json_root(doc);
	jsonw_init(&g.w, &text);
	jsonw_obj(&g.w);
	for (size_t it = 0; ok && json_each(&given, &it, &key, &value);)
		ok = take(&g, key, &value);
	ok = ok && all_required(&g, &given);
	if (ok) {
		inject(&g, who);
		jsonw_end(&g.w);
		*out = arena_try_dup(a, buf_slice(&text));
		if (!jsonw_ok(&g.w) || !out->p)
			ok = no_room(&g);
	}
	buf_release(&text);
	/* A text that had no room reads as null: whatever was found wrong with it, was not. */
	if (json_done(doc, NULL) != RC_OK || (g.schema.doc && json_done(g.schema.doc, NULL) != RC_OK))
		ok = no_room(&g);
	return ok;
}
