/* SPDX-License-Identifier: MIT */
/*
 * One FastCGI connection from its first byte to its last, in a slot of a fixed table, not in the request's arena: a connection begins before its request
 * and may end after it. Inside fcgi/ only.
 */
#ifndef FCGI_SLOT_H
#define FCGI_SLOT_H

#include "fcgi/conn.h"
#include "fcgi/record.h"

/* What all slots share; belongs to accept.c. */
struct slots {
	struct io *io;
	const struct conf *conf;
	struct app *app;
	int pipe[2];                  /* carries heads to libfcgi; -1: not open */
	void (*freed)(struct slots *); /* on the loop: one more is free */
	struct slot *v, *free;
	size_t n, n_free;
	size_t n_refusing; /* the last free ones only say 503 */
	int64_t told_at;   /* when a refusal was logged */
};

struct slot {
	struct slots *owner;
	struct slot *next; /* of the free ones */
	bool used, refuses;
	int fd;
	FCGX_Request fcgx;
	struct buf head; /* bytes that were read; those before `at` are used up */
	size_t at;
	struct record_body body;
	struct conn conn;
};

void slots_init(struct slots *s, struct io *io, const struct conf *conf, struct app *app, size_t n, size_t n_refusing, void (*freed)(struct slots *));
void slots_release(struct slots *s); /* all must be free */
/* Every client counts as gone. */
void slots_drop(struct slots *s);
/* Serves fd, which becomes the slot's, on a task of its own. There must be a free slot. */
void slot_serve(struct slots *s, int fd);

#endif
