/* SPDX-License-Identifier: MIT */
#include "wire/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void utf8_valid__table__is_rfc_3629(void **state UNUSED)
{
	static const struct {
		struct slice in;
		bool want;
	} rows[] = {
		{S_INIT(""), true},
		{S_INIT("abcdefghijklmnop"), true},
		{S_INIT("a\0b"), true},
		{S_INIT("\x7f"), true},
		{S_INIT("\xc2\x80"), true},
		{S_INIT("\xdf\xbf"), true},
		{S_INIT("\xe0\xa0\x80"), true},
		{S_INIT("\xed\x9f\xbf"), true},
		{S_INIT("\xee\x80\x80"), true},
		{S_INIT("\xef\xbf\xbf"), true},
		{S_INIT("\xf0\x90\x80\x80"), true},
		{S_INIT("\xf4\x8f\xbf\xbf"), true},
		{S_INIT("12345678\xc3\xa9"), true},
		{S_INIT("\x80"), false},
		{S_INIT("\xbf"), false},
		{S_INIT("\xc0\xaf"), false},
		{S_INIT("\xc1\xbf"), false},
		{S_INIT("\xe0\x9f\xbf"), false},
		{S_INIT("\xed\xa0\x80"), false},
		{S_INIT("\xed\xbf\xbf"), false},
		{S_INIT("\xf0\x8f\xbf\xbf"), false},
		{S_INIT("\xf4\x90\x80\x80"), false},
		{S_INIT("\xf5\x80\x80\x80"), false},
		{S_INIT("\xff"), false},
		{S_INIT("\xc3"), false},
		{S_INIT("\xe2\x82"), false},
		{S_INIT("\xf0\x9f\x98"), false},
		{S_INIT("\xc3("), false},
		{S_INIT("12345678\xff"), false},
		{S_INIT("1234567\xff"), false},
	};

	for (size_t i = 0; i < countof(rows); i++)
		if (utf8_valid(rows[i].in) != rows[i].want)
			fail_msg("row %zu", i);
}

/* Every code point there is goes both ways, and nothing else does. */
static void utf8_put_and_get__all_code_points__agree(void **state UNUSED)
{
	struct buf b = BUF_INIT(8);

	for (uint32_t cp = 0; cp < 0x110400; cp++) {
		bool good = cp < 0xd800 || (cp > 0xdfff && cp < 0x110000);
		uint32_t back = 0;

		buf_clear(&b);
		utf8_put(&b, cp);
		assert_int_equal(utf8_get(b.p, b.n, &back), b.n);
		assert_int_equal(back, good ? cp : 0xfffd);
		for (size_t n = 1; n < b.n; n++)
			assert_int_equal(utf8_get(b.p, n, &back), -(int)n);
	}
	buf_release(&b);
}

static void utf8_partial_tail__table(void **state UNUSED)
{
	static const struct {
		const char *in;
		size_t want;
	} rows[] = {
		{"", 0},	       {"a", 0},	     {"\xc3\xa9", 0},	      {"a\xc3", 1},	    {"\xe2", 1},
		{"\xe2\x82", 2},       {"\xe2\x82\xac", 0},  {"x\xf0", 1},	      {"x\xf0\x9f", 2},	    {"x\xf0\x9f\x98", 3},
		{"\xf0\x9f\x98\x80", 0}, {"\x80", 0},	     {"\xe0\x80", 0},	      {"\xed\xa0", 0},	    {"\xff", 0},
		{"\xc3\xa9\xa9", 0},   {"\xf4\x90", 0},    {"\xc0", 0},	      {"\x80\x80\x80\x80", 0}, {"\xe2\x82z", 0},
	};

	for (size_t i = 0; i < countof(rows); i++)
		if (utf8_partial_tail(slice_cstr(rows[i].in)) != rows[i].want)
			fail_msg("row %zu", i);
}

static void utf8_mend__bad_bytes__become_replacements(void **state UNUSED)
{
#define R "\xef\xbf\xbd"
	static const struct {
		struct slice in, want;
	} rows[] = {
		{S_INIT(""), S_INIT("")},
		{S_INIT("h\xc3\xa9"), S_INIT("h\xc3\xa9")},
		{S_INIT("a\0b"), S_INIT("a" R "b")},
		{S_INIT("\xff"), S_INIT(R)},
		{S_INIT("\xed\xa0\x80"), S_INIT(R R R)},
		{S_INIT("\xe2\x82"), S_INIT(R)},
		{S_INIT("\xe2\x82x"), S_INIT(R "x")},
		{S_INIT("\xf0\x9f\x98\xc3\xa9"), S_INIT(R "\xc3\xa9")},
		{S_INIT("\xc0\xaf"), S_INIT(R R)},
		{S_INIT("\xf4\x90\x80\x80"), S_INIT(R R R R)},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(100);

		utf8_mend(&b, rows[i].in);
		if (!slice_eq(buf_slice(&b), rows[i].want))
			fail_msg("row %zu: %s", i, b.p);
		assert_true(utf8_valid(buf_slice(&b)));
		buf_release(&b);
	}
}

static void utf8_cut__characters__stay_whole(void **state UNUSED)
{
	const struct slice s = S("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"); /* 1 2 3 4 1 */
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	static const size_t want_chars[] = {0, 1, 3, 6, 10, 11, 11};

	for (size_t max = 0; max < countof(want); max++)
		assert_int_equal(utf8_cut(s, max).n, want[max]);
	for (size_t max = 0; max < countof(want_chars); max++)
		assert_int_equal(utf8_cut_chars(s, max).n, want_chars[max]);
	assert_int_equal(utf8_cut(SLICE_NONE, 3).n, 0);
}

static void utf8_len16__is_what_javascript_counts(void **state UNUSED)
{
	assert_int_equal(utf8_len16(S("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z")), 6);
	assert_int_equal(utf8_len16(SLICE_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_valid__table__is_rfc_3629),
		cmocka_unit_test(utf8_put_and_get__all_code_points__agree),
		cmocka_unit_test(utf8_partial_tail__table),
		cmocka_unit_test(utf8_mend__bad_bytes__become_replacements),
		cmocka_unit_test(utf8_cut__characters__stay_whole),
		cmocka_unit_test(utf8_len16__is_what_javascript_counts),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
