/* SPDX-License-Identifier: MIT */
/* The filters that walk a list. */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

#define FILTER(name) bool name(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out)

static bool nothing(const struct tnode *n, struct tv *out)
{
	*out = (struct tv){.kind = TV_UNDEFINED, .gone = n};
	return true;
}

FILTER(t_do_first)
{
	struct tv_seq *s;

	(void)arg;
	/* Only the first is taken from an iterator. */
	if (in->kind == TV_SEQ && in->seq->kind == SEQ_ITER && in->seq->n) {
		*out = *in->seq->v++;
		in->seq->n--;
		in->seq->cap--;
		return true;
	}
	if (!tv_elements(x, n, in, &s))
		return false;
	if (s->n == 0)
		return nothing(n, out);
	*out = s->v[0];
	return true;
}

FILTER(t_do_last)
{
	struct tv_seq *s;

	(void)arg;
	if (in->kind == TV_SEQ && in->seq->kind == SEQ_ITER)
		return tx_fail(x, n, "an iterator has no last element; make a list of it");
	if (!tv_elements(x, n, in, &s))
		return false;
	if (s->n == 0)
		return nothing(n, out);
	*out = s->v[s->n - 1];
	return true;
}

static bool copy(struct tx *x, const struct tnode *n, const struct tv *in, enum seq_kind kind, bool backwards, struct tv *out)
{
	struct tv_seq *s, *list;

	if (!tv_elements(x, n, in, &s))
		return false;
	list = tv_seq_new(x, n, kind, s->n);
	for (size_t i = 0; list && i < s->n; i++)
		if (!tv_push(x, n, list, &s->v[backwards ? s->n - 1 - i : i]))
			return false;
	*out = TV_OF_SEQ(list);
	return list != NULL;
}

FILTER(t_do_list)
{
	(void)arg;
	return copy(x, n, in, SEQ_LIST, false, out);
}

FILTER(t_do_reverse)
{
	static const struct tv minus_one = {.kind = TV_INT, .i = -1};
	struct tv bounds[T_ARGS_MAX] = {{.kind = TV_ABSENT}, {.kind = TV_ABSENT}, minus_one};

	(void)arg;
	if (in->kind == TV_STR)
		return tv_slice(x, n, in, bounds, out);
	return copy(x, n, in, in->kind == TV_SEQ && in->seq->kind == SEQ_ITER ? SEQ_LIST : SEQ_ITER, true, out);
}

FILTER(t_do_items)
{
	(void)arg;
	if (in->kind != TV_UNDEFINED && in->kind != TV_DICT)
		return tx_fail(x, n, "items takes a dict, not %s", tv_kind_name(in));
	if (in->kind == TV_DICT && !tv_items(x, n, in->dict, out))
		return false;
	if (in->kind == TV_UNDEFINED)
		*out = TV_OF_SEQ(tv_seq_new(x, n, SEQ_ITER, 0));
	if (!out->seq)
		return false;
	out->seq->kind = SEQ_ITER;
	return true;
}

/* ---- attributes by name: "a.b.0" ---- */

static bool step(struct tx *x, const struct tnode *n, struct slice part, struct tv *v)
{
	struct tv index = TV_OF_STR(part), of = *v;
	bool over, digits = part.n > 0;

	for (size_t i = 0; i < part.n; i++)
		digits = digits && part.p[i] >= '0' && part.p[i] <= '9';
	if (digits && t_text_to_int(part, 10, &index.i, &over) && !over)
		index.kind = TV_INT;
	return tv_item(x, n, &of, &index, v);
}

