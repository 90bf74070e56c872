/* SPDX-License-Identifier: MIT */
/* Any tool at all, so that a page can be tried without a key: by its name, or, for those that pages have, by a phrase. */
#include "model/demo.h"

#include "base/ascii.h"
#include "wire/utf8.h"

#define ASKED_MAX 2000  /* bytes of a message that are read for a phrase */
#define SHOWN_MAX 2000  /* bytes of a result that are shown */

static bool word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* As whole words, case aside. */
static bool says(struct slice text, struct slice w)
{
	for (size_t i = 0; w.n && i + w.n <= text.n; i++) {
		size_t k = 0;

		while (k < w.n && ascii_lower(text.p[i + k]) == ascii_lower(w.p[k]))
			k++;
		if (k == w.n && (i == 0 || !word_byte(ascii_lower(text.p[i - 1]))) && (i + k == text.n || !word_byte(ascii_lower(text.p[i + k]))))
			return true;
	}
	return false;
}

static bool says_any(struct slice text, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (says(text, slice_cstr(*phrases)))
			return true;
	return false;
}

static void call_it(struct arena *a, const struct toolset *tools, size_t i, struct slice args, struct demo_call *out)
{
	out->name = tools->t[i]->spec.name;
	out->args = args.n ? arena_dup(a, args) : demo_sample(a, tools->shown[i], SLICE_NONE);
	out->made_of = args.n ? SLICE_NONE : tools->shown[i];
}

static ptrdiff_t find(const struct toolset *tools, struct slice name)
{
	for (size_t i = 0; i < tools->n; i++)
		if (slice_eq(tools->t[i]->spec.name, name))
			return (ptrdiff_t)i;
	return -1;
}

/* From the first brace to the last. A broken object goes on as it is: models write such too. Empty: none. */
static struct slice object_in(struct slice text)
{
	ptrdiff_t at = slice_find(text, S("{"));
	struct slice object = at < 0 ? SLICE_NONE : slice_from(text, (size_t)at), whole = object;

	while (whole.n && whole.p[whole.n - 1] != '}')
		whole.n--;
	return whole.n ? whole : object;
}

/* "use NAME", "use NAME {...}". */
static bool by_name(struct arena *a, struct slice asked, const struct toolset *tools, struct demo_call *out)
{
	static const char *const verbs[] = {"use ", "call ", "run "};
	struct slice rest = SLICE_NONE, name;
	ptrdiff_t i;

	for (size_t v = 0; v < countof(verbs); v++) {
		size_t n = strlen(verbs[v]);

		if (slice_eq_nocase(slice_upto(asked, n), slice_cstr(verbs[v])))
			rest = slice_trim(slice_from(asked, n));
	}
	name = rest;
	for (name.n = 0; name.n < rest.n && !strchr(" \t\r\n{.,!:", rest.p[name.n]);)
		name.n++;
	i = find(tools, name);
	if (i < 0)
		return false;
	call_it(a, tools, (size_t)i, object_in(rest), out);
	return true;
}

/* How many of a show tool's words the message says; 0: not all of them. */
static size_t words_said(struct slice asked, struct slice name)
{
	size_t n = 0;

	while (name.n) {
		size_t k = 0;

		while (k < name.n && name.p[k] != '_' && name.p[k] != '-')
			k++;
		if (k && !says(asked, slice_upto(name, k)))
			return 0;
		n += k > 0;
		name = slice_from(name, k + 1);
	}
	return n;
}

/* "show me the task list" is show_task_list, "show me a widget" the first that there is. */
static bool by_widget(struct arena *a, struct slice asked, const struct toolset *tools, struct demo_call *out)
{
	static const char *const shows[] = {"show", "display", "let me see", "i want to see", NULL};
	static const char *const any[] = {"a widget", "the widget", "some widget", NULL};
	static const struct slice prefix = S_INIT("show_");
	size_t best = 0, most = 0;

	if (!says_any(asked, shows))
		return false;
	for (size_t i = tools->n; i-- > 0;) {
		struct slice name = tools->t[i]->spec.name;
		size_t n;

		if (!slice_starts(name, prefix))
			continue;
		n = words_said(asked, slice_from(name, prefix.n));
		if (n == 0 && most == 0 && says_any(asked, any))
			best = i + 1;
		if (n > 0 && n >= most) {
			most = n;
			best = i + 1;
		}
	}
	if (best)
		call_it(a, tools, best - 1, object_in(asked), out);
	return best > 0;
}

bool demo_tool(struct arena *a, struct slice asked, const struct toolset *tools, struct demo_call *out)
{
	static const char *const ask[] = {"ask me something", "ask me a question", "ask me anything", "ask something", NULL};
	static const char *const where[] = {"where am i", "what page is this", "which page is this", "what page am i on", "which page am i on", NULL};
	struct slice said = slice_upto(slice_trim(asked), ASKED_MAX);
	ptrdiff_t i = -1;

	if (!tools || tools->n == 0)
		return false;
	if (by_name(a, slice_trim(asked), tools, out) || by_widget(a, said, tools, out))
		return true;
	if (says_any(said, ask))
		i = find(tools, S("ask_user"));
	else if (says_any(said, where))
		i = find(tools, S("get_page_info"));
	if (i >= 0)
		call_it(a, tools, (size_t)i, SLICE_NONE, out);
	return i >= 0;
}

void demo_tool_call(struct arena *a, const struct toolset *tools, const struct tool *t, struct demo_call *out)
{
	ptrdiff_t i = find(tools, t->spec.name);

	CHECK(i >= 0);
	call_it(a, tools, (size_t)i, SLICE_NONE, out);
}

struct slice demo_tool_said(struct arena *a, struct slice name, const struct part *result)
{
	struct slice text = slice_trim(result->text), cut = utf8_cut(text, SHOWN_MAX);
	const char *more = cut.n < text.n ? "\n..." : "";

	if (result->is_error)
		return arena_printf(a, "That did not work: %.*s", SLICE_ARG(utf8_cut(text, 300)));
	if (text.n && (text.p[0] == '{' || text.p[0] == '['))
		return arena_printf(a, "The tool `%.*s` answered:\n\n```json\n%.*s%s\n```", SLICE_ARG(name), SLICE_ARG(cut), more);
	return arena_printf(a, "The tool `%.*s` answered: %.*s%s", SLICE_ARG(name), SLICE_ARG(cut), more);
}

void demo_tool_help(const struct toolset *tools, struct buf *out)
{
	size_t widgets = 0;

	if (!tools || tools->n == 0)
		return;
	if (find(tools, S("ask_user")) >= 0)
		buf_adds(out, "\n- *ask me something*");
	if (find(tools, S("get_page_info")) >= 0)
		buf_adds(out, "\n- *where am I?*");
	for (size_t i = 0; i < tools->n && widgets < 3; i++) {
		struct slice name = tools->t[i]->spec.name;

		if (!slice_starts(name, S("show_")))
			continue;
		widgets++;
		buf_adds(out, "\n- *show me the ");
		for (size_t k = 5; k < name.n; k++)
			buf_addch(out, name.p[k] == '_' ? ' ' : name.p[k]);
		buf_addch(out, '*');
	}
	buf_addf(out, "\n- *use %.*s {...}*: any tool, with arguments as JSON", SLICE_ARG(tools->t[0]->spec.name));
}
