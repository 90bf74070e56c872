/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "base/crypto.h"
#include "wire/json.h"
#include "wire/url.h"

static size_t blank(char *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (text[i] != '\n')
			text[i] = ' ';
	return to;
}

/* Where the comment that begins at i ends, or 0. */
static size_t comment_end(const char *text, size_t n, size_t i)
{
	struct slice rest = slice_mem(text + i, n - i);
	ptrdiff_t end;

	if (slice_starts(rest, S("//"))) {
		end = slice_find(rest, S("\n"));
		return end < 0 ? n : i + (size_t)end;
	}
	end = slice_find(slice_from(rest, 2), S("*/"));
	return end < 0 ? 0 : i + 2 + (size_t)end + 2;
}

static size_t string_end(const char *text, size_t n, size_t i)
{
	for (i++; i < n && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i < n ? i + 1 : n;
}

bool conf_strip(char *text, size_t n)
{
	size_t comma = SIZE_MAX; /* where one stands that nothing has followed yet */
	char before = '[';       /* what stood before it: "[,]" is no trailing comma */
	size_t i = 0;

	if (slice_starts(slice_mem(text, n), S("\xef\xbb\xbf")))
		i = blank(text, 0, 3);
	while (i < n) {
		char c = text[i];

		if (c == '/' && i + 1 < n && (text[i + 1] == '/' || text[i + 1] == '*')) {
			size_t end = comment_end(text, n, i);

			if (end == 0)
				return false;
			i = blank(text, i, end);
			continue;
		}
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			i++;
			continue;
		}
		if ((c == '}' || c == ']') && comma != SIZE_MAX)
			text[comma] = ' ';
		comma = c == ',' && !strchr("[{,:", before) ? i : SIZE_MAX;
		before = c;
		i = c == '"' ? string_end(text, n, i) : i + 1;
	}
	return true;
}

/* Is this what a secret row's value holds in the file itself? A database's URL is one only with a password in it. */
static bool is_literal_secret(const struct conf_row *row, struct slice written)
{
	struct url u;

	if (written.n == 0 || slice_find(written, S("${")) >= 0)
		return false;
	if (row->type == CONF_SECRET)
		return true;
	if (row->type == CONF_KEY)
		return !slice_starts(written, S("os.environ/"));
	if (row->type != CONF_DATABASE && row->type != CONF_PROXY)
		return false;
	return !url_parse(written, &u) || u.password.n || slice_find(written, S("password=")) >= 0;
}

static bool add_string(struct conf_reader *r, const struct conf_row *row, const char *where, const struct json_at *at, struct buf *out)
{
	struct slice text;
	bool used;

	if (!conf_expand(r, where, json_as_str(at), &text, &used))
		return false;
	if (is_literal_secret(row, json_as_str(at)))
		r->literal_secret = true;
	buf_add(out, text);
	return true;
}

static bool add_array(struct conf_reader *r, const struct conf_row *row, const char *where, const struct json_at *at, struct buf *out)
{
	bool ok = true;

	for (size_t i = 0; i < json_count(at); i++) {
		struct json_at item = json_item(at, i);

		if (json_kind(&item) != JSON_STRING) {
			conf_problem(r, where, "item %zu is not a string", i + 1);
			return false;
		}
		if (i)
			buf_addch(out, row->type == CONF_TEXT ? '\n' : ',');
		ok = add_string(r, row, where, &item, out) && ok;
	}
	return ok;
}

/* What a row's value may be in the file, beside a string (which may hold a whole ${VARIABLE}). */
static const struct {
	enum json_kind kind;
	const char *expected;
} kinds[CONF_TYPE__MAX] = {
	[CONF_TEXT] = {JSON_ARRAY, "a string, or an array of lines"},
	[CONF_LINE] = {JSON_STRING, "a string"},
	[CONF_SECRET] = {JSON_STRING, "a string"},
	[CONF_KEY] = {JSON_STRING, "a string"},
	[CONF_UNSIGNED] = {JSON_NUMBER, "a number"},
	[CONF_SIZE] = {JSON_NUMBER, "a number"},
	[CONF_INT] = {JSON_NUMBER, "a number"},
	[CONF_DECIMAL] = {JSON_NUMBER, "a number"},
	[CONF_BOOL] = {JSON_BOOL, "true or false"},
	[CONF_WORD] = {JSON_STRING, "a string"},
	[CONF_MEDIA] = {JSON_ARRAY, "an array of strings"},
	[CONF_NAMES] = {JSON_ARRAY, "an array of strings"},
	[CONF_ORIGINS] = {JSON_ARRAY, "an array of strings"},
	[CONF_URL] = {JSON_STRING, "a string"},
	[CONF_BASE_PATH] = {JSON_STRING, "a string"},
	[CONF_PATH] = {JSON_STRING, "a string"},
	[CONF_CA_FILE] = {JSON_STRING, "a string"},
	[CONF_PROXY] = {JSON_STRING, "a string"},
	[CONF_DATABASE] = {JSON_STRING, "a string"},
	[CONF_LOG] = {JSON_STRING, "a string"},
};

/* at's value as conf_set reads it. */
static bool to_text(struct conf_reader *r, const struct conf_row *row, const char *where, const struct json_at *at, struct buf *out)
{
	enum json_kind kind = json_kind(at);
	const char *expected = row->words ? "a string" : kinds[row->type].expected;

	if (kind == JSON_STRING)
		return add_string(r, row, where, at, out);
	if (kind == kinds[row->type].kind && !row->words) {
		if (kind == JSON_ARRAY)
			return add_array(r, row, where, at, out);
		buf_add(out, json_text(at));
		return true;
	}
	conf_problem(r, where, "expected %s", expected);
	return false;
}

