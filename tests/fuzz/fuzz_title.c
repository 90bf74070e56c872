/* SPDX-License-Identifier: MIT */
/* Whatever a model says as a title, what becomes of it can be shown as one; and a title stays as it is. */
#include "turn/title.h"
#include "tests/fuzz/fuzz.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(16 << 20, NULL);
	struct slice title = title_clean(a, slice_mem(data, size));

	CHECK(utf8_valid(title));
	CHECK(utf8_cut_chars(title, 49).n == title.n); /* an ellipsis where it was cut */
	CHECK(slice_eq(slice_trim(title), title));
	CHECK(!slice_ends(title, S(".")));
	for (size_t i = 0; i < title.n; i++)
		CHECK((unsigned char)title.p[i] >= ' ' && title.p[i] != 0x7f);
	arena_free(a);
	return 0;
}
