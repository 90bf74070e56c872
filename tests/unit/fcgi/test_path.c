/* SPDX-License-Identifier: MIT */
/* What each web server sends for a request, recorded: REQUEST_URI, SCRIPT_NAME, PATH_INFO as they came. */
#include "fcgi/path.c" /* compiled in: fcgi/ is no archive, and path.c needs nothing of libfcgi's */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *server;
	const char *base, *uri, *script, *info;
	const char *want; /* NULL: refused */
	enum rc rc;
};

static void run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct arena *a = arena_new(64 * 1024, NULL);
		struct path_from from = {slice_cstr(r->uri), slice_cstr(r->script), slice_cstr(r->info), slice_cstr(r->base)};
		struct slice got = SLICE_NONE;
		struct err e = ERR_INIT;
		enum rc rc = path_derive(a, &from, &got, &e);

		if (rc != r->rc || (rc == RC_OK && !slice_is(got, r->want)))
			fail_msg("%s: '%s' '%s' '%s' gave %s '%.*s'", r->server, r->uri, r->script, r->info, rc_name(rc), SLICE_ARG(got));
		arena_free(a);
	}
}

static void path__what_servers_send__is_understood(void **state UNUSED)
{
	static const struct row rows[] = {
		/* lighttpd 1.4.69, fastcgi.server = ("/api/chat" => ...): the prefix is the script. */
		{"lighttpd prefix", "", "/api/chat", "/api/chat", "", "/api/chat", RC_OK},
		{"lighttpd prefix", "", "/api/chat/sync?q=1", "/api/chat", "/sync", "/api/chat/sync", RC_OK},
		{"lighttpd prefix", "", "/api/chat/a%20b?x", "/api/chat", "/a b", "/api/chat/a b", RC_OK},
		/* The prefix is no path segment: routes are compared whole. */
		{"lighttpd prefix", "", "/api/chatEVIL", "/api/chatEVIL", "", "/api/chatEVIL", RC_OK},
		/* url.rewrite-once to /api/chat/...: REQUEST_URI is what the client asked for. */
		{"lighttpd rewrite", "/re", "/re/api/chat?x", "/api/chat", "", "/api/chat", RC_OK},
		{"lighttpd cgi", "/cgi-bin/d.fcgi", "/cgi-bin/d.fcgi/x%20y/z?q", "/cgi-bin/d.fcgi", "/x y/z", "/x y/z", RC_OK},
		/* nginx 1.22.1 with Debian's fastcgi_params. */
		{"nginx", "", "/api/chat/a%20b?x", "/api/chat/a b", "", "/api/chat/a b", RC_OK},
		{"nginx rewrite break", "/chat", "/chat/api/a%20b?x", "/api/a b", "", "/api/a b", RC_OK},
		{"nginx split_path_info", "/pi", "/pi/a%20b?q", "/pi", "/a b", "/a b", RC_OK},
		/* Apache 2.4.71. */
		{"mod_proxy_fcgi ProxyPass", "/pf", "/pf/api/a%20b?x", "/pf/api/a b", "", "/api/a b", RC_OK},
		{"mod_proxy_fcgi SetHandler", "/sh", "/sh/api/a%20b?x", "/sh", "/api/a b", "/api/a b", RC_OK},
		{"mod_cgid ScriptAlias", "/cgi-bin/d.fcgi", "/cgi-bin/d.fcgi/x%20y/z?q", "/cgi-bin/d.fcgi", "/x y/z", "/x y/z", RC_OK},
		{"mod_fcgid", "/app/d.fcgi", "/app/d.fcgi/x%20y?q", "/app/d.fcgi", "/x y", "/x y", RC_OK},
		{"mod_fcgid .htaccess", "/app", "/app/api/x%20y?q", "/app/d.fcgi", "/api/x y", "/api/x y", RC_OK},
		{"mod_cgid .htaccess", "/app/c", "/app/c/x%20y?q", "/app/e.cgi", "/x y", "/x y", RC_OK},
		/* A server that knows RFC 3875 only: no REQUEST_URI, and what it decoded is not decoded again. */
		{"plain CGI", "", "", "", "/api/chat", "/api/chat", RC_OK},
		{"plain CGI", "/cgi-bin/d.fcgi", "", "/cgi-bin/d.fcgi", "/api/100%25", "/api/100%25", RC_OK},
		{"plain CGI, no PATH_INFO", "/cgi-bin/d.fcgi", "", "/cgi-bin/d.fcgi", "", "/", RC_OK},
		/* The request line may hold a whole URL (RFC 9112 section 3.2.2). */
		{"absolute form", "", "http://example.org/api/chat?x=//", "", "", "/api/chat", RC_OK},
		{"absolute form", "", "https://example.org?x", "", "", "/", RC_OK},
	};

	run(rows, countof(rows));
}

