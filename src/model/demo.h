/* SPDX-License-Identifier: MIT */
/*
 * The demo model's mind: no key, no network, a small matcher of phrases over the last user message. What it does next follows from the history alone, as
 * with a real model: tools it calls, results it reads, words it says. Pure; demo.c makes a stream of it.
 */
#ifndef MODEL_DEMO_H
#define MODEL_DEMO_H

#include "talk/history.h"
#include "talk/toolset.h"

#define DEMO_THINGS_MAX 8

enum demo_act {
	DEMO_HELP, DEMO_HELLO, DEMO_WHO, DEMO_THANKS, DEMO_STORY,
	DEMO_ADD, DEMO_LIST, DEMO_COMPLETE, DEMO_REOPEN, DEMO_DELETE, DEMO_UPDATE,
};

struct demo_intent {
	enum demo_act act;
	struct slice thing[DEMO_THINGS_MAX]; /* ADD: the titles; else thing[0] is what the task was called */
	size_t n;
	bool all;                            /* "everything" */
	struct slice title;                  /* UPDATE: the new one */
	const char *priority, *category, *status; /* NULL: not said */
};

struct demo_call {
	struct slice name, args;
	struct slice made_of; /* the schema that the arguments were made up from; empty: they were given */
};

/* Words, or calls; words before calls are possible. */
struct demo_plan {
	struct slice text;
	struct demo_call call[DEMO_THINGS_MAX];
	size_t n_calls;
};

/* What the person wants. Slices are in a. */
void demo_intent(struct arena *a, struct slice text, struct demo_intent *out);
/* Does the person ask for one of the tools, by its name or by a phrase? Then this is the call. Slices are in a. */
bool demo_tool(struct arena *a, struct slice asked, const struct toolset *tools, struct demo_call *out);
/* A call of this tool with made-up arguments. tools has it. */
void demo_tool_call(struct arena *a, const struct toolset *tools, const struct tool *t, struct demo_call *out);
/* What the tool answered, for the person. In a. */
struct slice demo_tool_said(struct arena *a, struct slice name, const struct part *result);
/* What can be asked for, as lines of a list. */
void demo_tool_help(const struct toolset *tools, struct buf *out);
/*
 * Made-up arguments that fit the schema. tasks: what list_tasks answered, {"tasks": [...]}, which then stand where the schema has a list of tasks; or empty.
 * In a.
 */
struct slice demo_sample(struct arena *a, struct slice schema, struct slice tasks);
/* Does it have one: objects with a title, in a list that is called so or whose objects can be done? */
bool demo_sample_has_tasks(struct slice schema);
/* A title for a conversation that begins with text: its first words. In a. */
struct slice demo_title(struct arena *a, struct slice text);
/* What to do next. must_call: one of tools, or NULL. */
void demo_plan(struct arena *a, const struct history *h, const struct toolset *tools, const struct tool *must_call, struct demo_plan *out);

#endif
