/* SPDX-License-Identifier: MIT */
/* Numbers and operators as Python has them, but that an integer has 64 bits: what needs more is refused, never wrong. */
#include "chatkit/template_inner.h"

#include <math.h>

#define EXACT (INT64_C(1) << 53) /* up to here an integer is a double too */

bool tv_is_number(const struct tv *v)
{
	return v->kind == TV_BOOL || v->kind == TV_INT || v->kind == TV_FLOAT;
}

bool tv_as_int(const struct tv *v, int64_t *out)
{
	if (v->kind != TV_BOOL && v->kind != TV_INT)
		return false;
	*out = v->kind == TV_BOOL ? v->b : v->i;
	return true;
}

double tv_as_float(const struct tv *v)
{
	if (v->kind == TV_FLOAT)
		return v->f;
	return v->kind == TV_BOOL ? v->b : (double)v->i;
}

static bool out_of_range(struct tx *x, const struct tnode *n)
{
	return tx_fail(x, n, "the number is out of range");
}

static bool by_zero(struct tx *x, const struct tnode *n)
{
	return tx_fail(x, n, "division by zero");
}

/* ---- integers ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static bool int_quotient(struct tx *x, const struct tnode *n, int64_t a, int64_t b, struct tv *out)
{
	/* Beyond, the quotient of the rounded would not be the rounded quotient. */
	if (a > EXACT || a < -EXACT || b > EXACT || b < -EXACT)
		return out_of_range(x, n);
	*out = TV_OF_FLOAT((double)a / (double)b);
	return true;
}

static bool int_binary(struct tx *x, const struct tnode *n, int64_t a, int64_t b, struct tv *out)
{
	bool over = false;
	int64_t r = 0;

	switch ((int)n->kind) {
	case TN_ADD: over = __builtin_add_overflow(a, b, &r); break;
	case TN_SUB: over = __builtin_sub_overflow(a, b, &r); break;
	case TN_MUL: over = __builtin_mul_overflow(a, b, &r); break;
	default:
		if (b == 0)
			return by_zero(x, n);
		if (n->kind == TN_DIV)
			return int_quotient(x, n, a, b, out);
		if (b == -1) {
			over = n->kind == TN_FLOOR && __builtin_sub_overflow(0, a, &r);
			break;
		}
		r = n->kind == TN_FLOOR ? floor_div(a, b) : a - floor_div(a, b) * b;
	}
	if (over)
		return out_of_range(x, n);
	*out = TV_OF_INT(r);
	return true;
}

/* ---- floats ---- */

/* Floor and remainder together, so that both agree. */
static void float_divmod(double a, double b, double *quotient, double *remainder)
{
	double mod = fmod(a, b), div = (a - mod) / b;

	if (mod != 0) {
		if ((b < 0) != (mod < 0)) {
			mod += b;
			div -= 1;
		}
	} else {
		mod = copysign(0, b);
	}
	*quotient = div != 0 ? floor(div) : copysign(0, a / b);
	if (div != 0 && div - *quotient > 0.5)
		*quotient += 1;
	*remainder = mod;
}

static bool float_binary(struct tx *x, const struct tnode *n, double a, double b, struct tv *out)
{
	double r = 0, quotient, remainder;

	switch ((int)n->kind) {
	case TN_ADD: r = a + b; break;
	case TN_SUB: r = a - b; break;
	case TN_MUL: r = a * b; break;
	default:
		if (b == 0)
			return by_zero(x, n);
		if (n->kind == TN_DIV) {
			r = a / b;
			break;
		}
		float_divmod(a, b, &quotient, &remainder);
		r = n->kind == TN_FLOOR ? quotient : remainder;
	}
	*out = TV_OF_FLOAT(r);
	return true;
}

/* ---- texts and lists ---- */

