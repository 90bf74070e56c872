/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "wire/url.h"

bool conf_provider_key(const char *key)
{
	return strcmp(key, "api_key") == 0 || strcmp(key, "base_url") == 0;
}

static struct conf_provider *said_of(struct conf *c, const struct provider *p)
{
	for (size_t i = 0; i < c->n_providers; i++)
		if (c->providers[i].provider == p)
			return &c->providers[i];
	CHECK(c->n_providers < CONF_PROVIDERS_MAX);
	c->providers[c->n_providers].provider = p;
	return &c->providers[c->n_providers++];
}

static void set_key(struct conf_reader *r, struct conf_provider *to, const char *where, struct slice text, bool literal, struct conf_origin from)
{
	bool named;

	if (!conf_key(r, where, text, &text, &named))
		return;
	if (literal && !named)
		r->literal_secret = true;
	conf_wipe(to->api_key);
	to->api_key = arena_dup(r->c->arena, text);
	to->key_from = from;
}

static void set_base(struct conf_reader *r, struct conf_provider *to, const char *where, struct slice text, struct conf_origin from)
{
	struct url u;

	while (text.n && text.p[text.n - 1] == '/')
		text.n--;
	/* Not quoted: people paste keys into addresses. */
	if (!url_parse(text, &u) || u.host.n == 0 || u.user.n || u.password.n || u.query.n || u.fragment.n ||
	    (!slice_eq_nocase(u.scheme, S("http")) && !slice_eq_nocase(u.scheme, S("https")))) {
		conf_problem(r, where, "is no address: expected http(s)://host/v1, without a user, a query or a fragment");
		return;
	}
	to->base_url = arena_dup(r->c->arena, text);
	to->base_from = from;
}

void conf_provider_set(struct conf_reader *r, const struct provider *p, const char *key, const char *where, struct slice text, bool literal,
		       struct conf_origin from)
{
	text = slice_trim(text);
	if (text.n == 0)
		return;
	if (strcmp(key, "api_key") == 0)
		set_key(r, said_of(r->c, p), where, text, literal, from);
	else
		set_base(r, said_of(r->c, p), where, text, from);
}

static void read_vars(struct conf_reader *r, const struct provider *p, const char *key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && names[i]; i++) {
		const char *value = conf_getenv(r->from, slice_cstr(names[i]));

		if (!value)
			continue;
		conf_provider_set(r, p, key, names[i], slice_cstr(value), false, (struct conf_origin){CONF_FROM_ENV, names[i]});
		return;
	}
}

void conf_provider_env(struct conf_reader *r)
{
	const struct provider *p;

	for (size_t i = 0; (p = provider_at(i)); i++) {
		read_vars(r, p, "api_key", p->key_env, countof(p->key_env));
		read_vars(r, p, "base_url", p->base_env, countof(p->base_env));
	}
}

static const struct conf_provider *look(const struct conf *c, const struct provider *p)
{
	for (size_t i = 0; i < c->n_providers; i++)
		if (c->providers[i].provider == p)
			return &c->providers[i];
	return NULL;
}

static const char *known_providers(struct conf_reader *r)
{
	struct buf b = BUF_INIT(4096);
	const char *text;

	for (size_t i = 0; provider_at(i); i++)
		buf_addf(&b, "%s%s", i ? " " : "", provider_at(i)->prefix);
	text = arena_cstr(r->scratch, buf_slice(&b));
	buf_release(&b);
	return text;
}

/* Nobody is found: says what the name may have been meant to be. */
static void tell_unknown(struct conf_reader *r, const char *where, struct slice name)
{
	const char *shown = conf_quote(r, name);

	if (slice_starts(name, S("claude")) || slice_starts(name, S("anthropic/")))
		conf_problem(r, where, "%s: anthropic is not supported yet; openrouter/anthropic/MODEL is one way to it", shown);
	else if (slice_find(name, S("/")) < 0)
		conf_problem(r, where, "%s: expected provider/model, as openai/gpt-5-mini", shown);
	else
		conf_problem(r, where, "%s: expected provider/model, with a provider of: %s", shown, known_providers(r));
}

/* "litellm/" is dropped; a bare name that says nothing goes to the server that OPENAI_BASE_URL names, as it does in OpenAI's own libraries. */
static const struct provider *find(const struct conf *c, struct slice name, struct slice *model)
{
	const struct provider *p = provider_split(name, model), *openai = provider_find(S("openai"));
	const struct conf_provider *said = look(c, openai);

	if (p || name.n == 0 || slice_find(name, S("/")) >= 0 || !said || said->base_url.n == 0)
		return p;
	*model = name;
	return openai;
}

