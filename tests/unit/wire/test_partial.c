/* SPDX-License-Identifier: MIT */
/* The beginning of a JSON text, closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/json.h"
#include "wire/partial.h"

static const struct {
	const char *in, *want; /* NULL: nothing yet, or wrong */
} rows[] = {
	{"", NULL},
	{"  ", NULL},
	{"{", "{}"},
	{" {", " {}"},
	{"{\"", "{}"},
	{"{\"a", "{}"},
	{"{\"a\"", "{}"},
	{"{\"a\" : ", "{}"},
	{"{\"a\":\"", "{\"a\":\"\"}"},
	{"{\"a\":\"b c", "{\"a\":\"b c\"}"},
	{"{\"a\":\"b\"", "{\"a\":\"b\"}"},
	{"{\"a\":\"b\",", "{\"a\":\"b\"}"},
	{"{\"a\":\"b\",\"c", "{\"a\":\"b\"}"},
	{"{\"a\":1", "{}"},
	{"{\"a\":1,", "{\"a\":1}"},
	{"{\"a\":1.5e", "{}"},
	{"{\"a\":1.5e3 ", "{\"a\":1.5e3}"},
	{"{\"a\":tru", "{}"},
	{"{\"a\":true", "{\"a\":true}"},
	{"{\"a\":null", "{\"a\":null}"},
	{"{\"a\":[", "{\"a\":[]}"},
	{"{\"a\":[{\"b\":[1,\"x", "{\"a\":[{\"b\":[1,\"x\"]}]}"},
	{"{\"a\":[[],", "{\"a\":[[]]}"},
	{"{\"a\":{}} \n", "{\"a\":{}}"},
	{"{\"a\":\"x\\", "{\"a\":\"x\"}"},
	{"{\"a\":\"x\\n", "{\"a\":\"x\\n\"}"},
	{"{\"a\":\"x\\u00e", "{\"a\":\"x\"}"},
	{"{\"a\":\"x\\u00e9", "{\"a\":\"x\\u00e9\"}"},
	{"{\"a\":\"x\\ud83d", "{\"a\":\"x\"}"},
	{"{\"a\":\"x\\ud83d\\ude", "{\"a\":\"x\"}"},
	{"{\"a\":\"x\\ud83d\\ude00", "{\"a\":\"x\\ud83d\\ude00\"}"},
	{"{\"a\":\"x\\ud83dy", "{\"a\":\"x\\ud83dy\"}"},
	{"{\"a\":\"x\xe2\x82", "{\"a\":\"x\"}"},
	{"{\"a\":\"x\xe2\x82\xac", "{\"a\":\"x\xe2\x82\xac\"}"},
	{"\"top", "\"top\""},
	{"[1,2", "[1]"},
	{"12", NULL},
	{"}", NULL},
	{"{\"a\":1]", NULL},
	{"{a", NULL},
	{"{\"a\" 1", NULL},
	{"[1 2", NULL},
	{"{} {", NULL},
	{"[\"a\\x", NULL},
	{"[\"a\n", NULL},
	{"[,", NULL},
	{"{,", NULL},
	{"[\"\\u0g", NULL},
	{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"}, /* 32 */
	{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL}, /* 33 */
};

static void prefix__is_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1 << 12);
		bool got = json_complete(slice_cstr(rows[i].in), &b);

		if (got != (rows[i].want != NULL) || (got && !slice_is(buf_slice(&b), rows[i].want)))
			fail_msg("%s: %s", rows[i].in, got ? b.p : "nothing");
		assert_true(got || b.n == 0);
		buf_release(&b);
	}
}

static bool begins(const struct json_at *part, const struct json_at *whole);

static bool begins_array(const struct json_at *part, const struct json_at *whole)
{
	size_t n = json_count(part);

	if (n > json_count(whole))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct json_at p = json_item(part, i), w = json_item(whole, i);

		if (!(i + 1 < n ? slice_eq(json_text(&p), json_text(&w)) : begins(&p, &w)))
			return false;
	}
	return true;
}

static bool begins_object(const struct json_at *part, const struct json_at *whole)
{
	struct slice pk, wk;
	struct json_at p, w;
	size_t pit = 0, wit = 0;

	while (json_each(part, &pit, &pk, &p))
		if (!json_each(whole, &wit, &wk, &w) || !slice_eq(pk, wk) || !begins(&p, &w))
			return false;
	return true;
}

/* What is there of part is the beginning of whole. */
static bool begins(const struct json_at *part, const struct json_at *whole)
{
	if (json_kind(part) != json_kind(whole))
		return false;
	if (json_kind(part) == JSON_ARRAY)
		return begins_array(part, whole);
	if (json_kind(part) == JSON_OBJECT)
		return begins_object(part, whole);
	if (json_kind(part) == JSON_STRING)
		return slice_starts(json_as_str(whole), json_as_str(part));
	return slice_eq(json_text(part), json_text(whole));
}

static void every_prefix__is_json_and_begins_the_same(void **state)
{
	static const char *const docs[] = {
		"{\"widget\":{\"type\":\"Card\",\"children\":[{\"type\":\"Text\",\"value\":\"Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80 \\\"q\\\" \\\\ \\u00e9 \\ud83d\\ude00\"},"
		"{\"type\":\"Row\",\"gap\":2.5e1,\"wrap\":true,\"x\":null,\"children\":[]}]}}",
		" { \"a\" : [ 1 , -2.0 , [ ] , { } , \"\" , false ] , \"b\" : { \"c\" : { \"d\" : \"e\" } } } ",
		"[\"\\/\\b\\f\\n\\r\\t\",{\"\\u0061\":\"\\uD834\\uDD1E\"}]",
		"\"just text\"",
	};
	static const struct guard_limits limits = {.depth = 32, .nodes = 1000, .key = 256, .any_top = true};

	(void)state;
	for (size_t i = 0; i < countof(docs); i++) {
		struct slice doc = slice_cstr(docs[i]);
		size_t before = 0;

		for (size_t n = 0; n <= doc.n; n++) {
			struct arena *a = arena_new(16 << 20, NULL);
			struct buf b = BUF_INIT(1 << 12);
			struct json_doc *part, *whole;
			struct json_at p, w;

			if (json_complete(slice_upto(doc, n), &b)) {
				assert_int_equal(json_parse(a, buf_slice(&b), &limits, &part, NULL), RC_OK);
				assert_int_equal(json_parse(a, doc, &limits, &whole, NULL), RC_OK);
				p = json_root(part);
				w = json_root(whole);
				if (!begins(&p, &w))
					fail_msg("%.*s became %s", (int)n, doc.p, b.p);
				assert_true(n < doc.n || slice_eq(json_text(&p), json_text(&w)));
				before = n;
			} else {
				assert_true(before == 0); /* once there is something, there always is */
			}
			buf_release(&b);
			arena_free(a);
		}
		assert_int_equal(before, doc.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefix__is_closed),
		cmocka_unit_test(every_prefix__is_json_and_begins_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
