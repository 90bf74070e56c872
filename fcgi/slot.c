/* SPDX-License-Identifier: MIT */
/*
 * FCGX_Accept_r blocks twice: for a connection, and for its parameters. Neither happens here: the loop accepts (accept.c), we wait until the whole head
 * has come (record.h), and give it to FCGX_Accept_r through a pipe that holds nothing else; ipcFd then becomes the socket, for the answer.
 */
#include "fcgi/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define LIBFCGI_READS 8192                   /* bytes at once, into a buffer of the request's own */
#define PIECE 8000                           /* with header and padding one buffer of libfcgi's, so one write */
#define HEAD_WAIT (5 * (int64_t)IO_SECOND)   /* web servers send it in one go */
#define LINGER_WAIT (5 * (int64_t)IO_SECOND)
#define TELL_EVERY (10 * (int64_t)IO_SECOND) /* log lines about refusing */

#define FREE_WRITES 16 /* small ones after one poll: conn.h */
#define ROOMY 131072   /* bytes: three quarters take FREE_WRITES at 4 KiB and more each */

/* A unix socket with the usual send buffer. */
static bool is_roomy(int fd)
{
	int domain = 0, room = 0;
	socklen_t n = sizeof(domain), m = sizeof(room);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &m) == 0 && room >= ROOMY;
}

static void give_back(struct slot *s)
{
	struct slots *all = s->owner;

	s->used = false;
	s->next = all->free;
	all->free = s;
	all->n_free++;
	all->freed(all);
}

/* Reading */

/* More bytes into p, RC_OK with *n == 0 at the end of the connection. */
static enum rc receive(struct slot *s, char *p, size_t size, size_t *n, int64_t deadline, struct err *e)
{
	struct pollfd ready = {.fd = s->fd, .events = POLLIN};
	ssize_t got;

	while ((got = recv(s->fd, p, size, MSG_DONTWAIT)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return err_set(e, RC_GONE, "reading from the web server: %s", strerror(errno));
		if (io_wait(s->owner->io, &ready, 1, deadline, NULL) != RC_OK)
			return err_set(e, RC_TIMEOUT, "the web server sent nothing in time");
	}
	*n = (size_t)got;
	return RC_OK;
}

/* Until the whole head is in s->head; what came behind it stays there for the body. */
static enum rc read_head(struct slot *s, size_t *n_head, struct err *e)
{
	int64_t deadline = io_in(s->owner->io, HEAD_WAIT);
	size_t n;

	do {
		char *p = buf_room(&s->head, 8192);

		if (!p)
			return err_set(e, RC_TOO_LARGE, "too many bytes before the end of the parameters");
		if (receive(s, p, 8192, &n, deadline, e) != RC_OK)
			return e->rc;
		if (n == 0)
			return err_set(e, RC_GONE, "the web server hung up amid the parameters");
		buf_added(&s->head, n);
		if (record_head(buf_slice(&s->head), n_head, &s->body, e) != RC_OK)
			return e->rc;
	} while (*n_head == 0);
	return RC_OK;
}

static enum rc body_read(struct request *r, char *p, size_t size, size_t *got, int64_t deadline, struct err *e)
{
	struct slot *s = container_of(container_of(r, struct conn, req), struct slot, conn);
	struct slice in = slice_from(buf_slice(&s->head), s->at);
	size_t n;

	for (;;) {
		if (record_body(&s->body, &in, p, size, got, e) != RC_OK)
			return e->rc;
		s->at = s->head.n - in.n;
		if (s->body.end)
			buf_release(&s->head); /* a stream does not keep what it was asked */
		if (*got || s->body.end)
			return RC_OK;
		buf_clear(&s->head);
		s->at = 0;
		if (s->conn.rep.gone)
			return err_set(e, RC_GONE, "the client left amid its request");
		if (receive(s, buf_room(&s->head, 16384), 16384, &n, deadline, e) != RC_OK)
			return e->rc;
		if (n == 0)
			return err_set(e, RC_GONE, "the web server hung up amid the body");
		buf_added(&s->head, n);
		in = buf_slice(&s->head);
	}
}

static const struct request_ops ops = {.read = body_read};

/* What the handler left of the body, as far as it is here: true when that was all of it. */
ASIDE static bool skip_body(struct slot *s)
{
	char trash[2048];
	struct err e = ERR_INIT;
	size_t got;

	for (int i = 0; i < 64 && !s->body.end; i++)
		/* A deadline in the past: never waits. */
		if (body_read(&s->conn.req, trash, sizeof(trash), &got, 0, &e) != RC_OK)
			return false;
	return s->body.end;
}

/* The head, decoded by libfcgi */

static void pipe_close(struct slots *a)
{
	for (int i = 0; i < 2; i++)
		if (a->pipe[i] >= 0)
			close(a->pipe[i]);
	a->pipe[0] = a->pipe[1] = -1;
}

static enum rc decode_head(struct slot *s, size_t n, struct err *e)
{
	struct slots *a = s->owner;
	char left;

