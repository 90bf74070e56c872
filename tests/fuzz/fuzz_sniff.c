/* SPDX-License-Identifier: MIT */
/* The first byte says what the file was said to be, the next two how it is cut. What is found, or what is wrong, is the same however it is cut. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "wire/sniff.h"

static const struct slice said[] = {S_INIT(""), S_INIT("image/png"), S_INIT("image/jpeg"), S_INIT("image/gif"), S_INIT("image/webp"),
				    S_INIT("application/pdf"), S_INIT("text/plain"), S_INIT("text/html"), S_INIT("application/zip"), S_INIT("audio/wav")};

static void look(struct slice as, struct slice in, size_t first, size_t step, struct sniff *s)
{
	bool ok = true;

	sniff_init(s, as, S("md"));
	for (size_t n = first; ok && in.n; n = step) {
		struct slice piece = slice_upto(in, n ? n : 1);
		char *copy = xalloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		ok = sniff_feed(s, slice_mem(copy, piece.n));
		free(copy);
		in = slice_from(in, piece.n);
	}
	ok = ok && sniff_end(s);
	CHECK(ok == !s->why && (!ok || sniff_found(s).n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sniff *whole = xalloc(sizeof(*whole)), *cut = xalloc(sizeof(*cut));
	struct slice in, as;

	if (size >= 3) {
		in = slice_mem(data + 3, size - 3);
		as = said[data[0] % countof(said)];
		look(as, in, SIZE_MAX, SIZE_MAX, whole);
		look(as, in, data[1], data[2], cut);
		CHECK(!whole->why == !cut->why);
		CHECK(whole->why || slice_eq(sniff_found(whole), sniff_found(cut)));
	}
	free(whole);
	free(cut);
	return 0;
}
