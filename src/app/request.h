/* SPDX-License-Identifier: MIT */
/*
 * One HTTP exchange as the application sees it. Declared here, implemented by fcgi/ (FastCGI and CGI) and by tests. The application never knows which.
 *
 * The request is what the web server said, copied and bounded: strings live as long as the request's arena. Only CGI variables become fields; nothing
 * a client sends ever enters the process's environment.
 */
#ifndef APP_REQUEST_H
#define APP_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "io/io.h"

#define REQUEST_HEADERS_MAX 100
#define REQUEST_HEAD_MAX (64 * 1024) /* bytes of all parameters */

struct request_header {
	struct slice name;  /* as the CGI variable without HTTP_: upper case, underscores: "CHATKIT_FRAME_INSTANCE_ID" */
	struct slice value;
};

struct request;
struct request_ops {
	/*
	 * The next bytes of the body, at most size; *got == 0 at its end. RC_GONE when the client left, RC_TIMEOUT past the deadline. Waits for the
	 * descriptor before each fill.
	 */
	WAITS enum rc (*read)(struct request *, char *p, size_t size, size_t *got, int64_t deadline, struct err *);
};

struct request {
	const struct request_ops *ops;
	struct slice method;       /* "POST" */
	struct slice path;         /* decoded, without base_path, begins with "/"; never holds NUL, "//" or dot segments */
	struct slice query;        /* still coded */
	struct slice content_type; /* CONTENT_TYPE */
	int64_t content_length;    /* CONTENT_LENGTH; -1: none */
	struct slice scheme;       /* "http" or "https" */
	struct slice host;         /* HTTP_HOST as sent; untrusted */
	struct slice remote_addr;
	const struct request_header *headers;
	size_t n_headers;
	struct slice rid;          /* a short random id of ours, for logs and X-Request-Id */
	struct arena *arena;       /* dies with the request; the caller's and the handler's */
	struct io *io;
};

/* By the name's CGI form ("ORIGIN"); empty when absent. A name that came twice was refused by the edge. */
struct slice request_header(const struct request *r, const char *name);
/*
 * The whole body into out (its maximum is the limit); what is in out already is its beginning, read before. RC_TOO_LARGE, RC_GONE, RC_TIMEOUT (408 in err).
 * Refuses by Content-Length before reading.
 */
WAITS enum rc request_body(struct request *r, struct buf *out, int64_t deadline, struct err *e);
/* As much of the body as out takes. *end: that is all of it; else there may be more. */
WAITS enum rc request_body_some(struct request *r, struct buf *out, bool *end, int64_t deadline, struct err *e);

/*
 * The answer. First reply_begin (status and headers), then bytes into r->out, then return. Callers append and never flush: what was written leaves when
 * the task parks. For a stream that grows faster than the client reads, reply_room waits; it is the only thing here that does.
 *
 * gone is sticky and ordinary: writing goes on into nothing, and stop_when_gone (if set) is set with STOP_CLIENT_LEFT.
 */
struct reply;
struct reply_ops {
	/* Sends what it can without waiting; also the before-park hook. */
	void (*flush)(struct reply *);
	/* Parks until out holds less than `below` bytes (RC_OK), the client is gone (RC_GONE), or the deadline (RC_TIMEOUT). */
	WAITS enum rc (*drain)(struct reply *, size_t below, int64_t deadline);
	/* A stream that says nothing lets ":\n" be sent every so often: to find out who left. interval_us 0: off. Between whole events only, so a
	 * caller that parks has appended whole events. */
	void (*beat)(struct reply *, int64_t interval_us);
};

#define REPLY_OUT_MAX (8 * 1024 * 1024) /* bytes that may wait for a slow client */

struct reply {
	const struct reply_ops *ops;
	struct buf out;
	bool gone, begun;
	bool sent_any;               /* at least one write reached the web server after begin */
	bool sse;
	int status;
	struct stop *stop_when_gone; /* may be NULL; may be set late: a client that left before is told to it at the next park */
	int64_t beat_us;             /* how often a silent stream says ":\n"; by the edge, from conf */
	struct slice rid;            /* the request's: X-Request-Id; empty: none */
	struct io *io;
};

struct reply_header {
	const char *name;
	struct slice value; /* no CR, LF, NUL: dropped otherwise */
};

/*
 * Once, before any other byte. content_type NULL: no body. content_length -1: not told (a stream). Every answer forbids guessing its type and, unless h
 * holds a Cache-Control, keeping it.
 */
void reply_begin(struct reply *r, int status, const char *content_type, int64_t content_length, const struct reply_header *h, size_t n);
/* A stream of server-sent events: the headers that keep proxies from buffering, and a first comment byte; beats from now on. */
void reply_begin_sse(struct reply *r, const struct reply_header *h, size_t n);
/* One JSON body, whole. */
void reply_json(struct reply *r, int status, struct slice body, const struct reply_header *h, size_t n);
/* {"message","code","error","detail"}; adds Retry-After and WWW-Authenticate by the status, X-Request-Id by rid. With h as in reply_begin. */
void reply_error(struct reply *r, const struct err *e, struct slice rid, const struct reply_header *h, size_t n);
/*
 * RC_OK, or RC_GONE. Waits when more than 256 KiB stand unsent: a slow reader slows its own turn's reading, nobody else's. One that takes nothing of it
 * for 60 s has left.
 */
WAITS enum rc reply_room(struct reply *r);

#endif
