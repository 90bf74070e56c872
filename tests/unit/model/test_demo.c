/* SPDX-License-Identifier: MIT */
#include "model/demo.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *text;
	enum demo_act act;
	const char *things; /* joined by | */
	const char *title, *priority, *category, *status;
	bool all;
} intents[] = {
	{"add milk to my list", DEMO_ADD, "milk", "", NULL, NULL, NULL, false},
	{"Add Milk to my list.", DEMO_ADD, "Milk", "", NULL, NULL, NULL, false},
	{"Please add milk, eggs and bread to my shopping list!", DEMO_ADD, "milk|eggs|bread", "", NULL, "shopping", NULL, false},
	{"could you add \"milk and eggs\"", DEMO_ADD, "milk and eggs", "", NULL, NULL, NULL, false},
	{"remind me to call Anna and tell her the news", DEMO_ADD, "call Anna and tell her the news", "", NULL, NULL, NULL, false},
	{"Remind me to call Anna, high priority", DEMO_ADD, "call Anna", "", "high", NULL, NULL, false},
	{"add a task to water the plants with low priority", DEMO_ADD, "water the plants", "", "low", NULL, NULL, false},
	{"add task: write report (work)", DEMO_ADD, "write report", "", NULL, "work", NULL, false},
	{"create a new task called Pay rent as soon as possible", DEMO_ADD, "Pay rent", "", "high", NULL, NULL, false},
	{"I need to buy shoes", DEMO_ADD, "buy shoes", "", NULL, NULL, NULL, false},
	{"what is on my list?", DEMO_LIST, "", "", NULL, NULL, "all", false},
	{"What's left on my list", DEMO_LIST, "", "", NULL, NULL, "pending", false},
	{"show my completed tasks", DEMO_LIST, "", "", NULL, NULL, "completed", false},
	{"show me my work tasks", DEMO_LIST, "", "", NULL, "work", "all", false},
	{"list high priority tasks", DEMO_LIST, "", "", "high", NULL, "all", false},
	{"hi, what do I have to do today?", DEMO_LIST, "", "", NULL, NULL, "all", false},
	{"mark milk as done", DEMO_COMPLETE, "milk", "", NULL, NULL, NULL, false},
	{"Mark the task \"Buy milk\" as completed", DEMO_COMPLETE, "Buy milk", "", NULL, NULL, NULL, false},
	{"milk is done", DEMO_COMPLETE, "milk", "", NULL, NULL, NULL, false},
	{"complete milk", DEMO_COMPLETE, "milk", "", NULL, NULL, NULL, false},
	{"I bought the milk", DEMO_COMPLETE, "milk", "", NULL, NULL, NULL, false},
	{"mark everything as done", DEMO_COMPLETE, "everything", "", NULL, NULL, NULL, true},
	{"mark milk as not done", DEMO_REOPEN, "milk", "", NULL, NULL, NULL, false},
	{"reopen milk", DEMO_REOPEN, "milk", "", NULL, NULL, NULL, false},
	{"delete milk", DEMO_DELETE, "milk", "", NULL, NULL, "all", false},
	{"please remove the milk from my list", DEMO_DELETE, "milk", "", NULL, NULL, "all", false},
	{"delete all completed tasks", DEMO_DELETE, "all completed tasks", "", NULL, NULL, "completed", true},
	{"take milk off my list", DEMO_DELETE, "milk", "", NULL, NULL, "all", false},
	{"rename milk to oat milk", DEMO_UPDATE, "milk", "oat milk", NULL, NULL, NULL, false},
	{"change the title of milk to Oat Milk", DEMO_UPDATE, "milk", "Oat Milk", NULL, NULL, NULL, false},
	{"make milk high priority", DEMO_UPDATE, "milk", "", "high", NULL, NULL, false},
	{"set the priority of milk to low", DEMO_UPDATE, "milk", "", "low", NULL, NULL, false},
	{"move milk to the shopping list", DEMO_UPDATE, "milk", "", NULL, "shopping", NULL, false},
	{"who are you?", DEMO_WHO, "", "", NULL, NULL, NULL, false},
	{"Which model is this?", DEMO_WHO, "", "", NULL, NULL, NULL, false},
	{"what can you do?", DEMO_HELP, "", "", NULL, NULL, NULL, false},
	{"hello", DEMO_HELLO, "", "", NULL, NULL, NULL, false},
	{"thanks!", DEMO_THANKS, "", "", NULL, NULL, NULL, false},
	{"tell me a story", DEMO_STORY, "", "", NULL, NULL, NULL, false},
	{"write a long text", DEMO_STORY, "", "", NULL, NULL, NULL, false},
	{"qwertz", DEMO_HELP, "", "", NULL, NULL, NULL, false},
	{"", DEMO_HELP, "", "", NULL, NULL, NULL, false},
	{"add", DEMO_ADD, "", "", NULL, NULL, NULL, false},
	{"  ...  ", DEMO_HELP, "", "", NULL, NULL, NULL, false},
};

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void demo_intent__phrases(void **state UNUSED)
{
	for (size_t i = 0; i < countof(intents); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct buf things = BUF_INIT(4096);
		struct demo_intent in;

		demo_intent(a, slice_cstr(intents[i].text), &in);
		for (size_t k = 0; k < in.n; k++)
			buf_addf(&things, "%s%.*s", k ? "|" : "", SLICE_ARG(in.thing[k]));
		if (in.act != intents[i].act || !slice_is(buf_slice(&things), intents[i].things) || !slice_is(in.title, intents[i].title) ||
		    !same(in.priority, intents[i].priority) || !same(in.category, intents[i].category) || !same(in.status, intents[i].status) ||
		    in.all != intents[i].all)
			fail_msg("'%s': act %d, '%.*s', title '%.*s', %s, %s, %s, all %d", intents[i].text, in.act, SLICE_ARG(buf_slice(&things)),
				 SLICE_ARG(in.title), in.priority ? in.priority : "-", in.category ? in.category : "-", in.status ? in.status : "-", in.all);
		buf_release(&things);
		arena_free(a);
	}
}

