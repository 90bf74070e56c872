/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "io/http.h"
#include "tests/unit/io/web.h"

#define LONG (60 * IO_SECOND)

/* Stands before libc's for libcurl too: one name takes its time. */
static atomic_int slow_lookups;
static atomic_bool slow_enough;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (node && strcmp(node, "slow.test") == 0) {
		while (!atomic_load(&slow_enough))
			nanosleep(&(struct timespec){.tv_nsec = IO_MS * 1000}, NULL);
		atomic_fetch_add(&slow_lookups, 1);
		return EAI_NONAME;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, res);
}

/* One server and one client a test. */
struct place {
	struct io *io;
	struct web web;
	struct http *http;
	struct err e;
};

static void place_open(struct place *p, struct io *io)
{
	memset(p, 0, sizeof(*p));
	p->io = io;
	web_open(&p->web);
	p->http = http_new(io, &(struct http_opts){0}, &p->e);
	EXPECT(p->http);
}

static void place_close(struct place *p)
{
	http_free(p->http);
	web_close(&p->web);
}

static enum rc get(struct place *p, struct http_req req, const char *path, struct http_resp **r)
{
	char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", p->web.port, path);
	req.url = slice_cstr(url);
	if (!req.method)
		req.method = "GET";
	return http_open(p->http, &req, r, &p->e);
}

static void read_exactly(struct place *p, struct http_resp *r, size_t n)
{
	struct slice chunk;
	size_t got = 0;

	for (;;) {
		EXPECT_RC_E(RC_OK, http_next(r, &chunk, &p->e), &p->e);
		if (chunk.n == 0)
			break;
		for (size_t i = 0; i < chunk.n; i++)
			EXPECT_EQ(chunk.p[i], web_byte(got + i));
		got += chunk.n;
	}
	EXPECT_EQ(got, n);
	/* The end stays the end. */
	EXPECT_RC(RC_OK, http_next(r, &chunk, &p->e));
	EXPECT_EQ(chunk.n, 0);
}

static void framings(struct io *io)
{
	static const struct {
		const char *path;
		size_t n;
	} rows[] = {
		{"/length/0", 0},   {"/length/1", 1},     {"/length/5000", 5000}, {"/length/1048576", 1048576}, {"/chunked/0", 0},
		{"/chunked/1", 1},  {"/chunked/70000", 70000}, {"/close/0", 0},   {"/close/12345", 12345},      {"/chunked/1048576", 1048576},
		{"/slow/20", 20},   {"/close/1048576", 1048576}, {"/length/3000000", 3000000},
	};
	struct place p;

	place_open(&p, io);
	for (size_t i = 0; i < countof(rows); i++) {
		struct http_resp *r;

		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, rows[i].path, &r), &p.e);
		EXPECT_EQ(http_status(r), 200);
		read_exactly(&p, r, rows[i].n);
		http_close(r);
	}
	http_close(NULL);
	place_close(&p);
}

static void bodies_arrive_however_framed(void **state UNUSED)
{
	run_task(framings);
}

static void chunks_swap(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct slice chunk;
	char *copy = xalloc(10000);
	size_t n = 0;

	place_open(&p, io);
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/slow/10000", &r), &p.e);
	EXPECT_RC(RC_OK, http_next(r, &chunk, &p.e));
	EXPECT(chunk.n > 0 && chunk.n < 10000);
	memcpy(copy, chunk.p, chunk.n);
	/* More comes meanwhile; what was handed out lies still. */
	io_sleep(io, 50 * IO_MS, NULL);
	EXPECT_EQ(memcmp(copy, chunk.p, chunk.n), 0);
	n = chunk.n;
	EXPECT_RC(RC_OK, http_next(r, &chunk, &p.e));
	EXPECT(chunk.n > 0);
	EXPECT_EQ(chunk.p[0], web_byte(n));
	http_close(r);
	free(copy);
	place_close(&p);
}

static void a_chunk_lives_until_the_next(void **state UNUSED)
{
	run_task(chunks_swap);
}

static void cuts(struct io *io)
{
	static const char *const paths[] = {"/cut/0", "/cut/10", "/cutchunk/0", "/cutchunk/500"};
	struct place p;

	place_open(&p, io);
	for (size_t i = 0; i < countof(paths); i++) {
		struct http_resp *r;
		struct slice chunk = {"x", 1};
		enum rc rc = get(&p, (struct http_req){0}, paths[i], &r);

		/* The head is there before the cut, or both come together: open or the last next says so, never a clean end. */
		while (rc == RC_OK && chunk.n > 0)
			rc = http_next(r, &chunk, &p.e);
		EXPECT_RC_E(RC_UPSTREAM, rc, &p.e);
		EXPECT(strstr(p.e.msg, "127.0.0.1"));
		http_close(r);
	}
	place_close(&p);
}

