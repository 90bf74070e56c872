/* SPDX-License-Identifier: MIT */
#include "model/demo_inner.h"

#include "base/ascii.h"

#define TEXT_MAX 2000 /* bytes that are read of a message */

static bool word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 || c == '\'';
}

/* Where phrase stands as whole words, or -1. */
ptrdiff_t twin_find(const struct twin *t, const char *phrase)
{
	size_t n = strlen(phrase);

	for (size_t i = 0; i + n <= t->n; i++) {
		if (memcmp(t->low + i, phrase, n) != 0)
			continue;
		if ((i > 0 && word_byte(t->low[i - 1]) && word_byte(phrase[0])) ||
		    (i + n < t->n && word_byte(t->low[i + n]) && word_byte(phrase[n - 1])))
			continue;
		return (ptrdiff_t)i;
	}
	return -1;
}

void twin_cut_out(struct twin *t, size_t at, size_t n)
{
	memmove(t->text + at, t->text + at + n, t->n - at - n);
	memmove(t->low + at, t->low + at + n, t->n - at - n);
	t->n -= n;
}

void twin_trim(struct twin *t)
{
	static const char edges[] = " \t\r\n.!?,;:";

	while (t->n && strchr(edges, t->low[t->n - 1]))
		t->n--;
	while (t->n && strchr(edges, t->low[0]))
		twin_cut_out(t, 0, 1);
}

bool twin_take(struct twin *t, const char *phrase)
{
	ptrdiff_t at = twin_find(t, phrase);

	if (at < 0)
		return false;
	twin_cut_out(t, (size_t)at, strlen(phrase));
	twin_trim(t);
	return true;
}

bool twin_take_any(struct twin *t, const char *const *phrases)
{
	bool any = false;

	for (; *phrases; phrases++)
		any |= twin_take(t, *phrases);
	return any;
}

bool twin_take_first(struct twin *t, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		if (twin_find(t, *phrases) != 0)
			continue;
		twin_cut_out(t, 0, strlen(*phrases));
		twin_trim(t);
		return true;
	}
	return false;
}

bool twin_has_any(const struct twin *t, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (twin_find(t, *phrases) >= 0)
			return true;
	return false;
}

bool twin_begins_any(const struct twin *t, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (twin_find(t, *phrases) == 0)
			return true;
	return false;
}

struct twin twin_new(struct arena *a, struct slice s)
{
	struct twin t;

	s = slice_upto(s, TEXT_MAX);
	t.n = s.n;
	t.text = arena_alloc(a, s.n + 1);
	t.low = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] == '\n' || s.p[i] == '\t' ? ' ' : s.p[i];

		t.text[i] = c;
		t.low[i] = ascii_lower(c);
	}
	twin_trim(&t);
	return t;
}

struct slice twin_words(const struct twin *t)
{
	return slice_mem(t->text, t->n);
}
