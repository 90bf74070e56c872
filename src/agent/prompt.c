/* SPDX-License-Identifier: MIT */
#include "agent/prompt.h"

#include "base/env.h"
#include "wire/utf8.h"

/* value on one line, max bytes at most, without what is not text. false: nothing is left. */
static bool add_clean(struct buf *out, struct slice value, size_t max)
{
	struct buf clean = BUF_INIT(3 * PROMPT_VAR_MAX);

	utf8_mend(&clean, slice_upto(slice_trim(value), max));
	for (size_t i = 0; i < clean.n; i++)
		if ((unsigned char)clean.p[i] < 0x20 || clean.p[i] == 0x7f)
			clean.p[i] = ' ';
	buf_add(out, utf8_cut(buf_slice(&clean), max));
	buf_release(&clean);
	return slice_trim(value).n > 0;
}

static void add_value(struct buf *out, struct slice value, size_t max)
{
	if (!add_clean(out, value, max))
		buf_adds(out, "(unknown)");
}

static bool add_var(struct buf *out, struct slice name, const struct caller *who)
{
	for (size_t i = 0; i < who->n_vars; i++)
		if (slice_eq(who->vars[i].name, name)) {
			add_value(out, who->vars[i].value, PROMPT_VAR_MAX);
			return true;
		}
	return false;
}

/* false: none of ours. */
static bool add_named(struct buf *out, struct slice name, const struct caller *who, int64_t wall_us)
{
	char now[28];

	if (slice_is(name, "user_id")) {
		add_value(out, who->owner, PROMPT_VALUE_MAX);
	} else if (slice_is(name, "user_name")) {
		add_value(out, who->user_name, PROMPT_VALUE_MAX);
	} else if (slice_is(name, "locale")) {
		add_value(out, who->locale, PROMPT_VALUE_MAX);
	} else if (slice_is(name, "now")) {
		time_iso(wall_us, now);
		buf_add(out, slice_mem(now, strlen("2026-04-25T02:01")));
		buf_addch(out, 'Z');
	} else {
		return add_var(out, name, who);
	}
	return true;
}

/* Does the template ask for {name}? */
static bool asks_for(struct slice template, struct slice name)
{
	while (template.n) {
		struct slice head;

		template = slice_cut(template, '{', &head);
		if (slice_starts(template, name) && template.n > name.n && template.p[name.n] == '}')
			return true;
	}
	return false;
}

static void add_line(struct buf *out, const struct var *v)
{
	struct buf clean = BUF_INIT(PROMPT_VAR_MAX);

	add_clean(&clean, v->value, PROMPT_VAR_MAX);
	buf_addf(out, "%.*s: ", SLICE_ARG(v->name));
	for (size_t i = 0; i < clean.n; i++)
		if (clean.p[i] == '<')
			buf_adds(out, "&lt;");
		else
			buf_addch(out, clean.p[i]);
	buf_addch(out, '\n');
	buf_release(&clean);
}

static void add_context(struct buf *out, struct slice template, const struct caller *who)
{
	bool any = false;

	for (size_t i = 0; i < who->n_vars; i++) {
		const struct var *v = &who->vars[i];

		if (slice_trim(v->value).n == 0 || asks_for(template, v->name))
			continue;
		buf_adds(out, any ? "" : "\n\n<PageContext>\n");
		add_line(out, v);
		any = true;
	}
	buf_adds(out, any ? "</PageContext>" : "");
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
	add_context(&out, template, who);
	filled = arena_try_dup(a, buf_slice(&out));
	buf_release(&out);
	return filled;
}
