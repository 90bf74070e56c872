/* SPDX-License-Identifier: MIT */
/*
 * The todo list's tools: in process, on chatkit.task, for the person of the session. user_id is bound by the server and is not in the schema that the model
 * sees. A change and the entry that tells the model of it are one transaction under the turn's lease, so a crash between them cannot be.
 */
#include "app/inner.h"

#include "base/log.h"
#include "wire/utf8.h"

#define TITLE_MAX 200       /* characters; longer ones are cut */
#define DESCRIPTION_MAX 1000

#define PRIORITY "\"priority\":{\"type\":\"string\",\"enum\":[\"none\",\"low\",\"medium\",\"high\"]}"
#define CATEGORY "\"category\":{\"type\":\"string\",\"enum\":[\"work\",\"personal\",\"shopping\",\"health\",\"other\"]}"
#define USER_ID "\"user_id\":{\"type\":\"string\",\"description\":\"Whose list it is\"}"
#define TASK_ID "\"task_id\":{\"type\":\"integer\",\"description\":\"The task's number, as list_tasks gives it\"}"
#define SCHEMA(props, required) "{\"type\":\"object\",\"properties\":{" USER_ID "," props "},\"required\":[\"user_id\"" required "],\"additionalProperties\":false}"

/* ---- arguments ---- */

struct args {
	struct json_doc *doc;
	struct json_at root;
	struct slice owner;
	struct task_fields f;
	int64_t id;
};

static struct slice text_arg(const struct args *in, const char *key, size_t max_chars)
{
	struct json_at at = json_get(&in->root, key);
	struct slice s = SLICE_NONE;

	if (json_has(&at)) {
		s = utf8_cut_chars(slice_trim(json_as_str(&at)), max_chars);
		if (!s.p)
			s.p = "";
	}
	return s;
}

static enum rc read_args(struct tool_call *call, struct args *in, struct err *e)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_at completed;

	if (json_parse(call->arena, call->args, &limits, &in->doc, e) != RC_OK)
		return e->rc;
	in->root = json_root(in->doc);
	in->owner = json_str(&in->root, "user_id"); /* injected by tool_invoke from the session */
	in->f.title = text_arg(in, "title", TITLE_MAX);
	in->f.description = text_arg(in, "description", DESCRIPTION_MAX);
	in->f.priority = text_arg(in, "priority", 16);
	in->f.category = text_arg(in, "category", 16);
	completed = json_get(&in->root, "completed");
	in->f.completed = json_has(&completed) ? json_as_bool_or(&completed, true) : -1;
	in->id = json_i64_or(&in->root, "task_id", INT64_MIN, INT64_MAX, 0);
	return json_done(in->doc, e);
}

/* ---- results ---- */

static void refuse(struct tool_call *call, struct tool_result *out, const char *why)
{
	struct buf b = BUF_INIT(1024);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_kcstr(&w, "error", why);
	jsonw_end(&w);
	out->is_error = true;
	out->text = out->json = arena_dup(call->arena, buf_slice(&b));
	buf_release(&b);
}

static enum rc result(struct tool_call *call, struct tool_result *out, enum rc rc, struct slice json, struct err *e)
{
	if (rc == RC_OK) {
		out->text = out->json = json;
		return RC_OK;
	}
	if (rc == RC_NOT_FOUND) {
		*e = ERR_INIT;
		refuse(call, out, "There is no task with this task_id. Call list_tasks to see the numbers.");
		return RC_OK;
	}
	return rc;
}

#define HERE "<result>" /* stands for the result's text while the entry's frame is made */

/*
 * The entry that tells the model of this call, with a hole where the result goes: the store fills it in the same transaction. Its id is the one under which
 * the turn would store this result, so it is stored once. Outside a turn there is no fence.
 */
static struct task_fence *fence_of(struct tool_call *call, struct slice name)
{
	const struct caller *who = call->caller;
	struct task_fence *f;
	struct buf body = BUF_INIT(64 * 1024);
	struct part part = {.kind = PART_RESULT, .text = S(HERE), .call_id = call->id, .name = name};
	struct message m = {.role = ROLE_TOOL, .parts = &part, .n = 1};
	ptrdiff_t hole;

	if (!who->turn_id.n)
		return NULL;
	f = arena_new_of(call->arena, struct task_fence);
	message_write(&body, &m);
	hole = slice_find(buf_slice(&body), S("\"" HERE "\""));
	CHECK(hole >= 0);
	f->key = (struct turn_key){who->owner, who->thread_id, who->turn_id};
	f->entry_id = arena_printf(call->arena, "%.*s.%.*s", SLICE_ARG(who->turn_id), SLICE_ARG(call->id));
	f->pre = arena_dup(call->arena, slice_upto(buf_slice(&body), (size_t)hole));
	f->post = arena_dup(call->arena, slice_from(buf_slice(&body), (size_t)hole + strlen(HERE) + 2));
	buf_release(&body);
	return f;
}

/* ---- the five ---- */

