/* SPDX-License-Identifier: MIT */
#include "model/transcribe.h"

#include "base/crypto.h"
#include "model/provider_err.h"
#include "wire/json.h"

#define TIMEOUT_US (120 * (int64_t)IO_SECOND)
#define ERROR_BODY_MAX (64 * 1024)
#define TREE_MAX (8 * 1024 * 1024)

const char *transcribe_extension(struct slice mime)
{
	static const char *const types[][2] = {
		{"audio/webm", "webm"}, {"audio/mp4", "m4a"}, {"audio/ogg", "ogg"}, {"audio/wav", "wav"}, {"audio/mpeg", "mp3"},
	};

	for (size_t i = 0; i < countof(types); i++)
		if (slice_eq_nocase(mime, slice_cstr(types[i][0])))
			return types[i][1];
	return NULL;
}

/* ---- the question ---- */

static void add_field(struct buf *out, struct slice boundary, const char *name, struct slice value)
{
	if (value.n)
		buf_addf(out, "--%.*s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%.*s\r\n", SLICE_ARG(boundary), name, SLICE_ARG(value));
}

/* What stands before the recording; sound is moved behind it, and closed. false: no room. */
static bool make_body(const struct transcribe_opts *o, const struct recording *r, struct slice boundary, struct buf *sound)
{
	struct buf head = BUF_INIT(TRANSCRIBE_SPARE - 100);
	size_t n = sound->n;
	bool ok;

	add_field(&head, boundary, "model", o->model);
	add_field(&head, boundary, "response_format", S("json"));
	add_field(&head, boundary, "language", r->language);
	buf_addf(&head, "--%.*s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"audio.%s\"\r\nContent-Type: %.*s\r\n\r\n", SLICE_ARG(boundary),
		 transcribe_extension(r->mime), SLICE_ARG(r->mime));
	ok = buf_ok(&head) && buf_room(sound, head.n);
	if (ok) {
		memmove(sound->p + head.n, sound->p, n);
		memcpy(sound->p, head.p, head.n);
		buf_added(sound, head.n);
		buf_addf(sound, "\r\n--%.*s--\r\n", SLICE_ARG(boundary));
	}
	buf_release(&head);
	return ok && buf_ok(sound);
}

static enum rc unreachable(struct err *e)
{
	if (e->rc == RC_TIMEOUT)
		return err_user(e, "The recording was not turned into text in time. Please try again.");
	if (e->rc == RC_UPSTREAM)
		return err_user(e, "The service that turns speech into text could not be reached. Please try again in a moment.");
	return e->rc;
}

static WAITS enum rc send_it(struct io *io, struct http *h, const struct transcribe_opts *o, const struct recording *r, struct buf *sound,
			     struct http_resp **resp, struct err *e)
{
	int64_t total = o->timeout_us > 0 ? o->timeout_us : TIMEOUT_US;
	struct buf type = BUF_INIT(200), auth = BUF_INIT(8192), boundary = BUF_INIT(100);
	struct http_header headers[3];
	struct http_req req = {.method = "POST", .url = o->url, .headers = headers, .first_byte_us = total, .idle_us = total, .total_us = total,
			       .body_max = TRANSCRIBE_ANSWER_MAX, .stop = r->stop};
	unsigned char chance[16]; /* nobody can have put it into a recording */
	enum rc rc;

	env_random(io_env(io), chance, sizeof(chance));
	buf_adds(&boundary, "chatkit-");
	hex_encode(&boundary, slice_mem(chance, sizeof(chance)));
	buf_addf(&type, "multipart/form-data; boundary=%s", boundary.p);
	headers[req.n_headers++] = (struct http_header){S("Content-Type"), buf_slice(&type)};
	headers[req.n_headers++] = (struct http_header){S("Accept"), S("application/json")};
	if (o->api_key.n) {
		buf_addf(&auth, "Bearer %.*s", SLICE_ARG(o->api_key));
		headers[req.n_headers++] = (struct http_header){S("Authorization"), buf_slice(&auth)};
	}
	if (make_body(o, r, buf_slice(&boundary), sound)) {
		req.body = buf_slice(sound);
		rc = http_open(h, &req, resp, e);
	} else {
		rc = err_tell(e, RC_TOO_LARGE, "The recording is too long.");
	}
	wipe(auth.p, auth.n);
	buf_release(&auth);
	buf_release(&type);
	buf_release(&boundary);
	return rc == RC_OK || rc == RC_TOO_LARGE ? rc : unreachable(e);
}

