/* SPDX-License-Identifier: MIT */
#include "wire/jsonw.h"

#include "wire/scan.h"
#include "wire/utf8.h"

#include <math.h>

void jsonw_init(struct jsonw *w, struct buf *out)
{
	*w = (struct jsonw){.out = out};
}

static uint32_t top_bit(const struct jsonw *w)
{
	return UINT32_C(1) << (w->depth - 1);
}

/* What stands before a value: a comma in an array, nothing after a key, nothing at the top. */
static void before_value(struct jsonw *w)
{
	if (w->depth == 0)
		return;
	if (w->is_object & top_bit(w)) {
		CHECK(w->keyed);
		w->keyed = false;
		return;
	}
	if (w->has_some & top_bit(w))
		buf_addch(w->out, ',');
	w->has_some |= top_bit(w);
}

static void begin(struct jsonw *w, bool object)
{
	before_value(w);
	CHECK(w->depth < JSONW_DEPTH_MAX);
	w->depth++;
	w->has_some &= ~top_bit(w);
	w->is_object &= ~top_bit(w);
	if (object)
		w->is_object |= top_bit(w);
	buf_addch(w->out, object ? '{' : '[');
}

void jsonw_obj(struct jsonw *w)
{
	begin(w, true);
}

void jsonw_arr(struct jsonw *w)
{
	begin(w, false);
}

void jsonw_end(struct jsonw *w)
{
	CHECK(w->depth > 0 && !w->keyed);
	buf_addch(w->out, w->is_object & top_bit(w) ? '}' : ']');
	w->depth--;
}

static void put_quoted(struct buf *out, struct slice s)
{
	buf_addch(out, '"');
	jsonw_escape(out, s);
	buf_addch(out, '"');
}

void jsonw_key_slice(struct jsonw *w, struct slice key)
{
	CHECK(w->depth > 0 && (w->is_object & top_bit(w)) && !w->keyed);
	if (w->has_some & top_bit(w))
		buf_addch(w->out, ',');
	w->has_some |= top_bit(w);
	put_quoted(w->out, key);
	buf_addch(w->out, ':');
	w->keyed = true;
}

void jsonw_key(struct jsonw *w, const char *key)
{
	jsonw_key_slice(w, slice_cstr(key));
}

void jsonw_str(struct jsonw *w, struct slice s)
{
	before_value(w);
	put_quoted(w->out, s);
}

void jsonw_cstr(struct jsonw *w, const char *s)
{
	if (s)
		jsonw_str(w, slice_cstr(s));
	else
		jsonw_null(w);
}

void jsonw_int(struct jsonw *w, int64_t v)
{
	before_value(w);
	buf_addi(w->out, v);
}

void jsonw_num(struct jsonw *w, double v)
{
	char text[32];

	if (!isfinite(v)) {
		jsonw_null(w);
		return;
	}
	before_value(w);
	/* 17 digits always read back the same; most numbers that people write need fewer. The locale is never set, so the point is a point. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v) /* the very same number is what is wanted */
			break;
	}
	buf_adds(w->out, text);
}

void jsonw_bool(struct jsonw *w, bool v)
{
	before_value(w);
	buf_add(w->out, v ? S("true") : S("false"));
}

void jsonw_null(struct jsonw *w)
{
	before_value(w);
	buf_add(w->out, S("null"));
}

void jsonw_raw(struct jsonw *w, struct slice json)
{
	before_value(w);
	buf_add(w->out, json);
}

void jsonw_kstr(struct jsonw *w, const char *key, struct slice s)
{
	jsonw_key(w, key);
	jsonw_str(w, s);
}

void jsonw_kstr_opt(struct jsonw *w, const char *key, struct slice s)
{
	if (s.n)
		jsonw_kstr(w, key, s);
}

void jsonw_kcstr(struct jsonw *w, const char *key, const char *s)
{
	jsonw_key(w, key);
	jsonw_cstr(w, s);
}

void jsonw_kint(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_int(w, v);
}

void jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}

void jsonw_kraw(struct jsonw *w, const char *key, struct slice json)
{
	jsonw_key(w, key);
	jsonw_raw(w, json);
}

bool jsonw_ok(const struct jsonw *w)
{
	return w->depth == 0 && !w->keyed && buf_ok(w->out);
}

static void put_control(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	if (letters[c])
		text[1] = letters[c];
	buf_addmem(out, text, letters[c] ? 2 : sizeof(text));
}

void jsonw_escape(struct buf *out, struct slice s)
{
	const char *p = s.p, *end = s.n ? s.p + s.n : s.p, *clean = p;
	uint32_t cp;

	while ((p = scan_plain(p, end)) < end) {
		int got = utf8_get(p, (size_t)(end - p), &cp);

		/* A whole character beyond ASCII is as plain as the rest. */
		if (got > 1) {
			p += got;
			continue;
		}
		buf_addmem(out, clean, (size_t)(p - clean));
		if (got < 0)
			utf8_put(out, 0xfffd);
		else if ((unsigned char)*p < 0x20)
			put_control(out, (unsigned char)*p);
		else
			buf_addmem(out, *p == '"' ? "\\\"" : "\\\\", 2);
		p += got < 0 ? -got : got;
		clean = p;
	}
	buf_addmem(out, clean, (size_t)(end - clean));
}
