/* SPDX-License-Identifier: MIT */
/* The to-do list: what is asked of it, as calls of its tools and words about their results. */
#include "model/demo_inner.h"

#include "wire/json.h"
#include "wire/jsonw.h"
#include "wire/utf8.h"

#define TEXT_MAX 8192 /* bytes of an answer */
#define TASKS_SHOWN 50

struct task {
	struct slice id; /* raw JSON, as the tool gave it */
	struct slice title, priority, category;
	bool completed;
};

struct tasks {
	struct task *t;
	size_t n;
};

static void say(const struct demo_scene *s, struct demo_plan *out, const struct buf *text)
{
	out->text = arena_dup(s->a, buf_slice(text));
}

/* "**milk**, **eggs** and **bread**" */
static void add_names(struct buf *b, const struct slice *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s**%.*s**", i == 0 ? "" : i + 1 < n ? ", " : " and ", SLICE_ARG(name[i]));
}

static bool has_tool(const struct demo_scene *s, const char *name, struct demo_plan *out)
{
	if (s->tools && toolset_find(s->tools, slice_cstr(name)))
		return true;
	out->text = arena_printf(s->a, "I would need the tool `%s` for that, and it is not here. The to-do list seems to be turned off.", name);
	return false;
}

/* ---- calling ---- */

static struct demo_call *new_call(struct demo_plan *out, const char *name, struct buf *args, struct jsonw *w)
{
	struct demo_call *c = &out->call[out->n_calls++];

	c->name = slice_cstr(name);
	buf_init(args, TEXT_MAX);
	jsonw_init(w, args);
	jsonw_obj(w);
	return c;
}

static void end_call(const struct demo_scene *s, struct demo_call *c, struct buf *args, struct jsonw *w)
{
	jsonw_end(w);
	c->args = arena_dup(s->a, buf_slice(args));
	buf_release(args);
}

static void call_add(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	for (size_t i = 0; i < in->n; i++) {
		struct buf args;
		struct jsonw w;
		struct demo_call *c = new_call(out, "add_task", &args, &w);

		jsonw_kstr(&w, "title", in->thing[i]);
		if (in->priority)
			jsonw_kcstr(&w, "priority", in->priority);
		if (in->category)
			jsonw_kcstr(&w, "category", in->category);
		end_call(s, c, &args, &w);
	}
}

static void call_list(const struct demo_scene *s, const char *status, const char *priority, const char *category, struct demo_plan *out)
{
	struct buf args;
	struct jsonw w;
	struct demo_call *c = new_call(out, "list_tasks", &args, &w);

	jsonw_kcstr(&w, "status", status);
	if (priority)
		jsonw_kcstr(&w, "priority", priority);
	if (category)
		jsonw_kcstr(&w, "category", category);
	end_call(s, c, &args, &w);
}

