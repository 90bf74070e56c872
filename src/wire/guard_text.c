/* SPDX-License-Identifier: MIT */
#include "wire/guard_text.h"

#include "base/ascii.h"
#include "wire/guard.h"
#include "wire/scan.h"
#include "wire/utf8.h"

int guard_hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = ascii_hex(p[i]);

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* *p is behind "\u". */
static uint32_t next_unicode(const char **p, const char *end, bool *bad)
{
	int unit = guard_hex4(*p, end), low;

	*p += 4;
	if (unit > 0 && (unit < 0xd800 || unit > 0xdfff))
		return (uint32_t)unit;
	low = unit >= 0xd800 && unit < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? guard_hex4(*p + 2, end) : -1;
	if (low >= 0xdc00 && low <= 0xdfff) {
		*p += 6;
		return 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	}
	*bad = true;
	return 0xfffd;
}

uint32_t guard_next(const char **p, const char *end, bool *bad)
{
	uint32_t cp = 0xfffd;
	int got;

	if (**p != '\\') {
		got = utf8_get(*p, (size_t)(end - *p), &cp);
		*p += got < 0 ? -got : got;
		if (got < 0)
			*bad = true;
		return got < 0 ? 0xfffd : cp;
	}
	*p += 2;
	switch ((*p)[-1]) {
	case 'u': return next_unicode(p, end, bad);
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	}
	return (unsigned char)(*p)[-1];
}

bool guard_key_is(struct slice raw, const char *segment)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	bool bad = false;

	while (p < end && *segment && *segment != '.') {
		uint32_t want;
		int got = utf8_get(segment, strlen(segment), &want);

		if (got < 0 || guard_next(&p, end, &bad) != want)
			return false;
		segment += got;
	}
	return p == end && !bad && (*segment == '\0' || *segment == '.');
}

/* s is string content. Copies it as it is written, but for what is bad; returns where its closing quote is, or end. */
static const char *mend_string(const char *p, const char *end, struct buf *out)
{
	const char *clean = p;

	while ((p = scan_plain(p, end)) < end && *p != '"') {
		const char *at = p;
		bool bad = false;

		guard_next(&p, end, &bad);
		if (!bad)
			continue;
		buf_addmem(out, clean, (size_t)(at - clean));
		utf8_put(out, 0xfffd);
		clean = p;
	}
	buf_addmem(out, clean, (size_t)(p - clean));
	return p;
}

static struct slice number_at(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && (ascii_is_digit(p[n]) || (p[n] && strchr("+-.eE", p[n]))))
		n++;
	return slice_mem(p, n);
}

static bool is_whole(struct slice number)
{
	return slice_find(number, S(".")) < 0 && slice_find(number, S("e")) < 0 && slice_find(number, S("E")) < 0;
}

void guard_mend(struct slice in, struct buf *out)
{
	const char *p = in.p, *end = in.n ? in.p + in.n : in.p;

	while (p < end) {
		struct slice number = number_at(p, end);

		if (number.n && *p != 'e' && *p != 'E') {
			buf_add(out, number);
			if (is_whole(number) && guard_too_big(number))
				buf_add(out, S(".0"));
			p += number.n;
			continue;
		}
		buf_addch(out, *p++);
		if (p[-1] != '"')
			continue;
		p = mend_string(p, end, out);
		if (p < end)
			buf_addch(out, *p++);
	}
}

void guard_unescape(struct slice raw, struct buf *out)
{
	const char *p, *end, *plain;
	bool bad = false;

	if (raw.n < 2)
		return;
	p = raw.p + 1;
	end = raw.p + raw.n - 1;
	while (p < end) {
		plain = p;
		p = scan_plain(p, end);
		buf_addmem(out, plain, (size_t)(p - plain));
		if (p < end)
			utf8_put(out, guard_next(&p, end, &bad));
	}
}

/* The code point of the escaped pair at p, or 0. */
static uint32_t pair_at(const char *p, const char *end)
{
	int high, low;

	if (end - p < 12 || p[1] != 'u' || p[6] != '\\' || p[7] != 'u')
		return 0;
	high = guard_hex4(p + 2, end);
	low = guard_hex4(p + 8, end);
	if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
}

bool guard_pairs(struct slice in, struct buf *out)
{
	const char *p = in.p, *end = in.p + in.n, *from = p, *at;
	bool some = false;

	/* A backslash stands in strings only, and takes the next byte with it. */
	while (p < end && (at = memchr(p, '\\', (size_t)(end - p)))) {
		uint32_t c = pair_at(at, end);

		p = at + 2;
		if (c == 0)
			continue;
		buf_addmem(out, from, (size_t)(at - from));
		utf8_put(out, c);
		p = from = at + 12;
		some = true;
	}
	if (some)
		buf_addmem(out, from, (size_t)(end - from));
	return some;
}