static bool add_texts(struct tx *x, const struct tnode *n, const struct tv *a, const struct tv *b, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	bool markup = a->markup || b->markup;

	/* What is markup escapes what is not. */
	if (markup && !a->markup)
		t_put_html(&text, a->s);
	else
		buf_add(&text, a->s);
	if (markup && !b->markup)
		t_put_html(&text, b->s);
	else
		buf_add(&text, b->s);
	if (!tx_take(x, n, &text, out))
		return false;
	out->markup = markup;
	return true;
}

static bool add_lists(struct tx *x, const struct tnode *n, const struct tv_seq *a, const struct tv_seq *b, struct tv *out)
{
	struct tv_seq *s = tv_seq_new(x, n, a->kind, a->n + b->n);

	for (size_t i = 0; s && i < a->n; i++)
		if (!tv_push(x, n, s, &a->v[i]))
			return false;
	for (size_t i = 0; s && i < b->n; i++)
		if (!tv_push(x, n, s, &b->v[i]))
			return false;
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

static bool repeat_text(struct tx *x, const struct tnode *n, const struct tv *a, int64_t times, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);

	if (times > 0 && a->s.n > TEMPLATE_STRING_MAX / (uint64_t)times)
		return tx_too_large(x, n, "this text");
	for (int64_t i = 0; i < times && a->s.n; i++)
		buf_add(&text, a->s);
	if (!tx_take(x, n, &text, out))
		return false;
	out->markup = a->markup;
	return true;
}

static bool repeat_list(struct tx *x, const struct tnode *n, const struct tv_seq *a, int64_t times, struct tv *out)
{
	struct tv_seq *s;

	if (times > 0 && a->n > TEMPLATE_MEMORY_MAX / (uint64_t)times)
		return tx_too_large(x, n, "this list");
	s = tv_seq_new(x, n, a->kind, times > 0 ? a->n * (size_t)times : 0);
	for (int64_t t = 0; s && t < times && a->n; t++)
		for (size_t i = 0; i < a->n; i++)
			if (!tv_push(x, n, s, &a->v[i]))
				return false;
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

static bool is_list(const struct tv *v)
{
	return v->kind == TV_SEQ && (v->seq->kind == SEQ_LIST || v->seq->kind == SEQ_TUPLE);
}

static bool wrong(struct tx *x, const struct tnode *n, const struct tv *a, const struct tv *b)
{
	static const char *const signs[] = {[TN_ADD] = "+", [TN_SUB] = "-", [TN_MUL] = "*", [TN_DIV] = "/", [TN_FLOOR] = "//", [TN_MOD] = "%"};

	return tx_fail(x, n, "%s does not go with %s and %s", signs[n->kind], tv_kind_name(a), tv_kind_name(b));
}

static bool multiply(struct tx *x, const struct tnode *n, const struct tv *a, const struct tv *b, struct tv *out)
{
	const struct tv *what = b->kind == TV_INT || b->kind == TV_BOOL ? a : b, *count = what == a ? b : a;
	int64_t times;

	if (!tv_as_int(count, &times))
		return wrong(x, n, a, b);
	if (what->kind == TV_STR)
		return repeat_text(x, n, what, times, out);
	if (is_list(what))
		return repeat_list(x, n, what->seq, times, out);
	return wrong(x, n, a, b);
}

bool tv_binary(struct tx *x, const struct tnode *n, const struct tv *a, const struct tv *b, struct tv *out)
{
	int64_t i, k;

	if (a->kind == TV_UNDEFINED || b->kind == TV_UNDEFINED)
		return tx_undefined(x, a->kind == TV_UNDEFINED ? a : b);
	if (tv_as_int(a, &i) && tv_as_int(b, &k))
		return int_binary(x, n, i, k, out);
	if (tv_is_number(a) && tv_is_number(b))
		return float_binary(x, n, tv_as_float(a), tv_as_float(b), out);
	if (n->kind == TN_MUL)
		return multiply(x, n, a, b, out);
	if (n->kind == TN_ADD && a->kind == TV_STR && b->kind == TV_STR)
		return add_texts(x, n, a, b, out);
	if (n->kind == TN_ADD && is_list(a) && is_list(b) && a->seq->kind == b->seq->kind)
		return add_lists(x, n, a->seq, b->seq, out);
	return wrong(x, n, a, b);
}

bool tv_negate(struct tx *x, const struct tnode *n, const struct tv *v, struct tv *out)
{
	int64_t i;

	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	if (!tv_is_number(v))
		return tx_fail(x, n, "%s has no sign", tv_kind_name(v));
	if (v->kind == TV_FLOAT) {
		*out = TV_OF_FLOAT(n->kind == TN_NEG ? -v->f : v->f);
		return true;
	}
	if (!tv_as_int(v, &i) || (n->kind == TN_NEG && __builtin_sub_overflow(0, i, &i)))
		return out_of_range(x, n);
	*out = TV_OF_INT(i);
	return true;
}

/* ---- from text ---- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

bool t_text_to_int(struct slice s, unsigned base, int64_t *out, bool *over)
{
	bool minus = false, digit = false;
	int64_t v = 0;

	*over = false;
	s = t_strip_right(t_strip_left(s));
	if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
		minus = s.p[0] == '-';
		s = slice_from(s, 1);
	}
	/* Counted downwards: the negative range is the larger one. An underscore stands between two digits. */
	for (size_t i = 0; i < s.n; i++) {
		int d = digit_value(s.p[i]);

		if (s.p[i] == '_' && digit) {
			digit = false;
			continue;
		}
		if (d >= (int)base)
			return false;
		digit = true;
		*over = *over || __builtin_mul_overflow(v, (int64_t)base, &v) || __builtin_sub_overflow(v, d, &v);
	}
	*over = *over || (!minus && __builtin_sub_overflow(0, v, &v));
	*out = v;
	return digit;
}

