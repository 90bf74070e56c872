/* SPDX-License-Identifier: MIT */
#include "wire/multipart.h"

#include "base/ascii.h"

#define PADDING_MAX 64 /* blanks after a boundary */

/* ---- Content-Type ---- */

bool multipart_is(struct slice content_type)
{
	return slice_eq_nocase(slice_upto(slice_trim(content_type), 10), S("multipart/"));
}

/* RFC 2046, 5.1.1: bchars, the last no blank. */
static bool is_boundary(struct slice s)
{
	if (s.n == 0 || s.n > MULTIPART_BOUNDARY_MAX || s.p[s.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c) || (c && strchr("'()+_,-./:=? ", c))))
			return false;
	}
	return true;
}

/* The opening quote is taken already. */
static bool take_quoted(struct slice *s, struct slice *value)
{
	struct slice rest = slice_cut(*s, '"', value), junk;

	if (value->n == s->n)
		return false;
	*s = slice_cut(rest, ';', &junk);
	return slice_trim(junk).n == 0;
}

bool multipart_boundary(struct slice s, struct slice *boundary)
{
	struct slice type, name, value;
	bool found = false;

	s = slice_cut(s, ';', &type);
	if (!slice_eq_nocase(slice_trim(type), S("multipart/form-data")))
		return false;
	while (s.n) {
		s = slice_cut(s, '=', &name);
		if (s.n && s.p[0] == '"') {
			s = slice_from(s, 1);
			if (!take_quoted(&s, &value))
				return false;
		} else {
			s = slice_cut(s, ';', &value);
			value = slice_trim(value);
		}
		if (!slice_eq_nocase(slice_trim(name), S("boundary")))
			continue;
		if (found || !is_boundary(value))
			return false;
		found = true;
		*boundary = value;
	}
	return found;
}

/* ---- the parser ---- */

void multipart_init(struct multipart *m, struct slice boundary)
{
	CHECK(is_boundary(boundary));
	*m = (struct multipart){.state = MULTIPART_IN_PREAMBLE};
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	m->n_delimiter = 4 + boundary.n;
	m->matched = 2; /* the first boundary has no line break before it */
}

void multipart_feed(struct multipart *m, struct slice bytes)
{
	CHECK(m->in.n == 0);
	m->in = bytes;
}

static enum multipart_got broken(struct multipart *m, const char *why)
{
	m->state = MULTIPART_BROKEN;
	m->why = why;
	m->in = SLICE_NONE;
	return MULTIPART_BAD;
}

static struct slice take(struct multipart *m, size_t n)
{
	struct slice s = slice_upto(m->in, n);

	m->in = slice_from(m->in, n);
	return s;
}

/*
 * What stands before the delimiter, or is none of it: false when there is nothing to be said yet. A boundary holds no CR, so that what did not match to its
 * end cannot hold the beginning of another.
 */
static bool before_delimiter(struct multipart *m, struct slice *out)
{
	const char *cr;
	size_t matched;

	if (m->matched == 0 && m->in.n) {
		cr = memchr(m->in.p, '\r', m->in.n);
		*out = take(m, cr ? (size_t)(cr - m->in.p) : m->in.n);
		if (out->n)
			return true;
	}
	while (m->in.n && m->matched < m->n_delimiter && m->in.p[0] == m->delimiter[m->matched]) {
		m->matched++;
		take(m, 1);
	}
	if (m->in.n == 0 || m->matched == m->n_delimiter)
		return false;
	matched = m->matched;
	m->matched = 0;
	*out = slice_mem(m->delimiter, matched);
	return true;
}

/* The delimiter was seen whole. */
static void begin_after(struct multipart *m)
{
	m->matched = 0;
	m->dash = m->cr = false;
	m->n_padding = 0;
	m->state = MULTIPART_AFTER;
}

static enum multipart_got in_preamble(struct multipart *m)
{
	struct slice skipped;

	while (before_delimiter(m, &skipped))
		if ((m->n_outside += skipped.n) > MULTIPART_OUTSIDE_MAX)
			return broken(m, "The form's first boundary is missing.");
	if (m->matched == m->n_delimiter)
		begin_after(m);
	return MULTIPART_MORE;
}

static enum multipart_got in_data(struct multipart *m, struct multipart_event *ev)
{
	if (before_delimiter(m, &ev->data))
		return MULTIPART_DATA;
	if (m->matched < m->n_delimiter)
		return MULTIPART_MORE;
	begin_after(m);
	return MULTIPART_PART_END;
}

static enum multipart_got begin_head(struct multipart *m)
{
	if (m->n_parts++ == MULTIPART_PARTS_MAX)
		return broken(m, "The form has too many parts.");
	m->state = MULTIPART_IN_HEAD;
	m->n_head = 0;
	return MULTIPART_MORE;
}

static enum multipart_got begin_epilogue(struct multipart *m)
{
	m->state = MULTIPART_IN_EPILOGUE;
	m->n_outside = 0;
	return MULTIPART_LAST;
}

