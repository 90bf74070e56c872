/* SPDX-License-Identifier: MIT */
#include "conf_rig.h"

#define NO_ENV RIG_ENV(NULL)
#define S32 "0123456789abcdef0123456789abcdef"

struct problem_row {
	const char *text, *want;
};

static const struct problem_row problems[] = {
	/* client_tools */
	{"{\"client_tools\":{}}", "client_tools: expected an array of objects\n"},
	{"{\"client_tools\":[1]}", "client_tools[0]: expected an object\n"},
	{"{\"client_tools\":[{}]}", "client_tools[0]: name is missing\nclient_tools[0]: description is missing\n"},
	{"{\"client_tools\":[{\"name\":\"a b\",\"description\":\"x\"}]}", "client_tools[0]: name: a b is no name: 1 to 64 of A-Z a-z 0-9 _ -\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\"},{\"name\":\"a\",\"description\":\"x\"}]}", "client_tools[1]: name: a is there twice\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":7}]}", "client_tools[0].description: expected a string, or an array of lines\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\",\"descripton\":\"x\"}]}", "client_tools[0].descripton: unknown; did you mean description?\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\",\"zzzzz\":1}]}", "client_tools[0].zzzzz: unknown\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\",\"parameters\":[]}]}", "client_tools[0].parameters: expected an object\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\",\"parameters\":{\"type\":\"string\"}}]}",
	 "client_tools[0]: parameters: expected a JSON Schema of type object\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\",\"parameters\":{\"type\":\"object\",\"properties\":[]}}]}",
	 "client_tools[0]: parameters: expected a JSON Schema of type object\n"},
	{"{\"client_tols\":[]}", "client_tols: unknown; did you mean client_tools?\n"},
	{"{\"client_tools\":[{\"name\":\"a\",\"description\":\"${NOPE}\"}]}", "client_tools[0].description: the variable NOPE is not set\n"},
	/* actions */
	{"{\"actions\":[{\"tool\":\"x\"}]}", "actions[0]: type is missing\n"},
	{"{\"actions\":[{\"type\":\"x\",\"tool\":\"a.b\"}]}", "actions[0]: tool: a.b is no name: 1 to 64 of A-Z a-z 0-9 _ -\n"},
	{"{\"actions\":[{\"type\":\"x\",\"arguments\":{}}]}", "actions[0]: arguments are a tool's, and tool is missing\n"},
	{"{\"actions\":[{\"type\":\"x\",\"widget\":{\"template\":\"a\",\"tool\":\"a.b\"}}]}", "actions[0]: widget.tool: a.b is no name: 1 to 64 of A-Z a-z 0-9 _ -\n"
	 "actions[0].widget.template: there is no widget a in widgets.folder, which is not set\n"},
	{"{\"actions\":[{\"type\":\"x\",\"tool\":\"t\",\"arguments\":[]}]}", "actions[0].arguments: expected an object\n"},
	{"{\"actions\":[{\"type\":\"x\",\"once\":\"yes\"}]}", "actions[0].once: expected true or false\n"},
	{"{\"actions\":[{\"type\":\"x\",\"notice\":{\"title\":\"t\"}}]}", "actions[0].notice: message is missing\n"},
	{"{\"actions\":[{\"type\":\"x\",\"notice\":{\"message\":\"m\",\"level\":\"loud\"}}]}", "actions[0]: notice.level: loud is none of info, warning, danger\n"},
	{"{\"actions\":[{\"type\":\"x\",\"effects\":{}}]}", "actions[0].effects: expected an array of objects with name and data\n"},
	{"{\"actions\":[{\"type\":\"x\",\"effects\":[{\"data\":{}}]}]}", "actions[0].effects[0]: name is missing\n"},
	{"{\"actions\":[{\"type\":\"x\",\"effects\":[{\"name\":\"e\",\"dta\":1}]}]}", "actions[0].effects[0].dta: unknown; did you mean data?\n"},
	{"{\"actions\":[{\"type\":\"x\",\"effects\":[{\"name\":\"e\",\"data\":[1]}]}]}", "actions[0].effects[0].data: expected an object, or a template of one\n"},
	{"{\"actions\":[{\"type\":\"x\",\"status\":\"open\"}]}", "actions[0].status: open is none of active, locked, closed\n"},
	{"{\"actions\":[{\"type\":\"x\",\"widget\":{}}]}", "actions[0].widget: template is missing\n"},
	{"{\"actions\":[{\"type\":\"x\",\"widget\":{\"template\":\"card\"}}]}",
	 "actions[0].widget.template: there is no widget card in widgets.folder, which is not set\n"},
	{"{\"actions\":[{\"type\":\"x\",\"title\":\"a\\u0007b\"}]}", "actions[0].title: holds a control character or bad UTF-8\n"},
	{"{\"actions\":[{\"type\":\"x\"},{\"type\":\"y\",\"mesage\":\"m\",\"resume\":1}]}",
	 "actions[1].mesage: unknown; did you mean message?\nactions[1].resume: expected true or false\n"},
	/* templates */
	{"{\"actions\":[{\"type\":\"x\"},{\"type\":\"y\",\"message\":[\"fine\",\"a {{ b | shout }}\"]}]}", "actions[1].message: line 2, column 10: unknown filter 'shout'\n"},
	/* context.headers */
	{"{\"context\":{\"headers\":[]}}", "context.headers: expected an object: {\"Article-Id\": \"article_id\"}\n"},
	{"{\"context\":{\"header\":{}}}", "context.header: unknown; did you mean context.headers?\n"},
	{"{\"context\":{\"headers\":{\"A B\":\"a\"}}}", "context.headers.A B: is no header that a model may be told\n"},
	{"{\"context\":{\"headers\":{\"Cookie\":\"a\"}}}", "context.headers.Cookie: is no header that a model may be told\n"},
	{"{\"context\":{\"headers\":{\"X-ChatKit-Authorization\":\"a\"}}}", "context.headers.X-ChatKit-Authorization: is no header that a model may be told\n"},
	{"{\"context\":{\"headers\":{\"A\":\"1a\"}}}", "context.headers.A: 1a is no name: a letter a-z, then a-z 0-9 _, 32 at most\n"},
	{"{\"context\":{\"headers\":{\"A\":\"now\"}}}", "context.headers.A: {now} is filled in already\n"},
	{"{\"context\":{\"headers\":{\"A\":\"a\",\"B\":\"a\"}}}", "context.headers.B: {a} is there twice\n"},
	{"{\"context\":{\"headers\":{\"A\":1}}}", "context.headers.A: expected a string\n"},
	/* texts */
	{"{\"texts\":[]}", "texts: expected an object: {\"de\": {\"English sentence.\": \"Deutscher Satz.\"}}\n"},
	{"{\"texts\":{\"german!\":{}}}", "texts.german!: is no language: expected de, pt-BR or the like\n"},
	{"{\"texts\":{\"de\":\"x\"}}", "texts.de: expected an object\n"},
	{"{\"texts\":{\"de\":{\"Please sign in.\":1}}}", "texts.de.Please sign in.: expected a string, or an array of lines\n"},
	{"{\"texts\":{\"de\":{\"Please sign in.\":\"{1}\"}}}",
	 "texts.de.Please sign in.: names a place ({1}, {2}) that the English sentence does not have\n"},
	/* scalars with parts behind them */
	{"{\"titles\":{\"by\":\"luck\"}}", "titles.by: luck is none of words|model|off\n"},
	{"{\"titles\":{\"model\":\"nobody/x\"}}", NULL},
	{"{\"attachments\":{\"types\":[\"image/*\"]}}", "attachments.types: image/* is no media type: list each one, as image/png\n"},
	{"{\"attachments\":{\"types\":[\"png\"]}}", "attachments.types: png is no media type: list each one, as image/png\n"},
	{"{\"attachments\":{\"max_mib\":501}}", "attachments.max_mib: a file of 501 MiB is more than one person may have (attachments.owner_mib)\n"},
	{"{\"transcription\":{\"enabled\":true}}", NULL},
	{"{\"transcription\":{\"api_key\":\"canary canary\"}}", "transcription.api_key: holds a blank, a control character or a letter that no key has\n"},
	{"{\"transcription\":{\"api_key\":\"os.environ/NOPE\"}}", "transcription.api_key: the variable NOPE is not set\n"},
	{"{\"widgets\":{\"folder\":\"/nowhere/at/all\"}}", "widgets.folder: /nowhere/at/all: No such file or directory\n"},
};