/* ---- the answer ---- */

static WAITS enum rc refused(struct http_resp *resp, struct arena *a, struct err *e)
{
	struct buf body = BUF_INIT(ERROR_BODY_MAX);
	int status = http_status(resp);
	struct provider_err no;
	struct err why;

	if (http_body(resp, &body, &why) == RC_STOPPED) {
		buf_release(&body);
		return err_set(e, RC_STOPPED, "stopped while reading the endpoint's error");
	}
	provider_err_read(a, status, buf_slice(&body), &no);
	buf_release(&body);
	provider_err_tell(&no, e);
	if (status == 400 || status == 415 || status == 422)
		err_user(e, "The recording could not be turned into text. Please try again.");
	else if (status == 413)
		err_user(e, "The recording is too long.");
	return e->rc;
}

static enum rc unreadable(struct err *e, const char *what)
{
	err_set(e, RC_PROTO, "%s", what);
	return err_user(e, "The recording could not be turned into text. Please try again.");
}

static enum rc read_text(struct slice body, struct arena *a, struct slice *text, struct err *e)
{
	struct arena *tree = arena_new(TREE_MAX, NULL);
	struct json_at root, at;
	struct json_doc *doc;
	enum rc rc = RC_OK;
	struct err why;

	if (json_parse(tree, body, &GUARD_UPSTREAM, &doc, &why) != RC_OK) {
		rc = unreadable(e, body.n ? "the endpoint's answer is not a JSON object" : "the endpoint's answer is empty");
	} else {
		root = json_root(doc);
		at = json_get(&root, "text");
		if (json_kind(&at) != JSON_STRING)
			rc = unreadable(e, "the endpoint's answer has no text");
		else if (!(*text = arena_try_dup(a, slice_trim(json_as_str(&at)))).p)
			rc = err_tell(e, RC_TOO_LARGE, "The recording's text is too long.");
	}
	arena_free(tree);
	return rc;
}

static WAITS enum rc read_answer(struct http_resp *resp, struct arena *a, struct slice *text, struct err *e)
{
	struct buf body = BUF_INIT(TRANSCRIBE_ANSWER_MAX);
	int status = http_status(resp);
	enum rc rc;

	if (status < 200 || status > 299)
		return refused(resp, a, e);
	rc = http_body(resp, &body, e);
	if (rc == RC_OK)
		rc = read_text(buf_slice(&body), a, text, e);
	else if (rc == RC_TOO_LARGE)
		rc = unreadable(e, "the endpoint's answer is too large");
	else
		rc = unreachable(e);
	buf_release(&body);
	return rc;
}

enum rc transcribe(struct io *io, struct http *h, const struct transcribe_opts *o, const struct recording *r, struct buf *sound, struct arena *a,
		   struct slice *text, struct err *e)
{
	struct http_resp *resp = NULL;
	struct err ignored;
	enum rc rc;

	e = e ? e : &ignored;
	*text = SLICE_NONE;
	if (transcribe_extension(r->mime))
		rc = send_it(io, h, o, r, sound, &resp, e);
	else
		rc = err_tell(e, RC_MEDIA, "Recordings of this type are not taken.");
	buf_release(sound);
	if (rc == RC_OK)
		rc = read_answer(resp, a, text, e);
	http_close(resp);
	if (rc == RC_OK)
		return RC_OK;
	provider_err_hide(o->api_key, e);
	return err_wrap(e, "transcribing");
}
