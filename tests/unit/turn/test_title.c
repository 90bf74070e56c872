/* SPDX-License-Identifier: MIT */
#include "turn/title.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/backend.h"
#include "tests/unit/task.h"
#include "wire/utf8.h"

/* A model that says one text, some time after it was asked. */
struct script {
	struct model base;
	struct io *io;
	const char *says;       /* NULL: its failure */
	int64_t after_us;
	enum model_finish finish;
	size_t asked;           /* how often */
	struct buf question;    /* the last one: role: text, a line each */
	int64_t max_output;
	bool tools, closed;
};

struct script_stream {
	struct model_stream base;
	struct script *script;
	struct stop stop;
	bool said;
};

static enum rc script_next(struct model_stream *base, struct model_event *ev, struct err *e)
{
	struct script_stream *s = container_of(base, struct script_stream, base);

	if (!s->said && s->script->after_us && io_sleep(s->script->io, s->script->after_us, &s->stop) != RC_OK)
		return err_set(e, RC_STOPPED, "stopped");
	if (!s->script->says)
		return err_set(e, RC_UPSTREAM, "the provider is not well");
	*ev = (struct model_event){.kind = s->said ? MODEL_DONE : MODEL_TEXT, .delta = slice_cstr(s->script->says), .finish = s->script->finish};
	s->said = true;
	return RC_OK;
}

static void script_close(struct model_stream *base)
{
	struct script_stream *s = container_of(base, struct script_stream, base);

	s->script->closed = true;
	stop_release(&s->stop);
}

static enum rc script_open(struct model *base, const struct model_req *req, struct model_stream **out, struct err *e UNUSED)
{
	static const struct model_stream_ops ops = {.next = script_next, .close = script_close};
	struct script *sc = container_of(base, struct script, base);
	struct script_stream *s = arena_new_of(req->arena, struct script_stream);

	sc->asked++;
	sc->max_output = req->max_output;
	sc->tools = req->tools != NULL;
	buf_clear(&sc->question);
	for (size_t i = 0; i < req->history->n; i++)
		buf_addf(&sc->question, "%s: %.*s\n", role_name(req->history->m[i].role), SLICE_ARG(message_all_text(req->arena, &req->history->m[i])));
	s->base.ops = &ops;
	s->script = sc;
	stop_init(&s->stop, sc->io, req->stop);
	*out = &s->base;
	return RC_OK;
}

static const struct model_ops script_ops = {.open = script_open};

static struct script script_of(struct io *io, const char *says, int64_t after_us)
{
	return (struct script){.base = {.ops = &script_ops, .name = S("test/script")}, .io = io, .says = says, .after_us = after_us, .finish = FINISH_STOP,
			       .question = BUF_INIT(1 << 16)};
}

static const struct {
	const char *says, *want;
} answers[] = {
	{"Shopping for Milk", "Shopping for Milk"},
	{"  \"Shopping for Milk.\"\n", "Shopping for Milk"},
	{"Title: **Milk**.", "Milk"},
	{"# Milk", "Milk"},
	{"\xe2\x80\x9eMilch kaufen\xe2\x80\x9c", "Milch kaufen"},
	{"\xc2\xab Acheter du lait \xc2\xbb", "Acheter du lait"},
	{"\xe3\x80\x8c\xe7\x89\x9b\xe4\xb9\xb3\xe3\x80\x8d\xe3\x80\x82", "\xe7\x89\x9b\xe4\xb9\xb3"},
	{"\"This\" and \"That\"", "\"This\" and \"That\""},
	{"What is Milk?", "What is Milk?"},
	{"Here is a title:\n\nMilk", "Milk"},
	{"Milk\n\nI hope this helps!", "Milk"},
	{"<think>They want milk.</think>\n\nMilk", "Milk"},
	{"<think>They want", ""},
	{"Milk\tand\x01 \x7f" "bread", "Milk and bread"},
	{"Milk. \x01", "Milk"},
	{"", ""},
	{" \n\"\"\n ", ""},
	{".", ""},
	{"Milk \xff", ""},
	{"Six words are many but these words are many more or less", "Six words are many but these words are many\xe2\x80\xa6"},
	{"Sure! To buy milk, first go to a shop that has milk, then look for it on the shelves, then take it to the till and pay for it there", ""},
};

