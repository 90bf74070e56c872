/* SPDX-License-Identifier: MIT */
#include "wire/guard.h"

#include "wire/guard_state.h"
#include "wire/guard_text.h"
#include "wire/scan.h"
#include "wire/utf8.h"

static bool value(struct guard *g);

/* Not JSON. */
static bool broken(struct guard *g, const char *what)
{
	g->fault = what;
	return false;
}

/* JSON, and refused; at is where. */
static bool refused(struct guard *g, const char *at, const char *what)
{
	g->p = at;
	g->policy = true;
	g->fault = what;
	return false;
}

static bool duplicate(struct guard *g, struct slice key)
{
	g->twice = key;
	return refused(g, key.p - 1, "duplicate key");
}

/* JSON that an upstream may send and a client may not. */
static bool mendable(struct guard *g, const char *at, const char *what)
{
	if (!g->limits->upstream)
		return refused(g, at, what);
	g->seen.needs_mend = true;
	return true;
}

/* The next byte; NUL, which stands nowhere in JSON, at the end. */
static char peek(const struct guard *g)
{
	return g->p < g->end ? *g->p : '\0';
}

static inline char peek_past_blanks(struct guard *g)
{
	/* Machines write few blanks: one comparison says that there is none. */
	while (g->p < g->end && *g->p <= ' ' && (*g->p == ' ' || *g->p == '\n' || *g->p == '\r' || *g->p == '\t'))
		g->p++;
	return peek(g);
}

/* ---- strings ---- */

static bool unicode_escape(struct guard *g, const char *at)
{
	int unit = guard_hex4(g->p + 1, g->end);

	if (unit < 0)
		return broken(g, "bad \\u escape");
	g->p += 5;
	if (unit == 0)
		return mendable(g, at, "\\u0000 in a string");
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (unit < 0xdc00 && g->end - g->p >= 6 && g->p[0] == '\\' && g->p[1] == 'u') {
		int low = guard_hex4(g->p + 2, g->end);

		if (low >= 0xdc00 && low <= 0xdfff) {
			g->p += 6;
			return true;
		}
	}
	return mendable(g, at, "half a surrogate pair in a string");
}

static bool escape(struct guard *g)
{
	const char *at = g->p++;

	switch (peek(g)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		g->p++;
		return true;
	case 'u':
		return unicode_escape(g, at);
	}
	return broken(g, "bad escape");
}

static bool beyond_ascii(struct guard *g)
{
	uint32_t cp;
	int got = utf8_get(g->p, (size_t)(g->end - g->p), &cp);

	if (got < 0 && !mendable(g, g->p, "bad UTF-8"))
		return false;
	g->p += got < 0 ? -got : got;
	return true;
}

/* p is where scan_plain stopped. */
static bool string_rest(struct guard *g)
{
	for (;; g->p = scan_plain(g->p, g->end)) {
		if (g->p == g->end)
			return broken(g, "string without an end");
		if (*g->p == '"') {
			g->p++;
			return true;
		}
		if (*g->p == '\\') {
			g->escaped = true;
			if (!escape(g))
				return false;
		} else if ((unsigned char)*g->p < 0x80) {
			return broken(g, "control byte in a string");
		} else if (!beyond_ascii(g)) {
			return false;
		}
	}
}

/* p is at the opening quote, and behind the closing one afterwards. */
static inline bool string(struct guard *g)
{
	g->p = scan_plain(g->p + 1, g->end);
	if (peek(g) != '"')
		return string_rest(g);
	g->p++;
	return true;
}

/* ---- numbers and words ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool digits(struct guard *g)
{
	if (!is_digit(peek(g)))
		return broken(g, "bad number");
	while (is_digit(peek(g)))
		g->p++;
	return true;
}

static bool number(struct guard *g)
{
	const char *start = g->p;
	bool whole = true;

	if (peek(g) == '-')
		g->p++;
	if (peek(g) == '0')
		g->p++; /* a digit after it will be found where a comma should be */
	else if (!digits(g))
		return false;
	if (peek(g) == '.') {
		whole = false;
		g->p++;
		if (!digits(g))
			return false;
	}
	if (peek(g) == 'e' || peek(g) == 'E') {
		whole = false;
		g->p++;
		if (peek(g) == '+' || peek(g) == '-')
			g->p++;
		if (!digits(g))
			return false;
	}
	whole = whole && guard_too_big(slice_mem(start, (size_t)(g->p - start)));
	/* What is mended must pass again, with its ".0". */
	if (g->p - start > (whole ? GUARD_NUMBER_MAX - 2 : GUARD_NUMBER_MAX))
		return refused(g, start, "number too long");
	return whole ? mendable(g, start, "integer out of range") : true;
}

static bool word(struct guard *g, struct slice want)
{
	if (!slice_starts(slice_mem(g->p, (size_t)(g->end - g->p)), want))
		return broken(g, "unexpected byte");
	g->p += want.n;
	return true;
}

/* ---- containers ---- */

static bool picked_value(struct guard *g, uint16_t here)
{
	const char *start = g->p;

	if (!value(g))
		return false;
	for (unsigned rest = here; rest; rest &= rest - 1)
		g->picks[__builtin_ctz(rest)].raw = slice_mem(start, (size_t)(g->p - start));
	return true;
}

static struct guard_level *open_level(struct guard *g, bool is_array)
{
	struct guard_level *lv = &g->level[g->depth];

