/* SPDX-License-Identifier: MIT */
/*
 * Readers of streams, and a hammer. One thread, epoll; prints one JSON object.
 *
 *     load streams PORT PATH N EVENTS RAMP_MS < body     N POSTs, begun over RAMP_MS, read to their end: lateness of each event, time to the first
 *     load hammer PORT PATH CONNECTIONS SECONDS COOKIE < body   the same POST again and again on kept connections: answers a second
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK 18 /* @, 16 digits, @ */

struct stream {
	int fd;
	bool sent, over;
	int64_t at;      /* the request left */
	long seen;
	char tail[64];   /* the end of the last read: a mark may be split */
	size_t n_tail;
};

static char request[65536];
static size_t request_n;
static long events;
static int32_t *late;  /* µs, every event */
static size_t n_late;
static int32_t *first; /* µs, every stream */
static size_t n_first;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return x < y ? -1 : x > y;
}

static double at(const int32_t *v, size_t n, double q)
{
	return n ? v[(size_t)((double)(n - 1) * q)] / 1000.0 : 0;
}

static int dial(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons((uint16_t)port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void marks(struct stream *s, const char *p, size_t n, int64_t now)
{
	while (s->seen < events) {
		const char *m = memchr(p, '@', n);
		char *end;
		uint64_t due;

		if (!m || (size_t)(p + n - m) < MARK) {
			size_t keep = m ? (size_t)(p + n - m) : 0;

			if (keep)
				memmove(s->tail, m, keep);
			s->n_tail = keep;
			return;
		}
		due = strtoull(m + 1, &end, 16);
		if (end == m + MARK - 1 && *end == '@') {
			if (s->seen++ == 0)
				first[n_first++] = (int32_t)(now - s->at);
			late[n_late++] = (int32_t)(now - (int64_t)due);
			end++;
		} else {
			end = (char *)(uintptr_t)(m + 1);
		}
		n -= (size_t)(end - p);
		p = end;
	}
}

static bool read_stream(struct stream *s)
{
	static char buf[65536 + 64];
	ssize_t n;

	memcpy(buf, s->tail, s->n_tail);
	n = recv(s->fd, buf + s->n_tail, 65536, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	n += (ssize_t)s->n_tail;
	s->n_tail = 0;
	marks(s, buf, (size_t)n, now_us());
	return true;
}

static int streams(int port, long n, long ramp_ms)
{
	struct stream *all = calloc((size_t)n, sizeof(*all));
	struct epoll_event evs[512];
	int ep = epoll_create1(0);
	int64_t began = now_us(), limit = began + ramp_ms * 1000 + 120 * 1000000LL;
	long opened = 0, open_now = 0, incomplete = 0, failed = 0;

	late = malloc((size_t)(n * events) * sizeof(*late));
	first = malloc((size_t)n * sizeof(*first));
	while ((opened < n || open_now > 0) && now_us() < limit) {
		int64_t now = now_us();
		int got;

		while (opened < n && now >= began + ramp_ms * 1000 * opened / n) {
			struct stream *s = &all[opened++];

			s->fd = dial(port);
			if (s->fd < 0) {
				failed++;
				continue;
			}
			open_now++;
			epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &(struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = s});
		}
		got = epoll_wait(ep, evs, 512, opened < n ? 1 : 1000);
		for (int i = 0; i < got; i++) {
			struct stream *s = evs[i].data.ptr;
			bool alive = true;

			if (!s->sent && (evs[i].events & EPOLLOUT)) {
				s->sent = true;
				s->at = now_us();
				alive = send(s->fd, request, request_n, MSG_NOSIGNAL) == (ssize_t)request_n;
				epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = s});
			} else if (evs[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
				alive = read_stream(s);
			}
			if (!alive) {
				incomplete += s->seen < events;
				close(s->fd);
				open_now--;
			}
		}
	}
	qsort(late, n_late, sizeof(*late), compare);
	qsort(first, n_first, sizeof(*first), compare);
	{
		size_t over50 = 0, over100 = 0;

		for (size_t i = 0; i < n_late; i++) {
			over50 += late[i] > 50000;
			over100 += late[i] > 100000;
		}
		printf("{\"streams\":%ld,\"events\":%zu,\"incomplete\":%ld,\"failed\":%ld,\"first_p50_ms\":%.3f,\"first_p99_ms\":%.3f,\"late_p50_ms\":%.3f,"
		       "\"late_p99_ms\":%.3f,\"late_max_ms\":%.3f,\"over_50ms\":%zu,\"over_100ms\":%zu}\n",
		       n, n_late, incomplete + open_now, failed, at(first, n_first, .5), at(first, n_first, .99), at(late, n_late, .5), at(late, n_late, .99),
		       at(late, n_late, 1), over50, over100);
	}
	return 0;
}

/* Blocking connections taken in turn would measure us; a few, each with one request under way, are enough to keep one responder busy. */
static int hammer(int port, int connections, int seconds)
{
	struct pipe {
		int fd;
		bool sent;
		size_t have, want;
		char in[262144];
	} *all = calloc((size_t)connections, sizeof(*all));
	struct epoll_event evs[64];
	int ep = epoll_create1(0);
	int64_t began = now_us(), end = began + seconds * 1000000LL;
	long answers = 0, bad = 0;

	for (int i = 0; i < connections; i++) {
		all[i].fd = dial(port);
		epoll_ctl(ep, EPOLL_CTL_ADD, all[i].fd, &(struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &all[i]});
	}
	while (now_us() < end) {
		int got = epoll_wait(ep, evs, 64, 100);

		for (int i = 0; i < got; i++) {
			struct pipe *p = evs[i].data.ptr;
			ssize_t n;
			char *head, *length;

			if (!p->sent && (evs[i].events & EPOLLOUT)) {
				p->sent = true;
				(void)!send(p->fd, request, request_n, MSG_NOSIGNAL);
				epoll_ctl(ep, EPOLL_CTL_MOD, p->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = p});
				continue;
			}
			n = recv(p->fd, p->in + p->have, sizeof(p->in) - 1 - p->have, 0);
			if (n < 0 && errno == EAGAIN)
				continue;
			if (n <= 0) { /* so many requests a connection, says the server */
				close(p->fd);
				p->fd = dial(port);
				p->sent = false;
				p->have = p->want = 0;
				epoll_ctl(ep, EPOLL_CTL_ADD, p->fd, &(struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = p});
				continue;
			}
			p->have += (size_t)n;
			p->in[p->have] = 0;
			if (!p->want && (head = strstr(p->in, "\r\n\r\n")) && (length = strcasestr(p->in, "content-length:")))
				p->want = (size_t)(head + 4 - p->in) + strtoul(length + 15, NULL, 10);
			if (!p->want || p->have < p->want)
				continue;
			answers++;
			bad += strncmp(p->in, "HTTP/1.1 200", 12) != 0;
			p->have = p->want = 0;
			(void)!send(p->fd, request, request_n, MSG_NOSIGNAL);
		}
	}
	printf("{\"answers\":%ld,\"bad\":%ld,\"a_second\":%.0f}\n", answers, bad, (double)answers * 1e6 / (double)(now_us() - began));
	return 0;
}

int main(int argc, char **argv)
{
	static char body[32768];
	size_t n = fread(body, 1, sizeof(body), stdin);
	bool is_hammer = argc == 7 && strcmp(argv[1], "hammer") == 0;
	struct rlimit files;

	if (argc != 7)
		return 100;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	request_n = (size_t)snprintf(request, sizeof(request),
				     "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n%s%s%s"
				     "Connection: %s\r\nContent-Length: %zu\r\n\r\n%.*s",
				     argv[3], argv[2], is_hammer ? "Cookie: " : "", is_hammer ? argv[6] : "", is_hammer ? "\r\n" : "",
				     is_hammer ? "keep-alive" : "close", n, (int)n, body);
	if (is_hammer)
		return hammer((int)strtol(argv[2], NULL, 10), (int)strtol(argv[4], NULL, 10), (int)strtol(argv[5], NULL, 10));
	events = strtol(argv[5], NULL, 10);
	return streams((int)strtol(argv[2], NULL, 10), strtol(argv[4], NULL, 10), strtol(argv[6], NULL, 10));
}
