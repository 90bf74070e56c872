/* SPDX-License-Identifier: MIT */
#include "talk/schema_inner.h"

#include <math.h>

static bool fits(struct schema *s, struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told);

static unsigned type_bits(const struct json_at *at)
{
	unsigned bits = schema_type_of(json_kind(at));
	struct json_number n;

	/* A double that has lost its fraction, or is infinite, may have been an integer. */
	if (json_number(at, &n) && (n.whole || !isfinite(n.d) || n.d == trunc(n.d)))
		bits |= SCHEMA_INTEGER;
	return bits;
}

static bool same_number(const struct json_at *a, const struct json_at *b)
{
	struct json_number x, y;

	if (!json_number(a, &x) || !json_number(b, &y))
		return false;
	return x.whole && y.whole ? x.i == y.i : x.d == y.d;
}

static bool same(struct schema *s, const struct json_at *a, const struct json_at *b);

static bool same_arrays(struct schema *s, const struct json_at *a, const struct json_at *b)
{
	struct json_at x, y;

	if (json_count(a) != json_count(b))
		return false;
	for (size_t i = 0; i < json_count(a); i++) {
		x = json_item(a, i);
		y = json_item(b, i);
		if (!same(s, &x, &y))
			return false;
	}
	return true;
}

static bool same_objects(struct schema *s, const struct json_at *a, const struct json_at *b)
{
	struct json_at x, y;
	struct slice key;
	size_t n = 0;

	for (size_t it = 0; json_each(b, &it, &key, &y);) {
		if (!schema_spend(s, 1))
			return true;
		n++;
	}
	for (size_t it = 0; json_each(a, &it, &key, &x); n--) {
		y = json_get(b, x.key);
		if (!y.there || !same(s, &x, &y))
			return false;
	}
	return n == 0;
}

/* Equal, or it cannot be known. As deep as a document may be, no deeper. */
static bool same(struct schema *s, const struct json_at *a, const struct json_at *b)
{
	enum json_kind kind = json_kind(a);

	if (!schema_spend(s, 1))
		return true;
	if (kind != json_kind(b))
		return false;
	switch (kind) {
	case JSON_ABSENT:
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return json_as_bool_or(a, false) == json_as_bool_or(b, false);
	case JSON_NUMBER:
		return same_number(a, b);
	case JSON_STRING:
		return slice_eq(json_as_str(a), json_as_str(b));
	case JSON_ARRAY:
		return same_arrays(s, a, b);
	case JSON_OBJECT:
		return same_objects(s, a, b);
	}
	return true;
}

static bool chosen(struct schema *s, const struct schema_node *n, const struct json_at *at)
{
	struct json_at choice;

	if (n->only.there && !same(s, at, &n->only))
		return false;
	if (!n->choices.there)
		return true;
	for (size_t i = 0; i < json_count(&n->choices); i++) {
		choice = json_item(&n->choices, i);
		if (same(s, at, &choice))
			return true;
	}
	return false;
}

/* a < b, for certain: what is rounded keeps its order. */
static bool less(const struct json_number *a, const struct json_number *b)
{
	return a->whole && b->whole ? a->i < b->i : a->d < b->d;
}

/* a == b, for certain: from 2^53 on, different integers are the same double. */
static bool equal(const struct json_number *a, const struct json_number *b)
{
	return a->whole && b->whole ? a->i == b->i : a->d == b->d && fabs(a->d) < 9007199254740992.0;
}

static bool tell_bound(const struct schema *s, struct schema_told *told, const struct json_at *at, const char *what, const struct json_number *bound)
{
	if (bound->whole)
		return tell(s, told, at, "must be %s %lld", what, (long long)bound->i);
	return tell(s, told, at, "must be %s %.15g", what, bound->d);
}

static bool fits_number(const struct schema *s, const struct schema_node *n, const struct json_at *at, struct schema_told *told)
{
	struct json_number v;

	if (!json_number(at, &v))
		return true;
#define BOUND(which) &n->bounds[which].n
	if (n->bounds[B_MINIMUM].set && less(&v, BOUND(B_MINIMUM)))
		return tell_bound(s, told, at, "at least", BOUND(B_MINIMUM));
	if (n->bounds[B_MAXIMUM].set && less(BOUND(B_MAXIMUM), &v))
		return tell_bound(s, told, at, "at most", BOUND(B_MAXIMUM));
	if (n->bounds[B_OVER].set && (less(&v, BOUND(B_OVER)) || equal(&v, BOUND(B_OVER))))
		return tell_bound(s, told, at, "more than", BOUND(B_OVER));
	if (n->bounds[B_UNDER].set && (less(BOUND(B_UNDER), &v) || equal(&v, BOUND(B_UNDER))))
		return tell_bound(s, told, at, "less than", BOUND(B_UNDER));
#undef BOUND
	return true;
}

static bool fits_count(const struct schema *s, const struct schema_node *n, const struct json_at *at, size_t count, enum schema_bound min, const char *what,
		       struct schema_told *told)
{
	enum schema_bound max = min + 1;
	double least = n->bounds[min].n.d, most = n->bounds[max].n.d;

	if (n->bounds[min].set && (double)count < least)
		return tell(s, told, at, "must have at least %.15g %s%s", least, what, least == 1 ? "" : "s");
	if (n->bounds[max].set && (double)count > most)
		return tell(s, told, at, "must have at most %.15g %s%s", most, what, most == 1 ? "" : "s");
	return true;
}