/* The servers above resolve these in SCRIPT_NAME and PATH_INFO, each in its own way, and pass REQUEST_URI as it came. */
static void path__two_readings__are_refused(void **state UNUSED)
{
	static const struct row rows[] = {
		{"coded slash", "", "/api/a%2fb", "/api/a/b", "", NULL, RC_BAD},
		{"coded slash", "", "/api/a%2Fb", "/api/a/b", "", NULL, RC_BAD},
		{"double slash", "", "/api//a", "/api/a", "", NULL, RC_BAD},
		{"double slash at the front", "", "//api/a", "/api/a", "", NULL, RC_BAD},
		{"double slash at the end", "", "/api/a//", "/api/a/", "", NULL, RC_BAD},
		{"dot", "", "/api/./a", "/api/a", "", NULL, RC_BAD},
		{"dots", "", "/api/../a", "/a", "", NULL, RC_BAD},
		{"dots at the end", "", "/api/..", "/", "", NULL, RC_BAD},
		{"coded dots", "", "/api/%2e%2E/a", "/a", "", NULL, RC_BAD},
		{"half-coded dots", "", "/api/.%2e", "/", "", NULL, RC_BAD},
		{"NUL", "", "/api/a%00b", "", "", NULL, RC_BAD},
		{"newline", "", "/api/a%0ab", "", "", NULL, RC_BAD},
		{"DEL", "", "/api/%7f", "", "", NULL, RC_BAD},
		{"broken escape", "", "/api/%zz", "", "", NULL, RC_BAD},
		{"cut escape", "", "/api/%4", "", "", NULL, RC_BAD},
		{"cut escape", "", "/api/%", "", "", NULL, RC_BAD},
		{"no slash", "", "api", "", "", NULL, RC_BAD},
		{"OPTIONS *", "", "*", "", "", NULL, RC_BAD},
		{"nothing at all", "", "", "", "", NULL, RC_BAD},
		{"query only", "", "?x", "", "", NULL, RC_BAD},
		{"dots in PATH_INFO", "", "", "/cgi-bin/d.fcgi", "/../a", NULL, RC_BAD},
		/* Decoded once: a second reader would see another path, but this one is a name with a percent sign. */
		{"coded twice", "", "/api/%252e%252e/a", "", "", "/api/%2e%2e/a", RC_OK},
		{"dots in a name", "", "/api/..a/b..", "", "", "/api/..a/b..", RC_OK},
		{"one slash at the end", "", "/api/", "", "", "/api/", RC_OK},
		{"slashes in the query", "", "/api?a=//../%00", "", "", "/api", RC_OK},
	};

	run(rows, countof(rows));
}

static void path__base_path__is_whole_segments(void **state UNUSED)
{
	static const struct row rows[] = {
		{"below", "/chat", "/chat/api", "", "", "/api", RC_OK},
		{"itself", "/chat", "/chat", "", "", "/", RC_OK},
		{"itself, slash", "/chat", "/chat/", "", "", "/", RC_OK},
		{"coded", "/chat", "/%63hat/api", "", "", "/api", RC_OK},
		{"beside", "/chat", "/chatEVIL/api", "", "", NULL, RC_NOT_FOUND},
		{"above", "/chat", "/api", "", "", NULL, RC_NOT_FOUND},
		{"two levels", "/a/chat", "/a/chat/api", "", "", "/api", RC_OK},
	};

	run(rows, countof(rows));
}

static void path__too_long__is_refused(void **state UNUSED)
{
	static char uri[300 * 1024];
	struct arena *a = arena_new(64 * 1024, NULL);
	struct path_from from = {.request_uri = {uri, sizeof(uri)}};
	struct slice got;
	struct err e = ERR_INIT;

	memset(uri, '/', 1);
	memset(uri + 1, 'a', sizeof(uri) - 1);
	assert_int_equal(path_derive(a, &from, &got, &e), RC_TOO_LARGE);
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(path__what_servers_send__is_understood),
		cmocka_unit_test(path__two_readings__are_refused),
		cmocka_unit_test(path__base_path__is_whole_segments),
		cmocka_unit_test(path__too_long__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
