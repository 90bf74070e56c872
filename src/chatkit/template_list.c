/* SPDX-License-Identifier: MIT */
/* Lists, dicts and what else has elements: making them, looking into them. */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

/* ---- growing ---- */

static void *grown(struct tx *x, const struct tnode *at, const void *old, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap < 4 ? 8 : *cap * 2;
	void *p;

	if (n < *cap)
		return (void *)(uintptr_t)old;
	p = tx_alloc(x, at, more * size);
	if (!p)
		return NULL;
	if (n)
		memcpy(p, old, n * size);
	*cap = more;
	return p;
}

struct tv_seq *tv_seq_new(struct tx *x, const struct tnode *at, enum seq_kind kind, size_t room)
{
	struct tv_seq *s = tx_alloc(x, at, sizeof(*s));

	if (!s)
		return NULL;
	s->kind = kind;
	s->cap = room;
	s->v = room ? tx_alloc(x, at, room * sizeof(*s->v)) : NULL;
	return room && !s->v ? NULL : s;
}

bool tv_push(struct tx *x, const struct tnode *at, struct tv_seq *s, const struct tv *v)
{
	struct tv *room = grown(x, at, s->v, s->n, &s->cap, sizeof(*s->v));

	if (!room)
		return false;
	s->v = room;
	s->v[s->n++] = *v;
	return tx_spend(x, at, (s->n & 7) == 0);
}

struct tv_dict *tv_dict_new(struct tx *x, const struct tnode *at, size_t room)
{
	struct tv_dict *d = tx_alloc(x, at, sizeof(*d));

	if (!d)
		return NULL;
	d->cap = room;
	d->m = room ? tx_alloc(x, at, room * sizeof(*d->m)) : NULL;
	return room && !d->m ? NULL : d;
}

struct tv *tv_find(const struct tv_dict *d, struct slice key)
{
	for (size_t i = 0; i < d->n; i++)
		if (slice_eq(d->m[i].key, key))
			return &d->m[i].v;
	return NULL;
}

bool tv_put(struct tx *x, const struct tnode *at, struct tv_dict *d, struct slice key, const struct tv *v)
{
	struct tv *there = tv_find(d, key);
	struct tv_member *room;

	if (!tx_spend(x, at, d->n / 8))
		return false;
	if (there) {
		*there = *v;
		return true;
	}
	room = grown(x, at, d->m, d->n, &d->cap, sizeof(*d->m));
	if (!room)
		return false;
	d->m = room;
	d->m[d->n++] = (struct tv_member){key, *v};
	return true;
}

/* ---- elements ---- */

static bool characters(struct tx *x, const struct tnode *at, struct slice s, struct tv_seq **out)
{
	*out = tv_seq_new(x, at, SEQ_LIST, t_chars(s));
	while (*out && s.n) {
		size_t n;

		(void)t_char(s, &n);
		if (!tv_push(x, at, *out, &TV_OF_STR(slice_upto(s, n))))
			return false;
		s = slice_from(s, n);
	}
	return *out != NULL;
}

static bool keys(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct tv_seq **out)
{
	*out = tv_seq_new(x, at, SEQ_LIST, d->n);
	for (size_t i = 0; *out && i < d->n; i++)
		if (!tv_push(x, at, *out, &TV_OF_STR(d->m[i].key)))
			return false;
	return *out != NULL;
}

/* Takes what is left in an iterator. */
static bool drain(struct tx *x, const struct tnode *at, struct tv_seq *from, struct tv_seq **out)
{
	*out = tv_seq_new(x, at, SEQ_LIST, 0);
	if (!*out)
		return false;
	(*out)->v = from->v;
	(*out)->n = (*out)->cap = from->n;
	from->n = from->cap = 0;
	return true;
}

bool tv_elements(struct tx *x, const struct tnode *at, const struct tv *v, struct tv_seq **out)
{
	if (tv_is_soft(v))
		return (*out = tv_seq_new(x, at, SEQ_LIST, 0)) != NULL;
	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	if (v->kind == TV_STR)
		return characters(x, at, v->s, out);
	if (v->kind == TV_DICT)
		return keys(x, at, v->dict, out);
	if (v->kind != TV_SEQ)
		return tx_fail(x, at, "%s has no elements", tv_kind_name(v));
	if (v->seq->kind == SEQ_ITER)
		return drain(x, at, v->seq, out);
	*out = v->seq;
	return true;
}

