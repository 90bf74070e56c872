/* SPDX-License-Identifier: MIT */
#include "io/http_inner.h"

#define RECV_SIZE 4096L /* curl's read buffer a transfer; also bounds what one turn of the loop may bring (100 reads) well below HTTP_AHEAD_MAX */
#define SEND_SIZE 16384L

/* What curl calls. None of them may wait. */

static size_t refuse(struct http_resp *r, enum rc rc, const char *text)
{
	r->fail = rc;
	r->fail_text = text;
	return 0; /* not what curl expects: it breaks off */
}

static size_t on_body(char *p, size_t size UNUSED, size_t n, void *ctx)
{
	struct http_resp *r = ctx;

	r->got += n;
	if (r->got > r->body_max)
		return refuse(r, RC_TOO_LARGE, "the answer is too large");
	buf_addmem(&r->in, p, n);
	/* Pausing would be kinder, but libcurl before 8.11 loses wakeups of paused transfers. */
	if (!buf_ok(&r->in))
		return refuse(r, RC_UPSTREAM, "sends faster than it can be used");
	r->last_us = io_now(r->h->io);
	io_event_set(r->h->io, &r->ready);
	return n;
}

static bool parse_status(struct slice line, int *status)
{
	struct slice version, code;
	int64_t v;

	line = slice_cut(slice_trim(line), ' ', &version);
	slice_cut(line, ' ', &code);
	if (!slice_i64(code, 100, 999, &v))
		return false;
	*status = (int)v;
	return true;
}

/* Called a line at a time, for each head (interim ones and trailers included); the one that counts is the first final one. */
static size_t on_header(char *p, size_t size UNUSED, size_t n, void *ctx)
{
	struct http_resp *r = ctx;
	struct slice line = {p, n};

	r->last_us = io_now(r->h->io);
	if (r->head_done)
		return n;
	if (slice_starts(line, S("HTTP/"))) {
		buf_clear(&r->head);
		r->n_headers = 0;
		return parse_status(line, &r->status) ? n : refuse(r, RC_PROTO, "the status line is none");
	}
	if (slice_trim(line).n == 0) {
		r->head_done = r->status >= 200;
		if (r->head_done)
			io_event_set(r->h->io, &r->ready);
		return n;
	}
	if (r->n_headers++ < HTTP_HEADERS_MAX)
		buf_add(&r->head, line);
	return buf_ok(&r->head) ? n : refuse(r, RC_PROTO, "the head is too large");
}

static int on_connected(void *ctx, char *peer UNUSED, char *local UNUSED, int peer_port UNUSED, int local_port UNUSED)
{
	struct http_resp *r = ctx;

	r->connected = true;
	r->last_us = io_now(r->h->io);
	io_event_set(r->h->io, &r->ready);
	return CURL_PREREQFUNC_OK;
}

void http_easy_done(struct http_resp *r, CURLcode code)
{
	r->done = true;
	r->code = code;
	io_event_set(r->h->io, &r->ready);
}

bool http_easy_uploaded(const struct http_resp *r)
{
	curl_off_t n = 0;

	if (r->upload == 0)
		return true;
	curl_easy_getinfo(r->easy, CURLINFO_SIZE_UPLOAD_T, &n);
	return n >= (curl_off_t)r->upload;
}

/* The request */

/* scheme://[user@]HOST[/?#]: what an error text may name. */
static void set_host(struct http_resp *r, struct slice url)
{
	ptrdiff_t at = slice_find(url, S("://"));
	struct slice s = slice_from(url, at < 0 ? 0 : (size_t)at + 3), head;
	size_t n = 0;

	while (n < s.n && !memchr("/?#\\", s.p[n], 4))
		n++;
	s.n = n;
	while (memchr(s.p ? s.p : "", '@', s.n))
		s = slice_cut(s, '@', &head);
	snprintf(r->host, sizeof(r->host), "%.*s", SLICE_ARG(s));
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 127 || memchr("()<>@,;:\\\"/[]?={}", s.p[i], 17))
			return false;
	return s.n > 0;
}

static bool is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

static void add_header(struct http_resp *r, struct buf *line, const struct http_header *hd)
{
	struct slice value = slice_trim(hd->value);
	struct curl_slist *l;

	buf_clear(line);
	buf_add(line, hd->name);
	/* To curl "Name:" means leave it out and "Name;" an empty value. */
	buf_adds(line, value.n ? ": " : ";");
	buf_add(line, value);
	l = curl_slist_append(r->headers, buf_slice(line).p);
	if (!l || !buf_ok(line))
		out_of_memory();
	r->headers = l;
}

static void add_text(struct http_resp *r, const char *text)
{
	struct curl_slist *l = curl_slist_append(r->headers, text);

	if (!l)
		out_of_memory();
	r->headers = l;
}

