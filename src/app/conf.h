/* SPDX-License-Identifier: MIT */
/*
 * The configuration of one process: chatkit.json (comments allowed, ${ENV} in strings) and the environment, which wins. Read once at start; const after.
 * A new configuration is a new process. Each module below declares its own struct x_opts; here they are composed, and nothing below app/ includes this.
 *
 * One const table (conf_table.c) names every setting: its JSON path, its variable, its type, limits, default, help. It drives reading, `check`, --help, and a
 * test that the guide (deploy/guide/configuration.md) and the example name each. All problems are reported at once, each with its path. A request's
 * variables never configure: when the process was started as CGI, HTTP_* and the other names of RFC 3875 are as if unset, in ${ENV} too.
 */
#ifndef APP_CONF_H
#define APP_CONF_H

#include "agent/agent.h"
#include "app/conf_parts.h"
#include "base/log.h"
#include "io/db.h"
#include "io/http.h"
#include "model/transcribe.h"

#define CONF_LIST_MAX 32
#define CONF_FILE_MAX (1024 * 1024)
#define CONF_ROWS_MAX 96      /* settings in the table */
#define CONF_PROVIDERS_MAX 64 /* rows of provider_at() that are looked at */

struct conf_list {
	struct slice v[CONF_LIST_MAX];
	size_t n;
};

enum conf_source { CONF_DEFAULT, CONF_FROM_FILE, CONF_FROM_ENV };
/* Where a setting's value came from. */
struct conf_origin {
	enum conf_source source;
	const char *var; /* FROM_ENV: the variable's name */
};

/* What was said of a provider: providers.NAME in the file and its variables. */
struct conf_provider {
	const struct provider *provider;
	struct slice api_key, base_url; /* either may be empty; base_url without trailing slash */
	struct conf_origin key_from, base_from;
};

struct conf {
	struct arena *arena;
	struct slice file;             /* which file was read; empty: none */
	struct slice warnings;         /* what works, but probably not as meant: a line each, for `check` and for the log at start */

	/* where the web server listens (run.sh reads it from `check`; we never bind it) */
	struct slice host;             /* default 127.0.0.1 */
	unsigned port;                 /* default 8080 */

	/* log: "level" or "level:FILE" */
	struct slice log;              /* as written */
	enum log_level log_level;
	struct slice log_file;

	/* where it stands */
	struct slice public_url;       /* without trailing slash; empty: from the request */
	struct slice base_path;        /* "/chat" without trailing slash; empty: the root */
	struct conf_list cors_origins; /* exact origins, blanks and trailing slashes trimmed; empty: same origin only */
	struct slice domain_key;       /* the page mounts the hosted component with it */
	struct slice title;            /* of the page */
	struct slice state_dir;

	/* who it is */
	struct slice secret;           /* CHATKIT_SECRET: cookies; at least 32 bytes; empty: anonymous mode refuses to start a conversation, said at start */
	struct slice secret_old;       /* still accepted */
	struct slice jwt_secret;       /* CHATKIT_JWT_SECRET, else BETTER_AUTH_SECRET; at least 32 bytes; empty: no bearer tokens */
	bool anonymous;                /* cookies for people without a token; default true */
	int64_t cookie_days;           /* 400 at most; default 90 */

	/* limits of requests */
	size_t body_max;               /* default 256 KiB; a recording and a file have their own */
	size_t text_max;               /* one user message; default 32 KiB */
	unsigned streams;              /* turns at once in this process; default 1000 */
	unsigned cheap_share;          /* requests at once beside them; default 250 */
	int64_t drain_us;              /* grace at SIGTERM; default 30 s */
	int64_t beat_us;               /* comment on a silent stream; default 2 s */
	bool finish_on_disconnect;     /* on_disconnect: "cancel" (default) or "finish" */
	bool todo_tools;               /* default true */
	bool ask_tool;                 /* tools.ask_user; default true */
	bool allow_cancel;             /* stream_options: does a page show Stop; default true */
	bool show_reasoning;           /* default true */
	struct conf_list stop_at_tools; /* globs: after a round with such a call the answer ends; default show_* */

	/* what has a structure of its own: conf_parts.h */
	struct conf_client_tool client_tools[CONF_CLIENT_TOOLS_MAX];
	size_t n_client_tools;
	struct slice widgets_folder;   /* empty: none */
	struct conf_widget widgets[CONF_WIDGETS_MAX];
	size_t n_widgets;
	struct arena *widgets_arena;   /* what they were parsed into */
	struct conf_action *actions;
	size_t n_actions;
	struct conf_context context[CONF_CONTEXT_MAX];
	size_t n_context;
	struct conf_text *texts;
	size_t n_texts;
	struct conf_files files;
	struct slice files_why;        /* why they are not offered, for people who set things up */
	struct conf_list file_types;   /* media types that may be uploaded, lower case */

	/* the parts below */
	struct http_opts http;
	struct db_opts db;
	bool has_db;
	struct agent_opts agent;
	struct model_opts model;       /* the default model; name empty: none is configured */
	struct model_opts models[CONF_LIST_MAX]; /* what a client may ask for by name; the default first */
	size_t n_models;
	struct slice model_why;        /* why there is none, for health and for the log */
	struct conf_list model_names;  /* what models was set to */
	enum conf_title_by title_by;   /* default: words */
	struct model_opts title_model; /* BY_MODEL: the one that is asked; the default model unless titles.model names one. Without a name: none */
	struct slice title_name;       /* titles.model as written */
	bool transcribes;              /* transcription is configured */
	struct transcribe_opts transcribe;

	/* for conf_print */
	struct conf_origin from[CONF_ROWS_MAX];
	struct conf_provider providers[CONF_PROVIDERS_MAX];
	size_t n_providers;
};

/* The environment as read: NULL-terminated "NAME=value" strings. */
struct conf_from {
	const char *file;        /* -c FILE, or NULL: searched */
	char *const *environ;
	const char *exe;         /* absolute path of the executable, for the search beside it; NULL: not searched there */
	bool cgi;                /* started by a web server for one request */
};

/*
 * Search order: -c FILE, CHATKIT_CONFIG, chatkit.json beside the executable, in its parent, in /etc/chatkit/. A file that holds secrets and that others can
 * read is refused. RC_CONF with the first problem in msg; all of them, a line each, in problems. No text ever holds a secret.
 */
enum rc conf_load(const struct conf_from *from, struct conf **out, struct buf *problems, struct err *e) MUSTCHECK;
void conf_free(struct conf *c); /* wipes secrets; NULL is fine */
/* What `check` prints: every setting, its value (secrets masked) and where it came from; then the warnings. */
void conf_print(const struct conf *c, struct buf *out);
/* --help: the table. */
void conf_help(struct buf *out);

/*
 * A database URL as people paste it, as libpq reads it: postgres:// and postgresql+asyncpg:// (+psycopg, +psycopg2, +pg8000 and their like) become
 * postgresql://; ?ssl=require and ssl=true become sslmode=require; sslmode and channel_binding stay; drivers' own parameters
 * (prepared_statement_cache_size, statement_cache_size, pgbouncer, connection_limit, pool_timeout, schema ...) are dropped when harmless; any other unknown
 * parameter is RC_CONF, named. User, password, hosts and path are kept byte by byte. key=value text ("host=/run/postgresql dbname=chat") is checked the
 * same way and kept. Quotes around it and the "psql " that consoles put before it are taken off. Passwords never appear in err.
 */
enum rc conf_database_url(struct arena *a, struct slice url, struct slice *out, struct err *e) MUSTCHECK;

#endif
