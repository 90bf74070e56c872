/* SPDX-License-Identifier: MIT */
/* What guard passes, json-c reads whole and without a complaint; picks lie in the input; what is mended passes a client's guard but for its keys. */
#include "tests/fuzz/fuzz.h"
#include "wire/guard.h"
#include "wire/utf8.h"

#include <json-c/json.h>

static void json_c_agrees(struct slice in)
{
	struct json_tokener *t = json_tokener_new_ex(GUARD_DEPTH_MAX + 1);
	struct json_object *v = json_tokener_parse_ex(t, in.p, (int)in.n);

	CHECK(v && json_tokener_get_error(t) == json_tokener_success);
	/* It stops at the last brace; only blanks may follow. */
	CHECK(slice_trim(slice_from(in, json_tokener_get_parse_end(t))).n == 0);
	json_object_put(v);
	json_tokener_free(t);
}

static void check_pick(const struct guard_pick *pick, struct slice in)
{
	static const struct guard_limits limits = {.depth = 32, .nodes = 100000, .key = 1024, .upstream = true, .any_top = true};
	struct buf text = BUF_INIT(1 << 20);
	bool mend;

	CHECK(inside(pick->raw, in));
	if (pick->raw.n)
		CHECK(guard_check(pick->raw, &limits, NULL, 0, &mend, NULL) == RC_OK);
	if (pick->raw.n && pick->raw.p[0] == '"') {
		guard_unescape(pick->raw, &text);
		CHECK(utf8_valid(buf_slice(&text)) && slice_find(buf_slice(&text), slice_mem("", 1)) < 0);
	}
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_pick picks[] = {{"a", SLICE_NONE}, {"a.b", SLICE_NONE}, {"a.0.c", SLICE_NONE}, {"choices.0.delta.content", SLICE_NONE}};
	struct guard_limits client = GUARD_CLIENT, upstream = GUARD_UPSTREAM;
	struct slice in = slice_mem(data, size);
	struct buf mended = BUF_INIT(size * 3);
	struct err e = ERR_INIT;
	bool mend, ok = guard_check(in, &client, NULL, 0, NULL, &e) == RC_OK;

	CHECK(ok || (e.rc == RC_BAD && utf8_valid(slice_cstr(e.msg))));
	if (ok)
		json_c_agrees(in);
	if (guard_check(in, &upstream, picks, countof(picks), &mend, &e) == RC_OK) {
		for (size_t i = 0; i < countof(picks); i++)
			check_pick(&picks[i], in);
		guard_mend(in, &mended);
		CHECK(buf_ok(&mended) && (mend || slice_eq(buf_slice(&mended), in)));
		json_c_agrees(buf_slice(&mended));
		CHECK(guard_check(buf_slice(&mended), &upstream, NULL, 0, &mend, &e) != RC_OK || !mend);
	} else {
		CHECK(!ok); /* an upstream may do all that a client may */
	}
	buf_release(&mended);
	return 0;
}
