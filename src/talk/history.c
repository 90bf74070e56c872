/* SPDX-License-Identifier: MIT */
#include "talk/history.h"

static const struct slice interrupted = S_INIT("The call was interrupted before it had a result.");

/*
 * Memory in step with messages that are already there: it dies with the arena but does not ask its cap, so that mending a long thread cannot fail.
 */
static void *keep(struct arena *a, size_t n)
{
	void *p = xalloc(n);

	arena_defer(a, free, p);
	return p;
}

void history_init(struct history *h, struct arena *a)
{
	*h = (struct history){.arena = a};
}

void history_add(struct history *h, struct message m)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 16;
		struct message *bigger = keep(h->arena, cap * sizeof(*bigger));

		if (h->n)
			memcpy(bigger, h->m, h->n * sizeof(*bigger));
		h->m = bigger;
		h->cap = cap;
	}
	h->m[h->n++] = m;
}

/* The call ids met so far: open addressing, at most half full. */
struct ids {
	struct slice *slot;
	size_t mask, made;
};

static struct ids ids_for(const struct history *h)
{
	size_t calls = 0, size = 16;

	for (size_t i = 0; i < h->n; i++)
		calls += message_calls(&h->m[i]);
	while (size < 2 * calls + 2)
		size *= 2;
	return (struct ids){.slot = keep(h->arena, size * sizeof(struct slice)), .mask = size - 1};
}

static bool ids_add(struct ids *ids, struct slice id)
{
	uint64_t hash = 1469598103934665603u;
	size_t at;

	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 1099511628211u;
	for (at = hash & ids->mask; ids->slot[at].p; at = (at + 1) & ids->mask)
		if (slice_eq(ids->slot[at], id))
			return false;
	ids->slot[at] = id;
	return true;
}

/* The id itself, or a new one when it is empty or was met before. */
static struct slice ids_unique(struct ids *ids, struct arena *a, struct slice id)
{
	while (id.n == 0 || !ids_add(ids, id))
		id = arena_printf(a, "call_again_%zu", ++ids->made);
	return id;
}

/* The nth result for id in the tool messages of from..to, with the message it stands in. */
static const struct part *result_find(const struct history *h, size_t from, size_t to, struct slice id, size_t nth, const struct message **in)
{
	for (size_t i = from; i < to; i++) {
		for (size_t k = 0; h->m[i].role == ROLE_TOOL && k < h->m[i].n; k++) {
			const struct part *p = &h->m[i].parts[k];

			if (p->kind != PART_RESULT || !slice_eq(p->call_id, id) || nth-- > 0)
				continue;
			*in = &h->m[i];
			return p;
		}
	}
	return NULL;
}

static void result_add(struct history *out, const struct part *call, struct slice id, const struct part *found, const struct message *in)
{
	struct part *p;

	if (found && in->n == 1 && slice_eq(found->call_id, id)) {
		history_add(out, *in);
		return;
	}
	p = keep(out->arena, sizeof(*p));
	if (found)
		*p = *found;
	else
		*p = (struct part){.kind = PART_RESULT, .text = interrupted, .is_error = true};
	p->call_id = id;
	p->name = call->name;
	history_add(out, (struct message){.role = ROLE_TOOL, .parts = p, .n = 1});
}

/* An assistant message at `at` with its calls, and their results in the order of the calls. */
static void calls_repair(const struct history *h, size_t at, size_t results_end, struct history *out, struct ids *ids)
{
	const struct message *m = &h->m[at];
	struct message mended = *m;

	mended.parts = keep(h->arena, m->n * sizeof(*mended.parts));
	for (size_t i = 0; i < m->n; i++) {
		mended.parts[i] = m->parts[i];
		if (m->parts[i].kind == PART_CALL)
			mended.parts[i].call_id = ids_unique(ids, h->arena, m->parts[i].call_id);
	}
	history_add(out, mended);
	for (size_t i = 0; i < m->n; i++) {
		const struct message *in = NULL;
		const struct part *found;
		size_t nth = 0;

		if (m->parts[i].kind != PART_CALL)
			continue;
		/* A provider that uses one id for all calls of a round: the nth call of an id has its nth result. */
		for (size_t k = 0; k < i; k++)
			nth += m->parts[k].kind == PART_CALL && slice_eq(m->parts[k].call_id, m->parts[i].call_id);
		found = result_find(h, at + 1, results_end, m->parts[i].call_id, nth, &in);
		result_add(out, &m->parts[i], mended.parts[i].call_id, found, in);
	}
}

/* Where the next assistant message stands: up to there is what came of this one's calls. Not all of it need be results: somebody may have spoken meanwhile. */
static size_t round_end(const struct history *h, size_t at)
{
	while (++at < h->n && h->m[at].role != ROLE_ASSISTANT)
		;
	return at;
}

static bool says_something(const struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].kind == PART_TEXT && m->parts[i].text.n)
			return true;
	return false;
}

void history_repair(struct history *h)
{
	struct ids ids = ids_for(h);
	struct history out;
	bool begun = false;

	history_init(&out, h->arena);
	for (size_t i = 0; i < h->n; i++) {
		const struct message *m = &h->m[i];

		switch (m->role) {
		case ROLE_SYSTEM:
			history_add(&out, *m);
			break;
		case ROLE_USER:
			begun = true;
			history_add(&out, *m);
			break;
		case ROLE_ASSISTANT:
			if (begun && message_calls(m))
				calls_repair(h, i, round_end(h, i), &out, &ids);
			else if (begun && says_something(m))
				history_add(&out, *m);
			break;
		case ROLE_TOOL: /* stands behind its call by now, or has none */
		case ROLE__MAX:
			break;
		}
	}
	*h = out;
}

size_t history_rounds(const struct history *h)
{
	size_t rounds = 0;

	for (size_t i = h->n; i > 0 && h->m[i - 1].role != ROLE_USER; i--)
		rounds += h->m[i - 1].role == ROLE_ASSISTANT && message_calls(&h->m[i - 1]);
	return rounds;
}

/* What a model makes of a picture or a few pages, whatever their bytes: about a thousand tokens. */
#define FILE_WEIGHT 4000

static size_t weight(const struct message *m)
{
	size_t bytes = 16;

	for (size_t i = 0; i < m->n; i++) {
		const struct part *p = &m->parts[i];

		bytes += p->text.n + p->name.n + p->args.n + p->opaque.n + 16;
		if (p->data.n)
			bytes += FILE_WEIGHT;
	}
	return bytes;
}

void history_cut(struct history *h, size_t max_bytes)
{
	size_t bytes = 0, start = 0, last = h->n, kept = 0;

	for (size_t i = 0; i < h->n; i++) {
		bytes += weight(&h->m[i]);
		if (h->m[i].role == ROLE_USER)
			last = i;
	}
	if (last == h->n || bytes <= max_bytes)
		return;
	/* start moves from one user message to the next. */
	while (start < last && (bytes > max_bytes || h->m[start].role != ROLE_USER)) {
		if (h->m[start].role != ROLE_SYSTEM)
			bytes -= weight(&h->m[start]);
		start++;
	}
	for (size_t i = 0; i < h->n; i++)
		if (i >= start || h->m[i].role == ROLE_SYSTEM)
			h->m[kept++] = h->m[i];
	h->n = kept;
}