/* ---- dialogues, against a little list of our own ---- */

struct list {
	struct {
		char title[64];
		bool done, gone;
	} t[16];
	size_t n;
};

static const struct tool tools_all[] = {
	{.spec = {.name = S_INIT("add_task")}},	   {.spec = {.name = S_INIT("list_tasks")}},  {.spec = {.name = S_INIT("complete_task")}},
	{.spec = {.name = S_INIT("delete_task")}}, {.spec = {.name = S_INIT("update_task")}},
};

static void between(struct slice args, const char *key, char *out, size_t size)
{
	const char *at = strstr(args.p, key);

	out[0] = 0;
	if (at)
		snprintf(out, size, "%.*s", (int)strcspn(at + strlen(key), "\",}"), at + strlen(key));
}

static struct slice run_tool(struct arena *a, struct list *l, const struct demo_call *c)
{
	struct buf b = BUF_INIT(8192);
	char id[8], title[64];
	struct slice out;
	size_t i;

	between(c->args, "\"task_id\":", id, sizeof(id));
	i = (size_t)strtoul(id, NULL, 10);
	if (slice_is(c->name, "add_task")) {
		between(c->args, "\"title\":\"", l->t[l->n].title, sizeof(l->t[0].title));
		l->n++;
		return S("{\"id\":0}");
	}
	if (slice_is(c->name, "list_tasks")) {
		buf_adds(&b, "{\"count\":0,\"tasks\":[");
		for (size_t k = 0, some = 0; k < l->n; k++)
			if (!l->t[k].gone)
				buf_addf(&b, "%s{\"id\":%zu,\"title\":\"%s\",\"completed\":%s}", some++ ? "," : "", k, l->t[k].title, l->t[k].done ? "true" : "false");
		buf_adds(&b, "]}");
		out = arena_dup(a, buf_slice(&b));
		buf_release(&b);
		return out;
	}
	assert_true(i < l->n);
	if (slice_is(c->name, "complete_task"))
		l->t[i].done = slice_find(c->args, S("\"completed\":true")) >= 0;
	else if (slice_is(c->name, "delete_task"))
		l->t[i].gone = true;
	else {
		between(c->args, "\"title\":\"", title, sizeof(title));
		snprintf(l->t[i].title, sizeof(l->t[i].title), "%s", title);
	}
	return S("{\"ok\":true}");
}

