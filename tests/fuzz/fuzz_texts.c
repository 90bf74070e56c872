/* SPDX-License-Identifier: MIT */
/* Three lines: an English sentence with places, its translation, and what was said. Whatever they are, filling in ends, and an exact sentence is found. */
#include "tests/fuzz/fuzz.h"

#include "app/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice rest = slice_mem(data, n), english, translation, got;
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct conf *c = arena_new_of(a, struct conf);
	struct conf_text text;

	rest = slice_cut(rest, '\n', &english);
	rest = slice_cut(rest, '\n', &translation);
	text = (struct conf_text){S("de"), english, translation};
	c->texts = &text;
	c->n_texts = 1;
	if (text_fits(english, translation) && translation.n && translation.n <= TEXT_MAX) {
		got = text_in(c, S("de-CH"), rest, a);
		touch(got);
		got = text_in(c, S("de"), english, a);
		CHECK(slice_eq(got, translation));
	}
	CHECK(slice_eq(text_in(c, S("fr"), rest, a), rest));
	arena_free(a);
	return 0;
}
