/* SPDX-License-Identifier: MIT */
/* Items that others wrote, made ours, and what the model is told of what only it may read. Pure; results live in the arena or the caller's buf. */
#ifndef CHATKIT_RECALL_H
#define CHATKIT_RECALL_H

#include "chatkit/item.h"

/*
 * A thread item of any type, known here or not, with our id, thread and time in place of its own; every other member as it is, nulls at the top left out.
 * RC_BAD: it is no object with a type, or its type is one that only a person or this server writes (user_message, client_tool_call, structured_input, the
 * hidden ones).
 */
enum rc ck_item_adopt(struct arena *a, struct buf *out, struct slice json, const struct ck_meta *m, struct err *e) MUSTCHECK;

/* "Hidden context for the agent (not shown to the user):\n<HiddenContext>...": json is a text, or any value. Empty when the arena is full. */
struct slice ck_hidden_told(struct arena *a, struct slice json);

#endif
