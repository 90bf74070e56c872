/* SPDX-License-Identifier: MIT */
/*
 * What the configuration says of widgets' actions: by type pattern to a tool, to texts made from templates, to the agent. The configuration was checked when it
 * was loaded; here it is made ready to run once a process. Who sends an action, and what with, is not trusted: the payload reaches a tool only through
 * tool_invoke, and the templates as data.
 */
#ifndef APP_ACTION_H
#define APP_ACTION_H

#include "app/conf.h"
#include "chatkit/meta.h"
#include "talk/toolset.h"

struct action;
struct actions;

/* RC_CONF names an action whose tool is not there, or is the page's. tools outlives it. */
enum rc actions_new(struct arena *a, const struct conf *c, const struct toolset *tools, struct actions **out, struct err *e) MUSTCHECK;
/* The first that fits; one that lets the agent answer when none does. Never NULL. */
const struct action *action_find(const struct actions *as, struct slice type);

const struct tool *action_tool(const struct action *ac); /* NULL: none */
bool action_once(const struct action *ac);

/* What came with it. payload: JSON, or empty. */
struct action_sent {
	struct slice type, payload, item_id, thread_id;
};
/* The tool's arguments: those of the configuration filled in, else the payload if it is an object. RC_BAD: a template's fault at this data. */
enum rc action_args(const struct action *ac, const struct action_sent *sent, struct arena *a, struct slice *out, struct err *e) MUSTCHECK;
/*
 * What is shown of it, over what the result's _meta asked for already; result NULL without a tool. A tool's no becomes a notice and nothing else. *note: what
 * the model remembers of the result, or empty.
 */
enum rc action_shown(const struct action *ac, const struct action_sent *sent, const struct tool_result *result, struct arena *a, struct ck_shown *shown,
		     struct slice *note, bool *resume, struct err *e) MUSTCHECK;
/* "The user did ...": what the model remembers of the action itself. */
struct slice action_told(const struct action_sent *sent, struct arena *a);

#endif