static void a_cut_body_is_no_clean_end(void **state UNUSED)
{
	run_task(cuts);
}

static int64_t since(int64_t us)
{
	return env_mono_us(env_real()) - us;
}

static void timeouts(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct slice chunk;
	bool sent = false;
	int64_t t0 = env_mono_us(env_real());

	place_open(&p, io);
	EXPECT_RC(RC_TIMEOUT, get(&p, (struct http_req){.first_byte_us = 500 * IO_MS, .sent = &sent}, "/silent?secret=1", &r));
	EXPECT(!r && sent);
	EXPECT(since(t0) >= 499 * IO_MS && since(t0) < LONG / 2);
	EXPECT(strstr(p.e.msg, "no answer in time"));
	EXPECT(!strstr(p.e.msg, "secret"));

	t0 = env_mono_us(env_real());
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.idle_us = 500 * IO_MS}, "/stall/5", &r), &p.e);
	EXPECT_RC(RC_OK, http_next(r, &chunk, &p.e));
	EXPECT_EQ(chunk.n, 5);
	EXPECT_RC(RC_TIMEOUT, http_next(r, &chunk, &p.e));
	EXPECT(strstr(p.e.msg, "fell silent"));
	EXPECT(since(t0) >= 499 * IO_MS && since(t0) < LONG / 2);
	http_close(r);

	/* Bytes all the time, but for too long altogether. */
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.idle_us = LONG, .total_us = 500 * IO_MS}, "/slow/100000", &r), &p.e);
	while (http_next(r, &chunk, &p.e) == RC_OK)
		EXPECT(chunk.n > 0);
	EXPECT_EQ(p.e.rc, RC_TIMEOUT);
	EXPECT(strstr(p.e.msg, "altogether"));
	http_close(r);

	/* A connect that nothing answers: a listener whose queue is full. */
	place_close(&p);
}

static void deadlines_pass(void **state UNUSED)
{
	run_task(timeouts);
}

