/* SPDX-License-Identifier: MIT */
#include "agent/tools.h"

#include "base/log.h"
#include "io/mbox.h"
#include "wire/utf8.h"

#define TOOL_ARENA_MAX (16 * 1024 * 1024) /* bytes; the run's own cap is the tighter one */
#define NEWS_MAX 240                      /* bytes of one progress text */
#define NEWS_PLACES 32

struct letter {
	size_t place;
	bool last; /* the tool is over; else news */
	uint16_t n;
	char text[NEWS_MAX];
};

struct job { /* one call */
	struct jobs *all;
	struct agent_call call;
	size_t place;
	struct arena *arena;
	struct stop stop;
	struct io_timer timer;
	struct task *task; /* NULL: not begun, or joined */
	struct tool_result result;
	struct message said; /* the result as the model reads it, in the run's arena, once the call is over */
	enum rc rc;
	struct err log;
	bool late;
};

struct jobs {
	const struct tools_round *t;
	struct agent_run *run;
	struct stop stop; /* parent of all jobs' */
	struct mbox *box;
	struct job *job;
	struct job *parked;
	size_t n, alive;
};

static WAITS enum rc emit(struct jobs *js, const struct agent_event *ev, struct err *e)
{
	return js->run->out.event(js->run->out.ctx, ev, e);
}

/* ---- in the tool's own task ---- */

static void news(void *ctx, struct slice text)
{
	struct job *j = ctx;
	struct letter l = {.place = j->place};
	struct slice cut;

	cut = utf8_valid(text) ? utf8_cut(text, NEWS_MAX) : SLICE_NONE;
	if (cut.n == 0)
		return;
	l.n = (uint16_t)cut.n;
	memcpy(l.text, cut.p, cut.n);
	mbox_put(j->all->box, &l);
}

static void job_main(void *arg)
{
	struct job *j = arg;
	struct letter l = {.place = j->place, .last = true};

	j->rc = tool_invoke(j->call.tool, j->all->run->caller, j->call.id, j->call.args, j->arena, &j->stop, news, j, &j->result, &j->log);
	mbox_put_last(j->all->box, &l);
}

static void job_late(void *ctx)
{
	struct job *j = ctx;

	j->late = true;
	stop_set(&j->stop, STOP_FAILED);
}

/* ---- in the run's task ---- */

static void refuse(struct job *j, struct slice why)
{
	j->result = (struct tool_result){.is_error = true, .text = why};
}

/* A call that no tool of this process takes; NULL: it can run. */
static bool cannot_run(struct job *j)
{
	const struct tools_round *t = j->all->t;

	if (j->place >= t->allowed)
		refuse(j, S("Not called: the limit of tool calls for one answer is reached. Answer with what you have."));
	else if (!j->call.tool)
		refuse(j, arena_printf(j->arena, "There is no tool '%.*s'. The tools are: %.*s.", SLICE_ARG(slice_upto(j->call.name, 64)),
				       SLICE_ARG(j->all->run->tools ? toolset_names(j->all->run->tools, j->arena) : S("(none)"))));
	else
		return false;
	return true;
}

/* A task that has ended: nothing of it runs any more. */
static WAITS void job_join(struct job *j)
{
	io_timer_off(j->all->run->io, &j->timer);
	io_join(j->task);
	j->task = NULL;
	stop_release(&j->stop);
	j->all->alive--;
}

/* What the model reads outlives the call. All else of it goes at once: the others may need the room. */
static enum rc job_keep(struct job *j, struct slice told, struct err *e)
{
	struct buf text = BUF_INIT(j->result.text.n + told.n);
	struct part p = {.kind = PART_RESULT, .call_id = j->call.id, .name = j->call.name, .is_error = j->result.is_error};
	struct message m = {.role = ROLE_TOOL, .parts = &p, .n = 1};
	bool kept;

