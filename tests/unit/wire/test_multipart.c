/* SPDX-License-Identifier: MIT */
#include "wire/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Each piece lives in memory of its own that is gone once it is used up, so that a slice into it would be seen. */
static bool feed(struct multipart *m, struct slice piece, struct buf *out, bool *in_data)
{
	char *copy = xalloc(piece.n);
	struct multipart_event ev;
	enum multipart_got got;

	if (piece.n)
		memcpy(copy, piece.p, piece.n);
	multipart_feed(m, slice_mem(copy, piece.n));
	while ((got = multipart_next(m, &ev)) != MULTIPART_MORE && got != MULTIPART_BAD) {
		if (got == MULTIPART_PART)
			buf_addf(out, "[%.*s|%.*s%s|%.*s|", SLICE_ARG(ev.name), SLICE_ARG(ev.filename), ev.is_file ? "!" : "", SLICE_ARG(ev.type));
		else if (got == MULTIPART_DATA)
			buf_add(out, ev.data);
		else
			buf_adds(out, got == MULTIPART_PART_END ? "]" : ".");
		*in_data = got == MULTIPART_DATA;
	}
	memset(copy, '#', piece.n);
	free(copy);
	return got == MULTIPART_MORE;
}

/* The events of a form in pieces: cut at cut, or every step bytes. */
static void decode(struct slice in, size_t cut, size_t step, struct buf *out)
{
	struct multipart *m = xalloc(sizeof(*m));
	bool more = true, in_data = false;

	multipart_init(m, S("b"));
	buf_clear(out);
	while (more && in.n) {
		more = feed(m, slice_upto(in, cut), out, &in_data);
		in = slice_from(in, cut);
		cut = step;
	}
	if (!multipart_end(m))
		buf_addf(out, "!%s", m->why);
	free(m);
}

#define CD "Content-Disposition: form-data; name="
#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define X4096 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256 X256
#define PART "--b\r\n" CD "a\r\n\r\n\r\n"
#define PARTS8 PART PART PART PART PART PART PART PART
#define ENDS "!The form ends before its last boundary."
#define BOUNDARY "!A boundary of the form is broken."
#define HEADER "!A header in the form is malformed."
#define DISPOSITION "!A part of the form has no proper Content-Disposition."

static const struct {
	struct slice in;
	const char *want;
} forms[] = {
	{S_INIT("--b\r\n" CD "\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--b--\r\n"), "[file|a.png!|image/png|PNG]."},
	{S_INIT("--b\r\n" CD "\"x\"\r\n\r\n1\r\n--b\r\n" CD "\"y\"\r\n\r\n2\r\n--b--"), "[x|file||1][y|file||2]."},
	{S_INIT("--b\r\n" CD "x\r\n\r\n\r\n--b--"), "[x|file||]."},
	{S_INIT("--b\r\ncontent-disposition:FORM-DATA ; NAME=\"x\"\r\n\r\n1\r\n--b--"), "[x|file||1]."},
	{S_INIT("--b\r\nX-Y: z\r\n" CD "\"x\"\r\nContent-Transfer-Encoding: binary\r\n\r\n1\r\n--b--"), "[x|file||1]."},
	/* what looks like a boundary and is none */
	{S_INIT("--b\r\n" CD "x\r\n\r\n--b\r\n--b--"), "[x|file||--b]."},
	{S_INIT("--b\r\n" CD "x\r\n\r\na\r\n-b\r\n--\r\n--c\r\r\n\n--b\r\n--b--"), "[x|file||a\r\n-b\r\n--\r\n--c\r\r\n\n--b]."},
	{S_INIT("--b\r\n" CD "x\r\n\r\n\r\r\n\r\r\n--b--"), "[x|file||\r\r\n\r]."},
	{S_INIT("--b\r\n" CD "x\r\n\r\n\n--b\r\n--b--"), "[x|file||\n--b]."},
	/* around it */
	{S_INIT("hello\r\n--c\r\n--b\r\n" CD "x\r\n\r\n1\r\n--b--\r\nbye\r\n--b\r\n"), "[x|file||1]."},
	{S_INIT("\r\n--b \t \r\n" CD "x\r\n\r\n1\r\n--b--"), "[x|file||1]."},
	{S_INIT("--b--"), "."},
	/* broken */
	{S_INIT(""), ENDS},
	{S_INIT("x"), ENDS},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1"), "[x|file||1" ENDS},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b"), "[x|file||1]" ENDS},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b-"), "[x|file||1]" ENDS},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b\r\n"), "[x|file||1]" ENDS},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--bc"), "[x|file||1]" BOUNDARY},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b-\r\n"), "[x|file||1]" BOUNDARY},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b -"), "[x|file||1]" BOUNDARY},
	{S_INIT("--b\r\n" CD "x\r\n\r\n1\r\n--b\rx"), "[x|file||1]" BOUNDARY},
	{S_INIT("--b\n" CD "x\n\n1\n--b--\n"), BOUNDARY},
	{S_INIT("--b\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\nContent-Disposition: attachment; name=x\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\n" CD "x; name=y\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\n" CD "\"x\r\n\r\n1\r\n--b--"), DISPOSITION},
	{S_INIT("--b\r\n" CD "x\r\n" CD "y\r\n\r\n1\r\n--b--"), "!A part of the form has two Content-Dispositions."},
	{S_INIT("--b\r\n" CD "x\r\nContent-Type: a/b\r\ncontent-type: c/d\r\n\r\n1\r\n--b--"), "!A part of the form has two Content-Types."},
	{S_INIT("--b\r\n" CD "x\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n--b--"), "!A part of the form is encoded; send its bytes as they are."},
	{S_INIT("--b\r\n" CD "x\r\n folded\r\n\r\n1\r\n--b--"), HEADER},
	{S_INIT("--b\r\n" CD "x\r\nno colon\r\n\r\n1\r\n--b--"), HEADER},
	{S_INIT("--b\r\n" CD "x\nX: y\r\n\r\n1\r\n--b--"), HEADER},
	{S_INIT("--b\r\n" CD "x\0y\r\n\r\n1\r\n--b--"), HEADER},
	{S_INIT("--b\r\nX: " X4096 "\r\n\r\n"), "!A part of the form has too many headers."},
	{S_INIT(X4096 "x\r\n--b--"), "!The form's first boundary is missing."},
	{S_INIT("--b--" X4096 "x"), ".!Something follows the form's last boundary."},
	{S_INIT(PARTS8 PARTS8 PARTS8 PARTS8 PART "--b--"), NULL},
};

