/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include <stdio.h>

#include "app/context.h"
#include "app/action.h"
#include "app/files.h"
#include "app/inner.h"
#include "app/page.h"
#include "app/texts.h"
#include "base/crypto.h"
#include "chatkit/request.h"
#include "wire/utf8.h"

/* ---- routes ---- */

enum { METHOD_GET = 1, METHOD_POST = 2, METHOD_PUT = 4, METHOD_HEAD = 8, METHODS__MAX = 16 };

static const char *const methods[METHODS__MAX] = {
	[METHOD_GET] = "GET, OPTIONS",
	[METHOD_POST] = "POST, OPTIONS",
	[METHOD_POST | METHOD_PUT] = "POST, PUT, OPTIONS",
	[METHOD_GET | METHOD_HEAD] = "GET, HEAD, OPTIONS",
};

struct route {
	const char *path;
	bool prefix;   /* one more path segment follows: an id */
	bool anybody;  /* nobody is asked who they are */
	unsigned methods;
	WAITS enum rc (*handle)(struct exchange *, struct err *);
	const char *name;
};

static const struct route routes[] = {
	{"/api/chat", false, false, METHOD_POST, op_chat, "chat"},
	{"/api/chat/sync", false, false, METHOD_POST, op_sync, "sync"},
	{"/api/chat/session", false, false, METHOD_POST, op_session, "session"},
	{"/api/chat/cancel", false, false, METHOD_POST, op_cancel, "cancel"},
	{"/api/chat/attachments", false, false, METHOD_POST, op_upload, "upload"},
	{"/api/chat/attachments/", true, false, METHOD_POST | METHOD_PUT, op_upload_announced, "upload"},
	{"/api/chat/files/", true, true, METHOD_GET | METHOD_HEAD, op_file, "file"},
	{"/api/chat/health", false, true, METHOD_GET, op_health, "health"},
	{"/api/conversations", false, false, METHOD_GET, op_conversations, "conversations"},
	{"/api/conversations/", true, false, METHOD_GET, op_conversation, "conversation"},
};

static const struct route *find_route(struct slice path)
{
	for (size_t i = 0; i < countof(routes); i++) {
		const struct route *r = &routes[i];
		struct slice p = slice_cstr(r->path), rest = slice_from(path, p.n);

		if (!r->prefix && slice_eq(path, p))
			return r;
		if (r->prefix && slice_starts(path, p) && rest.n > 0 && slice_find(rest, S("/")) < 0)
			return r;
	}
	return NULL;
}

static unsigned method_of(struct slice m)
{
	return slice_is(m, "GET") ? METHOD_GET : slice_is(m, "POST") ? METHOD_POST : slice_is(m, "PUT") ? METHOD_PUT : slice_is(m, "HEAD") ? METHOD_HEAD : 0;
}

/* ---- the exchange ---- */

const struct reply_header *exchange_headers(struct exchange *x, size_t *n)
{
	size_t i = 0;

	for (; i < x->cors.n; i++)
		x->headers[i] = x->cors.h[i];
	if (x->who.set_cookie.n)
		x->headers[i++] = (struct reply_header){"Set-Cookie", x->who.set_cookie};
	x->headers[i++] = (struct reply_header){"X-Request-Id", x->req->rid};
	*n = i;
	return x->headers;
}

#define REPLY_PIECE ((size_t)1024 * 1024)

void exchange_reply(struct exchange *x, int status, struct slice json)
{
	size_t n;
	const struct reply_header *h = exchange_headers(x, &n);

	reply_begin(x->rep, status, "application/json", (int64_t)json.n, h, n);
	/* In pieces: less than a long page may wait for a slow client. */
	do {
		buf_add(&x->rep->out, slice_upto(json, REPLY_PIECE));
		json = slice_from(json, REPLY_PIECE);
	} while (json.n && reply_room(x->rep) == RC_OK);
}

