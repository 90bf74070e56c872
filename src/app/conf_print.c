/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "wire/url.h"
#include "wire/utf8.h"

#define PATH_WIDTH 28
#define SHOW_MAX 60 /* bytes of a long text */

static void show_text(struct slice s, struct buf *out)
{
	struct slice head = utf8_cut(s, SHOW_MAX);

	for (size_t i = 0; i < head.n; i++)
		buf_addch(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
	if (head.n < s.n)
		buf_addf(out, "... (%zu bytes)", s.n);
}

static void show_list(const struct conf_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		buf_adds(out, i ? ", " : "");
		buf_add(out, list->v[i]);
	}
}

static void show_size(struct slice s, struct buf *out)
{
	buf_addf(out, "set, %zu bytes", s.n);
}

void conf_show_url(struct slice s, struct buf *out)
{
	struct url u;
	struct slice query;

	if (!url_parse(s, &u)) {
		show_size(s, out);
		return;
	}
	buf_addf(out, "%.*s://", SLICE_ARG(u.scheme));
	if (u.user.n)
		buf_addf(out, "%.*s%s@", SLICE_ARG(u.user), u.password.n ? ":***" : "");
	/* Where the host stands in s, brackets and ports and all: from the last at sign to the path. */
	query = slice_cut(slice_from(s, u.scheme.n + 3), '?', &s);
	while (slice_find(s, S("@")) >= 0)
		s = slice_from(s, (size_t)slice_find(s, S("@")) + 1);
	buf_add(out, s);
	if (query.n && slice_find(query, S("password")) < 0)
		buf_addf(out, "?%.*s", SLICE_ARG(query));
}

static void show_word(unsigned i, const char *words, struct buf *out)
{
	struct slice rest = slice_cstr(words), word = rest;

	for (unsigned k = 0; k <= i; k++)
		rest = slice_cut(rest, '|', &word);
	buf_add(out, word);
}

static void show_bool(bool v, const char *words, struct buf *out)
{
	struct slice first, second = slice_cut(slice_cstr(words ? words : "false|true"), '|', &first);

	buf_add(out, v ? second : first);
}

/* The same spelling that conf_set reads. Empty: not set. */
void conf_show(const struct conf *c, const struct conf_row *row, struct buf *out)
{
	const void *at = (const char *)c + row->at;
	const struct slice *s = at;

	switch (row->type) {
	case CONF_TEXT:
	case CONF_LINE:
	case CONF_URL:
	case CONF_BASE_PATH:
	case CONF_PATH:
	case CONF_CA_FILE:
	case CONF_LOG:
		show_text(*s, out);
		break;
	case CONF_SECRET:
	case CONF_KEY:
		if (s->n)
			show_size(*s, out);
		break;
	case CONF_DATABASE:
	case CONF_PROXY:
		if (s->n)
			conf_show_url(*s, out);
		break;
	case CONF_UNSIGNED:
		buf_addi(out, (int64_t)*(const unsigned *)at / row->unit);
		break;
	case CONF_SIZE:
		buf_addi(out, (int64_t)*(const size_t *)at / row->unit);
		break;
	case CONF_INT:
		buf_addi(out, *(const int64_t *)at / row->unit);
		break;
	case CONF_DECIMAL:
		if (*(const double *)at >= 0)
			buf_addf(out, "%g", *(const double *)at);
		break;
	case CONF_BOOL:
		show_bool(*(const bool *)at, row->words, out);
		break;
	case CONF_WORD:
		show_word(*(const unsigned *)at, row->words, out);
		break;
	case CONF_NAMES:
	case CONF_MEDIA:
	case CONF_ORIGINS:
		show_list(at, out);
		break;
	case CONF_TYPE__MAX:
		break;
	}
}

static void print_line(const char *path, struct slice value, const char *unit, const struct conf_origin *from, struct buf *out)
{
	buf_addf(out, "  %-*s ", PATH_WIDTH, path);
	if (value.n == 0)
		buf_adds(out, from->source == CONF_FROM_FILE ? "none  [file]\n" : "not set\n");
	else if (from->source == CONF_FROM_ENV)
		buf_addf(out, "%.*s%s%s  [environment, %s]\n", SLICE_ARG(value), unit ? " " : "", unit ? unit : "", from->var);
	else
		buf_addf(out, "%.*s%s%s  [%s]\n", SLICE_ARG(value), unit ? " " : "", unit ? unit : "", from->source == CONF_FROM_FILE ? "file" : "default");
}