static enum rc set_headers(struct http_resp *r, const struct http_req *req, struct err *e)
{
	struct buf line = BUF_INIT(1024 * 1024);
	bool type = false, encoding = false;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < req->n_headers && rc == RC_OK; i++) {
		const struct http_header *hd = &req->headers[i];

		if (!is_token(hd->name) || !is_clean(hd->value) || hd->name.n + hd->value.n > HTTP_HEAD_BYTES_MAX)
			rc = err_set(e, RC_BAD, "'%s': header %zu cannot be sent", r->host, i);
		else
			add_header(r, &line, hd);
		type |= slice_eq_nocase(hd->name, S("Content-Type"));
		encoding |= slice_eq_nocase(hd->name, S("Accept-Encoding"));
	}
	buf_release(&line);
	add_text(r, "Expect:");
	if (!type)
		add_text(r, "Content-Type:");
	if (!encoding)
		add_text(r, "Accept-Encoding: identity");
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
	return rc;
}

static enum rc set_url(struct http_resp *r, struct slice url, struct err *e)
{
	char text[2048];
	bool secure = slice_starts(url, S("https:"));

	set_host(r, url);
	if (url.n == 0 || url.n >= sizeof(text) || !is_clean(url))
		return err_set(e, RC_CONF, "'%s': the URL is none", r->host);
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(url));
	curl_easy_setopt(r->easy, CURLOPT_URL, text);
	curl_easy_setopt(r->easy, CURLOPT_HTTP_VERSION, secure ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	/* Streams to one host share its HTTP/2 connection: wait for the handshake that is under way rather than begin another. */
	curl_easy_setopt(r->easy, CURLOPT_PIPEWAIT, secure ? 1L : 0L);
	return RC_OK;
}

static enum rc set_method(struct http_resp *r, const struct http_req *req, struct err *e)
{
	struct slice m = slice_cstr(req->method);

	if (!is_token(m))
		return err_set(e, RC_BAD, "'%s': the method is none", r->host);
	r->upload = req->body.n;
	if (slice_is(m, "HEAD")) {
		curl_easy_setopt(r->easy, CURLOPT_NOBODY, 1L);
		r->upload = 0;
	} else if (req->body.n || slice_is(m, "POST")) {
		/* Not copied: http_open stays until curl has sent it. */
		curl_easy_setopt(r->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, req->body.n ? req->body.p : "");
		curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, req->method);
	} else {
		curl_easy_setopt(r->easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, req->method);
	}
	return RC_OK;
}

/* What is the same for every transfer. */
static void set_common(struct http_resp *r)
{
	const struct http *h = r->h;
	CURL *c = r->easy;

	curl_easy_setopt(c, CURLOPT_PRIVATE, r);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* Else giving up during a name look-up waits for the resolver's thread, and the loop with it. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_PROXY, h->proxy);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* CAPATH, even an empty directory, keeps libcurl from caching the parsed store: 19 ms of CPU a connect. */
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	if (h->ca_file[0])
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, RECV_SIZE);
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, SEND_SIZE);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, 15L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, r);
}

static void set_limits(struct http_resp *r, const struct http_req *req)
{
	int64_t now = io_now(r->h->io);

	r->connect_at = now + (req->connect_us ? req->connect_us : 10 * IO_SECOND);
	r->first_byte_us = req->first_byte_us ? req->first_byte_us : 120 * IO_SECOND;
	r->idle_us = req->idle_us ? req->idle_us : 60 * IO_SECOND;
	r->total_at = now + (req->total_us ? req->total_us : (int64_t)600 * IO_SECOND);
	r->last_us = now;
	r->body_max = req->body_max ? req->body_max : 8 * 1024 * 1024;
	r->stop = req->stop;
	buf_init(&r->in, req->ahead_max ? req->ahead_max : HTTP_AHEAD_MAX);
	buf_init(&r->out, r->in.max);
	buf_init(&r->head, HTTP_HEAD_BYTES_MAX);
}

enum rc http_easy_open(struct http_resp *r, const struct http_req *req, struct err *e)
{
	struct http *h = r->h;
	enum rc rc;

	r->easy = h->n_idle ? h->idle[--h->n_idle] : curl_easy_init();
	if (!r->easy)
		out_of_memory();
	set_limits(r, req);
	set_common(r);
	rc = set_url(r, req->url, e);
	if (rc == RC_OK)
		rc = set_method(r, req, e);
	if (rc == RC_OK)
		rc = set_headers(r, req, e);
	return rc;
}

void http_easy_close(struct http_resp *r)
{
	struct http *h = r->h;

	curl_slist_free_all(r->headers);
	curl_easy_reset(r->easy);
	if (h->n_idle < HTTP_EASY_IDLE)
		h->idle[h->n_idle++] = r->easy;
	else
		curl_easy_cleanup(r->easy);
	buf_release(&r->in);
	buf_release(&r->out);
	buf_release(&r->head);
}
