/* SPDX-License-Identifier: MIT */
#include "app/conf_fields.h"

#include "chatkit/template.h"
#include "wire/jsonw.h"

#define LINE_MAX_BYTES 1024
#define PARSED_MAX (16 * 1024 * 1024) /* of a template's tree, which is thrown away */

const char *conf_where_key(struct conf_reader *r, const char *where, struct slice key)
{
	return arena_printf(r->scratch, "%s.%s", where, conf_quote(r, key)).p;
}

const char *conf_where_item(struct conf_reader *r, const char *where, size_t i)
{
	return arena_printf(r->scratch, "%s[%zu]", where, i).p;
}

bool conf_is_tool_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return name.n >= 1 && name.n <= 64;
}

bool conf_check_template(struct conf_reader *r, const char *where, struct slice text)
{
	struct arena *a = arena_new(PARSED_MAX, NULL);
	struct template *t;
	struct err e;
	bool ok = template_parse(a, text, &t, &e) == RC_OK;

	if (!ok)
		conf_problem(r, where, "%s", e.msg);
	arena_free(a);
	return ok;
}

/* An array of lines, or one string, as one text. */
static bool join(struct conf_reader *r, const char *where, const struct json_at *at, bool lines, struct buf *out)
{
	size_t n = lines && json_kind(at) == JSON_ARRAY ? json_count(at) : 1;
	bool ok = true, used;

	for (size_t i = 0; i < n; i++) {
		struct json_at item = json_kind(at) == JSON_ARRAY && lines ? json_item(at, i) : *at;
		struct slice text;

		if (json_kind(&item) != JSON_STRING) {
			conf_problem(r, where, lines ? "expected a string, or an array of lines" : "expected a string");
			return false;
		}
		ok = conf_expand(r, where, json_as_str(&item), &text, &used) && ok;
		if (!ok)
			continue;
		buf_adds(out, i ? "\n" : "");
		buf_add(out, text);
	}
	return ok;
}

bool conf_take_string(struct conf_reader *r, const char *where, const struct json_at *at, bool lines, size_t max, struct slice *out)
{
	struct buf text = BUF_INIT(CONF_FILE_MAX);
	bool ok = join(r, where, at, lines, &text);

	max = max ? max : LINE_MAX_BYTES;
	if (ok && (!buf_ok(&text) || text.n > max)) {
		conf_problem(r, where, "is longer than %zu bytes", max);
		ok = false;
	} else if (ok && !conf_is_text(buf_slice(&text), !lines)) {
		conf_problem(r, where, lines ? "holds a control character or bad UTF-8" : "holds a line break, a control character or bad UTF-8");
		ok = false;
	}
	if (ok)
		*out = arena_dup(r->c->arena, buf_slice(&text));
	buf_release(&text);
	return ok;
}

/* A copy of JSON with ${NAME} replaced in its strings; the guard has seen to its depth. */
struct copy {
	struct conf_reader *r;
	struct jsonw w;
	bool templates, ok;
};

static void copy_value(struct copy *c, const char *where, const struct json_at *at);

static void copy_string(struct copy *c, const char *where, const struct json_at *at)
{
	struct slice text = SLICE_NONE;
	bool used;

	if (!conf_expand(c->r, where, json_as_str(at), &text, &used) || (c->templates && !conf_check_template(c->r, where, text)))
		c->ok = false;
	jsonw_str(&c->w, text);
}

static void copy_object(struct copy *c, const char *where, const struct json_at *at)
{
	struct json_at child;
	struct slice key;

	jsonw_obj(&c->w);
	for (size_t it = 0; json_each(at, &it, &key, &child);) {
		jsonw_key_slice(&c->w, key);
		copy_value(c, conf_where_key(c->r, where, key), &child);
	}
	jsonw_end(&c->w);
}

static void copy_value(struct copy *c, const char *where, const struct json_at *at)
{
	switch (json_kind(at)) {
	case JSON_STRING:
		copy_string(c, where, at);
		break;
	case JSON_OBJECT:
		copy_object(c, where, at);
		break;
	case JSON_ARRAY:
		jsonw_arr(&c->w);
		for (size_t i = 0; i < json_count(at); i++) {
			struct json_at item = json_item(at, i);

			copy_value(c, conf_where_item(c->r, where, i), &item);
		}
		jsonw_end(&c->w);
		break;
	case JSON_ABSENT:
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_NUMBER:
		jsonw_raw(&c->w, json_text(at));
		break;
	}
}

