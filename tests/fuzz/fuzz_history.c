/* SPDX-License-Identifier: MIT */
/*
 * Each two bytes are a part, and a few ids are all there are, so that histories are wrong in every way soon. Whatever they were: a repaired one keeps the
 * header's promises, has lost no words and no result that it could keep, and is not changed by another repair; a cut one keeps them too, and its last turn.
 */
#include "talk/history.h"
#include "tests/fuzz/fuzz.h"

#define MESSAGES_MAX 200

static const struct slice ids[] = {S_INIT(""), S_INIT("a"), S_INIT("b"), S_INIT("c"), S_INIT("call_again_1"), S_INIT("call_again_2"), S_INIT("A"), S_INIT("a\n")};
static const char base64[] = "YWJj";

/* One part. Texts tell where they are from; some are empty. */
static struct part part_of(struct arena *a, unsigned char kind, unsigned char what)
{
	struct part p = {.kind = (enum part_kind)(kind % PART__MAX), .call_id = ids[what % countof(ids)], .name = S("f"), .args = S("{}")};

	if (what & 0x10)
		p.text = arena_printf(a, "%zu", arena_used(a));
	if (what & 0x20)
		p.data = slice_upto(slice_cstr(base64), what >> 6);
	if (p.kind != PART_CALL && p.kind != PART_RESULT)
		p.call_id = SLICE_NONE;
	return p;
}

/* A kind's byte: the low 3 bits the part, 0x08 a new message begins with it, and whose the next two say. */
static void read_history(struct arena *a, struct slice in, struct history *h)
{
	static const enum role roles[] = {ROLE_ASSISTANT, ROLE_TOOL, ROLE_USER, ROLE_SYSTEM};
	struct part *parts = arena_alloc(a, (in.n / 2 + 1) * sizeof(*parts));
	struct message m = {.parts = parts};

	history_init(h, a);
	for (size_t i = 0; i + 1 < in.n && h->n < MESSAGES_MAX; i += 2) {
		unsigned char kind = (unsigned char)in.p[i];

		if (kind & 0x08 || i == 0) {
			if (i)
				history_add(h, m);
			m = (struct message){.role = roles[kind >> 4 & 3], .parts = m.parts + m.n};
		}
		/* 7: none, so that a message may be empty. */
		if ((kind & 7) != 7)
			m.parts[m.n++] = part_of(a, kind & 7, (unsigned char)in.p[i + 1]);
	}
	history_add(h, m);
}

static bool says_something(const struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].kind == PART_CALL || (m->parts[i].kind == PART_TEXT && m->parts[i].text.n))
			return true;
	return false;
}

static bool same_words(const struct message *a, const struct message *b)
{
	if (a->role != b->role || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->parts[i].kind != b->parts[i].kind || !slice_eq(a->parts[i].text, b->parts[i].text))
			return false;
	return true;
}

/* What was said is there, in its order, but for what a provider would refuse. */
static void check_words(const struct history *in, const struct history *out)
{
	bool begun = false;
	size_t k = 0;

	for (size_t i = 0; i < in->n; i++) {
		const struct message *m = &in->m[i];

		begun |= m->role == ROLE_USER;
		if (m->role == ROLE_TOOL || (m->role == ROLE_ASSISTANT && !(begun && says_something(m))))
			continue;
		while (k < out->n && out->m[k].role == ROLE_TOOL)
			k++;
		CHECK(k < out->n && same_words(m, &out->m[k]));
		k++;
	}
	while (k < out->n && out->m[k].role == ROLE_TOOL)
		k++;
	CHECK(k == out->n);
}

/* Results directly after their call, in its order, one a message; the user first; nothing empty. */
static void check_order(const struct history *h)
{
	bool begun = false;

	for (size_t i = 0; i < h->n;) {
		const struct message *m = &h->m[i++];

		CHECK(m->role != ROLE_TOOL && (m->role == ROLE_SYSTEM || m->role == ROLE_USER || (begun && says_something(m))));
		begun |= m->role == ROLE_USER;
		for (size_t k = 0; m->role == ROLE_ASSISTANT && k < m->n; k++) {
			if (m->parts[k].kind != PART_CALL)
				continue;
			CHECK(i < h->n && h->m[i].role == ROLE_TOOL && h->m[i].n == 1 && h->m[i].parts[0].kind == PART_RESULT);
			CHECK(m->parts[k].call_id.n > 0 && slice_eq(h->m[i].parts[0].call_id, m->parts[k].call_id));
			i++;
		}
	}
}

