/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include "base/ascii.h"

bool slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice a)
{
	while (a.n && is_blank(a.p[0]))
		a = slice_from(a, 1);
	while (a.n && is_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

struct slice slice_cut(struct slice a, char c, struct slice *head)
{
	const char *at = a.n ? memchr(a.p, c, a.n) : NULL;

	if (!at) {
		*head = a;
		return slice_from(a, a.n);
	}
	*head = slice_upto(a, (size_t)(at - a.p));
	return slice_from(a, head->n + 1);
}

ptrdiff_t slice_find(struct slice hay, struct slice needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (hay.n < needle.n)
		return -1;
	at = memmem(hay.p, hay.n, needle.p, needle.n);
	return at ? at - hay.p : -1;
}

bool slice_i64(struct slice a, int64_t min, int64_t max, int64_t *out)
{
	bool minus = a.n && a.p[0] == '-';
	struct slice digits = slice_from(a, minus);
	int64_t v = 0;

	if (digits.n == 0 || (digits.p[0] == '0' && (digits.n > 1 || minus)))
		return false;
	/* Counted downwards: the negative range is the larger one. */
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, c - '0', &v))
			return false;
	}
	if (!minus && __builtin_sub_overflow(0, v, &v))
		return false;
	if (v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* Only the last star is ever tried again: an earlier one that took less has the same rest before it. So the time is |pattern| * |s| at most. */
bool slice_glob(struct slice pattern, struct slice s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, taken = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			taken = i;
		} else if (p < pattern.n && pattern.p[p] == s.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d == 0)
		return (a.n > b.n) - (a.n < b.n);
	return d < 0 ? -1 : 1;
}
