/* SPDX-License-Identifier: MIT */
/*
 * The anonymous identity: "v1.<id>.<issued>.<mac>". The id is 26 characters of chance (130 bits), issued is in seconds since 1970, and mac is
 * HMAC-SHA256 in base64url of all before its dot, so that ids can be neither invented nor guessed. Pure but for the clock and the random bytes of env.
 * The key comes from the secret by HKDF with a label of its own.
 */
#ifndef AUTH_COOKIE_H
#define AUTH_COOKIE_H

#include "base/arena.h"
#include "base/crypto.h"
#include "base/env.h"
#include "base/err.h"

#define COOKIE_SECRET_MIN 32 /* bytes */
#define COOKIE_AHEAD_S 300   /* how far in the future a cookie may be issued: two nodes' clocks differ */

struct cookie_opts {
	struct slice secret, secret_old; /* COOKIE_SECRET_MIN bytes at least (CHECKed where one is made); old may be empty */
	int64_t max_age_s;
};

/* On https the name is "__Host-ck" and the cookie Secure; on http "ck" without. One is never accepted in the other's place. */
const char *cookie_name(bool https);
/* A new identity: *value is the cookie's value, *id the 26-character id in it (the owner is "anon:" id). */
void cookie_mint(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice *value, struct slice *id);
/*
 * Is this value one of ours, and young enough? *id as above, copied into a; *renew: it is older than half its life or signed with the old secret; make a
 * new one of the same id with cookie_renew. Without a secret nothing is ours.
 */
bool cookie_check(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice value, struct slice *id, bool *renew) MUSTCHECK;
struct slice cookie_renew(struct arena *a, const struct env *env, const struct cookie_opts *o, struct slice id);
/* A whole Set-Cookie value: HttpOnly; SameSite=Lax; Path=/; Max-Age; Secure on https. */
struct slice cookie_header(struct arena *a, const struct cookie_opts *o, bool https, struct slice value);
/* The value of name in a Cookie header (RFC 6265, 4.2.1), a view into it; twice the same name: false. */
bool cookie_find(struct slice header, struct slice name, struct slice *value) MUSTCHECK;

#endif
