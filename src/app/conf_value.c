/* SPDX-License-Identifier: MIT */
#include "app/conf_value.h"

#include "base/crypto.h"
#include "wire/url.h"
#include "wire/utf8.h"

#include <math.h>
#include <unistd.h>

void conf_wipe(struct slice s)
{
	/* Ours: a copy in the configuration's arena. */
	if (s.n)
		wipe((char *)(uintptr_t)s.p, s.n);
}

bool conf_wrong(const struct conf_value *v, const char *why)
{
	conf_problem(v->r, v->where, "%s %s", conf_quote(v->r, v->text), why);
	return false;
}

static void put(const struct conf_value *v, struct slice s)
{
	struct slice *to = v->to;

	conf_wipe(*to);
	*to = arena_dup(v->r->c->arena, s);
}

bool conf_is_text(struct slice s, bool line)
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

static bool set_text(const struct conf_value *v)
{
	bool line = v->row->type != CONF_TEXT;

	if (!conf_is_text(v->text, line)) {
		conf_problem(v->r, v->where, line ? "holds a line break, a control character or bad UTF-8" : "holds a control character or bad UTF-8");
		return false;
	}
	put(v, v->text);
	return true;
}

/* Taken byte by byte: whoever signs with it does the same. */
static bool set_secret(const struct conf_value *v)
{
	if (v->text.n < CONF_SECRET_MIN) {
		conf_problem(v->r, v->where, "is too short: it has %zu bytes, and needs %d at least (openssl rand -hex 32 makes one)", v->text.n,
			     CONF_SECRET_MIN);
		return false;
	}
	put(v, v->text);
	return true;
}

/* A key travels in a header: what no header can hold is a slip of the clipboard. */
static bool key_ok(struct slice key)
{
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] <= ' ' || key.p[i] >= 0x7f)
			return false;
	return key.n > 0;
}

bool conf_key(struct conf_reader *r, const char *where, struct slice text, struct slice *key, bool *named)
{
	static const struct slice prefix = S_INIT("os.environ/");
	struct slice name = slice_from(text, prefix.n);

	*named = slice_starts(text, prefix);
	*key = text;
	if (*named) {
		const char *value = conf_getenv(r->from, name);

		if (!value) {
			conf_problem(r, where, "the variable %s is not set", conf_quote(r, name));
			return false;
		}
		*key = slice_trim(slice_cstr(value));
	}
	if (key_ok(*key))
		return true;
	conf_problem(r, where, "holds a blank, a control character or a letter that no key has");
	return false;
}

static bool set_key(const struct conf_value *v)
{
	struct slice key;
	bool named;

	if (!conf_key(v->r, v->where, slice_trim(v->text), &key, &named))
		return false;
	put(v, key);
	return true;
}

static bool parse_number(const struct conf_value *v, int64_t *out)
{
	const struct conf_row *row = v->row;

	if (slice_i64(slice_trim(v->text), row->min, row->max, out))
		return true;
	conf_problem(v->r, v->where, "%s is not a whole number from %lld to %lld%s%s", conf_quote(v->r, v->text), (long long)row->min, (long long)row->max,
		     row->unit_name ? " " : "", row->unit_name ? row->unit_name : "");
	return false;
}

static bool set_unsigned(const struct conf_value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(unsigned *)v->to = (unsigned)(n * v->row->unit);
	return ok;
}

static bool set_size(const struct conf_value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(size_t *)v->to = (size_t)(n * v->row->unit);
	return ok;
}

static bool set_int(const struct conf_value *v)
{
	int64_t n;
	bool ok = parse_number(v, &n);

	if (ok)
		*(int64_t *)v->to = n * v->row->unit;
	return ok;
}

static bool set_decimal(const struct conf_value *v)
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

static bool set_bool(const struct conf_value *v)
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
	return conf_wrong(v, "is neither true nor false");
}

static bool set_word(const struct conf_value *v)
{
	struct slice rest = slice_cstr(v->row->words), word, text = slice_trim(v->text);

	for (unsigned i = 0; rest.n; i++) {
		rest = slice_cut(rest, '|', &word);
		if (slice_eq(word, text)) {
			*(unsigned *)v->to = i;
			return true;
		}
	}
	conf_problem(v->r, v->where, "%s is none of %s", conf_quote(v->r, text), v->row->words);
	return false;
}

static bool is_web(struct slice scheme)
{
	return slice_eq_nocase(scheme, S("http")) || slice_eq_nocase(scheme, S("https"));
}

struct slice conf_without_slashes(struct slice s)
{
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static bool set_url(const struct conf_value *v)
{
	struct slice s = conf_without_slashes(slice_trim(v->text));
	struct url u;

	if (!url_parse(s, &u) || !is_web(u.scheme) || u.host.n == 0 || u.query.n || u.fragment.n || u.user.n || u.password.n)
		return conf_wrong(v, "is no address: expected https://host, with a path at most");
	put(v, s);
	return true;
}

static bool set_base_path(const struct conf_value *v)
{
	struct slice s = conf_without_slashes(slice_trim(v->text));

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("%?#\\\"<>\x7f", s.p[i]))
			return conf_wrong(v, "is no path: letters, digits and slashes, please");
	if ((s.n && s.p[0] != '/') || slice_find(s, S("//")) >= 0 || slice_find(s, S("/.")) >= 0)
		return conf_wrong(v, "is no path: it begins with one slash and has no dots after one");
	put(v, s);
	return true;
}

static bool path_ok(const struct conf_value *v, struct slice s)
{
	if (!conf_is_text(s, true))
		return conf_wrong(v, "holds a control character or bad UTF-8");
	return (s.n && s.p[0] == '/') || conf_wrong(v, "is not an absolute path: a web server starts us anywhere");
}

static bool set_path(const struct conf_value *v)
{
	bool ok = path_ok(v, v->text);

	if (ok)
		put(v, v->text);
	return ok;
}

static bool set_ca_file(const struct conf_value *v)
{
	if (!set_path(v))
		return false;
	return access(arena_cstr(v->r->scratch, v->text), R_OK) == 0 || conf_wrong(v, "cannot be read");
}

static bool set_proxy(const struct conf_value *v)
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

static bool set_database(const struct conf_value *v)
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

static bool set_log(const struct conf_value *v)
{
	struct conf *c = v->r->c;
	struct slice level, file = slice_cut(slice_trim(v->text), ':', &level);

	if (!log_level_parse(level, &c->log_level))
		return conf_wrong(v, "is no log: expected error, warn, info or debug, or one of them with :/a/file");
	if (file.n && !path_ok(v, file))
		return false;
	c->log_file = arena_dup(c->arena, file);
	put(v, slice_trim(v->text));
	return true;
}

static bool (*const setters[CONF_TYPE__MAX])(const struct conf_value *) = {
	[CONF_TEXT] = set_text,
	[CONF_LINE] = set_text,
	[CONF_SECRET] = set_secret,
	[CONF_KEY] = set_key,
	[CONF_UNSIGNED] = set_unsigned,
	[CONF_SIZE] = set_size,
	[CONF_INT] = set_int,
	[CONF_DECIMAL] = set_decimal,
	[CONF_BOOL] = set_bool,
	[CONF_WORD] = set_word,
	[CONF_NAMES] = conf_set_names,
	[CONF_MEDIA] = conf_set_media,
	[CONF_ORIGINS] = conf_set_origins,
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
	struct conf_value v = {r, row, where, text, (char *)r->c + row->at};

	return setters[row->type](&v);
}
