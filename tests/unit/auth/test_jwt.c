/* SPDX-License-Identifier: MIT */
#include "auth/jwt.h"

#include "fake_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECRET S("a shared secret of thirty-two bytes or more")
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define GOOD "{\"sub\":\"ann\",\"exp\":1700000900}"

static const struct jwt_opts opts = {.hs_secret = S_INIT("a shared secret of thirty-two bytes or more"), .leeway_s = 30};

static int setup(void **state)
{
	*state = arena_new(4 * 1024 * 1024, NULL);
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

/* A token of these parts, signed as an issuer would with this secret. */
static struct slice make(struct arena *a, struct slice header, struct slice claims, enum crypto_mac mac, struct slice secret)
{
	unsigned char sig[64];
	struct buf b = BUF_INIT(4 * 1024 * 1024);
	struct slice out;
	size_t n;

	b64url_encode(&b, header);
	buf_addch(&b, '.');
	b64url_encode(&b, claims);
	n = hmac(mac, secret, buf_slice(&b), sig);
	buf_addch(&b, '.');
	b64url_encode(&b, slice_mem(sig, n));
	out = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return out;
}

static struct slice token(struct arena *a, const char *header, const char *claims)
{
	return make(a, slice_cstr(header), slice_cstr(claims), MAC_SHA256, SECRET);
}

/* The reason, or "" for a good token. */
static const char *verdict(struct arena *a, struct slice t, struct jwt_who *who)
{
	static struct err e;
	struct fake_env f = FAKE_ENV;
	enum rc rc;

	e = ERR_INIT;
	rc = jwt_verify(a, &f.env, &opts, t, who, &e);
	if (rc == RC_OK)
		return "";
	assert_int_equal(rc, RC_UNAUTHORIZED);
	assert_int_equal(e.rc, RC_UNAUTHORIZED);
	assert_int_equal(who->sub.n, 0);
	assert_int_equal(who->exp, 0);
	return e.msg;
}

#define assert_verdict(t, want)                                                                                      \
	do {                                                                                                         \
		struct jwt_who who_;                                                                                 \
		assert_string_equal(verdict(*state, (t), &who_), (want));                                            \
	} while (0)

static void good(void **state)
{
	struct jwt_who who;

	assert_string_equal(verdict(*state, token(*state, HS256, "{\"sub\":\"ann\",\"name\":\"Ann \\u00c5\",\"exp\":1700000900,\"x\":[1,{}]}"), &who), "");
	assert_true(slice_is(who.sub, "ann"));
	assert_true(slice_is(who.name, "Ann \xc3\x85"));
	assert_int_equal(who.exp, 1700000900);
}

/* RFC 7515, A.1: the header with its line break, the key and the signature as printed there. Its exp is in 2011 and it has no sub. */
static void rfc7515_a1(void **state)
{
	static const char text[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
				   ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
				   ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct buf key = BUF_INIT(128);
	struct fake_env f = FAKE_ENV;
	struct jwt_who who;
	struct jwt_opts o;
	struct err e;

	assert_true(b64url_decode(&key, S("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")));
	o = (struct jwt_opts){.hs_secret = buf_slice(&key), .leeway_s = 30};
	assert_int_equal(jwt_verify(*state, &f.env, &o, slice_cstr(text), &who, &e), RC_UNAUTHORIZED);
	assert_string_equal(e.msg, "expired");
	f.wall_s = 1300819380 - 1;
	assert_int_equal(jwt_verify(*state, &f.env, &o, slice_cstr(text), &who, &e), RC_UNAUTHORIZED);
	assert_string_equal(e.msg, "bad sub");
	((char *)(uintptr_t)key.p)[0] ^= 1;
	assert_int_equal(jwt_verify(*state, &f.env, &o, slice_cstr(text), &who, &e), RC_UNAUTHORIZED);
	assert_string_equal(e.msg, "bad signature");
	buf_release(&key);
}

struct header_row {
	const char *header, *want;
};

/* Each is signed well: what refuses it is the header alone. */
static void headers(void **state)
{
	static const struct header_row rows[] = {
		{"{\"alg\":\"HS256\"}", ""},
		{"{\"alg\":\"HS256\",\"typ\":\"jwt\"}", ""},
		{"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", ""},
		{"{\"alg\":\"HS256\",\"typ\":\"application/at+JWT\"}", ""},
		{"{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", ""},
		{"{\"alg\":\"HS256\",\"kid\":7,\"jku\":\"http://127.0.0.1:1/\",\"x5u\":\"http://127.0.0.1:1/\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", ""},
		{"{\"alg\":\"none\"}", "another algorithm"},
		{"{\"alg\":\"None\"}", "another algorithm"},
		{"{\"alg\":\"nOnE\"}", "another algorithm"},
		{"{\"alg\":\"\"}", "another algorithm"},
		{"{\"alg\":\"hs256\"}", "another algorithm"},
		{"{\"alg\":\"HS256 \"}", "another algorithm"},
		{"{\"alg\":\"HS512\"}", "another algorithm"},
		{"{\"alg\":\"HS384\"}", "another algorithm"},
		{"{\"alg\":\"RS256\"}", "another algorithm"},
		{"{\"alg\":\"ES256\"}", "another algorithm"},
		{"{\"alg\":\"EdDSA\"}", "another algorithm"},
		{"{}", "bad header"},
		{"{\"typ\":\"JWT\"}", "bad header"},
		{"{\"alg\":null}", "bad header"},
		{"{\"alg\":256}", "bad header"},
		{"{\"alg\":true}", "bad header"},
		{"{\"alg\":[\"HS256\"]}", "bad header"},
		{"{\"alg\":{\"HS256\":1}}", "bad header"},
		{"{\"alg\":\"none\",\"alg\":\"HS256\"}", "bad header"},
		{"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "bad header"},
		{"{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", "bad header"},
		{"{\"alg\":\"HS256\\u0000\"}", "bad header"},
		{"{\"alg\":\"HS256\"}x", "bad header"},
		{"{'alg':'HS256'}", "bad header"},
		{"[\"HS256\"]", "bad header"},
		{"\"HS256\"", "bad header"},
		{"null", "bad header"},
		{"{\"alg\":\"HS256\",\"typ\":1}", "bad header"},
		{"{\"alg\":\"HS256\",\"typ\":\"JWE\"}", "another type of token"},
		{"{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", "another type of token"},
		{"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "header asks for what is not done"},
		{"{\"alg\":\"HS256\",\"crit\":null}", "header asks for what is not done"},
		{"{\"alg\":\"HS256\",\"b64\":false}", "header asks for what is not done"},
		{"{\"alg\":\"HS256\",\"zip\":\"DEF\"}", "header asks for what is not done"},
		{"{\"alg\":\"HS256\",\"enc\":\"A256GCM\"}", "header asks for what is not done"},
		{"{\"alg\":\"HS256\",\"a\":[[[[[[[[[[1]]]]]]]]]]}", "bad header"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct jwt_who who;
		const char *got = verdict(*state, token(*state, rows[i].header, GOOD), &who);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: %s: got '%s', want '%s'", i, rows[i].header, got, rows[i].want);
	}
}

static void claims(void **state)
{
	static const struct {
		const char *claims, *want;
	} rows[] = {
		{GOOD, ""},
		{"{\"sub\":\"ann\",\"exp\":1700000001}", ""},
		{"{\"sub\":\"ann\",\"exp\":1700000000}", ""},
		{"{\"sub\":\"ann\",\"exp\":1699999971}", ""}, /* now + 30 - 1 */
		{"{\"sub\":\"ann\",\"exp\":1699999970}", "expired"},
		{"{\"sub\":\"ann\",\"exp\":1699999969}", "expired"},
		{"{\"sub\":\"ann\",\"exp\":1}", "expired"},
		{"{\"sub\":\"ann\",\"exp\":9007199254740991}", ""},
		{"{\"sub\":\"ann\",\"exp\":9007199254740992}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":9223372036854775807}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":9223372036854775808}", "bad claims"},
		{"{\"sub\":\"ann\",\"exp\":18446744073709551616}", "bad claims"},
		{"{\"sub\":\"ann\",\"exp\":1e300}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":1700000900.0}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":1.7e9}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":\"1700000900\"}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":-1}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":0}", "no exp"},
		{"{\"sub\":\"ann\",\"exp\":null}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":true}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":[1700000900]}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":NaN}", "bad claims"},
		{"{\"sub\":\"ann\",\"exp\":Infinity}", "bad claims"},
		{"{\"sub\":\"ann\"}", "no exp"},
		{"{\"sub\":\"ann\",\"exp\":1,\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":1700000029}", ""},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":1700000030}", ""},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":1700000031}", "not yet valid"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":\"0\"}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":0.5}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":null}", "bad date"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"nbf\":0}", ""},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"iat\":1700000030}", ""},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"iat\":1700000031}", "issued in the future"},
		{"{\"sub\":\"ann\",\"exp\":1700000900,\"iat\":\"yesterday\"}", "bad date"},
		{"{\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":\"\",\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":null,\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":7,\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":[\"ann\"],\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":\"bob\",\"sub\":\"ann\",\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"ann\",\"s\\u0075b\":\"admin\",\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"admin\\u0000x\",\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"\\ud800\",\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"\xff\",\"exp\":1700000900}", "bad claims"},
		{"{\"sub\":\"a\\nb\",\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":\"a\\u007fb\",\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":\"a\\u0085b\",\"exp\":1700000900}", "bad sub"},
		{"{\"sub\":\"ann\",\"exp\":1700000900", "bad claims"},
		{"", "bad base64url"},
		{"[]", "bad claims"},
		{"\"ann\"", "bad claims"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct jwt_who who;
		const char *got = verdict(*state, token(*state, HS256, rows[i].claims), &who);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: %s: got '%s', want '%s'", i, rows[i].claims, got, rows[i].want);
	}
}

