/* SPDX-License-Identifier: MIT */
/* actions: what becomes of a widget's action. Their templates and names are checked here; whether their tools exist shows at start. */
#include "app/conf_fields.h"

#define AT(member) offsetof(struct conf_action, member)
#define SENTENCE_MAX ((size_t)16 * 1024) /* bytes of a template */

static void take_effects(struct conf_reader *r, const char *where, const struct json_at *at, void *to);
static void take_status(struct conf_reader *r, const char *where, const struct json_at *at, void *to);

static const struct conf_field notice_fields[] = {
	{"level", FIELD_LINE, false, AT(notice_level), 0, NULL, NULL},
	{"title", FIELD_TEMPLATE, false, AT(notice_title), SENTENCE_MAX, NULL, NULL},
	{"message", FIELD_TEMPLATE, true, AT(notice_message), SENTENCE_MAX, NULL, NULL},
	{0},
};

static const struct conf_field widget_fields[] = {
	{"template", FIELD_LINE, true, AT(widget), 0, NULL, NULL},
	{"data", FIELD_TEMPLATES, false, AT(widget_data), 0, NULL, NULL},
	{"tool", FIELD_LINE, false, AT(widget_tool), 0, NULL, NULL},
	{"arguments", FIELD_TEMPLATES, false, AT(widget_arguments), 0, NULL, NULL},
	{0},
};

static const struct conf_field fields[] = {
	{"type", FIELD_LINE, true, AT(type), 128, NULL, NULL},
	{"tool", FIELD_LINE, false, AT(tool), 0, NULL, NULL},
	{"arguments", FIELD_TEMPLATES, false, AT(arguments), 0, NULL, NULL},
	{"once", FIELD_BOOL, false, AT(once), 0, NULL, NULL},
	{"resume", FIELD_BOOL, false, AT(resume), 0, NULL, NULL},
	{"sync", FIELD_MAYBE, false, AT(sync), 0, NULL, NULL},
	{"message", FIELD_TEMPLATE, false, AT(message), SENTENCE_MAX, NULL, NULL},
	{"notice", FIELD_GROUP, false, 0, 0, notice_fields, NULL},
	{"hidden_context", FIELD_TEMPLATE, false, AT(hidden_context), SENTENCE_MAX, NULL, NULL},
	{"effects", FIELD_OWN, false, 0, 0, NULL, take_effects},
	{"widget", FIELD_GROUP, false, 0, 0, widget_fields, NULL},
	{"title", FIELD_TEMPLATE, false, AT(title), SENTENCE_MAX, NULL, NULL},
	{"status", FIELD_OWN, false, 0, 0, NULL, take_status},
	{0},
};

struct effect {
	struct slice name, data;
};

/* An object, or a template that gives one: "{{ payload }}". */
static void take_data(struct conf_reader *r, const char *where, const struct json_at *at, void *to)
{
	if (json_kind(at) != JSON_OBJECT && json_kind(at) != JSON_STRING)
		conf_problem(r, where, "expected an object, or a template of one");
	else
		conf_take_json(r, where, at, true, &((struct effect *)to)->data);
}

static void take_effects(struct conf_reader *r, const char *where, const struct json_at *at, void *to)
{
	static const struct conf_field own[] = {
		{"name", FIELD_LINE, true, offsetof(struct effect, name), 128, NULL, NULL},
		{"data", FIELD_OWN, false, 0, 0, NULL, take_data},
		{0},
	};
	struct conf_action *a = to;

	if (json_kind(at) != JSON_ARRAY) {
		conf_problem(r, where, "expected an array of objects with name and data");
		return;
	}
	for (size_t i = 0; i < json_count(at); i++) {
		struct json_at item = json_item(at, i);
		struct effect ignored = {.name = SLICE_NONE};

		conf_take_fields(r, conf_where_item(r, where, i), &item, own, &ignored);
	}
	if (json_count(at) && r->n_problems == 0)
		conf_take_json(r, where, at, true, &a->effects);
}

static void take_status(struct conf_reader *r, const char *where, const struct json_at *at, void *to)
{
	static const struct {
		const char *word;
		enum conf_thread_status status;
	} words[] = {{"active", CONF_STATUS_ACTIVE}, {"locked", CONF_STATUS_LOCKED}, {"closed", CONF_STATUS_CLOSED}};
	struct conf_action *a = to;
	struct slice text;

	if (!conf_take_string(r, where, at, false, 0, &text))
		return;
	for (size_t i = 0; i < countof(words); i++)
		if (slice_is(text, words[i].word)) {
			a->status = words[i].status;
			return;
		}
	conf_problem(r, where, "%s is none of active, locked, closed", conf_quote(r, text));
}