	if (g->depth >= g->limits->depth) {
		refused(g, g->p, "nested too deeply");
		return NULL;
	}
	g->p++;
	g->depth++;
	lv->is_array = is_array;
	lv->index = 0;
	return lv;
}

static bool member(struct guard *g, struct guard_level *lv)
{
	const char *start = g->p;
	uint16_t here = 0;

	lv->key = SLICE_NONE;
	g->escaped = false;
	if (peek(g) != '"')
		return broken(g, "expected a key");
	if (!string(g))
		return false;
	lv->key = slice_mem(start + 1, (size_t)(g->p - start - 2));
	if (lv->key.n > g->limits->key)
		return refused(g, start, "key too long");
	if (g->keys && !guard_keys_add(g->keys, lv->key))
		return duplicate(g, lv->key);
	if (peek_past_blanks(g) != ':')
		return broken(g, "expected ':'");
	g->p++;
	peek_past_blanks(g);
	g->level[g->depth].live = 0;
	if (lv->live)
		here = guard_match(g, lv, lv->key);
	return here ? picked_value(g, here) : value(g);
}

static bool object(struct guard *g)
{
	const char *start = g->p;
	struct guard_level *lv = open_level(g, false);
	struct guard_scope scope;
	struct slice twice;

	if (!lv)
		return false;
	g->seen.objects++;
	if (g->keys)
		guard_keys_open(g->keys, &scope);
	if (peek_past_blanks(g) != '}')
		for (;;) {
			if (!member(g, lv))
				return false;
			if (peek_past_blanks(g) != ',')
				break;
			g->p++;
			peek_past_blanks(g);
		}
	if (peek(g) != '}')
		return broken(g, "expected ',' or '}'");
	g->p++;
	if (g->keys && !guard_keys_close(g->keys, &scope, slice_mem(start, (size_t)(g->p - start)), &twice))
		return duplicate(g, twice);
	g->depth--;
	return true;
}

static bool array(struct guard *g)
{
	struct guard_level *lv = open_level(g, true);

	if (!lv)
		return false;
	g->seen.arrays++;
	if (peek_past_blanks(g) != ']')
		for (;;) {
			uint16_t here = 0;

			g->level[g->depth].live = 0;
			if (lv->live)
				here = guard_match_index(g, lv);
			if (!(here ? picked_value(g, here) : value(g)))
				return false;
			if (peek_past_blanks(g) != ',')
				break;
			g->p++;
			peek_past_blanks(g);
			lv->index++;
		}
	if (peek(g) != ']')
		return broken(g, "expected ',' or ']'");
	g->p++;
	g->depth--;
	return true;
}

/* Recursion is as deep as limits->depth, and its frames are small. */
static bool value(struct guard *g)
{
	if (++g->seen.nodes > g->limits->nodes)
		return refused(g, g->p, "too many values");
	switch (peek(g)) {
	case '"': return string(g);
	case '{': return object(g);
	case '[': return array(g);
	case 't': return word(g, S("true"));
	case 'f': return word(g, S("false"));
	case 'n': return word(g, S("null"));
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9': return number(g);
	}
	return broken(g, "unexpected byte");
}

/* ---- the whole ---- */

static enum rc walk(struct guard *g, struct err *e)
{
	char first = peek_past_blanks(g);
	bool ok = first == '{' || g->limits->any_top || first == '\0' ? value(g) : refused(g, g->p, "expected an object");

	if (ok && (peek_past_blanks(g), g->p < g->end))
		ok = broken(g, "bytes after the end");
	return ok ? RC_OK : guard_explain(g, e);
}

/* In a frame of its own, so that an upstream's deltas do not pay for the table. */
static __attribute__((noinline)) enum rc walk_with_keys(struct guard *g, struct err *e)
{
	struct guard_keys keys;

	guard_keys_init(&keys);
	g->keys = &keys;
	return walk(g, e);
}

enum rc guard_walk(struct slice in, const struct guard_limits *limits, struct guard_pick *picks, size_t n_picks, struct guard_seen *seen,
		   struct err *e)
{
	struct guard g;
	enum rc rc;

	CHECK(limits->depth <= GUARD_DEPTH_MAX && n_picks <= GUARD_PICKS_MAX);
	if (in.n == 0)
		in = S("");
	g.p = g.start = in.p;
	g.end = in.p + in.n;
	g.limits = limits;
	g.picks = picks;
	g.keys = NULL;
	g.seen = (struct guard_seen){.needs_mend = false};
	g.depth = 0;
	g.fault = NULL;
	g.policy = g.escaped = false;
	g.twice = SLICE_NONE;
	g.level[0].live = (uint16_t)((1u << n_picks) - 1);
	memset(g.level[0].at, 0, sizeof(g.level[0].at));
	for (size_t i = 0; i < n_picks; i++)
		picks[i].raw = SLICE_NONE;
	rc = limits->upstream ? walk(&g, e) : walk_with_keys(&g, e);
	if (rc == RC_OK && seen)
		*seen = g.seen;
	return rc;
}

enum rc guard_check(struct slice in, const struct guard_limits *limits, struct guard_pick *picks, size_t n_picks, bool *needs_mend,
		    struct err *e)
{
	struct guard_seen seen;
	enum rc rc = guard_walk(in, limits, picks, n_picks, &seen, e);

	if (rc == RC_OK && needs_mend)
		*needs_mend = seen.needs_mend;
	return rc;
}
