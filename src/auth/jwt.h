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

#define JWT_MAX 8192 /* bytes of a token */

struct jwt_opts {
	struct slice hs_secret;  /* 32 bytes at least */
	int64_t leeway_s;        /* 30 by default, 300 at most */
};
struct jwt_who {
	struct slice sub;        /* 1 to 255 bytes, no control characters */
	struct slice name;       /* claim "name", or empty */
	int64_t exp;
};

/*
 * Exactly two dots, strict base64url, alg HS256, no crit, b64, zip, enc; duplicate members refused; exp required, nbf and iat checked when present, integers;
 * sub a non-empty string. RC_UNAUTHORIZED with a reason code in msg ("expired", "bad signature"), never the token.
 */
enum rc jwt_verify(struct arena *a, const struct env *env, const struct jwt_opts *o, struct slice token, struct jwt_who *out, struct err *e) MUSTCHECK;

#endif