/* The model called name, with all that is known of its provider; false: told. */
static bool resolve(struct conf_reader *r, const char *where, struct slice name, struct model_opts *out)
{
	struct slice model;
	const struct provider *p = find(r->c, name, &model);
	const struct conf_provider *said = p ? look(r->c, p) : NULL;

	if (!p) {
		tell_unknown(r, where, name);
		return false;
	}
	*out = r->c->model;
	out->name = arena_printf(r->c->arena, "%s/%.*s", p->prefix, SLICE_ARG(model));
	out->base_url = said ? said->base_url : SLICE_NONE;
	out->api_key = said ? said->api_key : SLICE_NONE;
	if (out->base_url.n == 0 && p->base_url[0] == '\0' && p->base_env[0]) {
		conf_problem(r, where, "%s needs an address: set %s, or providers.%s.base_url", conf_quote(r, out->name), p->base_env[0], p->prefix);
		return false;
	}
	if (out->base_url.n == 0 && out->api_key.n == 0 && p->key_needed) {
		conf_problem(r, where, "%s needs a key: set %s, or providers.%s.api_key", conf_quote(r, out->name), p->key_env[0], p->prefix);
		return false;
	}
	return true;
}

static void explain_none(struct conf *c)
{
	for (size_t i = 0; i < c->n_providers; i++)
		if (c->providers[i].api_key.n || c->providers[i].base_url.n) {
			const char *prefix = c->providers[i].provider->prefix;

			c->model_why = arena_printf(c->arena, "No model is configured: %s is set up, but has no default model. Set CHATKIT_MODEL to %s/MODEL.",
						    prefix, prefix);
			return;
		}
	c->model_why = S("No model is configured. Set CHATKIT_MODEL (as openai/gpt-5-mini) and its provider's key, or only OPENAI_API_KEY, GEMINI_API_KEY or "
			 "OPENROUTER_API_KEY.");
}

/* The first provider, in the table's order, that somebody gave a key or an address. */
static struct slice by_key(struct conf_reader *r, const char **where)
{
	const struct provider *p;

	for (size_t i = 0; (p = provider_at(i)); i++) {
		const struct conf_provider *said = look(r->c, p);

		if (!said || p->default_model[0] == '\0' || (said->api_key.n == 0 && said->base_url.n == 0))
			continue;
		*where = said->key_from.var ? said->key_from.var : said->base_from.var ? said->base_from.var : p->prefix;
		return arena_printf(r->scratch, "%s/%s", p->prefix, p->default_model);
	}
	return SLICE_NONE;
}

const char *conf_name_of(const struct conf_reader *r, const char *path)
{
	const struct conf_origin *from = &r->c->from[conf_row_index(conf_row_find(slice_cstr(path)))];

	return from->source == CONF_FROM_ENV ? from->var : path;
}

static void add_model(struct conf_reader *r, const char *where, struct slice name)
{
	struct conf *c = r->c;
	struct model_opts m;

	if (!resolve(r, where, name, &m))
		return;
	for (size_t i = 0; i < c->n_models; i++)
		if (slice_eq(c->models[i].name, m.name))
			return;
	if (c->n_models == CONF_LIST_MAX)
		conf_problem(r, where, "holds more than %d with the default model", CONF_LIST_MAX);
	else
		c->models[c->n_models++] = m;
}

void conf_choose_models(struct conf_reader *r)
{
	struct conf *c = r->c;
	struct slice name = slice_trim(c->model.name);
	const char *where = conf_name_of(r, "model"), *list = conf_name_of(r, "models");

	if (name.n == 0 && c->model_names.n == 0)
		name = by_key(r, &where);
	if (name.n)
		add_model(r, where, name);
	for (size_t i = 0; i < c->model_names.n; i++)
		add_model(r, list, c->model_names.v[i]);
	c->model.name = SLICE_NONE;
	if (c->n_models)
		c->model = c->models[0];
	else
		explain_none(c);
}

void conf_choose_titles(struct conf_reader *r)
{
	struct conf *c = r->c;

	c->title_model = c->model;
	if (c->title_name.n)
		resolve(r, conf_name_of(r, "titles.model"), c->title_name, &c->title_model);
}

/* Its url and key, when only the wish was said. */
static void transcribe_by_openai(struct conf_reader *r)
{
	const struct provider *openai = provider_find(S("openai"));
	const struct conf_provider *said = look(r->c, openai);
	struct slice base = said && said->base_url.n ? said->base_url : slice_cstr(openai->base_url);

	if (!said || (said->api_key.n == 0 && said->base_url.n == 0)) {
		conf_problem(r, conf_name_of(r, "transcription.enabled"), "needs an address: set transcription.url, or OPENAI_API_KEY to take OpenAI's");
		return;
	}
	r->c->transcribe.url = arena_printf(r->c->arena, "%.*s/audio/transcriptions", SLICE_ARG(base));
	if (r->c->transcribe.api_key.n == 0)
		r->c->transcribe.api_key = arena_dup(r->c->arena, said->api_key);
}

void conf_choose_transcriber(struct conf_reader *r)
{
	struct conf *c = r->c;

	if (c->from[conf_row_index(conf_row_find(S("transcription.enabled")))].source == CONF_DEFAULT)
		c->transcribes = c->transcribe.url.n > 0;
	else if (c->transcribes && c->transcribe.url.n == 0)
		transcribe_by_openai(r);
	if (!c->transcribes) {
		conf_wipe(c->transcribe.api_key);
		c->transcribe = (struct transcribe_opts){.url = SLICE_NONE};
	}
}
