/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void rc_table__every_value__has_its_row(void **state UNUSED)
{
	for (int rc = 0; rc < RC__MAX; rc++) {
		assert_non_null(rc_name((enum rc)rc));
		assert_true(rc_name((enum rc)rc)[0]);
		assert_in_range(rc_http((enum rc)rc), 200, 599);
		assert_true(strlen(rc_sentence((enum rc)rc)) > 4);
		assert_int_equal(rc_sentence((enum rc)rc)[strlen(rc_sentence((enum rc)rc)) - 1], '.');
		for (int other = 0; other < rc; other++)
			assert_string_not_equal(rc_name((enum rc)rc), rc_name((enum rc)other));
	}
	assert_int_equal(rc_http(RC_NOT_FOUND), 404);
	assert_string_equal(rc_name(RC_NOT_FOUND), "not_found");
	assert_true(rc_retryable(RC_BUSY));
	assert_false(rc_retryable(RC_BAD));
}

static void err_set__all_else__is_cleared(void **state UNUSED)
{
	struct err e = {.rc = RC_DB, .http = 1, .retry_after_s = 2, .sqlstate = "40001", .code = "x", .msg = "old", .user = "old"};

	assert_int_equal(err_set(&e, RC_BAD, "thread '%s'", "t1"), RC_BAD);
	assert_int_equal(e.rc, RC_BAD);
	assert_string_equal(e.msg, "thread 't1'");
	assert_string_equal(e.user, "");
	assert_string_equal(e.code, "");
	assert_string_equal(e.sqlstate, "");
	assert_int_equal(e.http, 0);
	assert_int_equal(e.retry_after_s, 0);
	assert_int_equal(err_set(NULL, RC_DB, "x"), RC_DB);
}

static void err_set__its_own_text__may_be_an_argument(void **state UNUSED)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, RC_BAD, "inner");
	(void)err_set(&e, RC_UPSTREAM, "outer: %s", e.msg);
	assert_string_equal(e.msg, "outer: inner");
}

static void err_wrap__context__stands_in_front(void **state UNUSED)
{
	struct err e = ERR_INIT;

	(void)err_tell(&e, RC_NOT_FOUND, "no such thread");
	assert_int_equal(err_wrap(&e, "loading '%s'", "t1"), RC_NOT_FOUND);
	assert_string_equal(e.msg, "loading 't1': no such thread");
	assert_string_equal(e.user, "no such thread");
	assert_int_equal(err_user(&e, "This thread is gone."), RC_NOT_FOUND);
	assert_string_equal(err_sentence(&e), "This thread is gone.");
}

static void err_answers__own__before_the_table(void **state UNUSED)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, RC_RATE, "budget");
	assert_int_equal(err_http(&e), 429);
	assert_string_equal(err_code(&e), "rate_limited");
	assert_string_equal(err_sentence(&e), rc_sentence(RC_RATE));
	e.http = 402;
	snprintf(e.code, sizeof(e.code), "budget.spent");
	assert_int_equal(err_http(&e), 402);
	assert_string_equal(err_code(&e), "budget.spent");
}

static void err_set__long_text__is_cut_between_characters(void **state UNUSED)
{
	for (int pad = 0; pad < 8; pad++) {
		char text[700];
		struct err e = ERR_INIT;
		size_t n;

		memset(text, 'x', (size_t)pad);
		for (n = (size_t)pad; n + 4 < sizeof(text); n += 3)
			memcpy(text + n, "\xe2\x82\xac", 4);
		(void)err_tell(&e, RC_BAD, "%s", text);
		n = strlen(e.msg);
		assert_in_range(n, sizeof(e.msg) - 4, sizeof(e.msg) - 1);
		assert_int_equal((n - (size_t)pad) % 3, 0);
		assert_string_equal(e.user, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rc_table__every_value__has_its_row),
		cmocka_unit_test(err_set__all_else__is_cleared),
		cmocka_unit_test(err_set__its_own_text__may_be_an_argument),
		cmocka_unit_test(err_wrap__context__stands_in_front),
		cmocka_unit_test(err_answers__own__before_the_table),
		cmocka_unit_test(err_set__long_text__is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
