/* SPDX-License-Identifier: MIT */
/*
 * Chat Completions, the answer. A text delta is the hot path: one walk of the guard over the event and one over the delta in it, which pick what can be there,
 * and one copy out of the escapes into the answer's text, of which the delta is a view. A tree is built only of the field that needs one (a tool call's
 * delta, a list of parts).
 */
#include "model/wire.h"

#include "model/openai_tree.h"
#include "model/provider_err.h"

/* Of the event. Few, because each costs something at each key. */
enum { E_DELTA, E_FINISH, E_USAGE, E_ERROR, E__N };

static const struct guard_pick in_event[E__N] = {
	[E_DELTA] = {.path = "choices.0.delta"},
	[E_FINISH] = {.path = "choices.0.finish_reason"},
	[E_USAGE] = {.path = "usage"},
	[E_ERROR] = {.path = "error"},
};

/* Of an event without a delta, or at the end. */
enum { R_MESSAGE, R_OBJECT, R_X_GROQ, R_RESULTS, R_CITATIONS, R__N };

static const struct guard_pick in_rare[R__N] = {
	[R_MESSAGE] = {.path = "choices.0.message"},
	[R_OBJECT] = {.path = "object"},
	[R_X_GROQ] = {.path = "x_groq.usage"},
	[R_RESULTS] = {.path = "search_results"}, /* in every event of Perplexity's; the last one has them too */
	[R_CITATIONS] = {.path = "citations"},
};

/* Of the delta, or the message. */
enum { P_CONTENT, P_THOUGHTS, P_REASONING, P_REFUSAL, P_CALLS, P_DETAILS, P_EXTRA, P__N };

static const struct guard_pick in_delta[P__N] = {
	[P_CONTENT] = {.path = "content"},
	[P_THOUGHTS] = {.path = "reasoning_content"},
	[P_REASONING] = {.path = "reasoning"},
	[P_REFUSAL] = {.path = "refusal"},
	[P_CALLS] = {.path = "tool_calls"},
	[P_DETAILS] = {.path = "reasoning_details"},
	[P_EXTRA] = {.path = "extra_content"},
};

/* Of a delta that holds an array, which plain text does not. */
enum { A_ANNOTATIONS, A_IMAGES, A__N };

static const struct guard_pick in_arrays[A__N] = {
	[A_ANNOTATIONS] = {.path = "annotations"},
	[A_IMAGES] = {.path = "images"},
};

static const struct guard_limits event_limits = {.depth = GUARD_DEPTH_MAX, .nodes = 100000, .key = 1024, .upstream = true};
static const struct guard_limits part_limits = {.depth = GUARD_DEPTH_MAX, .nodes = 100000, .key = 1024, .upstream = true, .any_top = true};

static bool is_text(const struct guard_pick *p)
{
	return p->raw.n > 2 && p->raw.p[0] == '"';
}

static bool is_tree(const struct guard_pick *p)
{
	return p->raw.n > 2 && (p->raw.p[0] == '{' || p->raw.p[0] == '[');
}

/* ---- small parts ---- */

/* Asked once more for the reason: an err of its own would lie in every good event's frame. */
ASIDE static enum rc garbage_in(struct slice in, struct err *e)
{
	struct err why = ERR_INIT;
	bool mend;

	(void)!guard_check(in, &event_limits, NULL, 0, &mend, &why);
	return openai_garbage(&why, e);
}

static enum rc too_long(struct err *e)
{
	err_set(e, RC_TOO_LARGE, "the answer is longer than %d bytes", WIRE_TEXT_MAX);
	return err_user(e, "The model's answer was too long and was cut off.");
}

/* The event is the provider's no. */
ASIDE static enum rc refused(struct wire *w, struct slice data, struct err *e)
{
	struct arena *scratch = arena_new(4 * (size_t)WIRE_EVENT_MAX, w->arena);
	struct provider_err no;
	enum rc rc;

	provider_err_read(scratch, 0, data, &no);
	w->may_retry = provider_err_retry(&no);
	rc = provider_err_tell(&no, e);
	arena_free(scratch);
	return rc;
}

static enum rc take_finish(struct wire *w, struct slice raw, struct err *e)
{
	static const struct {
		const char *raw;
		enum model_finish finish;
	} table[] = {
		{"\"stop\"", FINISH_STOP},         {"\"tool_calls\"", FINISH_CALLS},      {"\"function_call\"", FINISH_CALLS},
		{"\"length\"", FINISH_LENGTH},     {"\"max_tokens\"", FINISH_LENGTH},     {"\"model_length\"", FINISH_LENGTH},
		{"\"content_filter\"", FINISH_FILTER},
	};

