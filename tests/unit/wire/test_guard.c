/* SPDX-License-Identifier: MIT */
#include "wire/guard.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum rc check(struct slice in, struct guard_limits limits, bool *mend, struct err *e)
{
	*e = ERR_INIT;
	*mend = false;
	return guard_check(in, &limits, NULL, 0, mend, e);
}

enum verdict { OK, MEND, NO }; /* MEND: a client's is refused, an upstream's is mended */

static void guard__table__is_rfc_8259_and_our_policy(void **state UNUSED)
{
	static const struct {
		struct slice in;
		enum verdict want;
	} rows[] = {
		/* what json-c takes in silence */
		{S_INIT("{\"a\":\"x\\u0000y\"}"), MEND},
		{S_INIT("{\"a\\u0000b\":1}"), MEND},
		{S_INIT("{\"a\":1}\0"), NO},
		{S_INIT("{\"a\":1}\0{}"), NO},
		{S_INIT("{\"a\":\"\\ud800\"}"), MEND},
		{S_INIT("{\"a\":\"\\udc00\"}"), MEND},
		{S_INIT("{\"a\":\"\\ud800\\ud800\"}"), MEND},
		{S_INIT("{\"a\":\"\\ud800x\"}"), MEND},
		{S_INIT("{\"a\":\"\\ud800\\n\"}"), MEND},
		{S_INIT("{\"a\":\"\\udc00\\ud800\"}"), MEND},
		{S_INIT("{\"a\":\"\\udc00\\udc00\"}"), MEND},
		{S_INIT("{\"a\":\"\\ud83d\\ude00\"}"), OK},
		{S_INIT("{\"a\":\"\xed\xa0\x80\"}"), MEND},
		{S_INIT("{\"a\":\"\xc0\xaf\"}"), MEND},
		{S_INIT("{\"a\":\"\xf4\x90\x80\x80\"}"), MEND},
		{S_INIT("{\"a\":\"\xff\"}"), MEND},
		{S_INIT("{\"a\":\"\xe2\x82\"}"), MEND},
		{S_INIT("{\"\xff\":1}"), MEND},
		{S_INIT("{\"a\":18446744073709551616}"), MEND},
		{S_INIT("{\"a\":9223372036854775808}"), MEND},
		{S_INIT("{\"a\":-9223372036854775809}"), MEND},
		{S_INIT("{\"a\":9223372036854775807}"), OK},
		{S_INIT("{\"a\":-9223372036854775808}"), OK},
		{S_INIT("{\"a\":5e9}"), OK},
		{S_INIT("{\"a\":1e400}"), OK},
		{S_INIT("{\"a\":NaN}"), NO},
		{S_INIT("{\"a\":Infinity}"), NO},
		{S_INIT("{\"a\":-Infinity}"), NO},
		{S_INIT("{\"a\":1.}"), NO},
		{S_INIT("{\"a\":.1}"), NO},
		{S_INIT("{'a':1}"), NO},
		{S_INIT("{\"a\":'1'}"), NO},
		{S_INIT("{\"a\":\"x\ny\"}"), NO},
		{S_INIT("{\"a\":\"x\ty\"}"), NO},
		{S_INIT("{\"a\":\"four\n and many more bytes\"}"), NO},
		{S_INIT("{\"a\":\"x\0y\"}"), NO},
		{S_INIT("{\"a\":1/**/}"), NO},
		{S_INIT("{\"a\":1} // x"), NO},
		{S_INIT("{\"a\":1,}"), NO},
		{S_INIT("{\"a\":[1,]}"), NO},
		{S_INIT("{\"a\":0123}"), NO},
		{S_INIT("{\"a\":TRUE}"), NO},
		{S_INIT("{\"a\":1} x"), NO},
		{S_INIT("{\"a\":1}{\"b\":2}"), NO},
		{S_INIT("{\"a\":-0}"), OK},
		{S_INIT("12"), NO},
		{S_INIT("null"), NO},
		{S_INIT("\"a\""), NO},
		{S_INIT("[]"), NO},
		{S_INIT(""), NO},
		{S_INIT(" "), NO},
		{S_INIT("\xef\xbb\xbf{}"), NO},
		/* the grammar */
		{S_INIT("{}"), OK},
		{S_INIT(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), OK},
		{S_INIT("{\"\":\"\"}"), OK},
		{S_INIT("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uFFFF\"}"), OK},
		{S_INIT("{\"a\":\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}"), OK},
		{S_INIT("{\"a\":[0,-1,1.5,-0.0,1e5,1E+5,1e-5,0e0,0.1]}"), OK},
		{S_INIT("{\"a\":[true,false,null,\"\",{},[]]}"), OK},
		{S_INIT("{\"a\":\"\\x\"}"), NO},
		{S_INIT("{\"a\":\"\\u12g4\"}"), NO},
		{S_INIT("{\"a\":\"\\u12\"}"), NO},
		{S_INIT("{\"a\":\"\\U0041\"}"), NO},
		{S_INIT("{\"a\":\"\\ud800\\u12\"}"), NO},
		{S_INIT("{\"a\":\"\\"), NO},
		{S_INIT("{\"a\":\"\\u0041"), NO},
		{S_INIT("{\"a\":\"x"), NO},
		{S_INIT("{\"a\":+1}"), NO},
		{S_INIT("{\"a\":-}"), NO},
		{S_INIT("{\"a\":1e}"), NO},
		{S_INIT("{\"a\":1e+}"), NO},
		{S_INIT("{\"a\":--1}"), NO},
		{S_INIT("{\"a\":-01}"), NO},
		{S_INIT("{\"a\":1 2}"), NO},
		{S_INIT("{\"a\":tru}"), NO},
		{S_INIT("{\"a\":truex}"), NO},
		{S_INIT("{\"a\":nul"), NO},
		{S_INIT("{\"a\"}"), NO},
		{S_INIT("{\"a\":}"), NO},
		{S_INIT("{\"a\" 1}"), NO},
		{S_INIT("{a:1}"), NO},
		{S_INIT("{1:1}"), NO},
		{S_INIT("{,}"), NO},
		{S_INIT("{\"a\":1 \"b\":2}"), NO},
		{S_INIT("{\"a\":[1 2]}"), NO},
		{S_INIT("{\"a\":[}"), NO},
		{S_INIT("{\"a\":[1}"), NO},
		{S_INIT("{\"a\":1]"), NO},
		{S_INIT("}"), NO},
		{S_INIT("{"), NO},
		{S_INIT("{\"a\":1"), NO},
		{S_INIT("{\"a\":1,"), NO},
		{S_INIT("{\"a\":1\v}"), NO},
		{S_INIT("{\"a\":1\xc2\xa0}"), NO},
		{S_INIT("{\"a\":1234567890.12345678901234567890}"), OK},
		{S_INIT("{\"a\":0.000000000000000000000000000000}"), OK},	/* 32 bytes */
		{S_INIT("{\"a\":0.0000000000000000000000000000000}"), NO},
		{S_INIT("{\"a\":100000000000000000000000000000}"), MEND},	/* 30 */
		{S_INIT("{\"a\":1000000000000000000000000000000}"), NO},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct err e;
		bool mend;
		enum rc client = check(rows[i].in, GUARD_CLIENT, &mend, &e);
		enum rc upstream;

		if ((client == RC_OK) != (rows[i].want == OK) || mend)
			fail_msg("client: %.*s: %s", SLICE_ARG(rows[i].in), e.msg);
		if (client != RC_OK)
			assert_non_null(strstr(e.msg, "(byte "));
		upstream = check(rows[i].in, GUARD_UPSTREAM, &mend, &e);
		if ((upstream == RC_OK) != (rows[i].want != NO) || mend != (rows[i].want == MEND))
			fail_msg("upstream: %.*s: %s", SLICE_ARG(rows[i].in), e.msg);
	}
}

