/* SPDX-License-Identifier: MIT */
/*
 * One line an event, one write(2) a line, to stderr (the web server's error log) or a file. key=value text; foreign bytes are escaped, so that no
 * newline of theirs can forge a line; what looks like a key, a bearer token, a JWT or a URL's password is masked. No content of conversations.
 * The level and the target are the house's only process-wide mutable state; both are set once, at start.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

#define LOG_LINE_MAX 2048 /* bytes; longer lines are cut, so that a write is atomic */

/* Whose event it is; every member may be empty. Put in front of the line as rid= owner= thread= turn=. The owner is logged as a short hash. */
struct log_ctx {
	struct slice rid, owner, thread, turn;
};

void log_open(enum log_level max, int fd);
bool log_level_parse(struct slice s, enum log_level *out) MUSTCHECK; /* error warn info debug */
bool log_on(enum log_level level);
/* fmt is a short lower-case sentence or key=value pairs. ctx may be NULL. */
void log_line(enum log_level level, const struct log_ctx *ctx, const char *fmt, ...) PRINTF(3, 4);
/* "what: msg rc=... sqlstate=..." at the level that e's rc deserves (peer-gone and bad requests: debug/info). */
void log_err(const struct log_ctx *ctx, const char *what, const struct err *e);
/* Masks secrets in place and escapes control bytes: what log_line does to its text; exposed for `check` and for tests. out is a NUL-terminated line. */
void log_clean(char *line, size_t size);

#endif
