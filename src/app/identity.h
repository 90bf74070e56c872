/* SPDX-License-Identifier: MIT */
/*
 * Who is asking. From the session, never from a body: a bearer token, else the signed cookie, else nobody yet. durability.md's rules: the page mints by one
 * awaited session request; other clients by their first write that starts something; a read without an identity answers empty and sets nothing. A request
 * that is not by a token and may change something (not GET, HEAD, OPTIONS) is refused when its Origin is there and is neither ours nor a listed one ("null"
 * never is). That holds without a cookie too: it would mint one, and what was written for somebody would be found under it. GET changes nothing, ever.
 */
#ifndef APP_IDENTITY_H
#define APP_IDENTITY_H

#include "app/conf.h"
#include "app/request.h"

enum who_kind {
	WHO_NOBODY,  /* no credentials: reads answer empty, identity_mint makes somebody */
	WHO_ANON,    /* by the cookie */
	WHO_USER,    /* by a bearer token */
};

struct who {
	enum who_kind kind;
	struct slice owner;      /* "anon:<id>" or "jwt:<sub>"; empty for NOBODY */
	struct slice user_id;    /* what a client calls itself: the sub; the anonymous id */
	struct slice name;       /* or empty */
	struct slice set_cookie; /* a Set-Cookie value to send along, or empty (minted, renewed) */
};

/*
 * The token comes in Authorization, or in X-Chatkit-Authorization where a host keeps Authorization from us (or uses it for itself: a scheme that is not
 * Bearer is none of ours). RC_UNAUTHORIZED: a bad token (a bearer that is there always decides; a cookie then does not help), two Authorization values (a
 * comma), or nobody where conf does not allow anonymous people. RC_FORBIDDEN: the Origin rule. Slices live in the request's arena.
 */
enum rc identity_of(struct request *r, const struct conf *c, struct who *out, struct err *e) MUSTCHECK;
/* NOBODY becomes ANON; others stay who they are. RC_CONF when there is no secret to sign with. */
enum rc identity_mint(struct request *r, const struct conf *c, struct who *w, struct err *e) MUSTCHECK;
/* The body's user_id against the token's: RC_FORBIDDEN when they differ. Anonymous people may claim anything; it is ignored. */
enum rc identity_claims(const struct who *w, struct slice user_id, struct err *e) MUSTCHECK;

#endif
