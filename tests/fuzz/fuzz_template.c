/* SPDX-License-Identifier: MIT */
/*
 * A template, a NUL, and its data: read, rendered, and as a value. A refusal has a place; a value is JSON. What a template may cost is bounded, so a slow
 * input is a finding as well.
 */
#include "chatkit/template.h"
#include "tests/fuzz/fuzz.h"

static void refused(enum rc rc, const struct err *e)
{
	CHECK(rc == RC_BAD || rc == RC_TOO_LARGE);
	CHECK(e->rc == rc && e->msg[0] && strcmp(e->msg, e->user) == 0);
	CHECK(rc == RC_TOO_LARGE || strncmp(e->msg, "line ", 5) == 0);
}

static void show(struct arena *a, const struct template *t, const struct json_at *data)
{
	struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 1000000, .key = 1 << 20, .upstream = true, .any_top = true};
	struct buf out = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
	struct err e = ERR_INIT, same = ERR_INIT;
	enum rc rc = template_render(t, a, data, &out, &e);

	/* A template remembers nothing. */
	CHECK(template_render(t, a, data, &again, &same) == rc && slice_eq(buf_slice(&out), buf_slice(&again)) && strcmp(e.msg, same.msg) == 0);
	if (rc != RC_OK)
		refused(rc, &e);
	else
		touch(buf_slice(&out));
	buf_clear(&out);
	rc = template_value(t, a, data, &out, &e);
	if (rc != RC_OK)
		refused(rc, &e);
	else
		CHECK(guard_check(buf_slice(&out), &limits, NULL, 0, &(bool){false}, &e) == RC_OK);
	buf_release(&out);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 20000, .key = 256, .upstream = true};
	struct arena *a = arena_new(64 << 20, NULL);
	struct err e = ERR_INIT;
	struct slice text, json = slice_cut(slice_mem(bytes, size), '\0', &text);
	struct json_doc *doc = NULL;
	struct json_at data = {.there = false};
	struct template *t;
	enum rc rc = template_parse(a, text, &t, &e);

	if (rc != RC_OK) {
		refused(rc, &e);
	} else {
		if (json_parse(a, json, &limits, &doc, &e) == RC_OK)
			data = json_root(doc);
		show(a, t, doc ? &data : NULL);
	}
	arena_free(a);
	return 0;
}
