/* SPDX-License-Identifier: MIT */
#include "app/page.h"

#include "app/inner.h"
#include "base/crypto.h"
#include "base/log.h"
#include "chatkit/answer.h"
#include "chatkit/template.h"
#include "chatkit/widget.h"

#define TOOLS_MAX (CONF_WIDGETS_MAX + CONF_CLIENT_TOOLS_MAX + 1)
#define META_MAX (WIDGET_MAX + 4096)
#define MUCH (4 * 1024)              /* bytes of JSON from which a widget is made beside the loop: other streams do not wait for it */
#define TREES_MAX (64 * 1024 * 1024) /* a widget of WIDGET_MAX as a tree, and what made it */

struct page {
	struct io *io;
	const struct conf *conf; /* has the widgets, read and checked */
	struct tool tools[TOOLS_MAX];
	size_t n_tools;
};

/* ---- widgets ---- */

/* One *.widget's tool. */
struct page_show {
	struct page *page;
	const struct widget_file *file;
};

static const struct widget_file *show_find(const struct page *p, struct slice name)
{
	for (size_t i = 0; i < p->conf->n_widgets; i++) {
		const struct widget_file *f = &p->conf->widgets[i].file;

		if (slice_eq(f->name, name) || slice_eq(f->title, name))
			return f;
	}
	return NULL;
}

/* A widget on its way from JSON to what is shown. Pure from begin to end, in memory of its own: a large one is made on a helper thread, beside the loop. */
struct making {
	const struct page *page;
	const struct widget_file *file; /* json is its template's data; NULL: json is a widget, or {"template", "data"?} */
	struct slice json;
	struct buf *out, warnings;
	struct err *e;
	enum rc rc;
};

static enum rc render(struct making *m, const struct json_at *data, struct arena *a)
{
	struct buf text = BUF_INIT(WIDGET_MAX);
	enum rc rc = template_render(m->file->template, a, data, &text, m->e);

	if (rc == RC_OK)
		rc = widget_check(a, buf_slice(&text), m->out, &m->warnings, m->e);
	buf_release(&text);
	return rc;
}

static enum rc resolve(struct making *m, struct arena *a)
{
	struct json_at root, template, data;
	struct json_doc *doc;

	if (!m->file && slice_find(m->json, S("\"template\"")) < 0) /* as a tree only where it must be */
		return widget_check(a, m->json, m->out, NULL, m->e);
	if (json_parse(a, m->json, &GUARD_UPSTREAM, &doc, m->e) != RC_OK)
		return err_wrap(m->e, "a widget");
	root = json_root(doc);
	if (m->file)
		return render(m, &root, a);
	template = json_get(&root, "template");
	data = json_get(&root, "data");
	if (json_kind(&template) != JSON_STRING)
		return widget_check(a, m->json, m->out, NULL, m->e);
	m->file = show_find(m->page, json_as_str(&template));
	if (!m->file)
		return err_set(m->e, RC_BAD, "there is no widget template '%.*s'", SLICE_ARG(slice_upto(json_as_str(&template), 64)));
	return render(m, json_has(&data) ? &data : NULL, a);
}

static void making_run(void *arg)
{
	struct making *m = arg;
	struct arena *a = arena_new(TREES_MAX, NULL);

	m->rc = resolve(m, a);
	arena_free(a);
}

WAITS static enum rc widget_made(const struct page *p, const struct widget_file *file, struct slice json, struct buf *out, struct err *e)
{
	struct making m = {.page = p, .file = file, .json = json, .out = out, .warnings = BUF_INIT(4096), .e = e};

	if (json.n > MUCH)
		io_offload(p->io, making_run, &m);
	else
		making_run(&m);
	if (m.warnings.n)
		log_line(LOG_WARN, NULL, "widget '%.*s': %.*s", SLICE_ARG(m.file->name), SLICE_ARG(slice_trim(buf_slice(&m.warnings))));
	buf_release(&m.warnings);
	return m.rc;
}

enum rc page_widget(void *page, struct slice ref, struct buf *out, struct err *e)
{
	return widget_made(page, NULL, ref, out, e);
}

