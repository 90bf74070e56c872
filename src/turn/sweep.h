/* SPDX-License-Identifier: MIT */
/*
 * What a crash leaves: a turn whose runner is gone. It is closed as interrupted, with the text that reached its chunks, by the next request on its thread or by
 * the sweep, whichever comes first. Nothing is run again by itself: the person decides.
 */
#ifndef TURN_SWEEP_H
#define TURN_SWEEP_H

#include "store/store.h"

#define SWEEP_PERIOD_US 20000000

/* Closes one turn if it is stale. RC_OK: closed. RC_LOST: somebody else did, or it is alive. */
WAITS enum rc sweep_close(struct store *s, const struct turn_key *k, struct err *e);
struct sweep;
/* A task that looks for stale turns until sweep_stop, which returns when it has ended. */
struct sweep *sweep_start(struct arena *a, struct io *io, struct store *s);
WAITS void sweep_stop(struct sweep *w); /* NULL is fine */

#endif