static void check_ids(const struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		for (size_t k = i + 1; h->m[i].role == ROLE_TOOL && k < h->n; k++)
			CHECK(h->m[k].role != ROLE_TOOL || !slice_eq(h->m[i].parts[0].call_id, h->m[k].parts[0].call_id));
	}
}

static size_t count(const struct history *h, size_t from, size_t to, enum role role, enum part_kind kind, struct slice id)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; h->m[i].role == role && k < h->m[i].n; k++)
			n += h->m[i].parts[k].kind == kind && slice_eq(h->m[i].parts[k].call_id, id);
	return n;
}

/* As many results of tools as their rounds have calls for. */
static void check_results(const struct history *in, const struct history *out)
{
	size_t want = 0, got = 0, start = 0, end;

	while (start < in->n && in->m[start].role != ROLE_USER)
		start++;
	for (size_t i = start; i < in->n; i = end) {
		for (end = i + 1; end < in->n && in->m[end].role != ROLE_ASSISTANT;)
			end++;
		for (size_t k = 0; k < countof(ids); k++) {
			size_t calls = count(in, i, i + 1, ROLE_ASSISTANT, PART_CALL, ids[k]), results = count(in, i + 1, end, ROLE_TOOL, PART_RESULT, ids[k]);

			want += calls < results ? calls : results;
		}
	}
	for (size_t i = 0; i < out->n; i++)
		got += out->m[i].role == ROLE_TOOL && !out->m[i].parts[0].is_error;
	CHECK(got == want);
}

static bool same(const struct history *a, const struct history *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!same_words(&a->m[i], &b->m[i]))
			return false;
		for (size_t k = 0; k < a->m[i].n; k++)
			if (!slice_eq(a->m[i].parts[k].call_id, b->m[i].parts[k].call_id))
				return false;
	}
	return true;
}

static void check_cut(struct history *h, size_t max)
{
	size_t systems = 0, last = h->n;
	struct history before, again;

	history_init(&before, h->arena);
	for (size_t i = 0; i < h->n; i++) {
		history_add(&before, h->m[i]);
		if (h->m[i].role == ROLE_USER)
			last = i;
	}
	history_cut(h, max);
	check_order(h);
	/* The last turn whole, and each message of the system's. */
	CHECK(last == before.n || h->n >= before.n - last);
	for (size_t i = 1; i <= before.n - last; i++)
		CHECK(h->m[h->n - i].parts == before.m[before.n - i].parts);
	for (size_t i = 0; i < before.n; i++)
		systems += before.m[i].role == ROLE_SYSTEM;
	for (size_t i = 0; i < h->n; i++)
		systems -= h->m[i].role == ROLE_SYSTEM;
	CHECK(systems == 0);
	history_init(&again, h->arena);
	for (size_t i = 0; i < h->n; i++)
		history_add(&again, h->m[i]);
	history_cut(&again, max);
	CHECK(same(h, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(512 << 20, NULL);
	struct history in, out, twice;
	size_t rounds = 0;

	if (size > 3) {
		read_history(a, slice_mem(data + 2, size - 2), &in);
		out = in;
		history_repair(&out);
		check_words(&in, &out);
		check_order(&out);
		check_ids(&out);
		check_results(&in, &out);
		twice = out;
		history_repair(&twice);
		CHECK(same(&out, &twice));
		for (size_t i = 0; i < out.n; i++)
			rounds = out.m[i].role == ROLE_USER ? 0 : rounds + (out.m[i].role == ROLE_ASSISTANT && message_calls(&out.m[i]) > 0);
		CHECK(history_rounds(&out) == rounds);
		check_cut(&out, data[0] * 16u + data[1]);
	}
	arena_free(a);
	return 0;
}