static bool fits_string(struct schema *s, const struct schema_node *n, const struct json_at *at, struct schema_told *told)
{
	struct slice text = json_as_str(at);
	size_t count = 0;

	if (!schema_spend(s, text.n / 64))
		return true;
	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return fits_count(s, n, at, count, B_CHARS_MIN, "character", told);
}

static bool fits_array(struct schema *s, struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	size_t count = json_count(at);
	struct json_at item;

	if (!fits_count(s, n, at, count, B_ITEMS_MIN, "item", told))
		return false;
	if (!n->items && count > n->prefix.n)
		count = n->prefix.n;
	for (size_t i = 0; i < count && s->steps > 0; i++) {
		item = json_item(at, i);
		if (!fits(s, i < n->prefix.n ? n->prefix.of[i] : n->items, &item, depth + 1, told))
			return false;
	}
	return true;
}

/* The schema of a member; NULL: any value is good. */
static struct schema_node *member(struct schema *s, const struct schema_node *n, const struct json_at *child)
{
	struct json_at sub = {0};

	if (n->properties.there)
		sub = json_get(&n->properties, child->key);
	if (sub.there)
		return json_has(&sub) ? schema_node(s, &sub, n->foreign) : NULL;
	return n->open ? NULL : n->more;
}

/* false, too, when the steps are used up. */
static bool is_required(struct schema *s, const struct schema_node *n, const char *key)
{
	for (size_t i = 0; i < n->n_required && schema_spend(s, 1); i++)
		if (strcmp(n->required[i], key) == 0)
			return true;
	return false;
}

static bool fits_object(struct schema *s, const struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	struct json_at child;
	struct slice key;

	if (n->properties.there || (n->more && !n->open)) {
		for (size_t it = 0; json_each(at, &it, &key, &child);) {
			if (!schema_spend(s, 1))
				return true;
			if (s->nulls_left_out && json_kind(&child) == JSON_NULL && !is_required(s, n, child.key))
				continue;
			if (!fits(s, member(s, n, &child), &child, depth + 1, told))
				return false;
		}
	}
	for (size_t i = 0; i < n->n_required; i++) {
		if (!schema_spend(s, 1))
			return true;
		child = json_get(at, n->required[i]);
		if (!child.there)
			return tell_missing(s, told, at, n->required[i]);
	}
	return true;
}

static bool fits_kind(struct schema *s, struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	switch (json_kind(at)) {
	case JSON_NUMBER:
		return !n->bounded || fits_number(s, n, at, told);
	case JSON_STRING:
		return !n->bounded || fits_string(s, n, at, told);
	case JSON_ARRAY:
		return fits_array(s, n, at, depth, told);
	case JSON_OBJECT:
		return fits_object(s, n, at, depth, told);
	case JSON_ABSENT:
	case JSON_NULL:
	case JSON_BOOL:
		break;
	}
	return true;
}

/* Each in words, which costs: as many as there is a budget for. */
static ASIDE bool tell_alternatives(struct schema *s, const struct schema_list *list, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	struct schema_told *each = NULL;
	size_t n = 0;

	if (list->n <= s->told)
		each = schema_room(s, list->n, sizeof(*each));
	if (each) {
		s->told -= (unsigned)list->n;
		while (n < list->n && !fits(s, list->of[n], at, depth + 1, &each[n]))
			n++;
	}
	return tell_none(s, told, at, each, n == list->n ? n : 0);
}

static bool fits_any(struct schema *s, const struct schema_list *list, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	if (list->n == 0)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (fits(s, list->of[i], at, depth + 1, NULL))
			return true;
	return told ? tell_alternatives(s, list, at, depth, told) : false;
}

static bool fits_parts(struct schema *s, struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	if (!fits_kind(s, n, at, depth, told))
		return false;
	if (n->ref && !fits(s, n->ref, at, depth + 1, told))
		return false;
	for (size_t i = 0; i < n->all.n; i++)
		if (!fits(s, n->all.of[i], at, depth + 1, told))
			return false;
	return fits_any(s, &n->any, at, depth, told) && fits_any(s, &n->one, at, depth, told);
}

static bool fits(struct schema *s, struct schema_node *n, const struct json_at *at, unsigned depth, struct schema_told *told)
{
	const struct json_at *outer;
	bool ok;

	if (!n || depth >= SCHEMA_DEPTH || !schema_spend(s, 1) || !schema_ready(s, n) || n->busy == at)
		return true;
	if (n->never)
		return tell(s, told, at, "is not allowed");
	if (n->types && !(n->types & type_bits(at)))
		return tell_type(s, told, at, n->types);
	if ((n->only.there || n->choices.there) && !chosen(s, n, at))
		return tell_choice(s, told, at, n);
	outer = n->busy;
	n->busy = at;
	ok = fits_parts(s, n, at, depth, told);
	n->busy = outer;
	return ok;
}

bool schema_check(struct schema *s, const struct json_at *sub, const struct json_at *value, struct slice name, struct schema_fault *fault)
{
	struct schema_told told = {0};
	struct schema_node *n;

	if (!value->there || (json_kind(sub) != JSON_OBJECT && json_kind(sub) != JSON_BOOL))
		return true;
	n = schema_node(s, sub, false);
	s->top = value;
	s->name = name;
	/* Most values fit: words are looked for when it is known that they are needed. */
	if (fits(s, n, value, 0, NULL))
		return true;
	s->steps = SCHEMA_STEPS;
	s->told = 64;
	if (fits(s, n, value, 0, &told))
		tell(s, &told, value, "does not fit its schema");
	snprintf(fault->why, sizeof(fault->why), "'%s' %s", told.path, told.what);
	return false;
}
