/* SPDX-License-Identifier: MIT */
/*
 * What a tool's result asks to be shown, besides the text that the model reads: the members chatkit/... of an MCP result's _meta (chatkit-protocol 4.2). Its
 * sender is another's server: a member that is wrong is left out with a warning, and nothing here ends a turn. What a member shows is JSON that was checked
 * for form and size; whether a widget is one is widget_check's to say. Pure.
 *
 *   chatkit/message        a text, or {"text"}: an assistant message, markdown
 *   chatkit/widget         a widget, or {"template","data"?}: see chatkit/template.h
 *   chatkit/copyText       a text: what copying the widget gives
 *   chatkit/effects        [{"name","data"?}] or one of them
 *   chatkit/sources        [{"type":"url"|"file"|"entity",...}] or one of them; "text" may say where it is cited: see struct ck_cited
 *   chatkit/hiddenContext  a text, or any JSON: told to the model alone
 *   chatkit/task           {"title"?,"icon"?,"content"?,"type"?,...}: how the call is shown in its workflow; false: not at all
 *   chatkit/title          a text: the thread's title
 *   chatkit/threadStatus   "active"|"locked"|"closed", or {"type","reason"?}
 *   chatkit/notice         a text, or {"level"?,"title"?,"message"}
 *   chatkit/stop           a boolean: the model is not asked again
 *   chatkit/updatedItem    a thread item: the answer of a synchronous action
 *   chatkit/items          thread items of any type, or one of them
 */
#ifndef CHATKIT_META_H
#define CHATKIT_META_H

#include "chatkit/item.h"

#define CK_EFFECTS_MAX 20
#define CK_SOURCES_MAX 50
#define CK_ITEMS_MAX 20
#define CK_SHOWN_TEXT_MAX (256 * 1024)      /* bytes of a text */
#define CK_SHOWN_JSON_MAX (1024 * 1024)     /* bytes of a widget, an item, an effect's data */

struct ck_effect {
	struct slice name, data; /* data: JSON object */
};

/* A source, and the words of the answer after which its mark stands; empty: at the end. */
struct ck_cited {
	struct ck_source source;
	struct slice after;
};

struct ck_shown {
	struct slice message, copy_text, title;
	struct slice widget;          /* JSON object: a widget, or {"template","data"?} */
	struct slice hidden_context;  /* JSON of any value but null */
	struct slice status;          /* JSON object: a thread's status */
	struct ck_effect *effects;
	size_t n_effects;
	struct ck_cited *sources;
	size_t n_sources;
	const char *notice_level;     /* "info", "warning", "danger"; NULL: there is no notice */
	struct slice notice_title, notice;
	bool has_task, no_task;       /* no_task: the call is not to be shown */
	struct ck_task task;          /* its status is the caller's */
	bool stop;
	struct slice updated_item;    /* JSON object with a type; ck_item_adopt (recall.h) gives it its id, thread and time */
	struct slice *items;          /* the same */
	size_t n_items;
};

/*
 * json: a _meta object, or empty. Members that are none of ours are passed over, with a warning when they begin with chatkit/. Everything lives in the
 * arena. One line of warnings for each member that was left out; warnings may be NULL. RC_OK with an empty *out when json is no JSON object at all (a warning
 * says so); RC_TOO_LARGE: over the arena's cap.
 */
enum rc ck_meta_read(struct arena *a, struct slice json, struct ck_shown *out, struct buf *warnings, struct err *e) MUSTCHECK;

/* A title out of what anybody says: its first line, without blanks around it, CK_TITLE_MAX characters (request.h) at most. */
struct slice ck_title(struct slice text);

/* Is this JSON text itself a widget: an object whose type is Card, ListView or Basic, with children? Prototype servers return one as structured content. */
bool ck_is_widget(struct slice json);

#endif
