/* SPDX-License-Identifier: MIT */
/* The first two bytes say how the rest is cut: into pieces, each in memory of its own. The events are those of the uncut stream. */
#include "tests/fuzz/fuzz.h"
#include "wire/sse.h"

static void note(struct buf *out, const struct sse_event *ev)
{
	struct slice parts[] = {ev->event, ev->data, ev->id};

	for (size_t i = 0; i < countof(parts); i++) {
		buf_addi(out, (int64_t)parts[i].n);
		buf_addch(out, ' ');
		buf_add(out, parts[i]);
	}
}

static void decode(struct slice in, size_t first, size_t step, struct buf *out)
{
	struct sse_dec d;
	struct sse_event ev;
	enum sse_got got = SSE_MORE;

	sse_init(&d, 100);
	for (size_t n = first; in.n && got == SSE_MORE; n = step) {
		struct slice piece = slice_upto(in, n ? n : 1);
		char *copy = xalloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		sse_feed(&d, slice_mem(copy, piece.n));
		while ((got = sse_next(&d, &ev)) == SSE_EVENT)
			note(out, &ev);
		free(copy);
		in = slice_from(in, piece.n);
	}
	if (got == SSE_MORE && (got = sse_end(&d, &ev)) == SSE_EVENT)
		note(out, &ev);
	buf_addf(out, " %d %lld", got, (long long)d.retry_ms);
	sse_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT(SIZE_MAX / 2), cut = BUF_INIT(SIZE_MAX / 2);
	struct slice in;

	if (size < 2)
		return 0;
	in = slice_mem(data + 2, size - 2);
	decode(in, SIZE_MAX, SIZE_MAX, &whole);
	decode(in, data[0], SIZE_MAX, &cut);
	CHECK(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_clear(&cut);
	decode(in, data[0], data[1], &cut);
	CHECK(slice_eq(buf_slice(&whole), buf_slice(&cut)));
	buf_release(&whole);
	buf_release(&cut);
	return 0;
}
