/* SPDX-License-Identifier: MIT */
#include "wire/guard_keys.h"

#include "wire/guard_text.h"
#include "wire/scan.h"
#include "wire/utf8.h"

void guard_keys_init(struct guard_keys *k)
{
	k->n = k->from = k->count = 0;
	k->over = false;
}

void guard_keys_open(struct guard_keys *k, struct guard_scope *outer)
{
	*outer = (struct guard_scope){k->from, k->count, k->over};
	k->from = k->n;
	k->count = 0;
	k->over = false;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* The same for a key with escapes: of the bytes that it stands for. */
static __attribute__((noinline)) uint64_t hash_decoded(struct slice raw)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	uint64_t h = 0, word = 0;
	unsigned n = 0;
	bool bad = false;

	while (p < end) {
		char utf8[4];
		size_t len = utf8_encode(guard_next(&p, end, &bad), utf8);

		for (size_t i = 0; i < len; i++) {
			memcpy((char *)&word + n % 8, utf8 + i, 1);
			if (++n % 8 == 0) {
				h = mix(h, word);
				word = 0;
			}
		}
	}
	return mix(mix(h, word), n);
}

/* Eight bytes a step, the last step filled with zeros, then the length. */
static uint64_t hash_of(struct slice raw)
{
	uint64_t h = 0, word = 0;
	size_t i = 0;

	if (raw.n && memchr(raw.p, '\\', raw.n))
		return hash_decoded(raw);
	for (; raw.n - i >= 8; i += 8) {
		memcpy(&word, raw.p + i, 8);
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, raw.p ? raw.p + i : "", raw.n - i);
	return mix(mix(h, word), raw.n);
}

bool guard_keys_add(struct guard_keys *k, struct slice raw)
{
	uint64_t h;

	k->count++;
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

static int compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static struct cursor cursor_of(struct slice object)
{
	return (struct cursor){object.p, object.p + object.n, 0, false};
}

/* The second key of this hash. */
static void find_twice(struct slice object, uint64_t h, struct slice *twice)
{
	struct cursor c = cursor_of(object);
	int seen = 0;

	while (seen < 2 && next_key(&c, twice))
		seen += hash_of(*twice) == h;
}

static bool all_differ(struct slice object, size_t n, struct slice *twice)
{
	struct cursor c = cursor_of(object);
	uint64_t *hash = xalloc(n * sizeof(*hash));
	struct slice raw;
	bool ok = true;

	for (size_t i = 0; next_key(&c, &raw); i++) {
		CHECK(i < n);
		hash[i] = hash_of(raw);
	}
	qsort(hash, n, sizeof(*hash), compare);
	for (size_t i = 1; ok && i < n; i++)
		if (hash[i] == hash[i - 1]) {
			find_twice(object, hash[i], twice);
			ok = false;
		}
	free(hash);
	return ok;
}

bool guard_keys_close(struct guard_keys *k, const struct guard_scope *outer, struct slice object, struct slice *twice)
{
	bool ok = !k->over || all_differ(object, k->count, twice);

	k->n = k->from;
	k->from = outer->from;
	k->count = outer->count;
	k->over = outer->over;
	return ok;
}