/* What looks like another's name is another name: bytes are kept as they were signed. */
static void sub_is_kept_byte_by_byte(void **state)
{
	static const char *const subs[] = {" ann", "ann ", "\xd0\xb0nn", "\xe2\x80\xaennA", "auth0|5f", "a\xcc\x8a", "\xc3\xa5", "Ann"};
	struct jwt_who who;

	for (size_t i = 0; i < countof(subs); i++) {
		struct slice c = arena_printf(*state, "{\"sub\":\"%s\",\"exp\":1700000900}", subs[i]);

		assert_string_equal(verdict(*state, token(*state, HS256, c.p), &who), "");
		assert_true(slice_is(who.sub, subs[i]));
	}
}

static void sub_length(void **state)
{
	static char as[10241];
	struct jwt_who who;

	memset(as, 'a', sizeof(as) - 1);
	assert_string_equal(verdict(*state, token(*state, HS256, arena_printf(*state, "{\"sub\":\"%.255s\",\"exp\":1700000900}", as).p), &who), "");
	assert_verdict(token(*state, HS256, arena_printf(*state, "{\"sub\":\"%.256s\",\"exp\":1700000900}", as).p), "bad sub");
	assert_verdict(token(*state, HS256, arena_printf(*state, "{\"sub\":\"%s\",\"exp\":1700000900}", as).p), "too long");
}