static void guard__any_top__takes_any_value(void **state UNUSED)
{
	static const char *const good[] = {"12", "-1.5", "null", "true", "\"a\"", "[]", " [1] ", "{}"};
	static const char *const bad[] = {"", "1 2", "nul", "[", "\"", "01", "-"};
	struct guard_limits limits = GUARD_CLIENT;
	struct err e;
	bool mend;

	limits.any_top = true;
	for (size_t i = 0; i < countof(good); i++)
		assert_int_equal(check(slice_cstr(good[i]), limits, &mend, &e), RC_OK);
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(check(slice_cstr(bad[i]), limits, &mend, &e), RC_BAD);
}

static void guard__every_cut__is_refused(void **state UNUSED)
{
	const struct slice whole = S("{\"a\":[1.5e3,\"\\u00e9\\ud83d\\ude00\xc3\xa9\",{\"b\":true}],\"c\":null}");
	struct err e;
	bool mend;

	assert_int_equal(check(whole, GUARD_CLIENT, &mend, &e), RC_OK);
	for (size_t n = 0; n < whole.n; n++) {
		assert_int_equal(check(slice_upto(whole, n), GUARD_CLIENT, &mend, &e), RC_BAD);
		assert_int_equal(check(slice_upto(whole, n), GUARD_UPSTREAM, &mend, &e), RC_BAD);
	}
}

