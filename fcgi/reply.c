/* SPDX-License-Identifier: MIT */
/*
 * The sending half of a connection. libfcgi writes with a blocking write(2) and hides failure: so a write is made only after poll said that it will not
 * block, of at most what then fits, and FCGX_GetError alone is believed (a second FCGX_FFlush after a failure returns 0).
 */
#include <errno.h>

#include "fcgi/conn.h"

#include "base/log.h"
#include "io/fault.h"
#include "wire/sse.h"

#define SETTLE_WAIT (30 * (int64_t)IO_SECOND) /* for the next piece to be taken, after the handler has ended */

#define SMALL 2048 /* bytes of a write that counts as small */

static void send_out(struct conn *c);
static void look(struct conn *c);

void conn_lost(struct conn *c)
{
	c->rep.gone = true;
	if (!c->told) {
		c->told = true;
		io_watch_off(c->io, &c->watch);
		io_timer_off(c->io, &c->beat);
		io_event_set(c->io, &c->moved);
	}
	/* Writing goes on into nothing, and a stop may have been set up after the client left: so at each park. */
	buf_clear(&c->rep.out);
	if (c->rep.stop_when_gone)
		stop_set(c->rep.stop_when_gone, STOP_CLIENT_LEFT);
}

static void on_watch(void *ctx, short revents)
{
	struct conn *c = ctx;

	if (revents & (c->leaving | POLLHUP | POLLERR)) {
		conn_lost(c);
	} else if (revents & POLLOUT) {
		send_out(c);
		look(c);
		io_event_set(c->io, &c->moved);
	}
}

/* Lazily, at the first park: an answer that needs none costs no epoll_ctl. */
static void look(struct conn *c)
{
	short events = (short)(c->leaving | (c->rep.out.n ? POLLOUT : 0));

	if (!c->rep.gone && c->watch.events != events)
		io_watch_set(c->io, &c->watch, c->fd, events, on_watch, c);
}

/* Looks for those who left too: asking costs nothing here. Between two looks the watch does. */
static bool writable(struct conn *c, size_t n)
{
	struct pollfd p = {.fd = c->fd, .events = (short)(POLLOUT | c->leaving)};

	if (n <= SMALL && c->free_left > 0 && !c->rep.gone) {
		c->free_left--;
		return true;
	}
	if (poll(&p, 1, 0) > 0 && (p.revents & (c->leaving | POLLHUP | POLLERR | POLLNVAL)))
		conn_lost(c);
	c->free_left = p.revents & POLLOUT && n <= SMALL ? c->free_writes : 0;
	return !c->rep.gone && (p.revents & POLLOUT);
}

static void send_out(struct conn *c)
{
	struct buf *out = &c->rep.out;
	size_t sent = 0;

	while (sent < out->n) {
		size_t n = out->n - sent < c->piece ? out->n - sent : c->piece;

		if (!writable(c, n))
			break;
		FCGX_PutStr(out->p + sent, (int)n, c->out);
		FCGX_FFlush(c->out);
		if (FCGX_GetError(c->out) != 0 || FAULT("reply.write"))
			conn_lost(c);
		else
			sent += n;
	}
	if (c->rep.gone || !sent)
		return;
	buf_drop(out, sent);
	c->rep.sent_any = true;
	c->sent_at = io_now(c->io);
}

/* What was dropped for want of room cannot be made good. */
static void give_up_if_over(struct conn *c)
{
	if (c->rep.gone || buf_ok(&c->rep.out))
		return;
	log_line(LOG_INFO, &(struct log_ctx){.rid = c->req.rid}, "the client reads too slowly: %d bytes wait", REPLY_OUT_MAX);
	conn_lost(c);
}

/* Runs at each park of the request's task. */
static void before_park(void *ctx)
{
	struct conn *c = ctx;

	if (c->draining)
		return;
	give_up_if_over(c);
	if (!c->rep.gone)
		send_out(c);
	if (c->rep.gone)
		conn_lost(c);
	else
		look(c);
}

static void flush(struct reply *r)
{
	before_park(container_of(r, struct conn, rep));
}

static enum rc drain(struct reply *r, size_t below, int64_t deadline)
{
	struct conn *c = container_of(r, struct conn, rep);
	enum rc rc;

	for (;;) {
		before_park(c);
		if (r->gone)
			return RC_GONE;
		if (r->out.n < below)
			return RC_OK;
		/* A hook that sent something while the task goes to sleep would wake nobody. */
		c->draining = true;
		rc = io_event_wait(c->io, &c->moved, deadline, NULL);
		c->draining = false;
		if (rc != RC_OK)
			return rc;
	}
}

static void on_beat(void *ctx)
{
	struct conn *c = ctx;
	int64_t due = c->sent_at + c->beat_us, now = io_now(c->io);

	/* What is unsent will tell as much, and the beat belongs between whole events. */
	if (due <= now && c->rep.out.n == 0) {
		sse_beat(&c->rep.out);
		send_out(c);
		look(c);
		due = now + c->beat_us;
	}
	if (!c->rep.gone)
		io_timer_set(c->io, &c->beat, due > now ? due : now + c->beat_us, on_beat, c);
}

static void beat(struct reply *r, int64_t interval_us)
{
	struct conn *c = container_of(r, struct conn, rep);

	c->beat_us = interval_us;
	c->sent_at = io_now(c->io);
	if (interval_us > 0 && !r->gone)
		io_timer_set(c->io, &c->beat, io_in(c->io, interval_us), on_beat, c);
	else
		io_timer_off(c->io, &c->beat);
}

static const struct reply_ops ops = {.flush = flush, .drain = drain, .beat = beat};

void conn_begin(struct conn *c, struct io *io, const struct conf *conf)
{
	c->io = io;
	c->req.io = io;
	c->req.arena = arena_new(CONN_ARENA_MAX, NULL);
	c->rep.ops = &ops;
	c->rep.io = io;
	c->rep.beat_us = conf->beat_us;
	buf_init(&c->rep.out, REPLY_OUT_MAX);
	io_before_park(io, before_park, c);
}

void conn_end(struct conn *c)
{
	struct buf *out = &c->rep.out;
	size_t left;

	io_timer_off(c->io, &c->beat);
	c->rep.stop_when_gone = NULL;
	give_up_if_over(c);
	while ((left = out->n) > 0) {
		if (left <= c->piece && writable(c, left)) {
			/* It leaves with the end of the request, in one write. */
			FCGX_PutStr(out->p, (int)left, c->out);
			buf_clear(out);
		} else if (drain(&c->rep, left, io_in(c->io, SETTLE_WAIT)) == RC_TIMEOUT) {
			conn_lost(c);
		}
	}
	io_before_park(c->io, NULL, NULL);
	io_watch_off(c->io, &c->watch);
	io_forget(c->io, c->fd);
	buf_release(out);
	arena_free(c->req.arena);
}
