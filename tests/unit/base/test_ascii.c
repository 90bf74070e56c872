/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", lower[] = "abcdefghijklmnopqrstuvwxyz";

static const char *in(const char *set, int c)
{
	return memchr(set, c, strlen(set));
}

static void ascii__every_byte__is_what_it_is(void **state UNUSED)
{
	for (int i = 0; i < 256; i++) {
		const char *up = in(upper, i), *hex = in("0123456789abcdefABCDEF", i);
		int value = hex ? (int)(hex - in("0123456789abcdefABCDEF", '0')) : -1;
		char c = (char)i;

		assert_int_equal(ascii_is_digit(c), in("0123456789", i) != NULL);
		assert_int_equal(ascii_is_letter(c), up || in(lower, i));
		assert_int_equal(ascii_lower(c), up ? lower[up - upper] : c);
		assert_int_equal(ascii_hex(c), value > 15 ? value - 6 : value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii__every_byte__is_what_it_is),
	};

	return cmocka_run_group_tests_name("ascii", tests, NULL, NULL);
}
