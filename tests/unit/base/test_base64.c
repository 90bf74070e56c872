/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void base64_decode__strict(void **state UNUSED)
{
	static const struct {
		const char *in, *want; /* NULL: refused */
	} rows[] = {
		{"", ""},         {"Zg==", "f"},      {"Zm8=", "fo"},      {"Zm9v", "foo"},   {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"},
		{"+/+/", "\xfb\xff\xbf"}, {"Z", NULL},  {"Zg", NULL},        {"Zm8", NULL},     {"Zm9", NULL},        {"Zg=", NULL},         {"Zg===", NULL},
		{"====", NULL},   {"=Zg=", NULL},     {"Z===", NULL},      {"Zg==Zg==", NULL}, {"Zm9v ", NULL},     {"Zm\nv", NULL},       {"Zm9v\n===", NULL},
		{"Zh==", NULL},   {"Zm9=", NULL},     {"-_-_", NULL},      {"Zm9vYm%y", NULL}, {"Zm9\xff", NULL},   {"Z=9v", NULL},        {"Zm=v", NULL},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice in = slice_cstr(rows[i].in);
		char *own = malloc(in.n + 1), *apart = malloc(in.n / 4 * 3 + 1); /* exact: what goes over is seen */
		size_t n, m;
		bool ok;

		memcpy(own, in.p, in.n + 1);
		ok = base64_decode(apart, in, &n);
		if (ok != (rows[i].want != NULL) || (ok && !slice_is(slice_mem(apart, n), rows[i].want)))
			fail_msg("'%s': %d, '%.*s'", rows[i].in, ok, (int)n, apart);
		/* In its own memory. */
		assert_int_equal(base64_decode(own, slice_mem(own, in.n), &m), ok);
		assert_true(!ok || slice_is(slice_mem(own, m), rows[i].want));
		free(own);
		free(apart);
	}
}

static void base64_encode__any_size__is_read_back(void **state UNUSED)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff\xbf", "+/+/"}};
	char bytes[300], text[400], back[300];
	size_t n;

	for (size_t i = 0; i < countof(rows); i++) {
		size_t len = base64_encode(text, slice_cstr(rows[i][0]));

		assert_true(slice_is(slice_mem(text, len), rows[i][1]));
		assert_int_equal(len, base64_size(strlen(rows[i][0])));
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 7);
		n = base64_encode(text, slice_mem(bytes, i));
		assert_true(base64_decode(back, slice_mem(text, n), &n) && n == i && memcmp(bytes, back, n) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_decode__strict),
		cmocka_unit_test(base64_encode__any_size__is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
