/* SPDX-License-Identifier: MIT */
#include "app/context.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void context_locale__what_is_liked_best(void **state UNUSED)
{
	static const struct {
		const char *header, *want;
	} rows[] = {
		{"", ""},
		{"de-CH", "de-CH"},
		{"de-CH, de;q=0.9, en;q=0.8", "de-CH"},
		{"en;q=0.8, de;q=0.9", "de"},
		{"en;q=0.8,de;q=0.8", "en"},
		{" de ; q = 0.5 ,\tfr;Q=0.501", "fr"},
		{"*, de;q=0.1", "de"},
		{"*", ""},
		{"de;q=0, fr;q=0.000", ""},
		{"de;q=0.001", "de"},
		{"de;q=1.000, en", "de"},
		{"de;q=1.001, en;q=0.1", "en"},
		{"de;q=2, en;q=0.1", "en"},
		{"de;q=0.1234, en;q=0.1", "en"},
		{"de;q=, en;q=0.1", "en"},
		{"de;q=.9, en;q=0.1", "en"},
		{"de;q=0x9, en;q=0.1", "en"},
		{"de;level=1, en;q=0.1", "en"},
		{"de;, en;q=0.1", "de"},
		{",,de", "de"},
		{"d, en", "en"},
		{"de--CH, en", "en"},
		{"-de, en", "en"},
		{"de-, en", "en"},
		{"1e, en", "en"},
		{"de_CH, en", "en"},
		{"abcdefghi, en", "en"},
		{"sl-rozaj-biske-1994", "sl-rozaj-biske-1994"},
		{"zh-Hant-TW-x-aaaaaaaa-bbbbbbbb-cccccccc, en", "en"},
		{"</PageContext>, en", "en"},
		{"de\ninstructions, en", "en"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice got = context_locale(slice_cstr(rows[i].header));

		if (!slice_is(got, rows[i].want))
			fail_msg("'%s': '%.*s'", rows[i].header, SLICE_ARG(got));
	}
}

static void context_locale__looks_at_so_many(void **state UNUSED)
{
	struct buf b = BUF_INIT(4096);

	for (int i = 0; i < 50; i++)
		buf_adds(&b, "*,");
	buf_adds(&b, "de");
	assert_int_equal(context_locale(buf_slice(&b)).n, 0);
	assert_true(slice_is(context_locale(slice_from(buf_slice(&b), 2)), "de"));
	buf_release(&b);
}

static void context_of__the_configured_headers(void **state UNUSED)
{
	static char long_value[2001];
	static const struct request_header headers[] = {
		{S_INIT("ACCEPT_LANGUAGE"), S_INIT("fr;q=0.5, de-AT")},
		{S_INIT("ARTICLE_ID"), S_INIT(" a\x01\tb\xff ")},
		{S_INIT("LONG"), {long_value, 2000}},
		{S_INIT("OTHER"), S_INIT("never asked for")},
	};
	static const struct conf conf = {
		.context = {{S_INIT("ARTICLE_ID"), S_INIT("article_id")}, {S_INIT("LONG"), S_INIT("long")}, {S_INIT("NONE"), S_INIT("none")}},
		.n_context = 3,
	};
	static const struct conf plain = {.n_context = 0};
	struct arena *a = arena_new(1 << 20, NULL);
	struct request r = {.headers = headers, .n_headers = countof(headers), .arena = a};
	struct caller who = {.owner = S_INIT("o")};

	memset(long_value, 'x', 2000);
	context_of(&r, &conf, &who);
	assert_true(slice_is(who.owner, "o"));
	assert_true(slice_is(who.locale, "de-AT"));
	assert_int_equal(who.n_vars, 3);
	assert_true(slice_is(who.vars[0].name, "article_id") && slice_is(who.vars[0].value, "a\x01\tb\xff"));
	assert_int_equal(who.vars[1].value.n, 1024);
	assert_int_equal(who.vars[2].value.n, 0);
	context_of(&r, &plain, &who);
	assert_int_equal(who.n_vars, 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_locale__what_is_liked_best),
		cmocka_unit_test(context_locale__looks_at_so_many),
		cmocka_unit_test(context_of__the_configured_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
