/* SPDX-License-Identifier: MIT */
#include "app/texts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct conf_text table[] = {
	{S_INIT("de"), S_INIT("Please sign in."), S_INIT("Bitte melden Sie sich an.")},
	{S_INIT("de-CH"), S_INIT("Please sign in."), S_INIT("Bitte anmelden.")},
	{S_INIT("de"), S_INIT("This address does not answer {1}."), S_INIT("Auf {1} antwortet hier niemand, auf {1} nie.")},
	{S_INIT("de"), S_INIT("{1} of {2} is too much."), S_INIT("Von {2} ist {1} zu viel.")},
	{S_INIT("de"), S_INIT("No {1}{2}"), S_INIT("Kein {2}{1}")},
};

static const struct conf conf = {.texts = table, .n_texts = countof(table)};

static void text_in__by_locale_then_language(void **state UNUSED)
{
	static const struct {
		const char *locale, *english, *want;
	} rows[] = {
		{"de", "Please sign in.", "Bitte melden Sie sich an."},
		{"DE", "Please sign in.", "Bitte melden Sie sich an."},
		{"de-AT", "Please sign in.", "Bitte melden Sie sich an."},
		{"de-CH", "Please sign in.", "Bitte anmelden."},
		{"de-ch-1996", "Please sign in.", "Bitte anmelden."},
		{"fr", "Please sign in.", "Please sign in."},
		{"", "Please sign in.", "Please sign in."},
		{"d", "Please sign in.", "Please sign in."},
		{"-", "Please sign in.", "Please sign in."},
		{"de", "Please sign in", "Please sign in"},
		{"de", "", ""},
		{"de", "This address does not answer PATCH.", "Auf PATCH antwortet hier niemand, auf PATCH nie."},
		{"de", "This address does not answer .", "Auf  antwortet hier niemand, auf  nie."},
		{"de", "This address does not answer A. B.", "Auf A. B antwortet hier niemand, auf A. B nie."},
		{"de", "This address does not answer", "This address does not answer"},
		{"de-CH", "This address does not answer X.", "Auf X antwortet hier niemand, auf X nie."},
		/* What is filled in is not looked at for places. */
		{"de", "This address does not answer {1}{2}.", "Auf {1}{2} antwortet hier niemand, auf {1}{2} nie."},
		{"de", "3 of 5 is too much.", "Von 5 ist 3 zu viel."},
		{"de", "3 of 5 of 6 is too much.", "Von 5 of 6 ist 3 zu viel."},
		{"de", "3 of 5 is too much. 4 of 6 is too much.", "Von 5 is too much. 4 of 6 ist 3 zu viel."},
		{"de", "3 is too much.", "3 is too much."},
		{"de", "No place", "Kein place"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 16, NULL);
		struct slice got = text_in(&conf, slice_cstr(rows[i].locale), slice_cstr(rows[i].english), a);

		if (!slice_is(got, rows[i].want))
			fail_msg("row %zu: '%.*s'", i, SLICE_ARG(got));
		arena_free(a);
	}
}

static void text_err__changes_what_the_person_reads(void **state UNUSED)
{
	static const struct conf none = {.n_texts = 0};
	struct err e;

	err_set(&e, RC_UNAUTHORIZED, "the token is old");
	text_err(&none, S("de"), &e);
	assert_string_equal(err_sentence(&e), "Please sign in.");
	text_err(&conf, S("fr"), &e);
	assert_string_equal(e.user, "");
	text_err(&conf, S("de-AT"), &e);
	assert_string_equal(err_sentence(&e), "Bitte melden Sie sich an.");
	assert_string_equal(e.msg, "the token is old");
	assert_int_equal(e.rc, RC_UNAUTHORIZED);
	err_tell(&e, RC_METHOD, "This address does not answer %s.", "PUT");
	text_err(&conf, S("de"), &e);
	assert_string_equal(e.user, "Auf PUT antwortet hier niemand, auf PUT nie.");
}

/* Every failure has a sentence, and every sentence is known. */
static void known__holds_every_kind_of_failure(void **state UNUSED)
{
	for (int rc = 0; rc < RC__MAX; rc++)
		if (!text_is_known(slice_cstr(rc_sentence((enum rc)rc))))
			fail_msg("%s", rc_sentence((enum rc)rc));
	for (size_t i = 0; text_known_at(i); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(text_known_at(i), text_known_at(k));
	assert_false(text_is_known(S("Please sign in")));
}

static void text_fits__names_places_that_are_there(void **state UNUSED)
{
	assert_true(text_fits(S("a"), S("b")));
	assert_true(text_fits(S("a {1}"), S("b")));
	assert_true(text_fits(S("a {1} {2}"), S("{2} {1} {1}")));
	assert_false(text_fits(S("a {1}"), S("{2}")));
	assert_false(text_fits(S("a"), S("{1}")));
	assert_true(text_fits(S("a"), S("{} {0} {x} {1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_in__by_locale_then_language),
		cmocka_unit_test(text_err__changes_what_the_person_reads),
		cmocka_unit_test(known__holds_every_kind_of_failure),
		cmocka_unit_test(text_fits__names_places_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
