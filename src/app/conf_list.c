/* SPDX-License-Identifier: MIT */
/* Settings that are lists: names, origins, media types. */
#include "app/conf_value.h"

#include "wire/media.h"
#include "wire/url.h"

#define MEDIA_MAX 256 /* bytes of a media type */

/* Each of a list, in turn; v's text is what was given, one is an item without blanks. */
static bool set_list(const struct conf_value *v, bool (*one)(const struct conf_value *, struct slice item, struct slice *out))
{
	struct conf_list *list = v->to;
	struct slice rest = v->text, item;
	bool ok = true;

	list->n = 0;
	while (rest.n) {
		rest = slice_cut(rest, ',', &item);
		item = slice_trim(item);
		if (item.n == 0)
			continue;
		if (list->n == CONF_LIST_MAX) {
			conf_problem(v->r, v->where, "holds more than %d", CONF_LIST_MAX);
			return false;
		}
		if (one(v, item, &list->v[list->n]))
			list->n++;
		else
			ok = false;
	}
	return ok;
}

static bool one_name(const struct conf_value *v, struct slice item, struct slice *out)
{
	if (!conf_is_text(item, true))
		return conf_wrong(v, "holds a control character or bad UTF-8");
	*out = arena_dup(v->r->c->arena, item);
	return true;
}

bool conf_set_names(const struct conf_value *v)
{
	return set_list(v, one_name);
}

static bool one_media(const struct conf_value *v, struct slice item, struct slice *out)
{
	struct media m;
	bool ok = item.n <= MEDIA_MAX && media_parse(item, &m) && m.type.n == item.n && slice_find(item, S("*")) < 0;

	if (ok)
		*out = arena_lower(v->r->c->arena, item);
	else
		conf_problem(v->r, v->where, "%s is no media type: list each one, as image/png", conf_quote(v->r, item));
	return ok;
}

bool conf_set_media(const struct conf_value *v)
{
	return set_list(v, one_media);
}

static bool default_port(struct slice scheme, struct slice port)
{
	return port.n == 0 || slice_is(port, slice_eq_nocase(scheme, S("https")) ? "443" : slice_eq_nocase(scheme, S("http")) ? "80" : "");
}

/* scheme://host[:port] as browsers spell it: lower case, no default port. */
static struct slice spell_origin(struct arena *a, const struct url *u)
{
	struct buf b = BUF_INIT(1024);
	bool six = slice_find(u->host, S(":")) >= 0;
	struct slice out;

	buf_add(&b, u->scheme);
	buf_adds(&b, six ? "://[" : "://");
	buf_add(&b, u->host);
	buf_adds(&b, six ? "]" : "");
	if (!default_port(u->scheme, u->port)) {
		buf_addch(&b, ':');
		buf_add(&b, u->port);
	}
	out = buf_ok(&b) ? arena_lower(a, buf_slice(&b)) : SLICE_NONE;
	buf_release(&b);
	return out;
}

static bool one_origin(const struct conf_value *v, struct slice item, struct slice *out)
{
	const char *shown = conf_quote(v->r, item);
	struct url u;

	if (slice_is(item, "*") || slice_eq_nocase(item, S("null"))) {
		conf_problem(v->r, v->where, "%s is no origin: list each one, as https://example.org", shown);
		return false;
	}
	if (!url_parse(conf_without_slashes(item), &u) || u.host.n == 0 || u.path.n || u.query.n || u.fragment.n || u.user.n || u.password.n ||
	    slice_find(u.host, S("*")) >= 0) {
		conf_problem(v->r, v->where, "%s is no origin: scheme and host only, as https://example.org", shown);
		return false;
	}
	*out = spell_origin(v->r->c->arena, &u);
	return out->n > 0;
}

bool conf_set_origins(const struct conf_value *v)
{
	return set_list(v, one_origin);
}
