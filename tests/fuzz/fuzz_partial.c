/* SPDX-License-Identifier: MIT */
/* Every beginning of what guard passes is closed to something that guard passes, and grows; of anything else, nothing is read beyond its end. */
#include "tests/fuzz/fuzz.h"
#include "wire/guard.h"
#include "wire/partial.h"

#define SPLITS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guard_limits limits = {.depth = 32, .nodes = 100000, .key = 1024, .upstream = true, .any_top = true};
	struct slice in = slice_mem(data, size);
	struct buf b = BUF_INIT(size + 64);
	bool mend, good = guard_check(in, &limits, NULL, 0, &mend, NULL) == RC_OK, there = false;
	size_t step = size / SPLITS_MAX + 1;

	for (size_t n = 0; n <= size; n += step) {
		/* A copy of its own, so that its end is an end. */
		char *copy = xalloc(n + 1);
		bool got;

		if (n)
			memcpy(copy, data, n);
		got = json_complete(slice_mem(copy, n), &b);
		CHECK(buf_ok(&b) && (got || b.n == 0));
		CHECK(!good || got || !there);
		if (good && got)
			CHECK(guard_check(buf_slice(&b), &limits, NULL, 0, &mend, NULL) == RC_OK);
		there = got;
		buf_clear(&b);
		free(copy);
	}
	buf_release(&b);
	return 0;
}
