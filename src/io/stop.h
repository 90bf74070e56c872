/* SPDX-License-Identifier: MIT */
/*
 * "Stop what you are doing", carried by what may be stopped (a model call, a tool) and never by what must finish (the database). Sticky. A stop may have
 * a parent: setting the parent sets the children. Setting it ends the waits that carry it with RC_STOPPED.
 */
#ifndef IO_STOP_H
#define IO_STOP_H

#include "base/slice.h"

struct io;
struct task;

enum stop_why {
	STOP_NO = 0,
	STOP_CLIENT_LEFT, /* the reply's peer is gone */
	STOP_CANCEL,      /* somebody asked */
	STOP_DELETED,     /* what it was for is no longer there: a deleted thread */
	STOP_SHUTDOWN,    /* the process drains and the grace is over */
	STOP_LOST,        /* the lease is somebody else's */
	STOP_FAILED,      /* a sibling failed */
};

struct stop {
	struct io *io;
	enum stop_why why;
	struct stop *parent, *child, *next, *prev; /* the tree: children are a doubly linked list */
	struct task *waiter;                /* one waiting task a stop; tasks that share one each make a child */
};

/* parent may be NULL. A child of a stop that is set is born set. stop_release takes it out of the tree, children first; do it
 * before the memory dies. */
void stop_init(struct stop *s, struct io *io, struct stop *parent);
void stop_release(struct stop *s);
/* The first reason stays. */
void stop_set(struct stop *s, enum stop_why why);
/* NULL: never stopped. */
static inline enum stop_why stop_why(const struct stop *s)
{
	return s ? s->why : STOP_NO;
}
const char *stop_name(enum stop_why why);

#endif
