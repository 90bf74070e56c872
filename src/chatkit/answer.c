/* SPDX-License-Identifier: MIT */
#include "chatkit/answer.h"

#include "wire/jsonw.h"
#include "wire/utf8.h"

const struct slice ck_ask_description = S_INIT(
	"Asks the user one or more questions, shown as a form, and waits for the answers. Use it when you cannot go on without knowing something that only "
	"the user can say; never for what you could find out yourself. With options the user picks one (or several with multiple) and may always write something else; "
	"without options the user writes freely. Ask everything you need in one call, and call no other tool with it.");

const struct slice ck_ask_schema = S_INIT(
	"{\"type\":\"object\",\"properties\":{\"questions\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":20,\"items\":{\"type\":\"object\",\"properties\":{"
	"\"question\":{\"type\":\"string\",\"description\":\"One question, as the user reads it\"},"
	"\"options\":{\"type\":\"array\",\"maxItems\":30,\"items\":{\"type\":\"string\"},\"description\":\"Suggested answers; leave out for a free text\"},"
	"\"multiple\":{\"type\":\"boolean\",\"description\":\"The user may choose several options\"},"
	"\"description\":{\"type\":\"string\",\"description\":\"A hint below a question without options\"}},"
	"\"required\":[\"question\"]}}},\"required\":[\"questions\"],\"additionalProperties\":false}"); /* a question may have an id, which is not asked for */

/* ---- what the model asks ---- */

/* A text of the model's: there, not blank, not too long. */
static struct slice asked_text(const struct json_at *at)
{
	struct slice s = slice_trim(json_as_str(at));

	if (json_has(at) && s.n == 0)
		json_fail(at, "cannot be empty");
	if (s.n > CK_QUESTION_TEXT)
		json_fail(at, "longer than %d bytes", CK_QUESTION_TEXT);
	return s;
}

static bool among(const struct slice *seen, size_t n, struct slice s)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(seen[i], s))
			return true;
	return false;
}

static void write_options(struct jsonw *w, const struct json_at *options, size_t n)
{
	struct slice seen[CK_OPTIONS_MAX];
	size_t n_seen = 0;

	jsonw_key(w, "options");
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++) {
		struct json_at option = json_item(options, i), value = option;
		struct slice s;

		if (json_kind(&option) == JSON_OBJECT)
			value = json_get(&option, "value");
		s = asked_text(&value);
		if (among(seen, n_seen, s))
			continue;
		seen[n_seen++] = s;
		jsonw_obj(w);
		jsonw_kstr(w, "value", s);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void write_question(struct jsonw *w, const struct json_at *q, struct slice id)
{
	struct json_at question = json_get(q, "question"), options = json_get(q, "options"), description = json_get(q, "description");
	size_t n = json_count(&options);

	if (n > CK_OPTIONS_MAX) {
		json_fail(&options, "more than %d options", CK_OPTIONS_MAX);
		n = 0;
	}
	jsonw_obj(w);
	jsonw_kcstr(w, "type", n ? "multiple_choice" : "freeform");
	jsonw_kstr(w, "id", id);
	jsonw_kstr(w, "question", asked_text(&question));
	if (n) {
		write_options(w, &options, n);
		jsonw_kbool(w, "multiple", json_bool_or(q, "multiple", false));
	} else if (json_has(&description)) {
		jsonw_kstr_opt(w, "description", utf8_cut(json_as_str(&description), CK_QUESTION_TEXT));
	}
	jsonw_end(w);
}

/* The model's id when it has a free one, else the next of q1, q2, ... that is free. */
static struct slice id_of(struct arena *a, const struct json_at *q, const struct slice *ids, size_t n)
{
	struct json_at at = json_get(q, "id");
	struct slice id = json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;

	for (size_t k = n + 1; id.n == 0 || id.n > CK_ID_MAX || among(ids, n, id); k++)
		id = arena_printf(a, "q%zu", k);
	return id;
}

static void write_questions(struct arena *a, struct jsonw *w, const struct json_at *root)
{
	struct json_at questions = json_get(root, "questions"), one = json_get(root, "question");
	bool single = !json_has(&questions) && json_has(&one);
	size_t n = single ? 1 : json_count(&questions);
	struct slice ids[CK_QUESTIONS_MAX];

	if (n == 0 || n > CK_QUESTIONS_MAX) {
		json_fail(&questions, "expected 1 to %d questions", CK_QUESTIONS_MAX);
		return;
	}
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++) {
		struct json_at q = single ? *root : json_item(&questions, i);

		if (json_kind(&q) != JSON_OBJECT)
			json_fail(&q, "expected object");
		ids[i] = id_of(a, &q, ids, i);
		write_question(w, &q, ids[i]);
	}
	jsonw_end(w);
}

#define INPUTS_MAX (CK_QUESTIONS_MAX * (CK_OPTIONS_MAX + 2) * (6 * CK_QUESTION_TEXT))

enum rc ck_questions_read(struct arena *a, struct slice args, struct slice *inputs, struct err *e)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct buf b = BUF_INIT(INPUTS_MAX);
	struct json_doc *doc;
	struct json_at root;
	struct jsonw w;
	enum rc rc = json_parse(a, args, &limits, &doc, e);

	if (rc != RC_OK)
		return err_tell(e, rc, "the arguments are no JSON object");
	root = json_root(doc);
	jsonw_init(&w, &b);
	write_questions(a, &w, &root);
	rc = json_done(doc, e);
	if (rc == RC_OK) {
		*inputs = arena_try_dup(a, buf_slice(&b));
		if (!inputs->p)
			rc = err_tell(e, RC_TOO_LARGE, "questions: too large");
	}
	buf_release(&b);
	return rc;
}