	if (a->pipe[0] < 0 && pipe2(a->pipe, O_NONBLOCK | O_CLOEXEC) != 0)
		return err_set(e, RC_INTERNAL, "pipe2: %s", strerror(errno));
	if (write(a->pipe[1], s->head.p, n) != (ssize_t)n) {
		pipe_close(a);
		return err_set(e, RC_TOO_LARGE, "%zu bytes of parameters do not fit into a pipe", n);
	}
	FCGX_InitRequest(&s->fcgx, -1, 0);
	/* A connection that it may keep is one that it need not accept. The last byte that it needs is the last in the pipe. */
	s->fcgx.ipcFd = a->pipe[0];
	s->fcgx.keepConnection = 1;
	if (FCGX_Accept_r(&s->fcgx) != 0) {
		a->pipe[0] = -1; /* closed by libfcgi */
		pipe_close(a);
		return err_set(e, RC_PROTO, "libfcgi does not understand the parameters");
	}
	s->fcgx.ipcFd = s->fd;
	s->fcgx.keepConnection = 0;
	FCGX_FreeStream(&s->fcgx.in); /* record.h reads the body: its buffer would stay as long as the answer */
	s->at = n;
	/* The next request's pipe must be empty, whatever libfcgi made of this one. */
	if (n > LIBFCGI_READS && read(a->pipe[0], &left, 1) > 0)
		pipe_close(a);
	return RC_OK;
}

/* One connection */

ASIDE static void refuse(struct slot *s)
{
	struct slots *a = s->owner;
	struct err e = ERR_INIT;

	err_set(&e, RC_BUSY, "all %zu slots are taken", a->n - a->n_refusing);
	if (io_now(a->io) >= a->told_at) {
		a->told_at = io_in(a->io, TELL_EVERY);
		log_err(NULL, "request", &e);
	}
	reply_error(&s->conn.rep, &e, SLICE_NONE, NULL, 0);
}

static void answer(struct slot *s)
{
	struct slots *a = s->owner;

	s->conn.out = s->fcgx.out;
	s->conn.fd = s->fd;
	s->conn.piece = PIECE;
	s->conn.free_writes = is_roomy(s->fd) ? FREE_WRITES : 0;
	s->conn.leaving = POLLRDHUP;
	s->conn.req.ops = &ops;
	conn_begin(&s->conn, a->io, a->conf);
	if (s->refuses)
		refuse(s);
	else
		conn_handle(&s->conn, s->fcgx.envp, a->conf, a->app);
	conn_end(&s->conn);
}

/* Bytes that nobody read turn a close into a reset, which may overtake the answer: so they are read, for a while. */
ASIDE static void linger(struct slot *s)
{
	struct io *io = s->owner->io;
	struct pollfd ready = {.fd = s->fd, .events = POLLIN};
	int64_t deadline = io_in(io, LINGER_WAIT);
	char trash[2048];
	ssize_t n = 1;

	shutdown(s->fd, SHUT_WR);
	while (n != 0 && io_now(io) < deadline && io_wait(io, &ready, 1, deadline, NULL) == RC_OK) {
		n = recv(s->fd, trash, sizeof(trash), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	io_forget(io, s->fd);
	close(s->fd);
}

/*
 * FCGX_Finish_r writes the last records and closes; left to itself ("detached" forbids it) it would also wait there for the web server to hang up. One
 * whose client is gone should not even write.
 */
ASIDE static void finish(struct slot *s)
{
	int left = -1;

	if (s->conn.rep.gone)
		shutdown(s->fd, SHUT_RDWR);
	else if (!skip_body(s))
		left = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	io_forget(s->owner->io, s->fd);
	FCGX_Detach(&s->fcgx);
	/* What FCGX_Finish_r does itself when there is an input stream. */
	FCGX_FClose(s->fcgx.err);
	FCGX_FClose(s->fcgx.out);
	FCGX_Finish_r(&s->fcgx);
	s->fd = left;
	if (left >= 0)
		linger(s);
	s->fd = -1;
	buf_release(&s->head);
	give_back(s);
}

static void serve(void *arg)
{
	struct slot *s = arg;
	struct err e = ERR_INIT;
	size_t n_head;

	if (read_head(s, &n_head, &e) == RC_OK && decode_head(s, n_head, &e) == RC_OK) {
		answer(s);
		finish(s);
		return;
	}
	log_err(NULL, "connection", &e);
	io_forget(s->owner->io, s->fd);
	close(s->fd);
	s->fd = -1;
	buf_release(&s->head);
	give_back(s);
}

void slot_serve(struct slots *a, int fd)
{
	struct slot *s = a->free;

	a->free = s->next;
	*s = (struct slot){.owner = a, .used = true, .fd = fd, .refuses = a->n_free <= a->n_refusing, .head = BUF_INIT(2 * RECORD_HEAD_MAX)};
	a->n_free--;
	io_spawn(a->io, "request", serve, s);
}

void slots_init(struct slots *a, struct io *io, const struct conf *conf, struct app *app, size_t n, size_t n_refusing, void (*freed)(struct slots *))
{
	*a = (struct slots){.io = io, .conf = conf, .app = app, .pipe = {-1, -1}, .freed = freed, .n = n + n_refusing, .n_refusing = n_refusing};
	a->v = xalloc(a->n * sizeof(*a->v));
	for (struct slot *s = a->v + a->n; s > a->v;) {
		s--;
		s->next = a->free;
		a->free = s;
	}
	a->n_free = a->n;
}

void slots_release(struct slots *a)
{
	CHECK(a->n_free == a->n);
	pipe_close(a);
	free(a->v);
}

void slots_drop(struct slots *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct slot *s = &a->v[i];

		if (!s->used || s->fd < 0)
			continue;
		if (s->conn.io)
			conn_lost(&s->conn);
		shutdown(s->fd, SHUT_RDWR); /* a task that reads waits for the descriptor */
	}
}
