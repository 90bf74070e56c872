/* SPDX-License-Identifier: MIT */
/* The tools of one run, in a fixed order (a prompt cache depends on it), found by the name the model uses. */
#ifndef TALK_TOOLSET_H
#define TALK_TOOLSET_H

#include "talk/tool.h"

#define TOOLSET_MAX 256

struct toolset {
	const struct tool **t;
	struct slice *shown; /* each one's schema as the model sees it: made once, not once a run */
	size_t n, cap;
	struct arena *arena;
};

void toolset_init(struct toolset *s, struct arena *a);
/* RC_CONF when the name is not one that models accept or stands there already, or the set is full. The tool must outlive the set. */
enum rc toolset_add(struct toolset *s, const struct tool *t, struct err *e) MUSTCHECK;
/* NULL: unknown. */
const struct tool *toolset_find(const struct toolset *s, struct slice name);
/* "add_task, list_tasks, ..." for the text that tells a model what it could have called. */
struct slice toolset_names(const struct toolset *s, struct arena *a);

#endif
