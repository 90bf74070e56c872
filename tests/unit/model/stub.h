/* SPDX-License-Identifier: MIT */
/*
 * A provider of raw sockets that plays a script: the nth request of its life gets the nth answer, byte for byte. One thread, one connection at a time.
 */
#ifndef TESTS_UNIT_MODEL_STUB_H
#define TESTS_UNIT_MODEL_STUB_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/task.h"

enum stub_then { STUB_KEEP, STUB_CLOSE, STUB_STALL, STUB_BY_BYTE /* a packet a byte, then as CLOSE */, STUB_LATE /* a last chunk after 10 ms, then as KEEP */ };

struct stub_answer {
	const char *bytes;
	enum stub_then then;
};

#define STUB_REQUESTS 8

struct stub {
	int fd, port;
	pthread_t thread;
	const struct stub_answer *answers;
	size_t n_answers;
	atomic_int requests, connections;
	atomic_bool discard; /* requests are read, and not kept */
	char request[STUB_REQUESTS][16384]; /* as they came, NUL-terminated */
};

static inline bool stub_send(int fd, const char *p, size_t n, bool by_byte)
{
	for (size_t at = 0; at < n;) {
		ssize_t k = send(fd, p + at, by_byte ? 1 : n - at, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		at += (size_t)k;
		if (by_byte)
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	return true;
}

/* A head and its body; false at the end of the connection. */
static inline bool stub_read(int fd, char *into, size_t size, bool discard)
{
	size_t n = 0, want = 0;

	for (;;) {
		ssize_t k;
		const char *end, *length;

		if (discard && want && n >= size / 2) { /* the head was read: what follows is counted */
			if ((k = recv(fd, into + size / 2, size / 2, 0)) <= 0)
				return false;
			n += (size_t)k;
			if (n >= want)
				return true;
			continue;
		}
		if ((k = recv(fd, into + n, size - 1 - n, 0)) <= 0)
			return false;
		n += (size_t)k;
		into[n] = '\0';
		end = strstr(into, "\r\n\r\n");
		length = strstr(into, "Content-Length: ");
		if (end && length)
			want = (size_t)(end - into) + 4 + strtoul(length + 16, NULL, 10);
		if (end && n >= want)
			return true;
	}
}

/* One request of the connection; false: it is over. */
static inline bool stub_serve(struct stub *s, int fd)
{
	static const struct stub_answer none = {"HTTP/1.1 500 Script Over\r\nContent-Length: 0\r\n\r\n", STUB_CLOSE};
	size_t i = (size_t)atomic_load(&s->requests);
	const struct stub_answer *a = i < s->n_answers ? &s->answers[i] : &none;
	char x;

	if (!stub_read(fd, s->request[i % STUB_REQUESTS], sizeof(s->request[0]), atomic_load(&s->discard)))
		return false;
	atomic_fetch_add(&s->requests, 1);
	if (!stub_send(fd, a->bytes, strlen(a->bytes), a->then == STUB_BY_BYTE))
		return false;
	if (a->then == STUB_STALL)
		while (recv(fd, &x, 1, 0) > 0)
			;
	if (a->then != STUB_LATE)
		return a->then == STUB_KEEP;
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return stub_send(fd, "0\r\n\r\n", 5, false);
}

static inline void *stub_main(void *arg)
{
	struct stub *s = arg;
	int conn = -1;

	for (;;) {
		struct pollfd p[2] = {{.fd = s->fd, .events = POLLIN}, {.fd = conn, .events = POLLIN}};

		poll(p, 2, -1);
		if (conn >= 0 && p[1].revents) {
			if (!stub_serve(s, conn)) {
				close(conn);
				conn = -1;
			}
		} else if (p[0].revents) {
			int fd = accept(s->fd, NULL, NULL);

			if (fd < 0)
				break;
			atomic_fetch_add(&s->connections, 1);
			if (conn >= 0)
				close(conn);
			conn = fd;
		}
	}
	if (conn >= 0)
		close(conn);
	return NULL;
}

static inline void stub_open(struct stub *s, const struct stub_answer *answers, size_t n)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->answers = answers;
	s->n_answers = n;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(s->fd, 16) == 0);
	EXPECT(getsockname(s->fd, (struct sockaddr *)&a, &size) == 0);
	s->port = ntohs(a.sin_port);
	EXPECT_EQ(pthread_create(&s->thread, NULL, stub_main, s), 0);
}

/* After the client was freed, so that a stalled connection ends. */
static inline void stub_close(struct stub *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

#endif