static void every_problem_is_told(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < countof(problems); i++) {
		const char *got = rig_problems(r, problems[i].text, NO_ENV);

		if (r->conf)
			fail_msg("row %zu: taken", i);
		if (problems[i].want && strcmp(got, problems[i].want) != 0)
			fail_msg("row %zu: got\n%swant\n%s", i, got, problems[i].want);
		assert_null(strstr(got, "canary"));
	}
}

/* Templates are read where they stand: in messages, and in every string of arguments, data and effects; a type and keys are none. */
static void templates_have_paths(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{"{\"actions\":[{\"type\":\"x\",\"tool\":\"t\",\"arguments\":{\"a\":[1,{\"b\":\"{{ \"}]}}]}", "actions[0].arguments.a[1].b: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"effects\":[{\"name\":\"e\",\"data\":\"{% if %}\"}]}]}", "actions[0].effects[0].data: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"effects\":[{\"name\":\"{{\"}]}]}", "actions[0].effects[0].name: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"notice\":{\"title\":\"{{ 1 \",\"message\":\"m\"}}]}", "actions[0].notice.title: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"hidden_context\":\"{{ 1 \"}]}", "actions[0].hidden_context: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"title\":\"{{ 1 \"}]}", "actions[0].title: line 1, "},
		{"{\"actions\":[{\"type\":\"x\",\"widget\":{\"template\":\"w\",\"data\":{\"a\":\"{{ 1 \"}}}]}", "actions[0].widget.data.a: line 1, "},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		const char *got = rig_problems(r, rows[i].text, NO_ENV);

		if (strncmp(got, rows[i].path, strlen(rows[i].path)) != 0)
			fail_msg("row %zu: got %s", i, got);
	}
	assert_non_null(rig_load(r, "{\"actions\":[{\"type\":\"{{\",\"tool\":\"t\",\"arguments\":{\"{{\":1}}]}", NO_ENV));
}