static void says_all(struct io *io)
{
	for (size_t i = 0; i < countof(answers); i++) {
		struct script sc = script_of(io, answers[i].says, 0);
		struct arena *a = arena_new(16 << 20, NULL);
		struct title *t = title_start(io, &sc.base, S("buy milk"), a, NULL);

		EXPECT_STR(answers[i].want, title_take(t, 30 * (int64_t)IO_SECOND));
		EXPECT(title_ready(t));
		title_release(t);
		buf_release(&sc.question);
		arena_free(a);
	}
}

static void title__what_models_say__becomes_one_plain_line(void **state UNUSED)
{
	run_task(says_all);
}

static void asks(struct io *io)
{
	struct script sc = script_of(io, "T", 0);
	struct arena *a = arena_new(16 << 20, NULL);
	struct buf text = BUF_INIT(1 << 16);
	struct title *t;

	for (int i = 0; i < 2000; i++)
		buf_adds(&text, "\xc3\xa9");
	t = title_start(io, &sc.base, buf_slice(&text), a, NULL);
	buf_release(&text); /* it was copied */
	EXPECT_STR("T", title_take(t, 30 * (int64_t)IO_SECOND));
	EXPECT_EQ(sc.asked, 1);
	EXPECT(sc.closed && !sc.tools && sc.max_output > 0);
	EXPECT(slice_starts(buf_slice(&sc.question), S("system: You give conversations their titles.")));
	EXPECT(slice_find(buf_slice(&sc.question), S("user: <message>\n\xc3\xa9")) > 0);
	EXPECT(utf8_valid(buf_slice(&sc.question)));
	EXPECT(sc.question.n < 3000);
	title_release(t);
	buf_release(&sc.question);
	arena_free(a);
}

static void title__the_question__is_short_and_without_tools(void **state UNUSED)
{
	run_task(asks);
}

static void beside(struct io *io)
{
	struct script sc = script_of(io, "Milk", IO_SECOND);
	struct arena *a = arena_new(16 << 20, NULL);
	int64_t begun = io_now(io);
	struct title *t = title_start(io, &sc.base, S("buy milk"), a, NULL);

	EXPECT_EQ(sc.asked, 0); /* not in the caller's time */
	EXPECT(!title_ready(t));
	EXPECT_EQ(title_take(t, 0).n, 0);
	EXPECT_EQ(title_take(t, 5 * IO_MS).n, 0);
	EXPECT(!title_ready(t));
	EXPECT_STR("Milk", title_take(t, 30 * (int64_t)IO_SECOND));
	EXPECT(io_now(io) - begun < 25 * IO_SECOND);
	EXPECT_STR("Milk", title_take(t, 0));
	title_release(t);
	buf_release(&sc.question);
	arena_free(a);
}

static void title__a_slow_model__is_not_waited_for(void **state UNUSED)
{
	run_task(beside);
}

