/* SPDX-License-Identifier: MIT */
/*
 * What has no room says so, and is never less than whole. Each piece of work is done again and again: in an arena that is a little larger each time, until
 * there is room, so that every allocation that can be refused is refused once; then with an output that is a byte larger each time. What comes of it is what
 * comes of it with room for all, or RC_TOO_LARGE.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "chatkit/answer.h"
#include "chatkit/item.h"
#include "chatkit/meta.h"
#include "chatkit/template.h"
#include "chatkit/widget.h"
#include "talk/message.h"
#include "talk/tool.h"
#include "wire/utf8.h"

#define ROOM ((size_t)256 << 20)
#define STEP _Alignof(max_align_t)

/* rest is for what must not be refused. Its result into out. */
typedef enum rc work(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e);

static bool fits(const struct buf *out, struct err *e)
{
	return buf_ok(out) || err_set(e, RC_TOO_LARGE, "the output is full") == RC_OK;
}

static void check(const char *name, enum rc rc, const struct err *e, const struct buf *got, enum rc want, const struct buf *whole)
{
	if (rc != want && rc != RC_TOO_LARGE)
		fail_msg("%s: %s, not %s", name, rc_name(rc), rc_name(want));
	if (rc != RC_OK && (e->rc != rc || !e->msg[0]))
		fail_msg("%s: %s without a reason", name, rc_name(rc));
	if (rc == RC_OK && !slice_eq(buf_slice(got), buf_slice(whole)))
		fail_msg("%s: '%.*s', not '%.*s'", name, SLICE_ARG(buf_slice(got)), SLICE_ARG(buf_slice(whole)));
}

static void torture(const char *name, work *w, struct slice in)
{
	struct arena *all = arena_new(ROOM, NULL), *rest = arena_new(ROOM, NULL);
	struct buf whole = BUF_INIT(ROOM), got = BUF_INIT(ROOM);
	struct err e = ERR_INIT;
	enum rc want = w(all, rest, in, &whole, &e), rc = RC_TOO_LARGE;

	/* What passes a limit of its own does so with room for all. */
	assert_true(want == RC_OK || want == RC_BAD || want == RC_CONFLICT || want == RC_TOO_LARGE);
	for (size_t cap = 0; rc != want; cap += STEP) {
		struct arena *a = arena_new(cap, NULL);

		assert_true(cap < ROOM);
		e = ERR_INIT;
		buf_clear(&got);
		rc = w(a, rest, in, &got, &e);
		check(name, rc, &e, &got, want, &whole);
		arena_free(a);
	}
	for (size_t max = 0; want == RC_OK && max < whole.n; max++) {
		struct arena *a = arena_new(ROOM, NULL);
		struct buf small = BUF_INIT(max);

		e = ERR_INIT;
		rc = w(a, rest, in, &small, &e);
		if (rc != RC_TOO_LARGE)
			fail_msg("%s: %s with room for %zu of %zu bytes", name, rc_name(rc), max, whole.n);
		buf_release(&small);
		arena_free(a);
	}
	buf_release(&whole);
	buf_release(&got);
	arena_free(rest);
	arena_free(all);
}

static struct slice load(struct arena *a, const char *path)
{
	struct buf b = BUF_INIT(1 << 20);
	FILE *f = fopen(path, "rb");
	struct slice s;
	char *to;

	assert_non_null(f);
	to = buf_room(&b, 1 << 16);
	buf_added(&b, fread(to, 1, 1 << 16, f));
	fclose(f);
	s = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return s;
}

/* Every file of a folder. */
static void torture_all(const char *folder, work *w)
{
	DIR *d = opendir(folder);
	const struct dirent *f;
	int n = 0;

	assert_non_null(d);
	while ((f = readdir(d))) {
		struct arena *a = arena_new(ROOM, NULL);
		char path[300];

		snprintf(path, sizeof(path), "%s/%s", folder, f->d_name);
		if (f->d_name[0] != '.') {
			torture(path, w, load(a, path));
			n++;
		}
		arena_free(a);
	}
	closedir(d);
	assert_true(n > 0);
}