enum rc exchange_answer(struct exchange *x, struct buf *json, struct err *e)
{
	bool ok = buf_ok(json);

	if (ok)
		exchange_reply(x, 200, buf_slice(json));
	buf_release(json);
	return ok ? RC_OK : err_set(e, RC_INTERNAL, "an answer of more than %d bytes", ANSWER_MAX);
}

void exchange_read(struct exchange *x)
{
	arena_free(x->parsed);
	x->parsed = NULL;
	x->body = SLICE_NONE;
}

enum rc exchange_store(struct exchange *x, struct err *e)
{
	if (!x->app->store)
		return err_set(e, RC_DB, "no database is configured: set DATABASE_URL");
	return store_ready(x->app->store, e);
}

enum rc exchange_writer(struct exchange *x, struct err *e)
{
	if (exchange_store(x, e) != RC_OK)
		return e->rc;
	return x->who.kind == WHO_NOBODY ? identity_mint(x->req, x->app->conf, &x->who, e) : RC_OK;
}

enum rc exchange_stream(struct exchange *x, struct err *e)
{
	if (x->app->streams >= x->app->conf->streams) {
		err_set(e, RC_BUSY, "%u streams run already", x->app->conf->streams);
		e->retry_after_s = 2;
		return e->rc;
	}
	x->app->streams++;
	return RC_OK;
}

void exchange_stream_end(struct exchange *x)
{
	x->app->streams--;
}

enum rc exchange_model(struct exchange *x, struct slice name, const char *path, struct model **out, struct err *e)
{
	struct app *app = x->app;

	if (app->n_models == 0) {
		err_set(e, RC_NO_MODEL, "no model: %.*s", SLICE_ARG(app->conf->model_why));
		return e->rc;
	}
	*out = app->models[0];
	if (name.n == 0)
		return RC_OK;
	for (size_t i = 0; i < app->n_models; i++)
		if (slice_eq(model_name(app->models[i]), name)) {
			*out = app->models[i];
			return RC_OK;
		}
	return err_tell(e, RC_BAD, "%s: this server does not offer the model '%.*s'", path, SLICE_ARG(slice_upto(name, 60)));
}

struct caller exchange_caller(const struct exchange *x, struct slice thread_id)
{
	struct caller who = {.owner = x->who.owner, .user_name = x->who.name, .thread_id = thread_id};

	context_of(x->req, x->app->conf, &who);
	return who;
}

struct slice exchange_hash(struct exchange *x)
{
	unsigned char *out = arena_alloc(x->arena, SHA256_LEN);
	struct slice parts[] = {x->req->path, slice_mem("", 1), x->body};

	CHECK(x->parsed); /* before exchange_read */

	sha256_many(parts, countof(parts), out);
	return slice_mem(out, SHA256_LEN);
}

struct slice exchange_frame(const struct exchange *x)
{
	struct slice frame = request_header(x->req, "CHATKIT_FRAME_INSTANCE_ID");

	return utf8_valid(frame) ? utf8_cut(frame, CK_ID_MAX) : SLICE_NONE;
}

struct slice exchange_id(struct exchange *x, const char *prefix)
{
	struct id id = id_new(io_env(x->app->io), prefix);

	return arena_dup(x->arena, id_slice(&id));
}

#define DELIVER_US (30 * (int64_t)IO_SECOND)

void exchange_delivered(struct exchange *x, const struct turn_key *k)
{
	if (x->rep->ops->drain(x->rep, 1, io_in(x->app->io, DELIVER_US)) == RC_OK && !x->rep->gone)
		keeper_delivered(turns_keeper(x->app->turns), k);
}

/* ---- one request ---- */

