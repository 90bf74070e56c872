/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void slice_i64__edges__are_exact(void **state UNUSED)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t want;
	} rows[] = {
		{"0", true, 0},
		{"7", true, 7},
		{"-7", true, -7},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"99999999999999999999", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"-0", false, 0},
		{"00", false, 0},
		{"007", false, 0},
		{"-07", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"1.0", false, 0},
		{"1e3", false, 0},
		{"0x10", false, 0},
		{"--1", false, 0},
		{"1:", false, 0},
		{"1/", false, 0},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		int64_t got = 42;
		bool ok = slice_i64(slice_cstr(rows[i].in), INT64_MIN, INT64_MAX, &got);

		if (ok != rows[i].ok || (ok ? got != rows[i].want : got != 42))
			fail_msg("'%s': %d, %lld", rows[i].in, ok, (long long)got);
	}
}

static void slice_i64__bounds__are_inclusive(void **state UNUSED)
{
	int64_t v;

	assert_true(slice_i64(S("1"), 1, 3, &v));
	assert_true(slice_i64(S("3"), 1, 3, &v));
	assert_false(slice_i64(S("0"), 1, 3, &v));
	assert_false(slice_i64(S("4"), 1, 3, &v));
	assert_false(slice_i64(SLICE_NONE, 0, 9, &v));
}

static void slice_cut__separator__divides(void **state UNUSED)
{
	static const struct {
		const char *in, *head, *rest;
	} rows[] = {{"a=b", "a", "b"}, {"a=b=c", "a", "b=c"}, {"a", "a", ""}, {"=b", "", "b"}, {"a=", "a", ""}, {"", "", ""}};

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice head, rest = slice_cut(slice_cstr(rows[i].in), '=', &head);

		assert_true(slice_is(head, rows[i].head));
		assert_true(slice_is(rest, rows[i].rest));
	}
}

static void slice_find__needle__is_found_at_its_first_place(void **state UNUSED)
{
	assert_int_equal(slice_find(S("banana"), S("an")), 1);
	assert_int_equal(slice_find(S("banana"), S("nab")), -1);
	assert_int_equal(slice_find(S("banana"), S("bananas")), -1);
	assert_int_equal(slice_find(S("banana"), S("banana")), 0);
	assert_int_equal(slice_find(S("ban"), S("")), 0);
	assert_int_equal(slice_find(SLICE_NONE, S("a")), -1);
	assert_int_equal(slice_find(slice_mem("a\0b", 3), S("b")), 2);
}

static void slice_trim__blanks__go_at_both_ends(void **state UNUSED)
{
	assert_true(slice_is(slice_trim(S(" \t\r\na b\n ")), "a b"));
	assert_int_equal(slice_trim(S(" \n")).n, 0);
	assert_int_equal(slice_trim(SLICE_NONE).n, 0);
	assert_true(slice_is(slice_trim(S("\v")), "\v"));
}

static void slice_cmp__order__is_by_bytes(void **state UNUSED)
{
	assert_int_equal(slice_cmp(S("a"), S("b")), -1);
	assert_int_equal(slice_cmp(S("b"), S("a")), 1);
	assert_int_equal(slice_cmp(S("a"), S("a")), 0);
	assert_int_equal(slice_cmp(S("a"), S("ab")), -1);
	assert_int_equal(slice_cmp(S("ab"), S("a")), 1);
	assert_int_equal(slice_cmp(S("\x7f"), S("\x80")), -1);
	assert_int_equal(slice_cmp(SLICE_NONE, S("")), 0);
}

static void slice_eq_nocase__ascii_only__folds(void **state UNUSED)
{
	assert_true(slice_eq_nocase(S("Content-Type"), S("content-tYPE")));
	assert_false(slice_eq_nocase(S("a"), S("ab")));
	assert_false(slice_eq_nocase(S("@"), S("`")));
	assert_false(slice_eq_nocase(S("["), S("{")));
	assert_false(slice_eq_nocase(S("\xc4"), S("\xe4")));
}

static void slice_views__stay_inside(void **state UNUSED)
{
	assert_int_equal(slice_from(S("ab"), 5).n, 0);
	assert_true(slice_is(slice_from(S("ab"), 1), "b"));
	assert_true(slice_is(slice_upto(S("ab"), 1), "a"));
	assert_int_equal(slice_upto(S("ab"), 5).n, 2);
	assert_null(slice_from(SLICE_NONE, 3).p);
	assert_true(slice_starts(S("ab"), S("a")) && !slice_starts(S("ab"), S("b")) && !slice_starts(S("a"), S("ab")));
	assert_true(slice_ends(S("ab"), S("b")) && !slice_ends(S("ab"), S("a")) && !slice_ends(S("b"), S("ab")));
	assert_true(slice_starts(SLICE_NONE, SLICE_NONE) && slice_ends(S("a"), SLICE_NONE));
	assert_int_equal(slice_cstr(NULL).n, 0);
}

static void slice_glob__patterns(void **state UNUSED)
{
	static const struct {
		const char *pattern, *s;
		bool is;
	} rows[] = {
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true},
		{"*b", "ab", true}, {"*b", "abc", false}, {"a*c", "abbc", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false},
		{"task.*", "task.done", true}, {"task.*", "task", false}, {"**", "x", true}, {"*ab*ab*", "abab", true}, {"*ab*ab*", "aba", false}, {"?", "a", false},
	};
	char many[2048];

	for (size_t i = 0; i < countof(rows); i++)
		if (slice_glob(slice_cstr(rows[i].pattern), slice_cstr(rows[i].s)) != rows[i].is)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].s);
	/* What would take for ever if every star were tried again. */
	memset(many, 'a', sizeof(many));
	assert_false(slice_glob(S("*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), slice_mem(many, sizeof(many))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slice_glob__patterns),
		cmocka_unit_test(slice_i64__edges__are_exact),
		cmocka_unit_test(slice_i64__bounds__are_inclusive),
		cmocka_unit_test(slice_cut__separator__divides),
		cmocka_unit_test(slice_find__needle__is_found_at_its_first_place),
		cmocka_unit_test(slice_trim__blanks__go_at_both_ends),
		cmocka_unit_test(slice_cmp__order__is_by_bytes),
		cmocka_unit_test(slice_eq_nocase__ascii_only__folds),
		cmocka_unit_test(slice_views__stay_inside),
	};

	return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
