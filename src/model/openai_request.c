/* SPDX-License-Identifier: MIT */
/* Chat Completions, the question: history and tools to bytes, the same bytes for the same past (a prompt cache depends on it). */
#include "model/wire.h"

#include "wire/json.h"
#include "wire/jsonw.h"

#define CALL_ID_MAX 40 /* what OpenAI takes */

static const struct slice no_signature = S_INIT("{\"google\":{\"thought_signature\":\"skip_thought_signature_validator\"}}");

static uint64_t hash(struct slice s)
{
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static bool id_fits(struct slice id, unsigned quirks)
{
	if (!(quirks & QUIRK_IDS_OF_9))
		return id.n <= CALL_ID_MAX;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			return false;
	}
	return id.n == 9;
}

/* The id, or another provider's made to fit: always the same one for it, so that call and result still meet. */
static void write_id(struct jsonw *w, const char *key, struct slice id, unsigned quirks)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t h = hash(id);
	char made[9];

	if (id_fits(id, quirks)) {
		jsonw_kstr(w, key, id);
		return;
	}
	for (size_t i = 0; i < sizeof(made); i++, h /= 62)
		made[i] = digits[h % 62];
	jsonw_kstr(w, key, slice_mem(made, sizeof(made)));
}

/* A name that the model made up may hold what the provider refuses: it stands in the past for ever, so it must not brick the thread. */
static void write_name(struct jsonw *w, struct slice name)
{
	char clean[64];
	size_t n = 0;

	for (; n < name.n && n < sizeof(clean); n++) {
		char c = name.p[n];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

		clean[n] = ok ? c : '_';
	}
	jsonw_kstr(w, "name", n ? slice_mem(clean, n) : S("unknown"));
}

static bool is_object(struct slice json)
{
	bool mend = false;

	return guard_check(json, &GUARD_UPSTREAM, NULL, 0, &mend, NULL) == RC_OK && !mend;
}

static void write_call(struct jsonw *w, const struct wire_ask *ask, const struct part *p, bool own, bool first)
{
	jsonw_obj(w);
	write_id(w, "id", p->call_id, ask->quirks);
	jsonw_kcstr(w, "type", "function");
	jsonw_key(w, "function");
	jsonw_obj(w);
	write_name(w, p->name);
	/* Templates and gateways parse this text: broken arguments, which the result speaks of, would break the request too. */
	jsonw_kstr(w, "arguments", is_object(p->args) ? p->args : S("{}"));
	jsonw_end(w);
	if (own && p->opaque.n)
		jsonw_kraw(w, "extra_content", p->opaque);
	else if (first && (ask->quirks & QUIRK_SIGNATURES))
		jsonw_kraw(w, "extra_content", no_signature);
	jsonw_end(w);
}

static void write_calls(struct jsonw *w, const struct wire_ask *ask, const struct message *m, bool own)
{
	bool first = true;

	if (message_calls(m) == 0)
		return;
	jsonw_key(w, "tool_calls");
	jsonw_arr(w);
	for (size_t i = 0; i < m->n; i++) {
		if (m->parts[i].kind != PART_CALL)
			continue;
		write_call(w, ask, &m->parts[i], own, first);
		first = false;
	}
	jsonw_end(w);
}

/* What the provider wants back of its thoughts: see thoughts_opaque in wire.c. */
static void write_thoughts(struct jsonw *w, const struct wire_ask *ask, const struct part *p)
{
	struct json_at root, details;
	struct json_doc *doc;

	if (json_parse(ask->arena, p->opaque, &GUARD_UPSTREAM, &doc, NULL) != RC_OK)
		return;
	root = json_root(doc);
	if (slice_is(json_str_or(&root, "as", SLICE_NONE), "reasoning_content"))
		jsonw_kstr(w, "reasoning_content", p->text);
	details = json_get(&root, "details");
	if (json_kind(&details) == JSON_ARRAY)
		jsonw_kraw(w, "reasoning_details", json_text(&details));
}

