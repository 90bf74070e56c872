/* SPDX-License-Identifier: MIT */
/*
 * The application: one struct app a process, one app_handle a request, called on a task of its own. It joins everything below; the edge knows only this
 * header, request.h and conf.h.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/conf.h"
#include "app/request.h"

struct app;

/* conf must outlive it. Opens nothing: database and model connections are made when first needed. RC_CONF. */
enum rc app_new(struct io *io, const struct conf *conf, struct app **out, struct err *e) MUSTCHECK;
/* On a task: starts what runs beside requests (the keeper, the sweep), and installs the schema into an empty database when it first connects. */
void app_start(struct app *app);
/* Answers one request. Returns when all is written to rep->out (not necessarily sent) and nothing of the request is used any more. */
WAITS void app_handle(struct app *app, struct request *req, struct reply *rep);
/*
 * The process was asked to end. New turns are refused (503); running ones may finish until grace_us is over, then are stopped and stored as interrupted.
 * Returns when none is left. The edge has stopped accepting before.
 */
WAITS void app_drain(struct app *app, int64_t grace_us);
WAITS void app_free(struct app *app);
/* Streams that may run at once, for the edge's slots: conf's, and what a full app says: 503 before any side effect. */
size_t app_slots(const struct app *app);

/* `chatkit.fcgi migrate`: brings the database up to the schema of this executable. Prints a line of what it did to stdout. On a task. */
WAITS enum rc app_migrate(struct io *io, const struct conf *conf, struct err *e);

#endif
