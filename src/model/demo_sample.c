/* SPDX-License-Identifier: MIT */
/* Arguments that fit a JSON Schema, with words and numbers that look like something on a screen: what a real model would have made up. */
#include "model/demo_inner.h"

#include "wire/json.h"
#include "wire/jsonw.h"

#define DEPTH_MAX 8
#define MEMBERS_MAX 40
#define ITEMS_MAX 20
#define SERIES_ITEMS 7 /* a chart's points: a week */
#define TEXT_MAX (64 * 1024) /* bytes of all arguments of a call */
#define TREE_MAX (8 * 1024 * 1024)

static const char *const days[SERIES_ITEMS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
/* Tenths, of which a chart rises and falls. */
static const int waves[][SERIES_ITEMS] = {{3, 5, 4, 7, 6, 9, 8}, {6, 4, 5, 2, 3, 1, 4}, {2, 2, 5, 6, 8, 5, 3}};

struct sample {
	struct jsonw w;
	unsigned depth;
	size_t nth;              /* of the list that is being filled */
	bool in_list, in_series; /* series: objects with a number, as a chart's points */
	bool over_series;        /* the object at hand has one */
	size_t n_things, n_waves; /* rows that the object at hand has used */
	const struct json_at *tasks; /* JSON array, or NULL */
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

static bool is_number(const struct json_at *schema)
{
	struct slice type = type_of(schema);

	return slice_is(type, "number") || slice_is(type, "integer");
}

static bool is_id(struct slice name)
{
	return slice_is(name, "id") || (name.n > 3 && slice_is(slice_from(name, name.n - 3), "_id"));
}

/* ---- tasks ---- */

/* Where another word stands for what list_tasks calls so. */
static const char *const same[][2] = {{"name", "title"}, {"label", "title"}, {"task", "title"}, {"done", "completed"}, {"checked", "completed"},
				      {"task_id", "id"}, {"notes", "description"}, {"due", "due_date"}};

static bool are_tasks(struct slice name, const struct json_at *schema)
{
	struct json_at items = member(schema, "items"), properties = member(&items, "properties"), one;
	bool named = demo_holds(name, "task") || demo_holds(name, "todo") || demo_holds(name, "to_do"), titled = false;
	struct slice key;

	for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && json_each(&properties, &it, &key, &one);) {
		named |= slice_is(key, "completed") || slice_is(key, "done");
		titled |= slice_is(key, "title") || slice_is(key, "name") || slice_is(key, "label") || slice_is(key, "task");
	}
	return slice_is(type_of(schema), "array") && named && titled;
}

static struct json_at task_member(const struct json_at *task, struct slice key)
{
	struct json_at one;
	struct slice k;

	for (size_t it = 0; json_each(task, &it, &k, &one);)
		if (slice_eq(k, key))
			return one;
	for (size_t i = 0; i < countof(same); i++)
		if (slice_is(key, same[i][0]))
			return json_get(task, same[i][1]);
	return (struct json_at){0};
}

/* false: the task has nothing to say here, or it does not fit. */
static bool write_task_member(struct sample *s, const struct json_at *schema, struct slice key, const struct json_at *value)
{
	enum json_kind kind = json_kind(value);
	struct slice type = type_of(schema), text = kind == JSON_STRING ? json_as_str(value) : json_has(value) ? json_text(value) : SLICE_NONE;

	if (text.n == 0 || (slice_is(key, "priority") && slice_is(text, "none")) || (slice_is(key, "category") && slice_is(text, "other")))
		return false;
	if (slice_is(type, "string") && (kind == JSON_STRING || kind == JSON_NUMBER)) {
		jsonw_key_slice(&s->w, key);
		jsonw_str(&s->w, text);
	} else if ((is_number(schema) && kind == JSON_NUMBER) || (slice_is(type, "boolean") && kind == JSON_BOOL)) {
		jsonw_key_slice(&s->w, key);
		jsonw_raw(&s->w, text);
	} else {
		return false;
	}
	return true;
}

static bool required(const struct json_at *object, struct slice key)
{
	struct json_at list = member(object, "required");

	for (size_t i = 0; json_kind(&list) == JSON_ARRAY && i < json_count(&list); i++) {
		struct json_at one = json_item(&list, i);

		if (json_kind(&one) == JSON_STRING && slice_eq(json_as_str(&one), key))
			return true;
	}
	return false;
}

static void write_tasks(struct sample *s, const struct json_at *schema)
{
	struct json_at items = member(schema, "items"), properties = member(&items, "properties"), max = member(schema, "maxItems"), one;
	int64_t most = json_kind(&max) == JSON_NUMBER ? json_as_i64_or(&max, 0, INT32_MAX, INT32_MAX) : INT32_MAX;
	struct slice key;

	jsonw_arr(&s->w);
	for (s->nth = 0; s->nth < json_count(s->tasks) && (int64_t)s->nth < most; s->nth++) {
		struct json_at task = json_item(s->tasks, s->nth);

		if (json_kind(&task) != JSON_OBJECT)
			continue;
		jsonw_obj(&s->w);
		for (size_t it = 0; json_each(&properties, &it, &key, &one);) {
			struct json_at value = task_member(&task, key);

			if (write_task_member(s, &one, key, &value) || !required(&items, key))
				continue;
			jsonw_key_slice(&s->w, key);
			write_value(s, &one, key);
		}
		jsonw_end(&s->w);
	}
	jsonw_end(&s->w);
	s->nth = 0;
}

/* ---- made-up ---- */

static bool write_given(struct sample *s, const struct json_at *schema)
{
	struct json_at one = member(schema, "const"), list;

	if (!json_has(&one))
		one = member(schema, "default");
	for (int i = 0; i < 2 && !json_has(&one); i++) {
		list = member(schema, i ? "examples" : "enum");
		if (json_kind(&list) == JSON_ARRAY && json_count(&list))
			one = json_item(&list, s->nth % json_count(&list));
	}
	if (!json_has(&one))
		return false;
	jsonw_raw(&s->w, json_text(&one));
	return true;
}

static void write_string(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct json_at at = member(schema, "format"), max = member(schema, "maxLength");
	struct slice format = json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE, text = SLICE_NONE;
	char id[24];

	if (slice_is(format, "uri"))
		name = S("url");
	else if (format.n)
		name = format;
	snprintf(id, sizeof(id), "%zu", s->nth + 1);
	if (slice_is(format, "date-time"))
		text = S("2026-01-31T09:30:00Z");
	else if (is_id(name))
		text = slice_cstr(id);
	else if (s->in_series && (demo_holds(name, "label") || demo_holds(name, "day") || demo_holds(name, "date") || demo_holds(name, "name") || slice_is(name, "x")))
		text = slice_cstr(days[s->nth % SERIES_ITEMS]);
	else if (s->over_series && slice_is(name, "title"))
		text = S("Cups of tea this week");
	if (!text.n)
		text = demo_example(name, s->nth, &s->n_things);
	if (json_kind(&max) == JSON_NUMBER)
		text = slice_upto(text, (size_t)json_as_i64_or(&max, 0, INT32_MAX, INT32_MAX));
	jsonw_str(&s->w, text);
}

static void write_number(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct json_at low = member(schema, "minimum"), high = member(schema, "maximum");
	bool has_low = json_kind(&low) == JSON_NUMBER, has_high = json_kind(&high) == JSON_NUMBER;
	double tenths = waves[s->n_waves % countof(waves)][s->nth % SERIES_ITEMS], least = has_low ? json_as_num_or(&low, 0) : 0;
	double most = has_high ? json_as_num_or(&high, 0) : least + 10, v;

	if (has_high && !has_low && most <= least)
		least = most - 10;
	v = least + (most - least) * tenths / 10;
	if (is_id(name))
		v = least > (double)s->nth + 1 ? least + (double)s->nth : (double)s->nth + 1;
	else
		s->n_waves++;
	if (slice_is(type_of(schema), "integer") && v > -1e15 && v < 1e15 && (double)(int64_t)v >= least)
		v = (double)(int64_t)v;
	jsonw_num(&s->w, v);
}

static bool has_numbers(const struct json_at *items)
{
	struct json_at properties = member(items, "properties"), others = member(items, "additionalProperties"), one;
	struct slice key;

	if (json_kind(&others) == JSON_OBJECT && is_number(&others))
		return true;
	for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && json_each(&properties, &it, &key, &one);)
		if (is_number(&one) && !is_id(key))
			return true;
	return false;
}

