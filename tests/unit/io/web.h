/* SPDX-License-Identifier: MIT */
/*
 * A tiny HTTP server of raw sockets for the client's tests: a thread a connection, and the path says how it behaves. Sizes stand in the path: /length/100.
 */
#ifndef TESTS_UNIT_IO_WEB_H
#define TESTS_UNIT_IO_WEB_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/task.h"

struct web {
	int fd, port;
	pthread_t thread;
	atomic_int connections, requests, gone, open; /* gone: clients that left in the middle of an answer */
};

struct web_conn {
	struct web *w;
	int fd, served;
	char head[65536]; /* of the current request, NUL-terminated */
	size_t body;      /* bytes of it */
	unsigned sum;     /* of the bytes */
	char text[70100], text2[70000]; /* what an answer is made in: too large for a stack */
};

static inline bool web_send(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static inline bool web_says(int fd, const char *text)
{
	return web_send(fd, text, strlen(text));
}

/* Byte i of every generated body. */
static inline char web_byte(size_t i)
{
	return (char)('a' + i % 26);
}

static inline bool web_body(int fd, size_t from, size_t n)
{
	char part[2048];

	for (size_t i = 0; i < n;) {
		size_t k = n - i < sizeof(part) ? n - i : sizeof(part);

		for (size_t j = 0; j < k; j++)
			part[j] = web_byte(from + i + j);
		if (!web_send(fd, part, k))
			return false;
		i += k;
	}
	return true;
}

static inline bool web_chunks(int fd, size_t n, size_t part, int pause_ms)
{
	char line[32];

	for (size_t i = 0; i < n; i += part) {
		size_t k = n - i < part ? n - i : part;

		snprintf(line, sizeof(line), "%zx\r\n", k);
		if (!web_says(fd, line) || !web_body(fd, i, k) || !web_says(fd, "\r\n"))
			return false;
		if (pause_ms)
			nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
	}
	return true;
}

/* Reads a head and its body; false at the end of the connection. */
static inline bool web_read(struct web_conn *c)
{
	size_t n = 0, have;
	char *end = NULL, part[2048];
	const char *length;

	while (!end) {
		ssize_t k = recv(c->fd, c->head + n, sizeof(c->head) - 1 - n, 0);

		if (k <= 0)
			return false;
		n += (size_t)k;
		c->head[n] = '\0';
		end = strstr(c->head, "\r\n\r\n");
	}
	end += 4;
	length = strstr(c->head, "Content-Length: ");
	c->body = length ? strtoul(length + 16, NULL, 10) : 0;
	c->sum = 0;
	have = n - (size_t)(end - c->head);
	for (size_t i = 0; i < have; i++)
		c->sum = c->sum * 31 + (unsigned char)end[i];
	*end = '\0';
	if (strstr(c->head, " /early"))
		return true;
	/* Says yes before it has read on. */
	if (strstr(c->head, " /promise") && !web_says(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return false;
	while (have < c->body) {
		ssize_t k = recv(c->fd, part, sizeof(part), 0);

		if (k <= 0)
			return false;
		for (ssize_t i = 0; i < k; i++)
			c->sum = c->sum * 31 + (unsigned char)part[i];
		have += (size_t)k;
	}
	return true;
}

/* Waits until the client has left. */
static inline void web_until_gone(struct web_conn *c)
{
	char x;

	while (recv(c->fd, &x, 1, 0) > 0)
		;
	atomic_fetch_add(&c->w->gone, 1);
}

static inline bool web_is(const struct web_conn *c, const char *path, size_t *n)
{
	const char *at = strchr(c->head, ' ');

	if (!at || strncmp(at + 1, path, strlen(path)) != 0)
		return false;
	*n = strtoul(at + 1 + strlen(path), NULL, 10);
	return true;
}

/* Answers one request; false: close. */
static inline bool web_answer(struct web_conn *c)
{
	char *text = c->text;
	size_t n = 0;
	int fd = c->fd;

	if (web_is(c, "/length/", &n)) {
		snprintf(text, sizeof(c->text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Served: %d\r\n\r\n", n, c->served);
		return web_says(fd, text) && web_body(fd, 0, n);
	}
	if (web_is(c, "/flood/", &n)) {
		snprintf(text, sizeof(c->text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
		if (web_says(fd, text))
			web_body(fd, 0, n);
		web_until_gone(c); /* all of it may lie in the sockets by then */
		return false;
	}
	if (web_is(c, "/chunked/", &n))
		return web_says(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") && web_chunks(fd, n, 1000, 0) &&
		       web_says(fd, "0\r\nX-Trailer: t\r\n\r\n");
	if (web_is(c, "/slow/", &n))
		return web_says(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") && web_chunks(fd, n, 1, 5) && web_says(fd, "0\r\n\r\n");
	if (web_is(c, "/close/", &n))
		return web_says(fd, "HTTP/1.1 200 OK\r\n\r\n") && web_body(fd, 0, n) && false;
	if (web_is(c, "/cut/", &n))
		return web_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") && web_body(fd, 0, n) && false;
	if (web_is(c, "/cutchunk/", &n))
		return web_says(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") && web_chunks(fd, n, 100, 0) && false;
	if (web_is(c, "/stall/", &n)) {
		if (web_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") && web_body(fd, 0, n))
			web_until_gone(c);
		return false;
	}
	if (web_is(c, "/silent", &n)) {
		web_until_gone(c);
		return false;
	}
	/* A kept connection whose server loses interest just as the next request comes. */
	if (web_is(c, "/once", &n))
		return c->served == 0 && web_says(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	if (web_is(c, "/status/", &n)) {
		snprintf(text, sizeof(c->text), "HTTP/1.1 %zu Whatever\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\nbody", n);
		return web_says(fd, text);
	}
	if (web_is(c, "/interim", &n))
		return web_says(fd, "HTTP/1.1 103 Early Hints\r\nX-Which: early\r\n\r\nHTTP/1.1 200 OK\r\nX-Which: late\r\nx-LONELY:   padded value \t\r\n"
		                    "X-Empty:\r\nContent-Length: 0\r\n\r\n");
	/* Refuses before the body has come, and hangs up. */
	if (web_is(c, "/early/", &n)) {
		web_says(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
		shutdown(fd, SHUT_WR);
		while (recv(fd, text, sizeof(c->text), 0) > 0)
			;
		return false;
	}
	if (web_is(c, "/promise", &n)) {
		snprintf(text, sizeof(c->text), "a\r\n%010u\r\n0\r\n\r\n", c->sum);
		return web_says(fd, text);
	}
	if (web_is(c, "/nonsense", &n))
		return web_says(fd, "HTTP/1.1 abc What\r\n\r\n") && false;
	if (web_is(c, "/hugehead", &n)) {
		if (!web_says(fd, "HTTP/1.1 200 OK\r\n"))
			return false;
		for (int i = 0; i < 80; i++) {
			int k = snprintf(text, 24, "X-Pad-%d: ", i);

			memset(text + k, 'p', 2000);
			snprintf(text + k + 2000, 8, "\r\n");
			if (!web_says(fd, text))
				return false;
		}
		return web_says(fd, "Content-Length: 0\r\n\r\n");
	}
	if (web_is(c, "/echo", &n)) {
		int k = snprintf(c->text2, sizeof(c->text2), "%zu %u\n%s", c->body, c->sum, c->head);

		snprintf(text, sizeof(c->text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", k, c->text2);
		return web_says(fd, text);
	}
	return false;
}

static inline void *web_serve(void *arg)
{
	struct web_conn *c = arg;
	struct web *w = c->w;

	while (web_read(c)) {
		atomic_fetch_add(&w->requests, 1);
		if (!web_answer(c))
			break;
		c->served++;
	}
	close(c->fd);
	free(c);
	atomic_fetch_sub(&w->open, 1);
	return NULL;
}

static inline void *web_accept(void *arg)
{
	struct web *w = arg;

	for (;;) {
		struct web_conn *c;
		pthread_attr_t attr;
		pthread_t t;
		int fd = accept(w->fd, NULL, NULL), on = 1;

		if (fd < 0)
			return NULL;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		c = xalloc(sizeof(*c));
		c->w = w;
		c->fd = fd;
		atomic_fetch_add(&w->connections, 1);
		atomic_fetch_add(&w->open, 1);
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		pthread_attr_setstacksize(&attr, 1024 * 1024);
		EXPECT_EQ(pthread_create(&t, &attr, web_serve, c), 0);
		pthread_attr_destroy(&attr);
	}
}

static inline void web_open(struct web *w)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);

	memset(w, 0, sizeof(*w));
	w->fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(w->fd >= 0 && bind(w->fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(w->fd, 512) == 0);
	EXPECT(getsockname(w->fd, (struct sockaddr *)&a, &n) == 0);
	w->port = ntohs(a.sin_port);
	EXPECT_EQ(pthread_create(&w->thread, NULL, web_accept, w), 0);
}

/* After the client was freed, so that all connections end. */
static inline void web_close(struct web *w)
{
	shutdown(w->fd, SHUT_RDWR);
	pthread_join(w->thread, NULL);
	close(w->fd);
	while (atomic_load(&w->open) > 0)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

#endif
