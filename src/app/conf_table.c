/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include <strings.h>

#include "base/ascii.h"

#define AT(member) offsetof(struct conf, member)
#define SECONDS 1000000, "seconds"
#define MINUTES (60 * (int64_t)1000000), "minutes"
#define HOURS (3600 * (int64_t)1000000), "hours"
#define MIB (1024 * 1024), "MiB"

static const struct conf_row rows[] = {
	{"model", {"CHATKIT_MODEL"}, CONF_LINE, AT(model.name), 0, 0, 0, NULL, NULL,
	 "Who answers, as provider/model. Unset: the first of models, else the provider whose key is there.", NULL},
	{"models", {"CHATKIT_MODELS"}, CONF_NAMES, AT(model_names), 0, 0, 0, NULL, NULL, "What a client may ask for by name; the default model always is.", NULL},
	{"instructions", {"CHATKIT_INSTRUCTIONS"}, CONF_TEXT, AT(agent.instructions), 0, 0, 0, NULL,
	 "You are a helpful assistant. Today is {now}. You talk with {user_name}. Use your tools when they help, and answer briefly.",
	 "What the model is told first; {user_id}, {user_name}, {now}, {locale} and context.headers are filled in.", NULL},
	{"title", {"CHATKIT_TITLE"}, CONF_LINE, AT(title), 0, 0, 0, NULL, "Chat", "The title of the page.", NULL},
	{"domain_key", {"CHATKIT_DOMAIN_KEY"}, CONF_LINE, AT(domain_key), 0, 0, 0, NULL, NULL, "With it the page mounts the hosted ChatKit component instead of its own.", NULL},
	{"public_url", {"CHATKIT_PUBLIC_URL"}, CONF_URL, AT(public_url), 0, 0, 0, NULL, NULL,
	 "The address that people see, as https://example.org: needed where a proxy in front hides scheme or host.", NULL},
	{"base_path", {"CHATKIT_BASE_PATH"}, CONF_BASE_PATH, AT(base_path), 0, 0, 0, NULL, NULL, "The path under which all is mounted, as /chat.", NULL},
	{"cors_origins", {"CORS_ORIGINS"}, CONF_ORIGINS, AT(cors_origins), 0, 0, 0, NULL, NULL,
	 "Other origins whose pages may use this backend, exactly as a browser sends them. Unset: the same origin only.", NULL},
	{"on_disconnect", {"CHATKIT_ON_DISCONNECT"}, CONF_BOOL, AT(finish_on_disconnect), 0, 0, 0, NULL, "cancel",
	 "What becomes of an answer whose reader left: cancel, or finish it and store it.", "cancel|finish"},
	{"allow_cancel", {"CHATKIT_ALLOW_CANCEL"}, CONF_BOOL, AT(allow_cancel), 0, 0, 0, NULL, "true", "May people stop an answer? Then the page shows a button for it.", NULL},
	{"state_dir", {"CHATKIT_STATE_DIR"}, CONF_PATH, AT(state_dir), 0, 0, 0, NULL, NULL, "A folder of our own for files.", NULL},
	{"log", {"CHATKIT_LOG"}, CONF_LOG, AT(log), 0, 0, 0, NULL, "info", "error, warn, info or debug; with :/a/file not to the web server's log but there.", NULL},
	{"ca_file", {"CHATKIT_CA_FILE"}, CONF_CA_FILE, AT(http.ca_file), 0, 0, 0, NULL, NULL, "Certificates (PEM) to trust instead of the system's, for models and tool servers.", NULL},
	{"proxy", {"CHATKIT_PROXY"}, CONF_PROXY, AT(http.proxy), 0, 0, 0, NULL, NULL, "A proxy for all that goes out; https_proxy and its like are never read.", NULL},
	{"host", {"HOST"}, CONF_LINE, AT(host), 0, 0, 0, NULL, "127.0.0.1", "Where make run's web server listens.", NULL},
	{"port", {"PORT"}, CONF_UNSIGNED, AT(port), 1, 65535, 1, NULL, "8080", "Its port.", NULL},

	{"database.url", {"DATABASE_URL"}, CONF_DATABASE, AT(db.conninfo), 0, 0, 0, NULL, NULL, "PostgreSQL, as postgresql://user:password@host/name?sslmode=require.", NULL},
	{"database.max_connections", {"CHATKIT_DB_CONNECTIONS"}, CONF_UNSIGNED, AT(db.max_conns), 1, 100, 1, NULL, "8", "Connections of one process.", NULL},
	{"database.connect_seconds", {"CHATKIT_DB_CONNECT_SECONDS"}, CONF_INT, AT(db.connect_us), 1, 120, SECONDS, "10", "How long connecting may take.", NULL},
	{"database.wait_seconds", {"CHATKIT_DB_WAIT_SECONDS"}, CONF_INT, AT(db.acquire_us), 1, 120, SECONDS, "5", "How long a request waits for a free connection.", NULL},
	{"database.query_seconds", {"CHATKIT_DB_QUERY_SECONDS"}, CONF_INT, AT(db.query_us), 1, 600, SECONDS, "15", "How long one round trip may take.", NULL},

	{"auth.secret", {"CHATKIT_SECRET"}, CONF_SECRET, AT(secret), 0, 0, 0, NULL, NULL,
	 "Signs the cookies of people without an account; 32 bytes at least. make run makes and keeps one.", NULL},
	{"auth.secret_old", {"CHATKIT_SECRET_OLD"}, CONF_SECRET, AT(secret_old), 0, 0, 0, NULL, NULL, "The one before, still accepted: so that a secret can be changed.", NULL},
	{"auth.jwt_secret", {"CHATKIT_JWT_SECRET", "BETTER_AUTH_SECRET"}, CONF_SECRET, AT(jwt_secret), 0, 0, 0, NULL, NULL,
	 "Checks bearer tokens (HS256) of your own site; 32 bytes at least. Unset: none are accepted.", NULL},
	{"auth.anonymous", {"CHATKIT_ANONYMOUS"}, CONF_BOOL, AT(anonymous), 0, 0, 0, NULL, "true", "May people without a token chat, by a cookie?", NULL},
	{"auth.cookie_days", {"CHATKIT_COOKIE_DAYS"}, CONF_INT, AT(cookie_days), 1, 400, 1, "days", "90", "How long that cookie lives; it is renewed at half its life.", NULL},

	{"agent.max_rounds", {"CHATKIT_MAX_ROUNDS"}, CONF_UNSIGNED, AT(agent.max_rounds), 1, 100, 1, NULL, "10", "Calls of the model for one message of a person.", NULL},
	{"agent.max_calls", {"CHATKIT_MAX_CALLS"}, CONF_UNSIGNED, AT(agent.max_calls), 1, 1000, 1, NULL, "64", "Calls of tools for one message of a person.", NULL},
	{"agent.history_bytes", {"CHATKIT_HISTORY_BYTES"}, CONF_SIZE, AT(agent.history_bytes), 1000, 100000000, 1, "bytes", "400000",
	 "How much of a long conversation the model is shown: the end of it.", NULL},
	{"agent.max_output_tokens", {"CHATKIT_MAX_OUTPUT_TOKENS"}, CONF_INT, AT(agent.max_output), 0, 10000000, 1, "tokens", "0", "The longest answer of one call; 0: the provider's own limit.", NULL},
	{"agent.temperature", {"CHATKIT_TEMPERATURE"}, CONF_DECIMAL, AT(agent.temperature), 0, 2, 1, NULL, NULL, "How freely the model chooses its words. Unset: the provider's own.", NULL},
	{"agent.tool_seconds", {"CHATKIT_TOOL_SECONDS"}, CONF_INT, AT(agent.tool_us), 1, 3600, SECONDS, "30", "How long one call of a tool may take.", NULL},
	{"agent.run_seconds", {"CHATKIT_RUN_SECONDS"}, CONF_INT, AT(agent.run_us), 1, 86400, SECONDS, "600", "How long answering one message may take altogether.", NULL},
	{"agent.first_byte_seconds", {"CHATKIT_FIRST_BYTE_SECONDS"}, CONF_INT, AT(model.first_byte_us), 1, 3600, SECONDS, "120", "How long a model may think before its answer begins.", NULL},
	{"agent.idle_seconds", {"CHATKIT_IDLE_SECONDS"}, CONF_INT, AT(model.idle_us), 1, 3600, SECONDS, "60", "How long it may pause within an answer.", NULL},
	{"agent.answer_seconds", {"CHATKIT_ANSWER_SECONDS"}, CONF_INT, AT(model.total_us), 1, 86400, SECONDS, "600", "How long one call of a model may take.", NULL},
	{"agent.retries", {"CHATKIT_RETRIES"}, CONF_UNSIGNED, AT(model.retries), 0, 10, 1, NULL, "2", "How often a call that failed before its first word is made again.", NULL},

	{"agent.stop_at_tools", {"CHATKIT_STOP_AT_TOOLS"}, CONF_NAMES, AT(stop_at_tools), 0, 0, 0, NULL, "show_*",
	 "Tools, * stands for anything: an answer that calls one of them is over when it has.", NULL},
	{"agent.show_reasoning", {"CHATKIT_SHOW_REASONING"}, CONF_BOOL, AT(show_reasoning), 0, 0, 0, NULL, "true", "Do people see what a model thinks before it answers?", NULL},

	{"titles.by", {"CHATKIT_TITLES"}, CONF_WORD, AT(title_by), 0, 0, 0, NULL, "words",
	 "What names a conversation: its first words, a model, or (off) nobody.", "words|model|off"},
	{"titles.model", {"CHATKIT_TITLES_MODEL"}, CONF_LINE, AT(title_name), 0, 0, 0, NULL, NULL, "The model that does, as provider/model. Unset: the default model.", NULL},

	{"tools.todo", {"CHATKIT_TODO"}, CONF_BOOL, AT(todo_tools), 0, 0, 0, NULL, "true", "The todo list: add_task, list_tasks, complete_task, delete_task, update_task.", NULL},
	{"tools.ask_user", {"CHATKIT_ASK_USER"}, CONF_BOOL, AT(ask_tool), 0, 0, 0, NULL, "true", "May the model ask the person a question with answers to choose from?", NULL},
	{"widgets.folder", {"CHATKIT_WIDGETS"}, CONF_PATH, AT(widgets_folder), 0, 0, 0, NULL, NULL, "Every *.widget in it becomes a tool, show_NAME.", NULL},

	{"attachments.enabled", {"CHATKIT_ATTACHMENTS"}, CONF_BOOL, AT(files.enabled), 0, 0, 0, NULL, "true",
	 "May people send files? It takes a state_dir that can be written, and auth.secret.", NULL},
	{"attachments.max_mib", {"CHATKIT_ATTACHMENT_MIB"}, CONF_SIZE, AT(files.max_bytes), 1, 1024, MIB, "25", "The largest file.", NULL},
	{"attachments.types", {"CHATKIT_ATTACHMENT_TYPES"}, CONF_MEDIA, AT(file_types), 0, 0, 0, NULL,
	 "image/png, image/jpeg, image/gif, image/webp, application/pdf, text/plain, text/markdown, text/csv, application/json", "What files may be.", NULL},
	{"attachments.per_message", {"CHATKIT_ATTACHMENTS_PER_MESSAGE"}, CONF_UNSIGNED, AT(files.per_message), 1, 100, 1, NULL, "10", "Files of one message.", NULL},
	{"attachments.owner_mib", {"CHATKIT_ATTACHMENTS_OWNER_MIB"}, CONF_SIZE, AT(files.owner_bytes), 1, 1000000, MIB, "500", "All files of one person.", NULL},
	{"attachments.owner_count", {"CHATKIT_ATTACHMENTS_OWNER_COUNT"}, CONF_UNSIGNED, AT(files.owner_count), 1, 1000000, 1, NULL, "1000", "How many they may be.", NULL},
	{"attachments.keep_free_mib", {"CHATKIT_ATTACHMENTS_KEEP_FREE_MIB"}, CONF_SIZE, AT(files.keep_free), 0, 100000000, MIB, "256",
		"No file is taken while the disk of state_dir has less than this free: a full one would stop the database, too.", NULL},
	{"attachments.keep_hours", {"CHATKIT_ATTACHMENT_KEEP_HOURS"}, CONF_INT, AT(files.keep_us), 1, 8760, HOURS, "24", "How long a file is kept that was never sent.", NULL},
	{"attachments.link_minutes", {"CHATKIT_ATTACHMENT_LINK_MINUTES"}, CONF_INT, AT(files.link_us), 1, 10080, MINUTES, "60", "How long the signed address of a file works.", NULL},

	{"transcription.enabled", {"CHATKIT_TRANSCRIPTION"}, CONF_BOOL, AT(transcribes), 0, 0, 0, NULL, NULL,
	 "May people speak? Unset: when url is set. true without url: by openai's provider and its key.", NULL},
	{"transcription.url", {"CHATKIT_TRANSCRIPTION_URL"}, CONF_URL, AT(transcribe.url), 0, 0, 0, NULL, NULL,
	 "Who turns speech into text: an address like OpenAI's, as https://host/v1/audio/transcriptions.", NULL},
	{"transcription.model", {"CHATKIT_TRANSCRIPTION_MODEL"}, CONF_LINE, AT(transcribe.model), 0, 0, 0, NULL, "whisper-1", "The model, as that address calls it.", NULL},
	{"transcription.api_key", {"CHATKIT_TRANSCRIPTION_KEY"}, CONF_KEY, AT(transcribe.api_key), 0, 0, 0, NULL, NULL, "Its key. Unset: none is sent.", NULL},

	{"limits.body_kib", {"CHATKIT_BODY_KIB"}, CONF_SIZE, AT(body_max), 1, 65536, 1024, "KiB", "256", "The largest body of a request.", NULL},
	{"limits.text_kib", {"CHATKIT_TEXT_KIB"}, CONF_SIZE, AT(text_max), 1, 65536, 1024, "KiB", "32", "The longest message of a person.", NULL},
	{"limits.streams", {"CHATKIT_STREAMS"}, CONF_UNSIGNED, AT(streams), 1, 100000, 1, NULL, "1000", "Answers that one process streams at once; more get 503 and try again.", NULL},
	{"limits.requests", {"CHATKIT_REQUESTS"}, CONF_UNSIGNED, AT(cheap_share), 1, 100000, 1, NULL, "250", "Other requests at once, beside the streams.", NULL},
	{"limits.drain_seconds", {"CHATKIT_DRAIN_SECONDS"}, CONF_INT, AT(drain_us), 0, 3600, SECONDS, "30", "How long running answers may go on after SIGTERM.", NULL},
	{"limits.beat_seconds", {"CHATKIT_BEAT_SECONDS"}, CONF_INT, AT(beat_us), 1, 15, SECONDS, "2", "How often a silent stream says a comment: to find out who left.", NULL},
};
_Static_assert(countof(rows) <= CONF_ROWS_MAX, "struct conf has a place for each row");

