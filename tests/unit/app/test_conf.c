/* SPDX-License-Identifier: MIT */
#include "conf_rig.h"

#include "app/texts.h"

#define S32 "0123456789abcdef0123456789abcdef"
#define NO_ENV RIG_ENV(NULL)

/* Every setting once: a value that is not its default, as the file and as the environment spell it, and as `check` shows it. */
static const struct {
	const char *path, *json, *env, *shown;
} values[] = {
	{"model", "\"demo/todo\"", "demo/todo", "demo/todo"},
	{"models", "[\"demo/todo\", \"demo/x\"]", "demo/todo, demo/x", "demo/todo, demo/x"},
	{"instructions", "[\"Be kind.\", \"Be brief.\"]", "Be kind.\nBe brief.", "Be kind. Be brief."},
	{"title", "\"B\\u00fcro\"", "B\xc3\xbcro", "B\xc3\xbcro"},
	{"domain_key", "\"domain_pk_1\"", "domain_pk_1", "domain_pk_1"},
	{"public_url", "\"https://example.org/chat/\"", "https://example.org/chat", "https://example.org/chat"},
	{"base_path", "\"/chat/\"", "/chat", "/chat"},
	{"cors_origins", "[\"https://A.example/\", \"http://b.example:80\", \"https://c.example:8443\"]", " https://a.example/ ,http://b.example, https://c.example:8443,",
	 "https://a.example, http://b.example, https://c.example:8443"},
	{"on_disconnect", "\"finish\"", "finish", "finish"},
	{"allow_cancel", "false", "no", "false"},
	{"state_dir", "\"/var/lib/chatkit\"", "/var/lib/chatkit", "/var/lib/chatkit"},
	{"log", "\"debug:/var/log/chatkit.log\"", "debug:/var/log/chatkit.log", "debug:/var/log/chatkit.log"},
	{"ca_file", "\"/dev/null\"", "/dev/null", "/dev/null"},
	{"proxy", "\"http://me:pw@proxy:3128\"", "http://me:pw@proxy:3128", "http://me:***@proxy:3128"},
	{"host", "\"0.0.0.0\"", "0.0.0.0", "0.0.0.0"},
	{"port", "9000", "9000", "9000"},
	{"database.url", "\"postgres://u:p%40w@h:5433/db?ssl=true\"", "postgres://u:p%40w@h:5433/db?ssl=true", "postgresql://u:***@h:5433/db?sslmode=require"},
	{"database.max_connections", "3", "3", "3"},
	{"database.connect_seconds", "4", "4", "4"},
	{"database.wait_seconds", "6", "6", "6"},
	{"database.query_seconds", "7", "7", "7"},
	{"auth.secret", "\"" S32 "\"", S32, "set, 32 bytes"},
	{"auth.secret_old", "\"" S32 "x\"", S32 "x", "set, 33 bytes"},
	{"auth.jwt_secret", "\"" S32 "xy\"", S32 "xy", "set, 34 bytes"},
	{"auth.anonymous", "false", "no", "false"},
	{"auth.cookie_days", "400", "400", "400"},
	{"agent.max_rounds", "11", "11", "11"},
	{"agent.max_calls", "12", "12", "12"},
	{"agent.history_bytes", "13000", "13000", "13000"},
	{"agent.max_output_tokens", "14", "14", "14"},
	{"agent.temperature", "0.5", "0.5", "0.5"},
	{"agent.tool_seconds", "15", "15", "15"},
	{"agent.run_seconds", "16", "16", "16"},
	{"agent.first_byte_seconds", "17", "17", "17"},
	{"agent.idle_seconds", "18", "18", "18"},
	{"agent.answer_seconds", "19", "19", "19"},
	{"agent.retries", "0", "0", "0"},
	{"agent.stop_at_tools", "[\"show_*\", \"pay\"]", "show_*,pay", "show_*, pay"},
	{"agent.show_reasoning", "false", "false", "false"},
	{"titles.by", "\"model\"", "model", "model"},
	{"titles.model", "\"demo/x\"", "demo/x", "demo/x"},
	{"tools.todo", "false", "off", "false"},
	{"tools.ask_user", "false", "0", "false"},
	{"widgets.folder", "\"/etc\"", "/etc", "/etc"},
	{"attachments.enabled", "false", "off", "false"},
	{"attachments.max_mib", "5", "5", "5"},
	{"attachments.types", "[\"Image/PNG\", \"text/plain\"]", "image/png,text/plain", "image/png, text/plain"},
	{"attachments.per_message", "6", "6", "6"},
	{"attachments.owner_mib", "70", "70", "70"},
	{"attachments.owner_count", "8", "8", "8"},
	{"attachments.keep_free_mib", "3", "3", "3"},
	{"attachments.keep_hours", "9", "9", "9"},
	{"attachments.link_minutes", "10", "10", "10"},
	{"transcription.enabled", "false", "false", "false"},
	{"transcription.url", "\"http://h/v1/audio/transcriptions\"", "http://h/v1/audio/transcriptions", "http://h/v1/audio/transcriptions"},
	{"transcription.model", "\"whisper-large\"", "whisper-large", "whisper-large"},
	{"transcription.api_key", "\"sk-1\"", "sk-1", "set, 4 bytes"},
	{"limits.body_kib", "512", "512", "512"},
	{"limits.text_kib", "20", "20", "20"},
	{"limits.streams", "21", "21", "21"},
	{"limits.requests", "22", "22", "22"},
	{"limits.drain_seconds", "0", "0", "0"},
	{"limits.beat_seconds", "1", "1", "1"},
};

static const char *shown(struct rig *r, const char *path)
{
	static struct buf b = BUF_INIT(4096);

	buf_clear(&b);
	conf_show(r->conf, conf_row_find(slice_cstr(path)), &b);
	return buf_slice(&b).p;
}

