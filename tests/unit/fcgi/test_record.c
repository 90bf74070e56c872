/* SPDX-License-Identifier: MIT */
#include "fcgi/record.c" /* compiled in: fcgi/ is no archive, and record.c needs nothing of libfcgi's */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"

static void put(struct buf *b, unsigned version, unsigned type, unsigned id, const char *content, size_t n, size_t padding)
{
	const unsigned char h[RECORD_HEADER] = {(unsigned char)version, (unsigned char)type, (unsigned char)(id >> 8), (unsigned char)id,
						(unsigned char)(n >> 8), (unsigned char)n, (unsigned char)padding, 0};

	buf_addmem(b, h, sizeof(h));
	buf_addmem(b, content, n);
	for (size_t i = 0; i < padding; i++)
		buf_addch(b, '#');
}

/* A request as lighttpd and nginx make them: padding wherever it may stand. */
static void put_head(struct buf *b)
{
	put(b, 1, RECORD_BEGIN, 258, "\0\1\0\0\0\0\0\0", 8, 0);
	put(b, 1, RECORD_PARAMS, 258, "\1\1ab", 4, 4);
	put(b, 1, RECORD_PARAMS, 258, "\1\1cd", 4, 0);
	put(b, 1, RECORD_PARAMS, 258, "", 0, 3);
}

static void head__every_cut__waits_for_the_rest(void **state UNUSED)
{
	struct buf b = BUF_INIT(1000);
	struct record_body body;
	struct err e = ERR_INIT;
	size_t n, whole;

	put_head(&b);
	whole = b.n - 3; /* the last padding is the body's to skip */
	buf_adds(&b, "more");
	for (size_t cut = 0; cut <= b.n; cut++) {
		assert_int_equal(record_head(slice_upto(buf_slice(&b), cut), &n, &body, &e), RC_OK);
		assert_int_equal(n, cut < whole ? 0 : whole);
	}
	assert_int_equal(body.id, 258);
	assert_int_equal(body.padding, 3);
	buf_release(&b);
}

static void head__anything_else__is_refused(void **state UNUSED)
{
	static const struct {
		unsigned version, type, id;
		enum rc rc;
	} rows[] = {
		{2, RECORD_PARAMS, 258, RC_PROTO}, {1, RECORD_STDIN, 258, RC_PROTO}, {1, RECORD_BEGIN, 258, RC_PROTO},
		{1, RECORD_ABORT, 258, RC_PROTO},  {1, 9, 0, RC_PROTO},              {1, RECORD_PARAMS, 259, RC_PROTO},
		{1, RECORD_PARAMS, 258, RC_OK},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1000);
		struct record_body body;
		struct err e = ERR_INIT;
		size_t n;

		put(&b, 1, RECORD_BEGIN, 258, "\0\1\0\0\0\0\0\0", 8, 0);
		put(&b, rows[i].version, rows[i].type, rows[i].id, "", 0, 0);
		assert_int_equal(record_head(buf_slice(&b), &n, &body, &e), rows[i].rc);
		buf_release(&b);
	}
}

static void head__too_long__is_refused_before_it_has_come(void **state UNUSED)
{
	static char block[65000];
	struct buf b = BUF_INIT(200000);
	struct record_body body;
	struct err e = ERR_INIT;
	size_t n;

	put(&b, 1, RECORD_BEGIN, 1, "\0\1\0\0\0\0\0\0", 8, 0);
	put(&b, 1, RECORD_PARAMS, 1, block, sizeof(block), 0);
	assert_int_equal(record_head(buf_slice(&b), &n, &body, &e), RC_OK);
	put(&b, 1, RECORD_PARAMS, 1, block, sizeof(block), 0);
	assert_int_equal(record_head(slice_upto(buf_slice(&b), 65000 + 16 + 8 + 1000), &n, &body, &e), RC_TOO_LARGE);
	buf_release(&b);
}

/* Reads all of a body that comes in pieces of `step` bytes with a buffer of `size`. */
static enum rc read_all(struct slice all, size_t step, size_t size, struct buf *out, struct record_body *body)
{
	struct slice in = SLICE_NONE;
	struct err e = ERR_INIT;
	char p[64];
	size_t got;

	for (;;) {
		if (record_body(body, &in, p, size, &got, &e) != RC_OK)
			return e.rc;
		buf_addmem(out, p, got);
		if (body->end || (got == 0 && all.n == 0))
			return RC_OK;
		if (in.n == 0) {
			in = slice_upto(all, step);
			all = slice_from(all, step);
		}
	}
}

static void body__any_pieces__give_the_same(void **state UNUSED)
{
	struct buf b = BUF_INIT(1000), out = BUF_INIT(1000);

	buf_adds(&b, "###"); /* the head's padding */
	put(&b, 1, RECORD_STDIN, 258, "hello ", 6, 2);
	put(&b, 1, RECORD_STDIN, 258, "world", 5, 0);
	put(&b, 1, RECORD_STDIN, 258, "!", 1, 7);
	put(&b, 1, RECORD_STDIN, 258, "", 0, 8);
	for (size_t step = 1; step <= b.n; step++)
		for (size_t size = 1; size <= 20; size++) {
			struct record_body body = {.id = 258, .padding = 3};

			buf_clear(&out);
			assert_int_equal(read_all(buf_slice(&b), step, size, &out, &body), RC_OK);
			assert_true(body.end);
			assert_string_equal(out.p, "hello world!");
		}
	buf_release(&b);
	buf_release(&out);
}

static void body__what_is_no_body__is_told(void **state UNUSED)
{
	static const struct {
		unsigned version, type, id;
		enum rc rc;
	} rows[] = {{1, RECORD_ABORT, 258, RC_GONE}, {1, RECORD_PARAMS, 258, RC_PROTO}, {1, RECORD_STDIN, 257, RC_PROTO}, {7, RECORD_STDIN, 258, RC_PROTO}};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1000), out = BUF_INIT(1000);
		struct record_body body = {.id = 258};

		put(&b, 1, RECORD_STDIN, 258, "abc", 3, 0);
		put(&b, rows[i].version, rows[i].type, rows[i].id, "", 0, 0);
		assert_int_equal(read_all(buf_slice(&b), 5, 8, &out, &body), rows[i].rc);
		assert_string_equal(out.p, "abc");
		buf_release(&b);
		buf_release(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(head__every_cut__waits_for_the_rest),
		cmocka_unit_test(head__anything_else__is_refused),
		cmocka_unit_test(head__too_long__is_refused_before_it_has_come),
		cmocka_unit_test(body__any_pieces__give_the_same),
		cmocka_unit_test(body__what_is_no_body__is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
