/* SPDX-License-Identifier: MIT */
/*
 * An HTTP client that reads straight down. The only file that includes curl. One client a process: its connections, TLS sessions and the parsed CA store
 * are pooled and reused (a fresh TLS connect costs 20 to 40 times a warm one), HTTP/2 over TLS shares one connection. No redirects, no proxy unless
 * configured, no environment variables (http_new unsets SSLKEYLOGFILE), no netrc; http and https only; Accept-Encoding: identity; no Expect header.
 *
 *     if (http_open(h, &req, &r, e) != RC_OK) return e->rc;
 *     while ((rc = http_next(r, &chunk, e)) == RC_OK && chunk.n > 0) ...
 *     http_close(r);
 */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "io/io.h"

struct http;
struct http_resp;

#define HTTP_HEADERS_MAX 64         /* kept of a response */
#define HTTP_HEAD_BYTES_MAX 65536
#define HTTP_AHEAD_MAX (1024 * 1024) /* bytes that may wait for http_next before the transfer fails as too fast to be used */

struct http_opts {
	struct slice ca_file;  /* PEM bundle; empty: the system's */
	struct slice proxy;    /* URL; empty: none */
	const char *user_agent;
	unsigned per_host;     /* connections; 0: unlimited */
};

struct http_header {
	struct slice name, value; /* neither may hold CR, LF or NUL: RC_BAD */
};

struct http_req {
	const char *method;      /* "POST" */
	struct slice url;        /* absolute */
	const struct http_header *headers;
	size_t n_headers;
	struct slice body;       /* must live until http_open returned */
	int64_t connect_us;      /* longest time until connected, name look-up and TLS included; 0: 10 s */
	int64_t first_byte_us;   /* then until the response's head; 0: 120 s */
	int64_t idle_us;         /* then between bytes; 0: 60 s */
	int64_t total_us;        /* altogether; 0: 600 s */
	size_t body_max;         /* response bytes; 0: 8 MiB */
	size_t ahead_max;        /* bytes that may wait for http_next; 0: HTTP_AHEAD_MAX */
	struct stop *stop;       /* may be NULL; lives until http_close */
	bool *sent;              /* may be NULL; set by http_open: something left for the server, so trying again may do it twice */
};

struct http *http_new(struct io *io, const struct http_opts *o, struct err *e) MUSTCHECK;
void http_free(struct http *h); /* after all responses were closed */

/*
 * Returns when the response's head is there, whatever its status. Failures: RC_UPSTREAM (could not connect, broke), RC_TIMEOUT, RC_STOPPED, RC_CONF (a bad
 * URL), RC_BAD (a method or header that is none), RC_TOO_LARGE. err says the host, never the query or a header. *out is NULL then.
 * A kept connection that turns out dead before any byte of an answer is replaced and the request, a POST too, sent again by libcurl itself.
 */
WAITS enum rc http_open(struct http *h, const struct http_req *req, struct http_resp **out, struct err *e) MUSTCHECK;
/* The next bytes as they came, or n == 0 at the clean end. The chunk lives until the next http_next or http_close. */
WAITS enum rc http_next(struct http_resp *r, struct slice *chunk, struct err *e) MUSTCHECK;
/* Ends the transfer if it is still running (the peer sees the connection close, or a reset stream). NULL is fine. */
void http_close(struct http_resp *r);

int http_status(const struct http_resp *r);
/* Case-insensitive; empty when absent; the first of several. Lives as long as r. */
struct slice http_header(const struct http_resp *r, const char *name);
/* All of a body, at most max bytes (then RC_TOO_LARGE), into out. For bodies that are not streams. */
WAITS enum rc http_body(struct http_resp *r, struct buf *out, struct err *e) MUSTCHECK;

#endif
