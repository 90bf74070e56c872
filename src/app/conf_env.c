/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "base/crypto.h"

/*
 * As CGI the environment is the request's: HTTP_* are the client's headers, and the rest of RFC 3875's names are the client's or the server's. A name that
 * Apache carries through a rewrite has REDIRECT_ before it.
 */
static bool is_requests(struct slice name)
{
	static const struct slice begins[] = {
		S_INIT("HTTP_"),    S_INIT("REDIRECT_"), S_INIT("REMOTE_"),   S_INIT("REQUEST_"), S_INIT("SCRIPT_"),
		S_INIT("SERVER_"),  S_INIT("CONTENT_"),	 S_INIT("CONTEXT_"),  S_INIT("DOCUMENT_"), S_INIT("PATH_"),
		S_INIT("GATEWAY_"), S_INIT("SSL_"),	 S_INIT("QUERY_"),
	};

	for (size_t i = 0; i < countof(begins); i++)
		if (slice_starts(name, begins[i]))
			return true;
	/* Not AUTH_*: a secret of Auth.js is called AUTH_SECRET. */
	return slice_is(name, "HTTPS") || slice_is(name, "UNIQUE_ID") || slice_is(name, "AUTH_TYPE");
}

const char *conf_getenv(const struct conf_from *from, struct slice name)
{
	if (name.n == 0 || (from->cgi && is_requests(name)))
		return NULL;
	for (char *const *at = from->environ; at && *at; at++) {
		struct slice var = slice_cstr(*at);

		/* Set to nothing is how a shell or a container file unsets. */
		if (var.n > name.n && slice_starts(var, name) && var.p[name.n] == '=')
			return var.p[name.n + 1] ? var.p + name.n + 1 : NULL;
	}
	return NULL;
}

static bool name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (i && c >= '0' && c <= '9')))
			return false;
	}
	return name.n > 0;
}

/* text begins behind "${". *rest is what stands behind "}". */
static bool expand_one(struct conf_reader *r, const char *where, struct slice text, struct buf *out, struct slice *rest)
{
	struct slice name;
	const char *value;

	*rest = slice_cut(text, '}', &name);
	if (name.n == text.n || !name_ok(name)) {
		conf_problem(r, where, "\"${\" begins a variable's name, which has no end or is none; \"$${\" stands for the characters themselves");
		return false;
	}
	if (r->from->cgi && is_requests(name)) {
		conf_problem(r, where, "the variable %.*s belongs to the request and never configures", SLICE_ARG(name));
		return false;
	}
	value = conf_getenv(r->from, name);
	if (!value) {
		conf_problem(r, where, "the variable %s is not set", conf_quote(r, name));
		return false;
	}
	buf_adds(out, value);
	return true;
}

bool conf_expand(struct conf_reader *r, const char *where, struct slice text, struct slice *out, bool *used)
{
	struct buf b = BUF_INIT(CONF_FILE_MAX);
	bool ok = true;

	*used = false;
	while (text.n) {
		if (slice_starts(text, S("$${"))) {
			buf_adds(&b, "${");
			text = slice_from(text, 3);
		} else if (slice_starts(text, S("${"))) {
			*used = true;
			ok = expand_one(r, where, slice_from(text, 2), &b, &text) && ok;
		} else {
			buf_addch(&b, text.p[0]);
			text = slice_from(text, 1);
		}
	}
	if (ok && !buf_ok(&b)) {
		conf_problem(r, where, "is too long");
		ok = false;
	}
	if (ok)
		*out = arena_dup(r->scratch, buf_slice(&b));
	wipe(b.p, b.n);
	buf_release(&b);
	return ok;
}

static void read_row(struct conf_reader *r, const struct conf_row *row)
{
	for (size_t i = 0; i < countof(row->env) && row->env[i]; i++) {
		const char *value = conf_getenv(r->from, slice_cstr(row->env[i]));

		if (!value)
			continue;
		conf_set(r, row, row->env[i], slice_cstr(value));
		r->c->from[conf_row_index(row)] = (struct conf_origin){CONF_FROM_ENV, row->env[i]};
		return;
	}
}

/* A variable of ours with a slip in its name would be silently nothing. */
static void look_for_slips(struct conf_reader *r)
{
	for (char *const *at = r->from->environ; at && *at; at++) {
		struct slice name;
		const char *near;

		slice_cut(slice_cstr(*at), '=', &name);
		if (!slice_starts(name, S("CHATKIT_")) || slice_is(name, "CHATKIT_CONFIG"))
			continue;
		near = conf_near_env(name);
		if (near && !slice_is(name, near))
			conf_warn(r, "the variable %s is none of ours; %s is", conf_quote(r, name), near);
	}
}

void conf_read_env(struct conf_reader *r)
{
	const struct conf_row *row;

	for (size_t i = 0; (row = conf_row_at(i)); i++)
		read_row(r, row);
	conf_provider_env(r);
	look_for_slips(r);
}
