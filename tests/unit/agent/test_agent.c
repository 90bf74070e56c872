/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/backend.h"
#include "tests/unit/task.h"

/* ---- a model from a script: one row an answer ---- */

struct answer {
	const char *text;     /* streamed a byte at a time */
	const char *calls[3]; /* "id name args" */
	enum model_finish finish;
	enum rc fails;        /* after the text */
	bool hangs;           /* after the text, until it is stopped */
};

struct script {
	struct model model;
	struct io *io;
	const struct answer *answers;
	size_t n, opened;
	char seen[8][256]; /* what each request showed: roles, and the texts of system and tools */
};

struct script_stream {
	struct model_stream base;
	struct script *script;
	const struct answer *a;
	struct arena *arena;
	struct stop *stop;
	struct message message;
	size_t at;
};

static enum rc script_next(struct model_stream *base, struct model_event *ev, struct err *e)
{
	struct script_stream *s = container_of(base, struct script_stream, base);
	size_t n = s->a->text ? strlen(s->a->text) : 0;

	*ev = (struct model_event){.kind = MODEL_DONE, .finish = s->a->finish, .usage = {10, 2, -1, -1}};
	if (s->at < n) {
		ev->kind = MODEL_TEXT;
		ev->delta = slice_mem(s->a->text + s->at++, 1);
		return RC_OK;
	}
	if (s->a->hangs) {
		EXPECT_RC(RC_STOPPED, io_sleep(s->script->io, 60 * IO_SECOND, s->stop));
		return err_set(e, RC_STOPPED, "script: stopped");
	}
	return s->a->fails ? err_set(e, s->a->fails, "script: fails") : RC_OK;
}

static const struct message *script_said(struct model_stream *base)
{
	return &container_of(base, struct script_stream, base)->message;
}

static void script_close(struct model_stream *base)
{
	arena_free(container_of(base, struct script_stream, base)->arena);
}

static void see(struct script *s, const struct model_req *req)
{
	char *out = s->seen[s->opened % 8];
	size_t n = 0;

	for (size_t i = 0; i < req->history->n && n < 200; i++) {
		const struct message *m = &req->history->m[i];

		n += (size_t)snprintf(out + n, 256 - n, "%s%.1s", i ? " " : "", role_name(m->role));
		if (m->role == ROLE_TOOL || m->role == ROLE_SYSTEM)
			n += (size_t)snprintf(out + n, 256 - n, "(%.*s)", SLICE_ARG(slice_upto(m->parts[0].text, 60)));
	}
}

static enum rc script_open(struct model *base, const struct model_req *req, struct model_stream **out, struct err *e)
{
	static const struct model_stream_ops ops = {script_next, script_said, script_close};
	struct script *s = container_of(base, struct script, model);
	struct arena *a = arena_new(1 << 20, req->arena);
	struct script_stream *st = arena_new_of(a, struct script_stream);

	(void)e;
	see(s, req);
	EXPECT(s->opened < s->n);
	*st = (struct script_stream){.base = {&ops}, .script = s, .a = &s->answers[s->opened++], .arena = a, .stop = req->stop};
	st->message = (struct message){.role = ROLE_ASSISTANT, .family = S("script"), .parts = arena_alloc(a, 8 * sizeof(struct part))};
	if (st->a->text)
		st->message.parts[st->message.n++] = (struct part){.kind = PART_TEXT, .text = slice_cstr(st->a->text)};
	for (size_t i = 0; i < countof(st->a->calls) && st->a->calls[i]; i++) {
		struct slice id, name, rest = slice_cut(slice_cstr(st->a->calls[i]), ' ', &id), args = slice_cut(rest, ' ', &name);

		st->message.parts[st->message.n++] = (struct part){.kind = PART_CALL, .call_id = id, .name = name, .args = args};
	}
	*out = &st->base;
	return RC_OK;
}

static void script_free(struct model *m)
{
	(void)m;
}

/* ---- tools ---- */

struct bench { /* what the tools stand on */
	struct io *io;
	int running, most, stopped;
};

