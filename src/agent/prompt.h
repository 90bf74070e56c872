/* SPDX-License-Identifier: MIT */
/* The instructions with their braces filled in. Pure but for the clock that it is given. */
#ifndef AGENT_PROMPT_H
#define AGENT_PROMPT_H

#include "talk/tool.h"

#define PROMPT_MAX (256 * 1024) /* bytes; what is more is cut */
#define PROMPT_VALUE_MAX 200    /* bytes of one filled-in value */
#define PROMPT_VAR_MAX 1024     /* of one of the page's variables */

/*
 * {user_id} {user_name} {locale} {now} (UTC, to the minute: a prompt cache outlives the second) and {NAME} of who's vars; other braces stay. Values are
 * people's own words: on one line, short, without control bytes, and never looked at for braces, so that a name can neither begin a paragraph of its own nor
 * ask for another's.
 *
 * What the page says of itself and the template does not ask for is told at the end, one line each, between <PageContext> and </PageContext>, which no value
 * can end ("<" is "&lt;" there). Empty ones are left out.
 */
struct slice prompt_fill(struct arena *a, struct slice template, const struct caller *who, int64_t wall_us);

#endif