static void every_setting_is_tested(void **state)
{
	const struct conf_row *row;

	(void)state;
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		size_t k = 0;

		while (k < countof(values) && strcmp(values[k].path, row->path) != 0)
			k++;
		if (k == countof(values))
			fail_msg("no test of %s", row->path);
	}
}

/* A file with this one setting. secret_old is nothing without secret. */
static const char *file_with(const char *path, const char *json)
{
	static char text[1024];
	const char *dot = strchr(path, '.');
	/* Its model and key are nothing without a url. */
	bool speech = strcmp(path, "transcription.model") == 0 || strcmp(path, "transcription.api_key") == 0;

	if (strcmp(path, "auth.secret_old") == 0)
		snprintf(text, sizeof(text), "{\"auth\":{\"secret\":\"%s\",\"secret_old\":%s}}", S32, json);
	else if (speech)
		snprintf(text, sizeof(text), "{\"transcription\":{\"url\":\"http://h/x\",\"%s\":%s}}", dot + 1, json);
	else if (dot)
		snprintf(text, sizeof(text), "{\"%.*s\":{\"%s\":%s}}", (int)(dot - path), path, dot + 1, json);
	else
		snprintf(text, sizeof(text), "{\"%s\":%s}", path, json);
	return text;
}

static void each_from_the_file(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < countof(values); i++) {
		const struct conf_row *row = conf_row_find(slice_cstr(values[i].path));

		if (!rig_load(r, file_with(values[i].path, values[i].json), NO_ENV))
			fail_msg("%s", r->problems.p);
		if (strcmp(shown(r, values[i].path), values[i].shown) != 0)
			fail_msg("%s: got '%s', want '%s'", values[i].path, shown(r, values[i].path), values[i].shown);
		assert_int_equal(r->conf->from[conf_row_index(row)].source, CONF_FROM_FILE);
		assert_true(slice_is(r->conf->file, r->file));
	}
}

static void each_from_the_environment(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < countof(values); i++) {
		const struct conf_row *row = conf_row_find(slice_cstr(values[i].path));

		for (size_t k = 0; k < countof(row->env) && row->env[k]; k++) {
			char var[256];

			snprintf(var, sizeof(var), "%s=%s", row->env[k], values[i].env);
			if (!rig_load(r, NULL, RIG_ENV("CHATKIT_SECRET=" S32, "CHATKIT_TRANSCRIPTION_URL=http://h/v1/audio/transcriptions", var)))
				fail_msg("%s", r->problems.p);
			if (strcmp(shown(r, values[i].path), values[i].shown) != 0)
				fail_msg("%s: got '%s', want '%s'", row->env[k], shown(r, values[i].path), values[i].shown);
			assert_int_equal(r->conf->from[conf_row_index(row)].source, CONF_FROM_ENV);
			assert_string_equal(r->conf->from[conf_row_index(row)].var, row->env[k]);
			assert_int_equal(r->conf->file.n, 0);
		}
	}
}

/* What the members really hold, units and all. */
static void defaults(void **state)
{
	struct rig *r = *state;
	const struct conf *c = rig_load(r, NULL, NO_ENV);

	assert_non_null(c);
	assert_int_equal(c->body_max, 256 * 1024);
	assert_int_equal(c->text_max, 32 * 1024);
	assert_int_equal(c->streams, 1000);
	assert_int_equal(c->cheap_share, 250);
	assert_int_equal(c->drain_us, 30000000);
	assert_int_equal(c->beat_us, 2000000);
	assert_int_equal(c->cookie_days, 90);
	assert_true(c->anonymous);
	assert_true(c->todo_tools);
	assert_false(c->finish_on_disconnect);
	assert_false(c->has_db);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->log_file.n, 0);
	assert_int_equal(c->port, 8080);
	assert_true(slice_is(c->host, "127.0.0.1"));
	assert_int_equal(c->db.max_conns, 8);
	assert_int_equal(c->db.connect_us, 10000000);
	assert_int_equal(c->db.acquire_us, 5000000);
	assert_int_equal(c->db.query_us, 15000000);
	assert_int_equal(c->agent.max_rounds, 10);
	assert_int_equal(c->agent.max_calls, 64);
	assert_int_equal(c->agent.history_bytes, 400000);
	assert_int_equal(c->agent.max_output, 0);
	assert_true(c->agent.temperature < 0);
	assert_int_equal(c->agent.tool_us, 30000000);
	assert_int_equal(c->agent.run_us, 600000000);
	assert_int_equal(c->model.first_byte_us, 120000000);
	assert_int_equal(c->model.idle_us, 60000000);
	assert_int_equal(c->model.total_us, 600000000);
	assert_int_equal(c->model.retries, 2);
	assert_true(c->agent.instructions.n > 0);
	assert_int_equal(c->n_models, 0);
}

static void environment_wins(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, "{\"port\":1111,\"title\":\"file\"}", RIG_ENV("PORT=2222", "CHATKIT_TITLE=")));
	assert_int_equal(r->conf->port, 2222);
	assert_true(slice_is(r->conf->title, "file")); /* set to nothing is not set */
	assert_non_null(rig_load(r, NULL, RIG_ENV("BETTER_AUTH_SECRET=" S32 "b", "CHATKIT_JWT_SECRET=" S32 "jj")));
	assert_true(slice_is(r->conf->jwt_secret, S32 "jj"));
}

static void logs(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, NULL, RIG_ENV("CHATKIT_LOG=debug:/tmp/x:y")));
	assert_int_equal(r->conf->log_level, LOG_DEBUG);
	assert_true(slice_is(r->conf->log_file, "/tmp/x:y"));
}

struct problem_row {
	const char *text, *env, *want;
};