static void add_round(struct arena *a, struct history *h, struct list *l, const struct demo_plan *p)
{
	struct message m = {.role = ROLE_ASSISTANT, .parts = arena_alloc(a, p->n_calls * sizeof(struct part)), .n = p->n_calls};

	for (size_t i = 0; i < p->n_calls; i++)
		m.parts[i] = (struct part){.kind = PART_CALL, .call_id = arena_printf(a, "c%zu", i), .name = p->call[i].name, .args = p->call[i].args};
	history_add(h, m);
	for (size_t i = 0; i < p->n_calls; i++) {
		struct part *r = arena_new_of(a, struct part);

		*r = (struct part){.kind = PART_RESULT, .call_id = m.parts[i].call_id, .text = run_tool(a, l, &p->call[i])};
		history_add(h, (struct message){.role = ROLE_TOOL, .parts = r, .n = 1});
	}
}

/* One user message through all its rounds; the answer. */
static struct slice ask(struct arena *a, struct history *h, const struct toolset *tools, struct list *l, const char *text)
{
	struct demo_plan p;

	history_add(h, message_text(a, ROLE_USER, slice_cstr(text)));
	for (int round = 0; round < 4; round++) {
		demo_plan(a, h, tools, NULL, &p);
		if (p.n_calls == 0) {
			assert_true(p.text.n > 0);
			history_add(h, message_text(a, ROLE_ASSISTANT, p.text));
			return p.text;
		}
		add_round(a, h, l, &p);
	}
	fail_msg("'%s' never ends", text);
	return SLICE_NONE;
}

static void demo_plan__a_conversation__really_keeps_the_list(void **state UNUSED)
{
	static const struct {
		const char *say, *answer, *list; /* the list afterwards: open, and done in brackets */
	} rows[] = {
		{"what is on my list?", "empty", ""},
		{"add milk and eggs to my list", "added **milk** and **eggs**", "milk eggs"},
		{"remind me to call Anna", "added **call Anna**", "milk eggs call_Anna"},
		{"what is on my list?", "3 tasks", "milk eggs call_Anna"},
		{"mark milk as done", "checked off **milk**", "(milk) eggs call_Anna"},
		{"rename eggs to brown eggs", "called **brown eggs**", "(milk) brown_eggs call_Anna"},
		{"mark anna as done", "checked off", "(milk) brown_eggs (call_Anna)"},
		{"mark milk as not done", "reopened **milk**", "milk brown_eggs (call_Anna)"},
		{"delete all completed tasks", "deleted 1 task", "milk brown_eggs"},
		{"delete unicorns", "no task called **unicorns**", "milk brown_eggs"},
		{"delete", "Which task", "milk brown_eggs"},
		{"delete milk and brown eggs", "deleted", ""},
		{"thank you", "welcome", ""},
		{"who are you?", "demo model", ""},
		{"tell me a story", "Once upon", ""},
	};
	struct arena *a = arena_new(16 << 20, NULL);
	struct list l = {0};
	struct toolset tools;
	struct history h;

	history_init(&h, a);
	toolset_init(&tools, a);
	for (size_t i = 0; i < countof(tools_all); i++)
		assert_int_equal(toolset_add(&tools, &tools_all[i], NULL), RC_OK);
	for (size_t i = 0; i < countof(rows); i++) {
		struct slice answer = ask(a, &h, &tools, &l, rows[i].say);
		struct buf left = BUF_INIT(4096);

		for (size_t k = 0; k < l.n; k++)
			if (!l.t[k].gone)
				buf_addf(&left, l.t[k].done ? "%s(%s)" : "%s%s", left.n ? " " : "", l.t[k].title);
		for (size_t k = 0; k < left.n; k++)
			if (left.p[k] == ' ' && k > 0 && strncmp(left.p + k - 4, "call", 4) == 0)
				left.p[k] = '_';
		for (char *at = left.p; at && (at = strstr(at, "brown "));)
			at[5] = '_';
		if (slice_find(answer, slice_cstr(rows[i].answer)) < 0 || !slice_is(buf_slice(&left), rows[i].list))
			fail_msg("'%s': '%.*s', list '%.*s'", rows[i].say, SLICE_ARG(answer), SLICE_ARG(buf_slice(&left)));
		/* It says what it is in its first answer, and then only when asked. */
		assert_int_equal(slice_find(answer, S("demo model")) >= 0, i == 0 || strstr(rows[i].say, "who") != NULL);
		buf_release(&left);
	}
	arena_free(a);
}

