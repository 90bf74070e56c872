/* SPDX-License-Identifier: MIT */
/* For the widget's own files: its tree. */
#ifndef CHATKIT_WIDGET_INNER_H
#define CHATKIT_WIDGET_INNER_H

#include "chatkit/widget.h"
#include "wire/json.h"
#include "wire/jsonw.h"

/* RC_BAD or RC_TOO_LARGE, with a text that a template's author can read. */
enum rc widget_read(struct arena *a, struct slice json, struct json_at *root, struct err *e) MUSTCHECK;
/* The member when it is a text, else empty: a wrong type is no fault here. */
struct slice widget_str(const struct json_at *node, const char *key);
/* The member is there and true. */
bool widget_true(const struct json_at *node, const char *key);
/* The i-th child: of a list, or the only one of a Transition. false: no more. */
bool widget_child(const struct json_at *children, size_t i, struct json_at *child);
/* All that the one object says stands in the other, where fields were added. *n is raised by how much that is. */
bool widget_within(const struct json_at *own, const struct json_at *sent, size_t *n);

#endif
