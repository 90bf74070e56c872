/* SPDX-License-Identifier: MIT */
/* What ChatKit's streaming operations share: a turn, from its request to the last event. Inside src/app/ only. */
#ifndef APP_STREAM_H
#define APP_STREAM_H

#include "app/files.h"
#include "app/inner.h"
#include "chatkit/item.h"

/*
 * The turn, streamed. The request's body must be read by then (exchange_read). *changed: a condition of req did not hold (RC_CONFLICT, and nothing was
 * answered); any other conflict is told in the stream.
 */
WAITS enum rc stream_turn(struct exchange *x, const struct turn_req *req, bool *changed, struct err *e);
/* A stream of one event and no turn. RC_OK. */
WAITS enum rc stream_event(struct exchange *x, const struct ck_event *ev);
/* What goes on goes on with the model that it began with, by name, if that one is still offered: else with the default. */
void stream_model(struct exchange *x, struct slice name, struct turn_req *req);
/* What was written, in the arena; b is released. p is NULL when it did not fit. */
struct slice stream_made(struct arena *a, struct buf *b);

WAITS enum rc op_tool_output(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e);     /* op_answer.c */
WAITS enum rc op_structured_input(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e); /* op_answer.c */
WAITS enum rc op_action(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e);          /* op_action.c */

#endif
