/* SPDX-License-Identifier: MIT */
/* The two ways to say that a text is good agree; what is mended is good; a text cut in two and held back at its partial tail is the same text. */
#include "tests/fuzz/fuzz.h"
#include "wire/utf8.h"

static bool valid_by_character(struct slice s)
{
	uint32_t cp;

	while (s.n) {
		int got = utf8_get(s.p, s.n, &cp);

		CHECK(got && (got > 0 ? (size_t)got : (size_t)-got) <= s.n);
		if (got < 0)
			return false;
		s = slice_from(s, (size_t)got);
	}
	return true;
}

static void check_cuts(struct slice s)
{
	size_t chars = 0;

	for (size_t max = 0; max <= s.n; max++) {
		struct slice head = slice_upto(s, max);
		size_t tail = utf8_partial_tail(head);

		CHECK(utf8_cut(s, max).n == max - tail);
		CHECK(utf8_valid(slice_upto(head, head.n - tail)));
		chars += tail == 0 && max > 0;
	}
	CHECK(utf8_cut_chars(s, chars).n == s.n && utf8_len16(s) >= chars && utf8_len16(s) <= 2 * chars);
	if (chars)
		CHECK(utf8_cut_chars(s, chars - 1).n < s.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_upto(slice_mem(data, size), 4096);
	struct buf mended = BUF_INIT(in.n * 3), again = BUF_INIT(in.n * 3);
	bool valid = utf8_valid(in);

	CHECK(valid == valid_by_character(in));
	CHECK(utf8_partial_tail(in) <= 3 && (!valid || utf8_partial_tail(in) == 0));
	if (valid)
		check_cuts(in);
	utf8_mend(&mended, in);
	CHECK(buf_ok(&mended) && utf8_valid(buf_slice(&mended)) && slice_find(buf_slice(&mended), slice_mem("", 1)) < 0);
	CHECK(!valid || slice_find(in, slice_mem("", 1)) >= 0 || slice_eq(in, buf_slice(&mended)));
	utf8_mend(&again, buf_slice(&mended));
	CHECK(slice_eq(buf_slice(&mended), buf_slice(&again)));
	buf_release(&mended);
	buf_release(&again);
	return 0;
}