bool tv_length(struct tx *x, const struct tnode *at, const struct tv *v, size_t *out)
{
	*out = 0;
	if (v->kind == TV_UNDEFINED)
		return tv_is_soft(v) ? true : tx_undefined(x, v);
	if (v->kind == TV_STR)
		*out = t_chars(v->s);
	else if (v->kind == TV_DICT)
		*out = v->dict->n;
	else if (v->kind == TV_SEQ && v->seq->kind != SEQ_ITER)
		*out = v->seq->n;
	else
		return tx_fail(x, at, "%s has no length", tv_kind_name(v));
	return tx_spend(x, at, v->kind == TV_STR ? v->s.n / 64 : 0);
}

/* ---- members ---- */

static bool undefined(const struct tnode *at, struct tv *out)
{
	*out = (struct tv){.kind = TV_UNDEFINED, .gone = at};
	return true;
}

static bool found(const struct tnode *at, const struct tv *there, struct tv *out)
{
	if (!there)
		return undefined(at, out);
	*out = *there;
	return true;
}

bool tv_member(struct tx *x, const struct tnode *at, const struct tv *of, struct slice name, struct tv *out)
{
	const struct tv *there;

	if (of->kind == TV_UNDEFINED)
		return tx_undefined(x, of);
	if (of->kind == TV_LOOP)
		return t_loop_member(x, at, of->loop, name, out);
	there = of->kind == TV_DICT || of->kind == TV_SPACE ? tv_find(of->dict, name) : NULL;
	if (!there && t_is_hidden(of, name))
		return tx_fail(x, at, "'%.*s' of %s is not supported", SLICE_ARG(slice_upto(name, 40)), tv_kind_name(of));
	if (of->kind == TV_DICT && !tx_spend(x, at, of->dict->n / 8))
		return false;
	return found(at, there, out);
}

static bool character(const struct tnode *at, const struct tv *of, int64_t i, struct tv *out)
{
	struct slice s = of->s;
	size_t chars, n;

	if (i < 0) {
		chars = t_chars(s);
		i = (uint64_t)-(i + 1) < chars ? i + (int64_t)chars : (int64_t)chars;
	}
	s = t_skip_chars(s, (uint64_t)i < s.n ? (size_t)i : s.n);
	if (s.n == 0)
		return undefined(at, out);
	(void)t_char(s, &n);
	*out = TV_OF_STR(slice_upto(s, n));
	out->markup = of->markup;
	return true;
}

static bool element(const struct tnode *at, const struct tv_seq *s, int64_t i, struct tv *out)
{
	int64_t n = (int64_t)s->n, place = i < 0 && i >= -n ? i + n : i;

	if (s->kind > SEQ_RANGE || place < 0 || place >= n)
		return undefined(at, out);
	*out = s->v[place];
	return true;
}

bool tv_item(struct tx *x, const struct tnode *at, const struct tv *of, const struct tv *index, struct tv *out)
{
	int64_t i;

	if (of->kind == TV_UNDEFINED)
		return tx_undefined(x, of);
	if (index->kind == TV_STR)
		return tv_member(x, at, of, index->s, out);
	if (index->kind == TV_UNDEFINED && of->kind == TV_DICT)
		return tx_undefined(x, index);
	if (!tv_as_int(index, &i))
		return undefined(at, out);
	if (of->kind == TV_STR)
		return tx_spend(x, at, of->s.n / 64) && character(at, of, i, out);
	if (of->kind == TV_SEQ)
		return element(at, of->seq, i, out);
	return undefined(at, out);
}

/* ---- slices ---- */

struct bounds {
	int64_t start, stop, step;
	size_t n; /* elements from start on, every step, before stop */
};

static bool bound(struct tx *x, const struct tnode *at, const struct tv *v, int64_t dflt, int64_t *out)
{
	*out = dflt;
	if (v->kind == TV_ABSENT || v->kind == TV_NONE || tv_as_int(v, out))
		return true;
	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	return tx_fail(x, at, "a slice has numbers, not %s", tv_kind_name(v));
}

static int64_t clamp(int64_t i, int64_t n, bool forward)
{
	if (i < 0)
		i = i < -n ? -1 : i + n;
	if (i < 0)
		return forward ? 0 : -1;
	return i < n ? i : forward ? n : n - 1;
}

