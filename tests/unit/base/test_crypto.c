/* SPDX-License-Identifier: MIT */
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_hex(const unsigned char *p, size_t n, const char *want)
{
	struct buf b = BUF_INIT(1000);

	hex_encode(&b, slice_mem(p, n));
	assert_string_equal(b.p, want);
	buf_release(&b);
}

/* FIPS 180-4's examples. */
static void sha256__known_texts__give_the_known_hashes(void **state UNUSED)
{
	const struct slice parts[] = {S("abcdbcdecdefdefgefghfghighij"), SLICE_NONE, S("hijkijkljklmklmnlmnomnopnopq")};
	unsigned char out[SHA256_LEN];

	sha256(S("abc"), out);
	assert_hex(out, sizeof(out), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256(SLICE_NONE, out);
	assert_hex(out, sizeof(out), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_many(parts, countof(parts), out);
	assert_hex(out, sizeof(out), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	sha256_many(NULL, 0, out);
	assert_hex(out, 4, "e3b0c442");

	for (size_t cut = 0; cut <= 3; cut++) {
		struct sha256_sum *sum = sha256_new();

		sha256_add(sum, slice_upto(S("abc"), cut));
		sha256_add(sum, slice_from(S("abc"), cut));
		sha256_end(sum, out);
		assert_hex(out, SHA256_LEN, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	}
	sha256_drop(sha256_new());
	sha256_drop(NULL);
}

/* RFC 4231, test cases 1, 2, 3, 6 and 7. */
static void hmac__rfc_4231__agrees(void **state UNUSED)
{
	char k1[20], k3[20], d3[50], k6[131];
	const struct slice d7 = S("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before "
				  "being used by the HMAC algorithm.");
	const struct {
		struct slice key, in;
		enum crypto_mac kind;
		const char *want;
	} rows[] = {
		{{k1, 20}, S_INIT("Hi There"), MAC_SHA256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{{k1, 20},
		 S_INIT("Hi There"),
		 MAC_SHA384,
		 "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
		{{k1, 20},
		 S_INIT("Hi There"),
		 MAC_SHA512,
		 "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
		{S_INIT("Jefe"),
		 S_INIT("what do ya want for nothing?"),
		 MAC_SHA256,
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{{k3, 20}, {d3, 50}, MAC_SHA256, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{{k6, 131},
		 S_INIT("Test Using Larger Than Block-Size Key - Hash Key First"),
		 MAC_SHA256,
		 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{{k6, 131}, d7, MAC_SHA256, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	};

	memset(k1, 0x0b, sizeof(k1));
	memset(k3, 0xaa, sizeof(k3));
	memset(d3, 0xdd, sizeof(d3));
	memset(k6, 0xaa, sizeof(k6));
	for (size_t i = 0; i < countof(rows); i++) {
		unsigned char out[64];

		assert_int_equal(hmac(rows[i].kind, rows[i].key, rows[i].in, out), rows[i].kind);
		assert_hex(out, (size_t)rows[i].kind, rows[i].want);
	}
}

static void hmac__empty_key__is_a_key(void **state UNUSED)
{
	unsigned char out[64];

	hmac(MAC_SHA256, S("other"), S("x"), out);
	hmac(MAC_SHA256, SLICE_NONE, SLICE_NONE, out);
	assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 5869, A.3: no salt, no info. With a label, against its definition. */
static void hkdf__rfc_5869__agrees(void **state UNUSED)
{
	unsigned char out[32], prk[64], okm[64], ikm[22];
	char salt[32] = {0};

	memset(ikm, 0x0b, sizeof(ikm));
	hkdf(slice_mem(ikm, sizeof(ikm)), "", out);
	assert_hex(out, 32, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
	hkdf(S("secret"), "cookie", out);
	hmac(MAC_SHA256, slice_mem(salt, 32), S("secret"), prk);
	hmac(MAC_SHA256, slice_mem(prk, 32), S("cookie\x01"), okm);
	assert_memory_equal(out, okm, 32);
	hkdf(S("secret"), "cookif", prk);
	assert_memory_not_equal(out, prk, 32);
}

static void crypto_eq__any_difference__is_seen(void **state UNUSED)
{
	assert_true(crypto_eq(S("abc"), S("abc")));
	assert_false(crypto_eq(S("abc"), S("abd")));
	assert_false(crypto_eq(S("abc"), S("bbc")));
	assert_false(crypto_eq(S("abc"), S("ab")));
	assert_false(crypto_eq(S("abc"), SLICE_NONE));
	assert_true(crypto_eq(SLICE_NONE, S("")));
}

/* RFC 4648, section 10, in the other alphabet and without padding. */
static void b64url__rfc_4648__goes_both_ways(void **state UNUSED)
{
	static const struct {
		struct slice in;
		const char *want;
	} rows[] = {
		{S_INIT(""), ""},	     {S_INIT("f"), "Zg"},	   {S_INIT("fo"), "Zm8"},	 {S_INIT("foo"), "Zm9v"},
		{S_INIT("foob"), "Zm9vYg"}, {S_INIT("fooba"), "Zm9vYmE"}, {S_INIT("foobar"), "Zm9vYmFy"}, {S_INIT("\xfb\xff\xbf"), "-_-_"},
		{S_INIT("\0\0"), "AAA"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf text = BUF_INIT(100), back = BUF_INIT(100);

		b64url_encode(&text, rows[i].in);
		assert_true(slice_is(buf_slice(&text), rows[i].want));
		assert_true(b64url_decode(&back, buf_slice(&text)));
		assert_true(slice_eq(buf_slice(&back), rows[i].in));
		buf_release(&text);
		buf_release(&back);
	}
}

static void b64url_decode__anything_else__is_refused(void **state UNUSED)
{
	static const char *const bad[] = {"Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm8+", "Zm8/", "Zm 8", "Zm8\n", " Zm8", "Zm.8", "=", "\xc3\xa9"};

	for (size_t i = 0; i < countof(bad); i++) {
		struct buf b = BUF_INIT(100);

		buf_adds(&b, "kept");
		if (b64url_decode(&b, slice_cstr(bad[i])))
			fail_msg("'%s' passed", bad[i]);
		assert_string_equal(b.p, "kept");
		buf_release(&b);
	}
}

static void b64url__small_buffer__says_so(void **state UNUSED)
{
	struct buf b = BUF_INIT(5);

	assert_false(b64url_decode(&b, S("Zm9vYmFy")));
	assert_false(buf_ok(&b));
	buf_clear(&b);
	b64url_encode(&b, S("foobar"));
	assert_false(buf_ok(&b));
	buf_clear(&b);
	hex_encode(&b, S("abc"));
	assert_false(buf_ok(&b));
	buf_release(&b);
}

static void b64url__all_bytes__go_both_ways(void **state UNUSED)
{
	unsigned char bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct buf text = BUF_INIT(400), back = BUF_INIT(400);

		b64url_encode(&text, slice_mem(bytes, n));
		assert_true(b64url_decode(&back, buf_slice(&text)));
		assert_int_equal(back.n, n);
		assert_memory_equal(back.p, bytes, n);
		buf_release(&text);
		buf_release(&back);
	}
}

static void wipe__memory__is_zero(void **state UNUSED)
{
	char secret[] = "secret", zero[sizeof(secret)] = {0};

	wipe(secret, sizeof(secret));
	assert_memory_equal(secret, zero, sizeof(zero));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256__known_texts__give_the_known_hashes),
		cmocka_unit_test(hmac__rfc_4231__agrees),
		cmocka_unit_test(hmac__empty_key__is_a_key),
		cmocka_unit_test(hkdf__rfc_5869__agrees),
		cmocka_unit_test(crypto_eq__any_difference__is_seen),
		cmocka_unit_test(b64url__rfc_4648__goes_both_ways),
		cmocka_unit_test(b64url_decode__anything_else__is_refused),
		cmocka_unit_test(b64url__small_buffer__says_so),
		cmocka_unit_test(b64url__all_bytes__go_both_ways),
		cmocka_unit_test(wipe__memory__is_zero),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