/* n arrays within each other, in an object's place if the top must be one. */
static struct slice nested(struct buf *b, unsigned n, char open, char close)
{
	buf_clear(b);
	buf_adds(b, "{\"a\":");
	for (unsigned i = 1; i < n; i++)
		buf_adds(b, open == '{' && i + 1 < n ? "{\"a\":" : open == '{' ? "{" : "[");
	for (unsigned i = 1; i < n; i++)
		buf_addch(b, close);
	if (n == 1)
		buf_addch(b, '1');
	buf_addch(b, '}');
	return buf_slice(b);
}

static void guard__depth__is_exact(void **state UNUSED)
{
	struct buf b = BUF_INIT(1 << 20);
	struct guard_limits limits = GUARD_CLIENT;
	struct err e;
	bool mend;

	for (unsigned depth = 1; depth <= GUARD_DEPTH_MAX; depth++) {
		limits.depth = depth;
		if (depth > 1)
			assert_int_equal(check(nested(&b, depth - 1, '[', ']'), limits, &mend, &e), RC_OK);
		assert_int_equal(check(nested(&b, depth, '[', ']'), limits, &mend, &e), RC_OK);
		assert_int_equal(check(nested(&b, depth + 1, '[', ']'), limits, &mend, &e), RC_BAD);
		assert_non_null(strstr(e.msg, "nested too deeply"));
		assert_int_equal(check(nested(&b, depth, '{', '}'), limits, &mend, &e), RC_OK);
		assert_int_equal(check(nested(&b, depth + 1, '{', '}'), limits, &mend, &e), RC_BAD);
	}
	/* a million at once */
	assert_int_equal(check(nested(&b, 500000, '[', ']'), limits, &mend, &e), RC_BAD);
	buf_release(&b);
}

static void guard__nodes__are_counted_exactly(void **state UNUSED)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct guard_seen seen;
	struct err e;
	bool mend;
	const struct slice in = S("{\"a\":[1,2,{\"b\":null}],\"c\":\"x\"}"); /* 7 values */

	for (limits.nodes = 0; limits.nodes < 7; limits.nodes++) {
		assert_int_equal(check(in, limits, &mend, &e), RC_BAD);
		assert_non_null(strstr(e.msg, "too many values"));
	}
	assert_int_equal(check(in, limits, &mend, &e), RC_OK);
	limits.nodes = 8;
	assert_int_equal(guard_walk(in, &limits, NULL, 0, &seen, &e), RC_OK);
	assert_int_equal(seen.nodes, 7);
	assert_int_equal(seen.objects, 2);
	assert_int_equal(seen.arrays, 1);
}

static void guard__key__length_is_exact(void **state UNUSED)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct err e;
	bool mend;

	limits.key = 6;
	assert_int_equal(check(S("{\"abcde\":1}"), limits, &mend, &e), RC_OK);
	assert_int_equal(check(S("{\"abcdef\":1}"), limits, &mend, &e), RC_OK);
	assert_int_equal(check(S("{\"abcdefg\":1}"), limits, &mend, &e), RC_BAD);
	assert_int_equal(check(S("{\"\\u0061\":1}"), limits, &mend, &e), RC_OK);
	assert_int_equal(check(S("{\"\\u0061b\":1}"), limits, &mend, &e), RC_BAD);
}

