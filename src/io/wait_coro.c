/* SPDX-License-Identifier: MIT */
/*
 * Descriptors. epoll is level-triggered and a descriptor stays armed after its wait; when it fires with nobody waiting it is narrowed to what is wanted.
 * So a task that always waits again before the next turn costs no epoll_ctl. poll's bits and epoll's are the same numbers.
 */
#include "io/loop_coro.h"

#include <errno.h>
#include <sys/epoll.h>

#define BATCH 256                         /* events of one epoll_wait */
#define ALWAYS (POLLERR | POLLHUP | POLLNVAL) /* reported without being asked for */

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLPRI == EPOLLPRI && POLLERR == EPOLLERR && POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP,
               "poll's bits are epoll's");

static uint32_t bits(short events)
{
	return (uint32_t)(unsigned short)events;
}

static uint32_t wanted(const struct fd_slot *s)
{
	return (s->waiter ? bits(s->pfd->events) : 0) | (s->watch ? bits(s->watch->events) : 0);
}

static struct fd_slot *slot_of(struct io *io, int fd)
{
	size_t need = (size_t)fd + 1, n;

	CHECK(fd >= 0);
	if (need > io->n_fds) {
		n = need + need / 2 + 64;
		io->fds = xrealloc(io->fds, n * sizeof(*io->fds));
		memset(io->fds + io->n_fds, 0, (n - io->n_fds) * sizeof(*io->fds));
		io->n_fds = n;
	}
	return &io->fds[fd];
}

static void take_out(struct io *io, struct fd_slot *s, int fd)
{
	if (s->known)
		epoll_ctl(io->epoll, EPOLL_CTL_DEL, fd, NULL); /* may be closed already: nothing is lost */
	s->known = false;
	s->armed = 0;
	s->age++;
}

/* Makes epoll know exactly `want`; false when the kernel cannot watch this descriptor. */
static bool arm(struct io *io, struct fd_slot *s, int fd, uint32_t want)
{
	struct epoll_event ev = {.events = want, .data.u64 = (uint64_t)s->age << 32 | (uint32_t)fd};
	int op = s->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(io->epoll, op, fd, &ev) != 0) {
		/* Somebody closed it without io_forget and the number came back, or the other way round: believe the kernel. */
		if (errno == ENOENT)
			op = EPOLL_CTL_ADD;
		else if (errno == EEXIST)
			op = EPOLL_CTL_MOD;
		else
			return false;
		if (epoll_ctl(io->epoll, op, fd, &ev) != 0)
			return false;
	}
	s->known = true;
	s->armed = want;
	return true;
}

/* One event of one descriptor. Callbacks may change the table, so the slot is looked up again after each. */
static void deliver(struct io *io, int fd, uint32_t age, uint32_t got)
{
	struct fd_slot *s = slot_of(io, fd);
	uint32_t left;

	if (s->age != age)
		return;
	if (s->watch && (got & (bits(s->watch->events) | ALWAYS))) {
		struct io_watch *w = s->watch;
		int64_t since = stall_clock();

		w->fn(w->ctx, (short)(got & (bits(w->events) | ALWAYS)));
		stall_check(io, since, "watch");
		s = slot_of(io, fd);
		if (s->age != age)
			return;
	}
	if (s->waiter && (got & (bits(s->pfd->events) | ALWAYS))) {
		s->pfd->revents |= (short)(got & (bits(s->pfd->events) | ALWAYS));
		task_wake(s->waiter, RC_OK);
	}
	left = wanted(s);
	if (!s->waiter && !s->watch)
		take_out(io, s, fd);
	else if (got & ~(left | ALWAYS))
		arm(io, s, fd, left);
}

void fds_poll(struct io *io, int ms)
{
	struct epoll_event evs[BATCH];
	int n = epoll_wait(io->epoll, evs, BATCH, ms);

	io->now = env_mono_us(io->env);
	for (int i = 0; i < n; i++)
		deliver(io, (int)(uint32_t)evs[i].data.u64, (uint32_t)(evs[i].data.u64 >> 32), evs[i].events);
}

enum rc io_wait(struct io *io, struct pollfd *fds, size_t n, int64_t deadline, struct stop *s)
{
	bool broken = false;
	enum rc rc;

	for (size_t i = 0; i < n; i++) {
		struct fd_slot *slot;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		slot = slot_of(io, fds[i].fd);
		CHECK(!slot->waiter);
		slot->waiter = io->running;
		slot->pfd = &fds[i];
		if ((!slot->known || (wanted(slot) & ~slot->armed)) && !arm(io, slot, fds[i].fd, wanted(slot))) {
			/* As poll says of what cannot be polled. The caller's next read or write tells the reason. */
			fds[i].revents = POLLNVAL;
			broken = true;
		}
	}
	rc = broken ? RC_OK : task_park(io, deadline, s);
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd >= 0)
			slot_of(io, fds[i].fd)->waiter = NULL;
	return rc;
}

void io_forget(struct io *io, int fd)
{
	struct fd_slot *s;

	if (fd < 0 || (size_t)fd >= io->n_fds)
		return;
	s = slot_of(io, fd);
	CHECK(!s->waiter);
	if (s->watch)
		s->watch->events = 0;
	s->watch = NULL;
	take_out(io, s, fd);
}

void io_watch_set(struct io *io, struct io_watch *w, int fd, short events, void (*fn)(void *ctx, short revents), void *ctx)
{
	struct fd_slot *s;

	if (w->events && w->fd != fd)
		io_watch_off(io, w);
	if (!events) {
		io_watch_off(io, w);
		return;
	}
	*w = (struct io_watch){.fn = fn, .ctx = ctx, .fd = fd, .events = events};
	s = slot_of(io, fd);
	CHECK(!s->watch || s->watch == w);
	s->watch = w;
	if (!s->known || s->armed != wanted(s))
		CHECK(arm(io, s, fd, wanted(s)));
}

void io_watch_off(struct io *io, struct io_watch *w)
{
	struct fd_slot *s;

	if (!w->events)
		return;
	w->events = 0;
	s = slot_of(io, w->fd);
	CHECK(s->watch == w);
	s->watch = NULL;
	/* Its owner, curl for one, may close it without a word. */
	if (!s->waiter)
		take_out(io, s, w->fd);
	else
		arm(io, s, w->fd, wanted(s));
}