/* "--", or blanks and a line break. */
static enum multipart_got after(struct multipart *m)
{
	while (m->in.n) {
		char c = take(m, 1).p[0];

		if (m->cr && c == '\n')
			return begin_head(m);
		if (m->dash && c == '-')
			return begin_epilogue(m);
		if (!m->cr && !m->dash && c == '-' && m->n_padding == 0)
			m->dash = true;
		else if (!m->cr && !m->dash && c == '\r')
			m->cr = true;
		else if (m->cr || m->dash || (c != ' ' && c != '\t') || m->n_padding++ == PADDING_MAX)
			return broken(m, "A boundary of the form is broken.");
	}
	return MULTIPART_MORE;
}

/* ---- a part's headers ---- */

/* Bytes above ASCII are names' and may stand there. */
static bool is_line(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' ? s.p[i] != '\t' : s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.p[0] != ' ' && s.p[0] != '\t';
}

/* Quoted-printable or base64 would be content of another kind, which no browser sends (RFC 7578, 4.7). */
static bool is_plain_coding(struct slice s)
{
	return slice_eq_nocase(s, S("binary")) || slice_eq_nocase(s, S("8bit")) || slice_eq_nocase(s, S("7bit"));
}

static struct slice keep(char *place, struct buf *b)
{
	size_t n = b->n < FILENAME_MAX_BYTES ? b->n : FILENAME_MAX_BYTES;

	memcpy(place, buf_slice(b).p, n);
	buf_release(b);
	return slice_mem(place, n);
}

static enum multipart_got names(struct multipart *m, struct multipart_event *ev, struct slice value)
{
	struct buf name = BUF_INIT(MULTIPART_HEAD_MAX), filename = BUF_INIT(MULTIPART_HEAD_MAX);
	struct disposition d;

	if (!disposition_read(value, &d) || !slice_eq_nocase(d.type, S("form-data")) || !d.name.p)
		return broken(m, "A part of the form has no proper Content-Disposition.");
	disposition_name(&name, &d);
	disposition_filename(&filename, &d, &ev->is_file);
	ev->name = keep(m->name, &name);
	ev->filename = keep(m->filename, &filename);
	return MULTIPART_PART;
}

static enum multipart_got read_head(struct multipart *m, struct multipart_event *ev)
{
	struct slice rest = slice_mem(m->head, m->n_head), line, field, value, disposition = SLICE_NONE;

	*ev = (struct multipart_event){.is_file = false};
	while (rest.n) {
		ptrdiff_t n = slice_find(rest, S("\r\n"));

		CHECK(n >= 0);
		line = slice_upto(rest, (size_t)n);
		rest = slice_from(rest, (size_t)n + 2);
		value = slice_trim(slice_cut(line, ':', &field));
		if (!is_line(line) || field.n == line.n)
			return broken(m, "A header in the form is malformed.");
		if (slice_eq_nocase(field, S("Content-Disposition"))) {
			if (disposition.p)
				return broken(m, "A part of the form has two Content-Dispositions.");
			disposition = value;
		} else if (slice_eq_nocase(field, S("Content-Type"))) {
			if (ev->type.p)
				return broken(m, "A part of the form has two Content-Types.");
			ev->type = value;
		} else if (slice_eq_nocase(field, S("Content-Transfer-Encoding")) && !is_plain_coding(value)) {
			return broken(m, "A part of the form is encoded; send its bytes as they are.");
		}
	}
	return names(m, ev, disposition);
}

static enum multipart_got in_head(struct multipart *m, struct multipart_event *ev)
{
	while (m->in.n) {
		if (m->n_head == MULTIPART_HEAD_MAX)
			return broken(m, "A part of the form has too many headers.");
		m->head[m->n_head++] = take(m, 1).p[0];
		if (m->n_head == 2 ? memcmp(m->head, "\r\n", 2) != 0 : m->n_head < 4 || memcmp(m->head + m->n_head - 4, "\r\n\r\n", 4) != 0)
			continue;
		m->n_head -= 2;
		m->state = MULTIPART_IN_DATA;
		return read_head(m, ev);
	}
	return MULTIPART_MORE;
}

static enum multipart_got in_epilogue(struct multipart *m)
{
	m->n_outside += take(m, m->in.n).n;
	return m->n_outside > MULTIPART_OUTSIDE_MAX ? broken(m, "Something follows the form's last boundary.") : MULTIPART_MORE;
}

static enum multipart_got step(struct multipart *m, struct multipart_event *ev)
{
	switch (m->state) {
	case MULTIPART_IN_PREAMBLE: return in_preamble(m);
	case MULTIPART_IN_HEAD: return in_head(m, ev);
	case MULTIPART_IN_DATA: return in_data(m, ev);
	case MULTIPART_AFTER: return after(m);
	case MULTIPART_IN_EPILOGUE: return in_epilogue(m);
	case MULTIPART_BROKEN: break;
	}
	return MULTIPART_BAD;
}

enum multipart_got multipart_next(struct multipart *m, struct multipart_event *ev)
{
	enum multipart_got got;

	do
		got = step(m, ev);
	while (got == MULTIPART_MORE && m->in.n);
	return got;
}

bool multipart_end(struct multipart *m)
{
	if (m->state != MULTIPART_IN_EPILOGUE && m->state != MULTIPART_BROKEN)
		(void)broken(m, "The form ends before its last boundary.");
	return m->state == MULTIPART_IN_EPILOGUE;
}
