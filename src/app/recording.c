/* SPDX-License-Identifier: MIT */
#include "app/recording.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "model/transcribe.h"
#include "wire/guard.h"

static bool is_text(const struct guard_pick *p)
{
	return p->raw.n >= 2 && p->raw.p[0] == '"';
}

static struct slice inside(const struct guard_pick *p)
{
	return slice_mem(p->raw.p + 1, p->raw.n - 2);
}

/* "audio/webm;codecs=opus" to "audio/webm". */
static enum rc read_mime(const struct guard_pick *p, struct recording_in *out, struct err *e)
{
	struct buf text = BUF_INIT(RECORDING_MIME_MAX);
	struct slice mime;
	enum rc rc = RC_OK;

	if (!is_text(p))
		return err_tell(e, RC_BAD, "params.mime_type: expected string");
	guard_unescape(p->raw, &text);
	(void)slice_cut(buf_slice(&text), ';', &mime);
	mime = slice_trim(mime);
	if (!transcribe_extension(mime))
		rc = err_tell(e, RC_MEDIA, "params.mime_type: recordings are taken as audio/webm, audio/mp4, audio/ogg, audio/wav or audio/mpeg");
	for (size_t i = 0; i < mime.n; i++)
		out->mime[i] = ascii_lower(mime.p[i]);
	out->n_mime = mime.n;
	buf_release(&text);
	return rc;
}

/* What the escape at p stands for, if base64 may hold it, else NUL. p is checked JSON. */
static char escaped(const char *p)
{
	if (p[1] != 'u')
		return p[1] == '/' ? '/' : '\0';
	return p[2] == '0' && p[3] == '0' && ascii_hex(p[4]) < 8 ? (char)(ascii_hex(p[4]) << 4 | ascii_hex(p[5])) : '\0';
}

/* Some writers of JSON escape each "/", others "+" or "=" as \u00... Done in place; s is of the body. */
static struct slice without_escapes(char *p, struct slice s)
{
	size_t n = 0;

	if (!memchr(s.p, '\\', s.n))
		return s;
	while (s.n) {
		size_t taken = s.p[0] != '\\' ? 1 : s.p[1] == 'u' ? 6 : 2;

		p[n++] = taken == 1 ? s.p[0] : escaped(s.p);
		s = slice_from(s, taken);
	}
	return slice_mem(p, n);
}

static enum rc read_sound(const struct guard_pick *p, struct buf *body, struct err *e)
{
	struct slice coded;
	size_t n;

	if (!is_text(p))
		return err_tell(e, RC_BAD, "params.audio_base64: expected string");
	coded = inside(p);
	coded = without_escapes(body->p + (coded.p - body->p), coded);
	if (!base64_decode(body->p, coded, &n))
		return err_tell(e, RC_BAD, "params.audio_base64: not base64");
	if (n == 0)
		return err_tell(e, RC_BAD, "params.audio_base64: the recording is empty");
	buf_cut(body, n);
	return RC_OK;
}

enum rc recording_read(struct buf *body, size_t small, struct recording_in *out, struct err *e)
{
	enum { TYPE, AUDIO, MIME, N };
	struct guard_pick p[N] = {[TYPE] = {.path = "type"}, [AUDIO] = {.path = "params.audio_base64"}, [MIME] = {.path = "params.mime_type"}};
	struct guard_limits limits = GUARD_CLIENT;

	if (guard_check(buf_slice(body), &limits, p, N, NULL, e) != RC_OK)
		return e->rc;
	if (body->n > small && !slice_is(p[TYPE].raw, "\"input.transcribe\""))
		return err_tell(e, RC_TOO_LARGE, "The request's body is larger than %zu bytes.", small);
	if (read_mime(&p[MIME], out, e) != RC_OK)
		return e->rc;
	return read_sound(&p[AUDIO], body, e); /* writes over all else */
}
