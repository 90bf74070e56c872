/* SPDX-License-Identifier: MIT */
#include "talk/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A history in a few letters: "s", "u", "a", "a:c1,c2", "t:c1", "e:c1" (an error result), "t:" (no id), "u:c1" (a result where only a tool's
 * message may have one), "-" (an assistant who says nothing). */
static struct message short_message(struct arena *a, struct slice word)
{
	struct slice kind, ids = slice_cut(word, ':', &kind), id;
	struct message m = {.parts = arena_alloc(a, 8 * sizeof(struct part))};
	char k = kind.p[0];

	m.role = k == 's' ? ROLE_SYSTEM : k == 'u' ? ROLE_USER : k == 't' || k == 'e' ? ROLE_TOOL : ROLE_ASSISTANT;
	if (k == 's' || k == 'u' || k == 'a')
		m.parts[m.n++] = (struct part){.kind = PART_TEXT, .text = slice_upto(word, 1)};
	if (kind.n == word.n)
		return m;
	do {
		ids = slice_cut(ids, ',', &id);
		m.parts[m.n++] = (struct part){
			.kind = m.role == ROLE_ASSISTANT ? PART_CALL : PART_RESULT, .call_id = id, .name = S("f"), .text = S("r"), .is_error = k == 'e'};
	} while (ids.n);
	return m;
}

static struct history short_history(struct arena *a, const char *text)
{
	struct slice rest = slice_cstr(text), word;
	struct history h;

	history_init(&h, a);
	while (rest.n) {
		rest = slice_cut(rest, ' ', &word);
		history_add(&h, short_message(a, word));
	}
	return h;
}

/* And back. */
static const char *short_text(struct arena *a, const struct history *h)
{
	struct buf b = BUF_INIT(8192);
	const char *s;

	for (size_t i = 0; i < h->n; i++) {
		const struct message *m = &h->m[i];
		bool error = m->role == ROLE_TOOL && m->n && m->parts[0].is_error, colon = false;

		buf_adds(&b, i ? " " : "");
		buf_addch(&b, "suat"[m->role]);
		if (error)
			b.p[b.n - 1] = 'e';
		for (size_t k = 0; k < m->n; k++) {
			if (m->parts[k].kind != PART_CALL && m->parts[k].kind != PART_RESULT)
				continue;
			buf_adds(&b, colon ? "," : ":");
			colon = true;
			buf_add(&b, m->parts[k].call_id);
		}
	}
	s = arena_cstr(a, buf_slice(&b));
	buf_release(&b);
	return s;
}

static void history_repair__what_a_provider_would_refuse__is_mended(void **state UNUSED)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{"whole", "s u a u a:1,2 t:1 t:2 a", "s u a u a:1,2 t:1 t:2 a"},
		{"empty", "", ""},
		{"results in another order", "u a:1,2 t:2 t:1 a", "u a:1,2 t:1 t:2 a"},
		{"a missing result", "u a:1,2 t:2 a", "u a:1,2 e:1 t:2 a"},
		{"no result at all, at the end", "u a:1", "u a:1 e:1"},
		{"no result, the user went on", "u a:1 u", "u a:1 e:1 u"},
		{"a result in the user's mouth", "u a:1 u:1 a", "u a:1 e:1 u:1 a"},
		{"a result in the user's mouth and the tool's", "u a:1 u:1 t:1 a", "u a:1 t:1 u:1 a"},
		{"a result behind what the user said meanwhile", "u a:1 u t:1 a", "u a:1 t:1 u a"},
		{"a result behind the next answer", "u a:1 u a t:1 u", "u a:1 e:1 u a u"},
		{"one of two came late", "u a:1,2 t:2 u t:1 u a", "u a:1,2 t:1 t:2 u u a"},
		{"a result without a call", "u t:9 a t:8 u", "u a u"},
		{"a result of another call", "u a:1 t:2 a", "u a:1 e:1 a"},
		{"two results for a call", "u a:1 t:1 e:1 a", "u a:1 t:1 a"},
		{"an id again in a later round", "u a:1 t:1 a:1 t:1 a", "u a:1 t:1 a:call_again_1 t:call_again_1 a"},
		{"an id twice in a round", "u a:1,1 t:1 e:1 a", "u a:1,call_again_1 t:1 e:call_again_1 a"},
		{"no ids", "u a: t: a", "u a:call_again_1 t:call_again_1 a"},
		{"our made id is there already", "u a:call_again_1 t:call_again_1 a:call_again_1 t:call_again_1",
		 "u a:call_again_1 t:call_again_1 a:call_again_2 t:call_again_2"},
		{"results in one message", "u a:1,2 t:1,2", "u a:1,2 t:1 t:2"},
		{"an assistant who says nothing", "u - u a", "u u a"},
		{"the assistant begins", "s a a:1 t:1 u a", "s u a"},
		{"only the assistant", "a a:1 t:1", ""},
		{"a result first of all", "t:1 u a", "u a"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct history h = short_history(a, rows[i].in);
		const char *got;

		history_repair(&h);
		got = short_text(a, &h);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: '%s' became '%s', not '%s'", rows[i].name, rows[i].in, got, rows[i].want);
		history_repair(&h);
		assert_string_equal(short_text(a, &h), rows[i].want);
		arena_free(a);
	}
}

