/* SPDX-License-Identifier: MIT */
/*
 * From what a model wrote to the arguments that a tool gets: parsed, mended at the top level where there is no doubt ("5" for an integer, a list in quotes,
 * null for what is optional), checked against the schema (at the top level: properties, required, additionalProperties; each argument: schema.h), bound
 * parameters refused and injected. What lies deeper is checked as it is, never mended; a null for what is optional passes. Only tool_invoke uses it. Pure.
 */
#ifndef TALK_ARGS_H
#define TALK_ARGS_H

#include "talk/tool.h"

struct args_fault {
	char why[600]; /* half a sentence for the model: "'items[2].priority' must be one of \"low\", \"high\"" */
};

/* false: the model's fault, said in fault. *out is a compact JSON object in a. */
bool args_make(const struct tool *t, const struct caller *who, struct slice raw, struct arena *a, struct slice *out, struct args_fault *fault) MUSTCHECK;

#endif