bool conf_take_json(struct conf_reader *r, const char *where, const struct json_at *at, bool templates, struct slice *out)
{
	struct buf json = BUF_INIT(CONF_PART_JSON_MAX);
	struct copy c = {.r = r, .templates = templates, .ok = true};

	jsonw_init(&c.w, &json);
	copy_value(&c, where, at);
	if (!buf_ok(&json)) {
		conf_problem(r, where, "is larger than %d KiB", CONF_PART_JSON_MAX / 1024);
		c.ok = false;
	}
	if (c.ok)
		*out = arena_dup(r->c->arena, buf_slice(&json));
	buf_release(&json);
	return c.ok;
}

static void take_flag(struct conf_reader *r, const char *where, const struct json_at *at, const struct conf_field *f, void *to)
{
	bool yes = json_kind(at) == JSON_BOOL && json_as_bool_or(at, false);

	if (json_kind(at) != JSON_BOOL)
		conf_problem(r, where, "expected true or false");
	else if (f->kind == FIELD_BOOL)
		*(bool *)to = yes;
	else
		*(enum conf_maybe *)to = yes ? CONF_YES : CONF_NO;
}

static void take_field(struct conf_reader *r, const char *where, const struct json_at *at, const struct conf_field *f, void *into)
{
	void *to = (char *)into + f->at;

	switch (f->kind) {
	case FIELD_LINE:
	case FIELD_TEXT:
		conf_take_string(r, where, at, f->kind == FIELD_TEXT, f->max, to);
		break;
	case FIELD_TEMPLATE:
		if (conf_take_string(r, where, at, true, f->max, to))
			conf_check_template(r, where, *(struct slice *)to);
		break;
	case FIELD_BOOL:
	case FIELD_MAYBE:
		take_flag(r, where, at, f, to);
		break;
	case FIELD_OBJECT:
	case FIELD_TEMPLATES:
		if (json_kind(at) == JSON_OBJECT)
			conf_take_json(r, where, at, f->kind == FIELD_TEMPLATES, to);
		else
			conf_problem(r, where, "expected an object");
		break;
	case FIELD_GROUP:
		conf_take_fields(r, where, at, f->group, into);
		break;
	case FIELD_OWN:
		f->own(r, where, at, into);
		break;
	}
}

static const struct conf_field *find(const struct conf_field *fields, struct slice key)
{
	while (fields->key && !slice_is(key, fields->key))
		fields++;
	return fields->key ? fields : NULL;
}

static const char *near_key(const struct conf_field *fields, struct slice key)
{
	for (; fields->key; fields++)
		if (conf_distance(key, slice_cstr(fields->key)) <= 2)
			return fields->key;
	return NULL;
}

void conf_take_fields(struct conf_reader *r, const char *where, const struct json_at *at, const struct conf_field *fields, void *to)
{
	const struct conf_field *f;
	struct json_at child;
	struct slice key;

	if (json_kind(at) != JSON_OBJECT) {
		conf_problem(r, where, "expected an object");
		return;
	}
	for (size_t it = 0; json_each(at, &it, &key, &child);) {
		const char *path = conf_where_key(r, where, key), *near = near_key(fields, key);

		f = find(fields, key);
		if (!f)
			conf_problem(r, path, near ? "unknown; did you mean %s?" : "unknown", near);
		else if (json_kind(&child) != JSON_NULL)
			take_field(r, path, &child, f, to);
	}
	for (f = fields; f->key; f++) {
		child = json_get(at, f->key);
		if (f->needed && !json_has(&child))
			conf_problem(r, where, "%s is missing", f->key);
	}
}

void conf_take_array(struct conf_reader *r, const char *where, const struct json_at *at, size_t max,
		     void (*take)(struct conf_reader *, const char *where, const struct json_at *))
{
	if (json_kind(at) != JSON_ARRAY) {
		conf_problem(r, where, "expected an array of objects");
		return;
	}
	if (json_count(at) > max) {
		conf_problem(r, where, "holds more than %zu", max);
		return;
	}
	for (size_t i = 0; i < json_count(at); i++) {
		struct json_at item = json_item(at, i);

		take(r, conf_where_item(r, where, i), &item);
	}
}