/* Each line that people may read, with the file's name taken off. */
static const struct problem_row problems[] = {
	/* not JSON */
	{"", NULL, "line 1: not JSON: unexpected end (byte 0)\n"},
	{"{\n\"port\": 1,\n\"title\" \"x\"}", NULL, NULL},
	{"[]", NULL, NULL},
	{"{\"port\":1,\"port\":2}", NULL, NULL},
	{"{ /* no end", NULL, "a comment that begins with /* has no end\n"},
	/* unknown keys */
	{"{\"prot\":1}", NULL, "prot: unknown; did you mean port?\n"},
	{"{\"zzzzzzzz\":1}", NULL, "zzzzzzzz: unknown\n"},
	{"{\"max_rounds\":1}", NULL, "max_rounds: unknown; did you mean agent.max_rounds?\n"},
	{"{\"agent\":{\"maxrounds\":1}}", NULL, "agent.maxrounds: unknown; did you mean agent.max_rounds?\n"},
	{"{\"auth\":{\"max_rounds\":1}}", NULL, "auth.max_rounds: unknown; did you mean agent.max_rounds?\n"},
	{"{\"attachment\":{}}", NULL, "attachment: unknown; did you mean attachments.enabled?\n"},
	{"{\"DATABASE_URL\":\"x\"}", NULL, "DATABASE_URL: unknown; did you mean database.url?\n"},
	{"{\"auth.secret\":\"x\"}", NULL, "auth.secret: a key has no dots: write an object within an object\n"},
	{"{\"database\":\"postgres://h/d\"}", NULL, "database: expected an object\n"},
	{"{\"a\\nb\":1}", NULL, "a?b: unknown\n"},
	/* providers */
	{"{\"providers\":[]}", NULL, "providers: expected an object\n"},
	{"{\"providers\":{\"opnai\":{}}}", NULL, "providers: opnai is no provider that we know\n"},
	{"{\"providers\":{\"openai\":\"sk-x\"}}", NULL, "providers: openai: expected an object\n"},
	{"{\"providers\":{\"openai\":{\"key\":\"x\"}}}", NULL, "providers.openai.key: unknown; a provider has api_key and base_url\n"},
	{"{\"providers\":{\"openai\":{\"api_key\":7}}}", NULL, "providers.openai.api_key: expected a string\n"},
	{"{\"providers\":{\"openai\":{\"api_key\":\"sk x\"}}}", NULL, "providers.openai.api_key: holds a blank, a control character or a letter that no key has\n"},
	{"{\"providers\":{\"openai\":{\"api_key\":\"os.environ/NOPE\"}}}", NULL, "providers.openai.api_key: the variable NOPE is not set\n"},
	{"{\"providers\":{\"openai\":{\"base_url\":\"ftp://h/v1\"}}}", NULL,
	 "providers.openai.base_url: is no address: expected http(s)://host/v1, without a user, a query or a fragment\n"},
	{NULL, "OPENAI_BASE_URL=localhost:11434", "OPENAI_BASE_URL: is no address: expected http(s)://host/v1, without a user, a query or a fragment\n"},
	{NULL, "OPENAI_BASE_URL=http://me:secret@h/v1", "OPENAI_BASE_URL: is no address: expected http(s)://host/v1, without a user, a query or a fragment\n"},
	{NULL, "OPENAI_BASE_URL=https://h/v1?key=x", "OPENAI_BASE_URL: is no address: expected http(s)://host/v1, without a user, a query or a fragment\n"},
	/* types */
	{"{\"port\":\"8080\",\"title\":1}", NULL, "title: expected a string\n"},
	{"{\"port\":true}", NULL, "port: expected a number\n"},
	{"{\"port\":{}}", NULL, "port: expected a number\n"},
	{"{\"auth\":{\"anonymous\":1}}", NULL, "auth.anonymous: expected true or false\n"},
	{"{\"auth\":{\"anonymous\":\"maybe\"}}", NULL, "auth.anonymous: maybe is neither true nor false\n"},
	{"{\"auth\":{\"secret\":32}}", NULL, "auth.secret: expected a string\n"},
	{"{\"cors_origins\":{}}", NULL, "cors_origins: expected an array of strings\n"},
	{"{\"cors_origins\":[1]}", NULL, "cors_origins: item 1 is not a string\n"},
	{"{\"instructions\":7}", NULL, "instructions: expected a string, or an array of lines\n"},
	{"{\"on_disconnect\":true}", NULL, "on_disconnect: expected a string\n"},
	/* numbers */
	{"{\"port\":0}", NULL, "port: 0 is not a whole number from 1 to 65535\n"},
	{"{\"port\":65536}", NULL, "port: 65536 is not a whole number from 1 to 65535\n"},
	{"{\"port\":80.5}", NULL, "port: 80.5 is not a whole number from 1 to 65535\n"},
	{"{\"limits\":{\"body_kib\":0}}", NULL, "limits.body_kib: 0 is not a whole number from 1 to 65536 KiB\n"},
	{"{\"auth\":{\"cookie_days\":401}}", NULL, "auth.cookie_days: 401 is not a whole number from 1 to 400 days\n"},
	{"{\"agent\":{\"temperature\":2.1}}", NULL, "agent.temperature: 2.1 is not a number from 0 to 2\n"},
	{NULL, "PORT=http", "PORT: http is not a whole number from 1 to 65535\n"},
	{NULL, "PORT=-1", "PORT: -1 is not a whole number from 1 to 65535\n"},
	{NULL, "CHATKIT_TEMPERATURE=nan", "CHATKIT_TEMPERATURE: nan is not a number from 0 to 2\n"},
	{NULL, "CHATKIT_TEMPERATURE=1x", "CHATKIT_TEMPERATURE: 1x is not a number from 0 to 2\n"},
	{NULL, "CHATKIT_DRAIN_SECONDS=99999999999999999999", "CHATKIT_DRAIN_SECONDS: 99999999999999999999 is not a whole number from 0 to 3600 seconds\n"},
	/* words */
	{"{\"on_disconnect\":\"stop\"}", NULL, "on_disconnect: stop is neither cancel nor finish\n"},
	{NULL, "CHATKIT_ANONYMOUS=perhaps", "CHATKIT_ANONYMOUS: perhaps is neither true nor false\n"},
	/* secrets: never shown */
	{"{\"auth\":{\"secret\":\"tooshort\"}}", NULL, "auth.secret: is too short: it has 8 bytes, and needs 32 at least (openssl rand -hex 32 makes one)\n"},
	{NULL, "CHATKIT_JWT_SECRET=0123456789abcdef0123456789abcde",
	 "CHATKIT_JWT_SECRET: is too short: it has 31 bytes, and needs 32 at least (openssl rand -hex 32 makes one)\n"},
	{NULL, "BETTER_AUTH_SECRET=x", "BETTER_AUTH_SECRET: is too short: it has 1 bytes, and needs 32 at least (openssl rand -hex 32 makes one)\n"},
	{NULL, "CHATKIT_SECRET_OLD=" S32, "auth.secret_old: is set, but auth.secret (CHATKIT_SECRET) is not\n"},
	/* addresses and paths */
	{NULL, "CORS_ORIGINS=*", "CORS_ORIGINS: * is no origin: list each one, as https://example.org\n"},
	{NULL, "CORS_ORIGINS=null", "CORS_ORIGINS: null is no origin: list each one, as https://example.org\n"},
	{NULL, "CORS_ORIGINS=https://*.example", "CORS_ORIGINS: https://*.example is no origin: scheme and host only, as https://example.org\n"},
	{NULL, "CORS_ORIGINS=https://a.example/x", "CORS_ORIGINS: https://a.example/x is no origin: scheme and host only, as https://example.org\n"},
	{NULL, "CORS_ORIGINS=a.example,https://ok.example", "CORS_ORIGINS: a.example is no origin: scheme and host only, as https://example.org\n"},
	{NULL, "CHATKIT_PUBLIC_URL=example.org", "CHATKIT_PUBLIC_URL: example.org is no address: expected https://host, with a path at most\n"},
	{NULL, "CHATKIT_PUBLIC_URL=https://u:p@h", "CHATKIT_PUBLIC_URL: https://u:p@h is no address: expected https://host, with a path at most\n"},
	{NULL, "CHATKIT_BASE_PATH=chat", "CHATKIT_BASE_PATH: chat is no path: it begins with one slash and has no dots after one\n"},
	{NULL, "CHATKIT_BASE_PATH=/a/../b", "CHATKIT_BASE_PATH: /a/../b is no path: it begins with one slash and has no dots after one\n"},
	{NULL, "CHATKIT_BASE_PATH=/a?b", "CHATKIT_BASE_PATH: /a?b is no path: letters, digits and slashes, please\n"},
	{NULL, "CHATKIT_STATE_DIR=state", "CHATKIT_STATE_DIR: state is not an absolute path: a web server starts us anywhere\n"},
	{NULL, "CHATKIT_CA_FILE=/nowhere/ca.pem", "CHATKIT_CA_FILE: /nowhere/ca.pem cannot be read\n"},
	{NULL, "CHATKIT_LOG=loud", "CHATKIT_LOG: loud is no log: expected error, warn, info or debug, or one of them with :/a/file\n"},
	{NULL, "CHATKIT_LOG=info:log", "CHATKIT_LOG: info:log is not an absolute path: a web server starts us anywhere\n"},
	{NULL, "CHATKIT_PROXY=proxy:3128", "CHATKIT_PROXY: is no proxy: expected http://host:port (or https, socks5, socks5h)\n"},
	{NULL, "DATABASE_URL=mysql://u:hush@h/d", "DATABASE_URL: 'mysql' is no PostgreSQL: expected postgresql://\n"},
	{"{\"database\":{\"url\":\"postgres://h/d?frob=1\"}}", NULL, "database.url: unknown parameter 'frob'\n"},
	/* text */
	{NULL, "CHATKIT_TITLE=a\nb", "CHATKIT_TITLE: holds a line break, a control character or bad UTF-8\n"},
	{NULL, "CHATKIT_TITLE=\xff", "CHATKIT_TITLE: holds a line break, a control character or bad UTF-8\n"},
	{NULL, "CHATKIT_INSTRUCTIONS=a\x1b[31m", "CHATKIT_INSTRUCTIONS: holds a control character or bad UTF-8\n"},
	/* ${ENV} */
	{"{\"title\":\"${NOPE}\"}", NULL, "title: the variable NOPE is not set\n"},
	{"{\"title\":\"${EMPTY}\"}", "EMPTY=", "title: the variable EMPTY is not set\n"},
	{"{\"title\":\"${NOPE\"}", NULL, "title: \"${\" begins a variable's name, which has no end or is none; \"$${\" stands for the characters themselves\n"},
	{"{\"title\":\"${}\"}", NULL, "title: \"${\" begins a variable's name, which has no end or is none; \"$${\" stands for the characters themselves\n"},
	{"{\"title\":\"${A B}\"}", NULL, "title: \"${\" begins a variable's name, which has no end or is none; \"$${\" stands for the characters themselves\n"},
	{"{\"providers\":{\"openai\":{\"api_key\":\"${NOPE}\"}}}", NULL, "providers.openai.api_key: the variable NOPE is not set\n"},
	{"{\"cors_origins\":[\"${NOPE}\",\"${NEITHER}\"]}", NULL, "cors_origins: the variable NOPE is not set\ncors_origins: the variable NEITHER is not set\n"},
	/* together */
	{"{\"limits\":{\"text_kib\":300}}", NULL, "limits.text_kib: a message of 300 KiB does not fit into a body of 256 KiB (limits.body_kib)\n"},
	{"{\"port\":0,\"prot\":1,\"auth\":{\"secret\":\"x\"}}", "CHATKIT_LOG=loud",
	 "port: 0 is not a whole number from 1 to 65535\n"
	 "prot: unknown; did you mean port?\n"
	 "auth.secret: is too short: it has 1 bytes, and needs 32 at least (openssl rand -hex 32 makes one)\n"
	 "CHATKIT_LOG: loud is no log: expected error, warn, info or debug, or one of them with :/a/file\n"},
};

