/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include "agent/prompt.h"
#include "agent/tools.h"

#define ROUND_ARENA_MAX (64 * 1024 * 1024) /* bytes of one round's request and answer; the run's own cap is the tighter one */

struct loop { /* one run */
	struct agent_run *run;
	struct agent_opts o; /* with the defaults */
	struct stop stop;    /* the run's, and its deadline */
	struct io_timer timer;
	bool late;
	struct model_usage usage;
	enum model_finish finish;
	size_t rounds, calls;
};

static struct agent_opts with_defaults(const struct agent_opts *o)
{
	struct agent_opts d = *o;

	d.max_rounds = o->max_rounds ? o->max_rounds : 10;
	d.max_calls = o->max_calls ? o->max_calls : 64;
	d.history_bytes = o->history_bytes ? o->history_bytes : 400000;
	d.tool_us = o->tool_us ? o->tool_us : TOOL_US;
	d.run_us = o->run_us ? o->run_us : 600 * (int64_t)IO_SECOND;
	return d;
}

static WAITS enum rc emit(struct loop *l, const struct agent_event *ev, struct err *e)
{
	return l->run->out.event(l->run->out.ctx, ev, e);
}

static WAITS enum rc emit_text(struct loop *l, enum agent_event_kind kind, struct slice text, struct err *e)
{
	struct agent_event ev = {.kind = kind, .delta = text};

	return emit(l, &ev, e);
}

/* ---- one model call ---- */

#define FILES_MAX (20 * 1024 * 1024) /* bytes of files that go along with one request, as they are sent */

static bool has_file(const struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].kind == PART_FILE)
			return true;
	return false;
}

/* A file that fails to come is not worth the turn: the model reads that there was one. */
WAITS static void load_message(struct loop *l, struct message *m, struct arena *a, size_t *room)
{
	struct part *parts = arena_alloc(a, m->n * sizeof(*parts));
	struct agent_run *r = l->run;

	memcpy(parts, m->parts, m->n * sizeof(*parts));
	m->parts = parts;
	for (size_t i = 0; i < m->n; i++) {
		struct err e = ERR_INIT;

		if (parts[i].kind != PART_FILE || !r->load || *room == 0)
			continue;
		if (r->load(r->load_ctx, r->caller, &parts[i], a, &e) != RC_OK)
			log_err(r->log, "a file for the model", &e);
		if (parts[i].data.n + parts[i].text.n > *room)
			parts[i].data = parts[i].text = SLICE_NONE;
		*room -= parts[i].data.n + parts[i].text.n;
	}
}

/* The files of what is shown, the newest first: old ones stay behind when there are too many. */
WAITS static void load_files(struct loop *l, struct history *h, struct arena *a)
{
	size_t room = FILES_MAX;

	for (size_t i = h->n; i > 0; i--)
		if (has_file(&h->m[i - 1]))
			load_message(l, &h->m[i - 1], a, &room);
}

/* What the model sees: instructions, and as much of the past as fits, mended. Lives in a. */
ASIDE WAITS static struct history view(struct loop *l, struct arena *a)
{
	struct agent_run *r = l->run;
	struct history h;

	history_init(&h, a);
	if (l->o.instructions.n) {
		struct slice text = prompt_fill(a, l->o.instructions, r->caller, env_wall_us(io_env(r->io)));

		history_add(&h, message_text(a, ROLE_SYSTEM, text));
	}
	for (size_t i = 0; i < r->history->n; i++)
		history_add(&h, r->history->m[i]);
	history_repair(&h);
	history_cut(&h, l->o.history_bytes);
	load_files(l, &h, a);
	return h;
}

static void add_usage(int64_t *sum, int64_t v)
{
	if (v >= 0)
		*sum = (*sum < 0 ? 0 : *sum) + v;
}

static WAITS enum rc emit_growing(struct loop *l, const struct model_event *m, struct err *e)
{
	const struct tool *tool = l->run->tools ? toolset_find(l->run->tools, m->name) : NULL;
	struct agent_call call = {.index = l->calls + m->call_index, .name = m->name, .title = m->name, .args = m->args, .tool = tool};
	struct agent_event ev = {.kind = AGENT_CALL_GROWS, .call = &call};

	return tool && tool->preview ? emit(l, &ev, e) : RC_OK;
}

