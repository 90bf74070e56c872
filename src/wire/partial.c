/* SPDX-License-Identifier: MIT */
#include "wire/partial.h"

#include "base/ascii.h"
#include "wire/guard_text.h"
#include "wire/scan.h"
#include "wire/utf8.h"

#define DEPTH_MAX 32

/* What may come next, blanks apart. */
enum want { WANT_VALUE, WANT_FIRST, WANT_KEY, WANT_FIRST_KEY, WANT_COLON, WANT_MORE, WANT_NOTHING };

struct walk {
	const char *p, *end;
	const char *safe;  /* what stands before it is whole, but for the closing of what is open; nothing was opened or closed since */
	const char *text;  /* in a string value that is open: behind its last whole character; else NULL */
	enum want want;
	unsigned depth;
	char close[DEPTH_MAX]; /* for each open container, its end */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void value_is_whole(struct walk *w)
{
	w->safe = w->p;
	w->want = w->depth ? WANT_MORE : WANT_NOTHING;
}

/*
 * The escape at p, as far as it is there: *bytes is its length, or 0 when it is not whole. A high surrogate is half a character until what follows is
 * known. false: it is none.
 */
static bool escape(const char *p, const char *end, size_t *bytes)
{
	int unit;

	*bytes = 0;
	if (end - p < 2)
		return true;
	if (p[1] != 'u') {
		*bytes = 2;
		return strchr("\"\\/bfnrt", p[1]) && p[1];
	}
	for (int i = 2; i < 6 && p + i < end; i++)
		if (ascii_hex(p[i]) < 0)
			return false;
	if (end - p < 6)
		return true;
	unit = guard_hex4(p + 2, end);
	*bytes = 6;
	if ((unit & 0xfc00) != 0xd800 || (end - p >= 7 && p[6] != '\\') || (end - p >= 8 && p[7] != 'u'))
		return true;
	if (end - p < 12) {
		*bytes = 0;
		return true;
	}
	if ((guard_hex4(p + 8, end) & 0xfc00) == 0xdc00)
		*bytes = 12;
	return true;
}

/* Behind the quote of a string; to behind its end, or to the end of all. whole says which. false: it is none. */
static bool string(struct walk *w, bool *whole, const char **last)
{
	const char *p = w->p;

	*whole = false;
	while ((p = scan_plain(p, w->end)) < w->end && *p != '"') {
		size_t n = 1;

		if ((unsigned char)*p < 0x20 || (*p == '\\' && !escape(p, w->end, &n)))
			return false;
		if (n == 0)
			break;
		p += n;
	}
	*last = p;
	*whole = p < w->end && *p == '"';
	if (!*whole && p == w->end)
		*last = p - utf8_partial_tail(slice_mem(w->p, (size_t)(p - w->p)));
	w->p = *whole ? p + 1 : w->end;
	return true;
}

static bool key(struct walk *w)
{
	const char *last;
	bool whole;

	if (*w->p++ != '"' || !string(w, &whole, &last))
		return false;
	w->want = WANT_COLON;
	return true;
}

static bool open_container(struct walk *w, char closing)
{
	if (w->depth == DEPTH_MAX)
		return false;
	w->close[w->depth++] = closing;
	w->safe = ++w->p;
	w->want = closing == '}' ? WANT_FIRST_KEY : WANT_FIRST;
	return true;
}

/* A literal or a number is whole when something else follows. What it is made of is for guard to say. */
static bool word(struct walk *w)
{
	const char *from = w->p;

	while (w->p < w->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *w->p) && *w->p)
		w->p++;
	if (w->p == from)
		return false;
	if (w->p < w->end)
		value_is_whole(w);
	return true;
}

/* These three need nothing behind them to be whole. */
static bool literal(struct walk *w)
{
	static const struct slice names[] = {S_INIT("true"), S_INIT("false"), S_INIT("null")};

	for (size_t i = 0; i < countof(names); i++)
		if (slice_starts(slice_mem(w->p, (size_t)(w->end - w->p)), names[i])) {
			w->p += names[i].n;
			value_is_whole(w);
			return true;
		}
	return false;
}

static bool value(struct walk *w)
{
	const char *last;
	bool whole;

	switch (*w->p) {
	case '{':
		return open_container(w, '}');
	case '[':
		return open_container(w, ']');
	case '"':
		w->p++;
		if (!string(w, &whole, &last))
			return false;
		if (whole)
			value_is_whole(w);
		else
			w->text = last;
		return true;
	default:
		return literal(w) || word(w);
	}
}

static bool close_container(struct walk *w)
{
	if (w->depth == 0 || *w->p != w->close[w->depth - 1])
		return false;
	w->depth--;
	w->p++;
	value_is_whole(w);
	return true;
}

/* One token. false: it cannot stand here. */
static bool step(struct walk *w)
{
	char c = *w->p;

	switch (w->want) {
	case WANT_VALUE:
		return value(w);
	case WANT_FIRST:
		return c == ']' ? close_container(w) : value(w);
	case WANT_FIRST_KEY:
		return c == '}' ? close_container(w) : key(w);
	case WANT_KEY:
		return key(w);
	case WANT_COLON:
		w->want = WANT_VALUE;
		return *w->p++ == ':';
	case WANT_MORE:
		if (c != ',')
			return close_container(w);
		w->p++;
		w->want = w->close[w->depth - 1] == '}' ? WANT_KEY : WANT_VALUE;
		return true;
	case WANT_NOTHING:
		return false;
	}
	return false;
}

bool json_complete(struct slice prefix, struct buf *out)
{
	struct walk w = {.p = prefix.p, .safe = prefix.p, .want = WANT_VALUE};

	if (prefix.n == 0)
		return false;
	w.end = prefix.p + prefix.n;
	while (w.p < w.end) {
		if (is_blank(*w.p))
			w.p++;
		else if (!step(&w))
			return false;
	}
	if (!w.text && w.safe == prefix.p)
		return false;
	buf_addmem(out, prefix.p, (size_t)((w.text ? w.text : w.safe) - prefix.p));
	if (w.text)
		buf_addch(out, '"');
	while (w.depth)
		buf_addch(out, w.close[--w.depth]);
	return true;
}
