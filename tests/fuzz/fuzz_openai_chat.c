/* SPDX-License-Identifier: MIT */
/*
 * The first two bytes say how the rest, a provider's stream, is cut. What is said does not depend on it, can be stored and read again, and makes a request
 * that is JSON.
 */
#include "model/wire.h"
#include "tests/fuzz/fuzz.h"
#include "wire/sse.h"
#include "wire/utf8.h"

/* What came beside the words. */
static void beside(struct wire *w, const struct wire_delta *d)
{
	struct assembled *c;

	CHECK(!d->calls_grew || assemble_grown(&w->calls));
	while ((c = assemble_grown(&w->calls)) != NULL) {
		touch(c->name);
		touch(buf_slice(&c->args));
		c->grew = false;
	}
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct model_source *s = &d->source[i];

		CHECK((s->url.n || s->file_name.n) && s->start >= -1 && s->end >= s->start);
		CHECK(utf8_valid(s->url) && utf8_valid(s->title) && utf8_valid(s->file_name));
	}
	for (size_t i = 0; i < d->n_images; i++) {
		CHECK(d->image[i].mime.n && d->image[i].data.n);
		touch(d->image[i].mime);
		touch(d->image[i].data);
	}
}

static enum rc take(struct wire *w, struct slice data, struct err *e)
{
	struct wire_delta d;
	enum rc rc = w->ops->event(w, data, &d, e);

	touch(d.text);
	touch(d.reasoning);
	touch(d.refusal);
	beside(w, &d);
	return rc;
}

/* What was said, as an entry; and how it ended. */
static enum rc play(struct slice in, size_t step, struct arena *a, struct buf *out)
{
	struct err e = ERR_INIT;
	struct sse_event ev;
	struct sse_dec sse;
	enum rc rc = RC_OK;
	struct wire w;

	wire_init(&w, &openai_chat, a, S("f"), 7);
	sse_init(&sse, 1 << 20);
	while (in.n && rc == RC_OK) {
		struct slice piece = slice_upto(in, step ? step : 1);
		char *copy = xalloc(piece.n);

		memcpy(copy, piece.p, piece.n);
		sse_feed(&sse, slice_mem(copy, piece.n));
		while (rc == RC_OK && sse_next(&sse, &ev) == SSE_EVENT)
			rc = take(&w, ev.data, &e);
		free(copy);
		in = slice_from(in, piece.n);
	}
	if (rc == RC_OK && sse_end(&sse, &ev) == SSE_EVENT)
		rc = take(&w, ev.data, &e);
	if (rc == RC_OK)
		rc = wire_end(&w, &e);
	CHECK((rc == RC_OK) == (e.rc == RC_OK) && (rc == RC_OK || e.user[0]));
	message_write(out, wire_said(&w));
	sse_release(&sse);
	wire_release(&w);
	return rc;
}

/* A file of any name, type and text, as they are after an upload: real UTF-8. */
static struct message with_file(struct arena *a, struct slice in)
{
	struct part *p = arena_alloc(a, 2 * sizeof(*p));
	struct buf real = BUF_INIT(4 << 20);
	struct slice rest;

	utf8_mend(&real, in);
	rest = slice_cut(arena_dup(a, buf_slice(&real)), '\n', &p[0].name);
	buf_release(&real);

	p[0].kind = p[1].kind = PART_FILE;
	p[0].text = slice_cut(rest, '\n', &p[0].mime);
	p[1].name = p[0].name;
	p[1].mime = p[0].text.n % 3 == 0 ? p[0].mime : p[0].text.n % 3 == 1 ? S("image/png") : S("application/pdf");
	p[1].data = S("YQ==");
	return (struct message){.role = ROLE_USER, .parts = p, .n = 2};
}

/* Stored, read, and sent back to the same family. */
static void send_back(struct slice entry, struct slice in, struct arena *a)
{
	struct buf request = BUF_INIT(WIRE_REQUEST_MAX), again = BUF_INIT(4 * MESSAGE_JSON_MAX);
	struct history h;
	struct wire_ask ask = {.model = S("m"), .family = S("f"), .history = &h, .temperature = -1, .quirks = QUIRK_SIGNATURES | QUIRK_IDS_OF_9, .arena = a};
	static const struct tool t = {.spec = {.name = S_INIT("f"), .description = S_INIT("what it does"), .schema = S_INIT("{\"type\":\"object\"}")}};
	struct toolset tools;
	struct message m;
	struct err e;
	bool mend;

	CHECK(message_read(a, entry, &m, &e) == RC_OK);
	message_write(&again, &m);
	CHECK(slice_eq(buf_slice(&again), entry));
	history_init(&h, a);
	history_add(&h, message_text(a, ROLE_USER, S("u")));
	history_add(&h, with_file(a, in));
	history_add(&h, m);
	history_repair(&h);
	if (in.n % 2) {
		toolset_init(&tools, a);
		CHECK(toolset_add(&tools, &t, &e) == RC_OK);
		ask.tools = &tools;
		ask.must_call = in.n % 4 == 3 ? &t : NULL;
		ask.quirks = 0;
	}
	openai_chat_request(&request, &ask);
	CHECK(guard_check(buf_slice(&request), &GUARD_UPSTREAM, NULL, 0, &mend, &e) == RC_OK && !mend);
	buf_release(&request);
	buf_release(&again);
}

static void whole(struct slice body, struct arena *a)
{
	struct wire_delta d;
	struct wire w;
	struct err e;

	wire_init(&w, &openai_chat, a, S("f"), 7);
	if (w.ops->whole(&w, body, &d, &e) == RC_OK && wire_end(&w, &e) == RC_OK)
		CHECK(wire_said(&w)->n > 0 || w.images.total || w.finish == FINISH_FILTER);
	wire_release(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one = BUF_INIT(4 * MESSAGE_JSON_MAX), other = BUF_INIT(4 * MESSAGE_JSON_MAX);
	struct arena *a = arena_new(512 << 20, NULL);
	struct slice in;

	if (size >= 2) {
		in = slice_mem(data + 2, size - 2);
		CHECK(play(in, SIZE_MAX, a, &one) == play(in, data[0], a, &other));
		CHECK(slice_eq(buf_slice(&one), buf_slice(&other)));
		send_back(buf_slice(&one), in, a);
		whole(in, a);
	}
	buf_release(&one);
	buf_release(&other);
	arena_free(a);
	return 0;
}
