/* SPDX-License-Identifier: MIT */
#include "chatkit/request.h"

#include "wire/utf8.h"

enum needs {
	NEEDS_THREAD = 1 << 0,
	NEEDS_ITEM = 1 << 1,
	NEEDS_INPUT = 1 << 2,
	NEEDS_TITLE = 1 << 3,
	NEEDS_PAGE = 1 << 4, /* nothing in it must be there */
	NEEDS_RESULT = 1 << 5,
	NEEDS_ANSWERS = 1 << 6,
	NEEDS_ACTION = 1 << 7,
	NEEDS_FEEDBACK = 1 << 8,
	NEEDS_ANNOUNCED = 1 << 9,
	NEEDS_ATTACHMENT = 1 << 10,
};

static const struct {
	struct ck_op_info info;
	unsigned needs;
} ops[CK_OP__MAX] = {
	[CK_THREADS_CREATE] = {{"threads.create", true}, NEEDS_INPUT},
	[CK_THREADS_ADD_USER_MESSAGE] = {{"threads.add_user_message", true}, NEEDS_THREAD | NEEDS_INPUT},
	[CK_THREADS_ADD_CLIENT_TOOL_OUTPUT] = {{"threads.add_client_tool_output", true}, NEEDS_THREAD | NEEDS_RESULT},
	[CK_THREADS_ADD_STRUCTURED_INPUT] = {{"threads.add_structured_input", true}, NEEDS_THREAD | NEEDS_ITEM | NEEDS_ANSWERS},
	[CK_THREADS_RETRY_AFTER_ITEM] = {{"threads.retry_after_item", true}, NEEDS_THREAD | NEEDS_ITEM},
	[CK_THREADS_CUSTOM_ACTION] = {{"threads.custom_action", true}, NEEDS_THREAD | NEEDS_ACTION},
	[CK_THREADS_SYNC_CUSTOM_ACTION] = {{"threads.sync_custom_action", false}, NEEDS_THREAD | NEEDS_ACTION},
	[CK_THREADS_GET_BY_ID] = {{"threads.get_by_id", false}, NEEDS_THREAD},
	[CK_THREADS_LIST] = {{"threads.list", false}, NEEDS_PAGE},
	[CK_THREADS_UPDATE] = {{"threads.update", false}, NEEDS_THREAD | NEEDS_TITLE},
	[CK_THREADS_DELETE] = {{"threads.delete", false}, NEEDS_THREAD},
	[CK_ITEMS_LIST] = {{"items.list", false}, NEEDS_THREAD | NEEDS_PAGE},
	[CK_ITEMS_FEEDBACK] = {{"items.feedback", false}, NEEDS_THREAD | NEEDS_FEEDBACK},
	[CK_ATTACHMENTS_CREATE] = {{"attachments.create", false}, NEEDS_ANNOUNCED},
	[CK_ATTACHMENTS_DELETE] = {{"attachments.delete", false}, NEEDS_ATTACHMENT},
	[CK_ATTACHMENTS_GET_PREVIEW] = {{"attachments.get_preview", false}, NEEDS_ATTACHMENT},
	[CK_INPUT_TRANSCRIBE] = {{"input.transcribe", false}, 0},
};

const struct ck_op_info *ck_op_info(enum ck_op op)
{
	CHECK(op < CK_OP__MAX);
	return &ops[op].info;
}

static struct slice as_id(const struct json_at *at)
{
	struct slice id = json_as_str(at);

	if (json_has(at) && (id.n == 0 || id.n > CK_ID_MAX))
		json_fail(at, "expected an id of 1 to %d bytes", CK_ID_MAX);
	return id;
}

static struct slice read_id(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return as_id(&at);
}

/* An array's length, which may not pass max; 0 when it does. */
static size_t read_count(const struct json_at *arr, size_t max, const char *of)
{
	size_t n = json_count(arr);

	if (n <= max)
		return n;
	json_fail(arr, "more than %zu %s", max, of);
	return 0;
}

/* What must be an object: false, and a fault, when it is not there or something else. */
static bool is_object(const struct json_at *at)
{
	if (json_kind(at) == JSON_OBJECT)
		return true;
	json_fail(at, json_has(at) ? "expected object" : "missing");
	return false;
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
	size_t n = read_count(&content, CK_PARTS_MAX, "parts");
	bool blank = true;

	for (size_t i = 0; i < n; i++) {
		struct json_at part = json_item(&content, i);

		read_part(&part, &in->parts[i]);
		in->text_bytes += in->parts[i].text.n + in->parts[i].data.n + in->parts[i].id.n + in->parts[i].group.n;
		blank = blank && slice_trim(in->parts[i].text).n == 0;
	}
	in->n_parts = n;
	if (blank && in->n_attachments == 0)
		json_fail(&content, "the message is empty");
}

/* A file that is named twice is one file. */
static void read_attachments(const struct json_at *input, struct ck_input *in)
{
	struct json_at attachments = json_get(input, "attachments");
	size_t n = read_count(&attachments, CK_ATTACHMENTS_MAX, "attachments");

	for (size_t i = 0; i < n; i++) {
		struct json_at at = json_item(&attachments, i);
		struct slice id = as_id(&at);
		size_t j = 0;

		while (j < in->n_attachments && !slice_eq(in->attachments[j], id))
			j++;
		in->attachments[j] = id;
		in->n_attachments += j == in->n_attachments;
	}
}