/* {"ms":N} waits that long, or until it is stopped. */
static enum rc work(struct bench *b, struct tool_call *call, struct tool_result *out, bool deaf)
{
	const char *at = strstr(call->args.p, "\"ms\":");
	int64_t ms = at ? strtol(at + 5, NULL, 10) : 0;
	enum rc rc;

	b->running++;
	if (b->running > b->most)
		b->most = b->running;
	if (call->progress)
		call->progress(call->progress_ctx, S("begun"));
	rc = ms ? io_sleep(b->io, ms * IO_MS, deaf ? NULL : call->stop) : RC_OK;
	b->running--;
	b->stopped += rc == RC_STOPPED;
	out->text = arena_printf(call->arena, "%lld for %.*s", (long long)ms, SLICE_ARG(call->caller->owner));
	return rc;
}

static enum rc tool_work(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	(void)e;
	return work(ctx, call, out, false);
}

static enum rc tool_deaf(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	(void)e;
	return work(ctx, call, out, true);
}

/* With {"ms":N} a tool ends so much later: of those that begin together, that alone says which ends first. */
static void late(struct bench *b, const struct tool_call *call, const char *name)
{
	const char *at = strstr(call->args.p, name);

	if (at)
		(void)io_sleep(b->io, strtol(at + strlen(name), NULL, 10) * IO_MS, call->stop);
}

static enum rc tool_down(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	(void)out;
	late(ctx, call, "\"ms\":");
	return err_set(e, RC_DB, "the test's database is down");
}

static enum rc tool_no(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	(void)e;
	late(ctx, call, "\"ms\":");
	*out = (struct tool_result){.is_error = true, .text = S("no such task")};
	return RC_OK;
}

static enum rc tool_last(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	(void)e;
	late(ctx, call, "\"ms\":");
	*out = (struct tool_result){.last = true, .text = S("shown")};
	return RC_OK;
}

/* Takes all the room that there is, {"but":N} bytes at most, and keeps it for {"hold":N} ms. */
static enum rc tool_fill(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	const char *at = strstr(call->args.p, "\"but\":");
	size_t but = at ? (size_t)strtol(at + 6, NULL, 10) : 0;

	(void)e;
	late(ctx, call, "\"ms\":");
	for (size_t n = 1 << 20; n > but; n /= 2)
		while (arena_try(call->arena, n))
			;
	late(ctx, call, "\"hold\":");
	*out = (struct tool_result){.text = S("full")};
	return RC_OK;
}

static enum rc tool_huge(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	late(ctx, call, "\"ms\":");
	*out = (struct tool_result){.text = S("huge")};
	return arena_try(call->arena, 1 << 20) ? RC_OK : err_set(e, RC_TOO_LARGE, "no room for what is shown");
}

/* ---- the receiver ---- */

struct watcher {
	struct buf log;
	const char *fail_at; /* the event that it fails at, as it is logged; NULL: never */
	enum rc fail_with;
	bool news;           /* log those too */
};

static void log_event(struct buf *b, const struct agent_event *ev)
{
	switch (ev->kind) {
	case AGENT_TEXT:
		buf_add(b, ev->delta);
		break;
	case AGENT_REASONING:
		buf_addf(b, "R(%.*s)", SLICE_ARG(ev->delta));
		break;
	case AGENT_SAID:
		buf_addf(b, " SAID%zu", ev->message->n);
		break;
	case AGENT_TOOL_BEGIN:
		buf_addf(b, " B%zu", ev->call->index);
		break;
	case AGENT_TOOL_NEWS:
		buf_addf(b, " N%zu(%.*s)", ev->call->index, SLICE_ARG(ev->delta));
		break;
	case AGENT_TOOL_END:
		buf_addf(b, " E%zu%s", ev->call->index, ev->result->is_error ? "!" : "");
		break;
	case AGENT_ROUND:
		buf_adds(b, " ROUND(");
		for (size_t i = 0; i < ev->n_messages; i++)
			buf_addf(b, "%s%.*s=%.*s", i ? "; " : "", SLICE_ARG(ev->messages[i].parts[0].call_id), SLICE_ARG(ev->messages[i].parts[0].text));
		buf_adds(b, ") ");
		break;
	case AGENT_SOURCE:
	case AGENT_IMAGE:
	case AGENT_CALL_GROWS:
		break;
	case AGENT_PARKED:
		buf_addf(b, " PARKED%zu(%.*s)", ev->call->index, SLICE_ARG(ev->result->args));
		break;
	case AGENT_NOTICE:
		buf_addf(b, " NOTICE(%.*s)", SLICE_ARG(ev->delta));
		break;
	case AGENT_DONE:
		buf_addf(b, " DONE%zu u%lld/%lld", ev->rounds, (long long)ev->usage.in, (long long)ev->usage.out);
		break;
	}
}

