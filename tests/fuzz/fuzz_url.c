/* SPDX-License-Identifier: MIT */
/* Parts lie in the input and in order; what is decoded, coded and decoded again is the same; a query's value is found where it is. */
#include "tests/fuzz/fuzz.h"
#include "wire/url.h"
#include "wire/utf8.h"

static void check_url(struct slice in)
{
	struct url u;

	if (!url_parse(in, &u))
		return;
	struct slice parts[] = {u.scheme, u.user, u.password, u.host, u.port, u.path, u.query, u.fragment};
	const char *at = in.p;

	for (size_t i = 0; i < countof(parts); i++) {
		CHECK(inside(parts[i], in));
		if (parts[i].n) {
			CHECK(parts[i].p >= at);
			at = parts[i].p + parts[i].n;
		}
	}
	CHECK(u.scheme.n && (u.path.n == 0 || u.path.p[0] == '/'));
	CHECK(slice_find(u.host, S("@")) < 0 && slice_find(u.host, S("/")) < 0 && slice_find(u.host, S("\\")) < 0);
}

static void check_coding(struct slice in, bool plus)
{
	struct buf text = BUF_INIT(in.n), coded = BUF_INIT(in.n * 3), back = BUF_INIT(in.n);

	if (url_decode(&text, in, plus)) {
		CHECK(utf8_valid(buf_slice(&text)) && slice_find(buf_slice(&text), slice_mem("", 1)) < 0);
		url_encode(&coded, buf_slice(&text));
		CHECK(url_decode(&back, buf_slice(&coded), true) && slice_eq(buf_slice(&text), buf_slice(&back)));
	} else {
		CHECK(text.n == 0);
	}
	buf_release(&text);
	buf_release(&coded);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_mem(data, size), value;
	bool twice;

	check_url(in);
	check_coding(in, false);
	check_coding(in, true);
	if (url_query(in, S("a"), &value, &twice))
		CHECK(inside(value, in) && slice_find(value, S("&")) < 0);
	else
		CHECK(!twice);
	return 0;
}
