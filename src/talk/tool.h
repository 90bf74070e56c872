/* SPDX-License-Identifier: MIT */
/*
 * A tool is what MCP says a tool is. It may stand in this process (the todo list), at an MCP server, or in the browser (CLIENT: the run parks). Whoever
 * has one, model-made arguments reach it by one door, tool_invoke: parse, check against the schema, refuse bound parameters, inject the identity,
 * call, cap. The agent and /api/mcp both go through it.
 */
#ifndef TALK_TOOL_H
#define TALK_TOOL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct stop; /* io/stop.h; only passed on here: talk knows no waiting */

/* What the page says of itself, under a name of the configuration's: {name} in the instructions. Untrusted. */
struct var {
	struct slice name, value;
};

/* From the session, never from a model. */
struct caller {
	struct slice owner, user_name, locale, thread_id, turn_id, bearer; /* locale: one language tag, "de-CH", or empty */
	const struct var *vars;
	size_t n_vars;
};

/* A parameter that the server fills: not in the schema that the model sees, refused when the model gives it. */
enum bind_from { BIND_OWNER, BIND_USER_NAME, BIND_LOCALE, BIND_THREAD_ID, BIND_TURN_ID };
struct bind {
	struct slice param;
	enum bind_from from;
};

struct tool_spec {
	struct slice name;        /* ^[a-zA-Z0-9_-]{1,64}$: what the model says */
	struct slice title;       /* for people; may be empty */
	struct slice description; /* for the model */
	struct slice schema;      /* JSON Schema of the arguments, bound parameters included; a compact JSON object */
	bool read_only, destructive, idempotent; /* hints, as MCP's annotations */
};

enum tool_where { TOOL_HERE, TOOL_CLIENT }; /* CLIENT: the page runs it; the run parks until its output comes with a request of its own */

#define TOOL_RESULT_MAX (64 * 1024) /* bytes that the model reads; more is cut with a note */
#define TOOL_ARGS_MAX (256 * 1024)

struct tool_call {
	struct slice id;      /* the call's, unique in the run */
	struct slice args;    /* a checked JSON object, bound parameters injected */
	const struct caller *caller;
	struct arena *arena;  /* the call's own */
	struct stop *stop;
	/* News while it works: may be lost. NULL: nobody listens. */
	void (*progress)(void *ctx, struct slice text);
	void *progress_ctx;
};

struct tool_result {
	bool is_error;     /* the tool's own no: the model reads why */
	bool not_called;   /* an is_error of tool_invoke's: the arguments do not fit, and text tells a model how to mend them */
	bool last;         /* the answer ends with this round: what there is to say is on the screen */
	bool parks;        /* a CLIENT tool's: there is no result yet. Only tool_invoke sets it */
	struct slice args; /* parks: the checked arguments, for the page */
	struct slice text; /* for the model; in the call's arena */
	struct slice json; /* structured content, or empty */
	struct slice meta; /* _meta, JSON object, or empty */
	struct slice ask;  /* questions for the person, a JSON array of ChatKit's inputs, or empty; their answers come later, by a request of their own */
};

struct tool {
	struct tool_spec spec;
	const struct bind *binds;
	size_t n_binds;
	enum tool_where where;
	/* RC_OK with *out filled (is_error too); RC_STOPPED; anything else is told to the model as "the tool is unavailable" and logged. */
	WAITS enum rc (*call)(void *ctx, struct tool_call *, struct tool_result *, struct err *);
	/*
	 * What a call would show if its arguments, which the model is still writing, ended here: a widget's JSON into out. args is an object. false: nothing
	 * yet. NULL: it shows nothing before it is called. Pure.
	 */
	bool (*preview)(void *ctx, struct slice args, struct arena *a, struct buf *out);
	void *ctx;
};

/* The schema that the model sees: without bound parameters. A tool without binds gives its own. A toolset makes it once and keeps it. */
struct slice tool_schema_shown(struct arena *a, const struct tool *t);
/*
 * The one door. raw_args is what the model wrote ("" counts as {}). Faults of the model's (does not parse, not an object, a bound parameter, a missing
 * required one, a wrong type that cannot be coerced ("5" for an integer can, null for an optional is dropped), what does not fit the schema deeper within)
 * come back as is_error results, so does a tool that is unavailable. A CLIENT tool's result parks. Only RC_STOPPED and RC_GONE are returned as such.
 * log->rc stays RC_OK unless the operator should read of it (a tool that was unavailable), whatever is returned. out->text is real UTF-8 and never empty.
 */
WAITS enum rc tool_invoke(const struct tool *t, const struct caller *who, struct slice call_id, struct slice raw_args, struct arena *a, struct stop *stop,
			  void (*progress)(void *ctx, struct slice text), void *progress_ctx, struct tool_result *out, struct err *log);

#endif
