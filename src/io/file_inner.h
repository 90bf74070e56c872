/* SPDX-License-Identifier: MIT */
/* What the two halves of io/file.h share. */
#ifndef IO_FILE_INNER_H
#define IO_FILE_INNER_H

#include "io/file.h"

/* What went wrong, from the helper's thread to the task. */
struct file_fault {
	int error;        /* errno; 0: nothing */
	const char *what; /* "write" */
};

/* Takes errno; -1. */
int file_fail(struct file_fault *f, const char *what);
/* As an err; RC_OK when nothing went wrong. */
enum rc file_tell(const struct file_fault *f, struct err *e);

/* Paths are in the heap: they have no place in a task's stack. DIR/folder[/name], and where the file of that id stands, and its folder. */
char *file_path(const struct filedir *d, const char *folder, struct slice name);
char *file_folder(const struct filedir *d, struct slice id);
char *file_place(const struct filedir *d, struct slice id);

#endif
