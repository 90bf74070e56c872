/* SPDX-License-Identifier: MIT */
#include "auth/jwt.h"

#include "wire/json.h"
#include "wire/utf8.h"

#define EXP_MAX INT64_C(9007199254740991) /* 2^53 - 1: what every issuer can say */

/* A token is small and flat; claims of a whole profile still fit. */
static const struct guard_limits limits = {.depth = 8, .nodes = 512, .key = 256};

struct parts {
	struct slice signed_text; /* header and claims as they came, with the dot between */
	struct slice header, claims, signature; /* decoded */
};

static enum rc no(struct err *e, const char *why)
{
	return err_set(e, RC_UNAUTHORIZED, "%s", why);
}

static bool decode(struct arena *a, struct slice coded, struct slice *out)
{
	struct buf b = BUF_INIT(JWT_MAX);
	bool ok = coded.n > 0 && b64url_decode(&b, coded);

	if (ok)
		*out = arena_try_dup(a, buf_slice(&b));
	buf_release(&b);
	return ok && out->p;
}

static enum rc split(struct arena *a, struct slice token, struct parts *p, struct err *e)
{
	struct slice header, claims, signature;

	if (token.n == 0 || token.n > JWT_MAX)
		return no(e, token.n ? "too long" : "empty");
	signature = slice_cut(slice_cut(token, '.', &header), '.', &claims);
	if (signature.n == 0 || slice_find(signature, S(".")) >= 0)
		return no(e, "not three parts");
	p->signed_text = slice_upto(token, header.n + 1 + claims.n);
	if (!decode(a, header, &p->header) || !decode(a, claims, &p->claims) || !decode(a, signature, &p->signature))
		return no(e, "bad base64url");
	return RC_OK;
}

static bool hs_verify(enum crypto_mac mac, const struct jwt_opts *o, const struct parts *p)
{
	unsigned char want[64];
	size_t n = hmac(mac, o->hs_secret, p->signed_text, want);
	bool same = crypto_eq(slice_mem(want, n), p->signature);

	wipe(want, sizeof(want));
	return same;
}

/* Which key an algorithm is for: a token that names another kind's algorithm finds none. */
enum key_kind { KEY_SECRET };

static const struct alg {
	const char *name;
	enum key_kind key;
	enum crypto_mac mac;
	bool (*verify)(enum crypto_mac mac, const struct jwt_opts *o, const struct parts *p);
} algs[] = {
	{"HS256", KEY_SECRET, MAC_SHA256, hs_verify},
};

static const struct alg *alg_for(struct slice name, enum key_kind key)
{
	for (size_t i = 0; i < countof(algs); i++)
		if (algs[i].key == key && slice_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

/* RFC 8725, 3.11: a token made for another use ("logout+jwt") is not one for us, though the key is the same. */
static bool typ_ok(const struct json_at *header)
{
	struct json_at typ = json_get(header, "typ");
	struct slice s = json_as_str_or(&typ, S("JWT"));

	return slice_eq_nocase(s, S("JWT")) || slice_eq_nocase(s, S("at+jwt")) || slice_eq_nocase(s, S("application/at+jwt"));
}

static enum rc check_header(struct arena *a, const struct jwt_opts *o, const struct parts *p, struct err *e)
{
	static const char *const refused[] = {"crit", "b64", "zip", "enc"};
	const struct alg *alg;
	struct json_doc *doc;
	struct json_at root;
	struct slice name;
	bool typ;

	if (json_parse(a, p->header, &limits, &doc, NULL) != RC_OK)
		return no(e, "bad header");
	root = json_root(doc);
	for (size_t i = 0; i < countof(refused); i++)
		if (json_get(&root, refused[i]).there)
			return no(e, "header asks for what is not done");
	name = json_str(&root, "alg");
	typ = typ_ok(&root);
	if (json_done(doc, NULL) != RC_OK)
		return no(e, "bad header");
	if (!typ)
		return no(e, "another type of token");
	alg = alg_for(name, KEY_SECRET);
	if (!alg)
		return no(e, "another algorithm");
	return alg->verify(alg->mac, o, p) ? RC_OK : no(e, "bad signature");
}

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		int n = utf8_get(s.p + i, s.n - i, &c);

		if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return true;
		i += (size_t)n;
	}
	return false;
}

/* An integer or a fault; *there tells whether there was one at all. null is not absent: an issuer that writes it means nothing we know. */
static int64_t date(const struct json_at *claims, const char *key, bool *there)
{
	struct json_at at = json_get(claims, key);

	*there = at.there;
	return at.there ? json_as_i64(&at, 0, EXP_MAX) : 0;
}

static enum rc check_dates(const struct json_at *claims, int64_t now, int64_t leeway, struct jwt_who *out, struct err *e)
{
	bool has_exp, has_nbf, has_iat;
	int64_t nbf = date(claims, "nbf", &has_nbf), iat = date(claims, "iat", &has_iat);

	out->exp = date(claims, "exp", &has_exp);
	if (json_done(claims->doc, NULL) != RC_OK)
		return no(e, "bad date");
	if (!has_exp || out->exp == 0)
		return no(e, "no exp");
	if (now >= out->exp + leeway)
		return no(e, "expired");
	if (has_nbf && now < nbf - leeway)
		return no(e, "not yet valid");
	if (has_iat && now < iat - leeway)
		return no(e, "issued in the future");
	return RC_OK;
}

static enum rc check_claims(struct arena *a, const struct env *env, const struct jwt_opts *o, struct slice text, struct jwt_who *out, struct err *e)
{
	int64_t leeway = o->leeway_s < 0 ? 0 : o->leeway_s < JWT_LEEWAY_MAX_S ? o->leeway_s : JWT_LEEWAY_MAX_S;
	struct json_at root, name;
	struct json_doc *doc;

	if (json_parse(a, text, &limits, &doc, NULL) != RC_OK)
		return no(e, "bad claims");
	root = json_root(doc);
	if (check_dates(&root, env_wall_us(env) / 1000000, leeway, out, e) != RC_OK)
		return RC_UNAUTHORIZED;
	name = json_get(&root, "name");
	if (json_kind(&name) == JSON_STRING)
		out->name = json_as_str(&name);
	if (out->name.n > JWT_SUB_MAX || has_control(out->name))
		out->name = SLICE_NONE;
	out->sub = json_str(&root, "sub");
	if (json_done(doc, NULL) != RC_OK || out->sub.n == 0 || out->sub.n > JWT_SUB_MAX || has_control(out->sub))
		return no(e, "bad sub");
	return RC_OK;
}

enum rc jwt_verify(struct arena *a, const struct env *env, const struct jwt_opts *o, struct slice token, struct jwt_who *out, struct err *e)
{
	struct jwt_who who = {.exp = 0};
	struct parts p = {.signed_text = SLICE_NONE};

	*out = who;
	if (o->hs_secret.n < JWT_SECRET_MIN)
		return no(e, "no key is configured");
	if (split(a, token, &p, e) != RC_OK || check_header(a, o, &p, e) != RC_OK || check_claims(a, env, o, p.claims, &who, e) != RC_OK)
		return RC_UNAUTHORIZED;
	*out = who;
	return RC_OK;
}
