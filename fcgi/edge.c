/* SPDX-License-Identifier: MIT */
#include "fcgi/edge.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/accept.h"

#define IDLE_WAIT (5 * (int64_t)IO_SECOND) /* for answers that are not turns, once the turns have ended */
#define DROP_WAIT (2 * (int64_t)IO_SECOND) /* for handlers whose client was declared gone */

struct edge {
	struct io *io;
	const struct conf *conf;
	struct app *app;
	struct acceptor *acceptor;
	int signals;
	struct io_watch watch;
	struct io_event ending;
	bool terminating; /* a SIGTERM was seen */
};

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
}

void edge_block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, not the end */
}

int edge_signals(void)
{
	sigset_t set;
	int fd;

	signal_set(&set);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

void edge_let_go(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static void on_signal(void *ctx, short revents UNUSED)
{
	struct edge *e = ctx;
	struct signalfd_siginfo s;

	while (read(e->signals, &s, sizeof(s)) == sizeof(s)) {
		/* Who asks again will kill next; what the database holds is enough to go on from. */
		if (s.ssi_signo == SIGTERM && e->terminating)
			_exit(0);
		e->terminating |= s.ssi_signo == SIGTERM;
		io_event_set(e->io, &e->ending);
	}
}

/* The process's own task: everything between its beginning and its end. */
static void edge_main(void *arg)
{
	struct edge *e = arg;

	app_start(e->app);
	acceptor_start(e->acceptor);
	io_event_wait(e->io, &e->ending, IO_FOREVER, NULL);
	log_line(LOG_INFO, NULL, "ending: %zu tasks", io_tasks(e->io));
	acceptor_stop(e->acceptor);
	app_drain(e->app, e->conf->drain_us);
	if (acceptor_idle(e->acceptor, io_in(e->io, IDLE_WAIT)) != RC_OK) {
		acceptor_drop(e->acceptor);
		if (acceptor_idle(e->acceptor, io_in(e->io, DROP_WAIT)) != RC_OK) {
			log_line(LOG_ERROR, NULL, "requests do not end: leaving them");
			_exit(1);
		}
	}
	app_free(e->app);
	io_watch_off(e->io, &e->watch);
	io_quit(e->io);
}

enum rc edge_serve(int fd, const struct conf *conf, struct err *e)
{
	struct edge edge = {.conf = conf, .signals = edge_signals()};

	edge.io = io_new(&(struct io_opts){0}, e);
	if (!edge.io)
		goto out;
	if (app_new(edge.io, conf, &edge.app, e) != RC_OK || acceptor_new(edge.io, fd, conf, edge.app, &edge.acceptor, e) != RC_OK)
		goto out;
	io_watch_set(edge.io, &edge.watch, edge.signals, POLLIN, on_signal, &edge);
	io_spawn(edge.io, "edge", edge_main, &edge);
	io_run(edge.io);
	acceptor_free(edge.acceptor);
out:
	io_free(edge.io);
	close(edge.signals);
	return e->rc;
}