static void write_assistant(struct jsonw *w, const struct wire_ask *ask, const struct message *m)
{
	struct slice text = message_all_text(ask->arena, m);
	bool own = m->family.n && slice_eq(m->family, ask->family);

	if (text.n)
		jsonw_kstr(w, "content", text);
	else
		jsonw_kraw(w, "content", S("null"));
	for (size_t i = 0; own && i < m->n; i++)
		if (m->parts[i].kind == PART_REASONING && m->parts[i].opaque.n)
			write_thoughts(w, ask, &m->parts[i]);
	write_calls(w, ask, m, own);
}

static void write_result(struct jsonw *w, const struct wire_ask *ask, const struct part *p)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "role", "tool");
	write_id(w, "tool_call_id", p->call_id, ask->quirks);
	jsonw_kstr(w, "content", p->text);
	jsonw_end(w);
}

/* ---- files in a user's message ---- */

static void write_text_part(struct jsonw *w, struct slice text)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "text");
	jsonw_kstr(w, "text", text);
	jsonw_end(w);
}

/* "data:MIME;base64,..." straight into the request and as it is: these are megabytes, and base64 has nothing that a string must escape. */
static void write_data_url(struct jsonw *w, const char *key, const struct part *p)
{
	jsonw_key(w, key);
	jsonw_raw(w, S("\"data:"));
	jsonw_escape(w->out, p->mime);
	buf_adds(w->out, ";base64,");
	buf_add(w->out, p->data);
	buf_addch(w->out, '"');
}

static void write_image(struct jsonw *w, const struct part *p)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "image_url");
	jsonw_key(w, "image_url");
	jsonw_obj(w);
	write_data_url(w, "url", p);
	jsonw_end(w);
	jsonw_end(w);
}

static void write_pdf(struct jsonw *w, const struct part *p)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "file");
	jsonw_key(w, "file");
	jsonw_obj(w);
	jsonw_kstr(w, "filename", p->name);
	write_data_url(w, "file_data", p);
	jsonw_end(w);
	jsonw_end(w);
}

/* A name within an attribute's quotes, on one line: it is the person's and could pretend to be more than a name. */
static void add_attribute(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		buf_addch(b, c == '"' || c == '<' || c == '>' || (unsigned char)c < ' ' ? ' ' : c);
	}
}

/* The file's text, which may not end its own block and go on as if it were the person's. */
static void add_body(struct buf *b, struct slice text)
{
	static const struct slice end = S_INIT("</attachment");
	ptrdiff_t at;

	while ((at = slice_find(text, end)) >= 0) {
		buf_add(b, slice_upto(text, (size_t)at));
		buf_adds(b, "< /attachment");
		text = slice_from(text, (size_t)at + end.n);
	}
	buf_add(b, text);
}

static void write_attachment(struct jsonw *w, const struct part *p)
{
	struct buf b = BUF_INIT(2 * p->text.n + p->name.n + p->mime.n + 200);

	buf_adds(&b, p->text.n ? "<attachment name=\"" : "The attachment \"");
	add_attribute(&b, p->name);
	buf_adds(&b, p->text.n ? "\" type=\"" : "\" (");
	add_attribute(&b, p->mime);
	if (p->text.n) {
		buf_adds(&b, "\">\n");
		add_body(&b, p->text);
		buf_adds(&b, "\n</attachment>");
	} else {
		buf_adds(&b, ") cannot be read.");
	}
	write_text_part(w, buf_slice(&b));
	buf_release(&b);
}

static void write_user_part(struct jsonw *w, const struct part *p)
{
	switch (p->kind) {
	case PART_TEXT:
		if (p->text.n)
			write_text_part(w, p->text);
		break;
	case PART_FILE:
		if (p->data.n && slice_eq_nocase(slice_upto(p->mime, 6), S("image/")))
			write_image(w, p);
		else if (p->data.n && slice_eq_nocase(p->mime, S("application/pdf")))
			write_pdf(w, p);
		else
			write_attachment(w, p);
		break;
	case PART_REASONING:
	case PART_CALL:
	case PART_RESULT:
	case PART__MAX:
		break;
	}
}

