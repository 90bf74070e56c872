/* SPDX-License-Identifier: MIT */
/*
 * The one failure idiom: a function that can fail returns an enum rc and, when there is something to tell, fills a struct err of its caller's.
 *
 *     if (db_run(...) != RC_OK)
 *             return err_wrap(e, "loading thread '%.*s'", SLICE_ARG(id));
 *
 * Two texts, never mixed: msg is for the log (lower case, no full stop, the subject in single quotes, no secrets and no people's words);
 * user is for the person, complete sentences, and is what travels to a browser. Logged once, at the top of a request or a turn.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/slice.h"

enum rc {
	RC_OK = 0,
	RC_GONE,       /* the client left: an ordinary end, never logged as a failure */
	RC_STOPPED,    /* somebody set the stop that this call carried: Stop, shutdown, a sibling that failed */
	RC_BAD,        /* what came from outside is not what was asked for: 400 */
	RC_UNAUTHORIZED, /* no or bad credentials: 401 */
	RC_FORBIDDEN,  /* known, and not allowed: 403 */
	RC_NOT_FOUND,  /* missing or another's: 404, the same for both */
	RC_METHOD,     /* 405 */
	RC_CONFLICT,   /* the state does not allow it: 409 */
	RC_TOO_LARGE,  /* over a limit of size: 413 */
	RC_MEDIA,      /* wrong content type: 415 */
	RC_RATE,       /* over a budget: 429 */
	RC_BUSY,       /* full, or draining, before any side effect: 503 and Retry-After */
	RC_NO_MODEL,   /* no model is configured: 503 */
	RC_TIMEOUT,    /* a deadline passed while waiting for another: 504 */
	RC_UPSTREAM,   /* the model or a tool server failed: 502 */
	RC_PROTO,      /* a peer broke its protocol: 502 */
	RC_DB,         /* the database is not reachable or refused; nothing happened: 503 */
	RC_DB_UNKNOWN, /* the connection broke after sending: it may have happened; look before doing it again: 503 */
	RC_LOST,       /* the turn's lease belongs to somebody else now */
	RC_CONF,       /* the configuration is wrong */
	RC_INTERNAL,   /* a fault of ours: 500 */
	RC__MAX
};

struct err {
	enum rc rc;
	int http;            /* HTTP status; 0: the table's */
	int retry_after_s;   /* seconds for Retry-After; 0: none */
	char sqlstate[6];    /* the database's own code, or "" */
	char code[32];       /* the protocol's error code ("thread.not_found"); "": the table's */
	char msg[320];       /* for the log */
	char user[320];      /* for the person; "": the table's sentence */
};

#define ERR_INIT ((struct err){.rc = RC_OK})

/* Sets both rc and msg, clears the rest; returns rc, so that `return err_set(e, RC_BAD, ...)` is one line. A NULL e is allowed. */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) PRINTF(3, 4);
/* As err_set, and the person may read this very text: msg and user are the same. For faults of the request. */
enum rc err_tell(struct err *e, enum rc rc, const char *fmt, ...) PRINTF(3, 4);
/* Puts "context: " before msg; returns e->rc. */
enum rc err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* Sets only what the person reads. Returns e->rc. */
enum rc err_user(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* What the table says of an rc; rc must be in range. */
const char *rc_name(enum rc rc);        /* "not_found" */
int rc_http(enum rc rc);                /* 404 */
const char *rc_sentence(enum rc rc);    /* "This was not found." */
bool rc_retryable(enum rc rc);          /* trying again later may help */
/* What to answer: the err's own where it has one, else the table's. */
int err_http(const struct err *e);
const char *err_sentence(const struct err *e);
const char *err_code(const struct err *e);

#endif