static WAITS enum rc pump(struct loop *l, struct model_stream *s, struct err *e)
{
	struct model_event ev;
	enum rc rc = RC_OK;

	io_trim(l->run->io); /* asking went deep; an answer is waited for long, and not deep at all */
	while (rc == RC_OK) {
		rc = s->ops->next(s, &ev, e);
		if (rc != RC_OK)
			break;
		switch (ev.kind) {
		case MODEL_TEXT:
		case MODEL_REFUSAL:
			rc = emit_text(l, AGENT_TEXT, ev.delta, e);
			break;
		case MODEL_REASONING:
			rc = emit_text(l, AGENT_REASONING, ev.delta, e);
			break;
		case MODEL_ANNOTATION:
			rc = emit(l, &(struct agent_event){.kind = AGENT_SOURCE, .source = ev.source}, e);
			break;
		case MODEL_IMAGE:
			rc = emit(l, &(struct agent_event){.kind = AGENT_IMAGE, .image = ev.image}, e);
			break;
		case MODEL_CALL_GROWS:
			rc = emit_growing(l, &ev, e);
			break;
		case MODEL_CALL:
			break; /* said() has them all */
		case MODEL_DONE:
			l->finish = ev.finish;
			add_usage(&l->usage.in, ev.usage.in);
			add_usage(&l->usage.out, ev.usage.out);
			add_usage(&l->usage.cached, ev.usage.cached);
			add_usage(&l->usage.reasoning, ev.usage.reasoning);
			return RC_OK;
		}
	}
	return rc;
}

static bool call_known(const struct history *h, struct slice id)
{
	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0; k < h->m[i].n; k++)
			if (h->m[i].parts[k].kind == PART_CALL && slice_eq(h->m[i].parts[k].call_id, id))
				return true;
	return false;
}

/* What was said, in the run's arena. Vendors count their ids from 0 in every answer: one that the conversation has already is made anew. */
ASIDE static enum rc keep_said(struct loop *l, const struct message *from, struct message **out, struct err *e)
{
	struct agent_run *r = l->run;
	struct message *m = arena_try(r->arena, sizeof(*m));

	if (!m || !message_copy(r->arena, from, m))
		return err_set(e, RC_TOO_LARGE, "no room for the model's answer");
	for (size_t i = 0; i < m->n; i++) {
		if (m->parts[i].kind == PART_CALL && call_known(r->history, m->parts[i].call_id)) {
			struct id id = id_new(io_env(r->io), "call_");

			m->parts[i].call_id = arena_dup(r->arena, id_slice(&id));
		}
	}
	*out = m;
	return RC_OK;
}

static WAITS enum rc ask_model(struct loop *l, struct message **said, struct err *e)
{
	struct agent_run *r = l->run;
	struct arena *a = arena_new(ROUND_ARENA_MAX, r->arena);
	struct history h = view(l, a);
	struct model_req req = {
		.history = &h,
		.tools = r->tools,
		.must_call = l->rounds == 0 ? r->must_call : NULL, /* afterwards it may answer */
		.max_output = l->o.max_output,
		.temperature = l->o.temperature,
		.stop = &l->stop,
		.arena = a,
	};
	struct model_stream *s = NULL;
	enum rc rc = model_open(r->model, &req, &s, e);

	if (rc == RC_OK)
		rc = pump(l, s, e);
	if (rc == RC_OK)
		rc = keep_said(l, s->ops->said(s), said, e);
	if (s)
		s->ops->close(s);
	arena_free(a);
	l->rounds++;
	return rc;
}

/* ---- one round ---- */

static bool says_something(const struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->parts[i].kind == PART_CALL || (m->parts[i].kind == PART_TEXT && m->parts[i].text.n))
			return true;
	return false;
}

