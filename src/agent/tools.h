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

/* RC_OK: results has one tool message a call, in their order, in the run's arena. Else RC_STOPPED, what the event's receiver returned, or RC_TOO_LARGE. */
WAITS enum rc tools_run(const struct tools_round *t, struct message *results, struct err *e) MUSTCHECK;

#endif
