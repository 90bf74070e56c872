/* SPDX-License-Identifier: MIT */
/*
 * One curl_multi a transfer, turned by the task that waits for it. They are kept for the next transfer, so that a connection is used again.
 */
#include "io/http_inner.h"

#define SOCKETS_MAX 8

struct http_drive {
	CURLM *multi;
	struct pollfd sockets[SOCKETS_MAX];
	size_t n;
	int64_t at; /* curl's timeout */
	struct http *h;
	struct http_drive *next; /* in the pool; the first is a mere head */
};

static int set_timer(CURLM *multi UNUSED, long ms, void *ctx)
{
	struct http_drive *d = ctx;

	d->at = ms < 0 ? IO_FOREVER : io_in(d->h->io, (ms ? ms + 1 : 0) * IO_MS);
	return 0;
}

static int set_socket(CURL *easy UNUSED, curl_socket_t fd, int what, void *ctx, void *socketp UNUSED)
{
	struct http_drive *d = ctx;
	size_t i = 0;

	while (i < d->n && d->sockets[i].fd != fd)
		i++;
	if (what == CURL_POLL_REMOVE) {
		if (i < d->n)
			d->sockets[i] = d->sockets[--d->n];
		return 0;
	}
	CHECK(i < SOCKETS_MAX);
	if (i == d->n)
		d->n++;
	d->sockets[i] = (struct pollfd){.fd = fd, .events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0))};
	return 0;
}

static struct http_drive *drive_new(struct http *h)
{
	struct http_drive *d = xalloc(sizeof(*d));

	d->h = h;
	d->at = IO_FOREVER;
	d->multi = curl_multi_init();
	if (!d->multi)
		out_of_memory();
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d);
	return d;
}

enum rc http_drive_open(struct http *h, struct err *e UNUSED)
{
	h->drive = xalloc(sizeof(*h->drive));
	return RC_OK;
}

void http_drive_close(struct http *h)
{
	struct http_drive *next;

	for (struct http_drive *d = h->drive->next; d; d = next) {
		next = d->next;
		curl_multi_cleanup(d->multi);
		free(d);
	}
	free(h->drive);
}

static void turn(struct http_resp *r, curl_socket_t fd, int mask)
{
	CURLMsg *m;
	int n;

	io_foreign_begin(r->h->io);
	curl_multi_socket_action(r->drive->multi, fd, mask, &n);
	while ((m = curl_multi_info_read(r->drive->multi, &n)))
		if (m->msg == CURLMSG_DONE)
			http_easy_done(r, m->data.result);
	io_foreign_end(r->h->io);
}

void http_drive_start(struct http_resp *r)
{
	struct http_drive *d = r->h->drive->next;

	if (d)
		r->h->drive->next = d->next;
	else
		d = drive_new(r->h);
	r->drive = d;
	CHECK(curl_multi_add_handle(d->multi, r->easy) == CURLM_OK);
	turn(r, CURL_SOCKET_TIMEOUT, 0);
}

void http_drive_end(struct http_resp *r)
{
	struct http_drive *d = r->drive;

	if (!d)
		return;
	io_foreign_begin(r->h->io);
	curl_multi_remove_handle(d->multi, r->easy);
	io_foreign_end(r->h->io);
	d->next = r->h->drive->next;
	r->h->drive->next = d;
	r->drive = NULL;
}

/* What is ready, into curl. It may change its sockets meanwhile: hence the copy. */
static void feed(struct http_resp *r, const struct pollfd *ready, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int mask = 0;

		if (ready[i].revents & (POLLIN | POLLHUP | POLLERR))
			mask |= CURL_CSELECT_IN;
		if (ready[i].revents & (POLLOUT | POLLERR))
			mask |= CURL_CSELECT_OUT;
		if (mask)
			turn(r, ready[i].fd, mask);
	}
}

enum rc http_drive_wait(struct http_resp *r, int64_t deadline)
{
	struct http_drive *d = r->drive;
	struct io *io = r->h->io;

	while (!r->ready.set) {
		struct pollfd p[SOCKETS_MAX];
		size_t n = d->n;
		enum rc rc;

		memcpy(p, d->sockets, n * sizeof(*p));
		rc = io_wait(io, p, n, d->at < deadline ? d->at : deadline, r->stop);
		if (rc == RC_STOPPED)
			return rc;
		if (rc == RC_OK)
			feed(r, p, n);
		if (d->at <= io_now(io)) {
			d->at = IO_FOREVER;
			turn(r, CURL_SOCKET_TIMEOUT, 0);
		} else if (rc == RC_TIMEOUT && io_now(io) >= deadline) {
			return rc;
		}
	}
	r->ready.set = false;
	return RC_OK;
}