/* ---- messages ---- */

static enum rc read_entry(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	struct message m;
	struct slice line;

	for (; in.n; message_write(out, &m)) {
		in = slice_cut(in, '\n', &line);
		if (message_read(a, line, &m, e) != RC_OK)
			return e->rc;
	}
	return fits(out, e) ? RC_OK : e->rc;
}

static enum rc copy_entry(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e)
{
	struct message m, copy;
	struct slice line;

	for (; in.n; message_write(out, &copy)) {
		in = slice_cut(in, '\n', &line);
		assert_int_equal(message_read(rest, line, &m, e), RC_OK);
		if (!message_copy(a, &m, &copy))
			return err_set(e, RC_TOO_LARGE, "no room");
		buf_add(out, message_all_text(a, &m));
	}
	return fits(out, e) ? RC_OK : e->rc;
}

static void messages(void **state UNUSED)
{
	static const struct slice several =
		S_INIT("{\"role\":\"user\",\"parts\":[{\"t\":\"text\",\"text\":\"one \"},{\"t\":\"text\",\"text\":\"two \"},{\"t\":\"text\",\"text\":\"three\"}]}");

	torture_all("tests/fuzz/corpus/message", read_entry);
	torture_all("tests/fuzz/corpus/message", copy_entry);
	torture("several texts", copy_entry, several);
}

/* ---- arguments: the model reads that there was no room ---- */

static enum rc echo(void *ctx UNUSED, struct tool_call *call, struct tool_result *out, struct err *e UNUSED)
{
	out->text = call->args;
	return RC_OK;
}