/* An array or object of n copies; # in one is the copy's number. */
static const char *many(const char *before, const char *one, const char *after, size_t n)
{
	static struct buf text = BUF_INIT(65536);

	buf_clear(&text);
	buf_adds(&text, before);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&text, i ? "," : "");
		for (const char *c = one; *c; c++)
			if (*c == '#')
				buf_addi(&text, (int64_t)i);
			else
				buf_addch(&text, *c);
	}
	buf_adds(&text, after);
	return buf_slice(&text).p;
}

static void limits(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, many("{\"client_tools\":[", "{\"name\":\"t#\",\"description\":\"x\"}", "]}", 32), NO_ENV));
	assert_int_equal(r->conf->n_client_tools, 32);
	assert_string_equal(rig_problems(r, many("{\"client_tools\":[", "{\"name\":\"t#\",\"description\":\"x\"}", "]}", 33), NO_ENV), "client_tools: holds more than 32\n");
	assert_non_null(rig_load(r, many("{\"actions\":[", "{\"type\":\"t#\"}", "]}", 64), NO_ENV));
	assert_int_equal(r->conf->n_actions, 64);
	assert_string_equal(rig_problems(r, many("{\"actions\":[", "{\"type\":\"t#\"}", "]}", 65), NO_ENV), "actions: holds more than 64\n");
	assert_non_null(rig_load(r, many("{\"context\":{\"headers\":{", "\"H#\":\"h#\"", "}}}", 16), NO_ENV));
	assert_int_equal(r->conf->n_context, 16);
	assert_string_equal(rig_problems(r, many("{\"context\":{\"headers\":{", "\"H#\":\"h#\"", "}}}", 17), NO_ENV), "context.headers: holds more than 16\n");
	assert_string_equal(rig_problems(r, many("{\"texts\":{\"de\":{", "\"Key #\":\"x\"", "}}}", 1025), NO_ENV), "texts: holds more than 1024 sentences\n");
}

