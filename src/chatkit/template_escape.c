/* SPDX-License-Identifier: MIT */
/* What the backslashes of a string literal stand for: Python's rules. */
#include "chatkit/template_inner.h"

#include "base/ascii.h"
#include "wire/utf8.h"

/* Exactly n hexadecimal digits from *p on. */
static bool hex(const char **p, const char *end, unsigned n, uint32_t *out)
{
	for (*out = 0; n; n--, (*p)++) {
		int d = *p < end ? ascii_hex(**p) : -1;

		if (d < 0)
			return false;
		*out = *out << 4 | (uint32_t)d;
	}
	return true;
}

static bool code_point(const char **p, const char *end, unsigned n, struct buf *out)
{
	uint32_t cp, low;

	if (!hex(p, end, n, &cp))
		return false;
	/* Two halves are one character: Python keeps them apart and cannot write them. */
	if (cp >= 0xd800 && cp < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		*p += 2;
		if (!hex(p, end, 4, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return false;
	utf8_put(out, cp);
	return true;
}

static void octal(const char **p, const char *end, struct buf *out)
{
	uint32_t cp = 0;

	for (int i = 0; i < 3 && *p < end && **p >= '0' && **p <= '7'; i++)
		cp = cp << 3 | (uint32_t)(*(*p)++ - '0');
	utf8_put(out, cp);
}

/* *p is behind the backslash. */
static bool escape(const char **p, const char *end, struct buf *out)
{
	static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
	char c = **p;
	const char *known = c ? strchr(from, c) : NULL;

	if (c >= '0' && c <= '7') {
		octal(p, end, out);
		return true;
	}
	++*p;
	if (c == 'x' || c == 'u' || c == 'U')
		return code_point(p, end, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
	if (c == 'N' || (unsigned char)c >= 0x80)
		return false;
	if (known) {
		buf_addch(out, to[known - from]);
	} else if (c != '\n') {
		/* Python keeps an escape that it does not know. */
		buf_addch(out, '\\');
		buf_addch(out, c);
	}
	return true;
}

bool t_unescape(struct slice s, struct buf *out)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));

		buf_addmem(out, p, (size_t)((slash ? slash : end) - p));
		p = slash ? slash + 1 : end;
		if (slash && !escape(&p, end, out))
			return false;
	}
	return true;
}