static const char *where_of(struct conf_reader *r, const char *name, const char *path)
{
	return arena_printf(r->scratch, "%s: %s", name, path).p;
}

static void take_row(struct conf_reader *r, const char *name, const struct conf_row *row, const struct json_at *at)
{
	const char *where = where_of(r, name, row->path);
	struct buf text = BUF_INIT(CONF_FILE_MAX);

	/* An empty list is a choice; an empty text is nothing. */
	if (to_text(r, row, where, at, &text) && (text.n || (row->type != CONF_TEXT && json_kind(at) == JSON_ARRAY))) {
		conf_set(r, row, where, buf_slice(&text));
		r->c->from[conf_row_index(row)].source = CONF_FROM_FILE;
	}
	wipe(text.p, text.n);
	buf_release(&text);
}

static void take_provider(struct conf_reader *r, const char *name, struct slice prefix, const struct json_at *at)
{
	const struct provider *p = provider_find(prefix);
	const char *shown = conf_quote(r, prefix);
	struct json_at child;
	struct slice key;

	if (!p || json_kind(at) != JSON_OBJECT) {
		conf_problem(r, where_of(r, name, "providers"), p ? "%s: expected an object" : "%s is no provider that we know", shown);
		return;
	}
	for (size_t it = 0; json_each(at, &it, &key, &child);) {
		const char *path = arena_printf(r->scratch, "providers.%s.%s", p->prefix, conf_quote(r, key)).p, *where;
		struct slice text;
		bool used;

		if (!conf_provider_key(key.p)) {
			conf_problem(r, where_of(r, name, path), "unknown; a provider has api_key and base_url");
			continue;
		}
		where = where_of(r, name, arena_printf(r->scratch, "providers.%s.%s", p->prefix, key.p).p);
		if (json_kind(&child) == JSON_NULL)
			continue;
		if (json_kind(&child) != JSON_STRING)
			conf_problem(r, where, "expected a string");
		else if (conf_expand(r, where, json_as_str(&child), &text, &used))
			conf_provider_set(r, p, key.p, where, text, !used && slice_eq(text, json_as_str(&child)), (struct conf_origin){CONF_FROM_FILE, NULL});
	}
}

static void take_object(struct conf_reader *r, const char *name, struct slice path, const struct json_at *obj);

static void take_member(struct conf_reader *r, const char *name, struct slice path, const struct json_at *at)
{
	const struct conf_row *row = conf_row_find(path);
	const struct conf_part *part = conf_part_find(path);
	const char *near;

	if (json_kind(at) == JSON_NULL && (row || part || conf_is_section(path)))
		return;
	if (row) {
		take_row(r, name, row, at);
	} else if (part) {
		part->take(r, where_of(r, name, part->path), at);
	} else if (conf_is_section(path) || slice_is(path, "providers")) {
		if (json_kind(at) == JSON_OBJECT)
			take_object(r, name, path, at);
		else
			conf_problem(r, where_of(r, name, conf_quote(r, path)), "expected an object");
	} else if (!slice_is(path, "$schema")) {
		near = conf_near_path(path);
		conf_problem(r, where_of(r, name, conf_quote(r, path)), near ? "unknown; did you mean %s?" : "unknown", near);
	}
}

static void take_object(struct conf_reader *r, const char *name, struct slice path, const struct json_at *obj)
{
	struct json_at child;
	struct slice key;

	for (size_t it = 0; json_each(obj, &it, &key, &child);) {
		if (slice_is(path, "providers"))
			take_provider(r, name, key, &child);
		else if (slice_find(key, S(".")) >= 0)
			conf_problem(r, where_of(r, name, conf_quote(r, key)), "a key has no dots: write an object within an object");
		else
			take_member(r, name, path.n ? arena_printf(r->scratch, "%.*s.%s", SLICE_ARG(path), key.p) : key, &child);
	}
}

/* guard names a byte; people count lines. */
static size_t line_of(struct slice text, const char *msg)
{
	const char *at = strstr(msg, "(byte ");
	unsigned long byte = at ? strtoul(at + strlen("(byte "), NULL, 10) : 0;
	size_t line = 1;

	for (size_t i = 0; i < text.n && i < byte; i++)
		line += text.p[i] == '\n';
	return line;
}

void conf_json_problem(struct conf_reader *r, const char *name, struct slice text, const struct err *e)
{
	if (strstr(e->msg, "(byte "))
		conf_problem(r, name, "line %zu: %s", line_of(text, e->msg), e->msg);
	else
		conf_problem(r, name, "%s", e->msg);
}

void conf_read_text(struct conf_reader *r, const char *name, struct slice text)
{
	char *copy = arena_try(r->scratch, text.n + 1);
	struct json_at root;
	struct guard_limits limits = GUARD_CLIENT;
	struct json_doc *doc;
	struct err e;

	limits.key = 1024; /* texts has whole sentences as keys */
	if (!copy) {
		conf_problem(r, name, "is too large");
		return;
	}
	memcpy(copy, text.p ? text.p : "", text.n);
	if (!conf_strip(copy, text.n)) {
		conf_problem(r, name, "a comment that begins with /* has no end");
	} else if (json_parse(r->scratch, slice_mem(copy, text.n), &limits, &doc, &e) != RC_OK) {
		conf_json_problem(r, name, slice_mem(copy, text.n), &e);
	} else {
		root = json_root(doc);
		take_object(r, name, SLICE_NONE, &root);
	}
	wipe(copy, text.n);
}