static void client_tools(void **state)
{
	struct rig *r = *state;
	const struct conf_client_tool *t;

	if (!rig_load(r,
		      "{\"client_tools\":["
		      "{\"name\":\"pick\",\"title\":\"Pick\",\"description\":[\"Picks ${WHAT}.\",\"Ask first.\"],"
		      "\"parameters\":{\"type\":\"object\", \"properties\": {\"n\": {\"type\": \"integer\", \"minimum\": 1.50, \"description\": \"of ${WHAT}, $${n}\"}}}},"
		      "{\"name\":\"bare\",\"title\":null,\"description\":\"x\"}]}",
		      RIG_ENV("WHAT=\"files\"")))
		fail_msg("%s", r->problems.p);
	t = r->conf->client_tools;
	assert_int_equal(r->conf->n_client_tools, 2);
	assert_true(slice_is(t[0].name, "pick"));
	assert_true(slice_is(t[0].title, "Pick"));
	assert_true(slice_is(t[0].description, "Picks \"files\".\nAsk first."));
	assert_true(slice_is(t[0].schema, "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1.50,\"description\":\"of \\\"files\\\", ${n}\"}}}"));
	assert_int_equal(t[1].title.n, 0);
	assert_true(slice_is(t[1].schema, "{\"type\":\"object\",\"properties\":{}}"));
}

static void actions(void **state)
{
	struct rig *r = *state;
	const struct conf_action *a;

	if (!rig_load(r,
		      "{\"actions\":["
		      "{\"type\":\"task.*\",\"tool\":\"complete_task\",\"arguments\":{\"id\":\"{{ payload.id }}\",\"n\":[1,true,null]},\"once\":true,\"sync\":false},"
		      "{\"type\":\"all\",\"message\":[\"Hi {{ payload.name }}\",\"there\"],\"notice\":{\"message\":\"m\"},\"hidden_context\":\"h\",\"resume\":true,"
		      "\"effects\":[{\"name\":\"e\",\"data\":{\"x\":\"${V}\"}},{\"name\":\"f\"}],\"title\":\"T\",\"status\":\"locked\",\"sync\":true},"
		      "{\"type\":\"plain\"},"
		      "{\"type\":\"quiet\",\"resume\":false},"
		      "{\"type\":\"told\",\"notice\":{\"level\":\"danger\",\"title\":\"t\",\"message\":\"m\"},\"status\":\"active\"}]}",
		      RIG_ENV("V=v")))
		fail_msg("%s", r->problems.p);
	a = r->conf->actions;
	assert_int_equal(r->conf->n_actions, 5);
	assert_true(slice_is(a[0].tool, "complete_task"));
	assert_true(slice_is(a[0].arguments, "{\"id\":\"{{ payload.id }}\",\"n\":[1,true,null]}"));
	assert_true(a[0].once && !a[0].resume && a[0].sync == CONF_NO && a[0].status == CONF_STATUS_KEEP && a[0].notice_level.n == 0);
	assert_true(slice_is(a[1].message, "Hi {{ payload.name }}\nthere"));
	assert_true(slice_is(a[1].notice_level, "info") && slice_is(a[1].notice_message, "m") && a[1].notice_title.n == 0);
	assert_true(slice_is(a[1].effects, "[{\"name\":\"e\",\"data\":{\"x\":\"v\"}},{\"name\":\"f\"}]"));
	assert_true(a[1].resume && a[1].sync == CONF_YES && a[1].status == CONF_STATUS_LOCKED && !a[1].once);
	assert_true(a[2].resume && a[2].sync == CONF_UNSAID);
	assert_false(a[3].resume);
	assert_false(a[4].resume);
	assert_true(slice_is(a[4].notice_level, "danger") && a[4].status == CONF_STATUS_ACTIVE);
}

