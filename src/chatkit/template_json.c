/* SPDX-License-Identifier: MIT */
/* JSON to values, and values to JSON: as Jinja2's tojson writes it, and as we write it. */
#include "chatkit/template_inner.h"

#include "wire/jsonw.h"
#include "wire/utf8.h"

#include <math.h>

static const struct tnode whole = {.line = 1, .column = 1}; /* the place of what has none */

/* ---- in ---- */

static bool number_in(struct tx *x, const struct json_at *at, struct tv *out)
{
	struct slice text = json_text(at);
	bool over;

	if (t_text_to_int(text, 10, &out->i, &over) && !over) {
		out->kind = TV_INT;
		return true;
	}
	out->kind = TV_FLOAT;
	if (t_text_to_float(text, &out->f) && isfinite(out->f))
		return true;
	return tx_fail(x, &whole, "a number in the data is out of range");
}

static bool array_in(struct tx *x, const struct json_at *at, struct tv *out)
{
	size_t n = json_count(at);
	struct tv_seq *s = tv_seq_new(x, &whole, SEQ_LIST, n);

	for (size_t i = 0; s && i < n; i++) {
		struct json_at item = json_item(at, i);
		struct tv v = TV_OF_NONE;

		if (!tv_from_json(x, &item, &v) || !tv_push(x, &whole, s, &v))
			return false;
	}
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

/* Keys are different from each other already: what is read keeps the last. */
static bool object_in(struct tx *x, const struct json_at *at, struct tv *out)
{
	struct tv_dict *d = tv_dict_new(x, &whole, 0);
	struct json_at member;
	struct slice key;

	for (size_t it = 0; d && json_each(at, &it, &key, &member);) {
		struct tv v = TV_OF_NONE;

		if (!tv_from_json(x, &member, &v) || !tv_put(x, &whole, d, key, &v))
			return false;
	}
	*out = (struct tv){.kind = TV_DICT, .dict = d};
	return d != NULL;
}

bool tv_from_json(struct tx *x, const struct json_at *at, struct tv *out)
{
	bool ok = false;

	if (!tx_enter(x, &whole))
		return false;
	*out = TV_OF_NONE;
	switch (json_kind(at)) {
	case JSON_ABSENT:
	case JSON_NULL: ok = true; break;
	case JSON_BOOL: *out = TV_OF_BOOL(json_as_bool_or(at, false)); ok = true; break;
	case JSON_NUMBER: ok = number_in(x, at, out); break;
	case JSON_STRING: *out = TV_OF_STR(json_as_str(at)); ok = true; break;
	case JSON_ARRAY: ok = array_in(x, at, out); break;
	case JSON_OBJECT: ok = object_in(x, at, out); break;
	}
	tx_leave(x);
	return ok && tx_spend(x, &whole, 1);
}

/* ---- out, as tojson ---- */

static void put_unit(struct buf *out, uint32_t unit)
{
	buf_addf(out, "\\u%04x", unit);
}

static void put_ascii(struct buf *out, uint32_t cp)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
	const char *known = cp && cp < 0x80 ? strchr(from, (int)cp) : NULL;

	if (known) {
		char text[2] = {'\\', to[known - from]};

		buf_addmem(out, text, 2);
	} else if (cp >= 0x20 && cp < 0x7f && cp != '<' && cp != '>' && cp != '&' && cp != '\'') {
		buf_addch(out, (char)cp);
	} else if (cp < 0x10000) {
		put_unit(out, cp);
	} else {
		put_unit(out, 0xd800 + ((cp - 0x10000) >> 10));
		put_unit(out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
	}
}

static bool put_text(struct tx *x, const struct tnode *at, struct slice s, struct buf *out)
{
	size_t bytes = s.n;

	buf_addch(out, '"');
	while (s.n && buf_ok(out)) {
		size_t n;

		put_ascii(out, t_char(s, &n));
		s = slice_from(s, n);
	}
	buf_addch(out, '"');
	return tx_spend(x, at, bytes / 16);
}

/* Between two elements, and before the first and behind the last: nothing of it on one line but ", ". */
static void put_break(struct buf *out, int indent, unsigned level, bool comma)
{
	if (comma)
		buf_addch(out, ',');
	if (indent >= 0) {
		buf_addch(out, '\n');
		for (unsigned i = 0; i < (unsigned)indent * level; i++)
			buf_addch(out, ' ');
	} else if (comma) {
		buf_addch(out, ' ');
	}
}

struct writing {
	struct tx *x;
	const struct tnode *at;
	struct buf *out;
	int indent;
	unsigned level;
};

static bool put_value(struct writing *w, const struct tv *v);

static bool put_elements(struct writing *w, const struct tv_seq *s)
{
	if (s->kind > SEQ_TUPLE)
		return tx_fail(w->x, w->at, "JSON has no %s; make a list of it", s->kind == SEQ_RANGE ? "range" : "views and iterators");
	buf_addch(w->out, '[');
	w->level++;
	for (size_t i = 0; i < s->n; i++) {
		if (i || w->indent >= 0)
			put_break(w->out, w->indent, w->level, i > 0);
		if (!put_value(w, &s->v[i]))
			return false;
	}
	w->level--;
	if (s->n && w->indent >= 0)
		put_break(w->out, w->indent, w->level, false);
	buf_addch(w->out, ']');
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct tv_member *const *l = a, *const *r = b;

	return slice_cmp((*l)->key, (*r)->key);
}

static const struct tv_member **sorted(struct writing *w, const struct tv_dict *d)
{
	const struct tv_member **m = tx_alloc(w->x, w->at, (d->n + 1) * sizeof(const struct tv_member *));

	for (size_t i = 0; m && i < d->n; i++)
		m[i] = &d->m[i];
	if (m)
		qsort(m, d->n, sizeof(const struct tv_member *), by_key);
	return m;
}

static bool put_members(struct writing *w, const struct tv_dict *d)
{
	const struct tv_member **m = sorted(w, d);

	if (!m)
		return false;
	buf_addch(w->out, '{');
	w->level++;
	for (size_t i = 0; i < d->n; i++) {
		if (i || w->indent >= 0)
			put_break(w->out, w->indent, w->level, i > 0);
		if (!put_text(w->x, w->at, m[i]->key, w->out))
			return false;
		buf_add(w->out, S(": "));
		if (!put_value(w, &m[i]->v))
			return false;
	}
	w->level--;
	if (d->n && w->indent >= 0)
		put_break(w->out, w->indent, w->level, false);
	buf_addch(w->out, '}');
	return true;
}

static bool put_float(struct writing *w, double f)
{
	char text[40];

	if (!isfinite(f))
		return tx_fail(w->x, w->at, "JSON has no such number");
	t_float_text(f, text, sizeof(text));
	buf_adds(w->out, text);
	return true;
}

static bool put_kind(struct writing *w, const struct tv *v)
{
	switch (v->kind) {
	case TV_UNDEFINED: return tx_undefined(w->x, v);
	case TV_ABSENT:
	case TV_NONE: buf_add(w->out, S("null")); return true;
	case TV_BOOL: buf_add(w->out, v->b ? S("true") : S("false")); return true;
	case TV_INT: buf_addi(w->out, v->i); return true;
	case TV_FLOAT: return put_float(w, v->f);
	case TV_STR: return put_text(w->x, w->at, v->s, w->out);
	case TV_SEQ: return put_elements(w, v->seq);
	case TV_DICT: return put_members(w, v->dict);
	case TV_SPACE:
	case TV_LOOP: break;
	}
	return tx_fail(w->x, w->at, "%s cannot be JSON", tv_kind_name(v));
}

static bool put_value(struct writing *w, const struct tv *v)
{
	bool ok;

	if (!tx_enter(w->x, w->at))
		return false;
	ok = put_kind(w, v) && tx_spend(w->x, w->at, 1);
	tx_leave(w->x);
	if (ok && !buf_ok(w->out))
		return tx_too_large(w->x, w->at, "the JSON");
	return ok;
}

bool tv_tojson(struct tx *x, const struct tnode *at, const struct tv *v, int indent, struct buf *out)
{
	struct writing w = {.x = x, .at = at, .out = out, .indent = indent};

	return put_value(&w, v);
}

/* ---- out, as ours ---- */

static bool write_value(struct tx *x, const struct tnode *at, const struct tv *v, struct jsonw *w);

static bool write_elements(struct tx *x, const struct tnode *at, const struct tv_seq *s, struct jsonw *w)
{
	jsonw_arr(w);
	for (size_t i = 0; i < s->n; i++)
		if (!write_value(x, at, &s->v[i], w))
			return false;
	jsonw_end(w);
	return true;
}

static bool write_members(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct jsonw *w)
{
	jsonw_obj(w);
	for (size_t i = 0; i < d->n; i++) {
		jsonw_key_slice(w, d->m[i].key);
		if (!write_value(x, at, &d->m[i].v, w))
			return false;
	}
	jsonw_end(w);
	return true;
}

static bool write_float(struct tx *x, const struct tnode *at, double f, struct jsonw *w)
{
	char text[40];

	if (!isfinite(f))
		return tx_fail(x, at, "JSON has no such number");
	t_float_text(f, text, sizeof(text));
	jsonw_raw(w, slice_cstr(text));
	return true;
}

static bool write_value(struct tx *x, const struct tnode *at, const struct tv *v, struct jsonw *w)
{
	if (w->depth >= JSONW_DEPTH_MAX && (v->kind == TV_SEQ || v->kind == TV_DICT))
		return tx_fail(x, at, "nested too deeply");
	if (!tx_spend(x, at, 1))
		return false;
	switch (v->kind) {
	case TV_UNDEFINED: return tx_undefined(x, v);
	case TV_ABSENT:
	case TV_NONE: jsonw_null(w); return true;
	case TV_BOOL: jsonw_bool(w, v->b); return true;
	case TV_INT: jsonw_int(w, v->i); return true;
	case TV_FLOAT: return write_float(x, at, v->f, w);
	case TV_STR: jsonw_str(w, v->s); return tx_spend(x, at, v->s.n / 64);
	case TV_SEQ: return write_elements(x, at, v->seq, w);
	case TV_DICT: return write_members(x, at, v->dict, w);
	case TV_SPACE:
	case TV_LOOP: break;
	}
	return tx_fail(x, at, "%s cannot be JSON", tv_kind_name(v));
}

bool tv_json(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	return write_value(x, at, v, &w);
}
