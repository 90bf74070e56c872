/* SPDX-License-Identifier: MIT */
/*
 * What of struct conf has a structure of its own: client tools, widgets, actions, context headers, translations, and what files and titles need. Like the
 * rest it is checked at load and const after; every slice lives as long as the configuration.
 */
#ifndef APP_CONF_PARTS_H
#define APP_CONF_PARTS_H

#include "chatkit/widget_file.h"

#define CONF_CLIENT_TOOLS_MAX 32
#define CONF_WIDGETS_MAX 64
#define CONF_ACTIONS_MAX 64
#define CONF_CONTEXT_MAX 16
#define CONF_TEXTS_MAX 1024

/* client_tools: what the model may ask of the page. Names are unique and ^[a-zA-Z0-9_-]{1,64}$. */
struct conf_client_tool {
	struct slice name, title, description; /* title may be empty */
	struct slice schema;                   /* compact JSON Schema, of type object */
};

/* One *.widget of widgets.folder. Names are unique; the list is sorted by them, bytewise. */
struct conf_widget {
	struct widget_file file; /* checked, its template parsed */
	struct slice path;       /* for messages */
};

enum conf_maybe { CONF_UNSAID, CONF_NO, CONF_YES };
enum conf_thread_status { CONF_STATUS_KEEP, CONF_STATUS_ACTIVE, CONF_STATUS_LOCKED, CONF_STATUS_CLOSED };

/*
 * actions: what becomes of a widget's action. The first whose type fits is it. A template is text with {{ }}; a JSON text is compact and the strings in it
 * may be templates. All templates were parsed at load. What was not said is empty.
 */
struct conf_action {
	struct slice type;           /* a glob: "task.*" */
	struct slice tool;
	struct slice arguments;      /* JSON object */
	bool once;                   /* a second press of the same item's action does nothing */
	bool resume;                 /* the agent answers afterwards. Unsaid: only when there is no tool and no result below */
	enum conf_maybe sync;        /* only what comes by threads.sync_custom_action (yes), or by threads.custom_action (no) */
	struct slice message;        /* template: an assistant's message */
	struct slice notice_level;   /* "info", "warning" or "danger"; template below: notice_message.n says whether there is one */
	struct slice notice_title, notice_message;
	struct slice hidden_context; /* template: only the model reads it */
	struct slice effects;        /* JSON array of {"name", "data"} */
	struct slice widget;         /* the name of one of widgets: the item's widget becomes this one */
	struct slice widget_data;    /* JSON object */
	struct slice widget_tool;    /* gives the result that the widget is made of, when the action's own is another */
	struct slice widget_arguments; /* JSON object */
	struct slice title;          /* template: the conversation's */
	enum conf_thread_status status;
};

/* context.headers: a request header that becomes a prompt variable. */
struct conf_context {
	struct slice header; /* as request_header() takes it: "ARTICLE_ID" */
	struct slice name;   /* ^[a-z][a-z0-9_]{0,31}$ */
};

/* texts: one sentence of ours in another language; text_in (texts.h) looks it up. In the file's order. */
struct conf_text {
	struct slice locale, english, text;
};

enum conf_title_by { CONF_TITLE_WORDS, CONF_TITLE_MODEL, CONF_TITLE_OFF };

/* attachments. offered: wanted, and state_dir and auth.secret are there: without the one nothing can be kept, without the other no address signed. */
struct conf_files {
	bool enabled, offered;
	size_t max_bytes;      /* of one file */
	unsigned per_message;
	size_t owner_bytes;    /* of one person, sent or not */
	size_t keep_free;      /* bytes of the disk that stay free */
	unsigned owner_count;
	int64_t keep_us;       /* an upload that was never sent */
	int64_t link_us;       /* how long a signed address works */
};

#endif