/* The first that fits is it, so that one behind a wider one is a slip. */
static void an_action_that_never_happens(void **state)
{
	static const struct {
		const char *first, *second;
		bool warned;
	} rows[] = {
		{"*", "a", true},
		{"a.*", "a.b", true},
		{"a.*", "a.b.*", true},
		{"a", "a", true},
		{"a.b", "a.*", false},
		{"a", "b", false},
		{"a\",\"sync\":true,\"tool\":\"t", "a\",\"sync\":false,\"tool\":\"t", false},
		{"a\",\"sync\":true,\"tool\":\"t", "a\",\"sync\":true,\"tool\":\"t", true},
		{"a\",\"sync\":true,\"tool\":\"t", "a", false},
		{"a", "a\",\"sync\":false,\"tool\":\"t", true},
	};
	struct rig *r = *state;
	char text[128];

	for (size_t i = 0; i < countof(rows); i++) {
		snprintf(text, sizeof(text), "{\"actions\":[{\"type\":\"%s\"},{\"type\":\"%s\"}]}", rows[i].first, rows[i].second);
		assert_non_null(rig_load(r, text, NO_ENV));
		if ((slice_find(r->conf->warnings, S("actions[1] never happens: actions[0], ")) >= 0) != rows[i].warned)
			fail_msg("row %zu: %.*s", i, SLICE_ARG(r->conf->warnings));
	}
}

static void an_action_at_once_has_no_stream(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, "{\"actions\":[{\"type\":\"a\",\"sync\":true,\"tool\":\"t\",\"hidden_context\":\"x\"},{\"type\":\"b\",\"sync\":true}]}", NO_ENV));
	assert_true(slice_find(r->conf->warnings, S("with sync")) < 0);
	assert_false(r->conf->actions[1].resume);
	assert_non_null(rig_load(r, "{\"actions\":[{\"type\":\"a\",\"sync\":true,\"title\":\"x\"}]}", NO_ENV));
	assert_true(slice_find(r->conf->warnings, S("actions[0]: with sync only the widget")) >= 0);
}

static void context_headers(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, "{\"context\":{\"headers\":{\"Article-Id\":\"article_id\",\"x_page\":\"page\"}}}", NO_ENV));
	assert_int_equal(r->conf->n_context, 2);
	assert_true(slice_is(r->conf->context[0].header, "ARTICLE_ID") && slice_is(r->conf->context[0].name, "article_id"));
	assert_true(slice_is(r->conf->context[1].header, "X_PAGE") && slice_is(r->conf->context[1].name, "page"));
}

static void texts(void **state)
{
	struct rig *r = *state;
#define LONG_TEXT "{\"texts\":{\"de\":{\"Please sign in.\":\"%0*d\"}}}"
	char text[512];

	assert_non_null(rig_load(r, "{\"texts\":{\"de-CH\":{},\"de\":{\"Please sign in.\":\"Anmelden!\",\"Pleas sign in.\":\"x\",\"This was not found.\":\"\"}}}", NO_ENV));
	assert_int_equal(r->conf->n_texts, 2);
	assert_true(slice_is(r->conf->texts[0].locale, "de") && slice_is(r->conf->texts[0].english, "Please sign in."));
	assert_true(slice_find(r->conf->warnings, S("texts.de: Pleas sign in. is no sentence of ours, and translates nothing")) >= 0);
	assert_true(slice_find(r->conf->warnings, S("Please sign in.")) < 0);
	snprintf(text, sizeof(text), LONG_TEXT, 319, 0);
	assert_non_null(rig_load(r, text, NO_ENV));
	snprintf(text, sizeof(text), LONG_TEXT, 320, 0);
	assert_string_equal(rig_problems(r, text, NO_ENV), "texts.de.Please sign in.: is longer than 319 bytes\n");
}

/* ---- what depends on more than the file ---- */

static void write_in(struct rig *r, const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	rig_write_mode(path, text, 0644);
}

static const char *folder_env(struct rig *r)
{
	static char env[128];

	snprintf(env, sizeof(env), "CHATKIT_WIDGETS=%s", r->dir);
	return env;
}

