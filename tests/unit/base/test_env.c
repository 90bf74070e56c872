/* SPDX-License-Identifier: MIT */
#include "base/env.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static void time_iso__edge_dates__are_right(void **state UNUSED)
{
	static const struct {
		int64_t us;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000000Z"},
		{1, "1970-01-01T00:00:00.000001Z"},
		{-1, "1969-12-31T23:59:59.999999Z"},
		{1777082490 * SECOND + 74236, "2026-04-25T02:01:30.074236Z"},
		{951782399 * SECOND, "2000-02-28T23:59:59.000000Z"},
		{951782400 * SECOND, "2000-02-29T00:00:00.000000Z"},
		{951868800 * SECOND, "2000-03-01T00:00:00.000000Z"},
		{INT64_C(4107542399) * SECOND, "2100-02-28T23:59:59.000000Z"},
		{INT64_C(4107542400) * SECOND, "2100-03-01T00:00:00.000000Z"},
		{1709164800 * SECOND, "2024-02-29T00:00:00.000000Z"},
		{1735689599 * SECOND + 999999, "2024-12-31T23:59:59.999999Z"},
		{1735689600 * SECOND, "2025-01-01T00:00:00.000000Z"},
		{INT64_C(2147483648) * SECOND, "2038-01-19T03:14:08.000000Z"},
		{INT64_C(253402300799) * SECOND + 999999, "9999-12-31T23:59:59.999999Z"},
		{INT64_C(253402300800) * SECOND, "9999-12-31T23:59:59.999999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999999Z"},
		{INT64_C(-62167219200) * SECOND, "0000-01-01T00:00:00.000000Z"},
		{INT64_C(-62162121600) * SECOND, "0000-02-29T00:00:00.000000Z"},
		{INT64_C(-62135596800) * SECOND, "0001-01-01T00:00:00.000000Z"},
		{INT64_MIN, "0000-01-01T00:00:00.000000Z"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		char got[28];

		time_iso(rows[i].us, got);
		assert_string_equal(got, rows[i].want);
	}
}

/* Every day of 800 years, against the C library. */
static void time_iso__every_day__agrees_with_gmtime(void **state UNUSED)
{
	for (int64_t day = -150000; day < 150000; day++) {
		time_t t = day * 86400 + 3661;
		struct tm tm;
		char got[28], want[64];

		time_iso(t * SECOND + 5, got);
		assert_non_null(gmtime_r(&t, &tm));
		snprintf(want, sizeof(want), "%04d-%02d-%02dT01:01:01.000005Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		assert_string_equal(got, want);
	}
}

static void all_ones(const struct env *v UNUSED, void *p, size_t n)
{
	memset(p, 0xff, n);
}

static void id_new__random_bytes__make_the_id(void **state UNUSED)
{
	const struct env ones = {.random = all_ones};
	struct id id = id_new(&ones, "thr_");

	assert_string_equal(id.s, "thr_zzzzzzzzzzzzzzzzzzzzzzzzzz");
	assert_int_equal(id_slice(&id).n, 30);
}

static void id_new__many__differ_and_are_valid(void **state UNUSED)
{
	bool seen[128] = {false};
	struct id last = {""};

	for (int i = 0; i < 2000; i++) {
		struct id id = id_new(env_real(), "longest_");

		assert_true(id_valid(id_slice(&id), "longest_"));
		assert_string_not_equal(id.s, last.s);
		last = id;
		for (const char *c = id.s + 8; *c; c++)
			seen[(unsigned char)*c] = true;
	}
	for (const char *c = "0123456789abcdefghjkmnpqrstvwxyz"; *c; c++)
		assert_true(seen[(unsigned char)*c]);
}

static void id_valid__anything_else__is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"",
		"thr_",
		"thr_0123456789abcdefghjkmnpqr",
		"thr_0123456789abcdefghjkmnpqrs0",
		"msg_0123456789abcdefghjkmnpqrs",
		"thr_0123456789abcdefghjkmnpqrI",
		"thr_0123456789abcdefghjkmnpqrl",
		"thr_0123456789abcdefghjkmnpqro",
		"thr_0123456789abcdefghjkmnpqru",
		"thr_0123456789abcdefghjkmnpqr'",
	};

	assert_true(id_valid(S("thr_0123456789abcdefghjkmnpqrs"), "thr_"));
	assert_true(id_valid(S("0123456789abcdefghjkmnpqrs"), ""));
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(id_valid(slice_cstr(bad[i]), "thr_"));
	assert_false(id_valid(slice_mem("thr_0123456789abcdefghjkmnpq\0s", 30), "thr_"));
}

static void env_real__clocks__go_forward(void **state UNUSED)
{
	int64_t mono = env_mono_us(env_real());

	assert_true(env_wall_us(env_real()) > INT64_C(1700000000) * SECOND);
	assert_true(env_mono_us(env_real()) >= mono);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_iso__edge_dates__are_right),
		cmocka_unit_test(time_iso__every_day__agrees_with_gmtime),
		cmocka_unit_test(id_new__random_bytes__make_the_id),
		cmocka_unit_test(id_new__many__differ_and_are_valid),
		cmocka_unit_test(id_valid__anything_else__is_refused),
		cmocka_unit_test(env_real__clocks__go_forward),
	};

	return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
