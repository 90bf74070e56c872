/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "base/crypto.h"
#include "wire/url.h"
#include "wire/utf8.h"

#include <math.h>
#include <unistd.h>

/* A setting's text on its way into its member. */
struct value {
	struct conf_reader *r;
	const struct conf_row *row;
	const char *where;
	struct slice text;
	void *to;
};

void conf_wipe(struct slice s)
{
	/* Ours: a copy in the configuration's arena. */
	if (s.n)
		wipe((char *)(uintptr_t)s.p, s.n);
}

static bool wrong(const struct value *v, const char *why)
{
	conf_problem(v->r, v->where, "%s %s", conf_quote(v->r, v->text), why);
	return false;
}

static void put(const struct value *v, struct slice s)
{
	struct slice *to = v->to;

	conf_wipe(*to);
	*to = arena_dup(v->r->c->arena, s);
}

static bool is_text(struct slice s, bool line)
{
	if (!utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == 0x7f || (c < 0x20 && (line || (c != '\n' && c != '\t' && c != '\r'))))
			return false;
	}
	return true;
}

static bool set_text(const struct value *v)
{
	bool line = v->row->type != CONF_TEXT;

	if (!is_text(v->text, line)) {
		conf_problem(v->r, v->where, line ? "holds a line break, a control character or bad UTF-8" : "holds a control character or bad UTF-8");
		return false;
	}
	put(v, v->text);
	return true;
}

/* Taken byte by byte: whoever signs with it does the same. */
static bool set_secret(const struct value *v)
{
	if (v->text.n < CONF_SECRET_MIN) {
		conf_problem(v->r, v->where, "is too short: it has %zu bytes, and needs %d at least (openssl rand -hex 32 makes one)", v->text.n,
			     CONF_SECRET_MIN);
		return false;
	}
	put(v, v->text);
	return true;
}

static bool parse_number(const struct value *v, int64_t *out)
{
	const struct conf_row *row = v->row;

	if (slice_i64(slice_trim(v->text), row->min, row->max, out))
		return true;
	conf_problem(v->r, v->where, "%s is not a whole number from %lld to %lld%s%s", conf_quote(v->r, v->text), (long long)row->min, (long long)row->max,
		     row->unit_name ? " " : "", row->unit_name ? row->unit_name : "");
	return false;
}

static bool set_unsigned(const struct value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(unsigned *)v->to = (unsigned)(n * v->row->unit);
	return ok;
}

static bool set_size(const struct value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(size_t *)v->to = (size_t)(n * v->row->unit);
	return ok;
}

static bool set_int(const struct value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(int64_t *)v->to = n * v->row->unit;
	return ok;
}

static bool set_decimal(const struct value *v)
{
	const char *text = arena_cstr(v->r->scratch, slice_trim(v->text));
	char *end;
	double d = strtod(text, &end);

	if (*text == '\0' || *end || !isfinite(d) || d < (double)v->row->min || d > (double)v->row->max) {
		conf_problem(v->r, v->where, "%s is not a number from %lld to %lld", conf_quote(v->r, v->text), (long long)v->row->min, (long long)v->row->max);
		return false;
	}
	*(double *)v->to = d;
	return true;
}

static bool set_bool(const struct value *v)
{
	static const char *const no[] = {"false", "no", "off", "0"}, *const yes[] = {"true", "yes", "on", "1"};
	struct slice text = slice_trim(v->text), first, second;
	const char *words = v->row->words;

	if (words) {
		second = slice_cut(slice_cstr(words), '|', &first);
		*(bool *)v->to = slice_eq(text, second);
		if (slice_eq(text, first) || slice_eq(text, second))
			return true;
		conf_problem(v->r, v->where, "%s is neither %.*s nor %.*s", conf_quote(v->r, text), SLICE_ARG(first), SLICE_ARG(second));
		return false;
	}
	for (size_t i = 0; i < countof(no); i++)
		if (slice_eq_nocase(text, slice_cstr(no[i])) || slice_eq_nocase(text, slice_cstr(yes[i]))) {
			*(bool *)v->to = slice_eq_nocase(text, slice_cstr(yes[i]));
			return true;
		}
	return wrong(v, "is neither true nor false");
}

/* Each of a list, in turn; v's text is what was given, one is an item without blanks. */
static bool set_list(const struct value *v, bool (*one)(const struct value *, struct slice item, struct slice *out))
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

static bool one_name(const struct value *v, struct slice item, struct slice *out)
{
	if (!is_text(item, true))
		return wrong(v, "holds a control character or bad UTF-8");
	*out = arena_dup(v->r->c->arena, item);
	return true;
}

static bool set_names(const struct value *v)
{
	return set_list(v, one_name);
}

static bool is_web(struct slice scheme)
{
	return slice_eq_nocase(scheme, S("http")) || slice_eq_nocase(scheme, S("https"));
}

