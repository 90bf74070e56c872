/* SPDX-License-Identifier: MIT */
#include "wire/guard_keys.h"

#include "wire/guard_text.h"
#include "wire/scan.h"

void guard_keys_init(struct guard_keys *k)
{
	k->n = k->from = 0;
	k->over = false;
}

void guard_keys_open(struct guard_keys *k, struct guard_scope *outer)
{
	*outer = (struct guard_scope){k->from, k->over};
	k->from = k->n;
	k->over = false;
}

/* Over code points, so that an escape and what it stands for are one. */
static uint64_t hash_of(struct slice raw)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	uint64_t h = raw.n ? UINT64_C(0x6a09e667f3bcc909) : 0;
	bool bad = false;

	while (p < end) {
		uint32_t c = (unsigned char)*p < 0x80 && *p != '\\' ? (unsigned char)*p++ : guard_next(&p, end, &bad);

		h = (h ^ c) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h;
}

bool guard_keys_add(struct guard_keys *k, struct slice raw)
{
	uint64_t h;

	if (k->over)
		return true;
	if (k->n == GUARD_KEYS_MAX) {
		/* All of it is looked through at its end, so what it has here can make room for the objects within it. */
		k->over = true;
		k->n = k->from;
		return true;
	}
	h = hash_of(raw);
	for (unsigned i = k->from; i < k->n; i++)
		if (k->hash[i] == h)
			return false;
	k->hash[k->n++] = h;
	return true;
}

/* ---- an object that did not fit ---- */

struct cursor {
	const char *p, *end;
	unsigned depth;
	bool key_next;
};

static const char *string_end(const char *p, const char *end)
{
	while ((p = scan_plain(p, end)) < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p;
}

/* The next key of the object itself, not of those within it. The text is checked. */
static bool next_key(struct cursor *c, struct slice *raw)
{
	while (c->p < c->end) {
		const char *start = c->p + 1;

		switch (*c->p++) {
		case '"':
			c->p = string_end(start, c->end) + 1;
			if (c->depth != 1 || !c->key_next)
				break;
			c->key_next = false;
			*raw = slice_mem(start, (size_t)(c->p - 1 - start));
			return true;
		case '{':
		case '[':
			c->key_next = c->depth++ == 0;
			break;
		case '}':
		case ']':
			c->depth--;
			break;
		case ',':
			c->key_next = c->depth == 1;
			break;
		}
	}
	return false;
}

#define WINDOW 440 /* hashes, sorted: the smallest that have not been looked at yet */

/* Puts h in its place; false if it is there already. A full window loses its largest, which a later pass will see. */
static bool window_add(uint64_t *window, size_t *n, uint64_t h)
{
	size_t low = 0, high = *n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (window[mid] == h)
			return false;
		if (window[mid] < h)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == WINDOW)
		return true;
	if (*n < WINDOW)
		++*n;
	memmove(window + low + 1, window + low, (*n - 1 - low) * sizeof(*window));
	window[low] = h;
	return true;
}

/* Each pass takes the WINDOW next larger hashes, so there are as many passes as keys fill windows, whatever keys somebody chose. */
static __attribute__((noinline)) bool all_differ(struct slice object, struct slice *twice)
{
	uint64_t window[WINDOW], floor = 0;
	size_t n;

	do {
		struct cursor c = {object.p, object.p + object.n, 0, false};

		n = 0;
		while (next_key(&c, twice)) {
			uint64_t h = hash_of(*twice);

			if (h >= floor && !window_add(window, &n, h))
				return false;
		}
		floor = n ? window[n - 1] + 1 : 0;
	} while (n == WINDOW && floor != 0);
	return true;
}

bool guard_keys_close(struct guard_keys *k, const struct guard_scope *outer, struct slice object, struct slice *twice)
{
	bool ok = !k->over || all_differ(object, twice);

	k->n = k->from;
	k->from = outer->from;
	k->over = outer->over;
	return ok;
}