const struct conf_row *conf_row_at(size_t i)
{
	return i < countof(rows) ? &rows[i] : NULL;
}

size_t conf_row_index(const struct conf_row *row)
{
	return (size_t)(row - rows);
}

const struct conf_row *conf_row_find(struct slice path)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (slice_is(path, rows[i].path))
			return &rows[i];
	return NULL;
}

static bool is_within(const char *whole, struct slice path)
{
	struct slice s = slice_cstr(whole);

	return slice_starts(s, path) && s.n > path.n && s.p[path.n] == '.';
}

bool conf_is_section(struct slice path)
{
	const struct conf_part *part;

	for (size_t i = 0; i < countof(rows); i++)
		if (is_within(rows[i].path, path))
			return true;
	for (size_t i = 0; (part = conf_part_at(i)); i++)
		if (is_within(part->path, path))
			return true;
	return false;
}

#define NEAR 2      /* letters */
#define WORD_MAX 48 /* bytes of a word worth guessing at */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned conf_distance(struct slice a, struct slice b)
{
	size_t table[3][WORD_MAX + 1]; /* Levenshtein's: this row and the two before */

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return NEAR + 1;
	for (size_t j = 0; j <= b.n; j++)
		table[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *now = table[i % 3], *up = table[(i + 2) % 3], *up2 = table[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			char x = ascii_lower(a.p[i - 1]), y = ascii_lower(b.p[j - 1]);

			now[j] = min3(now[j - 1] + 1, up[j] + 1, up[j - 1] + (x != y));
			/* Two letters in the other order are one slip. */
			if (i > 1 && j > 1 && x == ascii_lower(b.p[j - 2]) && y == ascii_lower(a.p[i - 2]))
				now[j] = min3(now[j], up2[j - 2] + 1, now[j]);
		}
	}
	return table[a.n % 3][b.n] > NEAR ? NEAR + 1 : (unsigned)table[a.n % 3][b.n];
}