/* Sockets whose queue is full, so that a further connect hangs. */
static void connect_hangs(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int lfd = socket(AF_INET, SOCK_STREAM, 0), fds[8];
	bool sent = true;
	char url[64];

	place_open(&p, io);
	EXPECT(bind(lfd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(lfd, 0) == 0 && getsockname(lfd, (struct sockaddr *)&a, &n) == 0);
	for (size_t i = 0; i < countof(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&a, sizeof(a));
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	EXPECT_RC(RC_TIMEOUT, http_open(p.http, &(struct http_req){.method = "GET", .url = slice_cstr(url), .connect_us = 50 * IO_MS, .sent = &sent}, &r, &p.e));
	EXPECT(strstr(p.e.msg, "connecting took too long"));
	EXPECT(!sent);
	for (size_t i = 0; i < countof(fds); i++)
		close(fds[i]);
	close(lfd);
	place_close(&p);
}

static void a_connect_that_hangs(void **state UNUSED)
{
	run_task(connect_hangs);
}

static void until(struct io *io, atomic_int *n, int want)
{
	int64_t deadline = io_in(io, LONG);

	while (atomic_load(n) < want) {
		EXPECT(io_now(io) < deadline);
		io_sleep(io, IO_MS, NULL);
	}
}

/* Giving up on a name that is still being looked up must not hold the loop. */
static void slow_name(struct io *io)
{
	struct http_req q = {.method = "GET", .url = S("http://slow.test/"), .connect_us = 50 * IO_MS};
	struct place p;
	struct http_resp *r;
	bool sent = true;

	place_open(&p, io);
	q.sent = &sent;
	EXPECT_RC(RC_TIMEOUT, http_open(p.http, &q, &r, &p.e));
	EXPECT_EQ(atomic_load(&slow_lookups), 0);
	atomic_store(&slow_enough, true);
	EXPECT(!sent);
	until(io, &slow_lookups, 1);
	/* Its thread has told us, and has a little to tidy up after that. */
	io_sleep(io, 50 * IO_MS, NULL);
	place_close(&p);
}

static void a_name_that_takes_too_long(void **state UNUSED)
{
	run_task(slow_name);
}

static void refused(struct io *io)
{
	struct place p;
	struct http_resp *r;
	bool sent = true;
	int port;

	place_open(&p, io);
	port = p.web.port;
	web_close(&p.web);
	p.web.port = port;
	EXPECT_RC(RC_UPSTREAM, get(&p, (struct http_req){.sent = &sent}, "/length/1?key=sesame", &r));
	EXPECT(!r && !sent);
	EXPECT(strstr(p.e.msg, "127.0.0.1") && strstr(p.e.msg, "refused"));
	EXPECT(!strstr(p.e.msg, "sesame"));
	EXPECT_RC(RC_UPSTREAM, http_open(p.http, &(struct http_req){.method = "GET", .url = S("http://user:sesame@no-such-host.invalid/x")}, &r, &p.e));
	EXPECT(strstr(p.e.msg, "'no-such-host.invalid'") && !strstr(p.e.msg, "sesame"));
	http_free(p.http);
}

static void no_server_no_name(void **state UNUSED)
{
	run_task(refused);
}

static void bad_requests(struct io *io)
{
	static const struct {
		const char *method, *url;
		struct http_header h;
		enum rc want;
	} rows[] = {
		{"GET", "", {S_INIT("a"), S_INIT("b")}, RC_CONF},
		{"GET", "ftp://127.0.0.1/x", {S_INIT("a"), S_INIT("b")}, RC_CONF},
		{"GET", "file:///etc/passwd", {S_INIT("a"), S_INIT("b")}, RC_CONF},
		{"GET", "http://", {S_INIT("a"), S_INIT("b")}, RC_CONF},
		{"GET", "http://127.0.0.1:1/\r\nX: y", {S_INIT("a"), S_INIT("b")}, RC_CONF},
		{"GET", "http://127.0.0.1:1/", {S_INIT("a"), S_INIT("b\r\nc: d")}, RC_BAD},
		{"GET", "http://127.0.0.1:1/", {S_INIT("a"), S_INIT("b\0c")}, RC_BAD},
		{"GET", "http://127.0.0.1:1/", {S_INIT("a b"), S_INIT("c")}, RC_BAD},
		{"GET", "http://127.0.0.1:1/", {S_INIT("a:"), S_INIT("c")}, RC_BAD},
		{"GET", "http://127.0.0.1:1/", {S_INIT(""), S_INIT("c")}, RC_BAD},
		{"GET ", "http://127.0.0.1:1/", {S_INIT("a"), S_INIT("c")}, RC_BAD},
		{"", "http://127.0.0.1:1/", {S_INIT("a"), S_INIT("c")}, RC_BAD},
	};
	struct place p;
	struct http_resp *r;

	place_open(&p, io);
	for (size_t i = 0; i < countof(rows); i++) {
		struct http_req q = {.method = rows[i].method, .url = slice_cstr(rows[i].url), .headers = &rows[i].h, .n_headers = 1};
		enum rc rc = http_open(p.http, &q, &r, &p.e);

		if (rc != rows[i].want)
			fprintf(stderr, "row %zu\n", i);
		EXPECT_RC_E(rows[i].want, rc, &p.e);
		EXPECT(!r);
	}
	place_close(&p);
}

static void requests_that_are_none(void **state UNUSED)
{
	run_task(bad_requests);
}

static void pooled(struct io *io)
{
	struct place p;
	struct http_resp *r;

	place_open(&p, io);
	for (int i = 0; i < 10; i++) {
		char served[16];

		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/length/10", &r), &p.e);
		snprintf(served, sizeof(served), "%d", i);
		EXPECT_STR(served, http_header(r, "x-served"));
		read_exactly(&p, r, 10);
		http_close(r);
	}
	EXPECT_EQ(atomic_load(&p.web.connections), 1);
	place_close(&p);
}

static void a_connection_is_used_again(void **state UNUSED)
{
	run_task(pooled);
}

/* The server closes a kept connection on the next request: nothing came back, so curl sends it again on a fresh one. */
static void pooled_dead(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct buf b = BUF_INIT(100);

	place_open(&p, io);
	for (int i = 0; i < 4; i++) {
		buf_clear(&b);
		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.method = i % 2 ? "POST" : "GET", .body = i % 2 ? S("hello") : SLICE_NONE}, "/once", &r), &p.e);
		EXPECT_RC(RC_OK, http_body(r, &b, &p.e));
		EXPECT_STR("ok", buf_slice(&b));
		http_close(r);
	}
	EXPECT_EQ(atomic_load(&p.web.connections), 4);
	buf_release(&b);
	place_close(&p);
}

