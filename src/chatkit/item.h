/* SPDX-License-Identifier: MIT */
/*
 * Thread items as JSON, exactly as they are sent and stored (chatkit-protocol 1.4 and 1.7): created_at in UTC with microseconds and Z, null members left out,
 * defaults present. Pure: ids and times come from the caller.
 */
#ifndef CHATKIT_ITEM_H
#define CHATKIT_ITEM_H

#include "chatkit/request.h"
#include "wire/jsonw.h"

struct ck_meta {
	struct slice id, thread_id;
	int64_t created_us;
};

/* A task of a workflow, kind custom: one tool call. */
enum ck_status { CK_STATUS_NONE, CK_STATUS_LOADING, CK_STATUS_COMPLETE };
struct ck_task {
	struct slice title, icon, content; /* content: markdown; may be empty */
	enum ck_status status;
};

void ck_user_message(struct buf *out, const struct ck_meta *m, const struct ck_input *in);
/* The simple protocol's: one text part. */
void ck_user_text(struct buf *out, const struct ck_meta *m, struct slice text);
/* With has_text false its content is empty: what thread.item.added shows. */
void ck_assistant_message(struct buf *out, const struct ck_meta *m, struct slice text, bool has_text);
/* One output_text part. */
void ck_text_part(struct jsonw *w, struct slice text);
void ck_task_json(struct buf *out, const struct ck_task *t);
void ck_workflow(struct buf *out, const struct ck_meta *m, const struct ck_task *tasks, size_t n);

/*
 * A stored workflow whose turn was cut off: its loading tasks are marked as interrupted, everything else is kept as it stands. Text that is no workflow is
 * copied unchanged.
 */
void ck_workflow_interrupt(struct arena *a, struct buf *out, struct slice body);
/* The plain text of a stored user or assistant message, for clients that know no items; *role is "user" or "assistant". false for all other items. */
bool ck_item_text(struct arena *a, struct slice body, struct slice *role, struct slice *text, struct slice *created_at);

#endif
