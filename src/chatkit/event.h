/* SPDX-License-Identifier: MIT */
/*
 * What a ChatKit stream tells (chatkit-protocol 1.8): one struct for every event this server sends, one writer. A text delta is written without a JSON writer:
 * it is the hottest line of the product.
 */
#ifndef CHATKIT_EVENT_H
#define CHATKIT_EVENT_H

#include "base/buf.h"

enum ck_event_kind {
	CK_THREAD_CREATED,   /* json: thread */
	CK_THREAD_UPDATED,   /* json: thread */
	CK_ITEM_ADDED,       /* json: item */
	CK_ITEM_DONE,        /* json: item */
	CK_ITEM_REPLACED,    /* json: item */
	CK_ITEM_REMOVED,     /* item_id */
	CK_PART_ADDED,       /* item_id */
	CK_TEXT_DELTA,       /* item_id, text */
	CK_ANNOTATION_ADDED, /* item_id, index, json: annotation */
	CK_PART_DONE,        /* item_id, text: all of it, json: its annotations, or empty */
	CK_TASK_ADDED,       /* item_id, index, json: task */
	CK_TASK_UPDATED,     /* item_id, index, json: task */
	CK_WIDGET_ROOT,      /* item_id, json: widget */
	CK_WIDGET_COMPONENT, /* item_id, name: the component's id, json: component */
	CK_WIDGET_TEXT,      /* item_id, name: the component's id, text: what was added to its value, flag: done */
	CK_IMAGE_UPDATED,    /* item_id, json: image, progress */
	CK_STREAM_OPTIONS,   /* flag: allow_cancel */
	CK_PROGRESS,         /* text, name: icon, or empty */
	CK_CLIENT_EFFECT,    /* name, json: data; empty is {} */
	CK_NOTICE,           /* level, text: markdown, name: title, or empty */
	CK_ERROR,            /* code, text (may be empty), flag: allow_retry */
	CK_EVENT__MAX
};

struct ck_event {
	enum ck_event_kind kind;
	struct slice item_id, json, text, name;
	const char *code, *level;
	size_t index;
	double progress; /* 0 to 1; below 0: not known */
	bool flag;
};

/* One line of JSON. */
void ck_event_json(struct buf *out, const struct ck_event *ev);
/* "data: ...\n\n": as it goes to the browser. */
void ck_event_sse(struct buf *out, const struct ck_event *ev);

#endif