static enum rc watch(void *ctx, const struct agent_event *ev, struct err *e)
{
	struct watcher *w = ctx;
	size_t before = w->log.n;

	if (ev->kind == AGENT_TOOL_NEWS && !w->news)
		return RC_OK;
	log_event(&w->log, ev);
	if (w->fail_at && slice_starts(slice_from(buf_slice(&w->log), before), slice_cstr(w->fail_at)))
		return err_set(e, w->fail_with, "the receiver's own");
	return RC_OK;
}

/* ---- a run ---- */

struct row {
	const char *name;
	struct answer a[4];
	size_t n;
	const char *want; /* the log; then "!rc" */
	const char *fail_at;
	enum rc fail_with;
	int stop_ms;
	unsigned max_rounds, max_calls;
	int64_t tool_us, run_us;
	int min_ms;
	const char *seen; /* by the last request */
	int stopped;      /* tools */
};

#define TOOK_MAX_MS 20000 /* what nobody stops takes a minute */
#define END " DONE1 u10/2"
#define END2 " DONE2 u20/4"
#define NO_TOOL "There is no tool 'gone'. The tools are: work, deaf, down, no, last, fill, huge, pick, show_it."
#define NO_ROOM "There is no room for this result beside those of the other calls. If there were any, call it again by itself."
#define DOWN "The tool 'down' is unavailable. Tell the user; do not call it again now."