ASIDE static void no_route(struct exchange *x, const struct route *r)
{
	struct err e = ERR_INIT;
	struct reply_header h[CORS_HEADERS_MAX + 1];
	size_t n = 0;

	if (!r) {
		err_tell(&e, RC_NOT_FOUND, "There is nothing at this address.");
	} else {
		err_tell(&e, RC_METHOD, "This address does not answer %.*s.", SLICE_ARG(slice_upto(x->req->method, 16)));
		h[n++] = (struct reply_header){"Allow", slice_cstr(methods[r->methods])};
	}
	for (size_t i = 0; i < x->cors.n; i++)
		h[n++] = x->cors.h[i];
	text_err(x->app->conf, context_locale(request_header(x->req, "ACCEPT_LANGUAGE")), &e);
	reply_error(x->rep, &e, x->req->rid, h, n);
}

WAITS static enum rc handle(struct exchange *x, const struct route *r, struct err *e)
{
	if (!r->anybody && identity_of(x->req, x->app->conf, &x->who, e) != RC_OK)
		return e->rc;
	return r->handle(x, e);
}

ASIDE static void log_exchange(struct exchange *x, const struct route *r, int64_t began, enum rc rc, const struct err *e)
{
	struct log_ctx ctx = {.rid = x->req->rid, .owner = x->who.owner};

	if (rc != RC_OK && rc != RC_GONE)
		log_err(&ctx, r->name, e);
	log_line(LOG_DEBUG, &ctx, "%s %s status=%d ms=%lld%s", r->name, x->op ? x->op : "-", x->rep->status,
		 (long long)(io_now(x->app->io) - began) / 1000, x->rep->gone ? " gone" : "");
}

void app_handle(struct app *app, struct request *req, struct reply *rep)
{
	struct exchange *x = arena_new_of(req->arena, struct exchange);
	const struct route *r = find_route(req->path);
	int64_t began = io_now(app->io);
	struct err e = ERR_INIT;
	const struct reply_header *h;
	enum rc rc;
	size_t n;

	x->app = app;
	x->req = req;
	x->rep = rep;
	x->arena = req->arena;
	cors_of(req, app->conf, &x->cors);
	if (r && slice_is(req->method, "OPTIONS")) {
		cors_preflight(req, &x->cors, rep);
		return;
	}
	if (!r || !(r->methods & method_of(req->method))) {
		no_route(x, r);
		return;
	}
	rc = handle(x, r, &e);
	if (rc != RC_OK && !rep->begun) {
		h = exchange_headers(x, &n);
		text_err(app->conf, context_locale(request_header(req, "ACCEPT_LANGUAGE")), &e);
		reply_error(rep, &e, req->rid, h, n - 1); /* it adds the request's id itself */
		if (x->failed.turn_id.n)
			exchange_delivered(x, &x->failed);
	}
	log_exchange(x, r, began, rc, &e);
	exchange_read(x);
}

/* ---- life cycle ---- */

static enum rc open_models(struct app *app, struct err *e)
{
	const struct conf *c = app->conf;

	for (size_t i = 0; i < c->n_models; i++) {
		if (model_new(app->http, app->io, &c->models[i], &app->models[i], e) != RC_OK)
			return err_wrap(e, "model '%.*s'", SLICE_ARG(c->models[i].name));
		app->n_models++;
	}
	return RC_OK;
}

/* The default model names conversations too, unless another one is to. */
static enum rc open_title_model(struct app *app, struct err *e)
{
	const struct conf *c = app->conf;

	if (c->title_by != CONF_TITLE_MODEL || c->title_model.name.n == 0)
		return RC_OK;
	for (size_t i = 0; i < app->n_models; i++)
		if (slice_eq(model_name(app->models[i]), c->title_model.name)) {
			app->title_model = app->models[i];
			return RC_OK;
		}
	app->own_title_model = true;
	return model_new(app->http, app->io, &c->title_model, &app->title_model, e) == RC_OK ? RC_OK : err_wrap(e, "titles.model");
}

static enum rc open_store(struct app *app, struct err *e)
{
	const struct conf *c = app->conf;

