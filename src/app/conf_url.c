/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "base/crypto.h"
#include "wire/url.h"

#define DATABASE_URL_MAX 4096

static enum rc no(struct err *e, const char *why)
{
	return err_set(e, RC_CONF, "%s", why);
}

/* --- Parameters: what each is, whatever spelling of a URL it came from */

enum param_use {
	KEEP,
	DROP, /* a driver's or a hoster's own, which says nothing about the connection */
	MODE, /* sslmode */
	SSL,  /* other drivers' sslmode */
	BIND, /* channel_binding */
	CODE, /* client_encoding: all here is UTF-8 */
};

static const struct param {
	const char *name;
	enum param_use use;
} params[] = {
	/* libpq 15 to 17: "Parameter Key Words". replication is left out: no such connection can run a query. */
	{"host", KEEP}, {"hostaddr", KEEP}, {"port", KEEP}, {"dbname", KEEP}, {"user", KEEP}, {"password", KEEP}, {"passfile", KEEP},
	{"require_auth", KEEP}, {"connect_timeout", KEEP}, {"options", KEEP}, {"application_name", KEEP},
	{"fallback_application_name", KEEP}, {"keepalives", KEEP}, {"keepalives_idle", KEEP}, {"keepalives_interval", KEEP},
	{"keepalives_count", KEEP}, {"tcp_user_timeout", KEEP}, {"gssencmode", KEEP}, {"krbsrvname", KEEP}, {"gsslib", KEEP},
	{"gssdelegation", KEEP}, {"sslcompression", KEEP}, {"sslnegotiation", KEEP}, {"sslcert", KEEP}, {"sslkey", KEEP},
	{"sslpassword", KEEP}, {"sslcertmode", KEEP}, {"sslrootcert", KEEP}, {"sslcrl", KEEP}, {"sslcrldir", KEEP}, {"sslsni", KEEP},
	{"ssl_min_protocol_version", KEEP}, {"ssl_max_protocol_version", KEEP}, {"requirepeer", KEEP}, {"service", KEEP},
	{"target_session_attrs", KEEP}, {"load_balance_hosts", KEEP}, {"sslmode", MODE}, {"ssl", SSL}, {"channel_binding", BIND},
	{"client_encoding", CODE},
	/* SQLAlchemy with asyncpg, psycopg and pg8000 */
	{"prepared_statement_cache_size", DROP}, {"statement_cache_size", DROP}, {"prepared_statement_name_func", DROP},
	{"prepare_threshold", DROP}, {"async_fallback", DROP}, {"command_timeout", DROP}, {"timeout", DROP},
	{"max_cached_statement_lifetime", DROP}, {"max_cacheable_statement_size", DROP},
	/* Prisma */
	{"pgbouncer", DROP}, {"connection_limit", DROP}, {"pool_timeout", DROP}, {"schema", DROP}, {"socket_timeout", DROP},
	{"statement_cache", DROP},
	/* node-postgres, pgx and lib/pq, Supabase and Vercel */
	{"uselibpqcompat", DROP}, {"default_query_exec_mode", DROP}, {"pool_max_conns", DROP}, {"binary_parameters", DROP}, {"supa", DROP},
	{"workaround", DROP},
};

static const struct param *find_param(struct slice name)
{
	for (size_t i = 0; i < countof(params); i++)
		if (slice_is(name, params[i].name))
			return &params[i];
	return NULL;
}

static bool one_of(struct slice s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(s, words[i]))
			return true;
	return false;
}

/* What was learnt of a whole text, whichever of its two forms it has. */
struct said {
	struct slice sslmode, binding;
	uint64_t seen[(countof(params) + 63) / 64];
	bool seen_password;
};

static bool seen_before(struct said *s, const struct param *p)
{
	size_t i = (size_t)(p - params);
	bool before = s->seen[i / 64] >> (i % 64) & 1;

	s->seen[i / 64] |= UINT64_C(1) << (i % 64);
	return before;
}

