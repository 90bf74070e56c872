/* SPDX-License-Identifier: MIT */
#include "auth/cookie.h"

#define VERSION "v1"
#define LABEL "chatkit cookie v1"
#define ID_LEN 26
#define MAC_TEXT 43 /* 32 bytes in base64url */

const char *cookie_name(bool https)
{
	return https ? "__Host-ck" : "ck";
}

static struct slice sign(struct arena *a, struct slice secret, struct slice what)
{
	unsigned char key[32], mac[64];
	struct buf text = BUF_INIT(MAC_TEXT);
	struct slice out;

	hkdf(secret, LABEL, key);
	b64url_encode(&text, slice_mem(mac, hmac(MAC_SHA256, slice_mem(key, sizeof(key)), what, mac)));
	wipe(key, sizeof(key));
	out = arena_dup(a, buf_slice(&text));
	buf_release(&text);
	return out;
}

static struct slice make(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice id)
{
	long long issued = env_wall_us(env) / 1000000;
	struct slice said;

	CHECK(o->secret.n >= COOKIE_SECRET_MIN);
	said = arena_printf(a, VERSION ".%.*s.%lld", SLICE_ARG(id), issued);
	return arena_printf(a, "%.*s.%s", SLICE_ARG(said), sign(a, o->secret, said).p);
}

void cookie_mint(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice *value, struct slice *id)
{
	struct id made = id_new(env, "");

	*id = arena_dup(a, id_slice(&made));
	*value = make(a, env, o, *id);
}

struct slice cookie_renew(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice id)
{
	CHECK(id_valid(id, ""));
	return make(a, env, o, id);
}

static bool signed_with(struct arena *a, struct slice secret, struct slice said, struct slice mac)
{
	return secret.n >= COOKIE_SECRET_MIN && crypto_eq(sign(a, secret, said), mac);
}

bool cookie_check(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice value, struct slice *id, bool *renew)
{
	struct slice version, who, when, said, mac = slice_cut(value, '.', &version);
	int64_t issued, age;
	bool old;

	mac = slice_cut(slice_cut(mac, '.', &who), '.', &when);
	if (!slice_is(version, VERSION) || !id_valid(who, "") || mac.n != MAC_TEXT)
		return false;
	/* Years up to 9999: a number that no clock shows is not ours, and the sums below stay small. */
	if (!slice_i64(when, 0, INT64_C(253402300799), &issued))
		return false;
	said = slice_upto(value, value.n - mac.n - 1);
	old = !signed_with(a, o->secret, said, mac);
	if (old && !signed_with(a, o->secret_old, said, mac))
		return false;
	age = env_wall_us(env) / 1000000 - issued;
	if (age < -COOKIE_AHEAD_S || age >= o->max_age_s)
		return false;
	*id = arena_dup(a, who);
	*renew = old || age > o->max_age_s / 2;
	return true;
}

struct slice cookie_header(struct arena *a, const struct cookie_opts *o, bool https, struct slice value)
{
	return arena_printf(a, "%s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s", cookie_name(https), SLICE_ARG(value), (long long)o->max_age_s,
			    https ? "; Secure" : "");
}

bool cookie_find(struct slice header, struct slice name, struct slice *value)
{
	struct slice pair, key, rest;
	bool found = false;

	while (header.n) {
		header = slice_cut(header, ';', &pair);
		rest = slice_cut(pair, '=', &key);
		if (key.n == pair.n || !slice_eq(slice_trim(key), name))
			continue;
		/* Which of two a browser means cannot be told: somebody next door may have planted the other. */
		if (found)
			return false;
		*value = slice_trim(rest);
		found = true;
	}
	return found;
}
