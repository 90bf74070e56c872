/* SPDX-License-Identifier: MIT */
#include "app/action.h"

#include "chatkit/template.h"
#include "wire/utf8.h"

/* A setting that may hold {{ }}: parsed once. NULL: it was not said. */
struct made {
	struct template *t;
};

struct action {
	const struct conf_action *c; /* NULL: the one for what the configuration does not name */
	const struct tool *tool, *look;
	struct made message, notice_title, notice_message, hidden_context, title;
};
struct actions {
	struct action *at;
	size_t n;
	struct action other;
};

#define DATA_MAX (2 * 1024 * 1024) /* bytes of what templates see */
#define TOLD_MAX 4000              /* bytes of a payload that the model is told */
#define NOTICE_MAX 500             /* bytes of a tool's no that is shown */

static enum rc make(struct arena *a, struct slice text, struct made *out, struct err *e)
{
	return text.n ? template_parse(a, text, &out->t, e) : RC_OK;
}

static enum rc find_tool(const struct toolset *tools, struct slice name, const struct tool **out, struct err *e)
{
	if (name.n == 0)
		return RC_OK;
	*out = toolset_find(tools, name);
	if (!*out)
		return err_set(e, RC_CONF, "there is no tool '%.*s'", SLICE_ARG(name));
	if ((*out)->where == TOOL_CLIENT)
		return err_set(e, RC_CONF, "'%.*s' is a tool of the page's", SLICE_ARG(name));
	return RC_OK;
}

static enum rc action_init(struct action *ac, const struct conf_action *c, const struct toolset *tools, struct arena *a, struct err *e)
{
	ac->c = c;
	if (find_tool(tools, c->tool, &ac->tool, e) != RC_OK || find_tool(tools, c->widget_tool, &ac->look, e) != RC_OK)
		return e->rc;
	if (make(a, c->message, &ac->message, e) != RC_OK || make(a, c->notice_title, &ac->notice_title, e) != RC_OK ||
	    make(a, c->notice_message, &ac->notice_message, e) != RC_OK || make(a, c->hidden_context, &ac->hidden_context, e) != RC_OK ||
	    make(a, c->title, &ac->title, e) != RC_OK)
		return e->rc;
	return RC_OK;
}

enum rc actions_new(struct arena *a, const struct conf *c, const struct toolset *tools, struct actions **out, struct err *e)
{
	struct actions *as = arena_new_of(a, struct actions);

	*out = as;
	as->at = arena_alloc(a, (c->n_actions + 1) * sizeof(*as->at));
	for (size_t i = 0; i < c->n_actions; i++) {
		if (action_init(&as->at[i], &c->actions[i], tools, a, e) != RC_OK) {
			e->rc = RC_CONF;
			return err_wrap(e, "actions[%zu]", i);
		}
		as->n++;
	}
	return RC_OK;
}

static bool fits(const struct conf_action *c, struct slice type, bool sync)
{
	return slice_glob(c->type, type) && (c->sync == CONF_UNSAID || (c->sync == CONF_YES) == sync);
}

const struct action *action_find(const struct actions *as, struct slice type, bool sync)
{
	for (size_t i = 0; i < as->n; i++)
		if (fits(as->at[i].c, type, sync))
			return &as->at[i];
	return &as->other;
}

bool action_once(const struct action *ac)
{
	return ac->c && ac->c->once;
}

/* ---- data ---- */

/* Text that is JSON stands as its value, other text as a string. */
static void put_result(struct jsonw *w, struct arena *a, const struct tool_result *r)
{
	struct slice text = r->json.n ? r->json : r->text;
	struct json_at value;

	if (text.n && json_parse_value(a, text, &GUARD_UPSTREAM, &value, NULL) == RC_OK)
		jsonw_raw(w, json_text(&value));
	else
		jsonw_str(w, text);
}

/* {"action":{"type","payload"},"payload","item_id","thread_id","result"?} */
static enum rc data_of(const struct action_sent *sent, const struct tool_result *r, struct arena *a, struct json_at *out, struct err *e)
{
	struct slice payload = sent->payload.n ? sent->payload : S("null");
	struct buf b = BUF_INIT(DATA_MAX);
	struct json_doc *doc;
	struct slice text;
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_key(&w, "action");
	jsonw_obj(&w);
	jsonw_kstr(&w, "type", sent->type);
	jsonw_kraw(&w, "payload", payload);
	jsonw_end(&w);
	jsonw_kraw(&w, "payload", payload);
	jsonw_kstr(&w, "item_id", sent->item_id);
	jsonw_kstr(&w, "thread_id", sent->thread_id);
	if (r) {
		jsonw_key(&w, "result");
		put_result(&w, a, r);
	}
	jsonw_end(&w);
	text = jsonw_ok(&w) ? arena_try_dup(a, buf_slice(&b)) : SLICE_NONE;
	buf_release(&b);
	if (!text.p)
		return err_set(e, RC_TOO_LARGE, "an action's data is too large");
	if (json_parse(a, text, &GUARD_UPSTREAM, &doc, e) != RC_OK)
		return err_wrap(e, "an action's data");
	*out = json_root(doc);
	return RC_OK;
}

