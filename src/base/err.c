/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stdarg.h>

static const struct rc_row {
	const char *name;
	int http;
	bool retryable;
	const char *sentence;
} rows[RC__MAX] = {
	[RC_OK] = {"ok", 200, false, "Done."},
	[RC_GONE] = {"gone", 499, false, "The client left."},
	[RC_STOPPED] = {"stopped", 499, true, "This was stopped."},
	[RC_BAD] = {"bad_request", 400, false, "The request could not be understood."},
	[RC_UNAUTHORIZED] = {"unauthorized", 401, false, "Please sign in."},
	[RC_FORBIDDEN] = {"forbidden", 403, false, "You may not do this."},
	[RC_NOT_FOUND] = {"not_found", 404, false, "This was not found."},
	[RC_METHOD] = {"method_not_allowed", 405, false, "This address does not take this method."},
	[RC_CONFLICT] = {"conflict", 409, false, "This is not possible at the moment."},
	[RC_TOO_LARGE] = {"too_large", 413, false, "This is too large."},
	[RC_MEDIA] = {"unsupported_media_type", 415, false, "This type of content is not accepted."},
	[RC_RATE] = {"rate_limited", 429, true, "Too many requests. Please wait a little."},
	[RC_BUSY] = {"busy", 503, true, "The service is busy. Please try again shortly."},
	[RC_NO_MODEL] = {"no_model", 503, false, "No model is configured."},
	[RC_TIMEOUT] = {"timeout", 504, true, "The answer took too long. Please try again."},
	[RC_UPSTREAM] = {"upstream_failed", 502, true, "The model or a tool failed. Please try again."},
	[RC_PROTO] = {"upstream_protocol", 502, true, "The model or a tool gave an answer that makes no sense. Please try again."},
	[RC_DB] = {"database_unavailable", 503, true, "The service is not available. Please try again shortly."},
	[RC_DB_UNKNOWN] = {"database_unknown", 503, true, "The service is not available. Please try again shortly."},
	[RC_LOST] = {"lost", 409, true, "This conversation is being continued elsewhere."},
	[RC_CONF] = {"configuration", 500, false, "The service is not set up correctly."},
	[RC_INTERNAL] = {"internal", 500, false, "Something went wrong."},
};

/* What vsnprintf cut may end inside a character; such a tail goes. */
static void fit(char *text, size_t size, int wanted)
{
	size_t n = size - 1, back = 0;

	if (wanted < 0) {
		text[0] = '\0';
		return;
	}
	if ((size_t)wanted < size)
		return;
	while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < n && (unsigned char)text[n - 1 - back] >= 0xc0)
		text[n - 1 - back] = '\0';
}

PRINTF(3, 0) static void format(char *out, size_t size, const char *fmt, va_list ap)
{
	fit(out, size, vsnprintf(out, size, fmt, ap));
}

enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...)
{
	char text[sizeof(e->msg)]; /* the arguments may point into e */
	va_list ap;

	if (!e)
		return rc;
	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	*e = (struct err){.rc = rc};
	memcpy(e->msg, text, sizeof(text));
	return rc;
}

enum rc err_tell(struct err *e, enum rc rc, const char *fmt, ...)
{
	char text[sizeof(e->msg)];
	va_list ap;

	if (!e)
		return rc;
	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	*e = (struct err){.rc = rc};
	memcpy(e->msg, text, sizeof(text));
	memcpy(e->user, text, sizeof(text));
	return rc;
}

enum rc err_wrap(struct err *e, const char *fmt, ...)
{
	char context[sizeof(e->msg)], text[sizeof(e->msg)];
	va_list ap;

	if (!e)
		return RC_INTERNAL;
	va_start(ap, fmt);
	format(context, sizeof(context), fmt, ap);
	va_end(ap);
	fit(text, sizeof(text), snprintf(text, sizeof(text), "%s: %s", context, e->msg));
	memcpy(e->msg, text, sizeof(text));
	return e->rc;
}

enum rc err_user(struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->user)];
	va_list ap;

	if (!e)
		return RC_INTERNAL;
	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(e->user, text, sizeof(text));
	return e->rc;
}

static const struct rc_row *row(enum rc rc)
{
	CHECK((unsigned)rc < RC__MAX);
	return &rows[rc];
}

const char *rc_name(enum rc rc)
{
	return row(rc)->name;
}

int rc_http(enum rc rc)
{
	return row(rc)->http;
}

const char *rc_sentence(enum rc rc)
{
	return row(rc)->sentence;
}

bool rc_retryable(enum rc rc)
{
	return row(rc)->retryable;
}

int err_http(const struct err *e)
{
	return e->http ? e->http : rc_http(e->rc);
}

const char *err_sentence(const struct err *e)
{
	return e->user[0] ? e->user : rc_sentence(e->rc);
}

const char *err_code(const struct err *e)
{
	return e->code[0] ? e->code : rc_name(e->rc);
}
