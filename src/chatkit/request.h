/* SPDX-License-Identifier: MIT */
/*
 * What the ChatKit front end asks: {"type","params","metadata"?}, all 16 operations in one table. Pure: bytes in, a struct out. Lenient where the real front end
 * varies between versions (absent attachments, inference_options, null quoted_text), strict where a wrong value would be stored. Unknown members are
 * ignored, an unknown type is refused. Source: chatkit-protocol 1.6.
 */
#ifndef CHATKIT_REQUEST_H
#define CHATKIT_REQUEST_H

#include "wire/json.h"

enum ck_op {
	CK_THREADS_CREATE,
	CK_THREADS_ADD_USER_MESSAGE,
	CK_THREADS_ADD_CLIENT_TOOL_OUTPUT,
	CK_THREADS_ADD_STRUCTURED_INPUT,
	CK_THREADS_RETRY_AFTER_ITEM,
	CK_THREADS_CUSTOM_ACTION,
	CK_THREADS_SYNC_CUSTOM_ACTION,
	CK_THREADS_GET_BY_ID,
	CK_THREADS_LIST,
	CK_THREADS_UPDATE,
	CK_THREADS_DELETE,
	CK_ITEMS_LIST,
	CK_ITEMS_FEEDBACK,
	CK_ATTACHMENTS_CREATE,
	CK_ATTACHMENTS_DELETE,
	CK_INPUT_TRANSCRIBE,
	CK_OP__MAX
};

struct ck_op_info {
	const char *type;
	bool stream;  /* answered by server-sent events */
	bool offered; /* this server does it */
};
const struct ck_op_info *ck_op_info(enum ck_op op);

#define CK_PARTS_MAX 20
#define CK_ID_MAX 200    /* bytes of an id that a client sends; ids of ours are shorter */
#define CK_TITLE_MAX 200 /* characters of a title; longer ones are cut */
#define CK_PAGE_DEFAULT 20
#define CK_PAGE_MAX 1000

struct ck_part {
	bool tag;
	struct slice text;
	struct slice id, group, data; /* tag; data is JSON */
	bool interactive;
};

/* UserMessageInput. */
struct ck_input {
	struct ck_part parts[CK_PARTS_MAX];
	size_t n_parts;
	size_t n_attachments;
	struct slice quoted;        /* "" and absent are told apart by has_quoted: "" is echoed */
	bool has_quoted;
	struct slice model;         /* inference_options.model, or empty */
	struct slice tool_choice;   /* inference_options.tool_choice.id, or empty */
	size_t text_bytes;
};

struct ck_request {
	enum ck_op op;
	struct slice thread_id, item_id, title, after;
	size_t limit;               /* 1 .. CK_PAGE_MAX */
	bool desc;
	struct ck_input *input;     /* the operations that bring one; in the arena */
};

/* root: of a document parsed with client limits. RC_BAD with a path, RC_BAD "type: unknown operation '...'". Slices live as long as the document. */
enum rc ck_request_read(struct arena *a, const struct json_at *root, struct ck_request *out, struct err *e) MUSTCHECK;

/* What the person wrote, for the model: text parts joined, tags as @text, then the quote in its own sentence. */
void ck_input_text(struct buf *out, const struct ck_input *in);
/* The first words, for a title: one line, at most 48 characters, cut at a word and with an ellipsis. Empty when there are none. */
struct slice ck_title_of(struct arena *a, struct slice text);

#endif