/* Digits with single underscores between, copied without them; how many bytes of s they are. */
static size_t copy_digits(struct slice s, struct buf *out)
{
	size_t n = 0;

	for (; n < s.n; n++) {
		if (s.p[n] >= '0' && s.p[n] <= '9')
			buf_addch(out, s.p[n]);
		else if (s.p[n] != '_' || n == 0 || s.p[n - 1] == '_' || n + 1 == s.n || s.p[n + 1] < '0' || s.p[n + 1] > '9')
			break;
	}
	return n;
}

static bool named_float(struct slice s, bool minus, double *out)
{
	if (slice_eq_nocase(s, S("inf")) || slice_eq_nocase(s, S("infinity")))
		*out = minus ? -INFINITY : INFINITY;
	else if (slice_eq_nocase(s, S("nan")))
		*out = NAN;
	else
		return false;
	return true;
}

bool t_text_to_float(struct slice s, double *out)
{
	struct buf text = BUF_INIT(4096);
	bool minus, ok;
	size_t whole, part = 0;

	s = t_strip_right(t_strip_left(s));
	minus = s.n && s.p[0] == '-';
	if (s.n && (minus || s.p[0] == '+'))
		s = slice_from(s, 1);
	if (named_float(s, minus, out))
		return true;
	if (minus)
		buf_addch(&text, '-');
	whole = copy_digits(s, &text);
	s = slice_from(s, whole);
	if (s.n && s.p[0] == '.') {
		buf_addch(&text, '.');
		s = slice_from(s, 1);
		part = copy_digits(s, &text);
		s = slice_from(s, part);
	}
	ok = whole + part > 0;
	if (ok && s.n && (s.p[0] == 'e' || s.p[0] == 'E')) {
		buf_addch(&text, 'e');
		s = slice_from(s, 1);
		if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
			buf_addch(&text, s.p[0]);
			s = slice_from(s, 1);
		}
		part = copy_digits(s, &text);
		s = slice_from(s, part);
		ok = part > 0;
	}
	ok = ok && s.n == 0 && buf_ok(&text);
	if (ok)
		*out = strtod(buf_slice(&text).p, NULL); /* no locale is ever set: the point is a point */
	buf_release(&text);
	return ok;
}
