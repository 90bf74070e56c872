/* SPDX-License-Identifier: MIT */
/*
 * What the files of the application share among themselves: the app, and one exchange (a request with its reply, its person and its headers). Nobody outside
 * src/app/ includes this.
 */
#ifndef APP_INNER_H
#define APP_INNER_H

#include "app/app.h"
#include "app/cors.h"
#include "app/identity.h"
#include "talk/toolset.h"
#include "turn/turn.h"
#include "wire/json.h"
#include "wire/jsonw.h"

struct app {
	struct io *io;
	const struct conf *conf;
	struct arena *arena;
	struct http *http;
	struct db *db;          /* NULL: none is configured */
	struct store *store;
	struct turns *turns;
	struct model *models[CONF_LIST_MAX]; /* as conf->models; the default first */
	size_t n_models;
	struct model *title_model; /* names conversations; NULL: their first words do */
	bool own_title_model;      /* it is none of the above */
	struct toolset tools;       /* all of them */
	struct toolset plain_tools; /* for clients that have no page: nothing is shown to them, nobody is asked */
	struct page *page;      /* widgets, questions, the page's own tools */
	struct actions *actions;
	struct files *files;    /* NULL: attachments are not offered */
	size_t streams;         /* turns and followers under way */
	size_t recordings;      /* large bodies in memory */
};

struct exchange {
	struct app *app;
	struct request *req;
	struct reply *rep;
	struct arena *arena;    /* the request's */
	struct who who;
	struct cors cors;
	struct reply_header headers[CORS_HEADERS_MAX + 4];
	struct slice body;      /* after exchange_json, until exchange_read */
	struct arena *parsed;   /* what the body was parsed into */
	const char *op;         /* for the log */
	bool recording;         /* has a place among the large bodies */
	struct turn_key failed; /* a turn whose failure is told by HTTP: delivered with it */
};

/* Reads a JSON body: 415, 413, 400 naming the path. (These are in body.c.) */
WAITS enum rc exchange_json(struct exchange *x, struct json_doc **doc, struct err *e) MUSTCHECK;
#define RECORDING_BODY_MAX ((size_t)25 * 1024 * 1024) /* bytes of an input.transcribe, as JSON */
#define RECORDINGS_AT_ONCE 4
/*
 * The same for /api/chat, not parsed yet. It is of more than conf's body_max only when it may be an input.transcribe: op_transcribe finds out. One of more
 * than 64 KiB has one of a few places.
 */
WAITS enum rc exchange_chat_body(struct exchange *x, struct buf *body, struct err *e) MUSTCHECK;
/* Sets x->parsed and x->body, a copy of text. */
enum rc exchange_parse(struct exchange *x, struct slice text, struct json_doc **doc, struct err *e) MUSTCHECK;
/* Gives the place back, and the body's memory, which was released, to the machine; may be called without one. */
void exchange_recording_end(struct exchange *x);
/* The request was read and what must last was copied: a stream does not carry its request's tree along. Slices of the document are dead. */
void exchange_read(struct exchange *x);
/* The headers that go with every answer (CORS, a cookie): valid until the next call. */
const struct reply_header *exchange_headers(struct exchange *x, size_t *n);
WAITS void exchange_reply(struct exchange *x, int status, struct slice json);
#define ANSWER_MAX (64 * 1024 * 1024) /* bytes of an answer that is made in memory */
/* 200 with what was written into json (a buf of ANSWER_MAX), which is released; RC_INTERNAL when it did not fit. */
WAITS enum rc exchange_answer(struct exchange *x, struct buf *json, struct err *e);
/* The database is configured, reachable and of our schema. */
WAITS enum rc exchange_store(struct exchange *x, struct err *e) MUSTCHECK;
/* The store is there, and so is somebody to write for: a first write that starts something mints an identity. */
WAITS enum rc exchange_writer(struct exchange *x, struct err *e) MUSTCHECK;
/* A place among the streams, or RC_BUSY before any side effect. exchange_stream_end gives it back. */
enum rc exchange_stream(struct exchange *x, struct err *e) MUSTCHECK;
void exchange_stream_end(struct exchange *x);
/* By name, or the default when name is empty. RC_BAD for a name that is not offered; RC_NO_MODEL. */
enum rc exchange_model(struct exchange *x, struct slice name, const char *path, struct model **out, struct err *e) MUSTCHECK;
struct caller exchange_caller(const struct exchange *x, struct slice thread_id);
/* What makes a retry of this request recognisable: 32 bytes in the arena. */
struct slice exchange_hash(struct exchange *x);
/* Which of a person's pages asks, as the page says it; empty when it does not, or not in text. Lives as long as the request. */
struct slice exchange_frame(const struct exchange *x);
/* An id of ours in the request's arena. */
struct slice exchange_id(struct exchange *x, const char *prefix);
/* The stream was written to its end: waits until it has left and notes the turn as delivered. */
WAITS void exchange_delivered(struct exchange *x, const struct turn_key *k);

/* One handler a route. A failure that comes back before the reply began is answered as JSON; afterwards it is only logged. */
WAITS enum rc op_chat(struct exchange *x, struct err *e);             /* chat.c: POST /api/chat */
WAITS enum rc op_sync(struct exchange *x, struct err *e);             /* simple.c */
WAITS enum rc op_session(struct exchange *x, struct err *e);          /* session.c */
WAITS enum rc op_cancel(struct exchange *x, struct err *e);           /* session.c */
WAITS enum rc op_health(struct exchange *x, struct err *e);           /* session.c */
WAITS enum rc op_conversations(struct exchange *x, struct err *e);    /* conversations.c */
WAITS enum rc op_conversation(struct exchange *x, struct err *e);     /* conversations.c */
WAITS enum rc op_upload(struct exchange *x, struct err *e);           /* op_upload.c */
WAITS enum rc op_upload_announced(struct exchange *x, struct err *e); /* op_upload.c */
WAITS enum rc op_file(struct exchange *x, struct err *e);             /* op_files.c */

/* By protocol: chat.c has looked at the body. */
struct ck_request;
WAITS enum rc op_chatkit_stream(struct exchange *x, struct ck_request *r, struct err *e);       /* op_chat.c */
WAITS enum rc op_threads(struct exchange *x, const struct ck_request *r, struct err *e);        /* op_threads.c */
WAITS enum rc op_sync_action(struct exchange *x, const struct ck_request *r, struct err *e);    /* op_action.c */
/* body: a request's text, not a tree; it holds nothing afterwards that anybody needs. */
WAITS enum rc op_transcribe(struct exchange *x, struct buf *body, struct err *e);               /* op_transcribe.c */
WAITS enum rc op_attachments(struct exchange *x, const struct ck_request *r, struct err *e);    /* op_attachments.c */
WAITS enum rc op_simple(struct exchange *x, struct json_doc *doc, bool sync, struct err *e);    /* simple.c */

/* The todo list's five tools, bound to the caller, into the set. */
enum rc todo_tools(struct app *app, struct toolset *set, struct err *e) MUSTCHECK;              /* todo.c */

#endif
