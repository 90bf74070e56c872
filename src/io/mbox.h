/* SPDX-License-Identifier: MIT */
/*
 * A bounded box of fixed-size letters from many tasks of this loop to one. mbox_put never waits: when full, a letter that may be lost (progress) is,
 * and one that may not (a task's last report) uses the place that was reserved for it.
 */
#ifndef IO_MBOX_H
#define IO_MBOX_H

#include "base/arena.h"
#include "io/io.h"

struct mbox;

/* size: bytes a letter. places: for letters that may be lost. reserved: for mbox_put_last, one a sender. Memory from a. */
struct mbox *mbox_new(struct arena *a, struct io *io, size_t size, size_t places, size_t reserved);
/* false: full, dropped. */
bool mbox_put(struct mbox *m, const void *letter);
/* Always delivered; at most `reserved` times in the box's life. */
void mbox_put_last(struct mbox *m, const void *letter);
/* RC_OK and a letter, RC_TIMEOUT, RC_STOPPED. */
WAITS enum rc mbox_take(struct mbox *m, void *letter, int64_t deadline, struct stop *s);

#endif
