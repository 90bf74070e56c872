/* SPDX-License-Identifier: MIT */
/* The page's first request, the Stop that reaches another process, and the health of this one. */
#include "app/context.h"
#include "app/inner.h"

/* What the composer offers beside text. */
static void write_offers(struct jsonw *w, const struct conf *c)
{
	if (c->files.offered) {
		jsonw_key(w, "attachments");
		jsonw_obj(w);
		jsonw_key(w, "accept");
		jsonw_arr(w);
		for (size_t i = 0; i < c->file_types.n; i++)
			jsonw_str(w, c->file_types.v[i]);
		jsonw_end(w);
		jsonw_kint(w, "max_bytes", (int64_t)c->files.max_bytes);
		jsonw_kint(w, "per_message", c->files.per_message);
		jsonw_end(w);
	}
	if (c->transcribes)
		jsonw_kbool(w, "transcription", true);
	jsonw_key(w, "client_tools");
	jsonw_arr(w);
	for (size_t i = 0; i < c->n_client_tools; i++)
		jsonw_str(w, c->client_tools[i].name);
	jsonw_end(w);
}

static void write_models(struct jsonw *w, const struct app *app)
{
	jsonw_key(w, "models");
	jsonw_arr(w);
	for (size_t i = 0; i < app->n_models; i++)
		jsonw_str(w, model_name(app->models[i]));
	jsonw_end(w);
}

/* POST /api/chat/session: who am I, and what should the page look like. The one read that mints. */
enum rc op_session(struct exchange *x, struct err *e)
{
	const struct conf *c = x->app->conf;
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct json_doc *doc;
	struct jsonw w;

	if (exchange_json(x, &doc, e) != RC_OK)
		return e->rc;
	if (x->who.kind == WHO_NOBODY && identity_mint(x->req, c, &x->who, e) != RC_OK)
		return e->rc;
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_kstr(&w, "user_id", x->who.user_id);
	jsonw_kbool(&w, "anonymous", x->who.kind == WHO_ANON);
	jsonw_kstr(&w, "model", x->app->n_models ? model_name(x->app->models[0]) : SLICE_NONE);
	jsonw_kbool(&w, "demo", x->app->n_models && model_is_demo(x->app->models[0]));
	jsonw_kstr(&w, "title", c->title);
	if (c->domain_key.n)
		jsonw_kstr(&w, "domain_key", c->domain_key);
	else
		jsonw_kraw(&w, "domain_key", S("null"));
	jsonw_kstr(&w, "locale", context_locale(request_header(x->req, "ACCEPT_LANGUAGE")));
	write_models(&w, x->app);
	write_offers(&w, c);
	jsonw_end(&w);
	return exchange_answer(x, &json, e);
}

/* POST /api/chat/cancel {"thread_id"}: stops the thread's turn wherever it runs, within a second. Nothing running is success. */
enum rc op_cancel(struct exchange *x, struct err *e)
{
	struct json_doc *doc;
	struct json_at root;
	struct turn_key k = {.owner = x->who.owner};

	if (exchange_json(x, &doc, e) != RC_OK)
		return e->rc;
	root = json_root(doc);
	k.thread_id = json_str(&root, "thread_id");
	if (json_done(doc, e) != RC_OK)
		return e->rc;
	if (x->who.kind == WHO_NOBODY)
		return err_set(e, RC_NOT_FOUND, "no identity");
	if (exchange_store(x, e) != RC_OK)
		return e->rc;
	keeper_stop(turns_keeper(x->app->turns), k.owner, k.thread_id, STOP_CANCEL);
	if (store_cancel(x->app->store, &k, e) != RC_OK)
		return e->rc;
	exchange_reply(x, 200, S("{}"));
	return RC_OK;
}

/* GET /api/chat/health: no URLs, no versions. 503 when a turn could not be begun now. */
enum rc op_health(struct exchange *x, struct err *e)
{
	bool model = x->app->n_models > 0, db = exchange_store(x, e) == RC_OK && store_ping(x->app->store, e) == RC_OK;
	struct buf json = BUF_INIT(4 * 1024);
	struct jsonw w;

	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_kcstr(&w, "status", model && db ? "ok" : "degraded");
	jsonw_kbool(&w, "model_configured", model);
	jsonw_kbool(&w, "database", db);
	if (!model)
		jsonw_kstr(&w, "reason", x->app->conf->model_why);
	else if (!db)
		jsonw_kcstr(&w, "reason", "The database does not answer.");
	jsonw_end(&w);
	exchange_reply(x, model && db ? 200 : 503, buf_slice(&json));
	buf_release(&json);
	return RC_OK;
}
