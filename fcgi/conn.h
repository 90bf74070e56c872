/* SPDX-License-Identifier: MIT */
/*
 * One connection to the web server, FastCGI's or CGI's: the request and the reply that app/ sees, and the stream and descriptors they stand on. Lives in
 * a slot (slot.h) or on main's stack (cgi.c), never in the request's arena. Inside fcgi/ only.
 */
#ifndef FCGI_CONN_H
#define FCGI_CONN_H

#include <fcgiapp.h>

#include "app/app.h"

#define CONN_ARENA_MAX ((size_t)32 * 1024 * 1024) /* all that one request keeps */

struct conn {
	struct io *io;
	FCGX_Stream *out;
	int fd;       /* what out writes to */
	size_t piece; /* bytes that one write after POLLOUT takes without blocking */
	/*
	 * After POLLOUT a unix socket has three quarters of its send buffer free (208 KiB in all, at least 4 KiB charged a write): so that many small
	 * writes cannot block, and need not ask. 0 for all other descriptors.
	 */
	unsigned free_writes, free_left;
	short leaving; /* poll's bits by which the peer says that it left */

	struct io_watch watch;
	struct io_event moved; /* more was sent, or the peer left */
	bool draining;         /* waits for moved: its own parks send nothing */
	bool told;             /* gone was acted on */
	struct io_timer beat;
	int64_t beat_us, sent_at;

	struct request req;
	struct reply rep;
};

/*
 * Life cycle. The caller has set out, fd, piece and leaving and zeroed the rest; conn_begin makes the arena and the ops and, on the request's own task,
 * takes its before-park hook. conn_end parks until all but a last piece, which is left in `out` to be flushed, is sent or the client is known to be gone, and
 * gives the memory back; fd is its owner's to close.
 */
void conn_begin(struct conn *c, struct io *io, const struct conf *conf);
WAITS void conn_end(struct conn *c);
/* Now, whoever says so: the watch, SIGTERM as CGI, the end of a drain. What is unsent is dropped; the handler learns by its stop and by gone. */
void conn_lost(struct conn *c);

/*
 * Fills c->req from variables as the web server sent them ("NAME=value", NULL-terminated, they outlive the request), all but ops. RC_BAD for a name
 * that came twice, a bad method, length or path; RC_TOO_LARGE; RC_NOT_FOUND when the path is not below base_path. rid is set whatever comes out.
 */
enum rc conn_request(struct conn *c, char *const *vars, const struct conf *conf, struct err *e) MUSTCHECK;
/* The whole of it: conn_request, then the application, or the answer that a bad request gets. */
WAITS void conn_handle(struct conn *c, char *const *vars, const struct conf *conf, struct app *app);

#endif
