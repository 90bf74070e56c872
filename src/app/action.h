/* SPDX-License-Identifier: MIT */
/*
 * What the configuration says of widgets' actions: by type pattern to a tool, to texts made from templates, to the agent. The configuration was checked when it
 * was loaded; here it is made ready to run once a process. Who sends an action, and what with, is not trusted: the payload reaches a tool only through
 * tool_invoke, and the templates as data.
 */
#ifndef APP_ACTION_H
#define APP_ACTION_H

#include "agent/tools.h"
#include "app/conf.h"
#include "chatkit/meta.h"

struct action;
struct actions;

/* RC_CONF names an action whose tool is not there, or is the page's. tools outlives it. */
enum rc actions_new(struct arena *a, const struct conf *c, const struct toolset *tools, struct actions **out, struct err *e) MUSTCHECK;
/* The first that fits; one that lets the agent answer when none does. Never NULL. sync: by threads.sync_custom_action. */
const struct action *action_find(const struct actions *as, struct slice type, bool sync);

bool action_once(const struct action *ac);

/* What came with it. payload: JSON, or empty. */
struct action_sent {
	struct slice type, payload, item_id, thread_id;
};

/*
 * What is called. call: the action's own tool, its arguments those of the configuration filled in, else the payload if it is an object. look: asked after it for
 * what the widget is made of. No tool: none. RC_BAD: a template's fault at this data.
 */
struct action_calls {
	struct tools_call call, look;
};
enum rc action_calls(const struct action *ac, const struct action_sent *sent, struct arena *a, struct action_calls *out, struct err *e) MUSTCHECK;
/* NULL: there was no such call. */
struct action_results {
	const struct tool_result *call, *look;
};
/*
 * What is shown of it, over what the result's _meta asked for already. A tool's no becomes a notice and nothing else; if what the widget is made of can not be
 * had, the widget stays. *note: what the model remembers of the result, or empty.
 */
enum rc action_shown(const struct action *ac, const struct action_sent *sent, const struct action_results *results, struct arena *a, struct ck_shown *shown,
		     struct slice *note, bool *resume, struct err *e) MUSTCHECK;
/* "The user did ...": what the model remembers of the action itself. */
struct slice action_told(const struct action_sent *sent, struct arena *a);

#endif
