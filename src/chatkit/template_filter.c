/* SPDX-License-Identifier: MIT */
/* The filters, but those that walk a list (template_each.c). */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

#include <math.h>

#define FILTER(name) static bool name(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out)

FILTER(do_default)
{
	bool truth = true, ask = false;

	if (arg[1].kind != TV_ABSENT && in->kind != TV_UNDEFINED) {
		if (!tv_truth(x, &arg[1], &ask) || (ask && !tv_truth(x, in, &truth)))
			return false;
	}
	(void)n;
	*out = *in;
	if (in->kind == TV_UNDEFINED || !truth)
		*out = arg[0].kind == TV_ABSENT ? TV_OF_STR(S("")) : arg[0];
	return true;
}

FILTER(do_tojson)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	int64_t indent = -1;

	if (arg[0].kind == TV_UNDEFINED)
		return tx_undefined(x, &arg[0]);
	if (arg[0].kind > TV_NONE && (!tv_as_int(&arg[0], &indent) || indent < 0 || indent > 16))
		return tx_fail(x, n, "indent is a number from 0 to 16");
	if (!tv_tojson(x, n, in, (int)indent, &text)) {
		buf_release(&text);
		return false;
	}
	if (!tx_take(x, n, &text, out))
		return false;
	out->markup = true;
	return true;
}

FILTER(do_length)
{
	size_t length;

	(void)arg;
	if (!tv_length(x, n, in, &length))
		return false;
	*out = TV_OF_INT((int64_t)length);
	return true;
}

FILTER(do_string)
{
	(void)arg;
	return tv_str(x, n, in, out);
}

FILTER(do_safe)
{
	(void)arg;
	if (!tv_str(x, n, in, out))
		return false;
	out->markup = true;
	return true;
}

FILTER(do_escape)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	struct tv s;

	(void)arg;
	if (!tv_str(x, n, in, &s))
		return false;
	if (s.markup) {
		*out = s;
		return true;
	}
	t_put_html(&text, s.s);
	if (!tx_take(x, n, &text, out))
		return false;
	out->markup = true;
	return true;
}

/* ---- case ---- */

enum casing { UPPER, LOWER, CAPITALIZE, TITLE };

/* What parts words, for title: blanks and - ( { [ <. */
static bool parts(uint32_t cp)
{
	return t_is_space(cp) || cp == '-' || cp == '(' || cp == '{' || cp == '[' || cp == '<';
}

static bool recase(struct tx *x, const struct tnode *n, const struct tv *in, enum casing how, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	bool first = true;
	struct slice rest;
	struct tv s;

	if (!tv_str(x, n, in, &s) || !tx_spend(x, n, s.s.n / 4))
		return false;
	for (rest = s.s; rest.n; ) {
		size_t bytes;
		uint32_t cp = t_char(rest, &bytes);

		if (how == CAPITALIZE && first)
			t_put_title(&text, cp);
		else if (how == UPPER || (how == TITLE && first))
			t_put_upper(&text, cp);
		else
			t_put_lower(&text, cp);
		first = how == TITLE && parts(cp);
		rest = slice_from(rest, bytes);
	}
	if (!tx_take(x, n, &text, out))
		return false;
	out->markup = s.markup && how != TITLE;
	return true;
}

FILTER(do_upper)
{
	(void)arg;
	return recase(x, n, in, UPPER, out);
}

FILTER(do_lower)
{
	(void)arg;
	return recase(x, n, in, LOWER, out);
}

FILTER(do_capitalize)
{
	(void)arg;
	return recase(x, n, in, CAPITALIZE, out);
}

FILTER(do_title)
{
	(void)arg;
	return recase(x, n, in, TITLE, out);
}

/* ---- text ---- */

static bool text_arg(struct tx *x, const struct tnode *n, const struct tv *v, struct slice *out)
{
	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	if (v->kind != TV_STR)
		return tx_fail(x, n, "%s takes text, not %s", n->fn->name, tv_kind_name(v));
	*out = v->s;
	return true;
}

FILTER(do_trim)
{
	struct slice chars;
	struct tv v;

	if (!tv_str(x, n, in, &v) || !tx_spend(x, n, v.s.n / 16))
		return false;
	*out = v;
	if (arg[0].kind == TV_ABSENT || arg[0].kind == TV_NONE) {
		out->s = t_strip_right(t_strip_left(v.s));
		return true;
	}
	if (!text_arg(x, n, &arg[0], &chars) || !tx_spend(x, n, v.s.n / 8 * (chars.n + 1)))
		return false;
	out->s = t_strip_of(v.s, chars, true, true);
	return true;
}

FILTER(do_replace)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	struct tv s, old, new;
	int64_t count = -1;

	if (!tv_str(x, n, in, &s) || !tv_str(x, n, &arg[0], &old) || !tv_str(x, n, &arg[1], &new))
		return false;
	if (arg[2].kind == TV_UNDEFINED)
		return tx_undefined(x, &arg[2]);
	if (arg[2].kind > TV_NONE && !tv_as_int(&arg[2], &count))
		return tx_fail(x, n, "replace counts in whole numbers");
	if (!tx_spend(x, n, s.s.n / 8))
		return false;
	t_put_replaced(&text, s.s, old.s, new.s, count);
	return tx_take(x, n, &text, out);
}

/* ---- numbers ---- */

static bool float_to_int(struct tx *x, const struct tnode *n, double f, struct tv *out)
{
	/* The two powers of two are doubles, INT64_MAX is none. */
	if (!(f >= -0x1p63 && f < 0x1p63))
		return tx_fail(x, n, "the number is out of range");
	*out = TV_OF_INT((int64_t)f);
	return true;
}