static void demo_plan__no_tools_or_a_failing_one__is_said(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct part call = {.kind = PART_CALL, .call_id = S("c"), .name = S("add_task"), .args = S("{}")};
	struct part no = {.kind = PART_RESULT, .call_id = S("c"), .text = S("The list is full."), .is_error = true};
	struct history h;
	struct demo_plan p;

	history_init(&h, a);
	history_add(&h, message_text(a, ROLE_USER, S("add milk")));
	demo_plan(a, &h, NULL, NULL, &p);
	assert_int_equal(p.n_calls, 0);
	assert_true(slice_find(p.text, S("add_task")) >= 0);
	history_add(&h, (struct message){.role = ROLE_ASSISTANT, .parts = &call, .n = 1});
	history_add(&h, (struct message){.role = ROLE_TOOL, .parts = &no, .n = 1});
	demo_plan(a, &h, NULL, NULL, &p);
	assert_true(slice_find(p.text, S("The list is full.")) >= 0);
	arena_free(a);
}

/* ---- any tool ---- */

static const struct tool page_tools[] = {
	{.spec = {.name = S_INIT("add_task"), .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"}}}")}},
	{.spec = {.name = S_INIT("list_tasks"), .schema = S_INIT("{\"type\":\"object\"}")}},
	{.spec = {.name = S_INIT("show_task"), .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"}}}")}},
	{.spec = {.name = S_INIT("show_task_list"), .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"tasks\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
		"\"properties\":{\"id\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"done\":{\"type\":\"boolean\"}}}}}}")}},
	{.spec = {.name = S_INIT("ask_user"), .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"question\":{\"type\":\"string\"},"
		"\"options\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"multiple\":{\"type\":\"boolean\"}}}")}},
	{.spec = {.name = S_INIT("get_page_info"), .schema = S_INIT("{\"type\":\"object\",\"properties\":{}}")}},
};

static void tools_of_page(struct toolset *tools, struct arena *a)
{
	toolset_init(tools, a);
	for (size_t i = 0; i < countof(page_tools); i++)
		assert_int_equal(toolset_add(tools, &page_tools[i], NULL), RC_OK);
}

static void demo_plan__any_tool__is_called_by_name_or_phrase(void **state UNUSED)
{
	static const struct {
		const char *text, *name, *args; /* name NULL: no call, or not one of these ways */
	} rows[] = {
		{"use add_task {\"title\": \"a {b}\"}", "add_task", "{\"title\": \"a {b}\"}"},
		{"Use add_task: {\"title\":\"x\"} please.", "add_task", "{\"title\":\"x\"}"},
		{"call add_task", "add_task", "{\"title\":\"Buy milk\"}"},
		{"run add_task {\"broken", "add_task", "{\"broken"},
		{"use nothing {}", NULL, NULL},
		{"use less sugar", NULL, NULL},
		{"show me the task list", "list_tasks", "{\"status\":\"all\"}"}, /* and then it is shown: below */
		{"show task list {\"tasks\":[]}", "show_task_list", "{\"tasks\":[]}"},
		{"Please show me a task.", "show_task", "{\"title\":\"Buy milk\"}"},
		{"show task {\"title\":\"Hi\"}", "show_task", "{\"title\":\"Hi\"}"},
		{"show me a widget", "show_task", "{\"title\":\"Buy milk\"}"},
		{"show me my tasks", "list_tasks", "{\"status\":\"all\"}"},
		{"Ask me something!", "ask_user", "{\"question\":\"What shall we have for breakfast?\",\"options\":[\"Tea\",\"Coffee\",\"Water\"],\"multiple\":false}"},
		{"ask me a question", "ask_user", NULL},
		{"Where am I?", "get_page_info", "{}"},
		{"what page is this", "get_page_info", "{}"},
		{"tell me where ami is", NULL, NULL},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct toolset tools;
		struct demo_plan p;
		struct history h;

		tools_of_page(&tools, a);
		history_init(&h, a);
		history_add(&h, message_text(a, ROLE_USER, slice_cstr(rows[i].text)));
		demo_plan(a, &h, &tools, NULL, &p);
		if (p.n_calls != (rows[i].name != NULL) || (rows[i].name && !slice_is(p.call[0].name, rows[i].name)) ||
		    (rows[i].args && !slice_is(p.call[0].args, rows[i].args)))
			fail_msg("'%s': %zu calls, %.*s %.*s", rows[i].text, p.n_calls, SLICE_ARG(p.call[0].name), SLICE_ARG(p.call[0].args));
		/* Without the tools there is nothing to call but the list's. */
		demo_plan(a, &h, NULL, NULL, &p);
		assert_int_equal(p.n_calls, 0);
		assert_true(p.text.n > 0);
		arena_free(a);
	}
}

