/* SPDX-License-Identifier: MIT */
/*
 * Thread items as JSON, exactly as they are sent and stored (chatkit-protocol 1.4 and 1.7): created_at in UTC with microseconds and Z, null members left out,
 * defaults present, nulls inside free-form values kept. Pure: ids and times come from the caller. Where a slice is said to be JSON, it is whole and checked.
 *
 * First what is written, then what is done to a stored item's text: there unknown members survive, in their order.
 */
#ifndef CHATKIT_ITEM_H
#define CHATKIT_ITEM_H

#include "chatkit/request.h"
#include "wire/jsonw.h"

struct ck_meta {
	struct slice id, thread_id;
	int64_t created_us;
};

/* ---- sources and annotations ---- */

enum ck_source_kind { CK_SOURCE_URL, CK_SOURCE_FILE, CK_SOURCE_ENTITY };

/* Empty members are left out; an empty title is the url, filename or id, for the front end wants one. Only entities can be clicked with effect. */
struct ck_source {
	enum ck_source_kind kind;
	struct slice title, description, timestamp, group;
	struct slice url, attribution;              /* url */
	struct slice filename;                      /* file */
	struct slice id, icon, label, inline_label; /* entity */
	struct slice data;                          /* entity: a JSON object; empty is {} */
	bool interactive;                           /* entity */
};

/* The icon, if the front end has it; else empty, for one that it does not have may cost the whole item. */
struct slice ck_icon(struct slice name);

struct ck_annotation {
	struct ck_source source;
	int64_t index; /* where its mark stands, in UTF-16 units of the text (utf8_len16); -1: none */
};

void ck_source(struct jsonw *w, const struct ck_source *s);
void ck_annotation_json(struct buf *out, const struct ck_annotation *an);
/* [an, ...]: what ck_text_part and ck_assistant_message take. */
void ck_annotations_json(struct buf *out, const struct ck_annotation *an, size_t n);

/* ---- tasks and workflows ---- */

enum ck_status { CK_STATUS_NONE, CK_STATUS_LOADING, CK_STATUS_COMPLETE };
enum ck_task_kind { CK_TASK_CUSTOM, CK_TASK_THOUGHT, CK_TASK_WEB_SEARCH, CK_TASK_FILE, CK_TASK_IMAGE };

struct ck_task {
	struct slice title, icon, content; /* content: markdown; custom and thought. icon: custom */
	enum ck_status status;
	enum ck_task_kind kind;
	struct slice title_query;          /* web_search */
	const struct slice *queries;       /* web_search */
	size_t n_queries;
	const struct ck_source *sources;   /* web_search: urls; file: files */
	size_t n_sources;
};

/* A workflow. Its summary is what the front end shows once it is over: a title, or how long it took, or nothing. */
struct ck_flow {
	bool reasoning;
	bool expanded;
	const struct ck_task *tasks;
	size_t n_tasks;
	struct slice title, icon; /* of the summary; title empty: none */
	bool timed;               /* the summary is duration_s (when there is no title) */
	int64_t duration_s;
};

void ck_task(struct jsonw *w, const struct ck_task *t);
void ck_task_json(struct buf *out, const struct ck_task *t);
void ck_flow(struct buf *out, const struct ck_meta *m, const struct ck_flow *f);
/* A custom one without summary. */
void ck_workflow(struct buf *out, const struct ck_meta *m, const struct ck_task *tasks, size_t n);

/* ---- the other items ---- */

/* attachments: a JSON array of attachments as they are shown; empty is []. */
void ck_user_message(struct buf *out, const struct ck_meta *m, const struct ck_input *in, struct slice attachments);
/* The simple protocol's: one text part. */
void ck_user_text(struct buf *out, const struct ck_meta *m, struct slice text);
/* With has_text false its content is empty: what thread.item.added shows. */
void ck_assistant_message(struct buf *out, const struct ck_meta *m, struct slice text, bool has_text);
/* annotations: JSON array, or empty. */
void ck_assistant_cited(struct buf *out, const struct ck_meta *m, struct slice text, struct slice annotations);
/* One output_text part. annotations: JSON array, or empty. */
void ck_text_part(struct jsonw *w, struct slice text, struct slice annotations);

struct ck_call {
	struct slice call_id, name;
	struct slice arguments; /* JSON object; empty is {} */
	struct slice output;    /* JSON of any value; empty: the call is pending */
};
void ck_client_tool_call(struct buf *out, const struct ck_meta *m, const struct ck_call *c);
/* widget: JSON that widget_check passed. copy_text may be empty. */
void ck_widget_item(struct buf *out, const struct ck_meta *m, struct slice widget, struct slice copy_text);
/* url empty: the image is not there yet. */
void ck_generated_image(struct buf *out, const struct ck_meta *m, struct slice image_id, struct slice url);
/* {"id","url"}: what an image event carries. */
void ck_image_json(struct buf *out, struct slice image_id, struct slice url);
/* Pending. inputs: JSON array, of ck_questions_read's. */
void ck_structured_input(struct buf *out, const struct ck_meta *m, struct slice inputs);
/* Never sent. content: JSON of any value. */
void ck_hidden_context(struct buf *out, const struct ck_meta *m, struct slice content);

/* ---- stored items ---- */

/* Id and type of an item's text, without a tree. false: it is no item. */
bool ck_item_id_type(struct arena *a, struct slice body, struct slice *id, struct slice *type) MUSTCHECK;
/* The plain text of a stored user or assistant message, for clients that know no items; *role is "user" or "assistant". false for all other items. */
bool ck_item_text(struct arena *a, struct slice body, struct slice *role, struct slice *text, struct slice *created_at);
/* The tool that the person chose for a stored user message (inference_options.tool_choice.id), or empty. In a. */
struct slice ck_item_tool_choice(struct arena *a, struct slice body);
/* What a client_tool_call asks; output is empty while it is pending. RC_BAD: it is another item. */
enum rc ck_call_read(struct arena *a, struct slice body, struct ck_call *out, struct err *e) MUSTCHECK;
/* A client_tool_call with its output (JSON of any value; null is left out), completed; one that is completed already is RC_CONFLICT. RC_BAD: another item. */
enum rc ck_call_complete(struct arena *a, struct buf *out, struct slice body, struct slice output, struct err *e) MUSTCHECK;
/* The widget of a widget item, JSON. RC_BAD: another item. */
enum rc ck_widget_read(struct arena *a, struct slice body, struct slice *widget, struct err *e) MUSTCHECK;
/* A widget item with another widget. copy_text empty: the old one stays, if there is one. RC_BAD: another item. */
enum rc ck_widget_replace(struct arena *a, struct buf *out, struct slice body, struct slice widget, struct slice copy_text, struct err *e) MUSTCHECK;
/*
 * A stored workflow, custom or reasoning, whose turn was cut off: its loading tasks are marked as interrupted (a thought keeps what was thought), everything
 * else is kept as it stands. Text that is no workflow is copied unchanged.
 */
void ck_workflow_interrupt(struct arena *a, struct buf *out, struct slice body);

#endif
