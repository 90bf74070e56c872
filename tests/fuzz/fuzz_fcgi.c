/* SPDX-License-Identifier: MIT */
/* A request's bytes: the head is found alike wherever it is cut, a body is the same in any pieces. Its path: one reading, or none. */
#include "fcgi/path.c"
#include "fcgi/record.c" /* compiled in: fcgi/ is no archive */
#include "tests/fuzz/fuzz.h"

#include "base/buf.h"

static void check_path(struct slice in)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct slice base, out;
	struct path_from from = {.base_path = S("/a")};
	struct err e = ERR_INIT;

	from.request_uri = slice_cut(in, '\n', &base);
	from.script_name = from.request_uri.n ? SLICE_NONE : base;
	if (path_derive(a, &from, &out, &e) == RC_OK) {
		touch(out);
		CHECK(out.n > 0 && out.p[0] == '/' && slice_find(out, S("//")) < 0 && slice_find(out, S("/../")) < 0 && slice_find(out, S("/./")) < 0);
		CHECK(!memchr(out.p, 0, out.n) && !slice_ends(out, S("/..")) && !slice_ends(out, S("/.")));
	} else {
		CHECK(e.rc == RC_BAD || e.rc == RC_NOT_FOUND || e.rc == RC_TOO_LARGE);
	}
	arena_free(a);
}

/* All of a body, given `step` bytes at a time. */
static enum rc read_body(struct record_body b, struct slice all, size_t step, struct buf *out, bool *end)
{
	struct slice in = SLICE_NONE;
	struct err e = ERR_INIT;
	char p[16];
	size_t got;

	buf_clear(out);
	for (;;) {
		if (record_body(&b, &in, p, sizeof(p), &got, &e) != RC_OK)
			break;
		CHECK(got <= sizeof(p));
		buf_addmem(out, p, got);
		if (b.end || (got == 0 && in.n == 0 && all.n == 0))
			break;
		if (in.n == 0) {
			in = slice_upto(all, step);
			all = slice_from(all, step);
		}
	}
	*end = b.end;
	return e.rc;
}

static void check_records(struct slice in)
{
	struct record_body body = {0}, again;
	struct buf whole = BUF_INIT(in.n), pieces = BUF_INIT(in.n);
	struct err e = ERR_INIT;
	size_t n, early;
	bool ended, ended_too;
	enum rc rc;

	if (record_head(in, &n, &body, &e) == RC_OK && n) {
		CHECK(n <= in.n && n <= RECORD_HEAD_MAX);
		for (size_t cut = n > 40 ? n - 40 : 0; cut < n; cut++)
			CHECK(record_head(slice_upto(in, cut), &early, &again, &e) == RC_OK && early == 0);
		rc = read_body(body, slice_from(in, n), in.n, &whole, &ended);
		CHECK(rc == read_body(body, slice_from(in, n), 3, &pieces, &ended_too));
		/* What came just before a fault may be lost with it. */
		CHECK(rc != RC_OK || (ended == ended_too && slice_eq(buf_slice(&whole), buf_slice(&pieces))));
	}
	buf_release(&whole);
	buf_release(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_path(slice_mem(data, size));
	check_records(slice_mem(data, size));
	return 0;
}
