/* SPDX-License-Identifier: MIT */
/*
 * From the listening socket to the application: accepts, gives each connection a slot and a task, reads the head, lets libfcgi decode it, hands over.
 * Inside fcgi/ only.
 *
 * Slots are a fixed number. The last ones refuse: whoever gets one is answered 503 and Retry-After without meeting the application. When even these are
 * taken, nobody is accepted until one is free: the web server's connections wait in the listen queue.
 */
#ifndef FCGI_ACCEPT_H
#define FCGI_ACCEPT_H

#include "app/app.h"

struct acceptor;

/* fd: the listening socket, made non-blocking; shared with other processes, so never shut down. RC_INTERNAL. */
enum rc acceptor_new(struct io *io, int fd, const struct conf *conf, struct app *app, struct acceptor **out, struct err *e) MUSTCHECK;
void acceptor_start(struct acceptor *a);
/* Takes what waits already (it was sent before the end was asked for), then lets go of the socket: who connects later finds another process. */
void acceptor_stop(struct acceptor *a);
/* Parks until no connection is left; RC_TIMEOUT. */
WAITS enum rc acceptor_idle(struct acceptor *a, int64_t deadline);
/* Every client counts as gone. */
void acceptor_drop(struct acceptor *a);
/* After acceptor_idle said RC_OK. */
void acceptor_free(struct acceptor *a);

#endif