static void every_problem_is_told(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < countof(problems); i++) {
		const char *got = rig_problems(r, problems[i].text, RIG_ENV(problems[i].env));

		assert_null(r->conf);
		if (problems[i].want && strcmp(got, problems[i].want) != 0)
			fail_msg("row %zu: got\n%swant\n%s", i, got, problems[i].want);
		assert_true(strncmp(r->e.msg, r->problems.p, strcspn(r->problems.p, "\n") < 300 ? strcspn(r->problems.p, "\n") : 300) == 0);
	}
	/* A line is what people look for. */
	rig_problems(r, problems[1].text, NO_ENV);
	assert_non_null(strstr(r->problems.p, ": line 3: "));
	rig_problems(r, problems[3].text, NO_ENV);
	assert_non_null(strstr(r->problems.p, "duplicate key 'port'"));
}

static void no_problem_holds_a_secret(void **state)
{
	static const char *const envs[] = {
		"CHATKIT_SECRET=canary", "CHATKIT_JWT_SECRET=canary", "DATABASE_URL=postgres://u:canary@h:x/d", "DATABASE_URL=postgres://u:12#canary@h/d",
		"DATABASE_URL=host=h password=canary frob=1", "DATABASE_URL=host=h password=a canary=1", "DATABASE_URL=postgres://u:1?canary=1&canary@h/d",
		"DATABASE_URL=postgres://u:canary%@h/d", "DATABASE_URL=user=x password=canary://x frob=1", "CHATKIT_PROXY=http://u:canary@", "OPENAI_API_KEY=canary canary",
		"OPENAI_BASE_URL=http://canary@h/v1", "CHATKIT_SECRET_OLD=canary", "DATABASE_URL=u:canary@h/d", "DATABASE_URL=postgres://h/d?password=a&canary=1",
	};
	struct rig *r = *state;

	for (size_t i = 0; i < countof(envs); i++) {
		assert_null(rig_load(r, NULL, RIG_ENV(envs[i])));
		if (strstr(r->problems.p, "canary") || strstr(r->e.msg, "canary"))
			fail_msg("%s: %s", envs[i], r->problems.p);
	}
}

