/* SPDX-License-Identifier: MIT */
#include "io/http.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "io/fault.h"
#include "io/http_inner.h"

#define KEEP_CAP 16384 /* a buffer that grew beyond this is given back when it is empty: streams idle far more than they burst */

/* Where systems keep the bundle of all roots: Debian, Fedora, SUSE, Alpine, the BSDs. */
static const char *const ca_places[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
	"/usr/local/share/certs/ca-root-nss.crt",
};

static char *dup_text(struct slice s)
{
	char *p = xalloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

static char *find_ca(struct slice wanted, struct err *e)
{
	char *file;

	if (wanted.n == 0) {
		for (size_t i = 0; i < countof(ca_places); i++)
			if (access(ca_places[i], R_OK) == 0)
				return dup_text(slice_cstr(ca_places[i]));
		log_line(LOG_WARN, NULL, "no bundle of root certificates found: https will fail, set ca_file");
		return dup_text(S(""));
	}
	file = dup_text(wanted);
	if (access(file, R_OK) == 0)
		return file;
	err_set(e, RC_CONF, "ca_file '%s': %s", file, strerror(errno));
	free(file);
	return NULL;
}

struct http *http_new(struct io *io, const struct http_opts *o, struct err *e)
{
	struct http *h = xalloc(sizeof(*h));

	h->io = io;
	h->per_host = o->per_host;
	h->proxy = dup_text(o->proxy);
	h->user_agent = dup_text(slice_cstr(o->user_agent ? o->user_agent : "chatkit-fcgi"));
	h->ca_file = find_ca(o->ca_file, e);
	if (!h->ca_file)
		goto failed;
	/* libcurl would write the keys of all sessions there. */
	unsetenv("SSLKEYLOGFILE");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(e, RC_INTERNAL, "libcurl does not start");
		goto failed;
	}
	if (http_drive_open(h, e) == RC_OK)
		return h;
	curl_global_cleanup();
failed:
	free(h->ca_file);
	free(h->proxy);
	free(h->user_agent);
	free(h);
	return NULL;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	CHECK(h->n_open == 0);
	for (size_t i = 0; i < h->n_idle; i++)
		curl_easy_cleanup(h->idle[i]);
	http_drive_close(h);
	curl_global_cleanup();
	free(h->ca_file);
	free(h->proxy);
	free(h->user_agent);
	free(h);
}

/* Waiting */

static int64_t deadline_of(const struct http_resp *r, const char **what)
{
	int64_t at;

	if (!r->connected) {
		*what = "connecting took too long";
		at = r->connect_at;
	} else if (!r->head_done) {
		*what = "no answer in time";
		at = r->last_us + r->first_byte_us;
	} else {
		*what = "fell silent";
		at = r->last_us + r->idle_us;
	}
	if (at <= r->total_at)
		return at;
	*what = "took too long altogether";
	return r->total_at;
}

static enum rc stopped(const struct http_resp *r, struct err *e)
{
	return err_set(e, RC_STOPPED, "'%s': stopped (%s)", r->host, stop_name(stop_why(r->stop)));
}

/* One thing happened: look again. */
WAITS static enum rc wait_news(struct http_resp *r, struct err *e)
{
	const char *what;
	int64_t at = deadline_of(r, &what);
	enum rc rc = http_drive_wait(r, at);

	if (rc == RC_OK)
		return RC_OK;
	if (rc == RC_STOPPED)
		return stopped(r, e);
	/* What came meanwhile moved the deadline: bytes do not wake a task for that alone. */
	if (at != deadline_of(r, &what))
		return RC_OK;
	return err_set(e, RC_TIMEOUT, "'%s': %s", r->host, what);
}

static enum rc why_failed(const struct http_resp *r, struct err *e)
{
	long os = 0;
	enum rc rc = RC_UPSTREAM;