static void check_tool(struct conf_reader *r, const char *where, const char *whose, struct slice tool, struct slice arguments)
{
	if (tool.n && !conf_is_tool_name(tool))
		conf_problem(r, where, "%stool: %s is no name: 1 to 64 of A-Z a-z 0-9 _ -", whose, conf_quote(r, tool));
	if (arguments.n && tool.n == 0)
		conf_problem(r, where, "%sarguments are a tool's, and %stool is missing", whose, whose);
}

static void check(struct conf_reader *r, const char *where, const struct conf_action *a)
{
	check_tool(r, where, "", a->tool, a->arguments);
	check_tool(r, where, "widget.", a->widget_tool, a->widget_arguments);
	if (a->notice_level.n && !slice_is(a->notice_level, "info") && !slice_is(a->notice_level, "warning") && !slice_is(a->notice_level, "danger"))
		conf_problem(r, where, "notice.level: %s is none of info, warning, danger", conf_quote(r, a->notice_level));
}

/* What leaves in a stream. */
static bool has_stream(const struct conf_action *a)
{
	return a->message.n || a->notice_message.n || a->effects.n || a->title.n || a->status;
}

static bool has_result(const struct conf_action *a)
{
	return a->tool.n || a->hidden_context.n || a->widget.n || has_stream(a);
}

/* A row that an earlier one leaves nothing to. */
static void check_order(struct conf_reader *r, const char *where, const struct conf_action *a)
{
	const struct conf *c = r->c;

	for (size_t i = 0; i < c->n_actions; i++) {
		const struct conf_action *first = &c->actions[i];

		if (a->type.n == 0 || !slice_glob(first->type, a->type) || (first->sync != CONF_UNSAID && first->sync != a->sync))
			continue;
		conf_warn(r, "%s never happens: actions[%zu], %s, comes first and takes the same", where, i, conf_quote(r, first->type));
		break;
	}
}

static void take(struct conf_reader *r, const char *where, const struct json_at *at)
{
	struct conf *c = r->c;
	struct conf_action *a = &c->actions[c->n_actions];
	struct json_at resume;

	*a = (struct conf_action){.type = SLICE_NONE};
	conf_take_fields(r, where, at, fields, a);
	if (json_kind(at) != JSON_OBJECT)
		return;
	check(r, where, a);
	resume = json_get(at, "resume");
	if (!json_has(&resume))
		a->resume = !has_result(a) && a->sync != CONF_YES;
	if (a->notice_message.n && a->notice_level.n == 0)
		a->notice_level = S("info");
	if (a->sync == CONF_YES && (has_stream(a) || a->resume))
		conf_warn(r, "%s: with sync only the widget and what the model remembers change; message, notice, effects, title, status and resume do nothing", where);
	check_order(r, where, a);
	c->n_actions++;
}

void conf_take_actions(struct conf_reader *r, const char *where, const struct json_at *at)
{
	r->c->actions = arena_alloc(r->c->arena, CONF_ACTIONS_MAX * sizeof(struct conf_action));
	r->c->n_actions = 0;
	conf_take_array(r, where, at, CONF_ACTIONS_MAX, take);
}

static bool has_widget(const struct conf *c, struct slice name)
{
	for (size_t i = 0; i < c->n_widgets; i++)
		if (slice_eq(c->widgets[i].file.name, name))
			return true;
	return false;
}

void conf_check_actions(struct conf_reader *r)
{
	struct conf *c = r->c;

	for (size_t i = 0; i < c->n_actions; i++) {
		struct slice written = c->actions[i].widget;

		if (written.n == 0)
			continue;
		/* "Task list", as the file calls itself, is task_list. */
		c->actions[i].widget = widget_file_name(c->arena, written);
		if (!has_widget(c, c->actions[i].widget))
			conf_problem(r, arena_printf(r->scratch, "actions[%zu].widget.template", i).p, "there is no widget %s in %s", conf_quote(r, written),
				     c->widgets_folder.n ? "widgets.folder" : "widgets.folder, which is not set");
	}
}
