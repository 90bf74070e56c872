/* SPDX-License-Identifier: MIT */
#include "talk/tool.h"

#include "talk/args.h"
#include "wire/json.h"
#include "wire/jsonw.h"
#include "wire/utf8.h"

static const struct slice no_schema = S_INIT("{\"type\":\"object\",\"properties\":{}}");

static bool is_bound(const struct tool *t, struct slice param)
{
	for (size_t i = 0; i < t->n_binds; i++)
		if (slice_eq(t->binds[i].param, param))
			return true;
	return false;
}

/* "properties" or "required" of the schema without what is bound; any other member as it is. */
static void write_member(struct jsonw *w, const struct tool *t, struct slice key, const struct json_at *value)
{
	struct json_at child;
	struct slice name;

	jsonw_key_slice(w, key);
	if (slice_is(key, "properties") && json_kind(value) == JSON_OBJECT) {
		jsonw_obj(w);
		for (size_t it = 0; json_each(value, &it, &name, &child);) {
			if (is_bound(t, name))
				continue;
			jsonw_key_slice(w, name);
			jsonw_raw(w, json_text(&child));
		}
		jsonw_end(w);
	} else if (slice_is(key, "required") && json_kind(value) == JSON_ARRAY) {
		jsonw_arr(w);
		for (size_t i = 0; i < json_count(value); i++) {
			child = json_item(value, i);
			if (json_kind(&child) == JSON_STRING && !is_bound(t, json_as_str(&child)))
				jsonw_str(w, json_as_str(&child));
		}
		jsonw_end(w);
	} else {
		jsonw_raw(w, json_text(value));
	}
}

#define SCHEMA_TREE_MAX (16 * 1024 * 1024)

static bool write_shown(struct buf *out, struct arena *scratch, const struct tool *t)
{
	struct json_at root, value;
	struct json_doc *doc;
	struct slice key;
	struct jsonw w;

	if (json_parse(scratch, t->spec.schema, &GUARD_UPSTREAM, &doc, NULL) != RC_OK)
		return false;
	root = json_root(doc);
	jsonw_init(&w, out);
	jsonw_obj(&w);
	for (size_t it = 0; json_each(&root, &it, &key, &value);)
		write_member(&w, t, key, &value);
	jsonw_end(&w);
	return jsonw_ok(&w) && json_done(doc, NULL) == RC_OK;
}

struct slice tool_schema_shown(struct arena *a, const struct tool *t)
{
	struct buf out = BUF_INIT(t->spec.schema.n + 1024);
	struct slice shown = SLICE_NONE;
	struct arena *scratch;

	if (t->spec.schema.n == 0)
		return no_schema;
	if (t->n_binds == 0)
		return t->spec.schema;
	scratch = arena_new(64 * 1024 * 1024, a);
	if (write_shown(&out, scratch, t))
		shown = arena_try_dup(a, buf_slice(&out));
	arena_free(scratch);
	buf_release(&out);
	return shown.p ? shown : no_schema;
}

/* What the model reads is real UTF-8, never empty, and not longer than TOOL_RESULT_MAX. */
static void cap(struct tool_result *r, struct arena *a)
{
	static const struct slice nothing = S_INIT("(no output)"), cut_note = S_INIT("\n[cut: the result was longer]");
	struct buf b = BUF_INIT(TOOL_RESULT_MAX);
	struct slice text = r->text.n ? r->text : r->json;
	bool clean = utf8_valid(text) && !(text.n && memchr(text.p, 0, text.n));

	if (clean && text.n > 0 && text.n <= TOOL_RESULT_MAX) {
		r->text = text;
		return;
	}
	/* Mending may make it three times as long: the buf's maximum must not drop all of it. */
	buf_init(&b, 3 * (size_t)TOOL_RESULT_MAX + cut_note.n);
	utf8_mend(&b, slice_upto(text, TOOL_RESULT_MAX));
	if (b.n > TOOL_RESULT_MAX - cut_note.n && (text.n > TOOL_RESULT_MAX || b.n > TOOL_RESULT_MAX)) {
		buf_cut(&b, utf8_cut(buf_slice(&b), TOOL_RESULT_MAX - cut_note.n).n);
		buf_add(&b, cut_note);
	}
	r->text = arena_try_dup(a, text.n ? buf_slice(&b) : nothing);
	if (!r->text.p)
		r->text = cut_note;
	buf_release(&b);
}

enum rc tool_invoke(const struct tool *t, const struct caller *who, struct slice call_id, struct slice raw_args, struct arena *a, struct stop *stop,
		    void (*progress)(void *ctx, struct slice text), void *progress_ctx, struct tool_result *out, struct err *log)
{
	struct tool_call call = {.id = call_id, .caller = who, .arena = a, .stop = stop, .progress = progress, .progress_ctx = progress_ctx};
	struct args_fault fault;
	enum rc rc;

	*out = (struct tool_result){0};
	*log = ERR_INIT;
	if (!args_make(t, who, raw_args, a, &call.args, &fault)) {
		out->is_error = out->not_called = true;
		out->text = arena_printf(a, "The tool '%.*s' was not called: %s. Mend the arguments and call it again.", SLICE_ARG(t->spec.name), fault.why);
		cap(out, a); /* names and values in it were cut to a length */
		return RC_OK;
	}
	if (t->where == TOOL_CLIENT) {
		*out = (struct tool_result){.parks = true, .args = call.args};
		return RC_OK;
	}
	rc = t->call ? t->call(t->ctx, &call, out, log) : err_set(log, RC_INTERNAL, "the tool has no code");
	if (rc == RC_STOPPED || rc == RC_GONE)
		return rc;
	if (rc != RC_OK) {
		if (log->rc == RC_OK)
			err_set(log, rc, "failed without a reason");
		err_wrap(log, "tool '%.*s'", SLICE_ARG(t->spec.name));
		*out = (struct tool_result){.is_error = true};
		out->text = arena_printf(a, "The tool '%.*s' is unavailable. Tell the user; do not call it again now.", SLICE_ARG(t->spec.name));
		return RC_OK;
	}
	*log = ERR_INIT;
	cap(out, a);
	return RC_OK;
}
