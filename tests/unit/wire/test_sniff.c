/* SPDX-License-Identifier: MIT */
#include "wire/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define PNG(w, h) "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" w h "\x08\x06\0\0\0xxxxIDATxxxx"
#define JPEG(h, w) "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xff\xe1\0\x04xx\xff\xc2\0\x0b\x08" h w "\1\1\x11\0\xff\xda"
#define GIF(w, h) "GIF89a" w h "\x80\0\0xxxxxxxxxxxxxxxxxxxxxxxx"
#define WEBP(form, rest) "RIFF\x20\0\0\0WEBP" form "\x10\0\0\0" rest "xxxxxxxxxxxxxxxx"
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define LYING "The file is not what its type says."
#define BROKEN "The image is broken."
#define PIXELS "The image has too many pixels."
#define NOT_TEXT "The file is not a text in UTF-8."
#define PAGE "Web pages and drawings cannot be attached."

static const struct {
	const char *said, *extension;
	struct slice in;
	const char *found, *why;
} files[] = {
	{"image/png", "", S_INIT(PNG("\0\0\x01\0", "\0\0\x01\0")), "image/png", NULL},
	{"image/png", "", S_INIT(PNG("\0\0\x27\x10", "\0\0\x27\x10")), "image/png", NULL},
	{"image/png", "", S_INIT(PNG("\0\0\x27\x11", "\0\0\x27\x10")), NULL, PIXELS},
	{"image/png", "", S_INIT(PNG("\xff\xff\xff\xff", "\xff\xff\xff\xff")), NULL, PIXELS},
	{"image/png", "", S_INIT(PNG("\0\0\0\0", "\0\0\0\1")), NULL, BROKEN},
	{"image/png", "", S_INIT("\x89PNG\r\n\x1a\n"), NULL, BROKEN},
	{"image/png", "", S_INIT("\x89PNG\r\n\x1a\n\0\0\0\rIDATxxxxxxxxxxxxxxxxxxxxxxxxx"), NULL, BROKEN},
	{"image/png", "", S_INIT(JPEG("\0\1", "\0\1")), NULL, LYING},
	{"image/png", "", S_INIT(""), NULL, LYING},
	{"image/png", "", S_INIT("<html>"), NULL, LYING},
	{"image/png", "", S_INIT("PK\x03\x04" X16 X16), NULL, LYING},
	{"image/jpg", "", S_INIT(JPEG("\0\1", "\0\1")), "image/jpeg", NULL},
	{"image/jpeg", "", S_INIT(JPEG("\xff\xff", "\xff\xff")), NULL, PIXELS},
	{"image/jpeg", "", S_INIT(JPEG("\0\0", "\0\1")), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff"), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xd9"), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xe0\0\x04xx\xff\xda\0\x04xx" X16 X16), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xe0\0\1" X16 X16), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xe0\x02\0" X256 X256), NULL, BROKEN},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xe0\x02\x02" X256 X256 "\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"), "image/jpeg", NULL},
	{"image/jpeg", "", S_INIT("\xff\xd8\xff\xe0\x02\x02" X256 X256 "\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0"), NULL, PIXELS},
	{"image/gif", "", S_INIT(GIF("\1\0", "\1\0")), "image/gif", NULL},
	{"image/gif", "", S_INIT(GIF("\xff\xff", "\xff\xff")), NULL, PIXELS},
	{"image/gif", "", S_INIT("GIF88a" X16 X16), NULL, LYING},
	{"image/webp", "", S_INIT(WEBP("VP8 ", "\x30\1\0\x9d\1\x2a\1\0\1\0")), "image/webp", NULL},
	{"image/webp", "", S_INIT(WEBP("VP8 ", "\x30\1\0\x9d\1\x2b\1\0\1\0")), NULL, BROKEN},
	{"image/webp", "", S_INIT(WEBP("VP8 ", "\x30\1\0\x9d\1\x2a\xff\xff\xff\xff")), NULL, PIXELS},
	{"image/webp", "", S_INIT(WEBP("VP8L", "\x2f\0\0\0\0")), "image/webp", NULL},
	{"image/webp", "", S_INIT(WEBP("VP8L", "\x2f\xff\xff\xff\xff")), NULL, PIXELS},
	{"image/webp", "", S_INIT(WEBP("VP8X", "\0\0\0\0\0\0\0\0\0\0")), "image/webp", NULL},
	{"image/webp", "", S_INIT(WEBP("VP8X", "\0\0\0\0\xff\xff\xff\xff\xff\xff")), NULL, PIXELS},
	{"image/webp", "", S_INIT(WEBP("ALPH", "\0\0\0\0\xff\xff\xff\xff\xff\xff")), NULL, BROKEN},
	{"image/webp", "", S_INIT("RIFF\x20\0\0\0WAVEfmt " X16), NULL, LYING},
	{"application/pdf", "", S_INIT("%PDF-1.7\n\0\xff"), "application/pdf", NULL},
	{"application/pdf", "", S_INIT("\n%PDF-1.7"), NULL, LYING},
	{"application/pdf", "", S_INIT("%PDF"), NULL, LYING},
	{"text/plain", "", S_INIT("Z\xc3\xbcrich"), "text/plain", NULL},
	{"text/plain", "", S_INIT("\xef\xbb\xbfhello"), "text/plain", NULL},
	{"text/plain", "", S_INIT(""), "text/plain", NULL},
	{"text/plain", "", S_INIT("Z\xfcrich"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT("Z\xc3"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT("a\0b"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT("\xff\xfeh\0e\0"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT(X256 X256 "\xe2\x82\xac" X256 "\xf0\x9f\x98\x80"), "text/plain", NULL},
	{"text/plain", "", S_INIT(X256 X256 X256 "\0"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT(X256 X256 X256 "\xe2\x82"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT(X256 X256 X256 "\xe2\x82x"), NULL, NOT_TEXT},
	{"text/plain", "", S_INIT("%PDF-1.7"), NULL, LYING},
	{"text/plain", "", S_INIT(GIF("\1\0", "\1\0")), NULL, LYING},
	{"text/plain", "", S_INIT(" \n<!-- x --><?xml version='1.0'?>\n<!DOCTYPE html>"), NULL, PAGE},
	{"text/markdown", "", S_INIT("\xef\xbb\xbf<SVG onload=x>"), NULL, PAGE},
	{"text/csv", "", S_INIT("<script>"), NULL, PAGE},
	{"text/markdown", "", S_INIT("<h1 align=center>x</h1>"), "text/markdown", NULL},
	{"text/plain", "", S_INIT("<?xml version='1.0'?><a/>"), "text/plain", NULL},
	{"text/plain", "", S_INIT("<!-- never ends"), "text/plain", NULL},
	{"text/html", "", S_INIT("<!doctype html>"), "text/html", NULL},
	{"application/json", "", S_INIT("{\"a\":1}"), "application/json", NULL},
	{"text/json", "", S_INIT("{}"), "application/json", NULL},
	{"application/json", "", S_INIT("\xff"), NULL, NOT_TEXT},
	/* nothing was said */
	{"", "", S_INIT(PNG("\0\0\0\1", "\0\0\0\1")), "image/png", NULL},
	{"application/octet-stream", "md", S_INIT(JPEG("\0\1", "\0\1")), "image/jpeg", NULL},
	{"", "txt", S_INIT("%PDF-"), "application/pdf", NULL},
	{"", "", S_INIT(PNG("\xff\xff\xff\xff", "\0\0\0\1")), NULL, PIXELS},
	{"application/octet-stream", "MD", S_INIT("# x"), "text/markdown", NULL},
	{"", "csv", S_INIT("a,b"), "text/csv", NULL},
	{"", "exe", S_INIT("hello"), "text/plain", NULL},
	{"", "csv", S_INIT("a\0b"), "application/octet-stream", NULL},
	{"", "", S_INIT("PK\x03\x04xx\xff"), "application/octet-stream", NULL},
	{"", "", S_INIT("<html>"), NULL, PAGE},
	{"", "", S_INIT("<svg>"), NULL, PAGE},
	{"", "", S_INIT(X256 X256 X256 "\xff"), NULL, NOT_TEXT},
	{"", "", S_INIT(""), "text/plain", NULL},
	/* what nobody looks into */
	{"application/zip", "", S_INIT("PK\x03\x04xxxx"), "application/zip", NULL},
	{"application/zip", "", S_INIT("xx"), NULL, LYING},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "", S_INIT("PK\x05\x06xxxx"),
	 "application/vnd.openxmlformats-officedocument.wordprocessingml.document", NULL},
	{"audio/wav", "", S_INIT("RIFFxxxxWAVE"), "audio/wav", NULL},
	{"audio/wav", "", S_INIT(GIF("\1\0", "\1\0")), NULL, LYING},
	{"image/svg+xml", "", S_INIT("<svg xmlns='x'>"), NULL, PAGE},
};

static void check(size_t i, size_t cut, size_t step)
{
	struct sniff *s = xalloc(sizeof(*s));
	struct slice in = files[i].in;
	bool ok = true;

	sniff_init(s, slice_cstr(files[i].said), slice_cstr(files[i].extension));
	for (; ok && in.n; cut = step) {
		char *copy = xalloc(in.n);
		struct slice piece = slice_upto(in, cut);

		if (piece.n)
			memcpy(copy, piece.p, piece.n);
		ok = sniff_feed(s, slice_mem(copy, piece.n));
		free(copy);
		in = slice_from(in, piece.n);
	}
	ok = ok && sniff_end(s);
	if (ok != (files[i].why == NULL) || (!ok && strcmp(s->why, files[i].why) != 0))
		fail_msg("file %zu cut at %zu: %s", i, cut, ok ? "fine" : s->why);
	if (ok)
		assert_true(slice_is(sniff_found(s), files[i].found));
	free(s);
}

static void sniff__files_cut_anywhere__are_what_they_are(void **state UNUSED)
{
	for (size_t i = 0; i < countof(files); i++) {
		check(i, SIZE_MAX, SIZE_MAX);
		for (size_t cut = 0; cut <= files[i].in.n; cut++)
			check(i, cut, SIZE_MAX);
		for (size_t step = 1; step < 6; step++)
			check(i, step, step);
	}
}

static void sniff__shown_as__is_never_a_page(void **state UNUSED)
{
	assert_string_equal(sniff_shown_as(S("image/webp")), "image/webp");
	assert_string_equal(sniff_shown_as(S("text/html")), "text/plain; charset=utf-8");
	assert_string_equal(sniff_shown_as(S("application/xhtml+xml")), "text/plain; charset=utf-8");
	assert_string_equal(sniff_shown_as(S("application/json")), "text/plain; charset=utf-8");
	assert_string_equal(sniff_shown_as(S("image/svg+xml")), "application/octet-stream");
	assert_string_equal(sniff_shown_as(S("application/zip")), "application/octet-stream");
	assert_string_equal(sniff_shown_as(S("")), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sniff__files_cut_anywhere__are_what_they_are), cmocka_unit_test(sniff__shown_as__is_never_a_page)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