/* *over: what the tools showed, or wait for, ends the run. */
ASIDE static WAITS enum rc run_tools(struct loop *l, const struct message *said, bool *over, struct err *e)
{
	size_t left = l->calls < l->o.max_calls ? l->o.max_calls - l->calls : 0;
	struct tools_round t = {
		.run = l->run, .stop = &l->stop, .said = said, .first = l->calls, .allowed = left, .tool_us = l->o.tool_us};
	struct tools_done done;
	enum rc rc;

	l->calls += message_calls(said);
	rc = tools_run(&t, &done, e);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < done.n; i++)
		history_add(l->run->history, done.results[i]);
	*over = done.last || done.parked;
	rc = emit(l, &(struct agent_event){.kind = AGENT_ROUND, .messages = done.results, .n_messages = done.n}, e);
	if (rc == RC_OK && done.parked)
		rc = emit(l, &(struct agent_event){.kind = AGENT_PARKED, .call = done.parked, .result = &done.parked_result}, e);
	return rc;
}

/* The sentence that an answer's end deserves; empty for a plain one. */
static struct slice notice_of(enum model_finish finish, bool said)
{
	switch (finish) {
	case FINISH_LENGTH:
		return S("The answer was cut: it reached the model's limit.");
	case FINISH_FILTER:
		return said ? S("The answer was cut by the provider's content filter.") : S("The provider's content filter withheld the answer.");
	case FINISH_STOP:
	case FINISH_CALLS:
		break;
	}
	return SLICE_NONE;
}

/* Why no further model call is made; empty: go on. */
static struct slice limit_met(const struct loop *l)
{
	if (history_rounds(l->run->history) >= l->o.max_rounds)
		return S("I stopped here: the limit of steps for one answer is reached.");
	if (l->calls >= l->o.max_calls)
		return S("I stopped here: the limit of tool calls for one answer is reached.");
	return SLICE_NONE;
}

/* *over: the run needs no further model call. */
static WAITS enum rc one_round(struct loop *l, bool *over, struct err *e)
{
	struct agent_event ev = {.kind = AGENT_SAID};
	struct message *said = NULL;
	struct slice notice = SLICE_NONE;
	enum rc rc = ask_model(l, &said, e);
	bool something;

	if (rc != RC_OK)
		return rc;
	something = says_something(said);
	ev.message = said;
	if (something) {
		rc = emit(l, &ev, e);
		history_add(l->run->history, *said);
	}
	if (rc == RC_OK && message_calls(said)) {
		rc = run_tools(l, said, over, e);
		if (!*over)
			notice = limit_met(l);
		*over = *over || notice.n > 0;
	} else {
		notice = notice_of(l->finish, something);
		*over = true;
	}
	if (rc == RC_OK && notice.n)
		rc = emit_text(l, AGENT_NOTICE, notice, e);
	return rc;
}

/* ---- the run ---- */

static void run_late(void *ctx)
{
	struct loop *l = ctx;

	l->late = true;
	stop_set(&l->stop, STOP_FAILED);
}

static WAITS enum rc rounds(struct loop *l, struct err *e)
{
	struct agent_event done = {.kind = AGENT_DONE};
	struct slice notice = limit_met(l);
	bool over = notice.n > 0;
	enum rc rc = RC_OK;

	/* A run that goes on after the page's answer may begin at its limit. */
	if (over)
		rc = emit_text(l, AGENT_NOTICE, notice, e);
	while (rc == RC_OK && !over)
		rc = one_round(l, &over, e);
	if (rc != RC_OK)
		return rc;
	done.finish = l->finish;
	done.usage = l->usage;
	done.rounds = l->rounds;
	return emit(l, &done, e);
}

enum rc agent_run(struct agent_run *r, struct err *e)
{
	struct loop l = {.run = r, .o = with_defaults(r->opts), .usage = {-1, -1, -1, -1}, .finish = FINISH_CALLS};
	enum rc rc;

	e = e ? e : arena_new_of(r->arena, struct err);
	stop_init(&l.stop, r->io, r->stop);
	io_timer_set(r->io, &l.timer, io_in(r->io, l.o.run_us), run_late, &l);
	rc = rounds(&l, e);
	io_timer_off(r->io, &l.timer);
	if (rc == RC_STOPPED && l.late && !stop_why(r->stop)) {
		rc = err_set(e, RC_TIMEOUT, "the run took longer than %lld s", (long long)(l.o.run_us / IO_SECOND));
		err_user(e, "The answer took too long and was ended. Please try again.");
	}
	stop_release(&l.stop);
	return rc;
}
