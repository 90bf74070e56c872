/* SPDX-License-Identifier: MIT */
/* Values as Python prints them: str() of the whole, repr() of what is inside. */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

#include <math.h>

static bool repr(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out);

/* ---- floats ---- */

/*
 * Above a power of two doubles lie twice as far apart as below it, so the decimal that is nearest may read back as the double below, while the next one up
 * is still this one: text becomes that.
 */
static bool next_digit_up(char text[40], double f)
{
	char up[40], *last = strchr(text, 'e') - 1;
	size_t at = (size_t)(last - text);

	if (*last == '9' || *last == '.')
		return false;
	memcpy(up, text, sizeof(up));
	up[at]++;
	if (strtod(up, NULL) != f)
		return false;
	memcpy(text, up, sizeof(up));
	return true;
}

/* The digits of the shortest decimal that reads back the same, without a point, and its exponent: d.ddd x 10^exponent. */
static int shortest(double f, char digits[24])
{
	char text[40], *e;
	size_t n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, f);
		if (strtod(text, NULL) == f || next_digit_up(text, f))
			break;
	}
	e = strchr(text, 'e');
	for (const char *p = text; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return (int)strtol(e + 1, NULL, 10);
}

/* As repr does: with an exponent below 1e-4 and from 1e16 on. */
void t_float_text(double f, char *out, size_t size)
{
	char digits[24];
	int exponent, n;

	if (!isfinite(f)) {
		snprintf(out, size, "%s", isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	exponent = shortest(fabs(f), digits);
	n = (int)strlen(digits);
	if (exponent < -4 || exponent >= 16)
		snprintf(out, size, "%s%c%s%se%c%02d", signbit(f) ? "-" : "", digits[0], n > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
	else if (exponent < 0)
		snprintf(out, size, "%s0.%.*s%s", signbit(f) ? "-" : "", -exponent - 1, "000", digits);
	else if (exponent + 1 >= n)
		snprintf(out, size, "%s%s%.*s.0", signbit(f) ? "-" : "", digits, exponent + 1 - n, "0000000000000000");
	else
		snprintf(out, size, "%s%.*s.%s", signbit(f) ? "-" : "", exponent + 1, digits, digits + exponent + 1);
}

/* ---- text inside something ---- */

static void repr_char(struct buf *out, uint32_t cp, char quote)
{
	static const char from[] = "\n\r\t\\", to[] = "nrt\\";
	const char *known = cp && cp < 0x80 ? strchr(from, (int)cp) : NULL;

	if (known)
		buf_addf(out, "\\%c", to[known - from]);
	else if (cp == (unsigned char)quote)
		buf_addf(out, "\\%c", quote);
	else if ((cp >= 0x20 && cp < 0x7f) || (cp >= 0x80 && t_is_printable(cp)))
		utf8_put(out, cp);
	else
		buf_addf(out, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
}

static void repr_text(struct buf *out, struct slice s)
{
	bool single = s.n && memchr(s.p, '\'', s.n), twofold = s.n && memchr(s.p, '"', s.n);
	char quote = single && !twofold ? '"' : '\'';

	buf_addch(out, quote);
	while (s.n && buf_ok(out)) {
		size_t n;

		repr_char(out, t_char(s, &n), quote);
		s = slice_from(s, n);
	}
	buf_addch(out, quote);
}

/* ---- containers ---- */

static bool repr_elements(struct tx *x, const struct tnode *at, const struct tv_seq *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_add(out, S(", "));
		if (!repr(x, at, &s->v[i], out))
			return false;
	}
	return true;
}

static bool repr_seq(struct tx *x, const struct tnode *at, const struct tv_seq *s, struct buf *out)
{
	static const struct {
		const char *before, *after;
	} signs[] = {
		[SEQ_LIST] = {"[", "]"}, [SEQ_TUPLE] = {"(", ")"}, [SEQ_KEYS] = {"dict_keys([", "])"}, [SEQ_VALUES] = {"dict_values([", "])"},
		[SEQ_ITEMS] = {"dict_items([", "])"},
	};

	if (s->kind == SEQ_ITER)
		return tx_fail(x, at, "an iterator cannot be printed; make a list of it");
	if (s->kind == SEQ_RANGE) {
		buf_addf(out, "range(%lld, %lld", (long long)s->start, (long long)s->stop);
		if (s->step != 1)
			buf_addf(out, ", %lld", (long long)s->step);
		buf_addch(out, ')');
		return true;
	}
	buf_adds(out, signs[s->kind].before);
	if (!repr_elements(x, at, s, out))
		return false;
	if (s->kind == SEQ_TUPLE && s->n == 1)
		buf_addch(out, ',');
	buf_adds(out, signs[s->kind].after);
	return true;
}

static bool repr_dict(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct buf *out)
{
	buf_addch(out, '{');
	for (size_t i = 0; i < d->n; i++) {
		if (i)
			buf_add(out, S(", "));
		repr_text(out, d->m[i].key);
		buf_add(out, S(": "));
		if (!repr(x, at, &d->m[i].v, out))
			return false;
	}
	buf_addch(out, '}');
	return true;
}

static bool repr_float(double f, struct buf *out)
{
	char text[40];

	t_float_text(f, text, sizeof(text));
	buf_adds(out, text);
	return true;
}

static bool repr_space(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct buf *out)
{
	buf_add(out, S("<Namespace "));
	if (!repr_dict(x, at, d, out))
		return false;
	buf_addch(out, '>');
	return true;
}

static bool repr_kind(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out)
{
	switch (v->kind) {
	case TV_ABSENT:
	case TV_UNDEFINED: buf_add(out, S("Undefined")); return true;
	case TV_NONE: buf_add(out, S("None")); return true;
	case TV_BOOL: buf_add(out, v->b ? S("True") : S("False")); return true;
	case TV_INT: buf_addi(out, v->i); return true;
	case TV_FLOAT: return repr_float(v->f, out);
	case TV_STR:
		buf_adds(out, v->markup ? "Markup(" : "");
		repr_text(out, v->s);
		buf_adds(out, v->markup ? ")" : "");
		return tx_spend(x, at, v->s.n / 16);
	case TV_SEQ: return repr_seq(x, at, v->seq, out);
	case TV_DICT: return repr_dict(x, at, v->dict, out);
	case TV_SPACE: return repr_space(x, at, v->dict, out);
	case TV_LOOP: return t_loop_show(x, at, v->loop, out);
	}
	return true;
}

static bool repr(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out)
{
	bool ok;

	if (!tx_enter(x, at))
		return false;
	ok = repr_kind(x, at, v, out) && tx_spend(x, at, 1);
	tx_leave(x);
	if (ok && !buf_ok(out))
		return tx_too_large(x, at, "the text");
	return ok;
}

/* ---- the whole ---- */

bool tv_show(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out)
{
	if (v->kind == TV_UNDEFINED)
		return tv_is_soft(v) ? true : tx_undefined(x, v);
	if (v->kind != TV_STR)
		return repr(x, at, v, out);
	buf_add(out, v->s);
	return tx_spend(x, at, v->s.n / 64);
}

bool tv_str(struct tx *x, const struct tnode *at, const struct tv *v, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);

	if (v->kind == TV_STR) {
		*out = *v;
		return true;
	}
	if (tv_show(x, at, v, &text))
		return tx_take(x, at, &text, out);
	buf_release(&text);
	return false;
}
