/* SPDX-License-Identifier: MIT */
#include "talk/schema_inner.h"

#include <stdarg.h>

#include "wire/utf8.h"

#define KEY_SHOWN 48
#define VALUE_SHOWN 60

static void add(char *out, size_t size, struct slice s)
{
	size_t n = strlen(out);

	s = utf8_cut(s, size - 1 - n);
	memcpy(out + n, s.p ? s.p : "", s.n);
	out[n + s.n] = 0;
}

static void add_key(char *out, size_t size, struct slice key)
{
	if (out[0])
		add(out, size, S("."));
	add(out, size, utf8_cut(key, KEY_SHOWN));
	if (key.n > KEY_SHOWN)
		add(out, size, S("..."));
}

/* "items[2].status": from the value that is checked down to at. The number of places between them. */
static unsigned path_of(const struct schema *s, const struct json_at *at, char *out, size_t size)
{
	const struct json_at *chain[GUARD_DEPTH_MAX + 1];
	unsigned n = 0, level;
	char place[32];

	out[0] = 0;
	for (; at && at != s->top && n < countof(chain); at = at->up)
		chain[n++] = at;
	level = n;
	add_key(out, size, s->name);
	while (n--) {
		if (chain[n]->key) {
			add_key(out, size, slice_cstr(chain[n]->key));
		} else {
			snprintf(place, sizeof(place), "[%zu]", chain[n]->index);
			add(out, size, slice_cstr(place));
		}
	}
	return level;
}

bool tell(const struct schema *s, struct schema_told *told, const struct json_at *at, const char *fmt, ...)
{
	va_list ap;

	if (!told)
		return false;
	told->level = path_of(s, at, told->path, sizeof(told->path));
	told->kind = TOLD_OTHER;
	va_start(ap, fmt);
	vsnprintf(told->what, sizeof(told->what), fmt, ap);
	va_end(ap);
	return false;
}

bool tell_type(const struct schema *s, struct schema_told *told, const struct json_at *at, unsigned types)
{
	char names[80];

	if (!told)
		return false;
	schema_type_names(types, names, sizeof(names));
	tell(s, told, at, "must be of type %s", names);
	told->kind = TOLD_TYPE;
	told->types = types;
	return false;
}

/* One more of a list; false, with a mark: there is no room for it. */
static bool add_value(char *out, size_t size, const struct json_at *value)
{
	struct slice text = json_text(value), shown = utf8_cut(text, VALUE_SHOWN);

	if (strlen(out) + shown.n + 12 > size) {
		add(out, size, S(", ..."));
		return false;
	}
	if (out[0])
		add(out, size, S(", "));
	add(out, size, shown);
	if (text.n > shown.n)
		add(out, size, S("..."));
	return true;
}

bool tell_choice(const struct schema *s, struct schema_told *told, const struct json_at *at, const struct schema_node *n)
{
	char names[TOLD_WHAT - 20] = "";
	struct json_at choice;
	size_t count;

	if (!told)
		return false;
	if (n->only.there) {
		(void)add_value(names, sizeof(names), &n->only);
		tell(s, told, at, "must be %s", names);
	} else {
		count = json_count(&n->choices);
		for (size_t i = 0; i < count; i++) {
			choice = json_item(&n->choices, i);
			if (!add_value(names, sizeof(names), &choice))
				break;
		}
		tell(s, told, at, "must be one of %s", names);
	}
	told->kind = TOLD_CHOICE;
	return false;
}

bool tell_missing(const struct schema *s, struct schema_told *told, const struct json_at *at, const char *name)
{
	if (!told)
		return false;
	tell(s, told, at, "is missing");
	told->kind = TOLD_MISSING;
	told->level++;
	add_key(told->path, sizeof(told->path), slice_cstr(name));
	return false;
}

/* How near a value came to an alternative: another type is far; so is a mark of another kind, {"kind": "b"} where "a" is wanted. */
static unsigned nearness(const struct schema_told *one, unsigned level)
{
	if (one->level == level)
		return one->kind == TOLD_TYPE ? 0 : one->kind == TOLD_CHOICE ? 1 : 3;
	if (one->kind == TOLD_CHOICE && one->level == level + 1)
		return 2;
	return one->kind == TOLD_MISSING && one->level == level + 1 ? 3 : 3 + one->level - level;
}

/* All of them want something else altogether: "must be of type string or null", "must be "a" or must be of type null". */
static void tell_all(const struct schema *s, struct schema_told *told, const struct json_at *at, const struct schema_told *each, size_t n)
{
	char what[TOLD_WHAT] = "";
	unsigned types = 0;
	bool alike = true;

	for (size_t i = 0; i < n; i++) {
		alike = alike && each[i].kind == TOLD_TYPE;
		types |= each[i].types;
		if (i)
			add(what, sizeof(what), S(" or "));
		add(what, sizeof(what), slice_cstr(each[i].what));
	}
	if (alike) {
		tell_type(s, told, at, types);
	} else {
		tell(s, told, at, "%s", what);
		told->kind = TOLD_CHOICE;
	}
}

bool tell_none(const struct schema *s, struct schema_told *told, const struct json_at *at, const struct schema_told *each, size_t n)
{
	unsigned level, best = 0, near, others = 0;
	size_t nearest = 0;

	tell(s, told, at, "fits none of its alternatives");
	level = told->level;
	for (size_t i = 0; i < n; i++) {
		near = nearness(&each[i], level);
		others += near > 0;
		if (near > best) {
			best = near;
			nearest = i;
		}
	}
	if (n == 0)
		return false;
	if (best <= 1) {
		tell_all(s, told, at, each, n);
	} else if (others == 1) {
		*told = each[nearest];
	} else {
		add(told->what, sizeof(told->what), S("; of the nearest, '"));
		add(told->what, sizeof(told->what), slice_cstr(each[nearest].path));
		add(told->what, sizeof(told->what), S("' "));
		add(told->what, sizeof(told->what), slice_cstr(each[nearest].what));
	}
	return false;
}