static void what_a_file_may_look_like(void **state)
{
	static const char text[] = "\xef\xbb\xbf// a comment with \"quotes\" and /* \n"
				   "{\n"
				   "  \"$schema\": \"x\", /* over\n two lines // */ \"title\": \"a // b /* c */ \\\" // d\", // end\n"
				   "  \"instructions\": [\"one\", \"two, ${NAME}\", \"$${NAME} costs $5 {user_id}\",],\n"
				   "  \"port\": \"${P}\", \"domain_key\": null, \"agent\": null, \"limits\": {\"streams\": null,},\n"
				   "  \"cors_origins\": [\"${ORIGINS}\", \"https://c.example\"],\n"
				   "}\n/* the end */";
	struct rig *r = *state;
	const struct conf *c = rig_load(r, text, RIG_ENV("NAME=N{}", "P=81", "ORIGINS=https://a.example, https://b.example"));

	if (!c)
		fail_msg("%s", r->problems.p);
	assert_true(slice_is(c->title, "a // b /* c */ \" // d"));
	assert_true(slice_is(c->agent.instructions, "one\ntwo, N{}\n${NAME} costs $5 {user_id}"));
	assert_int_equal(c->port, 81);
	assert_int_equal(c->streams, 1000);
	assert_int_equal(c->cors_origins.n, 3);
	assert_true(slice_is(c->cors_origins.v[1], "https://b.example"));
}