static void a_dead_pooled_connection_is_replaced(void **state UNUSED)
{
	run_task(pooled_dead);
}

struct stopper {
	struct io *io;
	struct stop *stop;
	int64_t at;
};

static void stop_soon(void *arg)
{
	struct stopper *s = arg;

	io_sleep(s->io, 30 * IO_MS, NULL);
	s->at = env_mono_us(env_real());
	stop_set(s->stop, STOP_CANCEL);
}

/* While the head is awaited, and in the middle of a body; the server sees the connection close. */
static void stopped(struct io *io)
{
	struct place p;

	place_open(&p, io);
	for (int i = 0; i < 2; i++) {
		struct http_resp *r;
		struct slice chunk;
		struct stop s;
		struct stopper st = {.io = io, .stop = &s};
		struct task *t;

		stop_init(&s, io, NULL);
		t = io_go(io, "stopper", stop_soon, &st);
		if (i == 0) {
			EXPECT_RC(RC_STOPPED, get(&p, (struct http_req){.stop = &s}, "/silent", &r));
			EXPECT(!r);
		} else {
			EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.stop = &s}, "/stall/7", &r), &p.e);
			EXPECT_RC(RC_OK, http_next(r, &chunk, &p.e));
			EXPECT_RC(RC_STOPPED, http_next(r, &chunk, &p.e));
			EXPECT_RC(RC_STOPPED, http_next(r, &chunk, &p.e));
		}
		EXPECT(since(st.at) < LONG / 2);
		http_close(r);
		until(io, &p.web.gone, i + 1);
		io_join(t);
		stop_release(&s);
	}
	place_close(&p);
}

static void a_stop_cancels_at_once(void **state UNUSED)
{
	run_task(stopped);
}

static void heads(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct buf b = BUF_INIT(100000);

	place_open(&p, io);
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/interim", &r), &p.e);
	EXPECT_EQ(http_status(r), 200);
	EXPECT_STR("late", http_header(r, "X-Which"));
	EXPECT_STR("padded value", http_header(r, "x-lonely"));
	EXPECT_STR("", http_header(r, "X-Empty"));
	EXPECT_STR("", http_header(r, "X-Absent"));
	EXPECT_STR("", http_header(r, "X"));
	http_close(r);

	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/status/503", &r), &p.e);
	EXPECT_EQ(http_status(r), 503);
	EXPECT_STR("7", http_header(r, "retry-after"));
	EXPECT_RC(RC_OK, http_body(r, &b, &p.e));
	EXPECT_STR("body", buf_slice(&b));
	http_close(r);

	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.method = "HEAD"}, "/length/0", &r), &p.e);
	read_exactly(&p, r, 0);
	http_close(r);

	EXPECT_RC_E(RC_PROTO, get(&p, (struct http_req){0}, "/hugehead", &r), &p.e);
	EXPECT(get(&p, (struct http_req){0}, "/nonsense", &r) != RC_OK);
	EXPECT(!r);
	buf_release(&b);
	place_close(&p);
}

static void heads_are_read(void **state UNUSED)
{
	run_task(heads);
}

static unsigned sum_of(struct slice s)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum = sum * 31 + (unsigned char)s.p[i];
	return sum;
}

static void sending(struct io *io)
{
	static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 65537, 1048576, 5000000};
	static const struct http_header headers[] = {
		{S_INIT("Authorization"), S_INIT("Bearer abc")}, {S_INIT("X-Empty"), S_INIT("")}, {S_INIT("Content-Type"), S_INIT("application/json")}};
	struct buf b = BUF_INIT(100000);
	struct place p;

	place_open(&p, io);
	for (size_t i = 0; i < countof(sizes); i++) {
		struct http_resp *r;
		struct http_req q = {.method = "POST", .headers = headers, .n_headers = 3};
		char *body = xalloc(sizes[i] + 1), want[64];

		for (size_t j = 0; j < sizes[i]; j++)
			body[j] = (char)(j * 7 + i);
		q.body = (struct slice){body, sizes[i]};
		EXPECT_RC_E(RC_OK, get(&p, q, "/echo", &r), &p.e);
		snprintf(want, sizeof(want), "%zu %u\n", sizes[i], sum_of(q.body));
		/* As promised: it may die now. */
		wipe(body, sizes[i]);
		free(body);
		buf_clear(&b);
		EXPECT_RC(RC_OK, http_body(r, &b, &p.e));
		EXPECT(slice_starts(buf_slice(&b), slice_cstr(want)));
		http_close(r);
		EXPECT(slice_find(buf_slice(&b), S("POST /echo HTTP/1.1\r\n")) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("\r\nAuthorization: Bearer abc\r\n")) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("\r\nX-Empty:\r\n")) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("\r\nContent-Type: application/json\r\n")) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("\r\nAccept-Encoding: identity\r\n")) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("Expect")) < 0);
	}
	buf_release(&b);
	place_close(&p);
}

