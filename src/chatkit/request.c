/* SPDX-License-Identifier: MIT */
#include "chatkit/request.h"

#include "wire/utf8.h"

enum needs {
	NEEDS_THREAD = 1,
	NEEDS_ITEM = 2,
	NEEDS_INPUT = 4,
	NEEDS_TITLE = 8,
	NEEDS_PAGE = 16,
};

static const struct {
	struct ck_op_info info;
	unsigned needs;
} ops[CK_OP__MAX] = {
	[CK_THREADS_CREATE] = {{"threads.create", true, true}, NEEDS_INPUT},
	[CK_THREADS_ADD_USER_MESSAGE] = {{"threads.add_user_message", true, true}, NEEDS_THREAD | NEEDS_INPUT},
	[CK_THREADS_ADD_CLIENT_TOOL_OUTPUT] = {{"threads.add_client_tool_output", true, false}, NEEDS_THREAD},
	[CK_THREADS_ADD_STRUCTURED_INPUT] = {{"threads.add_structured_input", true, false}, NEEDS_THREAD | NEEDS_ITEM},
	[CK_THREADS_RETRY_AFTER_ITEM] = {{"threads.retry_after_item", true, true}, NEEDS_THREAD | NEEDS_ITEM},
	[CK_THREADS_CUSTOM_ACTION] = {{"threads.custom_action", true, false}, NEEDS_THREAD},
	[CK_THREADS_SYNC_CUSTOM_ACTION] = {{"threads.sync_custom_action", false, false}, NEEDS_THREAD},
	[CK_THREADS_GET_BY_ID] = {{"threads.get_by_id", false, true}, NEEDS_THREAD},
	[CK_THREADS_LIST] = {{"threads.list", false, true}, NEEDS_PAGE},
	[CK_THREADS_UPDATE] = {{"threads.update", false, true}, NEEDS_THREAD | NEEDS_TITLE},
	[CK_THREADS_DELETE] = {{"threads.delete", false, true}, NEEDS_THREAD},
	[CK_ITEMS_LIST] = {{"items.list", false, true}, NEEDS_THREAD | NEEDS_PAGE},
	[CK_ITEMS_FEEDBACK] = {{"items.feedback", false, false}, NEEDS_THREAD},
	[CK_ATTACHMENTS_CREATE] = {{"attachments.create", false, false}, 0},
	[CK_ATTACHMENTS_DELETE] = {{"attachments.delete", false, false}, 0},
	[CK_INPUT_TRANSCRIBE] = {{"input.transcribe", false, false}, 0},
};

const struct ck_op_info *ck_op_info(enum ck_op op)
{
	CHECK(op < CK_OP__MAX);
	return &ops[op].info;
}

static struct slice read_id(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);
	struct slice id = json_as_str(&at);

	if (json_has(&at) && (id.n == 0 || id.n > CK_ID_MAX))
		json_fail(&at, "expected an id of 1 to %d bytes", CK_ID_MAX);
	return id;
}

static void read_part(const struct json_at *at, struct ck_part *p)
{
	struct json_at type = json_get(at, "type"), data = json_get(at, "data");
	struct slice t = json_as_str(&type);

	p->text = json_str(at, "text");
	if (slice_is(t, "input_text"))
		return;
	if (!slice_is(t, "input_tag")) {
		json_fail(&type, "expected 'input_text' or 'input_tag'");
		return;
	}
	p->tag = true;
	p->id = json_str(at, "id");
	p->group = json_str_or(at, "group", SLICE_NONE);
	p->interactive = json_bool_or(at, "interactive", false);
	p->data = S("{}");
	if (json_has(&data)) {
		if (json_kind(&data) != JSON_OBJECT)
			json_fail(&data, "expected object");
		else
			p->data = json_text(&data);
	}
}

