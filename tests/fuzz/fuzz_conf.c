/* SPDX-License-Identifier: MIT */
/*
 * chatkit.json from anybody, its variables, and database URLs. What is taken keeps the table's limits; what is refused has a text, and a URL that was taken
 * is taken again and stays the same.
 */
#include "tests/fuzz/fuzz.h"

#include "app/conf_table.h"

static void check_taken(const struct conf *c)
{
	CHECK(c->port >= 1 && c->port <= 65535);
	CHECK(c->body_max >= 1024 && c->body_max <= 65536 * 1024);
	CHECK(c->secret.n == 0 || c->secret.n >= CONF_SECRET_MIN);
	CHECK(c->jwt_secret.n == 0 || c->jwt_secret.n >= CONF_SECRET_MIN);
	CHECK(c->cors_origins.n <= CONF_LIST_MAX && c->model_names.n <= CONF_LIST_MAX);
	CHECK(!slice_ends(c->base_path, S("/")) && (c->base_path.n == 0 || c->base_path.p[0] == '/'));
}

/* With problems or without, what is there keeps its limits. */
static void check_parts(const struct conf *c)
{
	CHECK(c->n_client_tools <= CONF_CLIENT_TOOLS_MAX && c->n_actions <= CONF_ACTIONS_MAX);
	CHECK(c->n_context <= CONF_CONTEXT_MAX && c->n_texts <= CONF_TEXTS_MAX);
	for (size_t i = 0; i < c->n_actions; i++) {
		const struct conf_action *a = &c->actions[i];

		CHECK(a->type.n <= 128 && a->arguments.n <= 64 * 1024 && a->effects.n <= 64 * 1024);
		CHECK(a->notice_message.n == 0 || a->notice_level.n > 0);
	}
	for (size_t i = 0; i < c->n_texts; i++)
		CHECK(c->texts[i].text.n > 0 && c->texts[i].text.n <= 319);
}

static const char *const few[] = {"A=a", "LIST=https://a.example,https://b.example", "N=7", NULL};

#define VARIABLES_MAX 100

/* The lines of in are variables. */
static const char *const *variables(struct arena *a, struct slice in)
{
	const char **v = arena_alloc(a, (VARIABLES_MAX + 1) * sizeof(*v));
	struct slice line;

	for (size_t n = 0; in.n && n < VARIABLES_MAX; n++) {
		in = slice_cut(in, '\n', &line);
		v[n] = arena_cstr(a, slice_upto(line, 1000));
	}
	return v;
}

/* A file's text, or no file and these variables. */
static void read_all(struct slice in, const char *const *environ_)
{
	struct conf_from from = {.environ = (char *const *)(uintptr_t)environ_, .cgi = true};
	struct arena *a = arena_new(16 * 1024 * 1024, NULL);
	struct buf problems = BUF_INIT(1024 * 1024), shown = BUF_INIT(1024 * 1024);
	struct err e = ERR_INIT;
	struct conf_reader r = {.from = &from, .c = arena_new_of(a, struct conf), .problems = &problems, .warnings = BUF_INIT(65536), .e = &e};

	r.c->arena = a;
	r.scratch = arena_new(64 * 1024 * 1024, NULL);
	r.c->port = 8080;
	r.c->body_max = 1024;
	if (in.n)
		conf_read_text(&r, "x.json", in);
	conf_read_env(&r);
	conf_choose_models(&r);
	conf_choose_titles(&r);
	conf_choose_transcriber(&r);
	conf_check_actions(&r);
	check_taken(r.c);
	check_parts(r.c);
	CHECK((r.n_problems == 0) == (problems.n == 0));
	CHECK((r.n_problems == 0) == (e.rc == RC_OK));
	conf_print(r.c, &shown);
	buf_release(&shown);
	buf_release(&problems);
	buf_release(&r.warnings);
	arena_free(r.scratch);
	conf_free(r.c);
}

static void read_variables(struct slice in)
{
	struct arena *a = arena_new(1024 * 1024, NULL);

	read_all(SLICE_NONE, variables(a, in));
	arena_free(a);
}

static void read_url(struct slice in)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct slice once, twice;
	struct buf shown = BUF_INIT(65536);
	struct err e = ERR_INIT;

	if (conf_database_url(a, in, &once, &e) == RC_OK) {
		CHECK(once.n > 0 && strlen(once.p) == once.n);
		CHECK(conf_database_url(a, once, &twice, &e) == RC_OK && slice_eq(once, twice));
		conf_show_url(once, &shown);
	} else {
		CHECK(e.rc == RC_CONF && e.msg[0] && once.n == 0);
	}
	buf_release(&shown);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_from(slice_mem(data, n), 1);

	if (n == 0)
		return 0;
	if (data[0] & 1)
		read_url(in);
	else if (data[0] & 2)
		read_variables(in);
	else
		read_all(in, few);
	return 0;
}