static void print_provider(const struct conf_provider *p, struct buf *out)
{
	char path[64];
	struct buf value = BUF_INIT(256);

	if (p->api_key.n) {
		snprintf(path, sizeof(path), "providers.%s.api_key", p->provider->prefix);
		show_size(p->api_key, &value);
		print_line(path, buf_slice(&value), NULL, &p->key_from, out);
	}
	if (p->base_url.n) {
		snprintf(path, sizeof(path), "providers.%s.base_url", p->provider->prefix);
		print_line(path, p->base_url, NULL, &p->base_from, out);
	}
	buf_release(&value);
}

static void print_models(const struct conf *c, struct buf *out)
{
	buf_adds(out, "\nmodels:\n");
	for (size_t i = 0; i < c->n_models; i++)
		buf_addf(out, "  %.*s%s\n", SLICE_ARG(c->models[i].name), i == 0 ? "  (the default)" : "");
	if (c->n_models == 0)
		buf_adds(out, "  none\n");
}

static void print_warnings(const struct conf *c, struct buf *out)
{
	struct slice rest = c->warnings, line;

	buf_adds(out, rest.n ? "\nwarnings:\n" : "");
	while (rest.n) {
		rest = slice_cut(rest, '\n', &line);
		buf_addf(out, "  %.*s\n", SLICE_ARG(line));
	}
}

void conf_print(const struct conf *c, struct buf *out)
{
	struct buf value = BUF_INIT(16384);
	const struct conf_row *row;

	buf_addf(out, "file: %.*s\n\nsettings:\n", SLICE_ARG(c->file.n ? c->file : S("none")));
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		buf_clear(&value);
		conf_show(c, row, &value);
		print_line(row->path, buf_slice(&value), row->unit_name, &c->from[i], out);
	}
	for (size_t i = 0; i < c->n_providers; i++)
		print_provider(&c->providers[i], out);
	print_models(c, out);
	conf_print_parts(c, out);
	print_warnings(c, out);
	buf_release(&value);
}

static void help_provider(const struct provider *p, struct buf *out)
{
	buf_addf(out, "  %-14s", p->prefix);
	for (size_t i = 0; i < countof(p->key_env) && p->key_env[i]; i++)
		buf_addf(out, " %s", p->key_env[i]);
	for (size_t i = 0; i < countof(p->base_env) && p->base_env[i]; i++)
		buf_addf(out, " %s", p->base_env[i]);
	if (p->default_model[0])
		buf_addf(out, "  (by itself: %s/%s)", p->prefix, p->default_model);
	buf_addch(out, '\n');
}

void conf_help(struct buf *out)
{
	const struct conf_part *part;
	const struct conf_row *row;
	const struct provider *p;

	buf_adds(out, "Settings: the key in chatkit.json, and the variable, which wins over it.\n\n");
	for (size_t i = 0; (row = conf_row_at(i)); i++) {
		buf_addf(out, "  %-*s %s", PATH_WIDTH, row->path, row->env[0]);
		if (row->env[1])
			buf_addf(out, ", %s", row->env[1]);
		if (row->dflt && row->type != CONF_TEXT)
			buf_addf(out, "  (%s%s%s)", row->dflt, row->unit_name ? " " : "", row->unit_name ? row->unit_name : "");
		buf_addf(out, "\n      %s\n", row->help);
	}
	buf_adds(out, "\nIn the file only:\n\n");
	for (size_t i = 0; (part = conf_part_at(i)); i++)
		buf_addf(out, "  %s\n      %s\n", part->path, part->help);
	buf_adds(out, "\nProviders, in order of precedence: providers.NAME.api_key and .base_url, or a variable.\n\n");
	for (size_t i = 0; (p = provider_at(i)); i++)
		help_provider(p, out);
	buf_adds(out, "\nThe file: -c FILE, CHATKIT_CONFIG, chatkit.json beside the executable, in the folder above, in /etc/chatkit.\n");
}