static void guard__duplicate_key__is_refused(void **state UNUSED)
{
	static const char *const dup[] = {
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"b\":2,\"a\":3}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"\\u0061\":1,\"\\u0061\":2}",
		"{\"\":1,\"\":2}",
		"{\"x\":{\"a\":1,\"a\":2}}",
		"{\"x\":[{\"a\":1,\"a\":2}]}",
		"{\"a\":{\"b\":1},\"c\":{\"b\":1},\"a\":0}",
		"{\"\xc3\xa9\":1,\"\\u00e9\":2}",
		"{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\uDE00\":2}",
		"{\"/\":1,\"\\/\":2}",
		"{\"\\n\":1,\"\\u000A\":2}",
		"{\"\\\\u0061\":1,\"\\u005cu0061\":2}",
	};
	static const char *const differ[] = {
		"{\"a\":1,\"A\":2}",
		"{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}",
		"{\"a\":[{\"a\":1},{\"a\":1}]}",
		"{\"\\\\u0061\":1,\"a\":2}",
		"{\"a\":1,\"aa\":2,\"\":3,\" \":4}",
	};
	struct err e;
	bool mend;

	for (size_t i = 0; i < countof(dup); i++) {
		if (check(slice_cstr(dup[i]), GUARD_CLIENT, &mend, &e) != RC_BAD)
			fail_msg("%s passed", dup[i]);
		assert_non_null(strstr(e.msg, "duplicate key '"));
		assert_int_equal(check(slice_cstr(dup[i]), GUARD_UPSTREAM, &mend, &e), RC_OK);
	}
	for (size_t i = 0; i < countof(differ); i++)
		if (check(slice_cstr(differ[i]), GUARD_CLIENT, &mend, &e) != RC_OK)
			fail_msg("%s: %s", differ[i], e.msg);
}

/* An object of n keys, each with an object of two; the key numbered twice stands at the end once more, spelled differently. twice == n: it does not. */
static struct slice many_keys(struct buf *b, unsigned n, unsigned twice)
{
	buf_clear(b);
	buf_adds(b, "{\"first\":{\"k1\":1},\"big\":{");
	for (unsigned i = 0; i < n; i++)
		buf_addf(b, "\"k%u\":{\"k1\":\"k2\",\"k2\":[\"}\\\"\",{}]},", i);
	if (twice < n)
		buf_addf(b, "\"\\u006b%u\":1", twice);
	else
		buf_adds(b, "\"last\":0");
	buf_adds(b, "},\"k1\":1}");
	return buf_slice(b);
}

static void guard__many_keys__duplicates_are_still_found(void **state UNUSED)
{
	static const unsigned sizes[] = {254, 255, 256, 257, 300, 1000, 2500};
	struct guard_limits limits = GUARD_CLIENT;
	struct buf b = BUF_INIT(1 << 20);
	struct err e;
	bool mend;

	for (size_t s = 0; s < countof(sizes); s++) {
		unsigned n = sizes[s];

		limits.nodes = 100000;
		assert_int_equal(check(many_keys(&b, n, n), limits, &mend, &e), RC_OK);
		for (unsigned twice = 0; twice < n; twice += n < 500 ? 1 : 97) {
			if (check(many_keys(&b, n, twice), limits, &mend, &e) == RC_OK)
				fail_msg("%u of %u passed", twice, n);
			assert_non_null(strstr(e.msg, "big: duplicate key '"));
		}
	}
	buf_release(&b);
}