static enum rc take_mode(struct said *s, struct slice mode, struct err *e)
{
	static const char *const modes[] = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};

	if (slice_is(mode, "no-verify"))
		mode = S("require"); /* node-postgres's word: coded, and nobody asked who the other is */
	if (!one_of(mode, modes, countof(modes)))
		return err_set(e, RC_CONF, "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full");
	if (s->sslmode.n && !slice_eq(s->sslmode, mode))
		return no(e, "ssl and sslmode say different things");
	s->sslmode = mode;
	return RC_OK;
}

/* asyncpg takes libpq's words, others a truth. */
static enum rc take_ssl(struct said *s, struct slice ssl, struct err *e)
{
	static const char *const yes[] = {"true", "True", "1", "t", "on", "yes"}, *const off[] = {"false", "False", "0", "f", "off", "no"};

	if (one_of(ssl, yes, countof(yes)))
		ssl = S("require");
	else if (one_of(ssl, off, countof(off)))
		ssl = S("disable");
	if (take_mode(s, ssl, e) == RC_OK)
		return RC_OK;
	return s->sslmode.n ? e->rc : no(e, "ssl is none of true, false, require, verify-ca, verify-full, prefer, allow, disable");
}

/* One name and its value. *keep: it goes on to libpq as it came. */
static enum rc take_param(struct said *s, struct slice name, struct slice value, bool *keep, struct err *e)
{
	static const char *const bindings[] = {"disable", "prefer", "require"}, *const codes[] = {"utf8", "UTF8", "utf-8", "UTF-8", "auto"};
	const struct param *p = find_param(name);

	*keep = false;
	/* Behind a password that was not escaped, the "name" may be the rest of it. */
	if (!p && s->seen_password)
		return no(e, "an unknown parameter behind the password; is all of the password escaped (in a URL) or in quotes?");
	if (!p)
		return err_set(e, RC_CONF, "unknown parameter '%.*s'", SLICE_ARG(slice_upto(name, 60)));
	s->seen_password |= slice_is(name, "password") || slice_is(name, "sslpassword");
	if (seen_before(s, p))
		return err_set(e, RC_CONF, "parameter '%s' is there twice", p->name);
	switch (p->use) {
	case KEEP:
		*keep = true;
		return RC_OK;
	case DROP:
		return RC_OK;
	case MODE:
		return take_mode(s, value, e);
	case SSL:
		return take_ssl(s, value, e);
	case BIND:
		s->binding = value;
		return one_of(value, bindings, countof(bindings)) ? RC_OK : no(e, "channel_binding is none of disable, prefer, require");
	case CODE:
		return one_of(value, codes, countof(codes)) ? RC_OK : no(e, "client_encoding must be UTF8");
	}
	return RC_OK;
}

/* --- postgresql://user:password@host:port,host:port/name?parameters */

static enum rc take_scheme(struct slice scheme, struct err *e)
{
	static const char *const drivers[] = {"", "asyncpg", "psycopg", "psycopg2", "psycopg_async", "psycopg2cffi", "pg8000", "aiopg"};
	struct slice base, driver = slice_cut(scheme, '+', &base);

	if (!slice_eq_nocase(base, S("postgres")) && !slice_eq_nocase(base, S("postgresql")))
		return err_set(e, RC_CONF, "'%.*s' is no PostgreSQL: expected postgresql://", SLICE_ARG(slice_upto(base, 30)));
	if (one_of(driver, drivers, countof(drivers)))
		return RC_OK;
	return err_set(e, RC_CONF, "'%.*s' is a driver that is not known here: write postgresql://", SLICE_ARG(slice_upto(driver, 30)));
}

/* url_parse keeps a list of hosts whole, and has checked a single one. */
static enum rc check_hosts(struct slice list, struct err *e)
{
	struct slice host;
	struct url u;
	char text[300];

