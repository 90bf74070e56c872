/* SPDX-License-Identifier: MIT */
#include "model/assemble.h"

#include "wire/guard.h"

void assemble_init(struct assemble *a, struct arena *arena, uint64_t seed)
{
	*a = (struct assemble){.arena = arena, .seed = seed};
}

void assemble_release(struct assemble *a)
{
	for (size_t i = 0; i < a->n; i++)
		buf_release(&a->call[i].args);
	a->n = 0;
}

static bool whole_object(struct slice s)
{
	bool mend;

	return guard_check(s, &GUARD_UPSTREAM, NULL, 0, &mend, NULL) == RC_OK;
}

static bool starts_object(struct slice s)
{
	s = slice_trim(s);
	return s.n > 0 && s.p[0] == '{';
}

static struct assembled *find_index(struct assemble *a, int64_t index)
{
	for (size_t i = a->n; i > 0; i--)
		if (a->call[i - 1].index == index)
			return &a->call[i - 1];
	return NULL;
}

static struct assembled *find_id(struct assemble *a, struct slice id)
{
	for (size_t i = a->n; i > 0; i--)
		if (slice_eq(a->call[i - 1].id, id))
			return &a->call[i - 1];
	return NULL;
}

/* Some vendors give every call the same index. What tells a new call then: another id, another name, or a name with a second object. */
static bool same_index_new_call(const struct assembled *c, const struct assemble_delta *d)
{
	if (d->id.n && c->id.n)
		return !slice_eq(d->id, c->id);
	if (d->name.n == 0 || c->name.n == 0)
		return false;
	if (!slice_eq(d->name, c->name))
		return true;
	return starts_object(d->args) && whole_object(buf_slice(&c->args));
}

/* The call that the delta belongs to; NULL: a new one. */
static struct assembled *owner_of(struct assemble *a, const struct assemble_delta *d)
{
	struct assembled *c;

	if (d->index >= 0) {
		c = find_index(a, d->index);
		return c && same_index_new_call(c, d) ? NULL : c;
	}
	if (d->id.n && (c = find_id(a, d->id)))
		return c;
	if (a->n == 0)
		return NULL;
	c = &a->call[a->current];
	if ((d->id.n && c->id.n) || (d->name.n && c->name.n))
		return NULL;
	return c;
}

static struct assembled *add_call(struct assemble *a, int64_t index)
{
	if (a->n == a->cap) {
		size_t cap = a->cap ? 2 * a->cap : 4;
		struct assembled *bigger = arena_try(a->arena, cap * sizeof(*bigger));

		if (!bigger)
			return NULL;
		if (a->n)
			memcpy(bigger, a->call, a->n * sizeof(*bigger));
		a->call = bigger;
		a->cap = cap;
	}
	a->call[a->n] = (struct assembled){.index = index, .nth = a->n, .args = BUF_INIT(ASSEMBLE_ARGS_MAX)};
	return &a->call[a->n++];
}

static bool set(struct assemble *a, struct slice *to, struct slice from)
{
	if (from.n == 0 || slice_eq(*to, from))
		return true;
	*to = arena_try_dup(a->arena, from);
	return to->p != NULL;
}

enum rc assemble_add(struct assemble *a, const struct assemble_delta *d, struct err *e)
{
	struct assembled *c = owner_of(a, d);

	if (!c && d->id.n + d->name.n + d->args.n + d->extra.n == 0)
		return RC_OK;
	if (!c && a->n == ASSEMBLE_CALLS_MAX)
		return err_set(e, RC_PROTO, "more than %d tool calls in one answer", ASSEMBLE_CALLS_MAX);
	if (!c)
		c = add_call(a, d->index);
	if (!c || !set(a, &c->id, d->id) || !set(a, &c->name, d->name) || !set(a, &c->extra, d->extra))
		return err_set(e, RC_TOO_LARGE, "no room for the answer's tool calls");
	a->current = (size_t)(c - a->call);
	buf_add(&c->args, d->args);
	c->grew |= d->args.n > 0;
	return RC_OK;
}

struct assembled *assemble_grown(struct assemble *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->call[i].grew && a->call[i].name.n)
			return &a->call[i];
	return NULL;
}

/* Bytes of the object that s begins with, by its braces; 0 when it has no end. */
static size_t first_object(struct slice s)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth > 0)
				depth--;
			if (depth == 0)
				return i + 1;
		}
	}
	return 0;
}

/*
 * "{..}{..}": a vendor sent the next call's arguments here, without its name. The first object is this call's; running the others under its name would
 * be a guess, and the model will ask again for what it did not get. A leading "{}" is only a vendor's start value.
 */
static void split(struct assemble *a, struct buf *args)
{
	struct slice all = slice_trim(buf_slice(args)), first;
	size_t n = first_object(all);

	first = slice_upto(all, n);
	if (n == 0 || n == all.n || !whole_object(first) || !starts_object(slice_from(all, n)))
		return;
	if (slice_is(first, "{}")) {
		buf_drop(args, (size_t)(all.p - args->p) + n);
		split(a, args);
		return;
	}
	for (struct slice rest = slice_trim(slice_from(all, n)); rest.n; rest = slice_trim(slice_from(rest, n))) {
		a->split++;
		n = first_object(rest);
		if (n == 0)
			break;
	}
	buf_cut(args, (size_t)(first.p - args->p) + first.n);
}

static void make_id(struct assemble *a, size_t i)
{
	struct slice id = a->call[i].id;
	size_t tries = 0;

	for (;;) {
		bool taken = id.n == 0;

		for (size_t k = 0; k < i && !taken; k++)
			taken = slice_eq(a->call[k].id, id);
		if (!taken)
			break;
		id = arena_printf(a->arena, "call_%016llx%02zx%s", (unsigned long long)a->seed, i, tries++ ? "x" : "");
	}
	a->call[i].id = id;
}

void assemble_finish(struct assemble *a, bool cut)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct assembled *c = &a->call[i];
		bool empty = slice_trim(buf_slice(&c->args)).n == 0;

		if (!empty && !whole_object(buf_slice(&c->args)))
			split(a, &c->args);
		c->gone = cut && (empty || !whole_object(buf_slice(&c->args)));
		if (empty) {
			buf_clear(&c->args);
			buf_adds(&c->args, "{}");
		}
	}
	for (size_t i = 0; i < a->n; i++) {
		if (a->call[i].gone)
			buf_release(&a->call[i].args);
		else
			a->call[kept++] = a->call[i];
	}
	a->n = kept;
	for (size_t i = 0; i < a->n; i++)
		make_id(a, i);
}
