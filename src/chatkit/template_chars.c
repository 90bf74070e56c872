/* SPDX-License-Identifier: MIT */
/* Characters as Python's str knows them: blanks, case, what repr shows. Source: the Unicode character database, 14 to 16 agree on all of this. */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

bool t_is_space(uint32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || (cp >= 0x09 && cp <= 0x0d) || (cp >= 0x1c && cp <= 0x1f);
	return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	       cp == 0x3000;
}

uint32_t t_char(struct slice s, size_t *n)
{
	uint32_t cp = 0xfffd;
	int got = utf8_get(s.p, s.n, &cp);

	*n = (size_t)(got < 0 ? -got : got);
	return cp;
}

struct slice t_strip_left(struct slice s)
{
	size_t n;

	while (s.n && t_is_space(t_char(s, &n)))
		s = slice_from(s, n);
	return s;
}

/* Where the last character begins; s is not empty. */
static size_t last_char(struct slice s)
{
	size_t at = s.n - 1;

	while (at && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

struct slice t_strip_right(struct slice s)
{
	size_t n;

	while (s.n && t_is_space(t_char(slice_from(s, last_char(s)), &n)))
		s.n = last_char(s);
	return s;
}

static bool one_of(struct slice chars, struct slice c)
{
	while (chars.n) {
		size_t n;

		(void)t_char(chars, &n);
		if (slice_eq(slice_upto(chars, n), c))
			return true;
		chars = slice_from(chars, n);
	}
	return false;
}

struct slice t_strip_of(struct slice s, struct slice chars, bool left, bool right)
{
	size_t n;

	while (left && s.n) {
		(void)t_char(s, &n);
		if (!one_of(chars, slice_upto(s, n)))
			break;
		s = slice_from(s, n);
	}
	while (right && s.n && one_of(chars, slice_from(s, last_char(s))))
		s.n = last_char(s);
	return s;
}

size_t t_chars(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

struct slice t_skip_chars(struct slice s, size_t n)
{
	return slice_from(s, utf8_cut_chars(s, n).n);
}

/* ---- case ---- */

/*
 * Letters from first to last: with step 1 each has its other form at a distance of by; with step 2 upper and lower alternate, beginning with an upper one.
 * upper says that the range holds the upper ones (of step 1). Beyond ASCII, and none between Armenian and the extended Latin letters.
 */
static const struct case_range {
	uint16_t first, last;
	uint8_t step;
	bool upper;
	int16_t by;
} ranges[] = {
	{0xc0, 0xd6, 1, true, 32}, {0xd8, 0xde, 1, true, 32}, {0xe0, 0xf6, 1, false, -32},
	{0xf8, 0xfe, 1, false, -32}, {0xff, 0xff, 1, false, 121}, {0xb5, 0xb5, 1, false, 743}, {0x100, 0x12f, 2, true, 1}, {0x131, 0x131, 1, false, -232},
	{0x132, 0x137, 2, true, 1}, {0x139, 0x148, 2, true, 1}, {0x14a, 0x177, 2, true, 1}, {0x178, 0x178, 1, true, -121}, {0x179, 0x17e, 2, true, 1},
	{0x17f, 0x17f, 1, false, -300}, {0x1cd, 0x1dc, 2, true, 1}, {0x1de, 0x1ef, 2, true, 1}, {0x1f8, 0x21f, 2, true, 1}, {0x222, 0x233, 2, true, 1},
	{0x386, 0x386, 1, true, 38}, {0x388, 0x38a, 1, true, 37}, {0x38c, 0x38c, 1, true, 64}, {0x38e, 0x38f, 1, true, 63}, {0x391, 0x3a1, 1, true, 32},
	{0x3a3, 0x3ab, 1, true, 32}, {0x3ac, 0x3ac, 1, false, -38}, {0x3ad, 0x3af, 1, false, -37}, {0x3b1, 0x3c1, 1, false, -32},
	{0x3c2, 0x3c2, 1, false, -31}, {0x3c3, 0x3cb, 1, false, -32}, {0x3cc, 0x3cc, 1, false, -64}, {0x3cd, 0x3ce, 1, false, -63},
	{0x345, 0x345, 1, false, 84}, {0x3d0, 0x3d0, 1, false, -62}, {0x3d1, 0x3d1, 1, false, -57}, {0x3d5, 0x3d5, 1, false, -47},
	{0x3d6, 0x3d6, 1, false, -54}, {0x3f0, 0x3f0, 1, false, -86}, {0x3f1, 0x3f1, 1, false, -80}, {0x3f4, 0x3f4, 1, true, -60},
	{0x3f5, 0x3f5, 1, false, -96}, {0x1e9b, 0x1e9b, 1, false, -59}, {0x400, 0x40f, 1, true, 80},
	{0x410, 0x42f, 1, true, 32}, {0x430, 0x44f, 1, false, -32}, {0x450, 0x45f, 1, false, -80},
	{0x460, 0x481, 2, true, 1}, {0x48a, 0x4bf, 2, true, 1}, {0x4c0, 0x4c0, 1, true, 15}, {0x4c1, 0x4ce, 2, true, 1}, {0x4cf, 0x4cf, 1, false, -15},
	{0x4d0, 0x52f, 2, true, 1}, {0x531, 0x556, 1, true, 48}, {0x561, 0x586, 1, false, -48}, {0x1e00, 0x1e95, 2, true, 1}, {0x1ea0, 0x1eff, 2, true, 1},
};

/* Letters that follow no rule: upper, lower. */
static const uint16_t pairs[][2] = {
	{0x181, 0x253}, {0x182, 0x183}, {0x184, 0x185}, {0x186, 0x254}, {0x187, 0x188}, {0x189, 0x256}, {0x18a, 0x257}, {0x18b, 0x18c}, {0x18e, 0x1dd},
	{0x18f, 0x259}, {0x190, 0x25b}, {0x191, 0x192}, {0x193, 0x260}, {0x194, 0x263}, {0x196, 0x269}, {0x197, 0x268}, {0x198, 0x199}, {0x19c, 0x26f},
	{0x19d, 0x272}, {0x19f, 0x275}, {0x1a0, 0x1a1}, {0x1a2, 0x1a3}, {0x1a4, 0x1a5}, {0x1a6, 0x280}, {0x1a7, 0x1a8}, {0x1a9, 0x283}, {0x1ac, 0x1ad},
	{0x1ae, 0x288}, {0x1af, 0x1b0}, {0x1b1, 0x28a}, {0x1b2, 0x28b}, {0x1b3, 0x1b4}, {0x1b5, 0x1b6}, {0x1b7, 0x292}, {0x1b8, 0x1b9}, {0x1bc, 0x1bd},
	{0x1c4, 0x1c6}, {0x1c7, 0x1c9}, {0x1ca, 0x1cc}, {0x1f1, 0x1f3}, {0x1f4, 0x1f5}, {0x1f6, 0x195}, {0x1f7, 0x1bf}, {0x220, 0x19e}, {0x23b, 0x23c},
	{0x23d, 0x19a}, {0x241, 0x242}, {0x243, 0x180}, {0x244, 0x289}, {0x245, 0x28c}, {0x246, 0x247}, {0x248, 0x249}, {0x24a, 0x24b}, {0x24c, 0x24d},
	{0x24e, 0x24f}, {0x370, 0x371}, {0x372, 0x373}, {0x376, 0x377}, {0x37f, 0x3f3}, {0x3cf, 0x3d7}, {0x3d8, 0x3d9}, {0x3da, 0x3db}, {0x3dc, 0x3dd},
	{0x3de, 0x3df}, {0x3e0, 0x3e1}, {0x3e2, 0x3e3}, {0x3e4, 0x3e5}, {0x3e6, 0x3e7}, {0x3e8, 0x3e9}, {0x3ea, 0x3eb}, {0x3ec, 0x3ed}, {0x3ee, 0x3ef},
	{0x3f7, 0x3f8}, {0x3f9, 0x3f2}, {0x3fa, 0x3fb}, {0x3fd, 0x37b}, {0x3fe, 0x37c}, {0x3ff, 0x37d},
};

static uint32_t by_pair(uint32_t cp, bool to_upper)
{
	for (size_t i = 0; i < countof(pairs); i++)
		if (pairs[i][to_upper] == cp)
			return pairs[i][!to_upper];
	return cp;
}

static uint32_t other_case(uint32_t cp, bool to_upper)
{
	/* Most of most texts: ASCII, and scripts without case. The tables are for the rest. */
	if (cp < 0x80)
		return cp >= (to_upper ? 'a' : 'A') && cp <= (to_upper ? 'z' : 'Z') ? cp ^ 0x20 : cp;
	if ((cp > 0x586 && cp < 0x1e00) || cp > 0x1eff)
		return cp;
	for (size_t i = 0; i < countof(ranges); i++) {
		const struct case_range *r = &ranges[i];

		if (cp < r->first || cp > r->last)
			continue;
		if (r->step == 1)
			return r->upper == to_upper ? cp : (uint32_t)((int32_t)cp + r->by);
		return to_upper ? cp - ((cp - r->first) & 1) : cp + !((cp - r->first) & 1);
	}
	return by_pair(cp, to_upper);
}

/* The letters here whose other form is longer than one. */
static const struct {
	uint16_t cp;
	bool to_upper;
	const char *text;
} long_cases[] = {
	{0xdf, true, "SS"}, {0x149, true, "\u02bcN"}, {0x1f0, true, "J\u030c"}, {0x390, true, "\u0399\u0308\u0301"}, {0x3b0, true, "\u03a5\u0308\u0301"},
	{0x587, true, "\u0535\u0552"}, {0x130, false, "i\u0307"}, {0x1e96, true, "H\u0331"}, {0x1e97, true, "T\u0308"}, {0x1e98, true, "W\u030a"},
	{0x1e99, true, "Y\u030a"}, {0x1e9a, true, "A\u02be"},
};

static void put_case(struct buf *out, uint32_t cp, bool to_upper)
{
	for (size_t i = 0; cp >= 0x80 && i < countof(long_cases); i++)
		if (long_cases[i].cp == cp && long_cases[i].to_upper == to_upper) {
			buf_adds(out, long_cases[i].text);
			return;
		}
	utf8_put(out, cp == 0x1e9e && !to_upper ? 0xdf : other_case(cp, to_upper));
}

void t_put_upper(struct buf *out, uint32_t cp)
{
	put_case(out, cp, true);
}

void t_put_title(struct buf *out, uint32_t cp)
{
	if (cp == 0xdf)
		buf_adds(out, "Ss");
	else if (cp == 0x587)
		buf_adds(out, "\u0535\u0582");
	else
		put_case(out, cp, true);
}

void t_put_lower(struct buf *out, uint32_t cp)
{
	put_case(out, cp, false);
}

/* ---- what is shown ---- */

bool t_is_printable(uint32_t cp)
{
	/* Controls, formats, separators, private use, noncharacters. */
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0x80, 0xa0}, {0xad, 0xad}, {0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x890, 0x891}, {0x8e2, 0x8e2}, {0x1680, 0x1680},
		{0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000}, {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
		{0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff},
	};

	for (size_t i = 0; i < countof(hidden); i++)
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return false;
	return (cp & 0xfffe) != 0xfffe;
}

void t_put_html(struct buf *out, struct slice s)
{
	static const struct {
		char c;
		const char *text;
	} names[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};

	for (size_t i = 0; i < s.n; i++) {
		const char *text = NULL;

		for (size_t k = 0; k < countof(names); k++)
			if (names[k].c == s.p[i])
				text = names[k].text;
		if (text)
			buf_adds(out, text);
		else
			buf_addch(out, s.p[i]);
	}
}

void t_put_replaced(struct buf *out, struct slice s, struct slice old, struct slice new, int64_t count)
{
	size_t n;

	for (; count != 0; count -= count > 0) {
		ptrdiff_t at = slice_find(s, old);

		if (at < 0 || !buf_ok(out))
			break;
		buf_add(out, slice_upto(s, (size_t)at));
		buf_add(out, new);
		s = slice_from(s, (size_t)at + old.n);
		if (old.n)
			continue;
		if (s.n == 0)
			return;
		(void)t_char(s, &n);
		buf_add(out, slice_upto(s, n));
		s = slice_from(s, n);
	}
	buf_add(out, s);
}