static void history_repair__a_made_up_result__says_why(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct history h = short_history(a, "u a:1");

	history_repair(&h);
	assert_true(slice_find(h.m[2].parts[0].text, S("interrupted")) >= 0);
	assert_true(slice_is(h.m[2].parts[0].name, "f"));
	arena_free(a);
}

/* A thread of 4000 rounds with one id for all calls: no quadratic work, no arena cap. */
static void history_repair__long_and_broken__is_mended_in_time(void **state UNUSED)
{
	struct arena *a = arena_new(8 << 20, NULL);
	struct history h = short_history(a, "u");

	for (int i = 0; i < 4000; i++)
		history_add(&h, short_message(a, S("a:same")));
	history_repair(&h);
	assert_int_equal(h.n, 8001);
	arena_free(a);
}

static void history_rounds__counts__since_the_last_user_message(void **state UNUSED)
{
	static const struct {
		const char *in;
		size_t want;
	} rows[] = {{"", 0}, {"u", 0}, {"u a:1 t:1 u", 0}, {"u a:1 t:1 a:2 t:2 a", 2}, {"s u a:1,2 t:1 t:2", 1}};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct history h = short_history(a, rows[i].in);

		assert_int_equal(history_rounds(&h), rows[i].want);
		arena_free(a);
	}
}

/* A message of one text byte weighs 33, a call 34 (its name and text). */
static void history_cut__over_the_budget__drops_whole_turns_from_the_front(void **state UNUSED)
{
	static const struct {
		const char *in;
		size_t max;
		const char *want;
	} rows[] = {
		{"s u a u a", 1000, "s u a u a"},
		{"s u a u a", 165, "s u a u a"},
		{"s u a u a", 164, "s u a"},
		{"s u a:1 t:1 a u a", 164, "s u a"},
		{"u a u a u a", 140, "u a u a"},
		{"s u a u a:1 t:1 a", 1, "s u a:1 t:1 a"},
		{"u a", 1, "u a"},
		{"u u u", 66, "u u"},
		{"s", 1, "s"},
		{"", 1, ""},
		{"u s a u a", 100, "s u a"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct history h = short_history(a, rows[i].in);
		const char *got;

		history_cut(&h, rows[i].max);
		got = short_text(a, &h);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: '%s' cut to %zu is '%s', not '%s'", i, rows[i].in, rows[i].max, got, rows[i].want);
		arena_free(a);
	}
}

static void history_cut__a_picture__weighs_what_a_model_makes_of_it(void **state UNUSED)
{
	struct part file = {.kind = PART_FILE, .data = {"", 5000000}};
	struct message picture = {.role = ROLE_USER, .parts = &file, .n = 1};
	struct arena *a = arena_new(1 << 20, NULL);
	struct history h;

	history_init(&h, a);
	history_add(&h, picture);
	history_add(&h, message_text(a, ROLE_USER, S("u")));
	history_cut(&h, 5000);
	assert_int_equal(h.n, 2);
	history_cut(&h, 3000);
	assert_int_equal(h.n, 1);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_repair__what_a_provider_would_refuse__is_mended),
		cmocka_unit_test(history_repair__a_made_up_result__says_why),
		cmocka_unit_test(history_repair__long_and_broken__is_mended_in_time),
		cmocka_unit_test(history_rounds__counts__since_the_last_user_message),
		cmocka_unit_test(history_cut__over_the_budget__drops_whole_turns_from_the_front),
		cmocka_unit_test(history_cut__a_picture__weighs_what_a_model_makes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
