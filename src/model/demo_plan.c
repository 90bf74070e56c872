/* SPDX-License-Identifier: MIT */
#include "model/demo_inner.h"

#include "wire/utf8.h"

#define TEXT_MAX       8192 /* bytes of an answer */
#define FORM_SHOWN_MAX 4000 /* bytes of a form's answers that are said again */

static const char can_do[] = "I look after a to-do list. Try:\n\n"
			     "- *add milk and eggs to my list*\n"
			     "- *remind me to call Anna, high priority*\n"
			     "- *what is on my list?*\n"
			     "- *mark milk as done*\n"
			     "- *rename milk to oat milk*\n"
			     "- *delete eggs*\n"
			     "- *tell me a story* (a longer answer)";

static const char demo_note[] = "\n\n*I am the built-in demo model: a few phrases, no key, no network. With a provider's key you talk to a real one.*";

static const char who_text[] = "I am the **demo model** of this chat: no key, no network, just a small matcher of phrases that really calls the tools. "
			       "Set a provider's key, and a real model answers instead.\n\n";

static const char story_text[] =
	"Once upon a time there was a to-do list that nobody had finished. It lay on a kitchen table, between a cup of cold tea and a bicycle key, and "
	"every morning it grew by one line.\n\n"
	"The first line said *buy milk*. The second said *mend the bicycle*. The third had been written so fast that nobody could read it any more, and "
	"everybody was a little afraid of it.\n\n"
	"One day a child came in, took a pencil and drew a small boat beside each line. When the milk was bought, the first boat sailed away. When the "
	"bicycle was mended, the second one followed. Only the third stayed in its harbour.\n\n"
	"In the evening the child sat down, looked at the line for a long time and laughed. *Rest*, it said. So they all sat by the window, did nothing "
	"at all, and watched the last boat go out with the tide.\n\n"
	"And that was the end of the list, until the next morning.";
static void say_help(const struct demo_scene *s, const char *before, struct demo_plan *out)
{
	struct buf b = BUF_INIT(TEXT_MAX);

	buf_addf(&b, "%s%s", before, can_do);
	demo_tool_help(s->tools, &b);
	out->text = arena_dup(s->a, buf_slice(&b));
	buf_release(&b);
}

static void say_text_act(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	if (in->act == DEMO_WHO)
		say_help(s, who_text, out);
	else if (in->act == DEMO_STORY)
		demo_say(out, story_text);
	else if (in->act == DEMO_THANKS)
		demo_say(out, "You are welcome!");
	else if (in->act == DEMO_HELLO)
		say_help(s, "Hello! ", out);
	else
		say_help(s, "", out);
}

/* What it came to, when it was made. */
static void use_tool(const struct demo_scene *s, const struct demo_call *call, struct demo_plan *out)
{
	const struct part *p = s->calls ? demo_result(s, 0) : NULL;
	bool shows = slice_starts(call->name, S("show_"));

	if (shows && call->made_of.n && toolset_find(s->tools, S("list_tasks")) && (!p || demo_called(s, "list_tasks")) && demo_sample_has_tasks(call->made_of)) {
		demo_list_shown(s, call, out);
		return;
	}
	if (p) {
		out->text = demo_tool_said(s->a, call->name, p);
		return;
	}
	out->call[out->n_calls++] = *call;
	if (shows) /* the answer may end with it */
		demo_say(out, call->made_of.n ? "Here it is, with contents that I made up:" : "Here it is:");
}

/* An action that nothing was configured for: a real model would read of it and go on. */
static void say_action(const struct demo_scene *s, struct slice type, struct demo_plan *out)
{
	out->text = arena_printf(s->a, "What you pressed came to me as the action `%.*s`. A real model would go on from there; I only say that it arrived.",
				 SLICE_ARG(utf8_cut(type, 100)));
}

/* A form that came back (chatkit/answer.c): its answers are no phrases, whatever they say. */
static bool say_form(const struct demo_scene *s, struct demo_plan *out)
{
	static const struct slice begin = S_INIT("A form was shown to the user, who has "), tag = S_INIT("<StructuredInput>"), end = S_INIT("</StructuredInput>");
	ptrdiff_t at = slice_starts(s->asked, begin) ? slice_find(s->asked, tag) : -1;
	struct slice rows;

	if (at < 0 || !slice_ends(s->asked, end))
		return false;
	rows = slice_trim(slice_from(slice_upto(s->asked, s->asked.n - end.n), (size_t)at + tag.n));
	out->text = arena_printf(s->a, "You answered:\n\n%.*s\n\nA real model would go on from there; I only say that it arrived.",
				 SLICE_ARG(utf8_cut(rows, FORM_SHOWN_MAX)));
	return true;
}

/* Files without words that I know. */
static bool say_files(const struct demo_scene *s, struct demo_plan *out)
{
	struct buf b = BUF_INIT(TEXT_MAX);
	size_t n = 0;

	for (size_t i = 0; s->user && i < s->user->n; i++) {
		const struct part *p = &s->user->parts[i];

		if (p->kind != PART_FILE)
			continue;
		buf_addf(&b, "%s**%.*s**", n++ ? ", " : "I have received ", SLICE_ARG(utf8_cut(p->name, 120)));
		buf_addf(&b, " (%.*s)", SLICE_ARG(p->mime));
	}
	if (n) {
		buf_addf(&b, ". I cannot look into %s; a real model reads what you send.", n > 1 ? "them" : "it");
		out->text = arena_dup(s->a, buf_slice(&b));
	}
	buf_release(&b);
	return n > 0;
}

/* The tool that the person chose: with what they say, if that is what it asks for, else with something made up. */
static void obey(const struct demo_scene *s, const struct tool *must_call, struct demo_plan *out)
{
	for (size_t i = 0; i < out->n_calls; i++)
		if (slice_eq(out->call[i].name, must_call->spec.name))
			return;
	*out = (struct demo_plan){.n_calls = 1};
	demo_tool_call(s->a, s->tools, must_call, &out->call[0]);
}

/* What a person said. */
static void answer(const struct demo_scene *s, struct demo_intent *in, struct demo_plan *out)
{
	struct demo_call call;

	if (demo_tool(s->a, s->asked, s->tools, &call)) {
		use_tool(s, &call, out);
		return;
	}
	demo_intent(s->a, s->asked, in);
	if (in->act >= DEMO_ADD)
		demo_list(s, in, out);
	else if (s->calls && demo_result(s, 0)) /* nothing here asked for it: it had to be called */
		out->text = demo_tool_said(s->a, demo_result(s, 0)->name, demo_result(s, 0));
	else if (in->act != DEMO_HELP || !say_files(s, out))
		say_text_act(s, in, out);
}

void demo_plan(struct arena *a, const struct history *h, const struct toolset *tools, const struct tool *must_call, struct demo_plan *out)
{
	struct demo_scene s = demo_look(a, h, tools);
	struct demo_intent in = {.act = DEMO_HELP};
	struct slice action = demo_action(&s);

	*out = (struct demo_plan){0};
	if (action.n)
		say_action(&s, action, out);
	else if (!say_form(&s, out))
		answer(&s, &in, out);
	if (must_call)
		obey(&s, must_call, out);
	if (s.first && out->n_calls == 0 && in.act != DEMO_WHO)
		out->text = arena_printf(a, "%.*s%s", SLICE_ARG(out->text), demo_note);
}
