/* SPDX-License-Identifier: MIT */
/* What is true, what is equal, what comes first, what is in what: Python's answers. */
#include "chatkit/template_inner.h"

#include <math.h>

const char *tv_kind_name(const struct tv *v)
{
	static const char *const names[] = {
		[TV_ABSENT] = "nothing", [TV_UNDEFINED] = "something undefined", [TV_NONE] = "none", [TV_BOOL] = "a boolean", [TV_INT] = "an integer",
		[TV_FLOAT] = "a number", [TV_STR] = "text", [TV_SEQ] = "a list", [TV_DICT] = "a dict", [TV_SPACE] = "a namespace", [TV_LOOP] = "the loop",
	};
	static const char *const seqs[] = {
		[SEQ_LIST] = "a list", [SEQ_TUPLE] = "a tuple", [SEQ_RANGE] = "a range", [SEQ_KEYS] = "keys()", [SEQ_VALUES] = "values()",
		[SEQ_ITEMS] = "items()", [SEQ_ITER] = "an iterator",
	};

	return v->kind == TV_SEQ ? seqs[v->seq->kind] : names[v->kind];
}

bool tv_truth(struct tx *x, const struct tv *v, bool *out)
{
	switch (v->kind) {
	case TV_UNDEFINED:
		*out = false;
		return tv_is_soft(v) ? true : tx_undefined(x, v);
	case TV_ABSENT:
	case TV_NONE: *out = false; break;
	case TV_BOOL: *out = v->b; break;
	case TV_INT: *out = v->i != 0; break;
	case TV_FLOAT: *out = v->f != 0; break;
	case TV_STR: *out = v->s.n != 0; break;
	case TV_SEQ: *out = v->seq->n != 0 || v->seq->kind == SEQ_ITER; break;
	case TV_DICT: *out = v->dict->n != 0; break;
	case TV_SPACE:
	case TV_LOOP: *out = true; break;
	}
	return true;
}

/* ---- equality ---- */

static bool is_strict(const struct tv *v)
{
	return v->kind == TV_UNDEFINED && !tv_is_soft(v);
}

/* A long double holds every int64 and every double. */
static long double exact(const struct tv *v)
{
	int64_t i;

	return tv_as_int(v, &i) ? (long double)i : (long double)v->f;
}

static bool equal_elements(struct tx *x, const struct tnode *at, const struct tv_seq *a, const struct tv_seq *b, bool *out)
{
	*out = a->kind == b->kind && a->n == b->n;
	if (a->kind >= SEQ_KEYS && a->kind == b->kind && a != b)
		return tx_fail(x, at, "items(), keys(), values() and iterators cannot be compared; make lists of them");
	if (a == b)
		*out = true;
	for (size_t i = 0; *out && a != b && i < a->n; i++)
		if (!tx_spend(x, at, (i & 7) == 0) || !tv_equal(x, at, &a->v[i], &b->v[i], out))
			return false;
	return true;
}

static bool equal_members(struct tx *x, const struct tnode *at, const struct tv_dict *a, const struct tv_dict *b, bool *out)
{
	*out = a->n == b->n;
	for (size_t i = 0; *out && a != b && i < a->n; i++) {
		const struct tv *there = tv_find(b, a->m[i].key);

		*out = there != NULL;
		if (!tx_spend(x, at, b->n / 8) || (there && !tv_equal(x, at, &a->m[i].v, there, out)))
			return false;
	}
	return true;
}

bool tv_equal(struct tx *x, const struct tnode *at, const struct tv *a, const struct tv *b, bool *out)
{
	bool ok;

	if (is_strict(a) || is_strict(b))
		return tx_undefined(x, is_strict(a) ? a : b);
	if (!tx_enter(x, at))
		return false;
	ok = true;
	if (tv_is_number(a) && tv_is_number(b)) {
		long double l = exact(a), r = exact(b);

		*out = l <= r && l >= r;
	} else if (a->kind != b->kind) {
		*out = false;
	} else if (a->kind == TV_STR) {
		*out = slice_eq(a->s, b->s);
		ok = tx_spend(x, at, a->s.n / 64);
	} else if (a->kind == TV_SEQ) {
		ok = equal_elements(x, at, a->seq, b->seq, out);
	} else if (a->kind == TV_DICT) {
		ok = equal_members(x, at, a->dict, b->dict, out);
	} else {
		*out = a->kind == TV_NONE || a->kind == TV_UNDEFINED || (a->kind == TV_SPACE && a->dict == b->dict) ||
		       (a->kind == TV_LOOP && a->loop == b->loop);
	}
	tx_leave(x);
	return ok;
}