/* ---- JSON with templates in it ---- */

static bool has_template(struct slice s)
{
	return slice_find(s, S("{{")) >= 0 || slice_find(s, S("{%")) >= 0;
}

static enum rc fill_value(struct jsonw *w, const struct json_at *v, const struct json_at *data, struct arena *a, struct err *e);

static enum rc fill_string(struct jsonw *w, struct slice s, const struct json_at *data, struct arena *a, struct err *e)
{
	struct buf b = BUF_INIT(DATA_MAX);
	struct template *t;
	enum rc rc;

	if (!has_template(s)) {
		jsonw_str(w, s);
		return RC_OK;
	}
	rc = template_parse(a, s, &t, e);
	if (rc == RC_OK)
		rc = template_value(t, a, data, &b, e);
	if (rc == RC_OK)
		jsonw_raw(w, buf_slice(&b));
	buf_release(&b);
	return rc;
}

static enum rc fill_object(struct jsonw *w, const struct json_at *v, const struct json_at *data, struct arena *a, struct err *e)
{
	struct json_at child;
	struct slice key;

	jsonw_obj(w);
	for (size_t it = 0; json_each(v, &it, &key, &child);) {
		jsonw_key_slice(w, key);
		if (fill_value(w, &child, data, a, e) != RC_OK)
			return e->rc;
	}
	jsonw_end(w);
	return RC_OK;
}

/* As deep as the guard lets a configuration be. */
static enum rc fill_value(struct jsonw *w, const struct json_at *v, const struct json_at *data, struct arena *a, struct err *e)
{
	if (json_kind(v) == JSON_STRING)
		return fill_string(w, json_as_str(v), data, a, e);
	if (json_kind(v) == JSON_OBJECT)
		return fill_object(w, v, data, a, e);
	if (json_kind(v) != JSON_ARRAY) {
		jsonw_raw(w, json_text(v));
		return RC_OK;
	}
	jsonw_arr(w);
	for (size_t i = 0; i < json_count(v); i++) {
		struct json_at child = json_item(v, i);

		if (fill_value(w, &child, data, a, e) != RC_OK)
			return e->rc;
	}
	jsonw_end(w);
	return RC_OK;
}

static enum rc fill(struct arena *a, struct slice json, const struct json_at *data, struct slice *out, struct err *e)
{
	struct buf b = BUF_INIT(DATA_MAX);
	struct json_at root;
	struct jsonw w;
	enum rc rc;

	rc = json_parse_value(a, json, &GUARD_UPSTREAM, &root, e);
	if (rc != RC_OK)
		return rc;
	jsonw_init(&w, &b);
	rc = fill_value(&w, &root, data, a, e);
	if (rc == RC_OK) {
		*out = jsonw_ok(&w) ? arena_try_dup(a, buf_slice(&b)) : SLICE_NONE;
		rc = out->p ? RC_OK : err_set(e, RC_TOO_LARGE, "what an action makes is too large");
	}
	buf_release(&b);
	return rc;
}

static enum rc render(const struct made *m, const struct json_at *data, struct arena *a, struct slice *out, struct err *e)
{
	struct buf b = BUF_INIT(CK_SHOWN_TEXT_MAX);
	enum rc rc;

	if (!m->t)
		return RC_OK;
	rc = template_render(m->t, a, data, &b, e);
	if (rc == RC_OK)
		*out = arena_try_dup(a, buf_slice(&b));
	if (rc == RC_OK && !out->p)
		rc = err_set(e, RC_TOO_LARGE, "what an action says is too large");
	buf_release(&b);
	return rc;
}

enum rc action_calls(const struct action *ac, const struct action_sent *sent, struct arena *a, struct action_calls *out, struct err *e)
{
	struct json_at data;

	*out = (struct action_calls){
		.call = {ac->tool, S("action"), sent->payload.n && sent->payload.p[0] == '{' ? sent->payload : S("{}")},
		.look = {ac->look, S("action_look"), S("{}")},
	};
	if (!ac->c || (!ac->c->arguments.n && !ac->c->widget_arguments.n))
		return RC_OK;
	if (data_of(sent, NULL, a, &data, e) != RC_OK || (ac->c->arguments.n && fill(a, ac->c->arguments, &data, &out->call.args, e) != RC_OK) ||
	    (ac->c->widget_arguments.n && fill(a, ac->c->widget_arguments, &data, &out->look.args, e) != RC_OK)) {
		(void)err_wrap(e, "the arguments of action '%.*s'", SLICE_ARG(ac->c->type));
		return err_user(e, "This action did not work.");
	}
	return RC_OK;
}

/* ---- what is shown ---- */

static enum rc effects(const struct action *ac, const struct json_at *data, struct arena *a, struct ck_shown *shown, struct err *e)
{
	struct json_at list;
	struct slice json;
	size_t n;