static const struct row rows[] = {
	{.name = "an answer", .a = {{.text = "hi"}}, .n = 1, .want = "hi SAID1" END, .seen = "s(You help o1.) u"},
	{.name = "a tool", .a = {{.text = "ok", .calls = {"c work {}"}}, {.text = "done"}}, .n = 2,
	 .want = "ok SAID2 B0 E0 ROUND(c=0 for o1) done SAID1" END2, .seen = "s(You help o1.) u a t(0 for o1)"},
	{.name = "three tools, side by side; ends as they come, results in order",
	 .a = {{.calls = {"a work {\"ms\":900}", "b work {\"ms\":300}", "c work {\"ms\":600}"}}, {.text = "."}}, .n = 2,
	 .want = " SAID3 B0 B1 B2 E1 E2 E0 ROUND(a=900 for o1; b=300 for o1; c=600 for o1) . SAID1" END2, .min_ms = 890},
	{.name = "an unknown tool, one that is down, one that says no", .a = {{.calls = {"a gone {}", "b down {}", "c no {\"ms\":300}"}}, {.text = "."}}, .n = 2,
	 .want = " SAID3 B0 E0! B1 B2 E1! E2! ROUND(a=" NO_TOOL "; b=" DOWN "; c=no such task) . SAID1" END2},
	{.name = "results that fill the memory: what has no room is told, the others stand, and the run goes on",
	 .a = {{.calls = {"a fill {\"but\":60000,\"hold\":2000}", "b huge {\"ms\":500}", "c work {\"ms\":2500}"}}, {.calls = {"b huge {}"}}, {.text = "."}}, .n = 3,
	 .want = " SAID3 B0 B1 B2 E1! E0 E2 ROUND(a=full; b=" NO_ROOM "; c=2500 for o1)  SAID1 B3 E3 ROUND(*=huge) . SAID1 DONE3 u30/6"},
	{.name = "the last of them leaves nothing", .a = {{.calls = {"a work {}", "b fill {\"ms\":300}"}}, {.text = "."}}, .n = 2,
	 .want = " SAID2 B0 B1 E0 E1 ROUND(a=0 for o1; b=full) . SAID1" END2},
	{.name = "arguments that do not parse", .a = {{.calls = {"a work {\"ms\""}}, {.text = "."}}, .n = 2,
	 .want = " SAID1 B0 E0! ROUND(a=The tool 'work' was not called: the arguments must be one JSON object: not JSON: unexpected end (byte 5). "
		 "Mend the arguments and call it again.) . SAID1" END2},
	{.name = "an id again in the next round", .a = {{.calls = {"x work {}"}}, {.calls = {"x work {}"}}, {.text = "."}}, .n = 3,
	 .want = " SAID1 B0 E0 ROUND(x=0 for o1)  SAID1 B1 E1 ROUND(*=0 for o1) . SAID1 DONE3 u30/6"},
	{.name = "a tool that is too slow", .a = {{.calls = {"a work {\"ms\":60000}", "b work {}"}}, {.text = "."}}, .n = 2, .tool_us = 300 * IO_MS,
	 .want = " SAID2 B0 B1 E1 E0! ROUND(a=The tool 'work' did not answer within 0 s.; b=0 for o1) . SAID1" END2, .stopped = 1},
	{.name = "a tool that ends the answer", .a = {{.calls = {"a work {}", "b last {\"ms\":300}"}}}, .n = 1, .want = " SAID2 B0 B1 E0 E1 ROUND(a=0 for o1; b=shown) " END},
	{.name = "a tool that the configuration says ends it", .a = {{.calls = {"a show_it {}"}}}, .n = 1, .want = " SAID1 B0 E0 ROUND(a=0 for o1) " END},
	{.name = "unless it failed", .a = {{.calls = {"a show_it {\"ms\""}}, {.text = "."}}, .n = 2,
	 .want = " SAID1 B0 E0! ROUND(a=The tool 'show_it' was not called: the arguments must be one JSON object: not JSON: unexpected end (byte 5). "
		 "Mend the arguments and call it again.) . SAID1" END2},
	{.name = "the page's tool parks the run", .a = {{.text = "x", .calls = {"a work {}", "b pick {\"n\": 1}"}}}, .n = 1,
	 .want = "x SAID3 B0 B1 E0 ROUND(a=0 for o1)  PARKED1({\"n\":1})" END},
	{.name = "it alone", .a = {{.calls = {"b pick {}"}}}, .n = 1, .want = " SAID1 B0 ROUND()  PARKED0({})" END},
#ifndef SEAM_THREAD /* of two threads either may be the first */
	{.name = "two of them: the second is refused", .a = {{.calls = {"a pick {}", "b pick {}"}}}, .n = 1,
	 .want = " SAID2 B0 B1 E1! ROUND(b=Not called: the page runs one such tool at a time. Call it again once the other has answered.)  PARKED0({})" END},
#endif
	{.name = "its arguments do not parse: it goes back to the model", .a = {{.calls = {"a pick ["}}, {.text = "."}}, .n = 2,
	 .want = " SAID1 B0 E0! ROUND(a=The tool 'pick' was not called: the arguments must be one JSON object: expected an object (byte 0). "
		 "Mend the arguments and call it again.) . SAID1" END2},
	{.name = "a stop while it would park", .a = {{.calls = {"a pick {}", "b work {\"ms\":60000}"}}}, .n = 1, .stop_ms = 200, .want = " SAID2 B0 B1!stopped", .stopped = 1},
	{.name = "the limit of rounds", .a = {{.calls = {"a work {}"}}, {.text = "x", .calls = {"b work {}"}}}, .n = 2, .max_rounds = 2,
	 .want = " SAID1 B0 E0 ROUND(a=0 for o1) x SAID2 B1 E1 ROUND(b=0 for o1)  NOTICE(I stopped here: the limit of steps for one answer is reached.)" END2},
	{.name = "the limit of calls", .a = {{.calls = {"a work {\"ms\":300}", "b work {\"ms\":600}", "c work {}"}}}, .n = 1, .max_calls = 2,
	 .want = " SAID3 B0 B1 B2 E2! E0 E1 ROUND(a=300 for o1; b=600 for o1; c=Not called: the limit of tool calls for one answer is reached. Answer with what you have.) "
		 " NOTICE(I stopped here: the limit of tool calls for one answer is reached.)" END},
	{.name = "cut by the limit", .a = {{.text = "ab", .finish = FINISH_LENGTH}}, .n = 1,
	 .want = "ab SAID1 NOTICE(The answer was cut: it reached the model's limit.)" END},
	{.name = "withheld", .a = {{.finish = FINISH_FILTER}}, .n = 1, .want = " NOTICE(The provider's content filter withheld the answer.)" END},
	{.name = "the model fails after text", .a = {{.text = "ab", .fails = RC_UPSTREAM}}, .n = 1, .want = "ab!upstream_failed"},
	{.name = "the model fails in the second round", .a = {{.calls = {"a work {}"}}, {.text = "x", .fails = RC_TIMEOUT}}, .n = 2,
	 .want = " SAID1 B0 E0 ROUND(a=0 for o1) x!timeout"},
	{.name = "a stop while the model speaks", .a = {{.text = "ab", .hangs = true}}, .n = 1, .stop_ms = 200, .want = "ab!stopped"},
	{.name = "a stop while tools run", .a = {{.calls = {"a work {\"ms\":60000}", "b work {\"ms\":60000}"}}}, .n = 1, .stop_ms = 200,
	 .want = " SAID2 B0 B1!stopped", .stopped = 2},
	{.name = "a stop, and a tool that does not listen: it is waited for", .a = {{.calls = {"a deaf {\"ms\":600}", "b work {\"ms\":60000}"}}}, .n = 1, .stop_ms = 200,
	 .want = " SAID2 B0 B1!stopped", .min_ms = 590, .stopped = 1},
	{.name = "the run's deadline, in the model", .a = {{.text = "a", .hangs = true}}, .n = 1, .run_us = 300 * IO_MS, .want = "a!timeout"},
	{.name = "the run's deadline, in a tool", .a = {{.calls = {"a work {\"ms\":60000}"}}}, .n = 1, .run_us = 300 * IO_MS, .want = " SAID1 B0!timeout", .stopped = 1},
	{.name = "the receiver is gone at a text", .a = {{.text = "abc"}}, .n = 1, .fail_at = "b", .fail_with = RC_GONE, .want = "ab!gone"},
	{.name = "the receiver fails at SAID: no tool begins", .a = {{.calls = {"a work {}"}}}, .n = 1, .fail_at = " SAID", .fail_with = RC_LOST, .want = " SAID1!lost"},
	{.name = "the receiver fails at the second BEGIN: the first tool is stopped", .a = {{.calls = {"a work {\"ms\":60000}", "b work {}"}}}, .n = 1,
	 .fail_at = " B1", .fail_with = RC_DB, .want = " SAID2 B0 B1!database_unavailable", .stopped = 1},
	{.name = "the receiver fails at an END: the others are stopped", .a = {{.calls = {"a work {\"ms\":60000}", "b work {\"ms\":10}"}}}, .n = 1,
	 .fail_at = " E1", .fail_with = RC_GONE, .want = " SAID2 B0 B1 E1!gone", .stopped = 1},
	{.name = "the receiver fails at ROUND: the model is not asked again", .a = {{.calls = {"a work {}"}}}, .n = 1, .fail_at = " ROUND", .fail_with = RC_LOST,
	 .want = " SAID1 B0 E0 ROUND(a=0 for o1) !lost"},
};