static void odd_names_are_none(void **state)
{
	static const char *const names[] = {"7", "null", "[\"Ann\"]", "\"a\\nb\"", "\"\""};
	struct jwt_who who;

	for (size_t i = 0; i < countof(names); i++) {
		struct slice c = arena_printf(*state, "{\"sub\":\"ann\",\"name\":%s,\"exp\":1700000900}", names[i]);

		assert_string_equal(verdict(*state, token(*state, HS256, c.p), &who), "");
		assert_int_equal(who.name.n, 0);
	}
}

/* Every bit of the signature, and every bit of what is signed. */
static void flipped_bits(void **state)
{
	struct slice t = token(*state, HS256, GOOD);
	struct jwt_who who;

	for (size_t i = 0; i < t.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct slice forged = arena_dup(*state, t);

			((char *)(uintptr_t)forged.p)[i] ^= (char)(1 << bit);
			if (verdict(*state, forged, &who)[0] == '\0')
				fail_msg("byte %zu bit %d", i, bit);
		}
}

static void other_keys(void **state)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
	struct slice h = S(HS256), c = S(GOOD);

	assert_verdict(make(*state, h, c, MAC_SHA256, SLICE_NONE), "bad signature");
	assert_verdict(make(*state, h, c, MAC_SHA256, S("A shared secret of thirty-two bytes or more")), "bad signature");
	assert_verdict(make(*state, h, c, MAC_SHA256, S("a shared secret of thirty-two bytes or mor")), "bad signature");
	assert_verdict(make(*state, h, c, MAC_SHA256, slice_cstr(pem)), "bad signature");
	assert_verdict(make(*state, h, c, MAC_SHA256, slice_upto(slice_cstr(pem), sizeof(pem) - 2)), "bad signature");
	/* The right key, a longer and a shorter MAC. */
	assert_verdict(make(*state, h, c, MAC_SHA512, SECRET), "bad signature");
	assert_verdict(make(*state, h, c, MAC_SHA384, SECRET), "bad signature");
	assert_verdict(make(*state, S("{\"alg\":\"HS512\"}"), c, MAC_SHA512, SECRET), "another algorithm");
}

static void no_key_no_entry(void **state)
{
	static const struct slice secrets[] = {S_INIT(""), S_INIT("short"), S_INIT("a secret of only thirty-one byt")};
	struct fake_env f = FAKE_ENV;
	struct jwt_who who;
	struct err e;

	for (size_t i = 0; i < countof(secrets); i++) {
		struct jwt_opts o = {.hs_secret = secrets[i], .leeway_s = 30};
		struct slice t = make(*state, S(HS256), S(GOOD), MAC_SHA256, secrets[i]);

		assert_int_equal(jwt_verify(*state, &f.env, &o, t, &who, &e), RC_UNAUTHORIZED);
		assert_string_equal(e.msg, "no key is configured");
	}
}

