/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void buf_add__growth__keeps_the_bytes_and_a_nul(void **state UNUSED)
{
	struct buf b = BUF_INIT(100000);

	assert_string_equal(buf_slice(&b).p, "");
	buf_add(&b, SLICE_NONE);
	assert_non_null(b.p);
	for (int i = 0; i < 100000; i++) {
		buf_addch(&b, (char)('a' + i % 26));
		assert_int_equal(b.p[b.n], 0);
	}
	assert_true(buf_ok(&b));
	assert_int_equal(b.n, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	buf_addch(&b, 'x');
	assert_false(buf_ok(&b));
	assert_int_equal(b.n, 100000);
	buf_release(&b);
	assert_null(b.p);
	assert_int_equal(b.max, 100000);
}

static void buf_over__sticks_until_cleared(void **state UNUSED)
{
	struct buf b;

	buf_init(&b, 5);
	buf_adds(&b, "abc");
	buf_adds(&b, "def"); /* dropped whole */
	assert_false(buf_ok(&b));
	assert_string_equal(b.p, "abc");
	buf_addch(&b, 'd'); /* would fit, and is dropped too */
	buf_addi(&b, 1);
	buf_addf(&b, "%d", 2);
	assert_null(buf_room(&b, 0));
	assert_string_equal(b.p, "abc");
	buf_clear(&b);
	assert_true(buf_ok(&b));
	assert_string_equal(b.p, "");
	buf_adds(&b, "abcde");
	assert_true(buf_ok(&b));
	assert_string_equal(b.p, "abcde");
	buf_release(&b);
}

static void buf_addf__lengths__around_the_memory_and_the_maximum(void **state UNUSED)
{
	static const char text[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

	for (int before = 0; before < 70; before++)
		for (int n = 0; n <= 100; n++) {
			struct buf b = BUF_INIT(120);

			buf_addf(&b, "%.*s", before, text);
			buf_addf(&b, "%.*s", n, text);
			assert_int_equal(buf_ok(&b), before + n <= 120);
			assert_int_equal(b.n, before + n <= 120 ? before + n : before);
			assert_int_equal(strlen(b.p), b.n);
			assert_memory_equal(b.p, text, (size_t)before);
			if (buf_ok(&b))
				assert_memory_equal(b.p + before, text, (size_t)n);
			buf_release(&b);
		}
}

static void buf_addi__numbers__as_printf_writes_them(void **state UNUSED)
{
	static const int64_t v[] = {0, 1, -1, 9, 10, 99, 100, -100, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, INT64_C(1234567890123)};
	char want[32];

	for (size_t i = 0; i < countof(v); i++) {
		struct buf b = BUF_INIT(32);

		buf_addi(&b, v[i]);
		snprintf(want, sizeof(want), "%lld", (long long)v[i]);
		assert_string_equal(b.p, want);
		buf_release(&b);
	}
}

static void buf_room__bytes__count_when_added(void **state UNUSED)
{
	struct buf b = BUF_INIT(10);
	char *p = buf_room(&b, 10);

	assert_non_null(p);
	memcpy(p, "abcdefghij", 10);
	assert_int_equal(b.n, 0);
	buf_added(&b, 4);
	assert_string_equal(b.p, "abcd");
	assert_null(buf_room(&b, 7));
	assert_false(buf_ok(&b));
	buf_clear(&b);
	assert_null(buf_room(&b, SIZE_MAX));
	buf_release(&b);
	b = BUF_INIT(SIZE_MAX);
	assert_null(buf_room(&b, SIZE_MAX));
	buf_release(&b);
}

static void buf_drop_and_cut__parts__go(void **state UNUSED)
{
	struct buf b = BUF_INIT(20);

	buf_drop(&b, 0);
	buf_cut(&b, 0);
	buf_addmem(&b, "a\0bcdef", 7);
	buf_drop(&b, 2);
	assert_string_equal(b.p, "bcdef");
	buf_cut(&b, 9);
	assert_string_equal(b.p, "bcdef");
	buf_cut(&b, 3);
	assert_string_equal(b.p, "bcd");
	buf_drop(&b, 3);
	assert_string_equal(b.p, "");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_add__growth__keeps_the_bytes_and_a_nul),
		cmocka_unit_test(buf_over__sticks_until_cleared),
		cmocka_unit_test(buf_addf__lengths__around_the_memory_and_the_maximum),
		cmocka_unit_test(buf_addi__numbers__as_printf_writes_them),
		cmocka_unit_test(buf_room__bytes__count_when_added),
		cmocka_unit_test(buf_drop_and_cut__parts__go),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