static void strip(void **state)
{
	static const struct {
		const char *in, *want; /* NULL: no */
	} rows[] = {
		{"", ""},
		{"//", "  "},
		{"//\n1", "  \n1"},
		{"/**/1", "    1"},
		{"/*/1", NULL},
		{"/*", NULL},
		{"1/2", "1/2"},
		{"/", "/"},
		{"\"//\"", "\"//\""},
		{"\"\\\"//\"", "\"\\\"//\""},
		{"\"\\\\\"//x", "\"\\\\\"   "},
		{"\"//", "\"//"},
		{"\"\\", "\"\\"},
		{"[1,]", "[1 ]"},
		{"[1, // x\n]", "[1      \n]"},
		{"[1,,]", "[1,,]"},
		{"[,]", "[,]"},
		{"{\"a\":1,}", "{\"a\":1 }"},
		{"{\"a\":,}", "{\"a\":,}"},
		{"[\",]\"]", "[\",]\"]"},
		{"[\"a\",]", "[\"a\" ]"},
		{"/* \xc3\xa5 */1", "        1"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t n = strlen(rows[i].in);
		bool ok;

		memcpy(text, rows[i].in, n + 1);
		ok = conf_strip(text, n);
		if (ok != (rows[i].want != NULL) || (ok && strcmp(text, rows[i].want) != 0))
			fail_msg("row %zu: %s -> %s", i, rows[i].in, text);
	}
}

static void search_order(void **state)
{
	struct rig *r = *state;
	char above[96], other[96], env[128];

	snprintf(above, sizeof(above), "%s/chatkit.json", r->dir);
	snprintf(other, sizeof(other), "%s/other.json", r->dir);
	snprintf(env, sizeof(env), "CHATKIT_CONFIG=%s", other);
	assert_non_null(rig_load_env(r, NULL, NO_ENV));
	assert_int_equal(r->conf->file.n, 0);
	rig_write_mode(above, "{\"title\":\"above\"}", 0644);
	assert_non_null(rig_load_env(r, NULL, NO_ENV));
	assert_true(slice_is(r->conf->title, "above"));
	rig_write_mode(r->file, "{\"title\":\"beside\"}", 0644);
	assert_non_null(rig_load_env(r, NULL, NO_ENV));
	assert_true(slice_is(r->conf->title, "beside"));
	rig_write_mode(other, "{\"title\":\"variable\"}", 0644);
	assert_non_null(rig_load_env(r, NULL, RIG_ENV(env)));
	assert_true(slice_is(r->conf->title, "variable"));
	assert_non_null(rig_load_env(r, above, RIG_ENV(env)));
	assert_true(slice_is(r->conf->title, "above"));
	/* What was named must be there. */
	unlink(other);
	assert_null(rig_load_env(r, NULL, RIG_ENV(env)));
	assert_non_null(strstr(r->problems.p, "there is no such file (named by CHATKIT_CONFIG)"));
	assert_null(rig_load_env(r, other, NO_ENV));
	assert_non_null(strstr(r->problems.p, "there is no such file (named by -c)"));
	/* A folder is no file, nor is what is too large. */
	assert_null(rig_load_env(r, r->dir, NO_ENV));
	assert_non_null(strstr(r->problems.p, "is not a file"));
}

static void size_of_a_file(void **state)
{
	struct rig *r = *state;
	char *text = xalloc(CONF_FILE_MAX + 2);

	memset(text, ' ', CONF_FILE_MAX + 1);
	text[0] = '{';
	text[CONF_FILE_MAX - 2] = '}';
	text[CONF_FILE_MAX - 1] = '\0';
	if (!rig_load(r, text, NO_ENV))
		fail_msg("%s", r->problems.p);
	text[CONF_FILE_MAX - 1] = ' ';
	text[CONF_FILE_MAX] = '\0';
	assert_null(rig_load(r, text, NO_ENV));
	assert_non_null(strstr(r->problems.p, "is larger than 1 MiB"));
	free(text);
}

static void others_must_not_read_secrets(void **state)
{
	static const struct {
		const char *text;
		bool secret;
	} rows[] = {
		{"{\"title\":\"x\"}", false},
		{"{\"auth\":{\"secret\":\"" S32 "\"}}", true},
		{"{\"auth\":{\"jwt_secret\":\"" S32 "\"}}", true},
		{"{\"auth\":{\"secret\":\"${SEC}\"}}", false},
		{"{\"auth\":{\"secret\":\"\"}}", false},
		{"{\"database\":{\"url\":\"postgres://u:pw@h/d\"}}", true},
		{"{\"database\":{\"url\":\"postgres://u@h/d?password=pw\"}}", true},
		{"{\"database\":{\"url\":\"host=h password=pw\"}}", true},
		{"{\"database\":{\"url\":\"postgres://u@h/d\"}}", false},
		{"{\"database\":{\"url\":\"postgres://u:${PW}@h/d\"}}", false},
		{"{\"proxy\":\"http://u:pw@h:1\"}", true},
		{"{\"proxy\":\"http://h:1\"}", false},
		{"{\"providers\":{\"openai\":{\"api_key\":\"sk-1\"}}}", true},
		{"{\"providers\":{\"openai\":{\"api_key\":\"${SEC}\"}}}", false},
		{"{\"providers\":{\"openai\":{\"api_key\":\"os.environ/SEC\"}}}", false},
		{"{\"providers\":{\"openai\":{\"base_url\":\"http://h/v1\"}}}", false},
	};
	static const mode_t modes[] = {0600, 0400, 0700, 0640, 0604, 0644, 0620, 0601, 0610};
	struct rig *r = *state;

	for (size_t i = 0; i < countof(rows); i++)
		for (size_t k = 0; k < countof(modes); k++) {
			bool refused = rows[i].secret && (modes[k] & 077);

			rig_write_mode(r->file, rows[i].text, modes[k]);
			rig_load_env(r, NULL, RIG_ENV("SEC=" S32, "PW=pw"));
			if ((r->conf == NULL) != refused)
				fail_msg("%s mode %o: %s", rows[i].text, (unsigned)modes[k], r->problems.n ? r->problems.p : "accepted");
			if (refused) {
				assert_non_null(strstr(r->problems.p, "holds secrets and others can read it (mode 0"));
				assert_non_null(strstr(r->problems.p, "chmod 600 '/tmp/test_conf."));
			}
			unlink(r->file);
		}
}

static void a_request_never_configures(void **state)
{
	static const struct {
		const char *var;
		bool hidden; /* as CGI */
	} rows[] = {
		{"HTTP_X", true}, {"HTTP_PROXY", true}, {"QUERY_STRING", true}, {"REMOTE_USER", true}, {"CONTENT_TYPE", true}, {"PATH_INFO", true}, {"SCRIPT_NAME", true},
		{"REQUEST_URI", true}, {"SERVER_NAME", true}, {"REDIRECT_TITLE", true}, {"DOCUMENT_ROOT", true}, {"HTTPS", true}, {"AUTH_TYPE", true}, {"AUTH_SECRET", false}, {"MY_TITLE", false}, {"HTTPX", false},
	};
	struct rig *r = *state;

	for (int cgi = 0; cgi < 2; cgi++)
		for (size_t i = 0; i < countof(rows); i++) {
			char var[64], text[128];

			snprintf(var, sizeof(var), "%s=evil", rows[i].var);
			snprintf(text, sizeof(text), "{\"title\":\"${%s}\"}", rows[i].var);
			r->cgi = cgi;
			rig_load(r, text, RIG_ENV(var));
			if ((r->conf == NULL) != (cgi && rows[i].hidden))
				fail_msg("%s, cgi %d", rows[i].var, cgi);
			if (!r->conf)
				assert_non_null(strstr(r->problems.p, "belongs to the request and never configures"));
			snprintf(text, sizeof(text), "{\"providers\":{\"openai\":{\"api_key\":\"os.environ/%s\"}}}", rows[i].var);
			rig_load(r, text, RIG_ENV(var));
			assert_int_equal(r->conf == NULL, cgi && rows[i].hidden);
		}
	r->cgi = true;
	assert_non_null(rig_load(r, NULL, RIG_ENV("HTTP_CORS_ORIGINS=x", "HTTP_PORT=x", "PORT=81", "DATABASE_URL=postgres://h/d", "CHATKIT_TITLE=t")));
	assert_int_equal(r->conf->port, 81);
	assert_true(r->conf->has_db);
	assert_int_equal(r->conf->cors_origins.n, 0);
}

static void prints_no_secret(void **state)
{
	struct rig *r = *state;
	struct buf out = BUF_INIT(65536);

	if (!rig_load(r, "{\"title\":\"T\"}",
		      RIG_ENV("CHATKIT_SECRET=canary-canary-canary-canary-canary", "CHATKIT_JWT_SECRET=canary-canary-canary-canary-canary-j", "OPENAI_API_KEY=sk-canary",
			      "DATABASE_URL=postgres://u:canary@h/d?sslpassword=canary", "CHATKIT_PROXY=http://u:canary@h", "CHATKIT_TILTE=x")))
		fail_msg("%s", r->problems.p);
	conf_print(r->conf, &out);
	assert_true(buf_ok(&out));
	assert_null(strstr(out.p, "canary"));
	assert_non_null(strstr(out.p, "auth.secret                  set, 34 bytes  [environment, CHATKIT_SECRET]\n"));
	assert_non_null(strstr(out.p, "title                        T  [file]\n"));
	assert_non_null(strstr(out.p, "limits.body_kib              256 KiB  [default]\n"));
	assert_non_null(strstr(out.p, "ca_file                      not set\n"));
	assert_non_null(strstr(out.p, "providers.openai.api_key     set, 9 bytes  [environment, OPENAI_API_KEY]\n"));
	assert_non_null(strstr(out.p, "database.url                 postgresql://u:***@h/d  [environment, DATABASE_URL]\n"));
	assert_non_null(strstr(out.p, "  openai/gpt-5-mini  (the default)\n"));
	assert_non_null(strstr(out.p, "the variable CHATKIT_TILTE is none of ours; CHATKIT_TITLE is\n"));
	buf_release(&out);
}

static void helps(void **state)
{
	struct buf out = BUF_INIT(65536);
	const struct conf_part *part;
	const struct conf_row *row;

	(void)state;
	conf_help(&out);
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		assert_non_null(strstr(out.p, row->path));
		assert_non_null(strstr(out.p, row->env[0]));
		assert_non_null(strstr(out.p, row->help));
	}
	for (size_t i = 0; (part = conf_part_at(i)); i++)
		assert_non_null(strstr(out.p, part->help));
	assert_non_null(strstr(out.p, "OPENAI_API_KEY"));
	buf_release(&out);
}

