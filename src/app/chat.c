/* SPDX-License-Identifier: MIT */
/* POST /api/chat: one address, two protocols, told apart by the body. */
#include "app/inner.h"
#include "chatkit/request.h"

enum rc op_chat(struct exchange *x, struct err *e)
{
	struct json_doc *doc;
	struct json_at root, type, messages;
	struct ck_request *r;

	if (exchange_json(x, &doc, e) != RC_OK)
		return e->rc;
	root = json_root(doc);
	type = json_get(&root, "type");
	messages = json_get(&root, "messages");
	if (!json_has(&type) && json_has(&messages))
		return op_simple(x, doc, false, e);
	if (!json_has(&type))
		return err_tell(e, RC_BAD, "type: missing (a ChatKit request has 'type', a simple one has 'messages')");

	r = arena_new_of(x->parsed, struct ck_request);
	if (ck_request_read(x->parsed, &root, r, e) != RC_OK)
		return e->rc;
	x->op = ck_op_info(r->op)->type;
	return ck_op_info(r->op)->stream ? op_chatkit_stream(x, r, e) : op_threads(x, r, e);
}