static void add_lower(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addch(out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i]);
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

	add_lower(&b, u->scheme);
	buf_adds(&b, six ? "://[" : "://");
	add_lower(&b, u->host);
	buf_adds(&b, six ? "]" : "");
	if (!default_port(u->scheme, u->port)) {
		buf_addch(&b, ':');
		buf_add(&b, u->port);
	}
	out = buf_ok(&b) ? arena_dup(a, buf_slice(&b)) : SLICE_NONE;
	buf_release(&b);
	return out;
}

static struct slice without_slashes(struct slice s)
{
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static bool one_origin(const struct value *v, struct slice item, struct slice *out)
{
	const char *shown = conf_quote(v->r, item);
	struct url u;

	if (slice_is(item, "*") || slice_eq_nocase(item, S("null"))) {
		conf_problem(v->r, v->where, "%s is no origin: list each one, as https://example.org", shown);
		return false;
	}
	if (!url_parse(without_slashes(item), &u) || u.host.n == 0 || u.path.n || u.query.n || u.fragment.n || u.user.n || u.password.n ||
	    slice_find(u.host, S("*")) >= 0) {
		conf_problem(v->r, v->where, "%s is no origin: scheme and host only, as https://example.org", shown);
		return false;
	}
	*out = spell_origin(v->r->c->arena, &u);
	return out->n > 0;
}

static bool set_origins(const struct value *v)
{
	return set_list(v, one_origin);
}

static bool set_url(const struct value *v)
{
	struct slice s = without_slashes(slice_trim(v->text));
	struct url u;

	if (!url_parse(s, &u) || !is_web(u.scheme) || u.host.n == 0 || u.query.n || u.fragment.n || u.user.n || u.password.n)
		return wrong(v, "is no address: expected https://host, with a path at most");
	put(v, s);
	return true;
}

static bool set_base_path(const struct value *v)
{
	struct slice s = without_slashes(slice_trim(v->text));

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("%?#\\\"<>\x7f", s.p[i]))
			return wrong(v, "is no path: letters, digits and slashes, please");
	if ((s.n && s.p[0] != '/') || slice_find(s, S("//")) >= 0 || slice_find(s, S("/.")) >= 0)
		return wrong(v, "is no path: it begins with one slash and has no dots after one");
	put(v, s);
	return true;
}

static bool path_ok(const struct value *v, struct slice s)
{
	if (!is_text(s, true))
		return wrong(v, "holds a control character or bad UTF-8");
	return (s.n && s.p[0] == '/') || wrong(v, "is not an absolute path: a web server starts us anywhere");
}

static bool set_path(const struct value *v)
{
	bool ok = path_ok(v, v->text);

	if (ok)
		put(v, v->text);
	return ok;
}

static bool set_ca_file(const struct value *v)
{
	if (!set_path(v))
		return false;
	return access(arena_cstr(v->r->scratch, v->text), R_OK) == 0 || wrong(v, "cannot be read");
}

static bool set_proxy(const struct value *v)
{
	struct slice s = slice_trim(v->text);
	struct url u;

	/* Not shown: it may hold a password. */
	if (!url_parse(s, &u) || u.host.n == 0 || (!is_web(u.scheme) && !slice_starts(u.scheme, S("socks")))) {
		conf_problem(v->r, v->where, "is no proxy: expected http://host:port (or https, socks5, socks5h)");
		return false;
	}
	put(v, s);
	return true;
}

static bool set_database(const struct value *v)
{
	struct slice url;
	struct err e;

	if (conf_database_url(v->r->c->arena, v->text, &url, &e) != RC_OK) {
		conf_problem(v->r, v->where, "%s", e.msg);
		return false;
	}
	conf_wipe(*(struct slice *)v->to);
	*(struct slice *)v->to = url;
	v->r->c->has_db = true;
	return true;
}

static bool set_log(const struct value *v)
{
	struct conf *c = v->r->c;
	struct slice level, file = slice_cut(slice_trim(v->text), ':', &level);

	if (!log_level_parse(level, &c->log_level))
		return wrong(v, "is no log: expected error, warn, info or debug, or one of them with :/a/file");
	if (file.n && !path_ok(v, file))
		return false;
	c->log_file = arena_dup(c->arena, file);
	put(v, slice_trim(v->text));
	return true;
}

static bool (*const setters[CONF_TYPE__MAX])(const struct value *) = {
	[CONF_TEXT] = set_text,
	[CONF_LINE] = set_text,
	[CONF_SECRET] = set_secret,
	[CONF_UNSIGNED] = set_unsigned,
	[CONF_SIZE] = set_size,
	[CONF_INT] = set_int,
	[CONF_DECIMAL] = set_decimal,
	[CONF_BOOL] = set_bool,
	[CONF_NAMES] = set_names,
	[CONF_ORIGINS] = set_origins,
	[CONF_URL] = set_url,
	[CONF_BASE_PATH] = set_base_path,
	[CONF_PATH] = set_path,
	[CONF_CA_FILE] = set_ca_file,
	[CONF_PROXY] = set_proxy,
	[CONF_DATABASE] = set_database,
	[CONF_LOG] = set_log,
};

bool conf_set(struct conf_reader *r, const struct conf_row *row, const char *where, struct slice text)
{
	struct value v = {r, row, where, text, (char *)r->c + row->at};

	return setters[row->type](&v);
}
