/* SPDX-License-Identifier: MIT */
/* Any body as a ChatKit request: what is read is shown as items and events, and those are JSON again. */
#include "chatkit/event.h"
#include "chatkit/item.h"
#include "tests/fuzz/fuzz.h"

static void is_json(struct buf *b)
{
	struct guard_limits limits = {.depth = 32, .nodes = 100000, .key = 256};
	struct err e = ERR_INIT;

	CHECK(buf_ok(b));
	CHECK(guard_check(buf_slice(b), &limits, NULL, 0, NULL, &e) == RC_OK);
	buf_clear(b);
}

static void show(struct arena *a, const struct ck_request *r)
{
	struct ck_meta meta = {r->thread_id, r->item_id, 1764261886180370};
	struct buf b = BUF_INIT(16 << 20), text = BUF_INIT(16 << 20);
	struct slice role, said, at;

	ck_input_words(&text, r->input);
	CHECK(text.n <= r->input->text_bytes + r->input->n_parts);
	buf_clear(&text);
	ck_input_text(&text, r->input);
	ck_user_message(&b, &meta, r->input, SLICE_NONE);
	CHECK(ck_item_text(a, buf_slice(&b), &role, &said, &at));
	CHECK(slice_is(role, "user"));
	is_json(&b);
	ck_assistant_message(&b, &meta, buf_slice(&text), true);
	CHECK(ck_item_text(a, buf_slice(&b), &role, &said, &at));
	CHECK(slice_eq(said, buf_slice(&text)));
	is_json(&b);
	ck_event_json(&b, &(struct ck_event){.kind = CK_TEXT_DELTA, .item_id = meta.id, .text = buf_slice(&text)});
	is_json(&b);
	touch(ck_title_of(a, buf_slice(&text)));
	buf_release(&b);
	buf_release(&text);
}

static void read_all(const struct ck_request *r)
{
	touch(r->thread_id);
	touch(r->item_id);
	touch(r->title);
	touch(r->after);
	touch(r->result);
	touch(r->action.type);
	touch(r->action.payload);
	touch(r->announced.name);
	touch(r->announced.mime_type);
	touch(r->attachment_id);
	for (size_t i = 0; i < r->n_item_ids; i++)
		touch(r->item_ids[i]);
	for (size_t i = 0; r->answers && i < r->answers->n; i++) {
		touch(r->answers->given[i].id);
		for (size_t k = 0; k < r->answers->given[i].n_values; k++)
			touch(r->answers->given[i].values[k]);
	}
	for (size_t i = 0; r->input && i < r->input->n_attachments; i++)
		touch(r->input->attachments[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct arena *a = arena_new(64 << 20, NULL);
	struct ck_request *r = arena_new_of(a, struct ck_request);
	struct err e = ERR_INIT;
	struct json_doc *doc;
	struct json_at root;

	if (json_parse(a, slice_mem(data, size), &limits, &doc, &e) != RC_OK)
		goto out;
	root = json_root(doc);
	if (ck_request_read(a, &root, r, &e) == RC_OK) {
		read_all(r);
		if (r->input)
			show(a, r);
	} else {
		CHECK(e.rc == RC_BAD);
		touch(slice_cstr(e.user));
	}
out:
	arena_free(a);
	return 0;
}