static void multipart__forms__give_their_parts(void **state UNUSED)
{
	struct buf out = BUF_INIT(100000);

	for (size_t i = 0; i < countof(forms); i++) {
		decode(forms[i].in, SIZE_MAX, SIZE_MAX, &out);
		if (forms[i].want)
			assert_string_equal(buf_slice(&out).p, forms[i].want);
		else
			assert_true(slice_ends(buf_slice(&out), S("!The form has too many parts.")));
	}
	buf_release(&out);
}

static void multipart__any_split__gives_the_same_parts(void **state UNUSED)
{
	struct buf whole = BUF_INIT(100000), cut = BUF_INIT(100000);

	for (size_t i = 0; i < countof(forms); i++) {
		decode(forms[i].in, SIZE_MAX, SIZE_MAX, &whole);
		for (size_t k = 0; k <= forms[i].in.n; k++) {
			decode(forms[i].in, k, SIZE_MAX, &cut);
			assert_true(slice_eq(buf_slice(&whole), buf_slice(&cut)));
		}
		for (size_t step = 1; step < 8; step++) {
			decode(forms[i].in, step, step, &cut);
			assert_true(slice_eq(buf_slice(&whole), buf_slice(&cut)));
		}
	}
	buf_release(&whole);
	buf_release(&cut);
}

static const struct {
	const char *type, *want; /* want NULL: not one */
} boundaries[] = {
	{"multipart/form-data; boundary=b", "b"},
	{"Multipart/Form-Data;BOUNDARY=----WebKitFormBoundaryA1", "----WebKitFormBoundaryA1"},
	{"multipart/form-data; charset=utf-8; boundary=\"a b=;c\"", NULL}, /* ; is none of RFC 2046's */
	{"multipart/form-data; boundary=\"a b=c\"", "a b=c"},
	{"multipart/form-data; boundary=\"b\"; x=y", "b"},
	{"multipart/form-data; x=\"boundary=a\"; boundary=b", "b"},
	{"multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
	 "0123456789012345678901234567890123456789012345678901234567890123456789"},
	{"multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890", NULL},
	{"multipart/form-data; boundary=", NULL},
	{"multipart/form-data; boundary=\"\"", NULL},
	{"multipart/form-data; boundary=\"b", NULL},
	{"multipart/form-data; boundary=\"b\"c", NULL},
	{"multipart/form-data; boundary=\"b \"", NULL},
	{"multipart/form-data; boundary=a; boundary=b", NULL},
	{"multipart/form-data; boundary=a\"b", NULL},
	{"multipart/form-data", NULL},
	{"multipart/mixed; boundary=b", NULL},
	{"text/plain; boundary=b", NULL},
	{"", NULL},
};

static void multipart__content_type__gives_the_boundary(void **state UNUSED)
{
	struct slice b;

	for (size_t i = 0; i < countof(boundaries); i++) {
		bool found = multipart_boundary(slice_cstr(boundaries[i].type), &b);

		assert_int_equal(found, boundaries[i].want != NULL);
		if (found)
			assert_true(slice_is(b, boundaries[i].want));
	}
	assert_true(multipart_is(S(" MultiPart/mixed")));
	assert_false(multipart_is(S("text/plain")));
}

