/* SPDX-License-Identifier: MIT */
/* The parts of chatkit.json that only the file can say: which there are, and the smaller ones. */
#include "app/conf_fields.h"

#include "app/texts.h"

/* ---- client_tools ---- */

#define TOOL_AT(member) offsetof(struct conf_client_tool, member)

static const struct conf_field tool_fields[] = {
	{"name", FIELD_LINE, true, TOOL_AT(name), 0, NULL, NULL},
	{"title", FIELD_LINE, false, TOOL_AT(title), 0, NULL, NULL},
	{"description", FIELD_TEXT, true, TOOL_AT(description), 8 * 1024, NULL, NULL},
	{"parameters", FIELD_OBJECT, false, TOOL_AT(schema), 0, NULL, NULL},
	{0},
};

static bool is_object_schema(const struct json_at *schema)
{
	struct json_at type = json_get(schema, "type"), properties = json_get(schema, "properties");

	return json_kind(&type) == JSON_STRING && slice_is(json_as_str(&type), "object") && (!json_has(&properties) || json_kind(&properties) == JSON_OBJECT);
}

static void take_client_tool(struct conf_reader *r, const char *where, const struct json_at *at)
{
	struct conf *c = r->c;
	struct conf_client_tool *t = &c->client_tools[c->n_client_tools];
	struct json_at schema;

	*t = (struct conf_client_tool){.schema = S("{\"type\":\"object\",\"properties\":{}}")};
	conf_take_fields(r, where, at, tool_fields, t);
	if (json_kind(at) != JSON_OBJECT)
		return;
	schema = json_get(at, "parameters");
	if (json_kind(&schema) == JSON_OBJECT && !is_object_schema(&schema))
		conf_problem(r, where, "parameters: expected a JSON Schema of type object");
	if (t->name.n && !conf_is_tool_name(t->name))
		conf_problem(r, where, "name: %s is no name: 1 to 64 of A-Z a-z 0-9 _ -", conf_quote(r, t->name));
	for (size_t i = 0; i < c->n_client_tools; i++)
		if (t->name.n && slice_eq(c->client_tools[i].name, t->name))
			conf_problem(r, where, "name: %s is there twice", conf_quote(r, t->name));
	c->n_client_tools++;
}

static void take_client_tools(struct conf_reader *r, const char *where, const struct json_at *at)
{
	r->c->n_client_tools = 0;
	conf_take_array(r, where, at, CONF_CLIENT_TOOLS_MAX, take_client_tool);
}

/* ---- context.headers ---- */

static bool is_var_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (i && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))))
			return false;
	return s.n >= 1 && s.n <= 32;
}

/* Accept-X as a web server hands it on: ACCEPT_X. Empty: it is no header's name, or one that a model must not read. */
static struct slice cgi_name(struct conf_reader *r, struct slice name)
{
	static const char *const secret[] = {"AUTHORIZATION", "PROXY_AUTHORIZATION", "X_CHATKIT_AUTHORIZATION", "COOKIE"};
	char *out = arena_alloc(r->c->arena, 65);

