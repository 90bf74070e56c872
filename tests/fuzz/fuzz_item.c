/* SPDX-License-Identifier: MIT */
/* Any text as a stored item: what is done to it leaves JSON (when it was clean, as what we store is), and what could not be done leaves nothing. */
#include "chatkit/item.h"
#include "tests/fuzz/fuzz.h"

static bool clean;

static bool is_clean(struct slice s)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	bool mend;

	return guard_check(s, &limits, NULL, 0, &mend, NULL) == RC_OK && !mend;
}

static void is_json(struct buf *b)
{
	CHECK(buf_ok(b) && (!clean || is_clean(buf_slice(b))));
	buf_clear(b);
}

static void calls(struct arena *a, struct slice in, struct buf *b)
{
	struct err e = ERR_INIT;
	struct ck_call call;

	if (ck_call_read(a, in, &call, &e) == RC_OK) {
		touch(call.arguments);
		touch(call.output);
	}
	if (ck_call_complete(a, b, in, S("{\"a\":[1,\"x\"]}"), &e) != RC_OK) {
		CHECK(e.rc == RC_BAD || e.rc == RC_CONFLICT);
		CHECK(b->n == 0);
		return;
	}
	if (ck_call_read(a, buf_slice(b), &call, &e) == RC_OK)
		CHECK(slice_is(call.output, "{\"a\":[1,\"x\"]}"));
	is_json(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20, NULL);
	struct slice in = slice_mem(data, size), id, type, widget, role, text, at;
	struct buf b = BUF_INIT(8 << 20);
	struct err e = ERR_INIT;

	clean = is_clean(in);
	if (ck_item_id_type(a, in, &id, &type))
		CHECK(id.n && type.n);
	if (ck_item_text(a, in, &role, &text, &at))
		touch(text);
	calls(a, in, &b);
	if (ck_widget_replace(a, &b, in, S("{\"type\":\"Card\"}"), S("c\"opy"), &e) == RC_OK) {
		CHECK(!clean || (ck_widget_read(a, buf_slice(&b), &widget, &e) == RC_OK && slice_is(widget, "{\"type\":\"Card\"}")));
		is_json(&b);
	} else {
		CHECK(e.rc == RC_BAD && b.n == 0);
	}
	ck_workflow_interrupt(a, &b, in);
	if (!slice_eq(buf_slice(&b), in))
		is_json(&b);
	buf_release(&b);
	arena_free(a);
	return 0;
}