WAITS static enum rc add_task(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct app *app = ctx;
	struct args in = {0};
	struct slice json = SLICE_NONE;

	if (read_args(call, &in, e) != RC_OK)
		return e->rc;
	if (in.f.title.n == 0) {
		refuse(call, out, "title must not be empty");
		return RC_OK;
	}
	return result(call, out, store_task_add(app->store, call->arena, in.owner, &in.f, fence_of(call, S("add_task")), &json, e), json, e);
}

WAITS static enum rc list_tasks(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct app *app = ctx;
	struct args in = {0};
	struct slice json = SLICE_NONE, status;

	if (read_args(call, &in, e) != RC_OK)
		return e->rc;
	status = json_str_or(&in.root, "status", S("all"));
	return result(call, out, store_task_list(app->store, call->arena, in.owner, status, in.f.priority, in.f.category, &json, e), json, e);
}

WAITS static enum rc complete_task(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct app *app = ctx;
	struct args in = {0};
	struct task_fields only;
	struct slice json = SLICE_NONE;

	if (read_args(call, &in, e) != RC_OK)
		return e->rc;
	only = (struct task_fields){.completed = in.f.completed < 0 ? 1 : in.f.completed};
	return result(call, out,
		      store_task_update(app->store, call->arena, in.owner, in.id, &only, fence_of(call, S("complete_task")), &json, e), json, e);
}

WAITS static enum rc delete_task(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct app *app = ctx;
	struct args in = {0};
	struct slice json = SLICE_NONE;

	if (read_args(call, &in, e) != RC_OK)
		return e->rc;
	return result(call, out, store_task_delete(app->store, call->arena, in.owner, in.id, fence_of(call, S("delete_task")), &json, e), json, e);
}

WAITS static enum rc update_task(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct app *app = ctx;
	struct args in = {0};
	struct slice json = SLICE_NONE;

	if (read_args(call, &in, e) != RC_OK)
		return e->rc;
	in.f.completed = -1;
	if (in.f.title.p && in.f.title.n == 0) {
		refuse(call, out, "title must not be empty");
		return RC_OK;
	}
	return result(call, out, store_task_update(app->store, call->arena, in.owner, in.id, &in.f, fence_of(call, S("update_task")), &json, e),
		      json, e);
}

static const struct tool_spec specs[] = {
	{.name = S_INIT("add_task"),
	 .title = S_INIT("Add a task"),
	 .description = S_INIT("Adds a task to the user's todo list."),
	 .schema = S_INIT(SCHEMA("\"title\":{\"type\":\"string\",\"description\":\"What is to be done, short\"},"
				 "\"description\":{\"type\":\"string\"}," PRIORITY "," CATEGORY,
				 ",\"title\""))},
	{.name = S_INIT("list_tasks"),
	 .title = S_INIT("Look at the list"),
	 .description = S_INIT("Lists the tasks on the user's todo list with their numbers."),
	 .schema = S_INIT(SCHEMA("\"status\":{\"type\":\"string\",\"enum\":[\"all\",\"pending\",\"completed\"]}," PRIORITY "," CATEGORY, "")),
	 .read_only = true,
	 .idempotent = true},
	{.name = S_INIT("complete_task"),
	 .title = S_INIT("Mark a task as done"),
	 .description = S_INIT("Marks a task as completed, or as not completed with completed=false."),
	 .schema = S_INIT(SCHEMA(TASK_ID ",\"completed\":{\"type\":\"boolean\"}", ",\"task_id\"")),
	 .idempotent = true},
	{.name = S_INIT("delete_task"),
	 .title = S_INIT("Delete a task"),
	 .description = S_INIT("Deletes a task for good."),
	 .schema = S_INIT(SCHEMA(TASK_ID, ",\"task_id\"")),
	 .destructive = true,
	 .idempotent = true},
	{.name = S_INIT("update_task"),
	 .title = S_INIT("Change a task"),
	 .description = S_INIT("Changes a task's title, description, priority or category. Only what is given is changed."),
	 .schema = S_INIT(SCHEMA(TASK_ID ",\"title\":{\"type\":\"string\"},\"description\":{\"type\":\"string\"}," PRIORITY "," CATEGORY,
				 ",\"task_id\"")),
	 .idempotent = true},
};

typedef enum rc tool_fn(void *, struct tool_call *, struct tool_result *, struct err *);
static tool_fn *const functions[countof(specs)] = {add_task, list_tasks, complete_task, delete_task, update_task};
static const struct bind binds[] = {{S_INIT("user_id"), BIND_OWNER}};

enum rc todo_tools(struct app *app, struct toolset *set, struct err *e)
{
	struct tool *tools = arena_alloc(app->arena, countof(specs) * sizeof(*tools));

	for (size_t i = 0; i < countof(specs); i++) {
		tools[i] = (struct tool){.spec = specs[i], .binds = binds, .n_binds = countof(binds), .where = TOOL_HERE, .call = functions[i],
					 .ctx = app};
		if (toolset_add(set, &tools[i], e) != RC_OK)
			return e->rc;
	}
	return RC_OK;
}