/* attribute: text or an integer, or not given; dflt may be NULL. */
static bool attribute_of(struct tx *x, const struct tnode *n, const struct tv *attribute, const struct tv *dflt, struct tv *v)
{
	struct slice rest = attribute->s, part;
	struct tv of = *v;

	if (attribute->kind == TV_ABSENT || attribute->kind == TV_NONE)
		return true;
	if (attribute->kind == TV_UNDEFINED)
		return tx_undefined(x, attribute);
	if (attribute->kind == TV_INT) {
		if (!tv_item(x, n, &of, attribute, v))
			return false;
		if (v->kind == TV_UNDEFINED && dflt)
			*v = *dflt;
		return true;
	}
	if (attribute->kind != TV_STR || rest.n == 0 || rest.p[rest.n - 1] == '.')
		return tx_fail(x, n, "an attribute is named by text");
	while (rest.n) {
		rest = slice_cut(rest, '.', &part);
		if (!step(x, n, part, v))
			return false;
		if (v->kind == TV_UNDEFINED && dflt)
			*v = *dflt;
	}
	return true;
}

FILTER(t_do_join)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	struct tv between = TV_OF_STR(S("")), v;
	struct tv_seq *s;

	if (!tv_elements(x, n, in, &s) || (arg[0].kind != TV_ABSENT && !tv_str(x, n, &arg[0], &between)))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		v = s->v[i];
		if (i)
			buf_add(&text, between.s);
		if (!tx_spend(x, n, 1 + between.s.n / 64) || !attribute_of(x, n, &arg[1], NULL, &v) || !tv_show(x, n, &v, &text)) {
			buf_release(&text);
			return false;
		}
	}
	return tx_take(x, n, &text, out);
}

FILTER(t_do_sum)
{
	struct tv total = arg[1].kind == TV_ABSENT ? TV_OF_INT(0) : arg[1];
	struct tnode add = *n;
	struct tv_seq *s;

	add.kind = TN_ADD;
	if (!tv_elements(x, n, in, &s))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		struct tv v = s->v[i], so_far = total;

		if (!tx_spend(x, n, 1) || !attribute_of(x, n, &arg[0], NULL, &v) || !tv_binary(x, &add, &so_far, &v, &total))
			return false;
	}
	*out = total;
	return true;
}

/* ---- map, select ---- */

/* What in gives, one after the other; none when it is empty. */
static bool begin(struct tx *x, const struct tnode *n, const struct tv *in, struct tv_seq **from, struct tv *out)
{
	struct tv_seq *to = tv_seq_new(x, n, SEQ_ITER, 0);
	bool truth = false;

	*from = to;
	if (!to || !tv_truth(x, in, &truth))
		return false;
	*out = TV_OF_SEQ(to);
	return truth ? tv_elements(x, n, in, from) : true;
}

FILTER(t_do_map)
{
	const struct tv *dflt = arg[2].kind == TV_ABSENT || arg[2].kind == TV_NONE ? NULL : &arg[2];
	static const struct tv none[T_ARGS_MAX];
	struct tnode inner = *n;
	struct tv_seq *from;

	if (!n->inner && arg[1].kind == TV_ABSENT)
		return tx_fail(x, n, "map takes a filter's name, or attribute=");
	inner.fn = n->inner;
	if (!begin(x, n, in, &from, out))
		return false;
	for (size_t i = 0; i < from->n; i++) {
		struct tv v = from->v[i], made = v;

		if (!tx_spend(x, n, 1) || !(n->inner ? n->inner->fn(x, &inner, &v, none, &made) : attribute_of(x, n, &arg[1], dflt, &made)))
			return false;
		if (!tv_push(x, n, out->seq, &made))
			return false;
	}
	return true;
}

static bool choose(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *attribute, const struct tv *argument, bool want, struct tv *out)
{
	struct tv given[T_ARGS_MAX] = {*argument};
	struct tnode inner = *n;
	struct tv_seq *from;

	inner.fn = n->inner;
	if (!begin(x, n, in, &from, out))
		return false;
	for (size_t i = 0; i < from->n; i++) {
		struct tv v = from->v[i], answer;
		bool truth;

		if (!tx_spend(x, n, 1) || (attribute && !attribute_of(x, n, attribute, NULL, &v)))
			return false;
		answer = v;
		if ((n->inner && !n->inner->fn(x, &inner, &v, given, &answer)) || !tv_truth(x, &answer, &truth))
			return false;
		if (truth == want && !tv_push(x, n, out->seq, &from->v[i]))
			return false;
	}
	return true;
}

