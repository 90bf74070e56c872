/* SPDX-License-Identifier: MIT */
/* Any JSON as a tool's _meta and as questions to the user: what is taken from it can be written, and is JSON again; warnings are lines. */
#include "chatkit/answer.h"
#include "chatkit/meta.h"
#include "tests/fuzz/fuzz.h"

static bool is_clean(struct slice s, bool any)
{
	struct guard_limits limits = {.depth = 32, .nodes = 100000, .key = 1024, .upstream = true, .any_top = any};
	bool mend;

	return guard_check(s, &limits, NULL, 0, &mend, NULL) == RC_OK && !mend;
}

static void is_json(struct slice s, bool any)
{
	CHECK(is_clean(s, any));
}

static void show(const struct ck_shown *m)
{
	struct buf b = BUF_INIT(64 << 20);

	if (m->widget.n)
		is_json(m->widget, false);
	if (m->hidden_context.n)
		is_json(m->hidden_context, true);
	if (m->status.n)
		is_json(m->status, false);
	if (m->updated_item.n)
		is_json(m->updated_item, false);
	for (size_t i = 0; i < m->n_items; i++)
		is_json(m->items[i], false);
	for (size_t i = 0; i < m->n_effects; i++)
		is_json(m->effects[i].data, false);
	for (size_t i = 0; i < m->n_sources; i++) {
		touch(m->sources[i].after);
		buf_clear(&b);
		ck_annotation_json(&b, &(struct ck_annotation){m->sources[i].source, -1});
		is_json(buf_slice(&b), false);
	}
	if (m->has_task) {
		buf_clear(&b);
		ck_task_json(&b, &m->task);
		is_json(buf_slice(&b), false);
	}
	touch(m->message);
	touch(m->copy_text);
	touch(m->title);
	touch(m->notice);
	touch(m->notice_title);
	CHECK(!m->notice_level == !m->notice.n);
	buf_release(&b);
}

static void ask(struct arena *a, struct slice in)
{
	static const struct slice values[] = {S_INIT("a\nb"), S_INIT("\"")};
	static const struct ck_given given[] = {{.id = S_INIT("q1"), .values = values, .n_values = 2}, {.id = S_INIT("q2"), .skipped = true}};
	static const struct ck_answers answers = {.given = given, .n = 2};
	const struct ck_meta meta = {S("m"), S("t"), 0};
	struct buf item = BUF_INIT(64 << 20), warnings = BUF_INIT(1 << 16);
	struct slice inputs, body, text;
	struct err e = ERR_INIT;

	if (ck_questions_read(a, in, &inputs, &e) == RC_OK) {
		is_json(inputs, true);
		ck_structured_input(&item, &meta, inputs);
		CHECK(ck_answer(a, buf_slice(&item), &answers, &body, &text, &warnings, &e) == RC_OK);
		is_json(body, false);
		CHECK(slice_ends(text, S("\n</StructuredInput>")));
		CHECK(ck_answer(a, body, &answers, &body, &text, NULL, &e) == RC_CONFLICT);
	} else {
		CHECK(e.rc == RC_BAD || e.rc == RC_TOO_LARGE);
	}
	/* The input as a stored item of any type; what we store is clean. */
	if (ck_answer(a, in, &answers, &body, &text, &warnings, &e) == RC_OK)
		CHECK(!is_clean(in, false) || is_clean(body, false));
	buf_release(&item);
	buf_release(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 << 20, NULL);
	struct buf warnings = BUF_INIT(1 << 20);
	struct slice in = slice_mem(data, size);
	struct err e = ERR_INIT;
	struct ck_shown m;

	if (ck_meta_read(a, in, &m, &warnings, &e) == RC_OK)
		show(&m);
	else
		CHECK(e.rc == RC_TOO_LARGE);
	touch(buf_slice(&warnings));
	ask(a, in);
	buf_release(&warnings);
	arena_free(a);
	return 0;
}