/* "show me the task list": the real one. */
static void demo_plan__a_widget_of_tasks__shows_those_of_the_list(void **state UNUSED)
{
	static const struct {
		const char *result;
		bool is_error;
		const char *args, *text; /* args NULL: words alone */
	} rows[] = {
		{"{\"tasks\":[{\"id\":7,\"title\":\"Milk \\\"x\\\"\",\"completed\":true,\"priority\":\"none\"},8,{\"id\":9,\"title\":\"Bread\",\"description\":\"\"}]}", false,
		 "{\"tasks\":[{\"id\":\"7\",\"title\":\"Milk \\\"x\\\"\",\"done\":true},{\"id\":\"9\",\"title\":\"Bread\"}]}", "Here it is:"},
		{"{\"tasks\":[]}", false, NULL, "Your list is empty"},
		{"{}", false, NULL, "I could not read the list"},
		{"Not now.", true, NULL, "That did not work: Not now."},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct part call = {.kind = PART_CALL, .call_id = S("c"), .name = S("list_tasks"), .args = S("{}")}, show = call;
		struct part result = {.kind = PART_RESULT, .call_id = S("c"), .text = slice_cstr(rows[i].result), .is_error = rows[i].is_error}, shown = result;
		struct toolset tools;
		struct demo_plan p;
		struct history h;

		tools_of_page(&tools, a);
		history_init(&h, a);
		history_add(&h, message_text(a, ROLE_USER, S("show me the task list")));
		history_add(&h, (struct message){.role = ROLE_ASSISTANT, .parts = &call, .n = 1});
		history_add(&h, (struct message){.role = ROLE_TOOL, .parts = &result, .n = 1});
		demo_plan(a, &h, &tools, NULL, &p);
		assert_int_equal(p.n_calls, rows[i].args != NULL);
		if (!slice_starts(p.text, slice_cstr(rows[i].text)) || (p.n_calls && !slice_is(p.call[0].args, rows[i].args)))
			fail_msg("%zu: '%.*s', %.*s", i, SLICE_ARG(p.text), SLICE_ARG(p.call[0].args));
		show.name = S("show_task_list");
		shown.text = S("Shown.");
		shown.is_error = false;
		history_add(&h, (struct message){.role = ROLE_ASSISTANT, .parts = &show, .n = 1});
		history_add(&h, (struct message){.role = ROLE_TOOL, .parts = &shown, .n = 1});
		demo_plan(a, &h, &tools, NULL, &p);
		assert_int_equal(p.n_calls, 0);
		arena_free(a);
	}
}

/* What is no phrase: a file, a press in a widget, and what is told to models alone. */
static void demo_plan__files_and_actions__are_received(void **state UNUSED)
{
	struct part parts[] = {
		{.kind = PART_FILE, .name = S("a.txt"), .mime = S("text/plain")},
		{.kind = PART_TEXT, .text = S("look at this")},
		{.kind = PART_FILE, .name = S("b.png"), .mime = S("image/png")},
	};
	struct arena *a = arena_new(1 << 20, NULL);
	struct demo_plan p;
	struct history h;

	history_init(&h, a);
	history_add(&h, (struct message){.role = ROLE_USER, .parts = parts, .n = 3});
	demo_plan(a, &h, NULL, NULL, &p);
	assert_true(slice_starts(p.text, S("I have received **a.txt** (text/plain), **b.png** (image/png). I cannot look into them")));
	history_add(&h, message_text(a, ROLE_USER, S("<HiddenContext>the weather is fine</HiddenContext>")));
	demo_plan(a, &h, NULL, NULL, &p);
	assert_true(slice_starts(p.text, S("I have received **a.txt**")));
	history_add(&h, message_text(a, ROLE_USER, S("<HiddenContext>The user did the action 'list.delete' on the widget x with {}</HiddenContext>")));
	demo_plan(a, &h, NULL, NULL, &p);
	assert_true(slice_starts(p.text, S("What you pressed came to me as the action `list.delete`.")));
	history_add(&h, message_text(a, ROLE_USER, S("A form was shown to the user, who has answered it:\n<StructuredInput>\n- What next?: delete everything\n- When?: skipped\n</StructuredInput>")));
	demo_plan(a, &h, NULL, NULL, &p);
	assert_true(slice_starts(p.text, S("You answered:\n\n- What next?: delete everything\n- When?: skipped\n\nA real model")));
	assert_int_equal(p.n_calls, 0);
	arena_free(a);
}