static void shapes(void **state)
{
	struct slice t = token(*state, HS256, GOOD), header, claims, sig = slice_cut(slice_cut(t, '.', &header), '.', &claims);
	static char many[1048577];

	assert_verdict(SLICE_NONE, "empty");
	assert_verdict(header, "not three parts");
	assert_verdict(arena_printf(*state, "%.*s.%.*s", SLICE_ARG(header), SLICE_ARG(claims)), "not three parts");
	assert_verdict(arena_printf(*state, "%.*s.%.*s.", SLICE_ARG(header), SLICE_ARG(claims)), "not three parts");
	assert_verdict(arena_printf(*state, "%s.", t.p), "not three parts");
	assert_verdict(arena_printf(*state, "%s.%.*s", t.p, SLICE_ARG(sig)), "not three parts");
	assert_verdict(arena_printf(*state, "%s.a.b", t.p), "not three parts");
	assert_verdict(arena_printf(*state, ".%s", t.p), "not three parts");
	assert_verdict(arena_printf(*state, "..%.*s", SLICE_ARG(sig)), "bad base64url");
	assert_verdict(S(".."), "not three parts");
	assert_verdict(arena_printf(*state, "{\"payload\":\"%.*s\",\"signature\":\"%.*s\"}", SLICE_ARG(claims), SLICE_ARG(sig)), "not three parts");
	memset(many, '.', sizeof(many));
	assert_verdict(slice_mem(many, 1000000), "too long");
	assert_verdict(slice_mem(many, JWT_MAX + 1), "too long");
	assert_verdict(slice_mem(many, JWT_MAX), "not three parts");
	memset(many, 'a', sizeof(many));
	assert_verdict(slice_mem(many, sizeof(many)), "too long");
}

/* The longest token that is still looked at is a good one. */
static void longest(void **state)
{
	struct slice t, filler = arena_printf(*state, "%6100s", "");

	for (size_t n = 6000;; n++) {
		t = token(*state, HS256, arena_printf(*state, "{\"sub\":\"ann\",\"exp\":1700000900,\"x\":\"%.*s\"}", (int)n, filler.p).p);
		if (t.n >= JWT_MAX)
			break;
	}
	assert_verdict(t, t.n == JWT_MAX ? "" : "too long");
	t = token(*state, HS256, arena_printf(*state, "{\"sub\":\"ann\",\"exp\":1700000900,\"x\":\"%.6000s\"}", filler.p).p);
	assert_verdict(t, "");
}

static void base64(void **state)
{
	static const char *const tails[] = {"=", "==", "\n", " ", "%2e", "+", "/", "\t", "\xc3\xa5"};
	struct slice t = token(*state, HS256, GOOD), spoilt;
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	ptrdiff_t last = strchr(digits, t.p[t.n - 1]) - digits;

	for (size_t i = 0; i < countof(tails); i++)
		assert_verdict(arena_printf(*state, "%s%s", t.p, tails[i]), "bad base64url");
	/* 43 characters hold 258 bits: the two unused ones must be zero. */
	for (int more = 1; more < 4; more++) {
		spoilt = arena_dup(*state, t);
		((char *)(uintptr_t)spoilt.p)[t.n - 1] = digits[last | more];
		assert_verdict(spoilt, "bad base64url");
	}
	assert_verdict(arena_printf(*state, " %s", t.p), "bad base64url");
}

static void leeway(void **state)
{
	static const struct {
		int64_t leeway_s, after_exp_s;
		bool good;
	} rows[] = {
		{0, -1, true}, {0, 0, false}, {60, 59, true}, {60, 60, false}, {300, 299, true}, {300, 300, false}, {100000, 299, true}, {100000, 300, false}, {-5, -1, true},
		{-5, 0, false},
	};
	struct slice t = token(*state, HS256, GOOD);
	struct jwt_who who;

	for (size_t i = 0; i < countof(rows); i++) {
		struct jwt_opts o = {.hs_secret = SECRET, .leeway_s = rows[i].leeway_s};
		struct fake_env f = FAKE_ENV;

		f.wall_s = 1700000900 + rows[i].after_exp_s;
		assert_int_equal(jwt_verify(*state, &f.env, &o, t, &who, NULL) == RC_OK, rows[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(rfc7515_a1, setup, teardown),
		cmocka_unit_test_setup_teardown(headers, setup, teardown),
		cmocka_unit_test_setup_teardown(claims, setup, teardown),
		cmocka_unit_test_setup_teardown(sub_is_kept_byte_by_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(sub_length, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_names_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(flipped_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(other_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(no_key_no_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(longest, setup, teardown),
		cmocka_unit_test_setup_teardown(base64, setup, teardown),
		cmocka_unit_test_setup_teardown(leeway, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