	if (r->fail != RC_OK)
		return err_set(e, r->fail, "'%s': %s", r->host, r->fail_text);
	if (r->code == CURLE_URL_MALFORMAT || r->code == CURLE_UNSUPPORTED_PROTOCOL)
		rc = RC_CONF;
	else if (r->code == CURLE_OPERATION_TIMEDOUT)
		rc = RC_TIMEOUT;
	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os);
	/* Only libcurl's fixed sentences: its error buffer may quote what we sent. */
	if (os)
		return err_set(e, rc, "'%s': %s (%s)", r->host, curl_easy_strerror(r->code), strerror((int)os));
	return err_set(e, rc, "'%s': %s", r->host, curl_easy_strerror(r->code));
}

/*
 * Until the head is there and the body we send is no longer needed: the caller's promise for it ends when http_open returns. A server that answers
 * before it has read everything and refuses (413) ends the transfer; one that goes on reading gets the rest.
 */
WAITS static enum rc wait_head(struct http_resp *r, struct err *e)
{
	while (!r->done && !(r->head_done && http_easy_uploaded(r))) {
		enum rc rc = wait_news(r, e);

		if (rc != RC_OK)
			return rc;
	}
	if (r->head_done && (r->done ? r->code == CURLE_OK || r->in.n : true))
		return RC_OK;
	return why_failed(r, e);
}

enum rc http_open(struct http *h, const struct http_req *req, struct http_resp **out, struct err *e)
{
	struct http_resp *r = xalloc(sizeof(*r));
	long wrote = 0;
	enum rc rc;

	*out = NULL;
	if (req->sent)
		*req->sent = false;
	r->h = h;
	h->n_open++;
	rc = http_easy_open(r, req, e);
	if (rc == RC_OK && FAULT("http.open"))
		rc = err_set(e, RC_UPSTREAM, "'%s': fault", r->host);
	if (rc == RC_OK) {
		http_drive_start(r);
		rc = wait_head(r, e);
		curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &wrote);
		if (req->sent)
			*req->sent = wrote > 0;
	}
	if (rc == RC_OK)
		*out = r;
	else
		http_close(r);
	return rc;
}

enum rc http_next(struct http_resp *r, struct slice *chunk, struct err *e)
{
	*chunk = SLICE_NONE;
	if (r->out.cap > KEEP_CAP)
		buf_release(&r->out);
	buf_clear(&r->out);
	if (FAULT("http.recv"))
		return err_set(e, RC_UPSTREAM, "'%s': fault", r->host);
	for (;;) {
		enum rc rc;

		if (stop_why(r->stop) != STOP_NO)
			return stopped(r, e);
		if (r->in.n) {
			struct buf t = r->out;

			r->out = r->in;
			r->in = t;
			*chunk = buf_slice(&r->out);
			return RC_OK;
		}
		if (r->done)
			return r->code == CURLE_OK ? RC_OK : why_failed(r, e);
		rc = wait_news(r, e);
		if (rc != RC_OK)
			return rc;
	}
}

void http_close(struct http_resp *r)
{
	if (!r)
		return;
	http_drive_end(r);
	http_easy_close(r);
	r->h->n_open--;
	free(r);
}

/* Looking */

int http_status(const struct http_resp *r)
{
	return r->status;
}

struct slice http_header(const struct http_resp *r, const char *name)
{
	struct slice rest = buf_slice(&r->head), line, key, value;

	while (rest.n) {
		rest = slice_cut(rest, '\n', &line);
		value = slice_cut(line, ':', &key);
		if (slice_eq_nocase(key, slice_cstr(name)))
			return slice_trim(value);
	}
	return SLICE_NONE;
}

enum rc http_body(struct http_resp *r, struct buf *out, struct err *e)
{
	struct slice chunk;
	enum rc rc;

	while ((rc = http_next(r, &chunk, e)) == RC_OK && chunk.n > 0) {
		buf_add(out, chunk);
		if (!buf_ok(out))
			return err_set(e, RC_TOO_LARGE, "'%s': more than %zu bytes", r->host, out->max);
	}
	return rc;
}