static void demo_plan__what_a_tool_answered__is_said(void **state UNUSED)
{
	static const struct {
		const char *result;
		bool is_error;
		const char *want;
	} rows[] = {
		{"{\"url\":\"https://example.com/\"}", false, "The tool `get_page_info` answered:\n\n```json\n{\"url\":\"https://example.com/\"}\n```"},
		{" Tea ", false, "The tool `get_page_info` answered: Tea"},
		{"No page is open.", true, "That did not work: No page is open."},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct part call = {.kind = PART_CALL, .call_id = S("c"), .name = S("get_page_info"), .args = S("{}")};
		struct part result = {.kind = PART_RESULT, .call_id = S("c"), .text = slice_cstr(rows[i].result), .is_error = rows[i].is_error};
		struct toolset tools;
		struct demo_plan p;
		struct history h;

		toolset_init(&tools, a);
		assert_int_equal(toolset_add(&tools, &page_tools[5], NULL), RC_OK);
		history_init(&h, a);
		history_add(&h, message_text(a, ROLE_USER, S("where am i")));
		history_add(&h, (struct message){.role = ROLE_ASSISTANT, .parts = &call, .n = 1});
		history_add(&h, (struct message){.role = ROLE_TOOL, .parts = &result, .n = 1});
		demo_plan(a, &h, &tools, NULL, &p);
		assert_int_equal(p.n_calls, 0);
		if (!slice_starts(p.text, slice_cstr(rows[i].want)))
			fail_msg("'%.*s'", SLICE_ARG(p.text));
		arena_free(a);
	}
}

