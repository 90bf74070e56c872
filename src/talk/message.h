/* SPDX-License-Identifier: MIT */
/*
 * The shared vocabulary of agent and model: what was said, in neutral parts. A provider's own blobs (thinking signatures, encrypted reasoning) ride along
 * opaquely and are replayed only to the same family. Pure; everything lives in the arena it was made in.
 */
#ifndef TALK_MESSAGE_H
#define TALK_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum part_kind { PART_TEXT, PART_REASONING, PART_CALL, PART_RESULT, PART_FILE, PART__MAX };

struct part {
	enum part_kind kind;
	struct slice text;    /* TEXT, REASONING; RESULT: what the model reads; FILE: the text in it, in flight only, or empty */
	struct slice call_id; /* CALL, RESULT: unique in the run */
	struct slice name;    /* CALL: the name the model used; RESULT: the same; FILE: the file's own */
	struct slice args;    /* CALL: JSON text as the model wrote it; may be broken */
	bool is_error;        /* RESULT */
	struct slice opaque;  /* JSON of the provider's own, or empty */
	struct slice file_id; /* FILE: an attachment's id */
	struct slice mime;    /* FILE: its media type, without parameters */
	struct slice data;    /* FILE: base64 of its bytes, or empty. In flight only: who sends a history to a model puts it there */
};

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL, ROLE__MAX };

struct message {
	enum role role;
	struct slice family; /* whose opaque parts these are ("openai-chat/api.openai.com"); empty: nobody's */
	struct part *parts;
	size_t n;
};

#define MESSAGE_PARTS_MAX 256
#define MESSAGE_JSON_MAX (2 * 1024 * 1024) /* bytes of one message as an entry */

const char *role_name(enum role r);
bool role_parse(struct slice s, enum role *out) MUSTCHECK;
/* A message with one text part. text is copied. */
struct message message_text(struct arena *a, enum role r, struct slice text);
/* All text parts joined, without separator. Looks into the message when there is only one; else it lives as long as a, whose cap is not asked. */
struct slice message_all_text(struct arena *a, const struct message *m);
size_t message_calls(const struct message *m); /* parts of kind CALL */
/* All of it anew in a; false when over the arena's cap. */
bool message_copy(struct arena *a, const struct message *m, struct message *out) MUSTCHECK;

/*
 * As an entry's body, and back. The body is ours: {"role","family"?,"parts":[{"t":"text","text"},{"t":"reasoning","text","opaque"?},
 * {"t":"call","id","name","args","opaque"?},{"t":"result","id","name","text","error"?},{"t":"file","id","name","mime"}]}. Of a file neither bytes nor
 * text are written: they are read again by its id. A part of a kind that is not known (a newer version's) is passed over. RC_BAD names the path;
 * RC_TOO_LARGE.
 */
void message_write(struct buf *out, const struct message *m);
enum rc message_read(struct arena *a, struct slice body, struct message *out, struct err *e) MUSTCHECK;

#endif