static void stop_now(void *ctx)
{
	stop_set(ctx, STOP_CANCEL);
}

/* Ids that were made anew are not known beforehand. */
static void hide_made_ids(struct buf *b)
{
	char *at;

	while (b->p && (at = strstr(b->p, "call_"))) {
		size_t n = strcspn(at, "=");
		char *end = at + n;

		*at = '*';
		memmove(at + 1, end, strlen(end) + 1);
		b->n -= n - 1;
	}
}

static const struct tool tool_table[] = {
	{.spec = {.name = S("work")}, .call = tool_work},
	{.spec = {.name = S("deaf")}, .call = tool_deaf},
	{.spec = {.name = S("down")}, .call = tool_down},
	{.spec = {.name = S("no")}, .call = tool_no},
	{.spec = {.name = S("last")}, .call = tool_last},
	{.spec = {.name = S("fill")}, .call = tool_fill},
	{.spec = {.name = S("huge")}, .call = tool_huge},
	{.spec = {.name = S("pick")}, .where = TOOL_CLIENT},
	{.spec = {.name = S("show_it")}, .call = tool_work},
};

static void one_row(struct io *io, const struct row *r)
{
	struct bench b = {.io = io};
	struct tool *tools[countof(tool_table)];
	static const struct model_ops ops = {script_open, script_free};
	struct script script = {.model = {.ops = &ops, .name = S("script")}, .io = io, .answers = r->a, .n = r->n};
	static const struct slice stop_at[] = {S_INIT("x"), S_INIT("show_*")};
	struct agent_opts o = {.stop_at = stop_at, .n_stop_at = countof(stop_at), .instructions = S("You help {user_id}."), .max_rounds = r->max_rounds, .max_calls = r->max_calls, .tool_us = r->tool_us, .run_us = r->run_us};
	struct watcher w = {.log = BUF_INIT(8192), .fail_at = r->fail_at, .fail_with = r->fail_with};
	struct arena *a = arena_new(16 << 20, NULL);
	struct caller who = {.owner = S("o1")};
	struct io_timer timer = {0};
	struct err e = ERR_INIT;
	struct toolset set;
	struct history h;
	struct stop stop;
	struct agent_run run = {.io = io, .opts = &o, .model = &script.model, .tools = &set, .history = &h, .caller = &who, .out = {watch, &w}, .stop = &stop, .arena = a};
	size_t tasks = io_tasks(io);
	int64_t begun, took;
	enum rc rc;

	toolset_init(&set, a);
	for (size_t i = 0; i < countof(tool_table); i++) {
		tools[i] = arena_new_of(a, struct tool);
		*tools[i] = tool_table[i];
		tools[i]->ctx = &b;
		EXPECT_RC(RC_OK, toolset_add(&set, tools[i], &e));
	}
	history_init(&h, a);
	history_add(&h, message_text(a, ROLE_USER, S("go")));
	stop_init(&stop, io, NULL);
	io_sleep(io, 0, NULL);
	begun = env_mono_us(io_env(io));
	if (r->stop_ms)
		io_timer_set(io, &timer, io_in(io, r->stop_ms * IO_MS), stop_now, &stop);
	rc = agent_run(&run, &e);
	took = (env_mono_us(io_env(io)) - begun) / IO_MS;
	io_timer_off(io, &timer);
	/* Whatever happened, nothing of the run is alive. */
	EXPECT_EQ(io_tasks(io), tasks);
	EXPECT_EQ(b.running, 0);
	if (rc != RC_OK)
		buf_addf(&w.log, "!%s", rc_name(rc));
	hide_made_ids(&w.log);
	if (!slice_is(buf_slice(&w.log), r->want) || script.opened != r->n || took < r->min_ms || took > TOOK_MAX_MS || b.stopped != r->stopped ||
	    (r->seen && strcmp(script.seen[script.opened - 1], r->seen) != 0)) {
		fprintf(stderr, "%s:\n got '%.*s'\nwant '%s'\n%zu opened, %lld ms, %d stopped, seen '%s': %s\n", r->name, SLICE_ARG(buf_slice(&w.log)), r->want, script.opened,
			(long long)took, b.stopped, script.seen[(script.opened - 1) % 8], e.msg);
		EXPECT(!"the row holds");
	}
	buf_release(&w.log);
	stop_release(&stop);
	arena_free(a);
}

