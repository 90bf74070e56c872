/* SPDX-License-Identifier: MIT */
#include "wire/guard_state.h"

#include "wire/guard_text.h"

/* If the path's segment at p is this name: what stands behind it ("." or the end), else NULL. An escaped key is compared as what it stands for. */
static const char *behind(const char *p, struct slice name, bool escaped)
{
	size_t i = 0;

	if (escaped)
		return guard_key_is(name, p) ? p + strcspn(p, ".") : NULL;
	while (i < name.n && p[i] == name.p[i] && p[i] != '.')
		i++;
	return i == name.n && (p[i] == '.' || p[i] == '\0') ? p + i : NULL;
}

uint16_t guard_match(struct guard *g, const struct guard_level *lv, struct slice name)
{
	struct guard_level *next = &g->level[g->depth];
	uint16_t here = 0;

	for (unsigned rest = lv->live; rest; rest &= rest - 1) {
		unsigned i = (unsigned)__builtin_ctz(rest);
		const char *segment = g->picks[i].path + lv->at[i], *rear;

		/* Most names differ in the first byte already. */
		if (!g->escaped && name.n && segment[0] != name.p[0])
			continue;
		rear = behind(segment, name, g->escaped);
		if (!rear)
			continue;
		g->picks[i].raw = SLICE_NONE;
		if (*rear) {
			next->live |= (uint16_t)(1u << i);
			next->at[i] = (uint8_t)(rear + 1 - g->picks[i].path);
		} else {
			here |= (uint16_t)(1u << i);
		}
	}
	return here;
}

uint16_t guard_match_index(struct guard *g, const struct guard_level *lv)
{
	char text[12], *at = text + sizeof(text);
	uint32_t v = lv->index;

	g->escaped = false;
	do {
		*--at = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return guard_match(g, lv, slice_mem(at, (size_t)(text + sizeof(text) - at)));
}
