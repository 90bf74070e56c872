/* SPDX-License-Identifier: MIT */
#include "fcgi/accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/edge.h"
#include "fcgi/slot.h"

#define REFUSING 32                          /* slots that only say 503 */
#define BATCH 64                             /* connections accepted in one loop turn */
#define PAUSE (50 * (int64_t)IO_MS)          /* when accept fails for want of descriptors or memory */
#define FDS_RESERVED 64                      /* descriptors that are not a stream's: database, logs, the loop's own */
#define FDS_A_STREAM 2                       /* the web server's connection and the model's */
#define TELL_EVERY (10 * (int64_t)IO_SECOND) /* log lines about the same trouble */

struct acceptor {
	struct slots slots;
	struct io *io;
	int fd;
	bool started;
	struct io_watch watch;
	struct io_timer again;
	int64_t told_at;
	char *peers; /* FCGI_WEB_SERVER_ADDRS, or NULL: everybody */
	struct io_event idle;
};

/* Accepting */

/* FCGI_WEB_SERVER_ADDRS, as libfcgi's own accept has it: who may speak to us over TCP. */
static bool may_speak(const struct acceptor *a, const char *address)
{
	struct slice rest = slice_cstr(a->peers), one;

	while (rest.n) {
		rest = slice_cut(rest, ',', &one);
		if (slice_is(slice_trim(one), address))
			return true;
	}
	return false;
}

static bool welcome(struct acceptor *a, int fd, const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *v4 = (const void *)peer;
	const struct sockaddr_in6 *v6 = (const void *)peer;
	char text[INET6_ADDRSTRLEN] = "";
	int one = 1;

	if (peer->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
	else if (peer->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	else
		return true;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return !a->peers || may_speak(a, text);
}

static void on_listen(void *ctx, short revents);

static void listen_again(void *ctx)
{
	struct acceptor *a = ctx;

	if (a->started && a->slots.free && !a->again.place)
		io_watch_set(a->io, &a->watch, a->fd, POLLIN, on_listen, a);
}

static void on_freed(struct slots *s)
{
	struct acceptor *a = container_of(s, struct acceptor, slots);

	if (s->n_free == s->n)
		io_event_set(a->io, &a->idle);
	if (!a->watch.events)
		listen_again(a);
}

/* Out of descriptors or memory: others will give some back. To end here, as libfcgi's examples do, would lose every stream. */
static void pause_accepting(struct acceptor *a, int error)
{
	if (io_now(a->io) >= a->told_at) {
		a->told_at = io_in(a->io, TELL_EVERY);
		log_line(LOG_ERROR, NULL, "accept: %s; trying again", strerror(error));
	}
	io_watch_off(a->io, &a->watch);
	io_timer_set(a->io, &a->again, io_in(a->io, PAUSE), listen_again, a);
}

static void on_listen(void *ctx, short revents UNUSED)
{
	struct acceptor *a = ctx;

	for (int i = 0; i < BATCH && a->slots.free; i++) {
		struct sockaddr_storage peer = {0};
		socklen_t size = sizeof(peer);
		int fd = accept4(a->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED))
			return;
		if (fd < 0) {
			pause_accepting(a, errno);
			return;
		}
		if (welcome(a, fd, &peer))
			slot_serve(&a->slots, fd);
		else
			close(fd);
	}
	/* on_freed goes on. */
	if (!a->slots.free)
		io_watch_off(a->io, &a->watch);
}

/* Life cycle */

/* Each stream needs its descriptors: one too many would fail at the model's, after the client was told 200. */
static size_t slots_by_descriptors(size_t want)
{
	struct rlimit limit;
	size_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want * FDS_A_STREAM + FDS_RESERVED)
		return want;
	most = limit.rlim_cur > FDS_RESERVED + FDS_A_STREAM ? (limit.rlim_cur - FDS_RESERVED) / FDS_A_STREAM : 1;
	log_line(LOG_WARN, NULL, "%zu streams at once, not %zu: %llu descriptors are allowed", most, want, (unsigned long long)limit.rlim_cur);
	return most;
}

enum rc acceptor_new(struct io *io, int fd, const struct conf *conf, struct app *app, struct acceptor **out, struct err *e)
{
	struct acceptor *a;
	const char *peers = getenv("FCGI_WEB_SERVER_ADDRS");
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return err_set(e, RC_INTERNAL, "fcntl of the listening socket: %s", strerror(errno));
	if (FCGX_Init() != 0)
		return err_set(e, RC_INTERNAL, "FCGX_Init failed");
	signal(SIGPIPE, SIG_IGN); /* it puts a handler of its own there */
	a = xalloc(sizeof(*a));
	*a = (struct acceptor){.io = io, .fd = fd, .peers = peers ? strdup(peers) : NULL};
	slots_init(&a->slots, io, conf, app, slots_by_descriptors(app_slots(app)), REFUSING, on_freed);
	*out = a;
	return RC_OK;
}

void acceptor_start(struct acceptor *a)
{
	a->started = true;
	io_watch_set(a->io, &a->watch, a->fd, POLLIN, on_listen, a);
}

void acceptor_stop(struct acceptor *a)
{
	on_listen(a, POLLIN);
	a->started = false;
	io_watch_off(a->io, &a->watch);
	io_timer_off(a->io, &a->again);
	io_forget(a->io, a->fd);
	edge_let_go(a->fd);
}

enum rc acceptor_idle(struct acceptor *a, int64_t deadline)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && a->slots.n_free < a->slots.n)
		rc = io_event_wait(a->io, &a->idle, deadline, NULL);
	return rc;
}

void acceptor_drop(struct acceptor *a)
{
	slots_drop(&a->slots);
}

void acceptor_free(struct acceptor *a)
{
	if (!a)
		return;
	slots_release(&a->slots);
	free(a->peers);
	free(a);
}
