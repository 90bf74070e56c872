/* SPDX-License-Identifier: MIT */
/* Arguments that fit a JSON Schema, with words that look like something on a screen: what a real model would have made up. */
#include "model/demo.h"

#include "wire/json.h"
#include "wire/jsonw.h"

#define DEPTH_MAX 8
#define MEMBERS_MAX 40
#define TEXT_MAX 8192 /* bytes of all arguments of a call */
#define TREE_MAX (8 * 1024 * 1024)

/* By a word in the property's name, in this order; what comes in a list is another one each time. */
static const struct {
	const char *word;
	const char *value[3];
} words[] = {
	{"question", {"What shall we have for breakfast?", "Where shall we have it?", "When?"}},
	{"option", {"Tea", "Coffee", "Water"}},
	{"value", {"Tea", "Coffee", "Water"}},
	{"answer", {"Tea", "Coffee", "Water"}},
	{"choice", {"Tea", "Coffee", "Water"}},
	{"email", {"anna@example.com", "ben@example.com", "cleo@example.com"}},
	{"url", {"https://example.com/", "https://example.com/two", "https://example.com/three"}},
	{"link", {"https://example.com/", "https://example.com/two", "https://example.com/three"}},
	{"date", {"2026-01-31", "2026-02-01", "2026-02-02"}},
	{"time", {"09:30", "12:00", "18:45"}},
	{"description", {"A line from the demo model.", "Another line.", "And a third."}},
	{"subtitle", {"A line from the demo model.", "Another line.", "And a third."}},
	{"text", {"A line from the demo model.", "Another line.", "And a third."}},
	{"body", {"A line from the demo model.", "Another line.", "And a third."}},
	{"message", {"A line from the demo model.", "Another line.", "And a third."}},
	{"city", {"Oslo", "Lisbon", "Kyoto"}},
	{"location", {"Oslo", "Lisbon", "Kyoto"}},
	{"person", {"Anna", "Ben", "Cleo"}},
	{"user", {"Anna", "Ben", "Cleo"}},
	{"status", {"open", "done", "open"}},
	{"", {"Buy milk", "Call Anna", "Mend the bicycle"}}, /* title, name, label, and whatever else */
};

struct sample {
	struct jsonw w;
	unsigned depth;
	size_t nth; /* of the list that is being filled */
};

static void write_value(struct sample *s, const struct json_at *schema, struct slice name);

static struct json_at member(const struct json_at *in, const char *key)
{
	return json_kind(in) == JSON_OBJECT ? json_get(in, key) : (struct json_at){0};
}

static struct slice type_of(const struct json_at *schema)
{
	struct json_at type = member(schema, "type"), properties;

	if (json_kind(&type) == JSON_ARRAY && json_count(&type)) {
		struct json_at first = json_item(&type, 0);

		return json_kind(&first) == JSON_STRING ? json_as_str(&first) : SLICE_NONE;
	}
	if (json_kind(&type) == JSON_STRING)
		return json_as_str(&type);
	properties = member(schema, "properties");
	return json_has(&properties) ? S("object") : S("string");
}

static bool write_given(struct sample *s, const struct json_at *schema)
{
	struct json_at one = member(schema, "const"), list;

	if (!json_has(&one))
		one = member(schema, "default");
	for (int i = 0; i < 2 && !json_has(&one); i++) {
		list = member(schema, i ? "examples" : "enum");
		if (json_kind(&list) == JSON_ARRAY && json_count(&list))
			one = json_item(&list, 0);
	}
	if (!json_has(&one))
		return false;
	jsonw_raw(&s->w, json_text(&one));
	return true;
}

static bool holds(struct slice name, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= name.n; i++)
		if (slice_eq_nocase(slice_mem(name.p + i, n), slice_mem(word, n)))
			return true;
	return false;
}

static void write_string(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct json_at at = member(schema, "format");
	struct slice format = json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
	size_t i = 0;

	if (slice_is(format, "date-time")) {
		jsonw_cstr(&s->w, "2026-01-31T09:30:00Z");
		return;
	}
	if (slice_is(format, "uri"))
		name = S("url");
	else if (format.n)
		name = format;
	if (slice_is(name, "id") || holds(name, "_id")) {
		char id[16];

		snprintf(id, sizeof(id), "%zu", s->nth + 1);
		jsonw_cstr(&s->w, id);
		return;
	}
	while (!holds(name, words[i].word))
		i++;
	jsonw_cstr(&s->w, words[i].value[s->nth % 3]);
}

static void write_number(struct sample *s, const struct json_at *schema)
{
	struct json_at low = member(schema, "minimum"), high = member(schema, "maximum");
	double v = json_kind(&low) == JSON_NUMBER ? json_as_num_or(&low, 0) : (double)s->nth + 1;

	if (json_kind(&high) == JSON_NUMBER && json_as_num_or(&high, v) < v)
		v = json_as_num_or(&high, v);
	jsonw_num(&s->w, v);
}

static void write_array(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct json_at items = member(schema, "items"), max = member(schema, "maxItems");
	size_t outer = s->nth, n = holds(name, "question") ? 1 : 3;

	if (json_kind(&max) == JSON_NUMBER && json_as_num_or(&max, 3) < (double)n)
		n = 1;
	jsonw_arr(&s->w);
	for (s->nth = 0; s->nth < n && json_kind(&items) == JSON_OBJECT; s->nth++)
		write_value(s, &items, name);
	jsonw_end(&s->w);
	s->nth = outer;
}

static void write_object(struct sample *s, const struct json_at *schema)
{
	struct json_at properties = member(schema, "properties"), one;
	struct slice key;
	size_t n = 0;

	jsonw_obj(&s->w);
	for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && n < MEMBERS_MAX && json_each(&properties, &it, &key, &one); n++) {
		jsonw_key_slice(&s->w, key);
		write_value(s, &one, key);
	}
	jsonw_end(&s->w);
}

static void write_value(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct slice type = type_of(schema);
	struct json_at any = member(schema, "anyOf");

	if (json_kind(&any) == JSON_ARRAY && json_count(&any) && s->depth < DEPTH_MAX) {
		struct json_at first = json_item(&any, 0);

		s->depth++;
		write_value(s, &first, name);
		s->depth--;
		return;
	}
	if (write_given(s, schema))
		return;
	if (s->depth == DEPTH_MAX) {
		jsonw_null(&s->w);
		return;
	}
	s->depth++;
	if (slice_is(type, "object"))
		write_object(s, schema);
	else if (slice_is(type, "array"))
		write_array(s, schema, name);
	else if (slice_is(type, "number") || slice_is(type, "integer"))
		write_number(s, schema);
	else if (slice_is(type, "boolean"))
		jsonw_bool(&s->w, false);
	else if (slice_is(type, "null"))
		jsonw_null(&s->w);
	else
		write_string(s, schema, name);
	s->depth--;
}

struct slice demo_sample(struct arena *a, struct slice schema)
{
	struct arena *tree = arena_new(TREE_MAX, NULL);
	struct buf out = BUF_INIT(TEXT_MAX);
	struct sample s = {.depth = 0};
	struct slice args = S("{}");
	struct json_doc *doc;
	struct json_at root;

	if (json_parse(tree, schema, &GUARD_UPSTREAM, &doc, NULL) == RC_OK) {
		root = json_root(doc);
		jsonw_init(&s.w, &out);
		write_object(&s, &root);
		if (jsonw_ok(&s.w))
			args = arena_dup(a, buf_slice(&out));
	}
	buf_release(&out);
	arena_free(tree);
	return args;
}
