/* SPDX-License-Identifier: MIT */
#include "wire/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void url_parse__parts__are_found(void **state UNUSED)
{
	static const struct {
		const char *in, *want; /* scheme user password host port path query fragment */
	} rows[] = {
		{"https://example.org", "https||||example.org||||"},
		{"HTTP://Example.ORG:8080/a/b?c=d&e#f", "HTTP||||Example.ORG|8080|/a/b|c=d&e|f"},
		{"postgres://u:p%40w:x@h:5432/db?a=b", "postgres|u|p%40w:x||h|5432|/db|a=b|"},
		{"postgres://u@h1:1,h2:2/db", "postgres|u|||h1:1,h2:2||/db||"},
		{"postgres:///db", "postgres|||||" "|/db||"},
		{"http://[::1]:80/", "http||||::1|80|/||"},
		{"http://[fe80::1%25eth0]", "http||||fe80::1%25eth0||||"},
		{"http://h?q", "http||||h||" "|q|"},
		{"http://h#f?g", "http||||h||||f?g"},
		{"http://h:/", "http||||h||/||"},
		{"postgres://%2Frun%2Fpg/db", "postgres||||%2Frun%2Fpg||/db||"},
		{"a+b-c.1://h/@:", "a+b-c.1||||h||/@:||"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct url u;
		char got[200];

		if (!url_parse(slice_cstr(rows[i].in), &u))
			fail_msg("%s", rows[i].in);
		snprintf(got, sizeof(got), "%.*s|%.*s|%.*s||%.*s|%.*s|%.*s|%.*s|%.*s", SLICE_ARG(u.scheme), SLICE_ARG(u.user),
			 SLICE_ARG(u.password), SLICE_ARG(u.host), SLICE_ARG(u.port), SLICE_ARG(u.path), SLICE_ARG(u.query), SLICE_ARG(u.fragment));
		assert_string_equal(got, rows[i].want);
	}
}

static void url_parse__anything_else__is_refused(void **state UNUSED)
{
	static const struct slice rows[] = {
		S_INIT(""),		  S_INIT("example.org"),      S_INIT("/path"),		  S_INIT("//h/p"),	      S_INIT("http:/h"),
		S_INIT("http:h"),	  S_INIT("://h"),	      S_INIT("1http://h"),	  S_INIT("ht_tp://h"),	      S_INIT("http://h /"),
		S_INIT(" http://h"),	  S_INIT("http://h\n"),	      S_INIT("http://h\0/"),	  S_INIT("http://h\x7f"),     S_INIT("http://good\\@evil/"), S_INIT("http://h/a\\b"),
		S_INIT("http://a@b@c/"), S_INIT("http://h:80:90/"), S_INIT("http://h:x/"),	  S_INIT("http://h:0/"),      S_INIT("http://h:65536/"),
		S_INIT("http://h:080/"), S_INIT("http://h:-1/"),    S_INIT("http://[::1"),	  S_INIT("http://[]/"),	      S_INIT("http://[::1]x/"),
		S_INIT("http://::1/"),	  S_INIT("http://h%zz/"),     S_INIT("http://a<b/"),	  S_INIT("http://u\xff@h/"), S_INIT("http://h[/"),
		S_INIT("http"),		  S_INIT("http:"),	      S_INIT("http://h%4"),
	};
	struct url u;

	for (size_t i = 0; i < countof(rows); i++)
		if (url_parse(rows[i], &u))
			fail_msg("%.*s passed", SLICE_ARG(rows[i]));
	assert_false(url_parse(SLICE_NONE, &u));
}

static void url_decode__escapes__become_bytes(void **state UNUSED)
{
	static const struct {
		struct slice in;
		bool plus;
		const char *want; /* NULL: refused */
	} rows[] = {
		{S_INIT(""), false, ""},
		{S_INIT("a%41%2f%2F"), false, "aA//"},
		{S_INIT("a+b"), false, "a+b"},
		{S_INIT("a+b%2B"), true, "a b+"},
		{S_INIT("%c3%A9"), false, "\xc3\xa9"},
		{S_INIT("%25%34%31"), false, "%41"},
		{S_INIT("%"), false, NULL},
		{S_INIT("%4"), false, NULL},
		{S_INIT("%4g"), false, NULL},
		{S_INIT("%%41"), false, NULL},
		{S_INIT("a%00"), false, NULL},
		{S_INIT("a\0"), false, NULL},
		{S_INIT("%ff"), false, NULL},
		{S_INIT("%c3"), false, NULL},
		{S_INIT("%ed%a0%80"), false, NULL},
		{S_INIT("0123456789abcdef"), false, NULL}, /* too long for the buffer */
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(16);

		buf_addch(&b, '>');
		if (url_decode(&b, rows[i].in, rows[i].plus) != (rows[i].want != NULL))
			fail_msg("row %zu", i);
		assert_string_equal(b.p + 1, rows[i].want ? rows[i].want : "");
		buf_release(&b);
	}
}

static void url_encode__all_bytes__go_both_ways(void **state UNUSED)
{
	struct buf b = BUF_INIT(2000), back = BUF_INIT(2000);

	url_encode(&b, S("AZaz09-._~ /+%&=?#\"'<\xc3\xa9"));
	assert_string_equal(b.p, "AZaz09-._~%20%2F%2B%25%26%3D%3F%23%22%27%3C%C3%A9");
	assert_true(url_decode(&back, buf_slice(&b), true));
	assert_string_equal(back.p, "AZaz09-._~ /+%&=?#\"'<\xc3\xa9");
	buf_release(&b);
	buf_release(&back);
}

static void url_query__names__are_compared_decoded(void **state UNUSED)
{
	static const struct {
		const char *query, *name, *want; /* NULL: not there */
		bool twice;
	} rows[] = {
		{"a=1&b=2", "b", "2", false},
		{"a=1&b=2", "c", NULL, false},
		{"a=1&a=2", "a", "1", true},
		{"a=1&%61=2", "a", "1", true},
		{"%6eame=x", "name", "x", false},
		{"a%20b=1", "a b", "1", false},
		{"a+b=1", "a b", "1", false},
		{"a", "a", "", false},
		{"a&a", "a", "", true},
		{"a=b=c", "a", "b=c", false},
		{"a=%26", "a", "%26", false},
		{"&&a=1&", "a", "1", false},
		{"=1", "", "1", false},
		{"aa=1", "a", NULL, false},
		{"", "a", NULL, false},
		{"%6=1", "%6", "1", false},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice value = SLICE_NONE;
		bool twice, found = url_query(slice_cstr(rows[i].query), slice_cstr(rows[i].name), &value, &twice);

		if (found != (rows[i].want != NULL) || twice != rows[i].twice || (found && !slice_is(value, rows[i].want)))
			fail_msg("%s", rows[i].query);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_parse__parts__are_found),
		cmocka_unit_test(url_parse__anything_else__is_refused),
		cmocka_unit_test(url_decode__escapes__become_bytes),
		cmocka_unit_test(url_encode__all_bytes__go_both_ways),
		cmocka_unit_test(url_query__names__are_compared_decoded),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
