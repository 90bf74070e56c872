/* SPDX-License-Identifier: MIT */
#include "model/demo.h"

#include "model/backend.h"
#include "wire/utf8.h"

#define WORD_PAUSE_US (30 * IO_MS)
#define TITLE_BYTES 160
#define GROWTHS_MAX 40 /* pieces of one call's arguments */
#define GROWTH_MIN 16  /* bytes of a piece */
#define DEMO_ARENA_MAX (4 * 1024 * 1024)

struct demo_model {
	struct model base;
	struct io *io;
};

struct demo_stream {
	struct model_stream base;
	struct io *io;
	struct stop stop;
	struct arena *arena;
	struct demo_plan plan;
	struct slice call_id[DEMO_THINGS_MAX];
	bool grows[DEMO_THINGS_MAX];  /* the call is shown while it is written */
	size_t said, calls_given; /* bytes of the text, calls, that were handed out */
	size_t written;           /* bytes of the next call's arguments */
	struct message message;
};

/* The next word with the blanks behind it. */
static struct slice next_word(const struct demo_stream *s)
{
	struct slice rest = slice_from(s->plan.text, s->said);
	size_t n = 0;

	while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\n')
		n++;
	while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\n'))
		n++;
	return slice_upto(rest, n);
}

/* The next call's arguments, as a model writes them: some more each time. */
static void write_more(struct demo_stream *s, struct model_event *ev)
{
	const struct demo_call *c = &s->plan.call[s->calls_given];
	size_t step = c->args.n / GROWTHS_MAX > GROWTH_MIN ? c->args.n / GROWTHS_MAX : GROWTH_MIN;

	s->written = s->written + step < c->args.n ? utf8_cut(c->args, s->written + step).n : c->args.n;
	ev->kind = MODEL_CALL_GROWS;
	ev->name = c->name;
	ev->args = slice_upto(c->args, s->written);
	ev->call_index = s->calls_given;
}

static WAITS enum rc pause(struct demo_stream *s, struct err *e)
{
	if (io_sleep(s->io, WORD_PAUSE_US, &s->stop) != RC_OK)
		return err_set(e, RC_STOPPED, "model 'demo': stopped");
	return RC_OK;
}

static WAITS enum rc next(struct model_stream *base, struct model_event *ev, struct err *e)
{
	struct demo_stream *s = container_of(base, struct demo_stream, base);
	struct slice word = next_word(s);

	*ev = (struct model_event){.usage = {-1, -1, -1, -1}};
	if (word.n) {
		if (s->said > 0 && pause(s, e) != RC_OK)
			return e->rc;
		s->said += word.n;
		ev->kind = MODEL_TEXT;
		ev->delta = word;
	} else if (s->calls_given < s->plan.n_calls && s->grows[s->calls_given] && s->written < s->plan.call[s->calls_given].args.n) {
		if (pause(s, e) != RC_OK)
			return e->rc;
		write_more(s, ev);
	} else if (s->calls_given < s->plan.n_calls) {
		size_t i = s->calls_given++;

		s->written = 0;
		ev->call_index = i;
		ev->kind = MODEL_CALL;
		ev->call_id = s->call_id[i];
		ev->name = s->plan.call[i].name;
		ev->args = s->plan.call[i].args;
	} else {
		ev->kind = MODEL_DONE;
		ev->finish = s->plan.n_calls ? FINISH_CALLS : FINISH_STOP;
	}
	return RC_OK;
}

static const struct message *said(struct model_stream *base)
{
	struct demo_stream *s = container_of(base, struct demo_stream, base);
	struct message *m = &s->message;

	m->n = 0;
	if (s->said)
		m->parts[m->n++] = (struct part){.kind = PART_TEXT, .text = slice_upto(s->plan.text, s->said)};
	for (size_t i = 0; i < s->calls_given; i++)
		m->parts[m->n++] = (struct part){
			.kind = PART_CALL, .call_id = s->call_id[i], .name = s->plan.call[i].name, .args = s->plan.call[i].args};
	return m;
}

static void stream_close(struct model_stream *base)
{
	struct demo_stream *s = container_of(base, struct demo_stream, base);

	stop_release(&s->stop);
	arena_free(s->arena);
}

struct slice demo_title(struct arena *a, struct slice text)
{
	char *title = arena_alloc(a, TITLE_BYTES + 1);
	size_t n = 0, words = 0, end = 0;

	text = utf8_cut(slice_trim(text), TITLE_BYTES);
	for (; n < text.n && text.p[n] != '\n' && words < 6; n++) {
		title[n] = text.p[n];
		if (title[n] == ' ')
			words++;
		else
			end = n + 1;
	}
	if (n && title[0] >= 'a' && title[0] <= 'z')
		title[0] = (char)(title[0] - 'a' + 'A');
	while (end && strchr(",;:-.", title[end - 1]))
		end--;
	return slice_mem(title, end);
}

static WAITS enum rc demo_open(struct model *base, const struct model_req *req, struct model_stream **out, struct err *e)
{
	static const struct model_stream_ops ops = {next, said, stream_close};
	struct demo_model *m = container_of(base, struct demo_model, base);
	struct arena *a = arena_new(DEMO_ARENA_MAX, req->arena);
	struct demo_stream *s = arena_new_of(a, struct demo_stream);
	const struct tool *tool;

	(void)e;
	s->base.ops = &ops;
	s->io = m->io;
	s->arena = a;
	s->message = (struct message){.role = ROLE_ASSISTANT, .parts = arena_alloc(a, (DEMO_THINGS_MAX + 1) * sizeof(struct part))};
	stop_init(&s->stop, m->io, req->stop);
	if (req->title_of.n)
		s->plan.text = demo_title(a, req->title_of);
	else
		demo_plan(a, req->history, req->tools, req->must_call, &s->plan);
	for (size_t i = 0; i < s->plan.n_calls; i++) {
		struct id id = id_new(io_env(m->io), "call_");

		s->call_id[i] = arena_dup(a, id_slice(&id));
		tool = req->tools ? toolset_find(req->tools, s->plan.call[i].name) : NULL;
		s->grows[i] = tool && tool->preview;
	}
	*out = &s->base;
	return RC_OK;
}

static void demo_free(struct model *base)
{
	free(container_of(base, struct demo_model, base));
}

struct model *demo_model_new(struct io *io, const struct model_opts *o)
{
	static const struct model_ops ops = {demo_open, demo_free};
	struct demo_model *m = xalloc(sizeof(*m));

	*m = (struct demo_model){.base = {&ops, o->name, true}, .io = io};
	return &m->base;
}