static void widgets(void **state)
{
	struct rig *r = *state;
	char want[256];

	write_in(r, "b.widget", "{\"version\":\"1.0\",\"name\":\"alpha\",\"template\":\"{\\\"type\\\":\\\"Card\\\"}\"}");
	write_in(r, "a.widget", "{\"version\":\"1.0\",\"name\":\"Zeta!\",\"template\":\"{\\\"type\\\":\\\"Card\\\"}\"}");
	write_in(r, ".hidden.widget", "{");
	write_in(r, "a.widget~", "{");
	if (!rig_load(r, "{\"actions\":[{\"type\":\"x\",\"widget\":{\"template\":\"zeta \",\"data\":{\"a\":\"{{ 1 }}\"}}}]}", RIG_ENV(folder_env(r))))
		fail_msg("%s", r->problems.p);
	assert_int_equal(r->conf->n_widgets, 2);
	assert_true(slice_is(r->conf->widgets[0].file.name, "alpha") && slice_is(r->conf->widgets[1].file.name, "zeta"));
	assert_true(slice_is(r->conf->actions[0].widget, "zeta") && slice_is(r->conf->actions[0].widget_data, "{\"a\":\"{{ 1 }}\"}"));

	snprintf(want, sizeof(want), "actions[0].widget.template: there is no widget beta in widgets.folder\n");
	assert_string_equal(rig_problems(r, "{\"actions\":[{\"type\":\"x\",\"widget\":{\"template\":\"beta\"}}]}", RIG_ENV(folder_env(r))), want);

	write_in(r, "c.widget", "{\"version\":\"1.0\",\"name\":\"ALPHA\",\"template\":\"{\\\"type\\\":\\\"Card\\\"}\"}");
	snprintf(want, sizeof(want), "%s/c.widget: has the same name as %s/b.widget: alpha\n", r->dir, r->dir);
	assert_string_equal(rig_problems(r, NULL, RIG_ENV(folder_env(r))), want);
}

static void a_fault_in_a_widget_has_its_place(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{\"version\":\"1.0\",\"name\":\"a\",\"template\":\"x\\n{{ y | shout }}\"}", "template, line 2, column 8: unknown filter 'shout'"},
		{"{\n\"version\":\"1.0\",\n\"name\" \"a\"}", "line 3: "},
		{"{\"version\":\"1.0\",\"name\":7,\"template\":\"\"}", "name: "},
		{"", "line 1: "},
	};
	struct rig *r = *state;
	char want[256];

	for (size_t i = 0; i < countof(rows); i++) {
		const char *got;

		write_in(r, "a.widget", rows[i].text);
		got = rig_problems(r, NULL, RIG_ENV(folder_env(r)));
		snprintf(want, sizeof(want), "%s/a.widget: %s", r->dir, rows[i].want);
		if (strncmp(got, want, strlen(want)) != 0)
			fail_msg("row %zu: got %s", i, got);
	}
}

static void too_many_widgets(void **state)
{
	struct rig *r = *state;
	char name[32], text[128], want[160];

	for (int i = 0; i <= CONF_WIDGETS_MAX; i++) {
		if (i == CONF_WIDGETS_MAX) {
			assert_non_null(rig_load(r, NULL, RIG_ENV(folder_env(r))));
			assert_int_equal(r->conf->n_widgets, CONF_WIDGETS_MAX);
			assert_true(slice_is(r->conf->widgets[10].file.name, "w18"));
		}
		snprintf(name, sizeof(name), "%d.widget", i);
		snprintf(text, sizeof(text), "{\"version\":\"1.0\",\"name\":\"w%d\",\"template\":\"{}\"}", i);
		write_in(r, name, text);
	}
	snprintf(want, sizeof(want), "CHATKIT_WIDGETS: %s holds more than 64 widgets\n", r->dir);
	assert_string_equal(rig_problems(r, NULL, RIG_ENV(folder_env(r))), want);
}

