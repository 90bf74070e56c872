/* SPDX-License-Identifier: MIT */
#include "wire/token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void token_byte__rfc_9110__and_nothing_else(void **state UNUSED)
{
	static const char separators[] = "\"(),/:;<=>?@[\\]{}"; /* 5.6.2 */

	for (int c = 0; c < 256; c++)
		assert_int_equal(token_byte((char)c), c > ' ' && c < 0x7f && !strchr(separators, c));
}

static void token_take__what_follows__stays(void **state UNUSED)
{
	struct slice s = S("a-1/b; \t x"), nothing = SLICE_NONE;

	assert_true(slice_is(token_take(&s, ""), "a-1"));
	assert_int_equal(token_take(&s, "").n, 0);
	assert_true(!token_take_char(&s, ';') && token_take_char(&s, '/'));
	assert_true(slice_is(token_take(&s, ";"), "b;"));
	token_skip_blanks(&s);
	assert_true(slice_is(s, "x"));
	token_skip_blanks(&nothing);
	assert_true(!token_take_char(&nothing, '\0') && token_take(&nothing, "/").n == 0);
	s = slice_mem("a\0b", 3);
	assert_int_equal(token_take(&s, "/").n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_byte__rfc_9110__and_nothing_else),
		cmocka_unit_test(token_take__what_follows__stays),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