	buf_add(&text, j->result.text);
	buf_add(&text, told);
	arena_free(j->arena);
	j->arena = NULL;
	p.text = buf_slice(&text);
	kept = message_copy(j->all->run->arena, &m, &j->said);
	buf_release(&text);
	return kept ? RC_OK : err_set(e, RC_TOO_LARGE, "no room for the tools' results");
}

static WAITS enum rc job_end(struct job *j, struct err *e)
{
	struct slice told = SLICE_NONE;
	struct agent_event ev = {.kind = AGENT_TOOL_END, .call = &j->call, .result = &j->result, .told = &told};
	enum rc rc;

	if (j->log.rc != RC_OK)
		log_err(j->all->run->log, "tool", &j->log);
	if (j->log.rc == RC_TOO_LARGE)
		refuse(j, S("There is no room for this result beside those of the other calls. If there were any, call it again by itself."));
	if (j->rc != RC_OK && j->late)
		refuse(j, arena_printf(j->arena, "The tool '%.*s' did not answer within %d s.", SLICE_ARG(j->call.name), (int)(j->all->t->tool_us / IO_SECOND)));
	else if (j->rc != RC_OK)
		refuse(j, S("The tool was stopped."));
	else if (j->result.parks && !j->all->parked)
		j->all->parked = j;
	else if (j->result.parks)
		refuse(j, S("Not called: the page runs one such tool at a time. Call it again once the other has answered."));
	if (j == j->all->parked)
		return RC_OK;
	rc = emit(j->all, &ev, e);
	return rc == RC_OK ? job_keep(j, told, e) : rc;
}

static WAITS enum rc job_begin(struct job *j, struct err *e)
{
	struct agent_event ev = {.kind = AGENT_TOOL_BEGIN, .call = &j->call};
	struct io *io = j->all->run->io;
	enum rc rc = emit(j->all, &ev, e);

	if (rc != RC_OK)
		return rc;
	j->arena = arena_new(TOOL_ARENA_MAX, j->all->run->arena);
	if (cannot_run(j))
		return job_end(j, e);
	stop_init(&j->stop, io, &j->all->stop);
	io_timer_set(io, &j->timer, io_in(io, j->all->t->tool_us), job_late, j);
	j->task = io_go(io, "tool", job_main, j);
	j->all->alive++;
	return RC_OK;
}

static WAITS enum rc begin_all(struct jobs *js, struct err *e)
{
	size_t place = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < js->t->said->n && rc == RC_OK; i++) {
		const struct part *p = &js->t->said->parts[i];
		struct job *j = &js->job[place];

		if (p->kind != PART_CALL)
			continue;
		j->all = js;
		j->place = place;
		j->call = (struct agent_call){.index = js->t->first + place, .id = p->call_id, .name = p->name, .title = p->name, .args = p->args};
		j->call.tool = js->run->tools ? toolset_find(js->run->tools, p->name) : NULL;
		if (j->call.tool && j->call.tool->spec.title.n)
			j->call.title = j->call.tool->spec.title;
		place++;
		rc = job_begin(j, e);
	}
	return rc;
}

static WAITS enum rc take_letters(struct jobs *js, struct err *e)
{
	enum rc rc = RC_OK;

	while (js->alive > 0 && rc == RC_OK) {
		struct letter l;
		struct job *j;

		if (mbox_take(js->box, &l, IO_FOREVER, js->t->stop) != RC_OK)
			return err_set(e, RC_STOPPED, "stopped while tools ran");
		j = &js->job[l.place];
		if (l.last) {
			job_join(j);
			rc = job_end(j, e);
		} else {
			struct agent_event ev = {.kind = AGENT_TOOL_NEWS, .call = &j->call, .delta = slice_mem(l.text, l.n)};

			rc = emit(js, &ev, e);
		}
	}
	return rc;
}

