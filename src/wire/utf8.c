/* SPDX-License-Identifier: MIT */
#include "wire/utf8.h"

/* RFC 3629, section 4: how long, and what the second byte may be, by the first; the others are 80..bf. */
struct lead {
	unsigned char n, low, high, bits;
};

static struct lead lead_of(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return (struct lead){0, 0, 0, 0};
	if (c < 0xe0)
		return (struct lead){2, 0x80, 0xbf, c & 0x1f};
	if (c < 0xf0)
		return (struct lead){3, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf, c & 0x0f};
	return (struct lead){4, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf, c & 0x07};
}

int utf8_get(const char *p, size_t n, uint32_t *code_point)
{
	const unsigned char *u = (const unsigned char *)p;
	struct lead lead;
	uint32_t cp;

	if (u[0] < 0x80) {
		*code_point = u[0];
		return 1;
	}
	lead = lead_of(u[0]);
	if (lead.n == 0)
		return -1;
	cp = lead.bits;
	for (unsigned i = 1; i < lead.n; i++) {
		unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xbf;

		if (i == n || u[i] < low || u[i] > high)
			return -(int)i;
		cp = cp << 6 | (u[i] & 0x3f);
	}
	*code_point = cp;
	return lead.n;
}

/* Bytes of p that are ASCII, eight at a time; may stop a little early. */
static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return i;
}

bool utf8_valid(struct slice s)
{
	uint32_t cp;

	while (s.n) {
		size_t run = ascii_run(s.p, s.n);
		int got;

		if (run) {
			s = slice_from(s, run);
			continue;
		}
		got = utf8_get(s.p, s.n, &cp);
		if (got < 0)
			return false;
		s = slice_from(s, (size_t)got);
	}
	return true;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

struct slice utf8_cut(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max && continues(s.p[max]))
		max--;
	return slice_upto(s, max);
}

struct slice utf8_cut_chars(struct slice s, size_t max_chars)
{
	for (size_t i = 0; i < s.n; i++)
		if (!continues(s.p[i]) && max_chars-- == 0)
			return slice_upto(s, i);
	return s;
}

size_t utf8_partial_tail(struct slice s)
{
	uint32_t cp;

	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		const char *p = s.p + s.n - back;

		if (continues(*p))
			continue;
		/* Bad only because the text ends here: the sequence is all that is left, and its first byte begins a longer one. */
		if (utf8_get(p, back, &cp) == -(int)back && lead_of((unsigned char)*p).n > back)
			return back;
		return 0;
	}
	return 0;
}

void utf8_mend(struct buf *out, struct slice s)
{
	size_t good = 0, i = 0;
	uint32_t cp;

	while (i < s.n) {
		int got = utf8_get(s.p + i, s.n - i, &cp);

		if (got > 0 && cp != 0) {
			i += (size_t)got;
			continue;
		}
		buf_addmem(out, s.p + good, i - good);
		utf8_put(out, 0xfffd);
		i += (size_t)(got < 0 ? -got : got);
		good = i;
	}
	buf_add(out, slice_from(s, good));
}

size_t utf8_len16(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += !continues(s.p[i]) + ((unsigned char)s.p[i] >= 0xf0);
	return n;
}

size_t utf8_encode(uint32_t cp, char c[4])
{
	size_t n = 0;

	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		c[n++] = (char)cp;
	} else if (cp < 0x800) {
		c[n++] = (char)(0xc0 | cp >> 6);
		c[n++] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		c[n++] = (char)(0xe0 | cp >> 12);
		c[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		c[n++] = (char)(0x80 | (cp & 0x3f));
	} else {
		c[n++] = (char)(0xf0 | cp >> 18);
		c[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
		c[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		c[n++] = (char)(0x80 | (cp & 0x3f));
	}
	return n;
}

void utf8_put(struct buf *out, uint32_t cp)
{
	char c[4];

	buf_addmem(out, c, utf8_encode(cp, c));
}