	if (name.n == 0 || name.n > 64)
		return SLICE_NONE;
	for (size_t i = 0; i < name.n; i++) {
		char ch = name.p[i];

		if (ch >= 'a' && ch <= 'z')
			ch = (char)(ch - 'a' + 'A');
		if (!((ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_'))
			return SLICE_NONE;
		out[i] = ch == '-' ? '_' : ch;
	}
	for (size_t i = 0; i < countof(secret); i++)
		if (strcmp(out, secret[i]) == 0)
			return SLICE_NONE;
	return slice_mem(out, name.n);
}

static void take_header(struct conf_reader *r, const char *where, struct slice key, const struct json_at *at)
{
	static const char *const ours[] = {"user_id", "user_name", "locale", "now"};
	struct conf *c = r->c;
	struct conf_context *x = &c->context[c->n_context];

	x->header = cgi_name(r, key);
	if (x->header.n == 0)
		conf_problem(r, where, "is no header that a model may be told");
	if (!conf_take_string(r, where, at, false, 0, &x->name))
		return;
	if (!is_var_name(x->name))
		conf_problem(r, where, "%s is no name: a letter a-z, then a-z 0-9 _, 32 at most", conf_quote(r, x->name));
	for (size_t i = 0; i < countof(ours); i++)
		if (slice_is(x->name, ours[i]))
			conf_problem(r, where, "{%s} is filled in already", ours[i]);
	for (size_t i = 0; i < c->n_context; i++)
		if (slice_eq(c->context[i].name, x->name))
			conf_problem(r, where, "{%s} is there twice", conf_quote(r, x->name));
	c->n_context++;
}

static void take_headers(struct conf_reader *r, const char *where, const struct json_at *at)
{
	struct json_at child;
	struct slice key;

	r->c->n_context = 0;
	if (json_kind(at) != JSON_OBJECT) {
		conf_problem(r, where, "expected an object: {\"Article-Id\": \"article_id\"}");
		return;
	}
	for (size_t it = 0; json_each(at, &it, &key, &child);) {
		if (r->c->n_context == CONF_CONTEXT_MAX) {
			conf_problem(r, where, "holds more than %d", CONF_CONTEXT_MAX);
			return;
		}
		take_header(r, conf_where_key(r, where, key), key, &child);
	}
}

/* ---- texts ---- */

static bool is_language_tag(struct slice s)
{
	struct slice rest = s, part;

	if (s.n > 35)
		return false;
	while (rest.n) {
		bool first = rest.p == s.p;

		rest = slice_cut(rest, '-', &part);
		if (part.n == 0 || part.n > 8 || (first && part.n < 2))
			return false;
		for (size_t i = 0; i < part.n; i++) {
			char c = part.p[i];

			if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9')))
				return false;
		}
	}
	return s.n >= 2 && s.p[s.n - 1] != '-';
}

static void take_text(struct conf_reader *r, const char *where, struct slice locale, struct slice english, const struct json_at *at)
{
	struct conf *c = r->c;
	struct conf_text *t = &c->texts[c->n_texts];

	if (!conf_take_string(r, where, at, true, TEXT_MAX, &t->text) || t->text.n == 0)
		return;
	if (!text_is_known(english))
		conf_warn(r, "texts.%.*s: %s is no sentence of ours, and translates nothing", SLICE_ARG(locale), conf_quote(r, english));
	else if (!text_fits(english, t->text))
		conf_problem(r, where, "names a place ({1}, {2}) that the English sentence does not have");
	t->locale = locale;
	t->english = arena_dup(c->arena, english);
	c->n_texts++;
}

static void take_texts(struct conf_reader *r, const char *where, const struct json_at *at)
{
	struct conf *c = r->c;
	struct json_at language, child;
	struct slice tag, english;

	c->texts = arena_alloc(c->arena, CONF_TEXTS_MAX * sizeof(struct conf_text));
	c->n_texts = 0;
	if (json_kind(at) != JSON_OBJECT) {
		conf_problem(r, where, "expected an object: {\"de\": {\"English sentence.\": \"Deutscher Satz.\"}}");
		return;
	}
	for (size_t it = 0; json_each(at, &it, &tag, &language);) {
		const char *path = conf_where_key(r, where, tag);

		if (!is_language_tag(tag) || json_kind(&language) != JSON_OBJECT) {
			conf_problem(r, path, is_language_tag(tag) ? "expected an object" : "is no language: expected de, pt-BR or the like");
			continue;
		}
		tag = arena_dup(c->arena, tag);
		for (size_t i = 0; json_each(&language, &i, &english, &child);) {
			if (c->n_texts == CONF_TEXTS_MAX) {
				conf_problem(r, where, "holds more than %d sentences", CONF_TEXTS_MAX);
				return;
			}
			take_text(r, conf_where_key(r, path, english), tag, english, &child);
		}
	}
}

/* ---- which there are ---- */

static const struct conf_part parts[] = {
	{"client_tools", take_client_tools, "What the model may ask of the page: an array of {name, title, description, parameters}."},
	{"actions", conf_take_actions, "What becomes of a widget's action: an array, the first whose type fits is it."},
	{"context.headers", take_headers, "Request headers that the model is told: {\"Article-Id\": \"article_id\"} makes {article_id}."},
	{"texts", take_texts, "Our own sentences in other languages: {\"de\": {\"Please sign in.\": \"Bitte melden Sie sich an.\"}}."},
};

const struct conf_part *conf_part_at(size_t i)
{
	return i < countof(parts) ? &parts[i] : NULL;
}

const struct conf_part *conf_part_find(struct slice path)
{
	for (size_t i = 0; i < countof(parts); i++)
		if (slice_is(path, parts[i].path))
			return &parts[i];
	return NULL;
}