static void all_rows(struct io *io)
{
	for (size_t i = 0; i < countof(rows); i++)
		one_row(io, &rows[i]);
}

static void agent_run__each_way_it_can_go(void **state UNUSED)
{
	run_task(all_rows);
}

static void news_comes(struct io *io)
{
	struct bench b = {.io = io};
	const struct tool tool = {.spec = {.name = S("work"), .title = S("Work")}, .call = tool_work, .ctx = &b};
	static const struct answer answers[] = {{.calls = {"a work {\"ms\":5}"}}, {.text = "."}};
	static const struct model_ops ops = {script_open, script_free};
	struct script script = {.model = {.ops = &ops}, .io = io, .answers = answers, .n = 2};
	struct watcher w = {.log = BUF_INIT(8192), .news = true};
	struct arena *a = arena_new(16 << 20, NULL);
	struct caller who = {.owner = S("o1")};
	struct agent_opts o = {0};
	struct toolset set;
	struct history h;
	struct err e;
	/* No stop, no instructions, options all by default. */
	struct agent_run run = {.io = io, .opts = &o, .model = &script.model, .tools = &set, .history = &h, .caller = &who, .out = {watch, &w}, .arena = a};

	toolset_init(&set, a);
	EXPECT_RC(RC_OK, toolset_add(&set, &tool, &e));
	history_init(&h, a);
	history_add(&h, message_text(a, ROLE_USER, S("go")));
	EXPECT_RC(RC_OK, agent_run(&run, &e));
	EXPECT_STR(" SAID1 B0 N0(begun) E0 ROUND(a=5 for o1) . SAID1 DONE2 u20/4", buf_slice(&w.log));
	EXPECT(strcmp(script.seen[1], "u a t(5 for o1)") == 0);
	/* The history now is: user, call, result, answer. A run that goes on at the limit makes no call. */
	EXPECT_EQ(h.n, 4);
	buf_clear(&w.log);
	o.max_rounds = 1;
	EXPECT_RC(RC_OK, agent_run(&run, &e));
	EXPECT_STR(" NOTICE(I stopped here: the limit of steps for one answer is reached.) DONE0 u-1/-1", buf_slice(&w.log));
	buf_release(&w.log);
	arena_free(a);
}

