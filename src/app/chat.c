/* SPDX-License-Identifier: MIT */
/* POST /api/chat: one address, two protocols, told apart by the body. */
#include "app/inner.h"
#include "chatkit/request.h"

WAITS static enum rc at_once(struct exchange *x, const struct ck_request *r, struct err *e)
{
	if (r->op == CK_ATTACHMENTS_CREATE || r->op == CK_ATTACHMENTS_DELETE || r->op == CK_ATTACHMENTS_GET_PREVIEW)
		return op_attachments(x, r, e);
	return op_threads(x, r, e);
}

/* r and what it looks into are in x->parsed, and so is doc. */
WAITS static enum rc chatkit(struct exchange *x, const struct json_at *root, struct buf *body, struct err *e)
{
	struct ck_request *r = arena_new_of(x->parsed, struct ck_request);

	if (ck_request_read(x->parsed, root, r, e) != RC_OK)
		return e->rc;
	x->op = ck_op_info(r->op)->type;
	if (r->op == CK_INPUT_TRANSCRIBE) {
		exchange_read(x);
		return op_transcribe(x, body, e);
	}
	buf_release(body); /* x->parsed has its own; a stream lives long */
	return ck_op_info(r->op)->stream ? op_chatkit_stream(x, r, e) : at_once(x, r, e);
}

WAITS static enum rc chat(struct exchange *x, struct buf *body, struct err *e)
{
	struct json_doc *doc;
	struct json_at root, type, messages;

	if (exchange_parse(x, buf_slice(body), &doc, e) != RC_OK)
		return e->rc;
	root = json_root(doc);
	type = json_get(&root, "type");
	messages = json_get(&root, "messages");
	if (json_has(&type))
		return chatkit(x, &root, body, e);
	buf_release(body);
	if (json_has(&messages))
		return op_simple(x, doc, false, e);
	return err_tell(e, RC_BAD, "type: missing (a ChatKit request has 'type', a simple one has 'messages')");
}

enum rc op_chat(struct exchange *x, struct err *e)
{
	struct buf body = BUF_INIT(0);
	enum rc rc = exchange_chat_body(x, &body, e);

	if (rc == RC_OK && body.n > x->app->conf->body_max)
		rc = op_transcribe(x, &body, e); /* nothing else may be that large */
	else if (rc == RC_OK)
		rc = chat(x, &body, e);
	buf_release(&body);
	exchange_recording_end(x);
	return rc;
}
