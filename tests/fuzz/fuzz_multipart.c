/* SPDX-License-Identifier: MIT */
/*
 * The first two bytes say how the rest is cut: into pieces, each in memory of its own. The parts are those of the uncut form, and their data together is no
 * more than what came. The first line is tried as a Content-Type and as a Content-Disposition too.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "wire/multipart.h"
#include "wire/utf8.h"

static void note(struct buf *out, enum multipart_got got, const struct multipart_event *ev, size_t *bytes)
{
	if (got == MULTIPART_DATA) {
		CHECK(ev->data.n > 0);
		*bytes += ev->data.n;
		buf_add(out, ev->data);
		return;
	}
	buf_addf(out, "<%d>", got);
	if (got != MULTIPART_PART)
		return;
	CHECK(utf8_valid(ev->filename) && ev->filename.n > 0 && ev->filename.n <= FILENAME_MAX_BYTES);
	CHECK(slice_find(ev->filename, S("/")) < 0 && slice_find(ev->filename, S("\\")) < 0);
	buf_addf(out, "%zu %zu %d %zu:", ev->name.n, ev->filename.n, ev->is_file, ev->type.n);
	buf_add(out, ev->name);
	buf_add(out, ev->filename);
	buf_add(out, ev->type);
}

static void decode(struct slice in, size_t first, size_t step, struct buf *out)
{
	struct multipart *m = xalloc(sizeof(*m));
	struct multipart_event ev;
	enum multipart_got got = MULTIPART_MORE;
	size_t bytes = 0, size = in.n;

	multipart_init(m, S("b"));
	for (size_t n = first; in.n && got == MULTIPART_MORE; n = step) {
		struct slice piece = slice_upto(in, n ? n : 1);
		char *copy = xalloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		multipart_feed(m, slice_mem(copy, piece.n));
		while ((got = multipart_next(m, &ev)) != MULTIPART_MORE && got != MULTIPART_BAD)
			note(out, got, &ev, &bytes);
		free(copy);
		in = slice_from(in, piece.n);
	}
	CHECK(bytes <= size);
	buf_addf(out, " %d %s", multipart_end(m), m->why ? m->why : "");
	free(m);
}

static void headers(struct slice s)
{
	struct buf name = BUF_INIT(1000), header = BUF_INIT(4000);
	struct disposition d;
	struct slice boundary;

	if (multipart_boundary(s, &boundary))
		CHECK(inside(boundary, s) && boundary.n > 0 && boundary.n <= MULTIPART_BOUNDARY_MAX);
	if (disposition_read(s, &d)) {
		CHECK(inside(d.name, s) && inside(d.filename, s) && inside(d.filename_ext, s));
		disposition_filename(&name, &d, NULL);
		CHECK(name.n > 0 && name.n <= FILENAME_MAX_BYTES && utf8_valid(buf_slice(&name)));
		filename_header(&header, "inline", buf_slice(&name));
		CHECK(buf_ok(&header));
		for (size_t i = 0; i < header.n; i++)
			CHECK(header.p[i] >= ' ' && header.p[i] < 0x7f);
	}
	buf_release(&name);
	buf_release(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF_INIT(SIZE_MAX / 2), cut = BUF_INIT(SIZE_MAX / 2);
	struct slice in, line;

	if (size < 2)
		return 0;
	in = slice_mem(data + 2, size - 2);
	slice_cut(in, '\n', &line);
	headers(line);
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
