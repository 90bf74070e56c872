/* SPDX-License-Identifier: MIT */
#include "agent/prompt.h"

#include "base/env.h"
#include "wire/utf8.h"

static void add_value(struct buf *out, struct slice value)
{
	struct buf clean = BUF_INIT(3 * PROMPT_VALUE_MAX);

	utf8_mend(&clean, slice_upto(slice_trim(value), PROMPT_VALUE_MAX));
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < 0x20 || clean.p[i] == 0x7f)
			clean.p[i] = ' ';
	buf_add(out, clean.n ? utf8_cut(buf_slice(&clean), PROMPT_VALUE_MAX) : S("(unknown)"));
	buf_release(&clean);
}

/* false: none of ours. */
static bool add_named(struct buf *out, struct slice name, const struct caller *who, int64_t wall_us)
{
	char now[28];

	if (slice_is(name, "user_id")) {
		add_value(out, who->owner);
	} else if (slice_is(name, "user_name")) {
		add_value(out, who->user_name);
	} else if (slice_is(name, "locale")) {
		add_value(out, who->locale);
	} else if (slice_is(name, "now")) {
		time_iso(wall_us, now);
		buf_add(out, slice_mem(now, strlen("2026-04-25T02:01")));
		buf_addch(out, 'Z');
	} else {
		return false;
	}
	return true;
}

struct slice prompt_fill(struct arena *a, struct slice template, const struct caller *who, int64_t wall_us)
{
	struct buf out = BUF_INIT(PROMPT_MAX);
	struct slice rest = template, name, filled;

	while (rest.n) {
		struct slice head, tail = slice_cut(rest, '{', &head);

		buf_add(&out, head);
		if (head.n == rest.n)
			break;
		rest = slice_cut(tail, '}', &name);
		if (name.n < tail.n && add_named(&out, name, who, wall_us))
			continue;
		buf_addch(&out, '{');
		rest = tail;
	}
	filled = arena_try_dup(a, buf_slice(&out));
	buf_release(&out);
	return filled;
}