static size_t count_items(const struct json_at *schema, size_t n)
{
	struct json_at min = member(schema, "minItems"), max = member(schema, "maxItems");
	size_t least = json_kind(&min) == JSON_NUMBER ? (size_t)json_as_i64_or(&min, 0, ITEMS_MAX, 0) : 0;
	size_t most = json_kind(&max) == JSON_NUMBER ? (size_t)json_as_i64_or(&max, 0, ITEMS_MAX, ITEMS_MAX) : ITEMS_MAX;

	return n < least ? least : n > most ? most : n;
}

static void write_array(struct sample *s, const struct json_at *schema, struct slice name)
{
	struct json_at items = member(schema, "items");
	struct sample outer = *s;
	size_t n;

	s->in_list = true;
	s->in_series = has_numbers(&items);
	n = count_items(schema, demo_holds(name, "question") ? 1 : s->in_series ? SERIES_ITEMS : 3);
	jsonw_arr(&s->w);
	for (s->nth = 0; s->nth < n && json_kind(&items) == JSON_OBJECT; s->nth++)
		write_value(s, &items, name);
	jsonw_end(&s->w);
	s->nth = outer.nth;
	s->in_list = outer.in_list;
	s->in_series = outer.in_series;
}

/* At the top only what is required: the rest has its defaults. In a list all of it. */
static bool wanted(const struct sample *s, const struct json_at *object, struct slice key)
{
	struct json_at list = member(object, "required");

	return json_kind(&list) != JSON_ARRAY || s->in_list || required(object, key);
}