	if (slice_is(raw, "\"error\"")) {
		w->may_retry = true;
		err_set(e, RC_UPSTREAM, "the provider ended the answer with finish reason 'error'");
		return err_user(e, "The model's provider has a problem right now. Please try again in a moment.");
	}
	w->finished = true;
	w->finish = FINISH_STOP; /* an unknown reason ("eos", "end_turn") is an end as well */
	for (size_t i = 0; i < countof(table); i++)
		if (slice_is(raw, table[i].raw))
			w->finish = table[i].finish;
	return RC_OK;
}

static void take_usage(struct wire *w, struct slice raw)
{
	enum { IN, OUT, CACHED, REASONING, HIT, N };
	struct guard_pick p[N] = {
		[IN] = {.path = "prompt_tokens"},
		[OUT] = {.path = "completion_tokens"},
		[CACHED] = {.path = "prompt_tokens_details.cached_tokens"},
		[REASONING] = {.path = "completion_tokens_details.reasoning_tokens"},
		[HIT] = {.path = "prompt_cache_hit_tokens"},
	};
	int64_t v;
	bool mend;

	if (guard_check(raw, &event_limits, p, N, &mend, NULL) != RC_OK)
		return;
	if (slice_i64(p[IN].raw, 0, INT64_MAX, &v))
		w->usage.in = v;
	if (slice_i64(p[OUT].raw, 0, INT64_MAX, &v))
		w->usage.out = v;
	if (slice_i64(p[CACHED].raw.n ? p[CACHED].raw : p[HIT].raw, 0, INT64_MAX, &v))
		w->usage.cached = v;
	if (slice_i64(p[REASONING].raw, 0, INT64_MAX, &v))
		w->usage.reasoning = v;
}

/* ---- one event ---- */

static struct slice since(const struct buf *b, size_t n)
{
	return slice_from(buf_slice(b), n);
}

/* What a plain delta does not have. */
static enum rc take_trees(struct wire *w, const struct guard_pick *p, struct err *e)
{
	bool thoughts_told = is_text(&p[P_THOUGHTS]) || is_text(&p[P_REASONING]);
	enum rc rc = RC_OK;

	if (is_tree(&p[P_DETAILS]))
		rc = openai_tree(w, p[P_DETAILS].raw, thoughts_told ? openai_take_details : openai_take_details_text, e);
	if (rc == RC_OK && is_tree(&p[P_CONTENT]))
		rc = openai_tree(w, p[P_CONTENT].raw, openai_take_parts, e);
	if (rc == RC_OK && is_tree(&p[P_CALLS]))
		rc = openai_tree(w, p[P_CALLS].raw, openai_take_calls, e);
	if (rc == RC_OK && is_tree(&p[P_EXTRA]))
		rc = openai_tree(w, p[P_EXTRA].raw, openai_take_extra, e);
	return rc;
}

static enum rc take_arrays(struct wire *w, struct slice raw, struct wire_delta *out, struct err *e)
{
	struct guard_pick p[A__N];
	enum rc rc = RC_OK;
	bool mend;

	memcpy(p, in_arrays, sizeof(p));
	if (guard_check(raw, &event_limits, p, A__N, &mend, NULL) != RC_OK)
		return RC_OK; /* cannot be: it was checked */
	if (is_tree(&p[A_ANNOTATIONS]))
		rc = openai_tree(w, p[A_ANNOTATIONS].raw, openai_take_annotations, e);
	if (is_tree(&p[A_IMAGES])) {
		images_take(&w->images, p[A_IMAGES].raw);
		out->image = w->images.v;
		out->n_images = w->images.n;
	}
	return rc;
}

static enum rc take_delta(struct wire *w, struct slice raw, struct wire_delta *out, struct err *e)
{
	size_t text = w->text.n, reasoning = w->reasoning.n, refusal = w->refusal.n;
	struct guard_pick p[P__N];
	struct guard_seen seen;
	enum rc rc;

	memcpy(p, in_delta, sizeof(p));
	if (guard_walk(raw, &event_limits, p, P__N, &seen, NULL) != RC_OK)
		return garbage_in(raw, e);
	/* Some send their thoughts by both names. */
	if (is_text(&p[P_THOUGHTS])) {
		guard_unescape(p[P_THOUGHTS].raw, &w->reasoning);
		w->reasoning_content = true;
	} else if (is_text(&p[P_REASONING])) {
		guard_unescape(p[P_REASONING].raw, &w->reasoning);
	}
	if (is_text(&p[P_CONTENT]))
		guard_unescape(p[P_CONTENT].raw, &w->text);
	if (is_text(&p[P_REFUSAL]))
		guard_unescape(p[P_REFUSAL].raw, &w->refusal);
	rc = take_trees(w, p, e);
	if (rc == RC_OK && seen.arrays)
		rc = take_arrays(w, raw, out, e);
	out->calls_grew = is_tree(&p[P_CALLS]) && assemble_grown(&w->calls);
	out->text = since(&w->text, text);
	out->reasoning = since(&w->reasoning, reasoning);
	out->refusal = since(&w->refusal, refusal);
	if (rc == RC_OK && (!buf_ok(&w->text) || !buf_ok(&w->refusal)))
		return too_long(e);
	return rc;
}

