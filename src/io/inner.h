/* SPDX-License-Identifier: MIT */
/*
 * What the rooms of src/io tell each other and nobody else. Both seams implement it.
 */
#ifndef IO_INNER_H
#define IO_INNER_H

#include "io/io.h"

/* The stop that t waits with was set: ends its wait with RC_STOPPED. */
void task_stopped(struct task *t);

/* Around every call into libcurl or libpq that may call us back: io_wait CHECKs that it is not inside one. */
void io_foreign_begin(struct io *io);
void io_foreign_end(struct io *io);

#endif
