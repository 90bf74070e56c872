/* SPDX-License-Identifier: MIT */
#include "talk/toolset.h"

void toolset_init(struct toolset *s, struct arena *a)
{
	*s = (struct toolset){.arena = a};
}

static bool name_ok(struct slice name)
{
	if (name.n == 0 || name.n > 64)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return true;
}

enum rc toolset_add(struct toolset *s, const struct tool *t, struct err *e)
{
	if (!name_ok(t->spec.name))
		return err_set(e, RC_CONF, "a tool's name must match ^[a-zA-Z0-9_-]{1,64}$, '%.*s' does not", SLICE_ARG(t->spec.name));
	if (toolset_find(s, t->spec.name))
		return err_set(e, RC_CONF, "two tools are called '%.*s'", SLICE_ARG(t->spec.name));
	if (s->n == TOOLSET_MAX)
		return err_set(e, RC_CONF, "more than %d tools", TOOLSET_MAX);
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		const struct tool **bigger = arena_alloc(s->arena, cap * sizeof(struct tool *));
		struct slice *shown = arena_alloc(s->arena, cap * sizeof(*shown));

		for (size_t i = 0; i < s->n; i++) {
			bigger[i] = s->t[i];
			shown[i] = s->shown[i];
		}
		s->t = bigger;
		s->shown = shown;
		s->cap = cap;
	}
	s->shown[s->n] = tool_schema_shown(s->arena, t);
	s->t[s->n++] = t;
	return RC_OK;
}

const struct tool *toolset_find(const struct toolset *s, struct slice name)
{
	for (size_t i = 0; i < s->n; i++)
		if (slice_eq(s->t[i]->spec.name, name))
			return s->t[i];
	return NULL;
}

struct slice toolset_names(const struct toolset *s, struct arena *a)
{
	struct buf b = BUF_INIT(TOOLSET_MAX * 66);
	struct slice names;

	for (size_t i = 0; i < s->n; i++) {
		buf_adds(&b, i ? ", " : "");
		buf_add(&b, s->t[i]->spec.name);
	}
	names = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return names;
}
