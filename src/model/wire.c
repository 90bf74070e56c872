/* SPDX-License-Identifier: MIT */
#include "model/wire.h"

#include "wire/jsonw.h"

void wire_init(struct wire *w, const struct wire_ops *ops, struct arena *a, struct slice family, uint64_t seed)
{
	*w = (struct wire){.ops = ops, .arena = a, .family = family, .usage = {-1, -1, -1, -1}};
	buf_init(&w->text, WIRE_TEXT_MAX);
	buf_init(&w->reasoning, WIRE_REASONING_MAX);
	buf_init(&w->refusal, WIRE_TEXT_MAX);
	details_init(&w->details, a);
	sources_init(&w->sources, a);
	images_init(&w->images, WIRE_EVENT_MAX);
	assemble_init(&w->calls, a, seed);
}

void wire_release(struct wire *w)
{
	buf_release(&w->text);
	buf_release(&w->reasoning);
	buf_release(&w->refusal);
	details_release(&w->details);
	images_clear(&w->images);
	assemble_release(&w->calls);
}

static enum rc nothing_said(const struct wire *w, struct err *e)
{
	switch (w->finish) {
	case FINISH_FILTER:
		return RC_OK; /* told to the person by whoever reads the finish */
	case FINISH_LENGTH:
		err_set(e, RC_PROTO, "the answer reached the output limit before a word of it");
		return err_user(e, "The model used up its limit before it could answer. Please ask for something smaller.");
	case FINISH_STOP:
	case FINISH_CALLS:
		break;
	}
	err_set(e, RC_PROTO, "the answer is empty");
	return err_user(e, "The model gave an empty answer. Please try again.");
}

enum rc wire_end(struct wire *w, struct err *e)
{
	bool cut = w->finish == FINISH_LENGTH || w->finish == FINISH_FILTER;

	if (!w->finished && !w->done) {
		err_set(e, RC_PROTO, "the stream ended without a finish reason");
		return err_user(e, "The model's answer broke off. Please try again.");
	}
	if (!w->ended)
		assemble_finish(&w->calls, cut);
	w->ended = true;
	/* Vendors say "stop" with calls, and "tool_calls" with none. */
	if (w->calls.n)
		w->finish = FINISH_CALLS;
	else if (w->finish == FINISH_CALLS)
		w->finish = FINISH_STOP;
	/* A signature that came beside the calls is the first one's. */
	if (w->calls.n && w->extra.n && w->calls.call[0].extra.n == 0)
		w->calls.call[0].extra = w->extra;
	if (w->calls.n || slice_trim(buf_slice(&w->text)).n || w->refusal.n || w->images.total)
		return RC_OK;
	return nothing_said(w, e);
}

/* How the thoughts go back: {"as":"reasoning_content"}, {"details":[...]}, both, or nothing. Read again by the request's writer. */
static struct slice thoughts_opaque(struct wire *w)
{
	struct slice details = details_json(&w->details), json;
	struct buf out = BUF_INIT(3 * DETAILS_BYTES_MAX);
	struct jsonw j;

	if (details.n == 0 && !w->reasoning_content)
		return SLICE_NONE;
	jsonw_init(&j, &out);
	jsonw_obj(&j);
	if (w->reasoning_content)
		jsonw_kcstr(&j, "as", "reasoning_content");
	if (details.n)
		jsonw_kraw(&j, "details", details);
	jsonw_end(&j);
	json = arena_try_dup(w->arena, buf_slice(&out));
	buf_release(&out);
	return json;
}

const struct message *wire_said(struct wire *w)
{
	size_t calls = w->ended ? w->calls.n : 0;
	struct message *m = arena_new_of(w->arena, struct message);
	struct slice opaque = thoughts_opaque(w);

	m->role = ROLE_ASSISTANT;
	m->family = w->family;
	m->parts = arena_alloc(w->arena, (calls + 3) * sizeof(*m->parts));
	if (w->reasoning.n || opaque.n)
		m->parts[m->n++] = (struct part){.kind = PART_REASONING, .text = buf_slice(&w->reasoning), .opaque = opaque};
	if (w->text.n)
		m->parts[m->n++] = (struct part){.kind = PART_TEXT, .text = buf_slice(&w->text)};
	if (w->refusal.n)
		m->parts[m->n++] = (struct part){.kind = PART_TEXT, .text = buf_slice(&w->refusal)};
	for (size_t i = 0; i < calls; i++) {
		const struct assembled *c = &w->calls.call[i];

		m->parts[m->n++] = (struct part){
			.kind = PART_CALL, .call_id = c->id, .name = c->name, .args = buf_slice(&c->args), .opaque = c->extra};
	}
	return m;
}
