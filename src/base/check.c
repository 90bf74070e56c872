/* SPDX-License-Identifier: MIT */
#include "base/attr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_OUT_OF_MEMORY 71 /* EX_OSERR */

/* write(2) and nothing else: the process may be in any state, and stdio may want memory. */
static void say(const char *text, size_t n)
{
	ssize_t ignored = write(STDERR_FILENO, text, n);

	(void)ignored;
}

void check_failed(const char *what, const char *file, int line)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "chatkit: check failed: %s (%s:%d)\n", what, file, line);

	if (n > 0)
		say(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	abort();
}

void out_of_memory(void)
{
	static const char text[] = "chatkit: out of memory\n";

	say(text, sizeof(text) - 1);
	_exit(EXIT_OUT_OF_MEMORY);
}

void *xalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		out_of_memory();
	return q;
}