static bool read_bounds(struct tx *x, const struct tnode *at, const struct tv *v, int64_t n, struct bounds *b)
{
	bool forward;

	if (!bound(x, at, &v[2], 1, &b->step))
		return false;
	if (b->step == 0)
		return tx_fail(x, at, "a slice cannot step by zero");
	forward = b->step > 0;
	if (b->step < -INT64_MAX)
		b->step = -INT64_MAX;
	if (!bound(x, at, &v[0], forward ? 0 : INT64_MAX, &b->start) || !bound(x, at, &v[1], forward ? INT64_MAX : INT64_MIN, &b->stop))
		return false;
	b->start = clamp(b->start, n, forward);
	b->stop = clamp(b->stop, n, forward);
	b->n = 0;
	if (forward && b->start < b->stop)
		b->n = (size_t)((b->stop - b->start - 1) / b->step + 1);
	else if (!forward && b->stop < b->start)
		b->n = (size_t)((b->start - b->stop - 1) / -b->step + 1);
	return true;
}

static bool slice_elements(struct tx *x, const struct tnode *at, const struct tv_seq *s, const struct tv *v, struct tv *out)
{
	struct bounds b;
	struct tv_seq *part;

	if (!read_bounds(x, at, v, (int64_t)s->n, &b))
		return false;
	part = tv_seq_new(x, at, s->kind, b.n);
	for (size_t i = 0; part && i < b.n; i++)
		if (!tv_push(x, at, part, &s->v[b.start + (int64_t)i * b.step]))
			return false;
	*out = TV_OF_SEQ(part);
	if (part && s->kind == SEQ_RANGE) {
		part->start = s->start + b.start * s->step;
		part->stop = s->start + b.stop * s->step;
		if (__builtin_mul_overflow(s->step, b.step, &part->step))
			return tx_fail(x, at, "the number is out of range");
	}
	return part != NULL;
}

static bool slice_text(struct tx *x, const struct tnode *at, struct slice s, const struct tv *v, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);
	struct tv_seq *chars;
	struct bounds b;

	if (!tx_spend(x, at, s.n / 64) || !read_bounds(x, at, v, (int64_t)t_chars(s), &b))
		return false;
	if (b.step == 1 || b.n == 0) {
		*out = TV_OF_STR(utf8_cut_chars(t_skip_chars(s, (size_t)b.start), b.n));
		return true;
	}
	if (!characters(x, at, s, &chars))
		return false;
	for (size_t i = 0; i < b.n; i++)
		buf_add(&text, chars->v[b.start + (int64_t)i * b.step].s);
	return tx_take(x, at, &text, out);
}

bool tv_slice(struct tx *x, const struct tnode *at, const struct tv *of, const struct tv *v, struct tv *out)
{
	if (of->kind == TV_UNDEFINED)
		return tx_undefined(x, of);
	if (of->kind == TV_STR) {
		if (!slice_text(x, at, of->s, v, out))
			return false;
		out->markup = of->markup;
		return true;
	}
	if (of->kind == TV_SEQ && of->seq->kind <= SEQ_RANGE)
		return slice_elements(x, at, of->seq, v, out);
	return tx_fail(x, at, "%s has no slices", tv_kind_name(of));
}

/* ---- range ---- */

static bool range_bound(struct tx *x, const struct tnode *at, const struct tv *v, int64_t *out)
{
	if (tv_as_int(v, out))
		return true;
	if (v->kind == TV_UNDEFINED)
		return tx_undefined(x, v);
	return tx_fail(x, at, "range takes whole numbers, not %s", tv_kind_name(v));
}

bool tv_range(struct tx *x, const struct tnode *at, const struct tv *arg, struct tv *out)
{
	struct tv_seq *s;
	int64_t start = 0, stop, step = 1;
	bool one = arg[1].kind == TV_ABSENT;
	uint64_t n = 0;

	if (!range_bound(x, at, &arg[one ? 0 : 1], &stop) || (!one && !range_bound(x, at, &arg[0], &start)))
		return false;
	if (arg[2].kind != TV_ABSENT && !range_bound(x, at, &arg[2], &step))
		return false;
	if (step == 0)
		return tx_fail(x, at, "range cannot step by zero");
	if (step > 0 && start < stop)
		n = ((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step + 1;
	else if (step < 0 && stop < start)
		n = ((uint64_t)start - (uint64_t)stop - 1) / (0 - (uint64_t)step) + 1;
	if (n > TEMPLATE_MEMORY_MAX / sizeof(*s->v))
		return tx_too_large(x, at, "this range");
	s = tv_seq_new(x, at, SEQ_RANGE, (size_t)n);
	for (uint64_t i = 0; s && i < n; i++)
		if (!tv_push(x, at, s, &TV_OF_INT((int64_t)((uint64_t)start + i * (uint64_t)step))))
			return false;
	if (!s)
		return false;
	s->start = start;
	s->stop = stop;
	s->step = step;
	*out = TV_OF_SEQ(s);
	return true;
}