static void ends(struct io *io)
{
	struct arena *a = arena_new(16 << 20, NULL);
	struct script slow = script_of(io, "Milk", 100 * IO_SECOND), fails = script_of(io, NULL, 0), cut = script_of(io, "Mil", 0);
	int64_t begun = io_now(io);
	struct stop turns;
	struct title *t;

	/* Nobody waited, and the turn is over. */
	t = title_start(io, &slow.base, S("buy milk"), a, NULL);
	EXPECT_EQ(title_take(t, 5 * IO_MS).n, 0);
	title_release(t);
	/* At once, before its task ran. */
	title_release(title_start(io, &slow.base, S("buy milk"), a, NULL));
	/* The turn was stopped. */
	stop_init(&turns, io, NULL);
	t = title_start(io, &slow.base, S("buy milk"), a, &turns);
	(void)io_sleep(io, 5 * IO_MS, NULL);
	stop_set(&turns, STOP_CLIENT_LEFT);
	EXPECT_EQ(title_take(t, 30 * (int64_t)IO_SECOND).n, 0);
	EXPECT(title_ready(t));
	title_release(t);
	stop_release(&turns);
	/* A failure is no title. */
	t = title_start(io, &fails.base, S("buy milk"), a, NULL);
	EXPECT_EQ(title_take(t, 30 * (int64_t)IO_SECOND).n, 0);
	title_release(t);
	cut.finish = FINISH_LENGTH;
	t = title_start(io, &cut.base, S("buy milk"), a, NULL);
	EXPECT_EQ(title_take(t, 30 * (int64_t)IO_SECOND).n, 0);
	title_release(t);
	/* Nothing to be called by. */
	EXPECT(!title_start(io, &fails.base, S(" \n\t"), a, NULL));
	EXPECT(title_ready(NULL) && title_take(NULL, IO_SECOND).n == 0);
	title_release(NULL);
	EXPECT(io_now(io) - begun < 25 * IO_SECOND);
	buf_release(&slow.question);
	buf_release(&fails.question);
	buf_release(&cut.question);
	arena_free(a);
}

static void title__stopped_failed_or_given_up__is_none(void **state UNUSED)
{
	run_task(ends);
}

static int64_t ahead_us;

static int64_t mono_ahead(const struct env *v UNUSED)
{
	return env_mono_us(env_real()) + __atomic_load_n(&ahead_us, __ATOMIC_RELAXED);
}

static void nothing(void *ctx UNUSED)
{
}

static void hangs(struct io *io)
{
	struct io_timer look = {0};
	struct script sc = script_of(io, "Milk", 100 * IO_SECOND);
	struct arena *a = arena_new(16 << 20, NULL);
	struct title *t = title_start(io, &sc.base, S("buy milk"), a, NULL);

	(void)io_sleep(io, 5 * IO_MS, NULL);
	EXPECT(!title_ready(t));
	__atomic_store_n(&ahead_us, TITLE_US, __ATOMIC_RELAXED);
	io_timer_set(io, &look, 1, nothing, NULL); /* the first of all: whoever keeps the timers looks at the clock again */
	for (int i = 0; i < 4000 && !title_ready(t); i++)
		(void)io_sleep(io, 5 * IO_MS, NULL);
	io_timer_off(io, &look);
	EXPECT(title_ready(t));
	EXPECT_EQ(title_take(t, 0).n, 0);
	title_release(t);
	buf_release(&sc.question);
	arena_free(a);
}

static void title__a_model_that_hangs__is_given_up(void **state UNUSED)
{
	struct env env = *env_real();

	env.mono_us = mono_ahead;
	run_task_opts(&(struct io_opts){.env = &env}, hangs);
}

static void demo(struct io *io)
{
	struct model_opts o = {.name = S("demo/todo")};
	struct arena *a = arena_new(16 << 20, NULL);
	struct title *t;
	struct model *m;
	struct err e;

	EXPECT_RC(RC_OK, model_new(NULL, io, &o, &m, &e));
	t = title_start(io, m, S("please add milk and eggs to my list, and bread"), a, NULL);
	EXPECT_STR("Please add milk and eggs to", title_take(t, 30 * (int64_t)IO_SECOND));
	title_release(t);
	t = title_start(io, m, S("what's on my list?"), a, NULL);
	EXPECT_STR("What's on my list?", title_take(t, 30 * (int64_t)IO_SECOND));
	title_release(t);
	model_free(m);
	arena_free(a);
}

static void title__the_demo_model__gives_the_first_words(void **state UNUSED)
{
	run_task(demo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(title__what_models_say__becomes_one_plain_line),
		cmocka_unit_test(title__the_question__is_short_and_without_tools),
		cmocka_unit_test(title__a_slow_model__is_not_waited_for),
		cmocka_unit_test(title__stopped_failed_or_given_up__is_none),
		cmocka_unit_test(title__a_model_that_hangs__is_given_up),
		cmocka_unit_test(title__the_demo_model__gives_the_first_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