static enum rc invoke(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	static const struct bind bind = {S_INIT("user_id"), BIND_OWNER};
	static const struct caller who = {.owner = S_INIT("o")};
	static const struct tool t = {.spec = {.name = S_INIT("t"),
					       .schema = S_INIT("{\"properties\":{\"user_id\":{\"type\":\"string\"},\"s\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
								"\"i\":{\"type\":\"integer\"},\"b\":{\"type\":\"boolean\"},\"l\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":\"integer\"},"
								"{\"$ref\":\"#/properties/o\"},{\"required\":[\"x\"]}]}},\"o\":{\"type\":\"object\",\"properties\":{\"s\":{\"enum\":[\"a\"]},"
								"\"l\":{\"$ref\":\"#/properties/l\"}},\"required\":[\"s\"]}},\"required\":[\"user_id\"]}")},
				      .binds = &bind, .n_binds = 1, .call = echo};
	struct tool_result r;
	struct err log;

	assert_int_equal(tool_invoke(&t, &who, S("c"), in, a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_true(r.text.n > 0 && utf8_valid(r.text));
	if (r.is_error && slice_find(r.text, S("too large")) >= 0)
		return err_set(e, RC_TOO_LARGE, "so the model reads");
	buf_add(out, r.text);
	return fits(out, e) ? RC_OK : e->rc;
}

static void arguments(void **state UNUSED)
{
	torture_all("tests/fuzz/corpus/args", invoke);
}

/* ---- templates ---- */

static enum rc run_template(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e, bool value)
{
	static const struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 20000, .key = 256, .upstream = true};
	struct slice text, json = slice_cut(in, '\0', &text);
	struct json_doc *doc = NULL;
	struct json_at data;
	struct template *t;

	if (template_parse(a, text, &t, e) != RC_OK)
		return e->rc;
	if (json_parse(rest, json, &limits, &doc, NULL) == RC_OK)
		data = json_root(doc);
	return value ? template_value(t, a, doc ? &data : NULL, out, e) : template_render(t, a, doc ? &data : NULL, out, e);
}

static enum rc render(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e)
{
	return run_template(a, rest, in, out, e, false);
}

static enum rc value(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e)
{
	return run_template(a, rest, in, out, e, true);
}

static void templates(void **state UNUSED)
{
	torture_all("tests/fuzz/corpus/template", render);
	torture_all("tests/fuzz/corpus/template", value);
}

/* ---- widgets: two lines, the second the widget after, or a payload ---- */

static enum rc check_widget(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	struct slice first;

	slice_cut(in, '\n', &first);
	return widget_check(a, first, out, NULL, e);
}

static enum rc fill_in(struct arena *a, struct arena *rest, struct slice in, struct buf *out, struct err *e)
{
	struct slice first, second = slice_cut(in, '\n', &first);
	struct buf checked = BUF_INIT(WIDGET_MAX);
	bool changed = false;

	if (widget_check(rest, first, &checked, NULL, e) == RC_OK && widget_form(a, buf_slice(&checked), S("go"), second, out, &changed, e) == RC_OK &&
	    changed && fits(out, e) && widget_spend(a, arena_dup(rest, buf_slice(out)), S("go"), out, &changed, e) == RC_OK)
		(void)fits(out, e);
	buf_release(&checked);
	return e->rc;
}

static void widgets(void **state UNUSED)
{
	torture_all("tests/fuzz/corpus/widget", check_widget);
	torture_all("tests/fuzz/corpus/widget", fill_in);
}

/* ---- requests ---- */

static void write_request(struct buf *out, const struct ck_request *r)
{
	static const struct ck_meta meta = {S_INIT("thr"), S_INIT("msg"), 1764261886180370};
	const struct slice texts[] = {r->thread_id, r->item_id, r->title, r->after, r->result, r->action.type, r->action.payload, r->announced.name, r->attachment_id};

	buf_addf(out, "%d ", r->op);
	for (size_t i = 0; i < countof(texts); i++) {
		buf_add(out, texts[i]);
		buf_addch(out, ' ');
	}
	for (size_t i = 0; i < r->n_item_ids; i++)
		buf_add(out, r->item_ids[i]);
	for (size_t i = 0; r->answers && i < r->answers->n; i++)
		for (size_t k = 0; k < r->answers->given[i].n_values; k++)
			buf_add(out, r->answers->given[i].values[k]);
	if (r->input)
		ck_user_message(out, &meta, r->input, SLICE_NONE);
}

static enum rc read_request(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	struct ck_request r;
	struct json_doc *doc;
	struct json_at root;

	if (json_parse(a, in, &GUARD_CLIENT, &doc, e) != RC_OK)
		return e->rc;
	root = json_root(doc);
	if (ck_request_read(a, &root, &r, e) != RC_OK)
		return e->rc;
	write_request(out, &r);
	return fits(out, e) ? RC_OK : e->rc;
}

static void requests(void **state UNUSED)
{
	torture_all("tests/fuzz/corpus/request", read_request);
}

/* ---- questions and their answers ---- */

static enum rc ask_and_answer(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	static const struct slice values[] = {S_INIT("a\nb"), S_INIT("\"")};
	static const struct ck_given given[] = {{.id = S_INIT("q1"), .values = values, .n_values = 2}, {.id = S_INIT("q2"), .skipped = true}};
	static const struct ck_answers answers = {.given = given, .n = 2};
	static const struct ck_meta meta = {S_INIT("m"), S_INIT("t"), 0};
	struct slice inputs, body, text;
	struct buf item = BUF_INIT(1 << 20);

	if (ck_questions_read(a, in, &inputs, e) == RC_OK) {
		ck_structured_input(&item, &meta, inputs);
		if (ck_answer(a, buf_slice(&item), &answers, &body, &text, NULL, e) == RC_OK) {
			buf_add(out, body);
			buf_add(out, text);
			(void)fits(out, e);
		}
	}
	buf_release(&item);
	return e->rc;
}

static enum rc complete(struct arena *a, struct arena *rest UNUSED, struct slice in, struct buf *out, struct err *e)
{
	if (ck_call_complete(a, out, in, S("{\"a\":1}"), e) == RC_OK)
		(void)fits(out, e);
	return e->rc;
}

static void items(void **state UNUSED)
{
	torture_all("tests/fuzz/corpus/meta", ask_and_answer);
	torture_all("tests/fuzz/corpus/item", complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages), cmocka_unit_test(arguments), cmocka_unit_test(templates), cmocka_unit_test(widgets),
		cmocka_unit_test(requests), cmocka_unit_test(items),
	};

	return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