static void agent_run__news_and_going_on(void **state UNUSED)
{
	run_task(news_comes);
}

static void shows_the_past(struct io *io)
{
	static const struct answer answers[] = {{.text = "."}, {.text = "."}};
	static const struct model_ops ops = {script_open, script_free};
	struct script script = {.model = {.ops = &ops}, .io = io, .answers = answers, .n = 2};
	struct part call = {.kind = PART_CALL, .call_id = S("a"), .name = S("work"), .args = S("{}")};
	struct watcher w = {.log = BUF_INIT(8192)};
	struct arena *a = arena_new(16 << 20, NULL);
	struct caller who = {.owner = S("o1")};
	struct agent_opts o = {0};
	struct history h;
	struct err e;
	struct agent_run run = {.io = io, .opts = &o, .model = &script.model, .history = &h, .caller = &who, .out = {watch, &w}, .arena = a};

	history_init(&h, a);
	history_add(&h, message_text(a, ROLE_USER, S("go")));
	history_add(&h, (struct message){.role = ROLE_ASSISTANT, .parts = &call, .n = 1});
	history_add(&h, message_text(a, ROLE_USER, S("again")));
	EXPECT_RC(RC_OK, agent_run(&run, &e));
	EXPECT(strcmp(script.seen[0], "u a t(The call was interrupted before it had a result.) u") == 0);
	history_add(&h, message_text(a, ROLE_USER, S("and again")));
	o.history_bytes = 1;
	EXPECT_RC(RC_OK, agent_run(&run, &e));
	EXPECT(strcmp(script.seen[1], "u") == 0);
	/* What the model is shown is a view: the run's history stays whole. */
	EXPECT_EQ(h.n, 6);
	buf_release(&w.log);
	arena_free(a);
}

static void agent_run__the_past__is_mended_and_cut(void **state UNUSED)
{
	run_task(shows_the_past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agent_run__each_way_it_can_go),
		cmocka_unit_test(agent_run__news_and_going_on),
		cmocka_unit_test(agent_run__the_past__is_mended_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