/* ---- reading the list ---- */
static struct slice plain(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

static bool plain_true(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_kind(&at) == JSON_BOOL && json_as_bool_or(&at, false);
}

static bool read_tasks(const struct demo_scene *s, struct tasks *out)
{
	const struct part *p = demo_result(s, 0);
	struct json_at root, list, one, id;
	struct json_doc *doc;

	*out = (struct tasks){0};
	if (!p || json_parse(s->a, p->text, &GUARD_UPSTREAM, &doc, NULL) != RC_OK)
		return false;
	root = json_root(doc);
	list = json_get(&root, "tasks");
	if (json_kind(&list) != JSON_ARRAY)
		return false;
	out->t = arena_try(s->a, (json_count(&list) + 1) * sizeof(*out->t));
	for (size_t i = 0; out->t && i < json_count(&list); i++) {
		one = json_item(&list, i);
		if (json_kind(&one) != JSON_OBJECT)
			continue;
		id = json_get(&one, "id");
		out->t[out->n++] = (struct task){json_text(&id), plain(&one, "title"), plain(&one, "priority"), plain(&one, "category"),
						 plain_true(&one, "completed")};
	}
	return out->t != NULL;
}

static void say_list(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	struct buf b = BUF_INIT(TEXT_MAX);
	struct tasks list;

	if (!read_tasks(s, &list)) {
		demo_say(out, "I could not read the list that came back.");
		return;
	}
	if (list.n == 0)
		buf_adds(&b, slice_is(slice_cstr(in->status), "completed") ? "Nothing is done yet." : "Your list is empty. Say *add milk to my list* to change that.");
	else
		buf_addf(&b, "%s %zu task%s:\n", slice_is(slice_cstr(in->status), "completed") ? "You have completed" : "You have", list.n, list.n == 1 ? "" : "s");
	for (size_t i = 0; i < list.n && i < TASKS_SHOWN; i++) {
		const struct task *t = &list.t[i];
		bool rated = t->priority.n && !slice_is(t->priority, "none"), sorted = t->category.n && !slice_is(t->category, "other");

		buf_addf(&b, t->completed ? "\n- ~~%.*s~~ (done)" : "\n- **%.*s**", SLICE_ARG(utf8_cut(t->title, 120)));
		if (rated)
			buf_addf(&b, ", %.*s priority", SLICE_ARG(t->priority));
		if (sorted)
			buf_addf(&b, ", %.*s", SLICE_ARG(t->category));
	}
	if (list.n > TASKS_SHOWN)
		buf_addf(&b, "\n- and %zu more", list.n - TASKS_SHOWN);
	say(s, out, &b);
	buf_release(&b);
}

/* ---- which task is meant ---- */

static bool holds_nocase(struct slice hay, struct slice needle)
{
	for (size_t i = 0; needle.n && i + needle.n <= hay.n; i++)
		if (slice_eq_nocase(slice_mem(hay.p + i, needle.n), needle))
			return true;
	return false;
}

/* 3: the same, 2: begins so, 1: holds it (or is held by it), 0: not meant. */
static int fits(struct slice title, struct slice name)
{
	if (slice_eq_nocase(title, name))
		return 3;
	if (name.n && title.n > name.n && slice_eq_nocase(slice_upto(title, name.n), name))
		return 2;
	return holds_nocase(title, name) || (title.n > 2 && holds_nocase(name, title));
}

/* Of equals, one that is still open. */
static const struct task *find_task(const struct tasks *list, struct slice name)
{
	const struct task *best = NULL;
	int most = 0;

	for (size_t i = 0; i < list->n; i++) {
		int score = 2 * fits(list->t[i].title, name) - list->t[i].completed;

		if (score > most) {
			most = score;
			best = &list->t[i];
		}
	}
	return best;
}

static void call_change(const struct demo_scene *s, const struct demo_intent *in, const struct task *t, struct demo_plan *out)
{
	static const char *const tool[] = {
		[DEMO_COMPLETE] = "complete_task", [DEMO_REOPEN] = "complete_task", [DEMO_DELETE] = "delete_task", [DEMO_UPDATE] = "update_task"};
	struct buf args;
	struct jsonw w;
	struct demo_call *c = new_call(out, tool[in->act], &args, &w);

	jsonw_kraw(&w, "task_id", t->id);
	if (in->act == DEMO_COMPLETE || in->act == DEMO_REOPEN)
		jsonw_kbool(&w, "completed", in->act == DEMO_COMPLETE);
	if (in->act == DEMO_UPDATE) {
		jsonw_kstr_opt(&w, "title", in->title);
		if (in->priority)
			jsonw_kcstr(&w, "priority", in->priority);
		if (in->category)
			jsonw_kcstr(&w, "category", in->category);
	}
	end_call(s, c, &args, &w);
}

static void change_all(const struct demo_scene *s, const struct demo_intent *in, const struct tasks *list, struct demo_plan *out)
{
	for (size_t i = 0; i < list->n && out->n_calls < DEMO_THINGS_MAX; i++) {
		bool wanted = true;

		if (in->act == DEMO_COMPLETE || in->act == DEMO_REOPEN)
			wanted = list->t[i].completed == (in->act == DEMO_REOPEN);
		else if (in->status && !slice_is(slice_cstr(in->status), "all"))
			wanted = list->t[i].completed == slice_is(slice_cstr(in->status), "completed");
		if (wanted)
			call_change(s, in, &list->t[i], out);
	}
}

/* "milk and eggs": two tasks, if both are there. */
static void change_each(const struct demo_scene *s, const struct demo_intent *in, const struct tasks *list, struct demo_plan *out)
{
	struct slice rest = in->thing[0], piece;

	while (rest.n && out->n_calls < DEMO_THINGS_MAX) {
		ptrdiff_t at = slice_find(rest, S(" and "));
		const struct task *t;

		piece = at >= 0 ? slice_upto(rest, (size_t)at) : rest;
		rest = slice_from(rest, at >= 0 ? (size_t)at + 5 : rest.n);
		t = find_task(list, piece);
		if (!t || piece.n == in->thing[0].n) {
			out->n_calls = 0;
			return;
		}
		call_change(s, in, t, out);
	}
}

/* The list has come: now the task can be named by its id. */
static void change(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	const struct task *t;
	struct tasks list;

	if (!read_tasks(s, &list)) {
		demo_say(out, "I could not read the list that came back.");
		return;
	}
	if (in->all && in->act != DEMO_UPDATE) {
		change_all(s, in, &list, out);
		if (out->n_calls == 0)
			demo_say(out, "There is nothing on the list that this would change.");
		return;
	}
	if (in->act != DEMO_UPDATE)
		change_each(s, in, &list, out);
	t = out->n_calls == 0 ? find_task(&list, in->thing[0]) : NULL;
	if (t)
		call_change(s, in, t, out);
	if (out->n_calls == 0)
		out->text = arena_printf(s->a, "I find no task called **%.*s** on your list.", SLICE_ARG(utf8_cut(in->thing[0], 120)));
}

/* ---- after the change ---- */

static void say_changed(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	size_t n = message_calls(s->calls);
	struct buf b = BUF_INIT(TEXT_MAX);
	static const char *const verb[] = {
		[DEMO_ADD] = "added", [DEMO_COMPLETE] = "checked off", [DEMO_REOPEN] = "reopened", [DEMO_DELETE] = "deleted", [DEMO_UPDATE] = "updated"};

	buf_addf(&b, "I have %s ", verb[in->act]);
	if (in->all || in->n == 0)
		buf_addf(&b, "%zu task%s", n, n == 1 ? "" : "s");
	else
		add_names(&b, in->thing, in->n);
	if (in->act == DEMO_ADD)
		buf_adds(&b, " to your list");
	if (in->act == DEMO_UPDATE && in->title.n)
		buf_addf(&b, ": it is called **%.*s** now", SLICE_ARG(in->title));
	if (in->priority)
		buf_addf(&b, ", %s priority", in->priority);
	if (in->category)
		buf_addf(&b, ", category %s", in->category);
	buf_adds(&b, ".");
	say(s, out, &b);
	buf_release(&b);
}

void demo_list(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out)
{
	const struct part *no = s->calls ? demo_failed(s) : NULL;

	if (no)
		demo_say_failed(s, no, out);
	else if (in->act != DEMO_LIST && in->n == 0 && !in->all)
		demo_say(out, "Which task do you mean? Please say its name.");
	else if (in->act == DEMO_UPDATE && !in->title.n && !in->priority && !in->category)
		demo_say(out, "What shall I change? Try *rename milk to oat milk* or *make milk high priority*.");
	else if (in->act == DEMO_ADD && !s->calls && has_tool(s, "add_task", out))
		call_add(s, in, out);
	else if (in->act == DEMO_LIST && !s->calls && has_tool(s, "list_tasks", out))
		call_list(s, in->status, in->priority, in->category, out);
	else if (!s->calls && out->text.n == 0 && has_tool(s, "list_tasks", out))
		call_list(s, "all", NULL, NULL, out);
	else if (s->calls && in->act == DEMO_LIST)
		say_list(s, in, out);
	else if (s->calls && demo_called(s, "list_tasks"))
		change(s, in, out);
	else if (s->calls)
		say_changed(s, in, out);
}

void demo_list_shown(const struct demo_scene *s, const struct demo_call *show, struct demo_plan *out)
{
	const struct part *no = s->calls ? demo_failed(s) : NULL, *listed = s->calls ? demo_result(s, 0) : NULL;
	struct tasks list;

	out->n_calls = 0;
	if (no)
		demo_say_failed(s, no, out);
	else if (!s->calls)
		call_list(s, "all", NULL, NULL, out);
	else if (!read_tasks(s, &list))
		demo_say(out, "I could not read the list that came back.");
	else if (list.n == 0)
		demo_say(out, "Your list is empty, so there is nothing to show yet. Say *add milk and eggs to my shopping list*, then ask me again.");
	else {
		out->call[out->n_calls++] = (struct demo_call){.name = show->name, .args = demo_sample(s->a, show->made_of, listed->text)};
		demo_say(out, "Here it is:");
	}
}
