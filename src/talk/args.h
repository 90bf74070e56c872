/* SPDX-License-Identifier: MIT */
/*
 * From what a model wrote to the arguments that a tool gets: parsed, checked against the plain parts of the schema (top-level properties: type, enum,
 * required, additionalProperties false), mended where there is no doubt, bound parameters refused and injected. Only tool_invoke uses it. Pure.
 */
#ifndef TALK_ARGS_H
#define TALK_ARGS_H

#include "talk/tool.h"

struct args_fault {
	char why[400]; /* half a sentence for the model: "'priority' must be one of \"low\", \"high\"" */
};

/* false: the model's fault, said in fault. *out is a compact JSON object in a. */
bool args_make(const struct tool *t, const struct caller *who, struct slice raw, struct arena *a, struct slice *out, struct args_fault *fault) MUSTCHECK;

#endif