static void attachments(void **state)
{
	struct rig *r = *state;
	char dir[128];

	snprintf(dir, sizeof(dir), "CHATKIT_STATE_DIR=%s", r->dir);
	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_SECRET=" S32)));
	assert_false(r->conf->files.offered);
	assert_true(slice_find(r->conf->warnings, S("attachments")) < 0);
	assert_int_equal(r->conf->files.max_bytes, 25 << 20);
	assert_int_equal(r->conf->files.owner_bytes, 500 << 20);
	assert_int_equal(r->conf->files.keep_us, INT64_C(24) * 3600 * 1000000);
	assert_int_equal(r->conf->files.link_us, INT64_C(60) * 60 * 1000000);
	assert_int_equal(r->conf->file_types.n, 9);

	assert_non_null(rig_load(r, NULL, RIG_ENV(dir)));
	assert_false(r->conf->files.offered);
	assert_true(slice_find(r->conf->warnings, S("attachments are not offered: auth.secret")) >= 0);
	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_STATE_DIR=/nowhere", "CHATKIT_SECRET=" S32)));
	assert_false(r->conf->files.offered);
	assert_true(slice_find(r->conf->warnings, S("attachments are not offered: this user cannot write into state_dir, /nowhere")) >= 0);
	assert_non_null(rig_load(r, "{\"attachments\":{\"enabled\":false}}", RIG_ENV(dir, "CHATKIT_SECRET=" S32)));
	assert_false(r->conf->files.offered);
	assert_true(slice_find(r->conf->warnings, S("attachments")) < 0);

	assert_non_null(rig_load(r, NULL, RIG_ENV(dir, "CHATKIT_SECRET=" S32)));
	assert_true(r->conf->files.offered);
}

static void transcription(void **state)
{
	struct rig *r = *state;
	const struct conf *c;

	c = rig_load(r, NULL, RIG_ENV("OPENAI_API_KEY=sk-1"));
	assert_false(c->transcribes);
	assert_int_equal(c->transcribe.url.n, 0);
	c = rig_load(r, "{\"transcription\":{\"enabled\":true}}", RIG_ENV("OPENAI_API_KEY=sk-1"));
	assert_true(c->transcribes);
	assert_true(slice_is(c->transcribe.url, "https://api.openai.com/v1/audio/transcriptions"));
	assert_true(slice_is(c->transcribe.api_key, "sk-1") && slice_is(c->transcribe.model, "whisper-1"));
	c = rig_load(r, "{\"transcription\":{\"enabled\":true}}", RIG_ENV("OPENAI_BASE_URL=http://h:1/v1/"));
	assert_true(slice_is(c->transcribe.url, "http://h:1/v1/audio/transcriptions"));
	/* Another's address never gets OpenAI's key. */
	c = rig_load(r, "{\"transcription\":{\"url\":\"http://own/x\",\"model\":\"m\"}}", RIG_ENV("OPENAI_API_KEY=sk-1"));
	assert_true(c->transcribes);
	assert_true(slice_is(c->transcribe.url, "http://own/x") && c->transcribe.api_key.n == 0);
	c = rig_load(r, "{\"transcription\":{\"url\":\"http://own/x\",\"enabled\":false,\"api_key\":\"os.environ/K\"}}", RIG_ENV("K=key"));
	assert_false(c->transcribes);
	assert_int_equal(c->transcribe.url.n + c->transcribe.api_key.n, 0);
	assert_string_equal(rig_problems(r, "{\"transcription\":{\"enabled\":true}}", NO_ENV),
			    "transcription.enabled: needs an address: set transcription.url, or OPENAI_API_KEY to take OpenAI's\n");
	assert_string_equal(rig_problems(r, NULL, RIG_ENV("CHATKIT_TRANSCRIPTION=on")),
			    "CHATKIT_TRANSCRIPTION: needs an address: set transcription.url, or OPENAI_API_KEY to take OpenAI's\n");
}

static void titles(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_MODEL=demo/todo")));
	assert_int_equal(r->conf->title_by, CONF_TITLE_WORDS);
	assert_true(slice_is(r->conf->title_model.name, "demo/todo"));
	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_MODEL=demo/todo", "CHATKIT_TITLES=model", "CHATKIT_TITLES_MODEL=openai/gpt-5-nano", "OPENAI_API_KEY=sk-1")));
	assert_int_equal(r->conf->title_by, CONF_TITLE_MODEL);
	assert_true(slice_is(r->conf->title_model.name, "openai/gpt-5-nano") && slice_is(r->conf->title_model.api_key, "sk-1"));
	assert_string_equal(rig_problems(r, NULL, RIG_ENV("CHATKIT_TITLES_MODEL=openai/gpt-5-nano")),
			    "CHATKIT_TITLES_MODEL: openai/gpt-5-nano needs a key: set OPENAI_API_KEY, or providers.openai.api_key\n");
	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_TITLES=off")));
	assert_int_equal(r->conf->title_by, CONF_TITLE_OFF);
}