static struct slice last_word(struct slice path)
{
	struct slice head, rest = path;

	while (rest.n) {
		path = rest;
		rest = slice_cut(path, '.', &head);
	}
	return path;
}

const char *conf_near_path(struct slice path)
{
	const struct conf_part *part;
	const char *near = NULL;
	unsigned best = NEAR + 1;

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice row = slice_cstr(rows[i].path), last = last_word(row);
		unsigned d = conf_distance(path, row);

		/* The variable's name, or the right key in another section. */
		if (slice_is(path, rows[i].env[0]) || slice_eq(last_word(path), last))
			return rows[i].path;
		if (d < best && d < last.n) {
			best = d;
			near = rows[i].path;
		}
	}
	/* A whole section's name: any of its settings says which. */
	for (size_t i = 0; !near && i < countof(rows); i++) {
		struct slice section;

		if (slice_cut(slice_cstr(rows[i].path), '.', &section).n && conf_distance(path, section) <= NEAR)
			near = rows[i].path;
	}
	for (size_t i = 0; !near && (part = conf_part_at(i)); i++)
		if (conf_distance(path, slice_cstr(part->path)) <= NEAR || slice_eq(last_word(path), last_word(slice_cstr(part->path))))
			near = part->path;
	return near;
}

const char *conf_near_env(struct slice name)
{
	for (size_t i = 0; i < countof(rows); i++)
		for (size_t k = 0; k < countof(rows[i].env) && rows[i].env[k]; k++)
			if (conf_distance(name, slice_cstr(rows[i].env[k])) <= NEAR)
				return rows[i].env[k];
	return NULL;
}
