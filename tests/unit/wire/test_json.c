/* SPDX-License-Identifier: MIT */
#include "wire/json.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct json_doc *doc;
	struct json_at root;
	struct err e;
};

static const struct guard_limits client = {.depth = 32, .nodes = 20000, .key = 256};
static const struct guard_limits upstream = {.depth = 32, .nodes = 100000, .key = 1024, .upstream = true};
static const struct guard_limits any = {.depth = 32, .nodes = 20000, .key = 256, .any_top = true};

static void begin(struct fixture *f, struct slice text, const struct guard_limits *limits)
{
	*f = (struct fixture){.arena = arena_new(16 << 20, NULL), .e = ERR_INIT};
	if (json_parse(f->arena, text, limits, &f->doc, &f->e) != RC_OK)
		fail_msg("%.*s: %s", SLICE_ARG(text), f->e.msg);
	f->root = json_root(f->doc);
}

static void end_ok(struct fixture *f)
{
	assert_int_equal(json_done(f->doc, &f->e), RC_OK);
	arena_free(f->arena);
}

static void end_fault(struct fixture *f, const char *want)
{
	assert_int_equal(json_done(f->doc, &f->e), RC_BAD);
	assert_string_equal(f->e.msg, want);
	assert_string_equal(f->e.user, want);
	arena_free(f->arena);
}

static void json_text__spelling_and_order__are_kept(void **state UNUSED)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{\"z\":1,\"a\":2,\"m\":{\"b\":[],\"a\":{}}}", NULL},
		{"[1.0,0.1,1e5,1E+5,1.50,-0.0,123456789.123456789,1e400,0e0,9223372036854775807,-9223372036854775808]", NULL},
		{"[\"/\",\"\\\"\\\\\\n\\r\\t\\b\\f\",\"h\xc3\xa9\xf0\x9f\x98\x80\"]", NULL},
		{" { \"a\" : [ 1 , true , null ] } ", "{\"a\":[1,true,null]}"},
		{"[\"\\u00e9\\ud83d\\ude00\\/\\u0001\\u007f\"]", "[\"\xc3\xa9\xf0\x9f\x98\x80/\\u0001\x7f\"]"},
		{"[\"\\ud836\\udc00 \\ud87f\\udfff\"]", "[\"\xf0\x9d\xa0\x80 \xf0\xaf\xbf\xbf\"]"}, /* what json-c gets wrong by itself */
		{"[\"\\\\ud836\\\\udc00\"]", NULL},
		{"-0", "0"},
		{"\"\"", NULL},
		{"null", NULL},
		{"12", NULL},
		{"1.0", NULL},
		{"true", NULL},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture f;
		struct slice text;

		begin(&f, slice_cstr(rows[i].in), &any);
		text = json_text(&f.root);
		if (!slice_is(text, rows[i].want ? rows[i].want : rows[i].in))
			fail_msg("%s: %.*s", rows[i].in, SLICE_ARG(text));
		end_ok(&f);
	}
}

