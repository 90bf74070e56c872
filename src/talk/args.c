/* SPDX-License-Identifier: MIT */
#include "talk/args.h"

#include <stdarg.h>

#include "talk/schema.h"
#include "wire/json.h"
#include "wire/jsonw.h"

struct args {
	const struct tool *tool;
	struct arena *arena;
	struct json_at schema, properties, more; /* more: of what is not among the properties */
	struct schema checks;
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

/* "5" and "5.0" without what makes no difference: the integer's text, or empty (an exponent too: nobody writes integers so). */
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
	return schema_type_of(kind) | (kind == JSON_NUMBER && integer_text(text).n ? SCHEMA_INTEGER : 0);
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
		bits = SCHEMA_OBJECT;
		break;
	case '[':
		bits = SCHEMA_ARRAY;
		break;
	case 't':
	case 'f':
		bits = SCHEMA_BOOLEAN;
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

/* Reads again what became of the value. */
static void reread(struct args *g, struct slice text, struct json_at *value)
{
	if (json_parse_value(g->arena, text, &GUARD_UPSTREAM, value, NULL) == RC_OK)
		return;
	*value = (struct json_at){0};
	g->checks.full = true;
}

/* The value, and its text, in a type that the schema allows; false with the fault told. */
static bool coerce(struct args *g, struct slice key, unsigned want, struct json_at *value, struct slice *out)
{
	struct slice text = json_text(value), held = SLICE_NONE;
	enum json_kind kind = json_kind(value);
	unsigned bits = kind_bits(kind, text);
	char names[80];

	if (kind == JSON_STRING && !(want & SCHEMA_STRING))
		held = unquoted(json_as_str(value), want, &bits);
	if (held.n) {
		text = held;
	} else if (kind == JSON_NUMBER && (want & SCHEMA_STRING) && !(want & bits)) {
		text = arena_printf(g->arena, "\"%.*s\"", SLICE_ARG(text));
		bits = SCHEMA_STRING;
	}
	if (want && !(bits & want)) {
		schema_type_names(want, names, sizeof(names));
		return refuse(g, "'%.*s' must be of type %s", SLICE_ARG(slice_upto(key, 64)), names);
	}
	if ((kind == JSON_STRING) != (bits == SCHEMA_STRING))
		reread(g, text, value);
	if ((want & SCHEMA_INTEGER) && !(want & SCHEMA_NUMBER) && (bits & SCHEMA_INTEGER))
		text = integer_text(text);
	*out = text;
	return true;
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

/* What the schema says of this argument; not there when it says nothing. */
static struct json_at property(const struct args *g, const struct json_at *value)
{
	struct json_at sub = {0};

	if (json_kind(&g->properties) == JSON_OBJECT)
		sub = json_get(&g->properties, value->key);
	return sub.there ? sub : g->more;
}

/* One argument of the model's: written, dropped (null for an optional one), or refused. */
static bool take(struct args *g, struct slice key, const struct json_at *value)
{
	struct json_at schema = property(g, value), held = *value;
	unsigned want = schema_types(&g->checks, &schema);
	struct schema_fault fault;
	struct slice text;

	if (find_bind(g->tool, key))
		return refuse(g, "the parameter '%.*s' is not yours to give, leave it out", SLICE_ARG(key));
	if (json_kind(&schema) == JSON_BOOL && !json_as_bool_or(&schema, true))
		return refuse(g, "there is no parameter '%.*s'", SLICE_ARG(slice_upto(key, 64)));
	if (json_kind(value) == JSON_NULL && want && !(want & SCHEMA_NULL) && !is_required(g, key))
		return true;
	if (!coerce(g, key, want, &held, &text))
		return false;
	if (!schema_check(&g->checks, &schema, &held, key, &fault))
		return refuse(g, "%s", fault.why);
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
	struct json_at more;
	enum rc rc;

	if (g->tool->spec.schema.n == 0)
		return true;
	rc = json_parse(g->arena, g->tool->spec.schema, &GUARD_UPSTREAM, &doc, NULL);
	if (rc != RC_OK)
		return rc != RC_TOO_LARGE;
	g->schema = json_root(doc);
	schema_init(&g->checks, g->arena, &g->schema);
	g->checks.nulls_left_out = true;
	/* What the model does not see of the whole, it must not be asked for deeper within. */
	g->checks.no_root = g->tool->n_binds > 0;
	if (json_kind(&g->schema) != JSON_OBJECT)
		return true;
	g->properties = json_get(&g->schema, "properties");
	more = json_get(&g->schema, "patternProperties");
	if (!more.there)
		g->more = json_get(&g->schema, "additionalProperties");
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
	/* A text that had no room reads as null: whatever was found wrong with it, was not. And what could not be checked for want of room, was not checked. */
	if (g.checks.full || json_done(doc, NULL) != RC_OK || (g.schema.doc && json_done(g.schema.doc, NULL) != RC_OK))
		ok = no_room(&g);
	return ok;
}