static void guard__picks__find_raw_text(void **state UNUSED)
{
	static const struct {
		const char *in, *want[5]; /* a, a.b, a.b.0.c, x, a.b.1 */
	} rows[] = {
		{"{\"a\":{\"b\":[{\"c\":\"t\\n\"},7]},\"x\":null}", {"{\"b\":[{\"c\":\"t\\n\"},7]}", "[{\"c\":\"t\\n\"},7]", "\"t\\n\"", "null", "7"}},
		{"{\"x\": 1.50 , \"a\" : [ ] }", {"[ ]", "", "", "1.50", ""}},
		{"{}", {"", "", "", "", ""}},
		{"{\"\\u0061\":{\"\\u0062\":true}}", {"{\"\\u0062\":true}", "true", "", "", ""}},
		{"{\"ab\":1,\"aa\":2,\"\":3,\"a.b\":4}", {"", "", "", "", ""}},
		{"{\"b\":{\"a\":1},\"y\":{\"x\":1}}", {"", "", "", "", ""}},
		{"{\"a\":{\"b\":1},\"z\":{\"b\":2}}", {"{\"b\":1}", "1", "", "", ""}},
		{"{\"a\":{\"b\":[{\"c\":1},{\"c\":2},{\"c\":3}]}}",
		 {"{\"b\":[{\"c\":1},{\"c\":2},{\"c\":3}]}", "[{\"c\":1},{\"c\":2},{\"c\":3}]", "1", "", "{\"c\":2}"}},
		/* the last one of a name wins, and takes what the first one held with it */
		{"{\"a\":{\"b\":1},\"x\":1,\"a\":{},\"x\":2}", {"{}", "", "", "2", ""}},
		{"{\"a\":{\"b\":1},\"a\":0}", {"0", "", "", "", ""}},
		{"{\"a\":{\"b\":[1,2],\"b\":[{\"c\":3}]}}", {"{\"b\":[1,2],\"b\":[{\"c\":3}]}", "[{\"c\":3}]", "3", "", ""}},
		/* places of an array that are not asked for */
		{"{\"a\":{\"b\":[0,1,{\"c\":2},3,4,5,6,7,8,9,{\"c\":10}]}}",
		 {"{\"b\":[0,1,{\"c\":2},3,4,5,6,7,8,9,{\"c\":10}]}", "[0,1,{\"c\":2},3,4,5,6,7,8,9,{\"c\":10}]", "", "", "1"}},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct guard_pick picks[] = {
			{"a", SLICE_NONE}, {"a.b", S("stale")}, {"a.b.0.c", S("stale")}, {"x", SLICE_NONE}, {"a.b.1", SLICE_NONE},
		};
		struct guard_limits limits = GUARD_UPSTREAM;
		struct err e = ERR_INIT;
		bool mend;

		assert_int_equal(guard_check(slice_cstr(rows[i].in), &limits, picks, countof(picks), &mend, &e), RC_OK);
		for (size_t k = 0; k < countof(picks); k++)
			if (!slice_is(picks[k].raw, rows[i].want[k]))
				fail_msg("%s: %s: %.*s", rows[i].in, picks[k].path, SLICE_ARG(picks[k].raw));
	}
}

static void guard__sixteen_picks__are_all_found(void **state UNUSED)
{
	struct guard_pick picks[GUARD_PICKS_MAX];
	static const char *const paths[GUARD_PICKS_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
	struct guard_limits limits = GUARD_CLIENT;
	struct buf b = BUF_INIT(1000);
	struct err e;

	for (size_t i = 0; i < countof(picks); i++) {
		picks[i] = (struct guard_pick){.path = paths[i]};
		buf_addf(&b, "%c\"%s\":%zu", i ? ',' : '{', paths[i], i);
	}
	buf_addch(&b, '}');
	assert_int_equal(guard_check(buf_slice(&b), &limits, picks, countof(picks), NULL, &e), RC_OK);
	for (size_t i = 0; i < countof(picks); i++) {
		int64_t v;

		assert_true(slice_i64(picks[i].raw, 0, 99, &v));
		assert_int_equal(v, i);
	}
	buf_release(&b);
}

static void guard__faults__say_where(void **state UNUSED)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{\"a\":1,\"a\":2}", "duplicate key 'a' (byte 7)"},
		{"{\"params\":{\"input\":{\"text\":1,\"text\":2}}}", "params.input: duplicate key 'text' (byte 29)"},
		{"{\"a\":[0,{\"b\":\"\\u0000\"}]}", "a[1].b: \\u0000 in a string (byte 14)"},
		{"{\"a\":", "not JSON: unexpected end (byte 5)"},
		{"{\"a\":x}", "not JSON: unexpected byte (byte 5)"},
		{"{\"a\":01}", "not JSON: expected ',' or '}' (byte 6)"},
		{"[]", "expected an object (byte 0)"},
		{"{\"a\":[99999999999999999999]}", "a[0]: integer out of range (byte 6)"},
		{"{\"a\":1,\"\\ud800\":1}", "half a surrogate pair in a string (byte 8)"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct err e;
		bool mend;

		assert_int_equal(check(slice_cstr(rows[i].in), GUARD_CLIENT, &mend, &e), RC_BAD);
		assert_string_equal(e.msg, rows[i].want);
		assert_string_equal(e.user, rows[i].want);
	}
}

/* No letter but z is foreign: at most 60 of them come back, and never a control byte. */
static void guard__faults__echo_little(void **state UNUSED)
{
	struct buf b = BUF_INIT(100000);
	struct err e;
	bool mend;
	size_t echoed = 0;

	for (int i = 0; i < 31; i++) {
		buf_adds(&b, "{\"\xc3\xa9\x7f'");
		for (int k = 0; k < 200; k++)
			buf_addch(&b, 'z');
		buf_adds(&b, "\":");
	}
	buf_adds(&b, "{\"zzzz\":1,\"zzzz\":1}");
	assert_int_equal(check(buf_slice(&b), GUARD_CLIENT, &mend, &e), RC_BAD);
	assert_non_null(strstr(e.msg, "duplicate key '"));
	for (const char *c = e.msg; *c; c++) {
		echoed += *c == 'z' || *c == '?';
		assert_in_range(*c, ' ', '~');
	}
	assert_in_range(echoed, 20, 60);
	buf_release(&b);
}