static void bodies_are_sent(void **state UNUSED)
{
	run_task(sending);
}

static void methods(struct io *io)
{
	static const char *const names[] = {"GET", "DELETE", "PUT", "PATCH", "OPTIONS"};
	struct buf b = BUF_INIT(100000);
	struct place p;

	place_open(&p, io);
	for (size_t i = 0; i < countof(names); i++) {
		struct http_resp *r;
		bool body = names[i][0] == 'P';

		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.method = names[i], .body = body ? S("abc") : SLICE_NONE}, "/echo", &r), &p.e);
		buf_clear(&b);
		EXPECT_RC(RC_OK, http_body(r, &b, &p.e));
		http_close(r);
		EXPECT(slice_starts(buf_slice(&b), body ? S("3 ") : S("0 ")));
		EXPECT(slice_find(buf_slice(&b), slice_cstr(names[i])) >= 0);
		EXPECT(slice_find(buf_slice(&b), S("Content-Type")) < 0);
	}
	buf_release(&b);
	place_close(&p);
}

static void methods_are_sent(void **state UNUSED)
{
	run_task(methods);
}

/* The server refuses a large body after its first bytes: the refusal is the answer, not a broken pipe. */
static void early_refusal(struct io *io)
{
	struct place p;
	struct http_resp *r;
	char *body = xalloc(8000000);

	place_open(&p, io);
	for (int i = 0; i < 5; i++) {
		struct buf b = BUF_INIT(100);
		enum rc rc = get(&p, (struct http_req){.method = "POST", .body = {body, 8000000}}, "/early/", &r);

		EXPECT_RC_E(RC_OK, rc, &p.e);
		EXPECT_EQ(http_status(r), 413);
		wipe(body, 8000000);
		EXPECT_RC_E(RC_OK, http_body(r, &b, &p.e), &p.e);
		EXPECT_STR("big", buf_slice(&b));
		http_close(r);
		buf_release(&b);
	}
	free(body);
	place_close(&p);
}

static void an_answer_before_the_body_was_read(void **state UNUSED)
{
	run_task(early_refusal);
}

/* The server begins its answer while most of the body is still here: http_open stays until it has left. */
static void early_yes(struct io *io)
{
	enum { N = 8000000 };
	struct place p;
	struct http_resp *r;
	char *body = xalloc(N), want[16];
	struct buf b = BUF_INIT(100);

	place_open(&p, io);
	for (int i = 0; i < N; i++)
		body[i] = (char)(i * 7);
	snprintf(want, sizeof(want), "%010u", sum_of((struct slice){body, N}));
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.method = "POST", .body = {body, N}}, "/promise", &r), &p.e);
	wipe(body, N); /* memset before free may be left out */
	free(body);
	EXPECT_RC_E(RC_OK, http_body(r, &b, &p.e), &p.e);
	EXPECT_STR(want, buf_slice(&b));
	http_close(r);
	buf_release(&b);
	place_close(&p);
}

static void a_body_is_sent_before_open_returns(void **state UNUSED)
{
	run_task(early_yes);
}

static void limits(struct io *io)
{
	struct place p;
	struct http_resp *r;
	struct slice chunk;
	struct buf b = BUF_INIT(1000);
	enum rc rc;

	place_open(&p, io);
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/length/1001", &r), &p.e);
	EXPECT_RC(RC_TOO_LARGE, http_body(r, &b, &p.e));
	http_close(r);
	rc = get(&p, (struct http_req){.body_max = 100000}, "/chunked/100001", &r);
	chunk.n = 1;
	while (rc == RC_OK && chunk.n)
		rc = http_next(r, &chunk, &p.e);
	EXPECT_RC(RC_TOO_LARGE, rc);
	http_close(r);
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){.body_max = 100000}, "/chunked/100000", &r), &p.e);
	read_exactly(&p, r, 100000);
	http_close(r);