static void read_content(const struct json_at *input, struct ck_input *in)
{
	struct json_at content = json_get(input, "content");
	size_t n = json_count(&content);
	bool blank = true;

	if (n > CK_PARTS_MAX) {
		json_fail(&content, "more than %d parts", CK_PARTS_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct json_at part = json_item(&content, i);

		read_part(&part, &in->parts[i]);
		in->text_bytes += in->parts[i].text.n + in->parts[i].data.n;
		blank = blank && slice_trim(in->parts[i].text).n == 0;
	}
	in->n_parts = n;
	if (blank && in->n_attachments == 0)
		json_fail(&content, "the message is empty");
}

static void read_input(const struct json_at *params, struct ck_input *in)
{
	struct json_at input = json_get(params, "input");
	struct json_at attachments = json_get(&input, "attachments");
	struct json_at quoted = json_get(&input, "quoted_text");
	struct json_at options = json_get(&input, "inference_options");
	struct json_at choice = json_get(&options, "tool_choice");

	if (json_kind(&input) != JSON_OBJECT) {
		json_fail(&input, json_has(&input) ? "expected object" : "missing");
		return;
	}
	in->n_attachments = json_count(&attachments);
	for (size_t i = 0; i < in->n_attachments; i++) {
		struct json_at id = json_item(&attachments, i);

		(void)json_as_str(&id);
		json_fail(&id, "unknown attachment");
	}
	in->has_quoted = json_has(&quoted);
	in->quoted = json_as_str_or(&quoted, SLICE_NONE);
	in->model = json_str_or(&options, "model", SLICE_NONE);
	if (json_has(&choice))
		in->tool_choice = json_str(&choice, "id");
	read_content(&input, in);
	in->text_bytes += in->quoted.n;
}

static void read_page(const struct json_at *params, struct ck_request *out)
{
	struct json_at order = json_get(params, "order");
	struct slice o = json_as_str_or(&order, S("desc"));
	int64_t limit = json_i64_or(params, "limit", 0, INT64_MAX, 0);

	if (!slice_is(o, "asc") && !slice_is(o, "desc"))
		json_fail(&order, "expected 'asc' or 'desc'");
	out->desc = !slice_is(o, "asc");
	out->after = json_str_or(params, "after", SLICE_NONE);
	out->limit = limit == 0 ? CK_PAGE_DEFAULT : limit > CK_PAGE_MAX ? CK_PAGE_MAX : (size_t)limit;
}

static bool find_op(struct slice type, enum ck_op *op)
{
	for (size_t i = 0; i < CK_OP__MAX; i++)
		if (slice_is(type, ops[i].info.type)) {
			*op = (enum ck_op)i;
			return true;
		}
	return false;
}

enum rc ck_request_read(struct arena *a, const struct json_at *root, struct ck_request *out, struct err *e)
{
	struct json_at type = json_get(root, "type"), params = json_get(root, "params");
	struct slice t = json_as_str(&type);
	unsigned needs;

	*out = (struct ck_request){.limit = CK_PAGE_DEFAULT, .desc = true};
	if (json_has(&type) && json_kind(&type) == JSON_STRING && !find_op(t, &out->op))
		return err_tell(e, RC_BAD, "type: unknown operation '%.*s'", SLICE_ARG(slice_upto(t, 60)));
	if (json_done(root->doc, e) != RC_OK)
		return e->rc;
	if (!ops[out->op].info.offered)
		return err_tell(e, RC_BAD, "type: this server does not offer '%s'", ops[out->op].info.type);

	needs = ops[out->op].needs;
	if (json_has(&params) && json_kind(&params) != JSON_OBJECT)
		json_fail(&params, "expected object");
	else if (!json_has(&params) && (needs & ~(unsigned)NEEDS_PAGE))
		json_fail(&params, "missing");
	if (needs & NEEDS_THREAD)
		out->thread_id = read_id(&params, "thread_id");
	if (needs & NEEDS_ITEM)
		out->item_id = read_id(&params, "item_id");
	if (needs & NEEDS_TITLE)
		out->title = utf8_cut_chars(json_str(&params, "title"), CK_TITLE_MAX);
	if (needs & NEEDS_PAGE)
		read_page(&params, out);
	if (needs & NEEDS_INPUT) {
		out->input = arena_new_of(a, struct ck_input);
		read_input(&params, out->input);
	}
	return json_done(root->doc, e);
}

void ck_input_text(struct buf *out, const struct ck_input *in)
{
	for (size_t i = 0; i < in->n_parts; i++) {
		if (in->parts[i].tag)
			buf_addch(out, '@');
		buf_add(out, in->parts[i].text);
	}
	if (in->quoted.n) {
		buf_adds(out, "\n\nThe user is referring to this in particular:\n");
		buf_add(out, in->quoted);
	}
}

#define TITLE_CHARS 48

struct slice ck_title_of(struct arena *a, struct slice text)
{
	struct slice line = slice_trim(text), head, cut;
	size_t keep;

	(void)slice_cut(line, '\n', &head);
	head = slice_trim(head);
	cut = utf8_cut_chars(head, TITLE_CHARS);
	if (cut.n == head.n)
		return arena_dup(a, head);
	for (keep = cut.n; keep > cut.n / 2 && cut.p[keep - 1] != ' ';)
		keep--;
	if (keep <= cut.n / 2)
		keep = cut.n; /* one long word, or a script without blanks */
	cut = slice_trim(slice_upto(cut, keep));
	return arena_printf(a, "%.*s\xe2\x80\xa6", SLICE_ARG(cut));
}