/* A list of parts only where there is more than text: not every server takes one. */
static void write_user(struct jsonw *w, const struct wire_ask *ask, const struct message *m)
{
	bool files = false;

	for (size_t i = 0; i < m->n; i++)
		files |= m->parts[i].kind == PART_FILE;
	if (!files) {
		jsonw_kstr(w, "content", message_all_text(ask->arena, m));
		return;
	}
	jsonw_key(w, "content");
	jsonw_arr(w);
	for (size_t i = 0; i < m->n; i++)
		write_user_part(w, &m->parts[i]);
	jsonw_end(w);
}

static void write_message(struct jsonw *w, const struct wire_ask *ask, const struct message *m)
{
	if (m->role == ROLE_TOOL) {
		for (size_t i = 0; i < m->n; i++)
			if (m->parts[i].kind == PART_RESULT)
				write_result(w, ask, &m->parts[i]);
		return;
	}
	jsonw_obj(w);
	jsonw_kcstr(w, "role", role_name(m->role));
	if (m->role == ROLE_ASSISTANT)
		write_assistant(w, ask, m);
	else if (m->role == ROLE_USER)
		write_user(w, ask, m);
	else
		jsonw_kstr(w, "content", message_all_text(ask->arena, m));
	jsonw_end(w);
}

static void write_tools(struct jsonw *w, const struct wire_ask *ask)
{
	if (!ask->tools || ask->tools->n == 0)
		return;
	jsonw_key(w, "tools");
	jsonw_arr(w);
	for (size_t i = 0; i < ask->tools->n; i++) {
		const struct tool *t = ask->tools->t[i];

		jsonw_obj(w);
		jsonw_kcstr(w, "type", "function");
		jsonw_key(w, "function");
		jsonw_obj(w);
		jsonw_kstr(w, "name", t->spec.name);
		jsonw_kstr_opt(w, "description", t->spec.description);
		jsonw_kraw(w, "parameters", ask->tools->shown[i]);
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
	if (!ask->must_call)
		return;
	jsonw_key(w, "tool_choice");
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "function");
	jsonw_key(w, "function");
	jsonw_obj(w);
	jsonw_kstr(w, "name", ask->must_call->spec.name);
	jsonw_end(w);
	jsonw_end(w);
}

/* OpenAI's reasoning models take no temperature but their own. */
static bool takes_temperature(const struct wire_ask *ask)
{
	static const char *const reasoning[] = {"gpt-5", "gpt-6", "o1", "o3", "o4"};

	if (!(ask->quirks & QUIRK_MAX_COMPLETION))
		return true;
	for (size_t i = 0; i < countof(reasoning); i++)
		if (slice_starts(ask->model, slice_cstr(reasoning[i])))
			return false;
	return true;
}

static void write_options(struct jsonw *w, const struct wire_ask *ask)
{
	jsonw_kbool(w, "stream", true);
	if (!(ask->quirks & QUIRK_NO_STREAM_OPTIONS)) {
		jsonw_key(w, "stream_options");
		jsonw_obj(w);
		jsonw_kbool(w, "include_usage", true);
		/* Random padding in each event, against listeners on the wire who count bytes; costs more than the text. */
		if (ask->quirks & QUIRK_OBFUSCATES)
			jsonw_kbool(w, "include_obfuscation", false);
		jsonw_end(w);
	}
	if (ask->max_output > 0)
		jsonw_kint(w, ask->quirks & QUIRK_MAX_COMPLETION ? "max_completion_tokens" : "max_tokens", ask->max_output);
	if (ask->temperature >= 0 && takes_temperature(ask)) {
		jsonw_key(w, "temperature");
		jsonw_num(w, ask->temperature);
	}
}

void openai_chat_request(struct buf *out, const struct wire_ask *ask)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_obj(&w);
	jsonw_kstr(&w, "model", ask->model);
	jsonw_key(&w, "messages");
	jsonw_arr(&w);
	for (size_t i = 0; i < ask->history->n; i++)
		write_message(&w, ask, &ask->history->m[i]);
	jsonw_end(&w);
	write_tools(&w, ask);
	write_options(&w, ask);
	jsonw_end(&w);
}
