/* SPDX-License-Identifier: MIT */
#include "app/conf.h"

#include "app/conf_table.h"

#include "wire/url.h"

#include <stdarg.h>
#include <unistd.h>

#define CONF_ARENA_MAX (48 * 1024 * 1024)
#define SCRATCH_MAX (64 * 1024 * 1024) /* the tree of a file of the largest size */

void conf_problem(struct conf_reader *r, const char *where, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->n_problems++ == 0)
		err_set(r->e, RC_CONF, "%s: %s", where, text);
	if (r->problems)
		buf_addf(r->problems, "%s: %s\n", where, text);
}

void conf_warn(struct conf_reader *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_addf(&r->warnings, "%s\n", text);
}

const char *conf_quote(struct conf_reader *r, struct slice s)
{
	char *text = arena_try(r->scratch, 64);
	size_t n = s.n < 60 ? s.n : 60;

	if (!text)
		return "...";
	/* No NUL: it would end the message. Bytes that are not ASCII pass: names are people's. */
	for (size_t i = 0; i < n; i++)
		text[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? '?' : s.p[i];
	if (s.n > n)
		memcpy(text + n, "...", 3);
	return text;
}

static void set_defaults(struct conf_reader *r)
{
	const struct conf_row *row;

	r->c->http.user_agent = "chatkit-fcgi";
	r->c->agent.temperature = -1;
	for (size_t i = 0; (row = conf_row_at(i)); i++)
		if (row->dflt)
			CHECK(conf_set(r, row, row->path, slice_cstr(row->dflt)));
}

static bool is_this_machine(struct slice host)
{
	return slice_is(host, "localhost") || slice_starts(host, S("127.")) || slice_is(host, "::1") || slice_ends(host, S(".localhost"));
}

/* Without a folder nothing can be kept, without a secret no address can be signed. */
static struct slice why_no_files(struct conf_reader *r)
{
	const struct conf *c = r->c;

	if (!c->files.enabled)
		return S("attachments.enabled is false");
	if (c->state_dir.n == 0)
		return S("state_dir (CHATKIT_STATE_DIR) is not set");
	if (access(c->state_dir.p, W_OK | X_OK) != 0)
		return arena_printf(c->arena, "this user cannot write into state_dir, %.*s", SLICE_ARG(c->state_dir));
	return c->secret.n ? SLICE_NONE : S("auth.secret (CHATKIT_SECRET) is not set");
}

static void offer_files(struct conf_reader *r)
{
	struct conf *c = r->c;

	c->files_why = why_no_files(r);
	c->files.offered = c->files_why.n == 0;
	/* A folder was named for it, so it is missed. */
	if (c->files.enabled && c->state_dir.n && !c->files.offered)
		conf_warn(r, "attachments are not offered: %.*s", SLICE_ARG(c->files_why));
}

/* What works, but probably not as meant. */
static void warn(struct conf_reader *r)
{
	const struct conf *c = r->c;
	struct url u;

	if (!c->has_db)
		conf_warn(r, "no database: set DATABASE_URL, or nothing can be stored and every conversation is refused");
	if (c->n_models == 0)
		conf_warn(r, "%.*s", SLICE_ARG(c->model_why));
	if (!c->anonymous && c->jwt_secret.n == 0)
		conf_warn(r, "nobody can come in: auth.anonymous is false and there is no auth.jwt_secret");
	if (c->anonymous && c->secret.n == 0)
		conf_warn(r, "no CHATKIT_SECRET: people without a token cannot start a conversation");
	if (c->public_url.n && url_parse(c->public_url, &u) && slice_eq_nocase(u.scheme, S("http")) && !is_this_machine(u.host))
		conf_warn(r, "public_url is http: cookies and conversations can be read and changed on the way");
	if (c->file.n == 0 && r->from->cgi && !c->has_db)
		conf_warn(r, "no chatkit.json was found beside the executable, in the folder above, or in /etc/chatkit");
}

static void check_together(struct conf_reader *r)
{
	const struct conf *c = r->c;

	if (c->text_max > c->body_max)
		conf_problem(r, "limits.text_kib", "a message of %zu KiB does not fit into a body of %zu KiB (limits.body_kib)", c->text_max / 1024,
			     c->body_max / 1024);
	if (c->secret_old.n && c->secret.n == 0)
		conf_problem(r, "auth.secret_old", "is set, but auth.secret (CHATKIT_SECRET) is not");
	if (c->files.max_bytes > c->files.owner_bytes)
		conf_problem(r, "attachments.max_mib", "a file of %zu MiB is more than one person may have (attachments.owner_mib)", c->files.max_bytes >> 20);
}

enum rc conf_load(const struct conf_from *from, struct conf **out, struct buf *problems, struct err *e)
{
	struct arena *a = arena_new(CONF_ARENA_MAX, NULL);
	struct conf_reader r = {.from = from, .c = arena_new_of(a, struct conf), .problems = problems, .warnings = BUF_INIT(65536), .e = e};

	*out = NULL;
	r.c->arena = a;
	r.scratch = arena_new(SCRATCH_MAX, NULL);
	set_defaults(&r);
	conf_read_file(&r);
	conf_read_env(&r);
	conf_choose_models(&r);
	conf_choose_titles(&r);
	conf_choose_transcriber(&r);
	conf_read_widgets(&r);
	conf_check_actions(&r);
	offer_files(&r);
	r.c->agent.stop_at = r.c->stop_at_tools.v;
	r.c->agent.n_stop_at = r.c->stop_at_tools.n;
	check_together(&r);
	warn(&r);
	r.c->warnings = arena_dup(a, buf_slice(&r.warnings));
	buf_release(&r.warnings);
	arena_free(r.scratch);
	if (r.n_problems) {
		conf_free(r.c);
		return RC_CONF;
	}
	*out = r.c;
	return RC_OK;
}

void conf_free(struct conf *c)
{
	const struct conf_row *row;

	if (!c)
		return;
	for (size_t i = 0; (row = conf_row_at(i)); i++)
		if (row->type == CONF_SECRET || row->type == CONF_KEY || row->type == CONF_DATABASE || row->type == CONF_PROXY)
			conf_wipe(*(struct slice *)(void *)((char *)c + row->at));
	for (size_t i = 0; i < c->n_providers; i++)
		conf_wipe(c->providers[i].api_key);
	arena_free(c->widgets_arena);
	arena_free(c->arena);
}
