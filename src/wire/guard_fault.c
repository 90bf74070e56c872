/* SPDX-License-Identifier: MIT */
#include "wire/guard_state.h"

#define FOREIGN_MAX 60 /* bytes of the input in one text */

struct echo {
	char text[280];
	size_t n, foreign;
};

static void echo_char(struct echo *o, char c)
{
	if (o->n + 1 < sizeof(o->text))
		o->text[o->n++] = c;
	o->text[o->n] = '\0';
}

static void echo_cstr(struct echo *o, const char *s)
{
	while (*s)
		echo_char(o, *s++);
}

static void echo_key(struct echo *o, struct slice key, size_t max)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		if (i == max || o->foreign == FOREIGN_MAX) {
			echo_cstr(o, "..");
			return;
		}
		echo_char(o, c >= ' ' && c < 0x7f && c != '\'' ? c : '?');
		o->foreign++;
	}
}

/* Where the innermost levels levels are: "params.content[3]". */
static void echo_path(struct echo *o, const struct guard *g, unsigned levels)
{
	char place[16];

	for (unsigned d = 0; d < levels; d++) {
		const struct guard_level *lv = &g->level[d];

		snprintf(place, sizeof(place), "[%u]", lv->index);
		if (lv->is_array)
			echo_cstr(o, place);
		else if (o->n && lv->key.n)
			echo_char(o, '.');
		if (!lv->is_array)
			echo_key(o, lv->key, 20);
	}
	if (o->n)
		echo_cstr(o, ": ");
}

enum rc guard_explain(const struct guard *g, struct err *e)
{
	size_t byte = (size_t)(g->p - g->start);
	struct echo o = {.n = 0};

	if (!g->policy) {
		echo_cstr(&o, "not JSON: ");
		echo_cstr(&o, g->p == g->end ? "unexpected end" : g->fault);
	} else if (g->twice.p) {
		echo_path(&o, g, g->depth - 1);
		echo_cstr(&o, "duplicate key '");
		echo_key(&o, g->twice, 40);
		echo_char(&o, '\'');
	} else {
		echo_path(&o, g, g->depth);
		echo_cstr(&o, g->fault);
	}
	if (g->limits->upstream)
		return err_set(e, RC_BAD, "%s (byte %zu)", o.text, byte);
	return err_tell(e, RC_BAD, "%s (byte %zu)", o.text, byte);
}
