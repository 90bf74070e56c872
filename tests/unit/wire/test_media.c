/* SPDX-License-Identifier: MIT */
#include "wire/media.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void media_parse__table(void **state UNUSED)
{
	static const struct {
		const char *in, *type, *charset; /* type NULL: refused */
		bool json;
	} rows[] = {
		{"application/json", "application/json", "", true},
		{" Application/JSON ", "Application/JSON", "", true},
		{"application/json;charset=utf-8", "application/json", "utf-8", true},
		{"application/json ; Charset=\"UTF-8\"", "application/json", "UTF-8", true},
		{"application/json;", "application/json", "", true},
		{"application/json;;x=y", "application/json", "", true},
		{"application/json; charset=latin1", "application/json", "latin1", false},
		{"application/json; charset=\"\"", "application/json", "", false},
		{"application/json; charset=utf-8; charset=latin1", NULL, NULL, false},
		{"application/json; charset=", NULL, NULL, false},
		{"text/plain; x=application/json", "text/plain", "", false},
		{"text/plain; x=\"a;b\\\"c\"; charset=x", "text/plain", "x", false},
		{"application/jsonp", "application/jsonp", "", false},
		{"application/vnd.api+json", "application/vnd.api+json", "", false},
		{"text/event-stream", "text/event-stream", "", false},
		{"application/json, text/plain", NULL, NULL, false},
		{"text/plain; x=\"a,b\"", NULL, NULL, false},
		{"", NULL, NULL, false},
		{"json", NULL, NULL, false},
		{"application/", NULL, NULL, false},
		{"/json", NULL, NULL, false},
		{"application /json", NULL, NULL, false},
		{"application/json x", NULL, NULL, false},
		{"application/json; x", NULL, NULL, false},
		{"application/json; =x", NULL, NULL, false},
		{"application/json; x = y", NULL, NULL, false},
		{"application/json; x=\"y", NULL, NULL, false},
		{"application/json; x=\"y\\", NULL, NULL, false},
		{"application/json; x=\"y\"z", NULL, NULL, false},
		{"application/json; x=\"\x01\"", NULL, NULL, false},
		{"application/j(son", NULL, NULL, false},
		{"application/js\xc3\xb6n", NULL, NULL, false},
		{"*/*", "*/*", "", false},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct media m = {SLICE_NONE, SLICE_NONE};
		bool ok = media_parse(slice_cstr(rows[i].in), &m);

		if (ok != (rows[i].type != NULL) || (ok && (!slice_is(m.type, rows[i].type) || !slice_is(m.charset, rows[i].charset))))
			fail_msg("'%s': %d %.*s %.*s", rows[i].in, ok, SLICE_ARG(m.type), SLICE_ARG(m.charset));
		if (media_is_json(slice_cstr(rows[i].in)) != rows[i].json)
			fail_msg("'%s': JSON?", rows[i].in);
	}
	assert_false(media_is_json(slice_mem("application/json\0", 17)));
	assert_false(media_is_json(SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_parse__table),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
