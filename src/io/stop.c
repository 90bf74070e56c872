/* SPDX-License-Identifier: MIT */
#include "io/stop.h"

#include "io/inner.h"

void stop_init(struct stop *s, struct io *io, struct stop *parent)
{
	*s = (struct stop){.io = io, .parent = parent};
	if (!parent)
		return;
	s->why = parent->why;
	s->next = parent->child;
	if (s->next)
		s->next->prev = s;
	parent->child = s;
}

void stop_release(struct stop *s)
{
	CHECK(!s->child && !s->waiter);
	if (s->prev)
		s->prev->next = s->next;
	else if (s->parent)
		s->parent->child = s->next;
	if (s->next)
		s->next->prev = s->prev;
	s->parent = s->next = s->prev = NULL;
}

void stop_set(struct stop *s, enum stop_why why)
{
	CHECK(why != STOP_NO);
	if (s->why != STOP_NO)
		return;
	s->why = why;
	if (s->waiter)
		task_stopped(s->waiter);
	/* As deep as the tree of stops, which code makes and no input: request, run, tool. */
	for (struct stop *c = s->child; c; c = c->next)
		stop_set(c, why);
}

const char *stop_name(enum stop_why why)
{
	switch (why) {
	case STOP_NO:
		return "no";
	case STOP_CLIENT_LEFT:
		return "client_left";
	case STOP_CANCEL:
		return "cancel";
	case STOP_DELETED:
		return "deleted";
	case STOP_SHUTDOWN:
		return "shutdown";
	case STOP_LOST:
		return "lost";
	case STOP_FAILED:
		return "failed";
	}
	return "?";
}