ASIDE static enum rc take_rare(struct wire *w, struct slice data, bool has_delta, bool has_usage, struct wire_delta *out, struct err *e)
{
	struct guard_pick p[R__N];
	enum rc rc = RC_OK;
	struct err why;
	bool mend;

	memcpy(p, in_rare, sizeof(p));
	if (guard_check(data, &event_limits, p, R__N, &mend, &why) != RC_OK)
		return openai_garbage(&why, e);
	if (slice_is(p[R_OBJECT].raw, "\"error\""))
		return refused(w, data, e);
	if (!has_usage && is_tree(&p[R_X_GROQ]))
		take_usage(w, p[R_X_GROQ].raw);
	if (!has_delta && is_tree(&p[R_MESSAGE]))
		rc = take_delta(w, p[R_MESSAGE].raw, out, e);
	if (rc == RC_OK && is_tree(&p[R_RESULTS]))
		rc = openai_tree(w, p[R_RESULTS].raw, openai_take_results, e);
	if (rc == RC_OK && is_tree(&p[R_CITATIONS]))
		rc = openai_tree(w, p[R_CITATIONS].raw, openai_take_results, e);
	return rc;
}

static enum rc read_event(struct wire *w, struct slice data, struct wire_delta *out, struct err *e)
{
	struct guard_pick p[E__N];
	size_t sources = w->sources.n;
	bool has_delta, has_usage;
	enum rc rc = RC_OK;
	bool mend;

	memcpy(p, in_event, sizeof(p));
	if (guard_check(data, &event_limits, p, E__N, &mend, NULL) != RC_OK)
		return garbage_in(data, e);
	if (is_text(&p[E_ERROR]) || is_tree(&p[E_ERROR]))
		return refused(w, data, e);
	has_delta = is_tree(&p[E_DELTA]);
	has_usage = is_tree(&p[E_USAGE]);
	if (has_usage)
		take_usage(w, p[E_USAGE].raw);
	if (has_delta)
		rc = take_delta(w, p[E_DELTA].raw, out, e);
	if (rc == RC_OK && (!has_delta || is_text(&p[E_FINISH])))
		rc = take_rare(w, data, has_delta, has_usage, out, e);
	if (rc == RC_OK && is_text(&p[E_FINISH]))
		rc = take_finish(w, p[E_FINISH].raw, e);
	if (w->sources.n > sources) {
		out->source = w->sources.v + sources;
		out->n_sources = w->sources.n - sources;
	}
	return rc;
}

/* [{"error":{...}}], as Google's endpoint answers in a stream too; also any other array, which is not an event. */
static enum rc array_event(struct wire *w, struct slice data, struct err *e)
{
	struct guard_pick p = {.path = "0.error"};
	struct err why;
	bool mend;

	if (guard_check(data, &part_limits, &p, 1, &mend, &why) != RC_OK)
		return openai_garbage(&why, e);
	if (p.raw.n)
		return refused(w, data, e);
	err_set(&why, RC_PROTO, "an array");
	return openai_garbage(&why, e);
}

static enum rc chat_event(struct wire *w, struct slice data, struct wire_delta *out, struct err *e)
{
	*out = (struct wire_delta){0};
	if (w->images.n)
		images_clear(&w->images);
	data = slice_trim(data);
	if (data.n == 0 || w->done)
		return RC_OK;
	if (data.p[0] == '[') {
		if (!slice_is(data, "[DONE]"))
			return array_event(w, data, e);
		w->done = true;
		return RC_OK;
	}
	return read_event(w, data, out, e);
}

static enum rc chat_whole(struct wire *w, struct slice body, struct wire_delta *out, struct err *e)
{
	struct err why;
	enum rc rc;

	*out = (struct wire_delta){0};
	body = slice_trim(body);
	if (body.n && body.p[0] == '[')
		return array_event(w, body, e);
	rc = read_event(w, body, out, e);
	w->done = true; /* a whole body was not cut */
	if (rc == RC_OK && !w->finished && !w->text.n && !w->calls.n && !w->refusal.n) {
		err_set(&why, RC_PROTO, "a body without an answer in it");
		return openai_garbage(&why, e);
	}
	return rc;
}

const struct wire_ops openai_chat = {
	.name = "openai-chat",
	.path = "/chat/completions",
	.request = openai_chat_request,
	.event = chat_event,
	.whole = chat_whole,
};
