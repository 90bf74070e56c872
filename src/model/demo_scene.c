/* SPDX-License-Identifier: MIT */
/* What happened since the last user message, and how words become a plan. */
#include "model/demo_inner.h"

#include "wire/utf8.h"

static const struct slice hidden = S_INIT("<HiddenContext>"), action = S_INIT("<HiddenContext>The user did the action '");

/* A person's words, or what a person pressed; not what only a model is told. */
static bool asks(struct arena *a, const struct message *m)
{
	struct slice text = m->role == ROLE_USER ? message_all_text(a, m) : SLICE_NONE;

	return m->role == ROLE_USER && (!slice_starts(text, hidden) || slice_starts(text, action));
}

struct slice demo_action(const struct demo_scene *s)
{
	struct slice type = slice_starts(s->asked, action) ? slice_from(s->asked, action.n) : SLICE_NONE, name;

	slice_cut(type, '\'', &name);
	return name;
}

struct demo_scene demo_look(struct arena *a, const struct history *h, const struct toolset *tools)
{
	struct demo_scene s = {.a = a, .tools = tools, .first = true};
	size_t user = h->n;

	while (user > 0 && !asks(a, &h->m[user - 1]))
		user--;
	if (user > 0) {
		s.user = &h->m[user - 1];
		s.asked = message_all_text(a, s.user);
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct message *m = &h->m[i];

		if (m->role != ROLE_ASSISTANT)
			continue;
		if (i < user)
			s.first = s.first && message_all_text(a, m).n == 0;
		else if (message_calls(m)) {
			s.calls = m;
			s.results = m + 1;
			s.n_results = h->n - i - 1;
		}
	}
	return s;
}

bool demo_called(const struct demo_scene *s, const char *tool)
{
	for (size_t i = 0; s->calls && i < s->calls->n; i++)
		if (s->calls->parts[i].kind == PART_CALL && slice_is(s->calls->parts[i].name, tool))
			return true;
	return false;
}

const struct part *demo_result(const struct demo_scene *s, size_t nth)
{
	for (size_t i = 0; i < s->n_results; i++)
		for (size_t k = 0; k < s->results[i].n; k++)
			if (s->results[i].parts[k].kind == PART_RESULT && nth-- == 0)
				return &s->results[i].parts[k];
	return NULL;
}

const struct part *demo_failed(const struct demo_scene *s)
{
	const struct part *p;

	for (size_t i = 0; (p = demo_result(s, i)) != NULL; i++)
		if (p->is_error)
			return p;
	return NULL;
}

void demo_say(struct demo_plan *out, const char *text)
{
	out->text = slice_cstr(text);
}

void demo_say_failed(const struct demo_scene *s, const struct part *p, struct demo_plan *out)
{
	out->text = arena_printf(s->a, "That did not work: %.*s", SLICE_ARG(utf8_cut(p->text, 300)));
}
