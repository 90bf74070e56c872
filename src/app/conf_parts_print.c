/* SPDX-License-Identifier: MIT */
/* What `check` says of the parts: a line each. */
#include "app/conf_table.h"

static void begin(const char *part, struct buf *out)
{
	buf_addf(out, "  %s: ", part);
}

static void print_client_tools(const struct conf *c, struct buf *out)
{
	begin("client_tools", out);
	for (size_t i = 0; i < c->n_client_tools; i++)
		buf_addf(out, "%s%.*s", i ? ", " : "", SLICE_ARG(c->client_tools[i].name));
	buf_adds(out, c->n_client_tools ? "\n" : "none\n");
}

static void print_widgets(const struct conf *c, struct buf *out)
{
	begin("widgets", out);
	if (c->widgets_folder.n == 0) {
		buf_adds(out, "none\n");
		return;
	}
	buf_addf(out, "%zu from %.*s", c->n_widgets, SLICE_ARG(c->widgets_folder));
	for (size_t i = 0; i < c->n_widgets; i++)
		buf_addf(out, "%s%.*s", i ? ", " : ": ", SLICE_ARG(c->widgets[i].file.name));
	buf_addch(out, '\n');
}

/* "task.* -> complete_task": the tool, else what it does itself. */
static void print_action(const struct conf_action *a, struct buf *out)
{
	const struct {
		bool there;
		const char *name;
	} does[] = {
		{a->message.n, "message"},
		{a->notice_message.n, "notice"},
		{a->hidden_context.n, "hidden_context"},
		{a->effects.n, "effects"},
		{a->widget.n, "widget"},
		{a->title.n, "title"},
		{a->status != CONF_STATUS_KEEP, "status"},
		{a->resume, "the agent"},
	};
	const char *before = " -> ";

	buf_add(out, a->type);
	if (a->tool.n) {
		buf_addf(out, "%s%.*s", before, SLICE_ARG(a->tool));
		before = " + ";
	}
	for (size_t i = 0; i < countof(does); i++)
		if (does[i].there) {
			buf_addf(out, "%s%s", before, does[i].name);
			before = " + ";
		}
	/* once alone is a choice, too. */
	if (before[1] == '-')
		buf_adds(out, " -> nothing");
}

static void print_actions(const struct conf *c, struct buf *out)
{
	begin("actions", out);
	for (size_t i = 0; i < c->n_actions; i++) {
		buf_adds(out, i ? ", " : "");
		print_action(&c->actions[i], out);
	}
	buf_adds(out, c->n_actions ? "\n" : "none\n");
}

static void print_context(const struct conf *c, struct buf *out)
{
	begin("context.headers", out);
	for (size_t i = 0; i < c->n_context; i++)
		buf_addf(out, "%s%.*s -> {%.*s}", i ? ", " : "", SLICE_ARG(c->context[i].header), SLICE_ARG(c->context[i].name));
	buf_adds(out, c->n_context ? "\n" : "none\n");
}

/* The file has a language's sentences together. */
static void print_texts(const struct conf *c, struct buf *out)
{
	begin("texts", out);
	for (size_t i = 0, first = 0; i < c->n_texts; i++)
		if (i + 1 == c->n_texts || !slice_eq(c->texts[i + 1].locale, c->texts[i].locale)) {
			buf_addf(out, "%s%.*s (%zu)", first ? ", " : "", SLICE_ARG(c->texts[i].locale), i + 1 - first);
			first = i + 1;
		}
	buf_adds(out, c->n_texts ? "\n" : "none\n");
}

static void print_offers(const struct conf *c, struct buf *out)
{
	begin("attachments", out);
	if (c->files.offered)
		buf_addf(out, "offered, in %.*s\n", SLICE_ARG(c->state_dir));
	else
		buf_addf(out, "not offered: %.*s\n", SLICE_ARG(c->files_why));
	begin("transcription", out);
	if (c->transcribes)
		buf_addf(out, "%.*s, %.*s\n", SLICE_ARG(c->transcribe.url), SLICE_ARG(c->transcribe.model));
	else
		buf_adds(out, "none\n");
}

void conf_print_parts(const struct conf *c, struct buf *out)
{
	buf_adds(out, "\nparts:\n");
	print_client_tools(c, out);
	print_widgets(c, out);
	print_actions(c, out);
	print_context(c, out);
	print_texts(c, out);
	print_offers(c, out);
}
