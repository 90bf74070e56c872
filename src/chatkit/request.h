/* SPDX-License-Identifier: MIT */
/*
 * What the ChatKit front end asks: {"type","params","metadata"?}, all 16 operations and attachments.get_preview in one table. Pure: bytes in, a struct out.
 * Lenient where the real front end varies between versions (absent attachments, inference_options, null quoted_text, an action without a type), strict
 * where a wrong value would be stored. Unknown members are ignored, an unknown type is refused. Whether this server has what an operation needs (files, a
 * transcriber) is not known here. Source: chatkit-protocol 1.6.
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
	CK_ATTACHMENTS_GET_PREVIEW,
	CK_INPUT_TRANSCRIBE,
	CK_OP__MAX
};

struct ck_op_info {
	const char *type;
	bool stream; /* answered by server-sent events */
};
const struct ck_op_info *ck_op_info(enum ck_op op);

#define CK_PARTS_MAX 200       /* of one message: text and tags take turns */
#define CK_ATTACHMENTS_MAX 20  /* of one message */
#define CK_FEEDBACK_MAX 100    /* items of one feedback: a turn's, tasks and calls included */
#define CK_QUESTIONS_MAX 20    /* of one structured input */
#define CK_VALUES_MAX 50       /* values of one answer */
#define CK_ID_MAX 200          /* bytes of an id, or of an action's type, that a client sends; ids of ours are shorter */
#define CK_TITLE_MAX 200       /* characters of a title; longer ones are cut */
#define CK_FILE_NAME_MAX 200   /* characters of an attachment's name; longer ones are cut */
#define CK_MIME_MAX 200        /* bytes of a media type */
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
	struct slice attachments[CK_ATTACHMENTS_MAX]; /* ids, each once; whether they are there, and whose, is not known here */
	size_t n_attachments;
	struct slice quoted;        /* "" and absent are told apart by has_quoted: "" is echoed */
	bool has_quoted;
	struct slice model;         /* inference_options.model, or empty */
	struct slice tool_choice;   /* inference_options.tool_choice.id, or empty */
	size_t text_bytes;          /* of all that the person wrote, chose or quoted */
};

/* What a person answered to a structured input: {"status","answers":{ID:{"values","skipped"}}}. */
struct ck_given {
	struct slice id;            /* the question's */
	const struct slice *values;
	size_t n_values;
	bool skipped;
};
struct ck_answers {
	bool skipped;               /* all of it */
	const struct ck_given *given;
	size_t n;
};

/* payload: JSON text of any value; empty when absent or null. Both are what the client says, not what the widget had. */
struct ck_action {
	struct slice type, payload;
};

/* What attachments.create announces. mime_type: as the client has it; "application/octet-stream" when that was empty. */
struct ck_announced {
	struct slice name, mime_type;
	int64_t size; /* bytes */
};

struct ck_request {
	enum ck_op op;
	struct slice thread_id, item_id, title, after;
	size_t limit;               /* 1 .. CK_PAGE_MAX */
	bool desc;
	struct ck_input *input;     /* the operations that bring one; in the arena */
	struct slice result;        /* add_client_tool_output: JSON text of any value; absent is null */
	struct ck_answers *answers; /* add_structured_input */
	struct ck_action action;    /* custom_action, sync_custom_action; their item_id may be empty */
	const struct slice *item_ids; /* feedback */
	size_t n_item_ids;
	bool positive;              /* feedback */
	struct ck_announced announced; /* attachments.create */
	struct slice attachment_id; /* attachments.delete, attachments.get_preview */
};

/*
 * root: of a document parsed with client limits into an arena that lives as long as out. RC_BAD with a path, RC_BAD "type: unknown operation '...'".
 * Slices live as long as the document. The params of input.transcribe are not read: a body of that size never becomes a document.
 */
enum rc ck_request_read(struct arena *a, const struct json_at *root, struct ck_request *out, struct err *e) MUSTCHECK;

/*
 * What the person wrote, for the model: text parts joined, tags as @text, then the quote in its own sentence, then one block that says what the tags stand
 * for, each text once: <TAG id="..." group="...">TEXT DATA</TAG>, where & < > (and " in an attribute) are written as in XML, and an empty data is left
 * out. Attachments are not text. At most 6 times the bytes of the request.
 */
void ck_input_text(struct buf *out, const struct ck_input *in);
/* Only what was typed, tags as @text: for a title. */
void ck_input_words(struct buf *out, const struct ck_input *in);
/* The first words, for a title: one line, at most 48 characters, cut at a word and with an ellipsis. Empty when there are none. */
struct slice ck_title_of(struct arena *a, struct slice text);

#endif
