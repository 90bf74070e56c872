/* SPDX-License-Identifier: MIT */
/*
 * Tokens. The first byte chooses: the rest as a token, which must be refused (nobody signed it); or the rest as "header NUL claims", signed well, so that
 * what stands behind the signature is reached. What is accepted keeps the header's promises.
 */
#include "tests/fuzz/fuzz.h"

#include "auth/jwt.h"
#include "wire/utf8.h"

#define SECRET S("a shared secret of thirty-two bytes or more")
#define NOW INT64_C(1700000000)

static int64_t stands(const struct env *v UNUSED)
{
	return NOW * 1000000;
}

static struct slice sign(struct arena *a, struct slice in)
{
	struct slice header, claims = slice_cut(in, '\0', &header), out;
	struct buf b = BUF_INIT(1024 * 1024);
	unsigned char mac[64];

	b64url_encode(&b, header);
	buf_addch(&b, '.');
	b64url_encode(&b, claims);
	hmac(MAC_SHA256, SECRET, buf_slice(&b), mac);
	buf_addch(&b, '.');
	b64url_encode(&b, slice_mem(mac, SHA256_LEN));
	out = arena_try_dup(a, buf_slice(&b));
	buf_release(&b);
	return out;
}

static void check(const struct jwt_who *who)
{
	CHECK(who->sub.n > 0 && who->sub.n <= JWT_SUB_MAX && utf8_valid(who->sub));
	for (size_t i = 0; i < who->sub.n; i++)
		CHECK((unsigned char)who->sub.p[i] >= 0x20 && who->sub.p[i] != 0x7f);
	CHECK(who->name.n <= JWT_SUB_MAX && utf8_valid(who->name));
	CHECK(who->exp > NOW - JWT_LEEWAY_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct env env = {stands, stands, NULL};
	struct jwt_opts o = {.hs_secret = SECRET, .leeway_s = JWT_LEEWAY_S};
	struct arena *a = arena_new(4 * 1024 * 1024, NULL);
	struct slice in = slice_from(slice_mem(data, n), 1);
	struct jwt_who who;
	struct err e = ERR_INIT;
	bool raw = n == 0 || data[0] & 1;
	enum rc rc = jwt_verify(a, &env, &o, raw ? in : sign(a, in), &who, &e);

	if (rc == RC_OK) {
		CHECK(!raw);
		check(&who);
	} else {
		CHECK(rc == RC_UNAUTHORIZED && e.rc == rc && who.sub.n == 0 && who.exp == 0);
	}
	arena_free(a);
	return 0;
}