static void json_parse__upstream__is_mended(void **state UNUSED)
{
	struct fixture f;
	struct json_at n;

	begin(&f, S("{\"a\":\"x\\u0000\xff\\ud800\",\"a\\u0000\":1,\"n\":18446744073709551616,\"d\":1,\"d\":2}"), &upstream);
	assert_true(slice_is(json_str(&f.root, "a"), "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
	assert_int_equal(json_i64_or(&f.root, "d", 0, 9, 0), 2);
	assert_int_equal(json_i64_or(&f.root, "a\xef\xbf\xbd", 0, 9, 0), 1);
	n = json_get(&f.root, "n");
	assert_true(slice_is(json_text(&n), "18446744073709551616.0"));
	assert_true(json_as_num_or(&n, 0) > 1.8e19);
	end_ok(&f);
}

static void json_str__bytes__are_counted_not_terminated(void **state UNUSED)
{
	struct fixture f;
	struct slice s;
	char text[] = "{\"a\":\"b\\u0001c\"}";

	begin(&f, slice_cstr(text), &client);
	memset(text, 'x', sizeof(text)); /* the input may die */
	s = json_str(&f.root, "a");
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "b\x01"
				 "c",
			    3);
	assert_true(slice_is(json_str_or(&f.root, "none", S("dflt")), "dflt"));
	end_ok(&f);
}

static void json_faults__name_the_path(void **state UNUSED)
{
	const struct slice text = S("{\"params\":{\"input\":{\"content\":[{\"text\":5}],\"n\":1.0,\"big\":101,\"nil\":null,\"s\":\"x\"}}}");
	static const struct {
		const char *path;
		char how;
		const char *want;
	} rows[] = {
		{"params.thread_id", 's', "params.thread_id: missing"},
		{"params.input.n", 's', "params.input.n: expected string"},
		{"params.input.nil", 's', "params.input.nil: expected string"},
		{"params.none.x", 's', "params.none.x: missing"},
		{"params.input.n", 'i', "params.input.n: expected integer"},
		{"params.input.s", 'i', "params.input.s: expected integer"},
		{"params.input.big", 'i', "params.input.big: expected an integer from 0 to 100"},
		{"params.input.none", 'i', "params.input.none: missing"},
		{"params.input.s", 'b', "params.input.s: expected boolean"},
		{"params.input.s", 'd', "params.input.s: expected number"},
		{"params.input.s", 'c', "params.input.s: expected array"},
		{"params.input.s.t", 's', "params.input.s: expected object"},
		{"params.input.content.t", 's', "params.input.content: expected object"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct fixture f;
		struct json_at at;

		begin(&f, text, &client);
		at = json_path(&f.root, rows[i].path);
		switch (rows[i].how) {
		case 's': assert_int_equal(json_as_str(&at).n, 0); break;
		case 'i': assert_int_equal(json_as_i64(&at, 0, 100), 0); break;
		case 'b': assert_true(json_as_bool_or(&at, true)); break;
		case 'd': assert_true(json_as_num_or(&at, 2.5) > 2); break;
		case 'c': assert_int_equal(json_count(&at), 0); break;
		}
		end_fault(&f, rows[i].want);
	}
}

static void json_faults__first_one__stays(void **state UNUSED)
{
	struct fixture f;
	struct json_at content, item;

	begin(&f, S("{\"content\":[{\"text\":\"a\"},{\"text\":5}]}"), &client);
	content = json_get(&f.root, "content");
	assert_int_equal(json_count(&content), 2);
	item = json_item(&content, 1);
	assert_int_equal(json_str(&item, "text").n, 0);
	json_fail(&item, "something %s", "else");
	(void)json_str(&f.root, "none");
	end_fault(&f, "content[1].text: expected string");

	begin(&f, S("{\"content\":[1]}"), &client);
	content = json_get(&f.root, "content");
	item = json_item(&content, 0);
	json_fail(&item, "must be %d", 7);
	end_fault(&f, "content[0]: must be 7");

	begin(&f, S("[1]"), &any);
	(void)json_str(&f.root, "a");
	end_fault(&f, "expected object");
}

static void json_or__absent_and_null__give_the_default(void **state UNUSED)
{
	struct fixture f;
	struct json_at nil, none, deep;

	begin(&f, S("{\"nil\":null,\"t\":true,\"f\":false,\"i\":-5,\"d\":2.5}"), &client);
	nil = json_get(&f.root, "nil");
	none = json_get(&f.root, "none");
	deep = json_path(&f.root, "nil.a.b");
	assert_int_equal(json_kind(&nil), JSON_NULL);
	assert_int_equal(json_kind(&none), JSON_ABSENT);
	assert_int_equal(json_kind(&deep), JSON_ABSENT);
	assert_false(json_has(&nil) || json_has(&none) || json_has(&deep));
	assert_int_equal(json_as_i64_or(&nil, 0, 9, 7), 7);
	assert_int_equal(json_as_i64_or(&deep, 0, 9, 7), 7);
	assert_int_equal(json_i64_or(&f.root, "i", -9, 9, 7), -5);
	assert_true(json_as_bool_or(&none, true) && json_bool_or(&f.root, "t", false) && !json_bool_or(&f.root, "f", true));
	assert_true(json_as_num_or(&none, 0.5) < 1);
	none = json_get(&f.root, "d");
	assert_true(json_as_num_or(&none, 0) > 2.4);
	none = json_get(&f.root, "i");
	assert_true(json_as_num_or(&none, 0) < -4.9);
	assert_int_equal(json_count(&nil), 0);
	assert_true(slice_is(json_text(&nil), "null"));
	nil = json_item(&nil, 3);
	assert_int_equal(json_kind(&nil), JSON_ABSENT);
	end_ok(&f);
}

static void json_as_num_or__infinity__is_a_fault(void **state UNUSED)
{
	struct fixture f;
	struct json_at at;

	begin(&f, S("{\"a\":1e400}"), &client);
	at = json_get(&f.root, "a");
	assert_true(json_as_num_or(&at, 1) < 2);
	end_fault(&f, "a: number out of range");
}

static void json_number__of_any_size__is_no_fault(void **state UNUSED)
{
	static const struct {
		const char *in;
		bool there, whole;
		double least, most;
	} rows[] = {
		{"[5]", true, true, 5, 5},
		{"[5.0]", true, false, 5, 5},
		{"[-9223372036854775808]", true, true, -9.3e18, -9.2e18},
		{"[1e400]", true, false, 1e308, INFINITY},
		{"[\"5\"]", false, false, 0, 0},
		{"[null]", false, false, 0, 0},
		{"[]", false, false, 0, 0},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct json_number n;
		struct json_at at;
		struct fixture f;

		begin(&f, slice_cstr(rows[i].in), &any);
		at = json_item(&f.root, 0);
		assert_int_equal(json_number(&at, &n), rows[i].there);
		if (rows[i].there) {
			assert_int_equal(n.whole, rows[i].whole);
			assert_true(n.d >= rows[i].least && n.d <= rows[i].most);
			assert_true(!n.whole || (double)n.i == n.d);
		}
		end_ok(&f);
	}
}

static void json_each__members__come_in_order(void **state UNUSED)
{
	struct fixture f;
	struct slice key;
	struct json_at child, list;
	char seen[16] = "";

	begin(&f, S("{\"b\":1,\"a\":[2],\"c\":null}"), &client);
	for (size_t it = 0; json_each(&f.root, &it, &key, &child);) {
		memcpy(seen + strlen(seen), key.p, key.n);
		if (json_kind(&child) == JSON_ARRAY)
			list = json_item(&child, 0), assert_int_equal(json_as_i64(&list, 0, 9), 2);
	}
	assert_string_equal(seen, "bac");
	child = json_get(&f.root, "none");
	for (size_t it = 0; json_each(&child, &it, &key, &list);)
		fail();
	end_ok(&f);

	begin(&f, S("{}"), &client);
	for (size_t it = 0; json_each(&f.root, &it, &key, &child);)
		fail();
	end_ok(&f);

	begin(&f, S("{\"a\":[]}"), &client);
	child = json_get(&f.root, "a");
	for (size_t it = 0; json_each(&child, &it, &key, &list);)
		fail();
	end_fault(&f, "a: expected object");
}

static void json_where__foreign_keys__are_cut_and_cleaned(void **state UNUSED)
{
	struct fixture f;
	struct slice key;
	struct json_at child;
	char small[6], where[100];
	size_t it = 0;

	begin(&f, S("{\"a\\nb\xc3\xa9 0123456789abcdefghij\":1}"), &client);
	assert_true(json_each(&f.root, &it, &key, &child));
	json_where(&child, where, sizeof(where));
	assert_string_equal(where, "a?b???0123456789abcd..");
	json_where(&child, small, sizeof(small));
	assert_string_equal(small, "a?b??");
	json_where(&f.root, where, sizeof(where));
	assert_string_equal(where, "");
	end_ok(&f);
}

static void json_parse__deepest__is_read_and_written(void **state UNUSED)
{
	struct buf b = BUF_INIT(1000);
	struct fixture f;

	for (int i = 0; i < GUARD_DEPTH_MAX; i++)
		buf_adds(&b, i % 2 ? "[" : "{\"a\":");
	buf_adds(&b, "\"innermost\"");
	for (int i = GUARD_DEPTH_MAX - 1; i >= 0; i--)
		buf_addch(&b, i % 2 ? ']' : '}');
	begin(&f, buf_slice(&b), &client);
	assert_true(slice_eq(json_text(&f.root), buf_slice(&b)));
	end_ok(&f);
	buf_release(&b);
}

static void json_parse__guard__comes_first(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct json_doc *doc;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(a, S("{'a':1}"), &client, &doc, &e), RC_BAD);
	assert_string_equal(e.msg, "not JSON: expected a key (byte 1)");
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
}

static void json_parse__small_arena__is_too_large(void **state UNUSED)
{
	struct arena *a = arena_new(5000, NULL);
	struct json_doc *doc;
	struct err e = ERR_INIT;
	struct json_at root;

	assert_int_equal(json_parse(a, S("{\"a\":[{},{},{},{},{}]}"), &client, &doc, &e), RC_TOO_LARGE);
	assert_int_equal(arena_used(a), 0);
	assert_int_equal(json_parse(a, S("{\"a\":[1,2,3]}"), &client, &doc, &e), RC_OK);
	assert_true(arena_charge(a, 5000 - arena_used(a)));
	root = json_root(doc);
	assert_true(slice_is(json_text(&root), "null"));
	assert_int_equal(json_done(doc, &e), RC_TOO_LARGE);
	arena_free(a);
}

#ifndef __SANITIZE_ADDRESS__
static ptrdiff_t allocated(void)
{
	return (ptrdiff_t)(mallinfo2().uordblks + mallinfo2().hblkhd);
}

/* n times member between open and close; what malloc gave must be less than what the arena was charged. */
static void cost(const char *open, const char *member, unsigned n, const char *close)
{
	struct buf b = BUF_INIT(4 << 20);
	struct arena *a = arena_new(256 << 20, NULL);
	struct json_doc *doc;
	struct err e = ERR_INIT;
	struct guard_limits limits = any;
	ptrdiff_t before, taken;

	limits.nodes = 100000;
	buf_adds(&b, open);
	for (unsigned i = 0; i < n; i++) {
		const char *hash = strchr(member, '#');

		if (i)
			buf_addch(&b, ',');
		buf_addmem(&b, member, hash ? (size_t)(hash - member) : strlen(member));
		if (hash)
			buf_addf(&b, "%u%s", i, hash + 1);
	}
	buf_adds(&b, close);
	(void)!arena_alloc(a, 1); /* the arena's own first block */
	before = allocated();
	assert_int_equal(json_parse(a, buf_slice(&b), &limits, &doc, &e), RC_OK);
	taken = allocated() - before;
	if (taken > (ptrdiff_t)arena_used(a))
		fail_msg("%s%s: %td taken, %zu charged", open, member, taken, arena_used(a));
	arena_free(a);
	buf_release(&b);
}

static void json_parse__charge__covers_what_json_c_takes(void **state UNUSED)
{
	static const unsigned sizes[] = {0, 1, 10, 11, 12, 21, 22, 33, 43, 86, 100, 170, 344, 690, 1380, 2750, 5500, 11000, 19000};

	for (size_t i = 0; i < countof(sizes); i++) {
		cost("[", "1", sizes[i], "]");
		cost("[", "1.5", sizes[i], "]");
		cost("[", "\"abcdefghijklmnopqrstuvwxyz\"", sizes[i], "]");
		cost("[", "{}", sizes[i], "]");
		cost("[", "[]", sizes[i], "]");
		cost("[", "{\"a\":1}", sizes[i] / 2, "]");
		cost("{", "\"k#\":1", sizes[i], "}");
		cost("{", "\"k#\":1.25e10", sizes[i], "}");
		cost("{", "\"a long key with some number # in it\":\"x\"", sizes[i], "}");
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_text__spelling_and_order__are_kept),
		cmocka_unit_test(json_parse__upstream__is_mended),
		cmocka_unit_test(json_str__bytes__are_counted_not_terminated),
		cmocka_unit_test(json_faults__name_the_path),
		cmocka_unit_test(json_faults__first_one__stays),
		cmocka_unit_test(json_or__absent_and_null__give_the_default),
		cmocka_unit_test(json_as_num_or__infinity__is_a_fault),
		cmocka_unit_test(json_number__of_any_size__is_no_fault),
		cmocka_unit_test(json_each__members__come_in_order),
		cmocka_unit_test(json_where__foreign_keys__are_cut_and_cleaned),
		cmocka_unit_test(json_parse__deepest__is_read_and_written),
		cmocka_unit_test(json_parse__guard__comes_first),
		cmocka_unit_test(json_parse__small_arena__is_too_large),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(json_parse__charge__covers_what_json_c_takes),
#endif
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