/* ---- what the person answered ---- */

struct answering {
	const struct ck_answers *answers;
	bool asked[CK_QUESTIONS_MAX]; /* this one of answers has its question */
	struct jsonw w;               /* the item */
	struct buf body, text;
};

static const struct ck_given *given_for(struct answering *g, struct slice id)
{
	for (size_t i = 0; i < g->answers->n && i < CK_QUESTIONS_MAX; i++)
		if (slice_eq(g->answers->given[i].id, id)) {
			g->asked[i] = true;
			return &g->answers->given[i];
		}
	return NULL;
}

/* How many of its values count; 0: the question was skipped. */
static size_t values_of(const struct answering *g, const struct ck_given *given, const struct json_at *q)
{
	bool choice = slice_is(json_str_or(q, "type", SLICE_NONE), "multiple_choice");

	if (g->answers->skipped || !given || given->skipped || given->n_values == 0)
		return 0;
	return choice && !json_bool_or(q, "multiple", false) ? 1 : given->n_values;
}

static void write_answer(struct answering *g, const struct ck_given *given, size_t n)
{
	struct jsonw *w = &g->w;

	jsonw_key(w, "answer");
	jsonw_obj(w);
	jsonw_key(w, "values");
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++)
		jsonw_str(w, given->values[i]);
	jsonw_end(w);
	jsonw_kbool(w, "skipped", n == 0);
	jsonw_end(w);
}

/* One line, so that no answer looks like another's. */
static void add_flat(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addch(out, s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i]);
}

static void tell_answer(struct answering *g, struct slice question, const struct ck_given *given, size_t n)
{
	buf_add(&g->text, S("- "));
	add_flat(&g->text, question);
	buf_adds(&g->text, n ? ": " : ": skipped");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add(&g->text, S(", "));
		add_flat(&g->text, given->values[i]);
	}
	buf_addch(&g->text, '\n');
}

static void answer_question(struct answering *g, const struct json_at *q)
{
	const struct ck_given *given = given_for(g, json_str_or(q, "id", SLICE_NONE));
	size_t n = values_of(g, given, q);
	struct slice key;
	struct json_at child;

	jsonw_obj(&g->w);
	for (size_t it = 0; json_each(q, &it, &key, &child);)
		if (!slice_is(key, "answer")) {
			jsonw_key_slice(&g->w, key);
			jsonw_raw(&g->w, json_text(&child));
		}
	write_answer(g, given, n);
	jsonw_end(&g->w);
	tell_answer(g, json_str_or(q, "question", SLICE_NONE), given, n);
}

static void answer_item(struct answering *g, const struct json_at *root)
{
	const char *status = g->answers->skipped ? "skipped" : "answered";
	struct slice key;
	struct json_at child;

	buf_addf(&g->text, "A form was shown to the user, who has %s it:\n<StructuredInput>\n", status);
	jsonw_init(&g->w, &g->body);
	jsonw_obj(&g->w);
	for (size_t it = 0; json_each(root, &it, &key, &child);) {
		jsonw_key_slice(&g->w, key);
		if (slice_is(key, "status")) {
			jsonw_cstr(&g->w, status);
		} else if (slice_is(key, "inputs")) {
			jsonw_arr(&g->w);
			for (size_t i = 0; i < json_count(&child); i++) {
				struct json_at q = json_item(&child, i);

				answer_question(g, &q);
			}
			jsonw_end(&g->w);
		} else {
			jsonw_raw(&g->w, json_text(&child));
		}
	}
	jsonw_end(&g->w);
	buf_adds(&g->text, "</StructuredInput>");
}

static void warn_unasked(const struct answering *g, struct buf *warnings)
{
	for (size_t i = 0; warnings && i < g->answers->n && i < CK_QUESTIONS_MAX; i++)
		if (!g->asked[i])
			buf_addf(warnings, "an answer to a question that was not asked: '%.*s'\n", SLICE_ARG(utf8_cut(g->answers->given[i].id, 60)));
}

#define ITEM_MAX (8 * 1024 * 1024)

static enum rc take(struct arena *a, const struct answering *g, struct slice *body, struct slice *text, struct err *e)
{
	if (!buf_ok(&g->body) || !buf_ok(&g->text))
		return err_tell(e, RC_TOO_LARGE, "params.input.answers: too large");
	*body = arena_try_dup(a, buf_slice(&g->body));
	*text = arena_try_dup(a, buf_slice(&g->text));
	return body->p && text->p ? RC_OK : err_tell(e, RC_TOO_LARGE, "params.input.answers: too large");
}

enum rc ck_answer(struct arena *a, struct slice item, const struct ck_answers *answers, struct slice *body, struct slice *text, struct buf *warnings,
		  struct err *e)
{
	struct answering g = {.answers = answers, .body = BUF_INIT(ITEM_MAX), .text = BUF_INIT(ITEM_MAX)};
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;
	struct json_at root;
	enum rc rc = json_parse(a, item, &limits, &doc, e);

	if (rc != RC_OK)
		return err_wrap(e, "a stored item");
	root = json_root(doc);
	if (!slice_is(json_str_or(&root, "type", SLICE_NONE), "structured_input"))
		return err_tell(e, RC_BAD, "params.item_id: not a structured_input");
	if (!slice_is(json_str_or(&root, "status", S("pending")), "pending"))
		return err_tell(e, RC_CONFLICT, "These questions were answered already.");
	answer_item(&g, &root);
	rc = json_done(doc, e);
	if (rc == RC_OK)
		rc = take(a, &g, body, text, e);
	if (rc == RC_OK)
		warn_unasked(&g, warnings);
	buf_release(&g.body);
	buf_release(&g.text);
	return rc;
}
