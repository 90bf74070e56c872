/* SPDX-License-Identifier: MIT */
/*
 * The tools of one round, side by side: each call is a task with an arena, a stop and a deadline of its own; progress and ends come back by one box. When it
 * returns, every task it began is over, whatever happened.
 */
#ifndef AGENT_TOOLS_H
#define AGENT_TOOLS_H

#include "agent/agent.h"

struct tools_round {
	struct agent_run *run;
	struct stop *stop;         /* the run's with its deadline; the tools get children */
	const struct message *said; /* its calls are run */
	size_t first;              /* the index of the first call in the run */
	size_t allowed;            /* how many may run; the others are told so */
	int64_t tool_us;
};

struct tools_done {
	struct message *results;    /* one tool message a call, in their order, without the one that parks; in the run's arena */
	size_t n;
	bool last;                  /* a tool said, or the configuration says of it, that nothing is to be added */
	struct agent_call *parked;  /* the page's tool that is to be run; NULL: none. A second one in the same round is refused */
	struct tool_result parked_result;
};

/* Else RC_STOPPED, what the event's receiver returned, or RC_TOO_LARGE. */
WAITS enum rc tools_run(const struct tools_round *t, struct tools_done *out, struct err *e) MUSTCHECK;

/* What is called. id: the call's, unique in its turn. args: a JSON object, nobody's to trust. */
struct tools_call {
	const struct tool *tool;
	struct slice id, args;
};

/*
 * One call outside of a round: a widget's action. As tool_invoke, with the agent's deadline for a tool: one that takes longer is a no of the tool's. stop may be
 * NULL. What the operator should read of it is logged. RC_STOPPED.
 */
WAITS enum rc tools_one(struct io *io, const struct agent_opts *o, const struct tools_call *call, const struct caller *who, struct arena *a, struct stop *stop,
			const struct log_ctx *log, struct tool_result *out, struct err *e) MUSTCHECK;

#endif