static void warnings(void **state)
{
	static const struct {
		const char *env, *want;
		bool there;
	} rows[] = {
		{NULL, "no database", true},
		{"DATABASE_URL=postgres://h/d", "no database", false},
		{NULL, "no CHATKIT_SECRET", true},
		{"CHATKIT_SECRET=" S32, "no CHATKIT_SECRET", false},
		{"CHATKIT_ANONYMOUS=false", "nobody can come in", true},
		{"CHATKIT_ANONYMOUS=false", "no CHATKIT_SECRET", false},
		{"CHATKIT_PUBLIC_URL=http://example.org", "public_url is http", true},
		{"CHATKIT_PUBLIC_URL=https://example.org", "public_url is http", false},
		{"CHATKIT_PUBLIC_URL=http://localhost:8080", "public_url is http", false},
		{"CHATKIT_PUBLIC_URL=http://127.0.0.1:8080", "public_url is http", false},
		{NULL, "No model is configured.", true},
		{"CHATKIT_MODEL=demo/todo", "No model is configured.", false},
	};
	struct rig *r = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		assert_non_null(rig_load(r, NULL, RIG_ENV(rows[i].env)));
		if ((slice_find(r->conf->warnings, slice_cstr(rows[i].want)) >= 0) != rows[i].there)
			fail_msg("row %zu: %.*s", i, SLICE_ARG(r->conf->warnings));
	}
}

static void distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned d;
	} rows[] = {
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"port", "Port", 0}, {"port", "ports", 1}, {"kitten", "sitting", 3}, {"title", "zzzzz", 3}, {"prot", "port", 1}, {"ab", "ba", 1},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(conf_distance(slice_cstr(rows[i].a), slice_cstr(rows[i].b)), rows[i].d);
}

static char *slurp(const char *name)
{
	struct stat st;
	char *text;
	int fd = open(name, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0)
		fail_msg("%s: start me in the folder of the Makefile", name);
	text = xalloc((size_t)st.st_size + 1);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	return text;
}