	if (slice_find(list, S(",")) < 0)
		return RC_OK;
	while (list.n) {
		list = slice_cut(list, ',', &host);
		snprintf(text, sizeof(text), "x://%.*s", SLICE_ARG(slice_upto(host, sizeof(text) - 8)));
		if (host.n > 255 || !url_parse(slice_cstr(text), &u))
			return no(e, "a host of the list is none: expected host:port,host:port");
	}
	return RC_OK;
}

static bool escapes_ok(struct slice s)
{
	struct buf b = BUF_INIT(DATABASE_URL_MAX);
	bool ok = url_decode(&b, s, false);

	wipe(b.p, b.n);
	buf_release(&b);
	return ok;
}

/* Whatever cannot be read is most often a password that was pasted as it is. */
static enum rc check_parts(const struct url *u, struct err *e)
{
	/* The authority's end was guessed wrong: "#", "?" or "/" in the password came first. */
	if (u->fragment.n || slice_find(u->path, S("@")) >= 0 || slice_find(u->query, S("@")) >= 0)
		return no(e, "a '#', '?', '/' or '@' of the password must be written %23, %3F, %2F, %40");
	if (!escapes_ok(u->path) || !escapes_ok(u->user) || !escapes_ok(u->password))
		return no(e, "a '%' that begins no escape: in a password it is written %25");
	return check_hosts(u->host, e);
}

static enum rc add_query(struct said *s, struct slice query, struct buf *out, struct err *e)
{
	struct slice pair, name, value;
	char sep = '?';
	bool keep;

	while (query.n) {
		query = slice_cut(query, '&', &pair);
		if (pair.n == 0)
			continue;
		value = slice_cut(pair, '=', &name);
		if (name.n == pair.n)
			return err_set(e, RC_CONF, "parameter '%.*s' has no value", SLICE_ARG(slice_upto(name, 60)));
		if (!escapes_ok(value))
			return err_set(e, RC_CONF, "parameter '%.*s' holds a '%%' that begins no escape", SLICE_ARG(slice_upto(name, 60)));
		if (take_param(s, name, value, &keep, e) != RC_OK)
			return e->rc;
		if (keep) {
			buf_addch(out, sep);
			buf_add(out, pair);
			sep = '&';
		}
	}
	if (s->sslmode.n) {
		buf_addf(out, "%csslmode=%.*s", sep, SLICE_ARG(s->sslmode));
		sep = '&';
	}
	if (s->binding.n)
		buf_addf(out, "%cchannel_binding=%.*s", sep, SLICE_ARG(s->binding));
	return RC_OK;
}

/* libpq takes these as they are, url_parse does not. They mean nothing in a URL, so that escaping them changes nothing. */
static void escape_odd(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x7f || strchr("^|{}<>`\"\\", c))
			buf_addf(out, "%%%02X", c);
		else
			buf_addch(out, s.p[i]);
	}
}

static enum rc rewrite_url(struct slice text, struct buf *out, struct err *e)
{
	struct said s = {.sslmode = SLICE_NONE};
	struct slice scheme, before;
	struct url u;

	slice_cut(text, ':', &scheme);
	if (take_scheme(scheme, e) != RC_OK)
		return e->rc;
	if (!url_parse(text, &u))
		return no(e, "is no URL; characters like '@', ':', '/', '#', '?' or '%' in a password must be escaped (%40, %3A, %2F, %23, %3F, %25)");
	if (check_parts(&u, e) != RC_OK)
		return e->rc;
	slice_cut(text, '?', &before);
	buf_adds(out, "postgresql");
	buf_add(out, slice_from(before, scheme.n));
	return add_query(&s, u.query, out, e);
}

static enum rc rewrite_odd_url(struct slice text, struct buf *out, struct err *e)
{
	struct buf escaped = BUF_INIT(DATABASE_URL_MAX);
	enum rc rc;

	escape_odd(text, &escaped);
	rc = buf_ok(&escaped) ? rewrite_url(buf_slice(&escaped), out, e) : no(e, "is too long");
	wipe(escaped.p, escaped.n);
	buf_release(&escaped);
	return rc;
}