/* What a tool offers is in the help; and arguments are made for whatever schema. */
static void demo__help_and_samples(void **state UNUSED)
{
	static const struct {
		const char *schema, *want;
	} rows[] = {
		{"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":5},\"f\":{\"type\":\"number\",\"maximum\":0.5},\"e\":{\"enum\":[\"x\",\"y\"]},"
		 "\"d\":{\"type\":\"string\",\"default\":\"dd\"},\"c\":{\"const\":7},\"x\":{\"type\":\"string\",\"examples\":[\"eg\"]}}}",
		 "{\"n\":8,\"f\":0.3,\"e\":\"x\",\"d\":\"dd\",\"c\":7,\"x\":\"eg\"}"},
		{"{\"properties\":{\"when\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},\"day\":{\"type\":\"string\",\"format\":\"date\"},\"home\":{\"anyOf\":[{\"type\":\"string\",\"format\":\"uri\"},{\"type\":\"null\"}]},"
		 "\"o\":{\"properties\":{\"label\":{}}},\"questions\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"question\":{\"type\":\"string\"}}}},\"z\":{\"type\":\"null\"},\"l\":{\"type\":\"array\"}}}",
		 "{\"when\":\"2026-01-31T09:30:00Z\",\"day\":\"2026-01-31\",\"home\":\"https://example.com/\",\"o\":{\"label\":\"Buy milk\"},"
		 "\"questions\":[{\"id\":\"1\",\"question\":\"What shall we have for breakfast?\"}],\"z\":null,\"l\":[]}"},
		{"{}", "{}"}, {"{\"type\":\"string\"}", "{}"}, {"{\"properties\":7}", "{}"}, {"oops", "{}"},
		{"{\"properties\":{\"a\":{\"type\":7},\"b\":null,\"c\":[],\"d\":{\"type\":[]},\"e\":{\"anyOf\":[]},\"f\":{\"type\":\"array\",\"items\":[]}}}",
		 "{\"a\":\"Buy milk\",\"b\":\"Kitchen\",\"c\":\"Short\",\"d\":\"Buy milk\",\"e\":\"Kitchen\",\"f\":[]}"},
		/* Lists vary: a week that rises and falls, enums in turn, one of them done, no word twice in an object; what need not be said is not. */
		{"{\"properties\":{\"title\":{\"type\":\"string\"},\"kind\":{\"enum\":[\"bar\"]},\"points\":{\"type\":\"array\",\"items\":{\"properties\":{\"label\":{\"type\":\"string\"},"
		 "\"value\":{\"type\":\"number\"}},\"required\":[\"label\"]}}},\"required\":[\"title\",\"points\"]}",
		 "{\"title\":\"Cups of tea this week\",\"points\":[{\"label\":\"Mon\",\"value\":3},{\"label\":\"Tue\",\"value\":5},{\"label\":\"Wed\",\"value\":4},{\"label\":\"Thu\",\"value\":7},"
		 "{\"label\":\"Fri\",\"value\":6},{\"label\":\"Sat\",\"value\":9},{\"label\":\"Sun\",\"value\":8}]}"},
		{"{\"properties\":{\"list\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"properties\":{\"id\":{\"type\":\"integer\"},\"title\":{},\"badge\":{},\"size\":{\"enum\":[\"s\",\"m\"]},"
		 "\"done\":{\"type\":\"boolean\"},\"due\":{\"type\":\"string\",\"maxLength\":7}}}}}}",
		 "{\"list\":[{\"id\":1,\"title\":\"Buy milk\",\"badge\":\"Kitchen\",\"size\":\"s\",\"done\":false,\"due\":\"2026-01\"},"
		 "{\"id\":2,\"title\":\"Call Anna\",\"badge\":\"Telephone\",\"size\":\"m\",\"done\":true,\"due\":\"2026-02\"}]}"},
		{"{\"properties\":{\"low\":{\"type\":\"integer\",\"minimum\":2,\"maximum\":3},\"below\":{\"type\":\"number\",\"maximum\":-1},\"l\":{\"type\":\"array\",\"minItems\":4,\"items\":{\"type\":\"null\"}}}}",
		 "{\"low\":2,\"below\":-5,\"l\":[null,null,null,null]}"},
	};
	struct arena *a = arena_new(4 << 20, NULL);
	struct buf deep = BUF_INIT(4096), help = BUF_INIT(4096);
	struct toolset tools;

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice got = demo_sample(a, slice_cstr(rows[i].schema), SLICE_NONE);

		if (!slice_is(got, rows[i].want))
			fail_msg("%s: %.*s", rows[i].schema, SLICE_ARG(got));
	}
	/* Lists in lists would be three times as many with each. */
	buf_adds(&deep, "{\"properties\":{\"a\":");
	for (int i = 0; i < 12; i++)
		buf_adds(&deep, "{\"type\":\"array\",\"maxItems\":1,\"items\":");
	buf_adds(&deep, "{}");
	for (int i = 0; i < 13; i++)
		buf_adds(&deep, i < 12 ? "}" : "}}");
	assert_true(slice_is(demo_sample(a, buf_slice(&deep), SLICE_NONE), "{\"a\":[[[[[[[[null]]]]]]]]}"));
	tools_of_page(&tools, a);
	demo_tool_help(&tools, &help);
	assert_string_equal(help.p, "\n- *ask me something*\n- *where am I?*\n- *show me the task*\n- *show me the task list*\n- *use add_task {...}*: any tool, with arguments as JSON");
	buf_release(&deep);
	buf_release(&help);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demo_intent__phrases),
		cmocka_unit_test(demo_plan__a_conversation__really_keeps_the_list),
		cmocka_unit_test(demo_plan__any_tool__is_called_by_name_or_phrase),
		cmocka_unit_test(demo_plan__a_widget_of_tasks__shows_those_of_the_list),
		cmocka_unit_test(demo_plan__files_and_actions__are_received),
		cmocka_unit_test(demo_plan__what_a_tool_answered__is_said),
		cmocka_unit_test(demo__help_and_samples),
		cmocka_unit_test(demo_plan__no_tools_or_a_failing_one__is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
