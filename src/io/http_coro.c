/* SPDX-License-Identifier: MIT */
/*
 * One curl_multi in the loop: its sockets are watches, its timeout is a timer. Callbacks only note and wake; tasks run after curl has returned.
 */
#include "io/http_inner.h"

#define IDLE_CONNECTIONS 256L

struct http_drive {
	CURLM *multi;
	struct io_timer timer;
};

struct socket {
	struct http *h;
	struct io_watch watch;
};

static void turn(struct http *h, curl_socket_t fd, int mask)
{
	CURLM *multi = h->drive->multi;
	struct http_resp *r;
	CURLMsg *m;
	int n;

	io_foreign_begin(h->io);
	curl_multi_socket_action(multi, fd, mask, &n);
	while ((m = curl_multi_info_read(multi, &n)))
		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r) == CURLE_OK)
			http_easy_done(r, m->data.result);
	io_foreign_end(h->io);
}

static void on_timer(void *ctx)
{
	turn(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi UNUSED, long ms, void *ctx)
{
	struct http *h = ctx;

	/* By the clock as it is, and late rather than early: curl does not ask again for a timeout that it takes to be still coming. */
	if (ms < 0)
		io_timer_off(h->io, &h->drive->timer);
	else
		io_timer_set(h->io, &h->drive->timer, env_mono_us(io_env(h->io)) + (ms ? ms + 1 : 0) * IO_MS, on_timer, h);
	return 0;
}

static void on_ready(void *ctx, short got)
{
	struct socket *s = ctx;
	int mask = 0;

	/* What poll calls an error, curl finds out by reading or writing, with its reason. */
	if (got & (POLLIN | POLLHUP | POLLERR))
		mask |= CURL_CSELECT_IN;
	if (got & (POLLOUT | POLLERR))
		mask |= CURL_CSELECT_OUT;
	turn(s->h, s->watch.fd, mask);
}

static int set_socket(CURL *easy UNUSED, curl_socket_t fd, int what, void *ctx, void *socketp)
{
	struct http *h = ctx;
	struct socket *s = socketp;
	short events = 0;

	if (what == CURL_POLL_REMOVE) {
		if (s)
			io_watch_off(h->io, &s->watch);
		free(s);
		return 0;
	}
	if (!s) {
		s = xalloc(sizeof(*s));
		s->h = h;
		curl_multi_assign(h->drive->multi, fd, s);
	}
	if (what & CURL_POLL_IN)
		events |= POLLIN;
	if (what & CURL_POLL_OUT)
		events |= POLLOUT;
	io_watch_set(h->io, &s->watch, fd, events, on_ready, s);
	return 0;
}

enum rc http_drive_open(struct http *h, struct err *e)
{
	CURLM *m = curl_multi_init();

	if (!m)
		return err_set(e, RC_INTERNAL, "libcurl does not start");
	h->drive = xalloc(sizeof(*h->drive));
	h->drive->multi = m;
	curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(m, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(m, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
	curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, (long)h->per_host);
	return RC_OK;
}

void http_drive_close(struct http *h)
{
	curl_multi_cleanup(h->drive->multi);
	io_timer_off(h->io, &h->drive->timer);
	free(h->drive);
}

void http_drive_start(struct http_resp *r)
{
	r->drive = r->h->drive;
	io_foreign_begin(r->h->io);
	CHECK(curl_multi_add_handle(r->drive->multi, r->easy) == CURLM_OK);
	io_foreign_end(r->h->io);
	/* Begins at once, a turn earlier than by its timer. */
	turn(r->h, CURL_SOCKET_TIMEOUT, 0);
}

void http_drive_end(struct http_resp *r)
{
	if (!r->drive)
		return;
	io_foreign_begin(r->h->io);
	curl_multi_remove_handle(r->drive->multi, r->easy);
	io_foreign_end(r->h->io);
	r->drive = NULL;
}

enum rc http_drive_wait(struct http_resp *r, int64_t deadline)
{
	return io_event_wait(r->h->io, &r->ready, deadline, r->stop);
}