/* --- host=/run/postgresql dbname=chat password='a b' */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice skip_blanks(struct slice s)
{
	while (s.n && is_blank(s.p[0]))
		s = slice_from(s, 1);
	return s;
}

/* The value at the beginning of s, quotes and escapes still in it. */
static bool take_value(struct slice *s, struct slice *value)
{
	bool quoted = s->n && s->p[0] == '\'';
	size_t i = quoted ? 1 : 0;

	while (i < s->n && (quoted ? s->p[i] != '\'' : !is_blank(s->p[i])))
		i += s->p[i] == '\\' ? 2 : 1;
	if (i > s->n || (quoted && i == s->n))
		return false;
	*value = quoted ? (struct slice){s->p + 1, i - 1} : slice_upto(*s, i);
	*s = slice_from(*s, i + quoted);
	return true;
}

static enum rc rewrite_pairs(struct slice text, struct buf *out, struct err *e)
{
	struct said s = {.sslmode = SLICE_NONE};
	struct slice name, value, rest = text;
	bool keep;

	while ((rest = skip_blanks(rest)).n) {
		struct slice whole = rest;

		rest = slice_cut(rest, '=', &name);
		name = slice_trim(name);
		rest = skip_blanks(rest);
		if (!take_value(&rest, &value))
			return err_set(e, RC_CONF, "the value of '%.*s' has no end", SLICE_ARG(slice_upto(name, 60)));
		if (take_param(&s, name, value, &keep, e) != RC_OK)
			return e->rc;
		if (keep) {
			buf_add(out, slice_upto(whole, whole.n - rest.n));
			buf_addch(out, ' ');
		}
	}
	if (s.sslmode.n)
		buf_addf(out, "sslmode=%.*s ", SLICE_ARG(s.sslmode));
	if (s.binding.n)
		buf_addf(out, "channel_binding=%.*s ", SLICE_ARG(s.binding));
	buf_cut(out, out->n ? out->n - 1 : 0);
	return RC_OK;
}

/* Consoles show a whole command: psql 'postgresql://...'. Container files keep the quotes of a shell's line. */
static struct slice unwrap(struct slice s)
{
	s = slice_trim(s);
	if (slice_starts(s, S("psql ")))
		s = slice_trim(slice_from(s, 5));
	if (s.n > 1 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		s = slice_trim((struct slice){s.p + 1, s.n - 2});
	return s;
}

static bool is_url(struct slice s)
{
	ptrdiff_t colon = slice_find(s, S("://"));

	for (ptrdiff_t i = 0; i < colon; i++)
		if (is_blank(s.p[i]) || strchr("=:@/?#&'\"", s.p[i]))
			return false;
	return colon >= 0;
}

enum rc conf_database_url(struct arena *a, struct slice url, struct slice *out, struct err *e)
{
	struct slice text = unwrap(url);
	struct buf b = BUF_INIT(DATABASE_URL_MAX);
	struct err own;
	enum rc rc;

	e = e ? e : &own;
	*out = SLICE_NONE;
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' && !is_blank(text.p[i]))
			return no(e, "holds a control character");
	if (text.n == 0 || text.n > DATABASE_URL_MAX / 2)
		return no(e, text.n ? "is too long" : "is empty");
	if (is_url(text))
		rc = rewrite_odd_url(text, &b, e);
	else if (slice_find(text, S("=")) >= 0)
		rc = rewrite_pairs(text, &b, e);
	else
		rc = no(e, "is no database URL: expected postgresql://user:password@host/name");
	/* What came out would be taken again: escaping makes it longer. */
	if (rc == RC_OK && (!buf_ok(&b) || b.n == 0 || b.n > DATABASE_URL_MAX / 2))
		rc = no(e, "is too long or says nothing");
	if (rc == RC_OK)
		*out = arena_dup(a, buf_slice(&b));
	wipe(b.p, b.n);
	buf_release(&b);
	return rc;
}
