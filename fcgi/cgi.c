/* SPDX-License-Identifier: MIT */
#include "fcgi/cgi.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/conn.h"
#include "fcgi/edge.h"

#define PIECE 4096 /* PIPE_BUF: what a pipe that polls writable takes without blocking */
#define SKIP_WAIT (10 * (int64_t)IO_SECOND)

struct cgi {
	struct conn conn;
	const struct conf *conf;
	struct app *app;
	char *const *vars;
	int64_t left; /* bytes of the body not yet read */
	int signals;
	struct io_watch watch;
	/* An output stream of libfcgi's whose buffer empties into descriptor 1, so that one reply serves both worlds. */
	FCGX_Stream out;
	unsigned char buf[PIECE];
};

static void empty(FCGX_Stream *s, int closing UNUSED)
{
	const unsigned char *p = s->data;
	ssize_t n;

	while (p < s->wrNext) {
		n = write(STDOUT_FILENO, p, (size_t)(s->wrNext - p));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			s->FCGI_errno = errno;
			s->isClosed = 1;
			return;
		}
		p += n;
	}
	s->wrNext = s->data;
}

static enum rc body_read(struct request *r, char *p, size_t size, size_t *got, int64_t deadline, struct err *e)
{
	struct cgi *g = container_of(container_of(r, struct conn, req), struct cgi, conn);
	struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n;

	*got = 0;
	if ((int64_t)size > g->left)
		size = (size_t)g->left;
	if (size == 0)
		return RC_OK;
	/* A file cannot be waited for and need not be: io_wait says so at once. */
	if (io_wait(r->io, &ready, 1, deadline, NULL) != RC_OK)
		return err_set(e, RC_TIMEOUT, "the body did not come in time");
	do
		n = read(STDIN_FILENO, p, size);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return err_set(e, RC_GONE, "the body ended %lld bytes early", (long long)g->left);
	g->left -= n;
	*got = (size_t)n;
	return RC_OK;
}

static const struct request_ops ops = {.read = body_read};

/* Apache writes all of the body before it reads: what is left unread makes its write fail, and the answer is lost. */
WAITS static void skip_body(struct cgi *g)
{
	char trash[2048];
	struct err e = ERR_INIT;
	int64_t deadline = io_in(g->conn.io, SKIP_WAIT);
	size_t got = 1;

	while (got && !g->conn.rep.gone && io_now(g->conn.io) < deadline &&
	       body_read(&g->conn.req, trash, sizeof(trash), &got, deadline, &e) == RC_OK)
		;
}

static void on_signal(void *ctx, short revents UNUSED)
{
	struct cgi *g = ctx;
	char trash[256];

	while (read(g->signals, trash, sizeof(trash)) > 0)
		;
	conn_lost(&g->conn);
}

/* What epoll can watch. */
static bool watchable(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int64_t body_length(char *const *vars)
{
	int64_t n;

	for (; *vars; vars++)
		if (slice_starts(slice_cstr(*vars), S("CONTENT_LENGTH=")))
			return slice_i64(slice_from(slice_cstr(*vars), 15), 0, INT64_MAX, &n) ? n : 0;
	return 0;
}

static void cgi_main(void *arg)
{
	struct cgi *g = arg;
	struct conn *c = &g->conn;

	app_start(g->app);
	conn_begin(c, c->io, g->conf);
	io_watch_set(c->io, &g->watch, g->signals, POLLIN, on_signal, g);
	conn_handle(c, g->vars, g->conf, g->app);
	skip_body(g);
	conn_end(c);
	FCGX_FFlush(c->out);
	/* The answer ends here, not when the process does. */
	edge_let_go(STDOUT_FILENO);
	app_drain(g->app, 0);
	app_free(g->app);
	io_watch_off(c->io, &g->watch);
	io_quit(c->io);
}

enum rc cgi_serve(char *const *vars, const struct conf *conf, struct err *e)
{
	struct io *io = io_new(&(struct io_opts){.helpers = 1}, e);
	struct cgi *g = xalloc(sizeof(*g));

	*g = (struct cgi){.conf = conf, .vars = vars, .left = body_length(vars), .signals = edge_signals()};
	g->out = (FCGX_Stream){.data = g->buf, .wrNext = g->buf, .stop = g->buf + PIECE, .emptyBuffProc = empty};
	g->conn.io = io;
	g->conn.out = &g->out;
	g->conn.fd = STDOUT_FILENO;
	g->conn.piece = PIECE;
	/* Apache's cgid half-closes its socket from the start: only a whole hang-up counts. */
	g->conn.leaving = watchable(STDOUT_FILENO) ? POLLHUP : 0;
	g->conn.req.ops = &ops;
	if (io && app_new(io, conf, &g->app, e) == RC_OK) {
		io_spawn(io, "request", cgi_main, g);
		io_run(io);
	}
	io_free(io);
	close(g->signals);
	free(g);
	return e->rc;
}
