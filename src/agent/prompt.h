/* SPDX-License-Identifier: MIT */
/* The instructions with their braces filled in. Pure but for the clock that it is given. */
#ifndef AGENT_PROMPT_H
#define AGENT_PROMPT_H

#include "talk/tool.h"

#define PROMPT_MAX (256 * 1024) /* bytes; what is more is cut */
#define PROMPT_VALUE_MAX 200    /* bytes of one filled-in value */

/*
 * {user_id} {user_name} {locale} {now} (UTC, to the minute: a prompt cache outlives the second); other braces stay. Values are people's own words: on one
 * line, short, and without control bytes, so that a name cannot begin a paragraph of its own.
 */
struct slice prompt_fill(struct arena *a, struct slice template, const struct caller *who, int64_t wall_us);

#endif
