/* SPDX-License-Identifier: MIT */
/*
 * A model that costs nearly nothing: answers every POST with a Chat Completions stream of so many events at a fixed rate. Each delta carries the time at which
 * it was due (@16 hex digits of monotonic microseconds@), so that whoever reads it at the far end of any path knows how late it is.
 *
 *     stub PORT EVENTS RATE
 *
 * One thread, epoll. All streams have the same period, so a queue in order of the next due time needs no heap.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct conn {
	int fd;
	size_t n_in, want; /* bytes read of the request; its length once the head is there */
	char in[16384];
	long sent;         /* events of the answer; -1: none under way */
	bool close;        /* after the answer */
	int64_t due;
	struct conn *next, *prev;
};

static long events;
static int64_t period_us;
static struct conn *first, *last;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void queue(struct conn *c)
{
	c->prev = last;
	c->next = NULL;
	*(last ? &last->next : &first) = c;
	last = c;
}

static void unqueue(struct conn *c)
{
	if (c->sent < 0)
		return;
	*(c->prev ? &c->prev->next : &first) = c->next;
	*(c->next ? &c->next->prev : &last) = c->prev;
}

static void drop(struct conn *c)
{
	unqueue(c);
	close(c->fd);
	free(c);
}

static bool put(struct conn *c, const char *p, size_t n)
{
	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n; /* small beside a socket's buffer */
}

static bool put_event(struct conn *c)
{
	static const char end[] = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795358783,\"model\":\"bench\","
				  "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
	char body[512], chunk[600];
	int n, m;

	if (c->sent == events) {
		m = snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n0\r\n\r\n", sizeof(end) - 1, end);
		return put(c, chunk, (size_t)m);
	}
	n = snprintf(body, sizeof(body),
		     "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1795358783,\"model\":\"bench\",\"system_fingerprint\":"
		     "\"fp_bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word @%016llx@\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
		     (unsigned long long)c->due);
	m = snprintf(chunk, sizeof(chunk), "%x\r\n%.*s\r\n", (unsigned)n, n, body);
	return put(c, chunk, (size_t)m);
}

static void answer(struct conn *c)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nCache-Control: no-cache\r\n\r\n";

	c->n_in = c->want = 0;
	c->sent = 0;
	c->due = now_us();
	(void)put(c, head, sizeof(head) - 1);
	(void)put_event(c); /* at once: only what is due a whole period from now keeps the queue in order */
	c->sent = 1;
	c->due += period_us;
	queue(c);
}

static bool read_request(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->n_in, sizeof(c->in) - 1 - c->n_in, 0);
	char *end, *length;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->n_in += (size_t)n;
	c->in[c->n_in] = 0;
	if (!c->want && (end = strstr(c->in, "\r\n\r\n"))) {
		length = strcasestr(c->in, "content-length:");
		c->want = (size_t)(end + 4 - c->in) + (length ? strtoul(length + 15, NULL, 10) : 0);
		c->close = strcasestr(c->in, "connection: close") != NULL;
	}
	if (c->want > sizeof(c->in) - 1) { /* a long body: only its end matters */
		size_t drop_n = c->n_in < c->want ? c->n_in : c->want;

		c->want -= drop_n;
		c->n_in = 0;
		if (c->want == 0)
			c->want = 1;
		return true;
	}
	if (c->want && c->n_in >= c->want && c->sent < 0)
		answer(c);
	return true;
}

static void send_due(int64_t now)
{
	while (first && first->due <= now) {
		struct conn *c = first;
		bool over = c->sent == events;

		unqueue(c);
		if (!put_event(c) || (over && c->close)) {
			c->sent = -1;
			drop(c);
			continue;
		}
		c->sent = over ? -1 : c->sent + 1;
		c->due += period_us;
		if (!over)
			queue(c);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct epoll_event evs[256];
	int one = 1, ls = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), ep = epoll_create1(0);

	if (argc != 4)
		return 100;
	a.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	events = strtol(argv[2], NULL, 10);
	period_us = 1000000 / strtol(argv[3], NULL, 10);
	setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(ls, (struct sockaddr *)&a, sizeof(a)) || listen(ls, 4096)) {
		perror("stub");
		return 111;
	}
	epoll_ctl(ep, EPOLL_CTL_ADD, ls, &(struct epoll_event){.events = EPOLLIN});
	for (;;) {
		int64_t now = now_us();
		int wait = !first ? -1 : first->due <= now ? 0 : (int)((first->due - now + 999) / 1000), n;

		n = epoll_wait(ep, evs, 256, wait);
		for (int i = 0; i < n; i++) {
			struct conn *c = evs[i].data.ptr;

			if (c) {
				if (!read_request(c))
					drop(c);
				continue;
			}
			c = calloc(1, sizeof(*c));
			c->sent = -1;
			c->fd = accept4(ls, NULL, NULL, SOCK_NONBLOCK);
			if (c->fd < 0) {
				free(c);
				continue;
			}
			setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c});
		}
		send_due(now_us());
	}
}