	if (!c->has_db)
		return RC_OK; /* health and every turn say so; conf's warnings did */
	app->db = db_new(app->io, &c->db, e);
	if (!app->db)
		return e->rc;
	app->store = store_new(app->db, app->io, store_runner(app->arena), app->arena);
	return RC_OK;
}

static enum rc open_tools(struct app *app, struct err *e)
{
	const struct conf *c = app->conf;

	toolset_init(&app->tools, app->arena);
	toolset_init(&app->plain_tools, app->arena);
	if (c->todo_tools && (todo_tools(app, &app->tools, e) != RC_OK || todo_tools(app, &app->plain_tools, e) != RC_OK))
		return e->rc;
	if (page_new(app->arena, app->io, c, &app->tools, &app->page, e) != RC_OK)
		return e->rc;
	return actions_new(app->arena, c, &app->tools, &app->actions, e);
}

static struct slice say(void *ctx, struct slice locale, struct slice english, struct arena *a)
{
	struct app *app = ctx;

	return text_in(app->conf, locale, english, a);
}

static void open_turns(struct app *app)
{
	const struct conf *c = app->conf;
	struct turns_opts o = {
		.io = app->io,
		.store = app->store,
		.agent = &c->agent,
		.finish_on_disconnect = c->finish_on_disconnect,
		.show_reasoning = c->show_reasoning,
		.title_model = app->title_model,
		.load = files_load,
		.save = app->files ? files_put_image : NULL,
		.files = app->files,
		.widget = page_widget,
		.widgets = app->page,
		.say = say,
		.texts = app,
	};

	app->turns = turns_new(app->arena, &o);
}

enum rc app_new(struct io *io, const struct conf *conf, struct app **out, struct err *e)
{
	struct arena *a = arena_new(64 * 1024 * 1024, NULL);
	struct app *app = arena_new_of(a, struct app);

	*out = app;
	app->io = io;
	app->conf = conf;
	app->arena = a;
	app->http = http_new(io, &conf->http, e);
	if (!app->http || open_models(app, e) != RC_OK || open_title_model(app, e) != RC_OK || open_store(app, e) != RC_OK || open_tools(app, e) != RC_OK)
		return e->rc;
	if (app->store)
		app->files = files_new(a, io, conf, app->store);
	open_turns(app);
	return RC_OK;
}

void app_start(struct app *app)
{
	if (app->store)
		turns_start(app->turns);
	files_start(app->files);
}

void app_drain(struct app *app, int64_t grace_us)
{
	turns_drain(app->turns, grace_us);
	files_stop(app->files);
}

void app_free(struct app *app)
{
	if (!app)
		return;
	for (size_t i = 0; i < app->n_models; i++)
		model_free(app->models[i]);
	if (app->own_title_model)
		model_free(app->title_model);
	if (app->http)
		http_free(app->http);
	if (app->db)
		db_free(app->db);
	arena_free(app->arena);
}

size_t app_slots(const struct app *app)
{
	return app->conf->streams + app->conf->cheap_share;
}

enum rc app_migrate(struct io *io, const struct conf *conf, struct err *e)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct db *db = NULL;
	struct store *s;
	int from = 0;
	enum rc rc;

	if (!conf->has_db) {
		rc = err_set(e, RC_CONF, "no database is configured: set DATABASE_URL");
		goto out;
	}
	db = db_new(io, &conf->db, e);
	if (!db) {
		rc = e->rc;
		goto out;
	}
	s = store_new(db, io, store_runner(a), a);
	rc = store_migrate(s, &from, e);
	if (rc == RC_OK && from == STORE_SCHEMA)
		printf("The database has schema version %d already.\n", STORE_SCHEMA);
	else if (rc == RC_OK)
		printf("The database was brought from schema version %d to %d.\n", from, STORE_SCHEMA);
out:
	if (db)
		db_free(db);
	arena_free(a);
	return rc;
}