static void name_is(struct slice header, const char *want)
{
	struct buf out = BUF_INIT(FILENAME_MAX_BYTES);
	struct disposition d;

	assert_true(disposition_read(header, &d));
	disposition_filename(&out, &d, NULL);
	assert_string_equal(buf_slice(&out).p, want);
	buf_release(&out);
}

static void filename__of_a_header__is_a_harmless_label(void **state UNUSED)
{
	name_is(S("form-data; name=x"), "file");
	name_is(S("form-data; filename=\"\""), "file");
	name_is(S("form-data; filename=a.png"), "a.png");
	name_is(S("form-data; filename=\"../../etc/passwd\""), "passwd");
	name_is(S("form-data; filename=\"..\\..\\boot.ini\""), "boot.ini");
	name_is(S("form-data; filename=\"C:\\dir\\a.txt\""), "a.txt");
	name_is(S("form-data; filename=\"..\""), "file");
	name_is(S("form-data; filename=\"dir/\""), "file");
	name_is(S("form-data; filename=\"a\\\"b%22c%0D%0Ad.txt\""), "a\"b\"c  d.txt");
	name_is(S("form-data; filename=\"a;b.txt\"; name=\"x\""), "a;b.txt");
	name_is(S("form-data; filename=\"Z\xc3\xbcrich.txt\""), "Z\xc3\xbcrich.txt");
	name_is(S("form-data; filename=\"Z\xfcrich.txt\""), "Z\xef\xbf\xbdrich.txt");
	name_is(S("form-data; filename=\"a\x1b[31m\xc2\x85.txt\""), "a[31m.txt");
	name_is(S("form-data; filename=\"\xe2\x80\xaegpj.exe\""), "gpj.exe");
	name_is(S("form-data; filename=\"a.txt\"; filename*=UTF-8''Z%C3%BCrich.txt"), "Z\xc3\xbcrich.txt");
	name_is(S("form-data; filename*=utf-8'de'%2e%2e%2fa.txt"), "a.txt");
	name_is(S("form-data; filename*=iso-8859-1''Z%FCrich"), "Z\xc3\xbcrich");
	name_is(S("form-data; filename*=iso-8859-1''Z%F; filename=b"), "b");
	name_is(S("form-data; filename*=UTF-8''%FF; filename=b"), "b");
	name_is(S("form-data; filename*=UTF-8''a%00b; filename=b"), "b");
	name_is(S("form-data; filename*=koi8-r''a; filename=b"), "b");
	name_is(S("form-data; filename*=broken; filename=b"), "b");
	name_is(S("form-data; filename=b;"), "b");
}

static void filename__too_long__keeps_its_extension(void **state UNUSED)
{
	struct buf out = BUF_INIT(1000);

	filename_clean(&out, S(X256 ".markdown"));
	assert_int_equal(out.n, FILENAME_MAX_BYTES);
	assert_true(slice_ends(buf_slice(&out), S("x.markdown")));
	buf_clear(&out);
	filename_clean(&out, S(X256));
	assert_int_equal(out.n, FILENAME_MAX_BYTES);
	buf_clear(&out);
	filename_clean(&out, S("a." X256));
	assert_int_equal(out.n, FILENAME_MAX_BYTES);
	assert_true(filename_extension(S("a." X256)).n == 0);
	assert_true(slice_is(filename_extension(S("a.b.csv")), "csv"));
	assert_true(filename_extension(S("a.")).n == 0);
	buf_release(&out);
}

static void filename__in_a_header__is_ascii(void **state UNUSED)
{
	struct buf out = BUF_INIT(1000);

	filename_header(&out, "attachment", S("a \"%\\\xc3\xbc.txt"));
	assert_string_equal(buf_slice(&out).p, "attachment; filename=\"a _____.txt\"; filename*=UTF-8''a%20%22%25%5C%C3%BC.txt");
	buf_release(&out);
}

static void filename__broken_header__is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"", ";", "form-data name=x", "form-data; name", "form-data; name=", "form-data; name=\"x", "form-data; name=x name=y",
		"form-data; filename*=; filename=b", "form-data; filename=a; filename=b", "form-data; filename*=a; filename*=b", "form-data; =x",
		"form-data; name=\"x\"y",
	};
	struct disposition d;

	for (size_t i = 0; i < countof(bad); i++)
		assert_false(disposition_read(slice_cstr(bad[i]), &d));
	assert_true(disposition_read(S(" form-data ;name=x; x=\"y\" ; "), &d));
	assert_true(slice_is(d.name, "x") && slice_is(d.type, "form-data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multipart__forms__give_their_parts),
		cmocka_unit_test(multipart__any_split__gives_the_same_parts),
		cmocka_unit_test(multipart__content_type__gives_the_boundary),
		cmocka_unit_test(filename__of_a_header__is_a_harmless_label),
		cmocka_unit_test(filename__too_long__keeps_its_extension),
		cmocka_unit_test(filename__in_a_header__is_ascii),
		cmocka_unit_test(filename__broken_header__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