/* show_NAME: the model's arguments are the template's data. What does not fit goes back to the model. */
static enum rc show(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	const struct page_show *s = ctx;
	struct buf widget = BUF_INIT(WIDGET_MAX), text = BUF_INIT(WIDGET_TOLD_MAX + 1024), meta = BUF_INIT(META_MAX);
	struct jsonw w;
	enum rc rc = widget_made(s->page, s->file, call->args, &widget, e);

	if (rc == RC_OK) {
		widget_text(&text, buf_slice(&widget));
		jsonw_init(&w, &meta);
		jsonw_obj(&w);
		jsonw_kraw(&w, "chatkit/widget", buf_slice(&widget));
		jsonw_end(&w);
		out->text = arena_try_dup(call->arena, buf_slice(&text));
		out->meta = arena_try_dup(call->arena, buf_slice(&meta));
		rc = out->text.p && out->meta.p ? RC_OK : err_set(e, RC_TOO_LARGE, "no room for a widget");
	} else if (rc == RC_BAD) {
		*out = (struct tool_result){.is_error = true, .text = arena_printf(call->arena, "The widget cannot be shown with these arguments: %s.", e->msg)};
		rc = RC_OK;
	}
	buf_release(&widget);
	buf_release(&text);
	buf_release(&meta);
	return rc;
}

/* What is written so far may not be enough for the template: then there is nothing to see yet. */
static bool preview(void *ctx, struct slice args, struct arena *a, struct buf *out)
{
	const struct widget_file *s = ((const struct page_show *)ctx)->file;
	struct buf text = BUF_INIT(WIDGET_MAX);
	struct json_doc *doc;
	struct json_at root;
	bool ok = false;

	if (json_parse(a, args, &GUARD_UPSTREAM, &doc, NULL) == RC_OK) {
		root = json_root(doc);
		ok = template_render(s->template, a, &root, &text, NULL) == RC_OK && widget_check(a, buf_slice(&text), out, NULL, NULL) == RC_OK;
	}
	buf_release(&text);
	return ok;
}

static void show_tool(struct page *p, struct arena *a, const struct widget_file *f)
{
	struct page_show *s = arena_new_of(a, struct page_show);

	*s = (struct page_show){p, f};
	p->tools[p->n_tools++] = (struct tool){
		.spec = {.name = arena_printf(a, "show_%.*s", SLICE_ARG(f->name)),
			 .title = f->title,
			 .description = arena_printf(a, "Shows the user the widget \"%.*s\", filled with the arguments. Do not repeat in words what it shows.",
						     SLICE_ARG(f->title)),
			 .schema = f->schema,
			 .read_only = true,
			 .idempotent = true},
		.call = show,
		.preview = preview,
		.ctx = s,
	};
}

/* ---- questions, and what the page runs ---- */

static enum rc ask(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	enum rc rc = ck_questions_read(call->arena, call->args, &out->ask, e);

	(void)ctx;
	if (rc == RC_BAD) {
		*out = (struct tool_result){.is_error = true, .text = arena_printf(call->arena, "The questions cannot be asked: %s.", e->msg)};
		return RC_OK;
	}
	out->last = true;
	out->text = S("The questions are shown to the user. What is answered comes as the user's next message.");
	return rc;
}

static void ask_tool(struct page *p)
{
	p->tools[p->n_tools++] = (struct tool){
		.spec = {.name = S(CK_ASK_NAME), .title = S("Ask"), .description = ck_ask_description, .schema = ck_ask_schema, .read_only = true},
		.call = ask,
	};
}

static void client_tool(struct page *p, const struct conf_client_tool *t)
{
	p->tools[p->n_tools++] =
		(struct tool){.spec = {.name = t->name, .title = t->title, .description = t->description, .schema = t->schema}, .where = TOOL_CLIENT};
}

enum rc page_new(struct arena *a, struct io *io, const struct conf *c, struct toolset *set, struct page **out, struct err *e)
{
	struct page *p = arena_new_of(a, struct page);

	*out = p;
	p->io = io;
	p->conf = c;
	for (size_t i = 0; i < c->n_widgets; i++)
		show_tool(p, a, &c->widgets[i].file);
	if (c->ask_tool)
		ask_tool(p);
	for (size_t i = 0; i < c->n_client_tools; i++)
		client_tool(p, &c->client_tools[i]);
	for (size_t i = 0; i < p->n_tools; i++)
		if (toolset_add(set, &p->tools[i], e) != RC_OK)
			return e->rc;
	return RC_OK;
}

/* ---- for actions ---- */

struct slice page_once_id(struct arena *a, struct slice item_id, struct slice type)
{
	struct slice parts[] = {item_id, slice_mem("", 1), type};
	unsigned char hash[SHA256_LEN];
	struct buf b = BUF_INIT(256);
	struct slice id;

	sha256_many(parts, countof(parts), hash);
	buf_adds(&b, "once_");
	b64url_encode(&b, slice_mem(hash, 16));
	id = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return id;
}