static void read_input(const struct json_at *params, struct ck_input *in)
{
	struct json_at input = json_get(params, "input");
	struct json_at quoted = json_get(&input, "quoted_text");
	struct json_at options = json_get(&input, "inference_options");
	struct json_at choice = json_get(&options, "tool_choice");

	if (!is_object(&input))
		return;
	read_attachments(&input, in);
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

static void read_given(struct arena *a, const struct json_at *at, struct ck_given *g)
{
	struct json_at values = json_get(at, "values");
	size_t n = read_count(&values, CK_VALUES_MAX, "values");
	struct slice *v = arena_alloc(a, (n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		struct json_at value = json_item(&values, i);

		v[i] = json_as_str(&value);
	}
	*g = (struct ck_given){.id = g->id, .values = v, .n_values = n, .skipped = json_bool_or(at, "skipped", false)};
}

static struct ck_answers *read_answers(struct arena *a, const struct json_at *params)
{
	struct json_at input = json_get(params, "input");
	struct json_at status = json_get(&input, "status"), answers = json_get(&input, "answers"), child;
	struct slice s = json_as_str_or(&status, S("answered"));
	struct ck_answers *out = arena_new_of(a, struct ck_answers);
	struct ck_given *given = arena_alloc(a, (CK_QUESTIONS_MAX + 1) * sizeof(*given));

	if (!is_object(&input))
		return out;
	if (!slice_is(s, "answered") && !slice_is(s, "skipped"))
		json_fail(&status, "expected 'answered' or 'skipped'");
	out->skipped = slice_is(s, "skipped");
	out->given = given;
	for (size_t it = 0; json_each(&answers, &it, &given[out->n].id, &child); out->n++) {
		if (out->n == CK_QUESTIONS_MAX) {
			json_fail(&answers, "more than %d answers", CK_QUESTIONS_MAX);
			break;
		}
		read_given(a, &child, &given[out->n]);
	}
	return out;
}

static void read_action(const struct json_at *params, struct ck_request *out)
{
	struct json_at action = json_get(params, "action"), item = json_get(params, "item_id");
	struct json_at type = json_get(&action, "type"), payload = json_get(&action, "payload");

	out->item_id = json_as_str_or(&item, SLICE_NONE);
	if (out->item_id.n > CK_ID_MAX)
		json_fail(&item, "longer than %d bytes", CK_ID_MAX);
	if (!is_object(&action))
		return;
	out->action.type = json_as_str_or(&type, SLICE_NONE);
	if (out->action.type.n > CK_ID_MAX)
		json_fail(&type, "longer than %d bytes", CK_ID_MAX);
	if (json_has(&payload))
		out->action.payload = json_text(&payload);
}

static void read_feedback(struct arena *a, const struct json_at *params, struct ck_request *out)
{
	struct json_at ids = json_get(params, "item_ids"), kind = json_get(params, "kind");
	size_t n = read_count(&ids, CK_FEEDBACK_MAX, "items");
	struct slice k = json_as_str(&kind), *id = arena_alloc(a, (n + 1) * sizeof(*id));

	if (!json_has(&ids))
		json_fail(&ids, "missing");
	for (size_t i = 0; i < n; i++) {
		struct json_at at = json_item(&ids, i);

		id[i] = as_id(&at);
	}
	if (!slice_is(k, "positive") && !slice_is(k, "negative"))
		json_fail(&kind, "expected 'positive' or 'negative'");
	out->item_ids = id;
	out->n_item_ids = n;
	out->positive = slice_is(k, "positive");
}

/* A browser that knows no media type for a file says "". */
static void read_announced(const struct json_at *params, struct ck_announced *out)
{
	struct json_at name = json_get(params, "name"), mime = json_get(params, "mime_type"), size = json_get(params, "size");

	out->name = utf8_cut_chars(slice_trim(json_as_str(&name)), CK_FILE_NAME_MAX);
	if (json_has(&name) && out->name.n == 0)
		json_fail(&name, "a file's name cannot be empty");
	out->mime_type = slice_trim(json_as_str_or(&mime, SLICE_NONE));
	if (out->mime_type.n == 0)
		out->mime_type = S("application/octet-stream");
	if (out->mime_type.n > CK_MIME_MAX)
		json_fail(&mime, "longer than %d bytes", CK_MIME_MAX);
	out->size = json_as_i64(&size, 0, INT64_MAX);
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

static void read_params(struct arena *a, const struct json_at *params, unsigned needs, struct ck_request *out)
{
	if (needs & NEEDS_THREAD)
		out->thread_id = read_id(params, "thread_id");
	if (needs & NEEDS_ITEM)
		out->item_id = read_id(params, "item_id");
	if (needs & NEEDS_TITLE)
		out->title = utf8_cut_chars(json_str(params, "title"), CK_TITLE_MAX);
	if (needs & NEEDS_PAGE)
		read_page(params, out);
	if (needs & NEEDS_INPUT) {
		out->input = arena_new_of(a, struct ck_input);
		read_input(params, out->input);
	}
	if (needs & NEEDS_RESULT) {
		struct json_at result = json_get(params, "result");

		out->result = json_text(&result);
	}
	if (needs & NEEDS_ANSWERS)
		out->answers = read_answers(a, params);
	if (needs & NEEDS_ACTION)
		read_action(params, out);
	if (needs & NEEDS_FEEDBACK)
		read_feedback(a, params, out);
	if (needs & NEEDS_ANNOUNCED)
		read_announced(params, &out->announced);
	if (needs & NEEDS_ATTACHMENT)
		out->attachment_id = read_id(params, "attachment_id");
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

	needs = ops[out->op].needs;
	if (json_has(&params) && json_kind(&params) != JSON_OBJECT)
		json_fail(&params, "expected object");
	else if (!json_has(&params) && (needs & ~(unsigned)NEEDS_PAGE))
		json_fail(&params, "missing");
	read_params(a, &params, needs, out);
	return json_done(root->doc, e);
}
