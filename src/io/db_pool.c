/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "io/db_inner.h"

extern char **environ;

/* A task in the queue. It is given a connection, or leave to make one in the place of one that was closed. */
struct db_waiter {
	struct io_event given;
	struct db_conn *conn;
	bool may_open;
	struct db_waiter *next;
};

/* Configuration */

/* libpq fills whatever conninfo leaves open from PG* variables: under CGI, from whoever set those. */
static void unset_pg_variables(void)
{
	for (char **v = environ; v && *v;) {
		char name[64];
		const char *eq = strchr(*v, '=');

		if (strncmp(*v, "PG", 2) != 0 || !eq || (size_t)(eq - *v) >= sizeof(name)) {
			v++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(eq - *v), *v);
		unsetenv(name);
		v = environ; /* the list has moved */
	}
}

struct db *db_new(struct io *io, const struct db_opts *o, struct err *e)
{
	struct db *d = xalloc(sizeof(*d));
	char *text = xalloc(o->conninfo.n + 1), *why = NULL;

	if (o->conninfo.n)
		memcpy(text, o->conninfo.p, o->conninfo.n);
	unset_pg_variables();
	d->info = PQconninfoParse(text, &why);
	wipe(text, o->conninfo.n);
	free(text);
	PQfreemem(why); /* quotes what it does not understand, a password perhaps */
	if (!d->info) {
		err_set(e, RC_CONF, "the database's URL cannot be read");
		free(d);
		return NULL;
	}
	d->io = io;
	d->max = o->max_conns ? o->max_conns : 8;
	d->connect_us = o->connect_us ? o->connect_us : 10 * IO_SECOND;
	d->acquire_us = o->acquire_us ? o->acquire_us : 5 * IO_SECOND;
	d->query_us = o->query_us ? o->query_us : 15 * IO_SECOND;
	d->last = &d->first;
	return d;
}

static void conn_close(struct db_conn *c)
{
	io_forget(c->d->io, c->fd);
	PQfinish(c->pg);
	buf_release(&c->scratch);
	free(c);
}

void db_free(struct db *d)
{
	struct db_conn *next;

	if (!d)
		return;
	CHECK(!d->first);
	for (struct db_conn *c = d->idle; c; c = next) {
		next = c->next;
		conn_close(c);
		d->n--;
	}
	CHECK(d->n == 0);
	PQconninfoFree(d->info);
	free(d);
}

/* Connecting */

static void on_notice(void *arg UNUSED, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY), *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	log_line(LOG_DEBUG, NULL, "the database says severity=%s %s", severity ? severity : "?", text ? text : "");
}

struct connecting {
	const char *keywords[64], *values[64];
	PGconn *pg;
};

static void connect_now(void *arg)
{
	struct connecting *c = arg;

	c->pg = PQconnectdbParams(c->keywords, c->values, 0);
}

static void add(struct connecting *c, size_t *n, const char *keyword, const char *value)
{
	CHECK(*n + 1 < countof(c->keywords));
	c->keywords[*n] = keyword;
	c->values[(*n)++] = value;
}

/* What the URL says, and what every connection of ours has. In libpq the last of two equal keywords counts. */
static void fill(struct connecting *c, const struct db *d, char *seconds, size_t size)
{
	bool timeout = false;
	size_t n = 0;

	for (const PQconninfoOption *o = d->info; o->keyword; o++) {
		if (!o->val)
			continue;
		timeout |= strcmp(o->keyword, "connect_timeout") == 0;
		add(c, &n, o->keyword, o->val);
	}
	snprintf(seconds, size, "%lld", (long long)((d->connect_us + IO_SECOND - 1) / IO_SECOND));
	if (!timeout)
		add(c, &n, "connect_timeout", seconds);
	add(c, &n, "client_encoding", "UTF8");
	add(c, &n, "fallback_application_name", "chatkit");
}

WAITS static enum rc conn_open(struct db *d, struct db_conn **out, struct err *e)
{
	struct connecting *c = xalloc(sizeof(*c));
	char seconds[24];
	enum rc rc = RC_OK;

	fill(c, d, seconds, sizeof(seconds));
	io_offload(d->io, connect_now, c);
	if (!c->pg)
		out_of_memory();
	if (PQstatus(c->pg) != CONNECTION_OK || PQsetnonblocking(c->pg, 1) != 0 || PQenterPipelineMode(c->pg) != 1) {
		struct slice first;

		/* libpq's text names host, user and database; never the password. */
		slice_cut(slice_cstr(PQerrorMessage(c->pg)), '\n', &first);
		rc = err_set(e, RC_DB, "%.*s", SLICE_ARG(first));
		PQfinish(c->pg);
	} else {
		PQsetNoticeReceiver(c->pg, on_notice, NULL);
		*out = xalloc(sizeof(**out));
		**out = (struct db_conn){.d = d, .pg = c->pg, .fd = PQsocket(c->pg)};
	}
	free(c);
	return rc;
}

/* The pool */

/* An idle connection has nothing to say: what can be read is its end. */
static bool is_alive(const struct db_conn *c)
{
	struct pollfd p = {.fd = PQsocket(c->pg), .events = POLLIN};

	return PQstatus(c->pg) == CONNECTION_OK && p.fd >= 0 && poll(&p, 1, 0) == 0;
}

static struct db_waiter *pop_waiter(struct db *d)
{
	struct db_waiter *w = d->first;

	if (!w)
		return NULL;
	d->first = w->next;
	if (!d->first)
		d->last = &d->first;
	return w;
}

/* A place came free: the next in the queue may fill it. */
static void pass_place(struct db *d)
{
	struct db_waiter *w = pop_waiter(d);

	if (!w) {
		d->n--;
		return;
	}
	w->may_open = true;
	io_event_set(d->io, &w->given);
}

static void leave_queue(struct db *d, struct db_waiter *w)
{
	struct db_waiter **at = &d->first;

	while (*at && *at != w)
		at = &(*at)->next;
	CHECK(*at == w);
	*at = w->next;
	if (!w->next)
		d->last = at;
}

WAITS static enum rc queue(struct db *d, struct db_waiter *w, struct err *e)
{
	enum rc rc;

	*d->last = w;
	d->last = &w->next;
	rc = io_event_wait(d->io, &w->given, io_in(d->io, d->acquire_us), NULL);
	if (rc == RC_OK)
		return RC_OK;
	leave_queue(d, w);
	return err_set(e, RC_DB, "all %u database connections stayed busy", d->max);
}

enum rc db_acquire(struct db *d, struct db_conn **out, struct err *e)
{
	struct db_waiter w = {0};
	struct db_conn *c;
	enum rc rc;

	while ((c = d->idle)) {
		d->idle = c->next;
		if (is_alive(c)) {
			*out = c;
			return RC_OK;
		}
		conn_close(c);
		d->n--;
	}
	if (d->n < d->max) {
		d->n++;
	} else {
		rc = queue(d, &w, e);
		if (rc != RC_OK)
			return rc;
		if (w.conn) {
			*out = w.conn;
			return RC_OK;
		}
		CHECK(w.may_open);
	}
	rc = conn_open(d, out, e);
	if (rc != RC_OK)
		pass_place(d);
	return rc;
}

void db_release(struct db_conn *c, bool good)
{
	struct db *d = c->d;
	struct db_waiter *w;

	if (!good || PQstatus(c->pg) != CONNECTION_OK) {
		conn_close(c);
		pass_place(d);
		return;
	}
	w = pop_waiter(d);
	if (w) {
		w->conn = c;
		io_event_set(d->io, &w->given);
		return;
	}
	c->next = d->idle;
	d->idle = c;
}
