/* SPDX-License-Identifier: MIT */
#include "wire/url.h"

#include "base/ascii.h"
#include "wire/utf8.h"

static bool is_unreserved(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* The byte that "%41" at p stands for, or -1. */
static int escaped(struct slice s)
{
	int high, low;

	if (s.n < 3 || s.p[0] != '%')
		return -1;
	high = ascii_hex(s.p[1]);
	low = ascii_hex(s.p[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Bytes of s up to the first of stops. */
static struct slice take_until(struct slice *s, const char *stops)
{
	size_t n = 0;
	struct slice head;

	while (n < s->n && !strchr(stops, s->p[n]))
		n++;
	head = slice_upto(*s, n);
	*s = slice_from(*s, n);
	return head;
}

static bool scheme_ok(struct slice s)
{
	if (s.n == 0 || !ascii_is_letter(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ascii_is_letter(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return true;
}

/* RFC 3986, 3.2.2: unreserved, escapes and sub-delims; more says which others. */
static bool name_ok(struct slice s, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (escaped(slice_from(s, i)) < 0)
				return false;
			i += 2;
		} else if (!is_unreserved(s.p[i]) && !strchr("!$&'()*+,;=", s.p[i]) && !strchr(more, s.p[i])) {
			return false;
		}
	}
	return true;
}

static bool take_host(struct slice s, struct url *out)
{
	struct slice rest;
	int64_t port;

	if (s.n && s.p[0] == '[') {
		rest = slice_cut(slice_from(s, 1), ']', &out->host);
		if (out->host.n == 0 || out->host.n + 2 > s.n || !name_ok(out->host, ":"))
			return false;
		if (rest.n && rest.p[0] != ':')
			return false;
		rest = slice_from(rest, 1);
	} else if (slice_find(s, S(",")) >= 0) {
		out->host = s;
		return name_ok(s, ":[]");
	} else {
		rest = slice_cut(s, ':', &out->host);
		if (!name_ok(out->host, ""))
			return false;
	}
	out->port = rest;
	return rest.n == 0 || slice_i64(rest, 1, 65535, &port);
}

static bool take_authority(struct slice s, struct url *out)
{
	struct slice user, host = slice_cut(s, '@', &user);

	if (user.n == s.n)
		return take_host(s, out);
	out->password = slice_cut(user, ':', &out->user);
	return name_ok(out->user, "") && name_ok(out->password, ":") && take_host(host, out);
}

bool url_parse(struct slice s, struct url *out)
{
	struct slice authority;

	*out = (struct url){.scheme = SLICE_NONE};
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '\\')
			return false;
	out->scheme = take_until(&s, ":/?#");
	if (!scheme_ok(out->scheme) || !slice_starts(s, S("://")))
		return false;
	s = slice_from(s, 3);
	authority = take_until(&s, "/?#");
	out->path = take_until(&s, "?#");
	if (s.n && s.p[0] == '?') {
		s = slice_from(s, 1);
		out->query = take_until(&s, "#");
	}
	out->fragment = slice_from(s, 1);
	return take_authority(authority, out);
}

bool url_decode(struct buf *out, struct slice s, bool plus)
{
	size_t before = out->n;

	for (size_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			c = escaped(slice_from(s, i));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c <= 0) {
			buf_cut(out, before);
			return false;
		}
		buf_addch(out, (char)c);
	}
	if (buf_ok(out) && utf8_valid(slice_from(buf_slice(out), before)))
		return true;
	buf_cut(out, before);
	return false;
}

void url_encode(struct buf *out, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char text[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (is_unreserved(s.p[i]))
			buf_addch(out, s.p[i]);
		else
			buf_addmem(out, text, sizeof(text));
	}
}

/* "%6eame" is "name" to whoever decodes it: a name hidden from us would not be hidden from others. */
static bool name_is(struct slice coded, struct slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < coded.n; i++, n++) {
		int c = escaped(slice_from(coded, i));

		if (c >= 0)
			i += 2;
		else
			c = coded.p[i] == '+' ? ' ' : (unsigned char)coded.p[i];
		if (n == name.n || c != (unsigned char)name.p[n])
			return false;
	}
	return n == name.n;
}

bool url_query(struct slice query, struct slice name, struct slice *value, bool *twice)
{
	struct slice pair, key, rest;
	bool found = false;

	*twice = false;
	while (query.n) {
		query = slice_cut(query, '&', &pair);
		rest = slice_cut(pair, '=', &key);
		if (!name_is(key, name))
			continue;
		if (found)
			*twice = true;
		else
			*value = rest;
		found = true;
	}
	return found;
}
