/* SPDX-License-Identifier: MIT */
/*
 * The HTTP client's three parts: http.c what callers see, http_easy.c one transfer's options and callbacks, http_coro.c or http_thread.c who turns
 * libcurl's wheels. Together they are the only files that include curl.
 */
#ifndef IO_HTTP_INNER_H
#define IO_HTTP_INNER_H

#include <curl/curl.h>

#include "io/http.h"
#include "io/inner.h"

#define HTTP_HOST_MAX 96   /* of a host name in an error text */
#define HTTP_EASY_IDLE 128 /* easy handles kept for reuse */

struct http {
	struct io *io;
	char *ca_file, *proxy, *user_agent;
	unsigned per_host;
	CURL *idle[HTTP_EASY_IDLE];
	size_t n_idle;
	size_t n_open;
	struct http_drive *drive; /* the seam's */
};

struct http_resp {
	struct http *h;
	struct http_drive *drive;
	CURL *easy;
	struct curl_slist *headers;
	struct stop *stop;
	struct io_event ready; /* connected, the head, bytes or the end came */
	struct buf in, out;    /* what curl fills, what http_next handed out: they swap */
	struct buf head;       /* the header lines as they came */
	size_t n_headers;
	int status;
	bool connected, head_done, done;
	CURLcode code;         /* once done */
	enum rc fail;          /* our own reason to break off, from a callback; with its text */
	const char *fail_text;
	size_t got, body_max, upload;
	int64_t connect_at, total_at, first_byte_us, idle_us, last_us;
	char host[HTTP_HOST_MAX];
};

/* http_easy.c */
enum rc http_easy_open(struct http_resp *r, const struct http_req *req, struct err *e) MUSTCHECK;
void http_easy_close(struct http_resp *r);
void http_easy_done(struct http_resp *r, CURLcode code);
bool http_easy_uploaded(const struct http_resp *r);

/* The seam. */
enum rc http_drive_open(struct http *h, struct err *e) MUSTCHECK;
void http_drive_close(struct http *h);
void http_drive_start(struct http_resp *r);
void http_drive_end(struct http_resp *r);
/* Until r->ready is set (and takes it away), the deadline, the stop. */
WAITS enum rc http_drive_wait(struct http_resp *r, int64_t deadline);

#endif
