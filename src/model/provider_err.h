/* SPDX-License-Identifier: MIT */
/*
 * What a provider says when it says no: one meaning out of many shapes ({"error":{...}}, {"error":"..."}, {"object":"error",...}, {"message"}, {"detail"},
 * any of them in an array), and out of status and code. Pure.
 */
#ifndef MODEL_PROVIDER_ERR_H
#define MODEL_PROVIDER_ERR_H

#include "base/arena.h"
#include "base/err.h"

struct provider_err {
	int status;                 /* HTTP's, or the one that the code names; 0: none */
	struct slice code, message; /* in the arena; the code may be a type ("rate_limit_exceeded") */
	int64_t retry_us;           /* Gemini's retryDelay; 0: none */
};

/* body is JSON or any text. status 0: an error within a stream. Never fails: what is not understood is the message. */
void provider_err_read(struct arena *a, int status, struct slice body, struct provider_err *out);
/* Trying the same again may help: overload, rate, 408, 409, 5xx; never quota, money, keys or a request that is refused as such. */
bool provider_err_retry(const struct provider_err *p);
/* The failure in the house's terms; returns its rc. Quotes at most 200 bytes of the message, and none when keys are at issue. */
enum rc provider_err_tell(const struct provider_err *p, struct err *e);
/* A provider's text may quote what it was sent: blanks the key out of e->msg. */
void provider_err_hide(struct slice key, struct err *e);

#endif
