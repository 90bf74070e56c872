/* SPDX-License-Identifier: MIT */
#include "wire/filename.h"

#include "base/ascii.h"
#include "wire/token.h"
#include "wire/url.h"
#include "wire/utf8.h"

#define EXTENSION_MAX 16

static bool take_value(struct slice *s, struct slice *value)
{
	size_t n = 0;

	if (!token_take_char(s, '"')) {
		/* Bytes above ASCII too: some clients write names as they are. */
		while (n < s->n && s->p[n] != ';' && s->p[n] != ' ' && s->p[n] != '\t' && s->p[n] != '"')
			n++;
		*value = slice_upto(*s, n);
		*s = slice_from(*s, n);
		return n > 0;
	}
	for (; n < s->n; n++) {
		if (s->p[n] == '"') {
			*value = slice_upto(*s, n);
			*s = slice_from(*s, n + 1);
			return true;
		}
		if (s->p[n] == '\\' && n + 1 < s->n && s->p[n + 1] == '"')
			n++;
	}
	return false;
}

bool disposition_read(struct slice s, struct disposition *out)
{
	*out = (struct disposition){.name.p = NULL};
	s = slice_trim(s);
	out->type = token_take(&s, "");
	if (out->type.n == 0)
		return false;
	for (token_skip_blanks(&s); s.n; token_skip_blanks(&s)) {
		struct slice name, value, *place;

		if (!token_take_char(&s, ';'))
			return false;
		token_skip_blanks(&s);
		if (s.n == 0)
			break;
		name = token_take(&s, "");
		if (name.n == 0 || !token_take_char(&s, '=') || !take_value(&s, &value))
			return false;
		place = slice_eq_nocase(name, S("name")) ? &out->name : slice_eq_nocase(name, S("filename")) ? &out->filename :
			slice_eq_nocase(name, S("filename*")) ? &out->filename_ext : NULL;
		if (!place)
			continue;
		if (place->p)
			return false;
		*place = value;
	}
	return true;
}

/* \" as curl writes a quote, %22 as browsers do; %0D and %0A are theirs for a line break. */
static void unescape(struct buf *out, struct slice s)
{
	while (s.n) {
		size_t n = 1;
		char c = s.p[0];

		if (c == '\\' && s.n > 1 && s.p[1] == '"') {
			c = '"';
			n = 2;
		} else if (slice_eq(slice_upto(s, 3), S("%22"))) {
			c = '"';
			n = 3;
		} else if (slice_eq_nocase(slice_upto(s, 3), S("%0D")) || slice_eq_nocase(slice_upto(s, 3), S("%0A"))) {
			c = ' ';
			n = 3;
		}
		buf_addch(out, c);
		s = slice_from(s, n);
	}
}

void disposition_name(struct buf *out, const struct disposition *d)
{
	unescape(out, d->name);
}

static bool latin1(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || ascii_hex(s.p[i + 1]) < 0 || ascii_hex(s.p[i + 2]) < 0)
				return false;
			c = (unsigned char)(ascii_hex(s.p[i + 1]) << 4 | ascii_hex(s.p[i + 2]));
			i += 2;
		}
		utf8_put(out, c);
	}
	return true;
}

/* charset "'" [ language ] "'" value */
static bool extended(struct buf *out, struct slice s)
{
	struct slice charset, language, value = slice_cut(s, '\'', &charset);

	value = slice_cut(value, '\'', &language);
	if (slice_eq_nocase(charset, S("UTF-8")))
		return value.n && url_decode(out, value, false);
	return value.n && slice_eq_nocase(charset, S("ISO-8859-1")) && latin1(out, value);
}

void disposition_filename(struct buf *out, const struct disposition *d, bool *given)
{
	struct buf name = BUF_INIT(d->filename.n + 2 * d->filename_ext.n);

	if (given)
		*given = d->filename.p || d->filename_ext.p;
	if (!extended(&name, d->filename_ext)) {
		buf_clear(&name);
		unescape(&name, d->filename);
	}
	filename_clean(out, buf_slice(&name));
	buf_release(&name);
}

/* Control characters, line and paragraph separators, and what turns the reading direction around: "gpj.exe" must not look like "exe.jpg". */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static struct slice last_part(struct slice s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
			return slice_from(s, i);
	return s;
}

struct slice filename_extension(struct slice name)
{
	for (size_t i = name.n; i > 0 && name.n - i <= EXTENSION_MAX; i--)
		if (name.p[i - 1] == '.')
			return slice_from(name, i);
	return SLICE_NONE;
}

static bool only_dots(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.')
			return false;
	return true;
}

/* Visible characters of valid UTF-8. */
static void visible(struct buf *out, struct slice s)
{
	while (s.n) {
		uint32_t c;
		int n = utf8_get(s.p, s.n, &c);

		CHECK(n > 0);
		if (!is_hidden(c))
			buf_add(out, slice_upto(s, (size_t)n));
		s = slice_from(s, (size_t)n);
	}
}

void filename_clean(struct buf *out, struct slice s)
{
	struct buf mended = BUF_INIT(SIZE_MAX / 4), seen = BUF_INIT(SIZE_MAX / 4);
	struct slice name, ext;

	utf8_mend(&mended, last_part(s));
	visible(&seen, buf_slice(&mended));
	name = slice_trim(buf_slice(&seen));
	ext = filename_extension(name);
	if (only_dots(name)) {
		buf_add(out, S("file"));
	} else if (name.n <= FILENAME_MAX_BYTES) {
		buf_add(out, name);
	} else if (ext.n) {
		buf_add(out, utf8_cut(slice_upto(name, name.n - ext.n - 1), FILENAME_MAX_BYTES - ext.n - 1));
		buf_addch(out, '.');
		buf_add(out, ext);
	} else {
		buf_add(out, utf8_cut(name, FILENAME_MAX_BYTES));
	}
	buf_release(&mended);
	buf_release(&seen);
}

void filename_header(struct buf *out, const char *type, struct slice name)
{
	buf_adds(out, type);
	buf_adds(out, "; filename=\"");
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		/* A percent sign would be decoded by some browsers. */
		buf_addch(out, c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%' ? c : '_');
	}
	buf_adds(out, "\"; filename*=UTF-8''");
	url_encode(out, name);
}