FILTER(t_do_select)
{
	return choose(x, n, in, NULL, &arg[1], true, out);
}

FILTER(t_do_reject)
{
	return choose(x, n, in, NULL, &arg[1], false, out);
}

FILTER(t_do_selectattr)
{
	return choose(x, n, in, &arg[0], &arg[2], true, out);
}

FILTER(t_do_rejectattr)
{
	return choose(x, n, in, &arg[0], &arg[2], false, out);
}

/* ---- sort ---- */

struct sorting {
	struct tx *x;
	const struct tnode *n;
	bool reverse;
};

/* Elements and their keys, side by side. */
struct keyed {
	struct tv v, key;
};

/* b must come before a; equal ones stay as they are, in reverse too. */
static bool swapped(const struct sorting *s, const struct keyed *a, const struct keyed *b, bool *out)
{
	const struct keyed *first = s->reverse ? a : b, *second = s->reverse ? b : a;
	int order;

	if (!tx_spend(s->x, s->n, 1) || !tv_order(s->x, s->n, &first->key, &second->key, &order))
		return false;
	*out = order == -1;
	return true;
}

static bool merge(const struct sorting *s, struct keyed *k, size_t half, size_t n, struct keyed *spare)
{
	size_t l = 0, r = half;

	for (size_t i = 0; i < n; i++) {
		bool right = l == half;

		if (l < half && r < n && !swapped(s, &k[l], &k[r], &right))
			return false;
		spare[i] = right ? k[r++] : k[l++];
	}
	memcpy(k, spare, n * sizeof(*k));
	return true;
}

/* As deep as the logarithm of n. */
static bool merge_sort(const struct sorting *s, struct keyed *k, size_t n, struct keyed *spare)
{
	size_t half = n / 2;

	if (n < 2)
		return true;
	return merge_sort(s, k, half, spare) && merge_sort(s, k + half, n - half, spare) && merge(s, k, half, n, spare);
}

static bool lowered(struct tx *x, const struct tnode *n, struct tv *v)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	struct slice rest = v->s;

	while (rest.n) {
		size_t bytes;

		t_put_lower(&text, t_char(rest, &bytes));
		rest = slice_from(rest, bytes);
	}
	return tx_take(x, n, &text, v);
}

static bool read_keys(struct tx *x, const struct tnode *n, const struct tv_seq *s, const struct tv *attribute, bool lower, struct keyed *k)
{
	for (size_t i = 0; i < s->n; i++) {
		k[i].v = k[i].key = s->v[i];
		if (!attribute_of(x, n, attribute, NULL, &k[i].key))
			return false;
		if (lower && k[i].key.kind == TV_STR && !lowered(x, n, &k[i].key))
			return false;
	}
	return true;
}

static bool flag(struct tx *x, const struct tv *v, bool *out)
{
	*out = false;
	return v->kind == TV_ABSENT || tv_truth(x, v, out);
}

FILTER(t_do_sort)
{
	struct sorting s = {.x = x, .n = n};
	struct tv_seq *from, *to;
	struct keyed *k;
	bool exact;

	if (arg[2].kind == TV_STR && arg[2].s.n && memchr(arg[2].s.p, ',', arg[2].s.n))
		return tx_fail(x, n, "sort takes one attribute");
	if (!tv_elements(x, n, in, &from) || !flag(x, &arg[0], &s.reverse) || !flag(x, &arg[1], &exact))
		return false;
	k = tx_alloc(x, n, (from->n + 1) * 2 * sizeof(*k));
	to = tv_seq_new(x, n, SEQ_LIST, from->n);
	if (!k || !to || !read_keys(x, n, from, &arg[2], !exact, k) || !merge_sort(&s, k, from->n, k + from->n))
		return false;
	for (size_t i = 0; i < from->n; i++)
		if (!tv_push(x, n, to, &k[i].v))
			return false;
	*out = TV_OF_SEQ(to);
	return true;
}