	if (fill(a, ac->c->effects, data, &json, e) != RC_OK || json_parse_value(a, json, &GUARD_UPSTREAM, &list, e) != RC_OK)
		return e->rc;
	n = json_count(&list);
	shown->effects = arena_alloc(a, (n + 1) * sizeof(*shown->effects));
	shown->n_effects = 0;
	for (size_t i = 0; i < n; i++) {
		struct json_at effect = json_item(&list, i), what = json_get(&effect, "data");

		shown->effects[shown->n_effects++] =
			(struct ck_effect){json_str(&effect, "name"), json_kind(&what) == JSON_OBJECT ? json_text(&what) : S("{}")};
	}
	return json_done(list.doc, e);
}

/* {"template","data"}: the turn's renderer takes it from there. Data that is not said is all that templates see. */
static enum rc widget(const struct action *ac, const struct json_at *data, struct arena *a, struct ck_shown *shown, struct err *e)
{
	struct slice filled = json_text(data);
	struct buf b = BUF_INIT(DATA_MAX);
	struct jsonw w;

	if (ac->c->widget_data.n && fill(a, ac->c->widget_data, data, &filled, e) != RC_OK)
		return e->rc;
	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_kstr(&w, "template", ac->c->widget);
	jsonw_kraw(&w, "data", filled);
	jsonw_end(&w);
	shown->widget = arena_try_dup(a, buf_slice(&b));
	buf_release(&b);
	return RC_OK;
}

static enum rc configured(const struct action *ac, const struct json_at *data, struct arena *a, struct ck_shown *shown, struct err *e)
{
	static const char *const status[] = {NULL, "{\"type\":\"active\"}", "{\"type\":\"locked\"}", "{\"type\":\"closed\"}"};
	const struct conf_action *c = ac->c;
	struct slice hidden = SLICE_NONE;
	struct buf b = BUF_INIT(DATA_MAX);
	struct jsonw w;

	if (render(&ac->message, data, a, &shown->message, e) != RC_OK || render(&ac->notice_title, data, a, &shown->notice_title, e) != RC_OK ||
	    render(&ac->notice_message, data, a, &shown->notice, e) != RC_OK || render(&ac->hidden_context, data, a, &hidden, e) != RC_OK ||
	    render(&ac->title, data, a, &shown->title, e) != RC_OK)
		return e->rc;
	shown->title = ck_title(shown->title);
	if (ac->notice_message.t)
		shown->notice_level = c->notice_level.n ? arena_cstr(a, c->notice_level) : "info";
	if (hidden.n) {
		jsonw_init(&w, &b);
		jsonw_str(&w, hidden);
		shown->hidden_context = arena_try_dup(a, buf_slice(&b));
		buf_release(&b);
	}
	if (status[c->status])
		shown->status = slice_cstr(status[c->status]);
	return c->effects.n ? effects(ac, data, a, shown, e) : RC_OK;
}

static struct slice note_of(const struct tool_result *r, struct arena *a)
{
	return arena_printf(a, "<HiddenContext>%s: %.*s</HiddenContext>", r->is_error ? "That failed" : "The result of that", SLICE_ARG(utf8_cut(r->text, TOLD_MAX)));
}

/* Some wrap their words in JSON for the model. */
static struct slice no_of(const struct tool_result *r, struct arena *a)
{
	struct json_at at, error = {0};

	if (json_parse_value(a, r->text, &GUARD_UPSTREAM, &at, NULL) == RC_OK && json_kind(&at) == JSON_OBJECT)
		error = json_get(&at, "error");
	return utf8_cut(json_kind(&error) == JSON_STRING ? json_as_str(&error) : r->text, NOTICE_MAX);
}

enum rc action_shown(const struct action *ac, const struct action_sent *sent, const struct action_results *results, struct arena *a, struct ck_shown *shown,
		     struct slice *note, bool *resume, struct err *e)
{
	const struct tool_result *result = results->call, *look = results->look;
	struct json_at data;
	enum rc rc;

	*note = result ? note_of(result, a) : SLICE_NONE;
	*resume = ac->c ? ac->c->resume : true;
	if (result && result->is_error) {
		*shown = (struct ck_shown){.notice_level = "danger",
					   .notice = result->not_called ? S("This action did not work.") : no_of(result, a)};
		return RC_OK;
	}
	if (!ac->c)
		return RC_OK;
	rc = data_of(sent, result, a, &data, e);
	if (rc == RC_OK)
		rc = configured(ac, &data, a, shown, e);
	if (rc == RC_OK && look && !look->is_error)
		rc = data_of(sent, look, a, &data, e);
	if (rc == RC_OK && ac->c->widget.n && !(look && look->is_error))
		rc = widget(ac, &data, a, shown, e);
	return rc == RC_OK ? RC_OK : err_wrap(e, "action '%.*s'", SLICE_ARG(ac->c->type));
}

struct slice action_told(const struct action_sent *sent, struct arena *a)
{
	struct slice payload = utf8_cut(sent->payload, TOLD_MAX);

	return arena_printf(a, "<HiddenContext>The user did the action '%.*s'%s%.*s with %.*s</HiddenContext>", SLICE_ARG(sent->type),
			    sent->item_id.n ? " on the widget " : "", SLICE_ARG(sent->item_id), SLICE_ARG(payload.n ? payload : S("no payload")));
}
