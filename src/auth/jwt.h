/* SPDX-License-Identifier: MIT */
/*
 * JSON Web Tokens (RFC 7515, 7519; hardening by RFC 8725), verified, never made. Now HS256 with a shared secret; EdDSA, ES and RS with JWKS join in the
 * accounts issue behind the same function. The key decides the algorithm, the token never does. No accessor gives an unverified claim. Pure but for the clock.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "base/arena.h"
#include "base/crypto.h"
#include "base/env.h"
#include "base/err.h"

#define JWT_MAX 8192          /* bytes of a token */
#define JWT_SECRET_MIN 32     /* bytes (RFC 7518, 3.2) */
#define JWT_SUB_MAX 255       /* bytes */
#define JWT_LEEWAY_S 30       /* what is usual */
#define JWT_LEEWAY_MAX_S 300

struct jwt_opts {
	struct slice hs_secret;  /* JWT_SECRET_MIN bytes at least; else no token is good */
	int64_t leeway_s;        /* JWT_LEEWAY_S is usual; more than JWT_LEEWAY_MAX_S counts as that */
};
struct jwt_who {
	struct slice sub;        /* 1 to 255 bytes, no control characters, otherwise byte by byte as signed */
	struct slice name;       /* claim "name", or empty (also when it is no text, too long, or holds control characters) */
	int64_t exp;
};

/*
 * Exactly two dots, strict base64url, alg HS256, typ absent or JWT or at+jwt, no crit, b64, zip, enc; jku, x5u, jwk and their like are never looked at;
 * duplicate members refused; exp required, nbf and iat checked when present, integers; sub a non-empty string. Good while
 * nbf - leeway <= now < exp + leeway, and iat - leeway <= now. The signature is checked before a claim is read. RC_UNAUTHORIZED with a reason code in
 * msg ("expired", "bad signature"), never the token. Slices of *out live in a.
 */
enum rc jwt_verify(struct arena *a, const struct env *env, const struct jwt_opts *o, struct slice token, struct jwt_who *out, struct err *e) MUSTCHECK;

#endif
