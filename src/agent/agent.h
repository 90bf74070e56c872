/* SPDX-License-Identifier: MIT */
/*
 * The loop of model and tools: one run. It knows no database and no ChatKit. It asks the model, shows what comes, runs the tools that were called in
 * parallel (each its own task), gives their results back, and so on until the model answers without calling, or a limit is met.
 *
 * Everything leaves by agent_out.event, called only on the run's own coroutine. When it returns RC_OK the event is as durable as it must be: SAID before
 * its tools start, ROUND before the next model call. Any other return ends the run with that rc.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "base/log.h"
#include "model/model.h"

enum agent_event_kind {
	AGENT_TEXT,       /* delta: of the answer */
	AGENT_REASONING,  /* delta */
	AGENT_SOURCE,     /* source: where the answer has something from; belongs to the text so far */
	AGENT_IMAGE,      /* image: one that the model made */
	AGENT_CALL_GROWS, /* call (index, name, title, tool, args): the model is still writing it; args is a piece of JSON. SAID or a failure follows */
	AGENT_SAID,       /* message: all the model said in this round; its text (if any) is complete now. Not sent when it said nothing */
	AGENT_TOOL_BEGIN, /* call: its tool starts */
	AGENT_TOOL_NEWS,  /* call, delta: progress text; may be lost */
	AGENT_TOOL_END,   /* call, result: it is over. In order of finishing */
	AGENT_ROUND,      /* messages: the tool messages of this round, in the order of the calls; none for a call that parks */
	AGENT_PARKED,     /* call, result->args: the page's tool is to be run by the page. After ROUND; then DONE */
	AGENT_NOTICE,     /* delta: a sentence for the person ("The answer was cut: it reached the model's limit.") */
	AGENT_DONE,       /* the run is over: finish, usage. The last event of a good run */
};

struct agent_call {
	size_t index;                     /* of this run, from 0 */
	struct slice id, name, title, args;
	const struct tool *tool;          /* NULL: the model made the name up */
};

struct agent_event {
	enum agent_event_kind kind;
	struct slice delta;               /* lives until event() returns */
	const struct message *message;    /* SAID; lives as long as the run's arena */
	const struct message *messages;   /* ROUND */
	size_t n_messages;
	const struct agent_call *call;
	const struct tool_result *result; /* TOOL_END, PARKED */
	struct slice *told;               /* TOOL_END: empty; what the receiver puts there the model reads behind the result. Lives as long as the run */
	const struct model_source *source;
	const struct model_image *image;
	enum model_finish finish;
	struct model_usage usage;         /* DONE: summed over the rounds */
	size_t rounds;
};

struct agent_out {
	WAITS enum rc (*event)(void *ctx, const struct agent_event *, struct err *);
	void *ctx;
};

#define TOOL_US (30 * (int64_t)IO_SECOND)

struct agent_opts {
	struct slice instructions; /* the template: {user_id} {user_name} {now} {locale} are filled in */
	unsigned max_rounds;       /* model calls since the last user message; default 10. When reached: a NOTICE and DONE, no last model call */
	unsigned max_calls;        /* tool calls of a run; default 64. Those over it are told so, not run; then a NOTICE and DONE */
	const struct slice *stop_at; /* globs of tool names: a round that called such a tool well is the last one */
	size_t n_stop_at;
	size_t history_bytes;      /* what history_cut keeps; default 400,000 */
	int64_t max_output;        /* tokens; 0: the provider's own */
	double temperature;        /* < 0: the provider's own */
	int64_t tool_us;           /* one tool call; 0: TOOL_US */
	int64_t run_us;            /* the whole run; default 600 s */
};

struct agent_run {
	struct io *io;
	const struct agent_opts *opts;
	struct model *model;
	const struct toolset *tools;
	const struct tool *must_call; /* by the first answer; NULL: as the model likes */
	struct history *history;     /* entries so far, the new user message last; the run appends what is said */
	const struct caller *caller;
	struct agent_out out;
	struct stop *stop;           /* the run's; its tools get children */
	struct arena *arena;
	const struct log_ctx *log;   /* for tools that are unavailable; may be NULL */
	/* What a PART_FILE of the past holds: fills the part's data or text, in a. A file that cannot be had is left as it is. NULL: none can be had. */
	WAITS enum rc (*load)(void *ctx, const struct caller *who, struct part *file, struct arena *a, struct err *e);
	void *load_ctx;
};

/*
 * RC_OK after AGENT_DONE. Otherwise the failure: everything that came before it was shown by events (text of a half answer too: the caller keeps it), and an
 * AGENT_SAID was sent only for whole rounds. A run that fails sets its tools' stops and joins them before it returns.
 */
WAITS enum rc agent_run(struct agent_run *r, struct err *e);

#endif
