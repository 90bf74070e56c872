/* SPDX-License-Identifier: MIT */
/* Methods: Python's own, of texts, lists and dicts, and what of them cannot be had. */
#include "chatkit/template_inner.h"

#define METHOD(name) static bool name(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out)

static bool no_method(struct tx *x, const struct tnode *n, const struct tv *of)
{
	if (of->kind == TV_UNDEFINED)
		return tx_undefined(x, of);
	return tx_fail(x, n, "%s has no method '%s' here", tv_kind_name(of), n->fn->name);
}

/* A dict's own member of this name is not reached by a call; a namespace's would be called, and is no function. */
static bool want(struct tx *x, const struct tnode *n, const struct tv *in, enum tv_kind kind)
{
	return in->kind == kind ? true : no_method(x, n, in);
}

/* ---- lists ---- */

METHOD(m_append)
{
	*out = TV_OF_NONE;
	if (in->kind != TV_SEQ || in->seq->kind != SEQ_LIST)
		return no_method(x, n, in);
	return tv_push(x, n, in->seq, &arg[0]);
}

/* ---- dicts ---- */

bool tv_items(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct tv *out)
{
	struct tv_seq *s = tv_seq_new(x, at, SEQ_ITEMS, d->n), *pair;

	for (size_t i = 0; s && i < d->n; i++) {
		pair = tv_seq_new(x, at, SEQ_TUPLE, 2);
		if (!pair || !tv_push(x, at, pair, &TV_OF_STR(d->m[i].key)) || !tv_push(x, at, pair, &d->m[i].v) || !tv_push(x, at, s, &TV_OF_SEQ(pair)))
			return false;
	}
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

METHOD(m_items)
{
	(void)arg;
	return want(x, n, in, TV_DICT) && tv_items(x, n, in->dict, out);
}

static bool view(struct tx *x, const struct tnode *n, const struct tv_dict *d, enum seq_kind kind, struct tv *out)
{
	struct tv_seq *s = tv_seq_new(x, n, kind, d->n);

	for (size_t i = 0; s && i < d->n; i++)
		if (!tv_push(x, n, s, kind == SEQ_KEYS ? &TV_OF_STR(d->m[i].key) : &d->m[i].v))
			return false;
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

METHOD(m_keys)
{
	(void)arg;
	return want(x, n, in, TV_DICT) && view(x, n, in->dict, SEQ_KEYS, out);
}

METHOD(m_values)
{
	(void)arg;
	return want(x, n, in, TV_DICT) && view(x, n, in->dict, SEQ_VALUES, out);
}

METHOD(m_get)
{
	const struct tv *there;
	bool yes;

	/* What cannot be a key fails here as it does with "in". */
	if (!want(x, n, in, TV_DICT) || !tv_contains(x, n, in, &arg[0], &yes))
		return false;
	there = yes ? tv_find(in->dict, arg[0].s) : NULL;
	*out = there ? *there : arg[1].kind == TV_ABSENT ? TV_OF_NONE : arg[1];
	return true;
}

/* ---- texts ---- */

static bool text_arg(struct tx *x, const struct tnode *n, const struct tv *v, struct slice *out)
{
	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	if (v->kind != TV_STR)
		return tx_fail(x, n, "%s takes text, not %s", n->fn->name, tv_kind_name(v));
	*out = v->s;
	return true;
}

/* What Markup's methods make of their arguments is left alone. */
static bool plain(struct tx *x, const struct tnode *n, const struct tv *in)
{
	if (!want(x, n, in, TV_STR))
		return false;
	return in->markup ? tx_fail(x, n, "what tojson, escape and safe give has no methods here; use filters") : tx_spend(x, n, in->s.n / 8);
}

static bool by_filter(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, const char *filter, struct tv *out)
{
	return plain(x, n, in) && t_filter_find(slice_cstr(filter))->fn(x, n, in, arg, out);
}

METHOD(m_upper)
{
	return by_filter(x, n, in, arg, "upper", out);
}

METHOD(m_lower)
{
	return by_filter(x, n, in, arg, "lower", out);
}

METHOD(m_capitalize)
{
	return by_filter(x, n, in, arg, "capitalize", out);
}

METHOD(m_replace)
{
	struct slice s;

	return text_arg(x, n, &arg[0], &s) && text_arg(x, n, &arg[1], &s) && by_filter(x, n, in, arg, "replace", out);
}

METHOD(m_join)
{
	struct tv between[T_ARGS_MAX] = {*in};
	struct tv_seq *s;
	struct slice one;

	if (!plain(x, n, in) || !tv_elements(x, n, &arg[0], &s))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!text_arg(x, n, &s->v[i], &one))
			return false;
	return t_do_join(x, n, &TV_OF_SEQ(s), between, out);
}

static bool strip(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, bool left, bool right, struct tv *out)
{
	struct slice chars;

	if (!plain(x, n, in))
		return false;
	*out = *in;
	if (arg[0].kind == TV_ABSENT || arg[0].kind == TV_NONE) {
		if (left)
			out->s = t_strip_left(out->s);
		if (right)
			out->s = t_strip_right(out->s);
		return true;
	}
	if (!text_arg(x, n, &arg[0], &chars) || !tx_spend(x, n, in->s.n / 8 * (chars.n + 1)))
		return false;
	out->s = t_strip_of(in->s, chars, left, right);
	return true;
}

METHOD(m_strip)
{
	return strip(x, n, in, arg, true, true, out);
}

METHOD(m_lstrip)
{
	return strip(x, n, in, arg, true, false, out);
}

METHOD(m_rstrip)
{
	return strip(x, n, in, arg, false, true, out);
}

METHOD(m_startswith)
{
	struct slice s;

	if (!plain(x, n, in) || !text_arg(x, n, &arg[0], &s))
		return false;
	*out = TV_OF_BOOL(slice_starts(in->s, s));
	return true;
}

METHOD(m_endswith)
{
	struct slice s;

	if (!plain(x, n, in) || !text_arg(x, n, &arg[0], &s))
		return false;
	*out = TV_OF_BOOL(slice_ends(in->s, s));
	return true;
}

/* At runs of blanks, none at the ends. */
static bool split_blanks(struct tx *x, const struct tnode *n, struct slice s, struct tv_seq *to)
{
	for (s = t_strip_left(s); s.n; s = t_strip_left(s)) {
		size_t end = 0, bytes;

		while (end < s.n && !t_is_space(t_char(slice_from(s, end), &bytes)))
			end += bytes;
		if (!tv_push(x, n, to, &TV_OF_STR(slice_upto(s, end))))
			return false;
		s = slice_from(s, end);
	}
	return true;
}

static bool split_at(struct tx *x, const struct tnode *n, struct slice s, struct slice between, struct tv_seq *to)
{
	ptrdiff_t at;

	if (between.n == 0)
		return tx_fail(x, n, "nothing to split at");
	while ((at = slice_find(s, between)) >= 0) {
		if (!tv_push(x, n, to, &TV_OF_STR(slice_upto(s, (size_t)at))))
			return false;
		s = slice_from(s, (size_t)at + between.n);
	}
	return tv_push(x, n, to, &TV_OF_STR(s));
}

METHOD(m_split)
{
	struct tv_seq *to = tv_seq_new(x, n, SEQ_LIST, 0);
	struct slice between;

	if (!to || !plain(x, n, in))
		return false;
	*out = TV_OF_SEQ(to);
	if (arg[0].kind == TV_ABSENT || arg[0].kind == TV_NONE)
		return split_blanks(x, n, in->s, to);
	return text_arg(x, n, &arg[0], &between) && split_at(x, n, in->s, between, to);
}

const struct t_callable *t_method_find(struct slice name)
{
	static const struct t_callable methods[] = {
		{"append", "object", 1, m_append, 0}, {"items", "", 0, m_items, 0}, {"keys", "", 0, m_keys, 0}, {"values", "", 0, m_values, 0},
		{"get", "key default", 1, m_get, 0}, {"upper", "", 0, m_upper, 0}, {"lower", "", 0, m_lower, 0}, {"capitalize", "", 0, m_capitalize, 0},
		{"replace", "old new count", 2, m_replace, 0}, {"join", "iterable", 1, m_join, 0}, {"strip", "chars", 0, m_strip, 0},
		{"lstrip", "chars", 0, m_lstrip, 0}, {"rstrip", "chars", 0, m_rstrip, 0}, {"startswith", "prefix", 1, m_startswith, 0},
		{"endswith", "suffix", 1, m_endswith, 0}, {"split", "sep", 0, m_split, 0},
	};

	for (size_t i = 0; i < countof(methods); i++)
		if (slice_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

/* ---- what is not there ---- */

static bool listed(const char *words, struct slice name)
{
	struct slice rest = slice_cstr(words), one;

	while (rest.n) {
		rest = slice_cut(rest, ' ', &one);
		if (slice_eq(one, name))
			return true;
	}
	return false;
}

static const char dict_methods[] = "clear copy fromkeys get items keys pop popitem setdefault update values";

bool t_is_dict_method(struct slice name)
{
	return listed(dict_methods, name);
}

bool t_is_hidden(const struct tv *v, struct slice name)
{
	static const char numbers[] =
		"as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag is_integer numerator real to_bytes";
	static const char lists[] = "append clear copy count extend index insert isdisjoint mapping pop remove reverse sort start step stop gi_code gi_frame "
				    "gi_running gi_suspended gi_yieldfrom close send throw";
	static const char texts[] =
		"capitalize casefold center count encode endswith escape expandtabs find format format_map index isalnum isalpha isascii isdecimal isdigit "
		"isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix removesuffix "
		"replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip striptags swapcase title translate unescape upper zfill";

	if (slice_starts(name, S("__")) && slice_ends(name, S("__")))
		return true;
	if (tv_is_number(v))
		return listed(numbers, name);
	if (v->kind == TV_STR)
		return listed(texts, name);
	if (v->kind == TV_SEQ)
		return listed(lists, name);
	return v->kind == TV_DICT && t_is_dict_method(name);
}