static void an_empty_list_is_a_choice(void **state)
{
	struct rig *r = *state;
	struct buf out = BUF_INIT(65536);

	assert_non_null(rig_load(r, NULL, NO_ENV));
	assert_int_equal(r->conf->agent.n_stop_at, 1);
	assert_true(slice_is(r->conf->agent.stop_at[0], "show_*"));
	assert_non_null(rig_load(r, "{\"agent\":{\"stop_at_tools\":[]}}", NO_ENV));
	assert_int_equal(r->conf->agent.n_stop_at, 0);
	conf_print(r->conf, &out);
	assert_non_null(strstr(out.p, "agent.stop_at_tools          none  [file]\n"));
	buf_release(&out);
}

static void check_prints_a_line_for_each(void **state)
{
	struct rig *r = *state;
	struct buf out = BUF_INIT(65536);
	char dir[128], want[256];

	conf_print(rig_load(r, NULL, NO_ENV), &out);
	assert_non_null(strstr(out.p, "\nparts:\n"
				      "  client_tools: none\n"
				      "  widgets: none\n"
				      "  actions: none\n"
				      "  context.headers: none\n"
				      "  texts: none\n"
				      "  attachments: not offered: state_dir (CHATKIT_STATE_DIR) is not set\n"
				      "  transcription: none\n"));
	buf_clear(&out);
	write_in(r, "a.widget", "{\"version\":\"1.0\",\"name\":\"card\",\"template\":\"{\\\"type\\\":\\\"Card\\\"}\"}");
	snprintf(dir, sizeof(dir), "CHATKIT_STATE_DIR=%s", r->dir);
	if (!rig_load(r,
		      "{\"client_tools\":[{\"name\":\"a\",\"description\":\"x\"},{\"name\":\"b\",\"description\":\"x\"}],"
		      "\"actions\":[{\"type\":\"task.*\",\"tool\":\"complete_task\",\"resume\":true},{\"type\":\"n\",\"notice\":{\"message\":\"m\"},\"title\":\"t\"},{\"type\":\"z\"},"
		      "{\"type\":\"q\",\"resume\":false}],"
		      "\"context\":{\"headers\":{\"Article-Id\":\"article_id\"}},"
		      "\"texts\":{\"de\":{\"Please sign in.\":\"A\",\"This was not found.\":\"B\"},\"fr\":{\"Please sign in.\":\"C\"}},"
		      "\"transcription\":{\"url\":\"http://h/x\",\"api_key\":\"canary\"}}",
		      RIG_ENV(dir, folder_env(r), "CHATKIT_SECRET=" S32)))
		fail_msg("%s", r->problems.p);
	conf_print(r->conf, &out);
	snprintf(want, sizeof(want), "  widgets: 1 from %s: card\n", r->dir);
	assert_non_null(strstr(out.p, want));
	snprintf(want, sizeof(want), "  attachments: offered, in %s\n  transcription: http://h/x, whisper-1\n", r->dir);
	assert_non_null(strstr(out.p, want));
	assert_non_null(strstr(out.p, "  client_tools: a, b\n"));
	assert_non_null(strstr(out.p, "  actions: task.* -> complete_task + the agent, n -> notice + title, z -> the agent, q -> nothing\n"));
	assert_non_null(strstr(out.p, "  context.headers: ARTICLE_ID -> {article_id}\n"));
	assert_non_null(strstr(out.p, "  texts: de (2), fr (1)\n"));
	assert_null(strstr(out.p, "canary"));
	buf_release(&out);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(every_problem_is_told),
		RIGGED(templates_have_paths),
		RIGGED(limits),
		RIGGED(client_tools),
		RIGGED(actions),
		RIGGED(an_action_that_never_happens),
		RIGGED(an_action_at_once_has_no_stream),
		RIGGED(context_headers),
		RIGGED(texts),
		RIGGED(widgets),
		RIGGED(a_fault_in_a_widget_has_its_place),
		RIGGED(too_many_widgets),
		RIGGED(attachments),
		RIGGED(transcription),
		RIGGED(titles),
		RIGGED(an_empty_list_is_a_choice),
		RIGGED(check_prints_a_line_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