/* Every setting has its row: | `path` | `VARIABLE` | default | */
static void the_guide_names_all(void **state)
{
	char *guide = slurp("deploy/guide/configuration.md"), want[512];
	const struct conf_part *part;
	const struct conf_row *row;
	const struct provider *p;

	(void)state;
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		const char *line;
		size_t n;

		snprintf(want, sizeof(want), "\n| `%s` | `%s`", row->path, row->env[0]);
		line = strstr(guide, want);
		if (!line)
			fail_msg("no row for %s and %s", row->path, row->env[0]);
		n = strcspn(line + 1, "\n");
		if (row->env[1]) {
			snprintf(want, sizeof(want), "`, `%s` |", row->env[1]);
			assert_true(slice_find(slice_mem(line, n), slice_cstr(want)) > 0);
		}
		if (row->dflt && row->type != CONF_TEXT) {
			snprintf(want, sizeof(want), " | `%s`%s%s | ", row->dflt, row->unit_name ? " " : "", row->unit_name ? row->unit_name : "");
			if (slice_find(slice_mem(line, n), slice_cstr(want)) < 0)
				fail_msg("the row of %s does not say %s", row->path, want);
		}
	}
	for (size_t i = 0; (p = provider_at(i)); i++) {
		const char *line;

		snprintf(want, sizeof(want), "\n| %zu | `%s` |", i + 1, p->prefix);
		line = strstr(guide, want);
		if (!line)
			fail_msg("no row %zu for provider %s", i + 1, p->prefix);
		for (size_t k = 0; k < countof(p->key_env) && p->key_env[k]; k++)
			assert_true(slice_find(slice_mem(line, strcspn(line + 1, "\n")), slice_cstr(p->key_env[k])) > 0);
		for (size_t k = 0; k < countof(p->base_env) && p->base_env[k]; k++)
			assert_true(slice_find(slice_mem(line, strcspn(line + 1, "\n")), slice_cstr(p->base_env[k])) > 0);
		if (slice_find(slice_mem(line, strcspn(line + 1, "\n")), slice_cstr(p->default_model)) < 0)
			fail_msg("provider %s: its row does not say %s", p->prefix, p->default_model);
	}
	for (size_t i = 0; (part = conf_part_at(i)); i++) {
		snprintf(want, sizeof(want), "`%s`", part->path);
		if (!strstr(guide, want))
			fail_msg("the guide does not name %s", part->path);
	}
	for (size_t i = 0; text_known_at(i); i++) {
		snprintf(want, sizeof(want), "\n- %s\n", text_known_at(i));
		if (!strstr(guide, want))
			fail_msg("the guide does not list: %s", text_known_at(i));
	}
	free(guide);
}

/* What stands in comments becomes text: "//  "key"" lines are settings that are off. */
static void uncomment(char *text)
{
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, "\t ");
		if (strncmp(line, "// \"", 4) == 0 || strncmp(line, "// }", 4) == 0)
			line[0] = line[1] = ' ';
	}
}

/* text with one path in place of another. */
static char *put_path(char *text, const char *from, const char *to)
{
	size_t size = strlen(text) + strlen(to) + 1;
	char *at = strstr(text, from), *out = xalloc(size);

	assert_non_null(at);
	snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
	return out;
}

static void the_example_is_true(void **state)
{
	struct rig *r = *state;
	char *text = slurp("deploy/chatkit.json.example"), want[64], dir[80];
	const struct conf_part *part;
	const struct conf_row *row;

	/* As it is, with the variables that it names. */
	if (!rig_load(r, text, RIG_ENV("OPENAI_API_KEY=sk-1", "DB_PASSWORD=pw", "CHATKIT_SECRET=" S32)))
		fail_msg("%s", r->problems.p);
	/* And with everything switched on. */
	uncomment(text);
	snprintf(dir, sizeof(dir), "%s/widgets", r->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	text = put_path(text, "/etc/chatkit/widgets", dir);
	if (!rig_load(r, text, RIG_ENV("OPENAI_API_KEY=sk-1", "DB_PASSWORD=pw", "CHATKIT_SECRET=" S32, "CHATKIT_SECRET_OLD=" S32, "CHATKIT_JWT_SECRET=" S32,
				       "SPEECH_KEY=sk-2")))
		fail_msg("%s", r->problems.p);
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		const char *dot = strrchr(row->path, '.');

		snprintf(want, sizeof(want), "\"%s\":", dot ? dot + 1 : row->path);
		if (!strstr(text, want))
			fail_msg("the example has no %s", row->path);
		if (r->conf->from[i].source == CONF_DEFAULT)
			fail_msg("the example does not set %s", row->path);
	}
	for (size_t i = 0; (part = conf_part_at(i)); i++) {
		const char *dot = strrchr(part->path, '.');

		snprintf(want, sizeof(want), "\"%s\":", dot ? dot + 1 : part->path);
		if (!strstr(text, want))
			fail_msg("the example has no %s", part->path);
	}
	assert_true(r->conf->n_client_tools && r->conf->n_context && r->conf->n_actions && r->conf->n_texts);
	free(text);
}

/* What make run shows to who has configured nothing. */
static void the_demonstration_is_true(void **state)
{
	struct rig *r = *state;
	char here[512], env[600];
	char *text = slurp("deploy/run.json");

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(env, sizeof(env), "CHATKIT_WIDGETS=%s/deploy/widgets", here);
	if (!rig_load(r, text, RIG_ENV(env, "CHATKIT_SECRET=" S32, "CHATKIT_MODEL=demo/todo", "DATABASE_URL=postgres://h/d")))
		fail_msg("%s", r->problems.p);
	assert_int_equal(r->conf->warnings.n, 0);
	assert_true(r->conf->n_widgets && r->conf->n_actions && r->conf->n_client_tools);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_tested),
		cmocka_unit_test_setup_teardown(each_from_the_file, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(each_from_the_environment, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(defaults, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(environment_wins, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(logs, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(every_problem_is_told, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(no_problem_holds_a_secret, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(what_a_file_may_look_like, rig_setup, rig_teardown),
		cmocka_unit_test(strip),
		cmocka_unit_test_setup_teardown(search_order, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(size_of_a_file, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(others_must_not_read_secrets, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(a_request_never_configures, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(prints_no_secret, rig_setup, rig_teardown),
		cmocka_unit_test(helps),
		cmocka_unit_test_setup_teardown(warnings, rig_setup, rig_teardown),
		cmocka_unit_test(distance),
		cmocka_unit_test(the_guide_names_all),
		cmocka_unit_test_setup_teardown(the_example_is_true, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(the_demonstration_is_true, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