static void write_object(struct sample *s, const struct json_at *schema)
{
	struct json_at properties = member(schema, "properties"), items, one;
	bool over = s->over_series;
	size_t n = 0, n_things = s->n_things, n_waves = s->n_waves;
	struct slice key;

	s->n_things = s->n_waves = 0;
	s->over_series = false;
	jsonw_obj(&s->w);
	for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && json_each(&properties, &it, &key, &one);) {
		items = member(&one, "items");
		s->over_series |= json_has(&items) && has_numbers(&items);
	}
	for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && n < MEMBERS_MAX && json_each(&properties, &it, &key, &one); n++) {
		bool tasks = s->tasks && s->depth == 0 && are_tasks(key, &one);

		if (!tasks && !wanted(s, schema, key))
			continue;
		jsonw_key_slice(&s->w, key);
		if (tasks)
			write_tasks(s, &one);
		else
			write_value(s, &one, key);
	}
	jsonw_end(&s->w);
	s->n_things = n_things;
	s->over_series = over;
	s->n_waves = n_waves;
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
	else if (is_number(schema))
		write_number(s, schema, name);
	else if (slice_is(type, "boolean"))
		jsonw_bool(&s->w, s->in_list && s->nth % 3 == 1);
	else if (slice_is(type, "null"))
		jsonw_null(&s->w);
	else
		write_string(s, schema, name);
	s->depth--;
}

struct slice demo_sample(struct arena *a, struct slice schema, struct slice tasks)
{
	struct arena *tree = arena_new(TREE_MAX, NULL);
	struct buf out = BUF_INIT(TEXT_MAX);
	struct json_at root, answer, list;
	struct sample s = {.depth = 0};
	struct slice args = S("{}");
	struct json_doc *doc;

	if (tasks.n && json_parse(tree, tasks, &GUARD_UPSTREAM, &doc, NULL) == RC_OK) {
		answer = json_root(doc);
		list = member(&answer, "tasks");
		if (json_kind(&list) == JSON_ARRAY)
			s.tasks = &list;
	}
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

bool demo_sample_has_tasks(struct slice schema)
{
	struct arena *tree = arena_new(TREE_MAX, NULL);
	struct json_doc *doc;
	struct json_at root, properties, one;
	struct slice key;
	bool has = false;

	if (json_parse(tree, schema, &GUARD_UPSTREAM, &doc, NULL) == RC_OK) {
		root = json_root(doc);
		properties = member(&root, "properties");
		for (size_t it = 0; json_kind(&properties) == JSON_OBJECT && json_each(&properties, &it, &key, &one);)
			has |= are_tasks(key, &one);
	}
	arena_free(tree);
	return has;
}
