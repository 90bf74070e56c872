/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"
#include "wire/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_mem(data, size);
	struct media m;

	if (!media_parse(in, &m)) {
		CHECK(!media_is_json(in));
		return 0;
	}
	CHECK(inside(m.type, in) && inside(m.charset, in));
	CHECK(slice_find(in, S(",")) < 0 && slice_find(m.type, S("/")) > 0 && slice_find(m.type, S(";")) < 0);
	touch(m.type);
	touch(m.charset);
	if (media_is_json(in))
		CHECK(slice_eq_nocase(m.type, S("application/json")));
	return 0;
}