FILTER(do_int)
{
	struct tv dflt = arg[0].kind == TV_ABSENT ? TV_OF_INT(0) : arg[0];
	int64_t i;
	double f;
	bool over;

	if (in->kind == TV_UNDEFINED)
		return tx_undefined(x, in);
	if (tv_as_int(in, &i)) {
		*out = TV_OF_INT(i);
		return true;
	}
	if (in->kind == TV_STR && t_text_to_int(in->s, 10, &i, &over)) {
		*out = TV_OF_INT(i);
		return over ? tx_fail(x, n, "the number is out of range") : true;
	}
	if (in->kind == TV_FLOAT)
		f = in->f;
	else if (in->kind != TV_STR || !t_text_to_float(in->s, &f))
		f = NAN;
	if (!isnan(f))
		return float_to_int(x, n, f, out);
	*out = dflt;
	return true;
}

FILTER(do_float)
{
	double f = 0;

	(void)n;
	if (in->kind == TV_UNDEFINED)
		return tx_undefined(x, in);
	if (tv_is_number(in))
		*out = TV_OF_FLOAT(tv_as_float(in));
	else if (in->kind == TV_STR && t_text_to_float(in->s, &f))
		*out = TV_OF_FLOAT(f);
	else
		*out = arg[0].kind == TV_ABSENT ? TV_OF_FLOAT(0.0) : arg[0];
	return true;
}

FILTER(do_abs)
{
	struct tnode neg = *n;
	bool minus = in->kind == TV_FLOAT ? signbit(in->f) : in->kind == TV_INT && in->i < 0;

	(void)arg;
	neg.kind = minus ? TN_NEG : TN_POS;
	return tv_negate(x, &neg, in, out);
}

#define PRECISION_MAX 15

/* Half to even, of the exact decimal value: printf does that. */
static double round_common(double f, int precision)
{
	char text[400];

	snprintf(text, sizeof(text), "%.*f", precision, f);
	return strtod(text, NULL);
}

static bool round_by(struct tx *x, const struct tnode *n, const struct tv *in, int precision, struct slice method, struct tv *out)
{
	double power = pow(10, precision), f = tv_as_float(in) * power;
	struct tv whole = TV_OF_NONE;

	if (slice_is(method, "common")) {
		*out = TV_OF_FLOAT(isfinite(f) ? round_common(tv_as_float(in), precision) : f);
		return true;
	}
	if (!slice_is(method, "ceil") && !slice_is(method, "floor"))
		return tx_fail(x, n, "round knows the methods common, ceil and floor");
	if (!(fabs(f) <= 0x1p53) || !float_to_int(x, n, slice_is(method, "ceil") ? ceil(f) : floor(f), &whole))
		return tx_fail(x, n, "the number is out of range");
	*out = TV_OF_FLOAT((double)whole.i / power);
	return true;
}

FILTER(do_round)
{
	int64_t precision = 0, i;
	struct slice method = S("common");

	if (in->kind == TV_UNDEFINED)
		return tx_undefined(x, in);
	if (!tv_is_number(in))
		return tx_fail(x, n, "round takes a number, not %s", tv_kind_name(in));
	if (arg[0].kind != TV_ABSENT && (!tv_as_int(&arg[0], &precision) || precision < 0 || precision > PRECISION_MAX))
		return tx_fail(x, n, "round takes a precision from 0 to %d", PRECISION_MAX);
	if (arg[1].kind != TV_ABSENT && !text_arg(x, n, &arg[1], &method))
		return false;
	if (slice_is(method, "common") && tv_as_int(in, &i)) {
		*out = TV_OF_INT(i);
		return true;
	}
	return round_by(x, n, in, (int)precision, method, out);
}

const struct t_callable *t_filter_find(struct slice name)
{
	static const struct t_callable filters[] = {
		{"tojson", "indent", 0, do_tojson, 0}, {"default", "default_value boolean", 0, do_default, 0}, {"d", "default_value boolean", 0, do_default, 0},
		{"length", "", 0, do_length, 0}, {"count", "", 0, do_length, 0}, {"string", "", 0, do_string, 0}, {"safe", "", 0, do_safe, 0},
		{"escape", "", 0, do_escape, 0}, {"e", "", 0, do_escape, 0}, {"upper", "", 0, do_upper, 0}, {"lower", "", 0, do_lower, 0},
		{"capitalize", "", 0, do_capitalize, 0}, {"title", "", 0, do_title, 0}, {"trim", "chars", 0, do_trim, 0},
		{"replace", "old new count", 2, do_replace, 0}, {"int", "default", 0, do_int, 0}, {"float", "default", 0, do_float, 0},
		{"abs", "", 0, do_abs, 0},
		{"round", "precision method", 0, do_round, 0}, {"first", "", 0, t_do_first, 0}, {"last", "", 0, t_do_last, 0}, {"list", "", 0, t_do_list, 0},
		{"join", "d attribute", 0, t_do_join, 0}, {"items", "", 0, t_do_items, 0}, {"reverse", "", 0, t_do_reverse, 0},
		{"sum", "attribute start", 0, t_do_sum, 0}, {"sort", "reverse case_sensitive attribute", 0, t_do_sort, 0},
		{"map", "by attribute default", 0, t_do_map, T_BY_FILTER}, {"select", "by argument", 0, t_do_select, T_BY_TEST},
		{"reject", "by argument", 0, t_do_reject, T_BY_TEST}, {"selectattr", "attribute by argument", 1, t_do_selectattr, T_BY_TEST},
		{"rejectattr", "attribute by argument", 1, t_do_rejectattr, T_BY_TEST},
	};

	for (size_t i = 0; i < countof(filters); i++)
		if (slice_is(name, filters[i].name))
			return &filters[i];
	return NULL;
}
