/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/crypto.h"
#include "base/env.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

static struct {
	enum log_level max;
	int fd;
} target = {LOG_INFO, STDERR_FILENO};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_open(enum log_level max, int fd)
{
	target.max = max;
	target.fd = fd;
}

bool log_level_parse(struct slice s, enum log_level *out)
{
	for (size_t i = 0; i < countof(level_names); i++)
		if (slice_is(s, level_names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

bool log_on(enum log_level level)
{
	return level <= target.max;
}

#define PAIR_VALUE_MAX 64

/* No blank in a foreign value may begin a pair of its own. */
static size_t put_pair(char *to, size_t size, const char *name, struct slice v)
{
	int n;

	if (v.n == 0)
		return 0;
	v = slice_upto(v, PAIR_VALUE_MAX);
	n = snprintf(to, size, "%s=%.*s ", name, SLICE_ARG(v));
	CHECK(n > 0 && (size_t)n < size);
	for (char *c = to + strlen(name) + 1; c < to + n - 1; c++)
		if (*c <= ' ' || *c == '=')
			*c = '?';
	return (size_t)n;
}

static size_t put_ctx(char *to, size_t size, const struct log_ctx *ctx)
{
	unsigned char hash[SHA256_LEN];
	char owner[9] = "";
	size_t n = put_pair(to, size, "rid", ctx->rid);

	/* The owner may be a person's mail address: a hash tells two people apart and names neither. */
	if (ctx->owner.n) {
		sha256(ctx->owner, hash);
		snprintf(owner, sizeof(owner), "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
	}
	n += put_pair(to + n, size - n, "owner", slice_cstr(owner));
	n += put_pair(to + n, size - n, "thread", ctx->thread);
	return n + put_pair(to + n, size - n, "turn", ctx->turn);
}

static void put_line(const char *line, size_t n)
{
	ssize_t put;

	/* A log that cannot be written has nobody to tell; a part of a line is better than the same line twice. */
	do
		put = write(target.fd, line, n);
	while (put < 0 && errno == EINTR);
}

void log_line(enum log_level level, const struct log_ctx *ctx, const char *fmt, ...)
{
	char line[LOG_LINE_MAX], when[28];
	size_t n, size = sizeof(line) - 1; /* the newline's place */
	va_list ap;

	if (!log_on(level))
		return;
	time_iso(env_wall_us(env_real()), when);
	n = (size_t)snprintf(line, size, "%.23sZ %s [%ld] ", when, level_names[level], (long)getpid());
	if (ctx)
		n += put_ctx(line + n, size - n, ctx);
	va_start(ap, fmt);
	vsnprintf(line + n, size - n, fmt, ap);
	va_end(ap);
	log_clean(line, size);
	n = strlen(line);
	line[n++] = '\n';
	put_line(line, n);
}

static enum log_level level_of(enum rc rc)
{
	switch (rc) {
	case RC_OK:
	case RC_GONE:
	case RC_STOPPED:
		return LOG_DEBUG;
	case RC_BAD:
	case RC_UNAUTHORIZED:
	case RC_FORBIDDEN:
	case RC_NOT_FOUND:
	case RC_METHOD:
	case RC_CONFLICT:
	case RC_TOO_LARGE:
	case RC_MEDIA:
	case RC_RATE:
		return LOG_INFO;
	case RC_BUSY:
	case RC_NO_MODEL:
	case RC_TIMEOUT:
	case RC_UPSTREAM:
	case RC_PROTO:
	case RC_LOST:
		return LOG_WARN;
	case RC_DB:
	case RC_DB_UNKNOWN:
	case RC_CONF:
	case RC_INTERNAL:
	case RC__MAX:
		return LOG_ERROR;
	}
	return LOG_ERROR;
}

void log_err(const struct log_ctx *ctx, const char *what, const struct err *e)
{
	enum log_level level = level_of(e->rc);

	if (e->sqlstate[0])
		log_line(level, ctx, "%s: %s rc=%s sqlstate=%s", what, e->msg, rc_name(e->rc), e->sqlstate);
	else
		log_line(level, ctx, "%s: %s rc=%s", what, e->msg, rc_name(e->rc));
}