/* ---- order ---- */

static bool order_elements(struct tx *x, const struct tnode *at, const struct tv_seq *a, const struct tv_seq *b, int *out)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		bool same;

		if (!tx_spend(x, at, (i & 7) == 0) || !tv_equal(x, at, &a->v[i], &b->v[i], &same))
			return false;
		if (!same)
			return tv_order(x, at, &a->v[i], &b->v[i], out);
	}
	*out = (a->n > b->n) - (a->n < b->n);
	return true;
}

bool tv_order(struct tx *x, const struct tnode *at, const struct tv *a, const struct tv *b, int *out)
{
	bool ok;

	if (a->kind == TV_UNDEFINED || b->kind == TV_UNDEFINED)
		return tx_undefined(x, a->kind == TV_UNDEFINED ? a : b);
	if (tv_is_number(a) && tv_is_number(b)) {
		long double l = exact(a), r = exact(b);

		*out = l < r ? -1 : l > r ? 1 : l <= r ? 0 : 2;
		return true;
	}
	if (a->kind == TV_STR && b->kind == TV_STR) {
		*out = slice_cmp(a->s, b->s); /* by bytes is by code points, in UTF-8 */
		return tx_spend(x, at, a->s.n / 64);
	}
	if (a->kind != TV_SEQ || b->kind != TV_SEQ || a->seq->kind != b->seq->kind || a->seq->kind > SEQ_TUPLE)
		return tx_fail(x, at, "%s and %s have no order", tv_kind_name(a), tv_kind_name(b));
	if (!tx_enter(x, at))
		return false;
	ok = order_elements(x, at, a->seq, b->seq, out);
	tx_leave(x);
	return ok;
}

/* ---- in ---- */

static bool contains_text(struct tx *x, const struct tnode *at, struct slice in, const struct tv *what, bool *out)
{
	if (what->kind == TV_UNDEFINED)
		return tx_undefined(x, what);
	if (what->kind != TV_STR)
		return tx_fail(x, at, "only text can be in text, not %s", tv_kind_name(what));
	*out = slice_find(in, what->s) >= 0;
	return tx_spend(x, at, in.n / 32);
}

static bool can_be_key(struct tx *x, const struct tnode *at, const struct tv *what)
{
	if (is_strict(what))
		return tx_undefined(x, what);
	if ((what->kind == TV_SEQ && what->seq->kind == SEQ_LIST) || what->kind == TV_DICT)
		return tx_fail(x, at, "%s cannot be a key", tv_kind_name(what));
	return true;
}

static bool contains_key(struct tx *x, const struct tnode *at, const struct tv_dict *d, const struct tv *what, bool *out)
{
	if (!can_be_key(x, at, what))
		return false;
	*out = what->kind == TV_STR && tv_find(d, what->s);
	return tx_spend(x, at, d->n / 8);
}

bool tv_contains(struct tx *x, const struct tnode *at, const struct tv *in, const struct tv *what, bool *out)
{
	struct tv_seq *s;

	*out = false;
	if (in->kind == TV_STR)
		return contains_text(x, at, in->s, what, out);
	if (in->kind == TV_DICT)
		return contains_key(x, at, in->dict, what, out);
	if (in->kind == TV_SEQ && in->seq->kind == SEQ_KEYS && !can_be_key(x, at, what))
		return false;
	if (in->kind == TV_SEQ && in->seq->kind == SEQ_ITEMS && what->kind != TV_SEQ)
		return true; /* only a pair is among items, whatever else it may be */
	if (!tv_elements(x, at, in, &s))
		return false;
	for (size_t i = 0; i < s->n && !*out; i++)
		if (!tx_spend(x, at, 1) || !tv_equal(x, at, &s->v[i], what, out))
			return false;
	return true;
}