static void guard_mend__bad_places__are_replaced(void **state UNUSED)
{
	static const struct {
		struct slice in, want;
	} rows[] = {
		{S_INIT("{\"a\":\"x\\u0000y\"}"), S_INIT("{\"a\":\"x" "\xef\xbf\xbd" "y\"}")},
		{S_INIT("{\"a\\u0000\":1}"), S_INIT("{\"a" "\xef\xbf\xbd" "\":1}")},
		{S_INIT("{\"a\":\"\\ud800\\ud83d\\ude00\\udc00\"}"), S_INIT("{\"a\":\"" "\xef\xbf\xbd" "\\ud83d\\ude00" "\xef\xbf\xbd" "\"}")},
		{S_INIT("{\"a\":\"\xff\xe2\x82z\xc3\xa9\"}"), S_INIT("{\"a\":\"" "\xef\xbf\xbd\xef\xbf\xbd" "z\xc3\xa9\"}")},
		{S_INIT("{\"a\":[18446744073709551616,-99999999999999999999, 1,1e30,12345678901234567890.5]}"),
		 S_INIT("{\"a\":[18446744073709551616.0,-99999999999999999999.0, 1,1e30,12345678901234567890.5]}")},
		{S_INIT("{\"18446744073709551616\":\"18446744073709551616 \\\" 18446744073709551616\"}"),
		 S_INIT("{\"18446744073709551616\":\"18446744073709551616 \\\" 18446744073709551616\"}")},
		{S_INIT(" {\"a\":[true,false,null,\"\\\\\"]} "), S_INIT(" {\"a\":[true,false,null,\"\\\\\"]} ")},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1000);
		struct err e;
		bool mend;

		assert_int_equal(check(rows[i].in, GUARD_UPSTREAM, &mend, &e), RC_OK);
		guard_mend(rows[i].in, &b);
		assert_string_equal(b.p, rows[i].want.p);
		assert_int_equal(mend, !slice_eq(rows[i].in, rows[i].want));
		buf_release(&b);
	}
}

static void guard_unescape__strings__become_text(void **state UNUSED)
{
	static const struct {
		struct slice raw, want;
	} rows[] = {
		{S_INIT("\"\""), S_INIT("")},
		{S_INIT("\"abc\""), S_INIT("abc")},
		{S_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), S_INIT("\"\\/\b\f\n\r\t")},
		{S_INIT("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""), S_INIT("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
		{S_INIT("\"h\xc3\xa9\""), S_INIT("h\xc3\xa9")},
		{S_INIT("\"\\u0000\\ud800\\udc00x\\udc00\\ud800\""), S_INIT("\xef\xbf\xbd\xf0\x90\x80\x80x\xef\xbf\xbd\xef\xbf\xbd")},
		{S_INIT("\"\xff\""), S_INIT("\xef\xbf\xbd")},
		{S_INIT(""), S_INIT("")},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1000);

		guard_unescape(rows[i].raw, &b);
		if (!slice_eq(buf_slice(&b), rows[i].want))
			fail_msg("row %zu: %s", i, b.p);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guard__table__is_rfc_8259_and_our_policy),
		cmocka_unit_test(guard__any_top__takes_any_value),
		cmocka_unit_test(guard__every_cut__is_refused),
		cmocka_unit_test(guard__depth__is_exact),
		cmocka_unit_test(guard__nodes__are_counted_exactly),
		cmocka_unit_test(guard__key__length_is_exact),
		cmocka_unit_test(guard__duplicate_key__is_refused),
		cmocka_unit_test(guard__many_keys__duplicates_are_still_found),
		cmocka_unit_test(guard__picks__find_raw_text),
		cmocka_unit_test(guard__sixteen_picks__are_all_found),
		cmocka_unit_test(guard__faults__say_where),
		cmocka_unit_test(guard__faults__echo_little),
		cmocka_unit_test(guard_mend__bad_places__are_replaced),
		cmocka_unit_test(guard_unescape__strings__become_text),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