#ifndef SEAM_THREAD
	/* Nobody takes: the transfer fails at HTTP_AHEAD_MAX; what had come is still handed out. */
	{
		size_t got = 0;

		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/flood/4000000", &r), &p.e);
		until(io, &p.web.gone, 1);
		while ((rc = http_next(r, &chunk, &p.e)) == RC_OK && chunk.n)
			got += chunk.n;
		EXPECT_RC_E(RC_UPSTREAM, rc, &p.e);
		EXPECT(got > HTTP_AHEAD_MAX / 2 && got <= HTTP_AHEAD_MAX);
		EXPECT(strstr(p.e.msg, "faster"));
		http_close(r);
	}
#endif
	buf_release(&b);
	place_close(&p);
}

static void limits_hold(void **state UNUSED)
{
	run_task(limits);
}

/* In parallel */

struct one {
	struct place *p;
	int i;
};

static void fetch(void *arg)
{
	struct one *o = arg;
	struct place p = {.io = o->p->io, .http = o->p->http};
	struct http_resp *r;
	char path[32];
	size_t n = (size_t)o->i * 37 % 3 == 0 ? 1048576 : (size_t)o->i + 20;

	p.web.port = o->p->web.port;
	snprintf(path, sizeof(path), n > 1000 ? "/chunked/%zu" : "/slow/%zu", n);
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, path, &r), &p.e);
	read_exactly(&p, r, n);
	http_close(r);
}

static void hundred(struct io *io)
{
	struct place p;
	struct one o[100];
	struct task *t[100];

	place_open(&p, io);
	for (int i = 0; i < 100; i++) {
		o[i] = (struct one){&p, i};
		t[i] = io_go(io, "fetch", fetch, &o[i]);
	}
	for (int i = 0; i < 100; i++)
		io_join(t[i]);
	EXPECT_EQ(atomic_load(&p.web.requests), 100);
	EXPECT(atomic_load(&p.web.connections) <= 100);
	place_close(&p);
}

static void a_hundred_in_parallel(void **state UNUSED)
{
	run_task(hundred);
}

/* Closing at every moment: nothing leaks, nothing hangs. */
static void closes(struct io *io)
{
	struct place p;

	place_open(&p, io);
	for (int i = 0; i < 40; i++) {
		struct http_resp *r;
		struct slice chunk;

		EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, i % 2 ? "/slow/1000" : "/length/1000000", &r), &p.e);
		for (int j = 0; j < i / 4; j++)
			EXPECT_RC(RC_OK, http_next(r, &chunk, &p.e));
		http_close(r);
	}
	place_close(&p);
}

static void a_response_may_be_closed_anytime(void **state UNUSED)
{
	run_task(closes);
}

static void bad_ca(struct io *io)
{
	struct err e;

	EXPECT(!http_new(io, &(struct http_opts){.ca_file = S("/no/such/bundle.pem")}, &e));
	EXPECT_EQ(e.rc, RC_CONF);
	EXPECT(strstr(e.msg, "/no/such/bundle.pem"));
}

static void a_missing_ca_file(void **state UNUSED)
{
	run_task(bad_ca);
}

/* What the environment says is nothing to us. */
static void no_environment(struct io *io)
{
	struct place p;
	struct http_resp *r;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("HTTP_PROXY", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	setenv("SSLKEYLOGFILE", "/tmp/never", 1);
	place_open(&p, io);
	EXPECT(!getenv("SSLKEYLOGFILE"));
	EXPECT_RC_E(RC_OK, get(&p, (struct http_req){0}, "/length/3", &r), &p.e);
	http_close(r);
	place_close(&p);
	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	unsetenv("ALL_PROXY");
}

static void the_environment_is_not_asked(void **state UNUSED)
{
	run_task(no_environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_arrive_however_framed),
		cmocka_unit_test(a_chunk_lives_until_the_next),
		cmocka_unit_test(a_cut_body_is_no_clean_end),
		cmocka_unit_test(deadlines_pass),
		cmocka_unit_test(a_connect_that_hangs),
		cmocka_unit_test(a_name_that_takes_too_long),
		cmocka_unit_test(no_server_no_name),
		cmocka_unit_test(requests_that_are_none),
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(a_dead_pooled_connection_is_replaced),
		cmocka_unit_test(a_stop_cancels_at_once),
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(bodies_are_sent),
		cmocka_unit_test(methods_are_sent),
		cmocka_unit_test(an_answer_before_the_body_was_read),
		cmocka_unit_test(a_body_is_sent_before_open_returns),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_hundred_in_parallel),
		cmocka_unit_test(a_response_may_be_closed_anytime),
		cmocka_unit_test(a_missing_ca_file),
		cmocka_unit_test(the_environment_is_not_asked),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