static bool ends_answer(const struct jobs *js, const struct job *j)
{
	const struct agent_opts *o = js->run->opts;

	if (j->result.is_error)
		return false;
	for (size_t i = 0; i < o->n_stop_at; i++)
		if (slice_glob(o->stop_at[i], j->call.name))
			return true;
	return j->result.last;
}

/* The call outlives its job: the message that it stands in lives as long as the run. */
static enum rc keep_parked(struct jobs *js, struct tools_done *out, struct err *e)
{
	struct agent_call *call = arena_try(js->run->arena, sizeof(*call));
	struct slice args = arena_try_dup(js->run->arena, js->parked->result.args);

	if (!call || !args.p)
		return err_set(e, RC_TOO_LARGE, "no room for the call that parks");
	*call = js->parked->call;
	out->parked = call;
	out->parked_result = (struct tool_result){.parks = true, .args = args};
	return RC_OK;
}

static enum rc collect(struct jobs *js, struct tools_done *out, struct err *e)
{
	for (size_t i = 0; i < js->n; i++) {
		const struct job *j = &js->job[i];

		if (j == js->parked)
			continue;
		out->results[out->n++] = j->said;
		out->last = out->last || ends_answer(js, j);
	}
	return js->parked ? keep_parked(js, out, e) : RC_OK;
}

enum rc tools_run(const struct tools_round *t, struct tools_done *out, struct err *e)
{
	struct jobs js = {.t = t, .run = t->run, .n = message_calls(t->said)};
	struct arena *a = arena_new(js.n * (sizeof(struct job) + sizeof(struct letter)) + 65536, t->run->arena);
	enum rc rc;

	*out = (struct tools_done){.results = arena_try(t->run->arena, js.n * sizeof(*out->results))};
	if (!out->results) {
		arena_free(a);
		return err_set(e, RC_TOO_LARGE, "no room for the tools' results");
	}
	js.job = arena_alloc(a, js.n * sizeof(*js.job));
	js.box = mbox_new(a, t->run->io, sizeof(struct letter), NEWS_PLACES, js.n);
	stop_init(&js.stop, t->run->io, t->stop);
	rc = begin_all(&js, e);
	if (rc == RC_OK)
		rc = take_letters(&js, e);
	if (rc == RC_OK)
		rc = collect(&js, out, e);
	/* A run that fails stops what it began, and waits for it. */
	stop_set(&js.stop, STOP_FAILED);
	for (size_t i = 0; i < js.n; i++) {
		if (js.job[i].task)
			job_join(&js.job[i]);
		arena_free(js.job[i].arena);
	}
	stop_release(&js.stop);
	arena_free(a);
	return rc;
}

/* ---- one alone ---- */

struct late {
	struct stop stop;
	bool late;
};

static void late_now(void *ctx)
{
	struct late *l = ctx;

	l->late = true;
	stop_set(&l->stop, STOP_FAILED);
}

enum rc tools_one(struct io *io, const struct agent_opts *o, const struct tools_call *call, const struct caller *who, struct arena *a, struct stop *stop,
		  const struct log_ctx *log, struct tool_result *out, struct err *e)
{
	struct late l = {.late = false};
	struct io_timer timer = {0};
	struct err fault;
	enum rc rc;

	stop_init(&l.stop, io, stop);
	io_timer_set(io, &timer, io_in(io, o->tool_us ? o->tool_us : TOOL_US), late_now, &l);
	rc = tool_invoke(call->tool, who, call->id, call->args, a, &l.stop, NULL, NULL, out, &fault);
	io_timer_off(io, &timer);
	stop_release(&l.stop);
	if (fault.rc != RC_OK)
		log_err(log, "an action's tool", &fault);
	if (rc == RC_STOPPED && l.late && (!stop || !stop_why(stop))) {
		*out = (struct tool_result){.is_error = true, .text = S("This took too long.")};
		return RC_OK;
	}
	return rc == RC_OK ? RC_OK : err_set(e, rc, "stopped while an action's tool ran");
}
