/* SPDX-License-Identifier: MIT */
#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void sha256(struct slice in, unsigned char out[SHA256_LEN])
{
	CHECK(EVP_Digest(in.p, in.n, out, NULL, EVP_sha256(), NULL) == 1);
}

void sha256_many(const struct slice *in, size_t n, unsigned char out[SHA256_LEN])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (!c)
		out_of_memory();
	CHECK(EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < n; i++)
		CHECK(EVP_DigestUpdate(c, in[i].p, in[i].n) == 1);
	CHECK(EVP_DigestFinal_ex(c, out, NULL) == 1);
	EVP_MD_CTX_free(c);
}

struct sha256_sum *sha256_new(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (!c)
		out_of_memory();
	CHECK(EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1);
	return (struct sha256_sum *)c;
}

void sha256_add(struct sha256_sum *s, struct slice bytes)
{
	CHECK(EVP_DigestUpdate((EVP_MD_CTX *)s, bytes.p, bytes.n) == 1);
}

void sha256_end(struct sha256_sum *s, unsigned char out[SHA256_LEN])
{
	CHECK(EVP_DigestFinal_ex((EVP_MD_CTX *)s, out, NULL) == 1);
	sha256_drop(s);
}

void sha256_drop(struct sha256_sum *s)
{
	EVP_MD_CTX_free((EVP_MD_CTX *)s);
}

static const EVP_MD *digest_of(enum crypto_mac kind)
{
	switch (kind) {
	case MAC_SHA256: return EVP_sha256();
	case MAC_SHA384: return EVP_sha384();
	case MAC_SHA512: return EVP_sha512();
	}
	CHECK(!"a known MAC");
	return NULL;
}

size_t hmac(enum crypto_mac kind, struct slice key, struct slice in, unsigned char out[64])
{
	unsigned len = 0;

	CHECK(key.n <= INT32_MAX);
	/* A NULL key would mean "the key of the last call" to OpenSSL. */
	CHECK(HMAC(digest_of(kind), key.p ? key.p : "", (int)key.n, (const unsigned char *)in.p, in.n, out, &len));
	CHECK(len == (unsigned)kind);
	return len;
}

void hkdf(struct slice secret, const char *label, unsigned char out[32])
{
	static const char no_salt[SHA256_LEN];
	unsigned char prk[64], okm[64];
	char info[128];
	size_t n = strlen(label);

	CHECK(n < sizeof(info));
	memcpy(info, label, n);
	info[n] = 1; /* T(1), the only block that 32 bytes need */
	hmac(MAC_SHA256, slice_mem(no_salt, sizeof(no_salt)), secret, prk);
	hmac(MAC_SHA256, slice_mem(prk, SHA256_LEN), slice_mem(info, n + 1), okm);
	memcpy(out, okm, SHA256_LEN);
	wipe(prk, sizeof(prk));
	wipe(okm, sizeof(okm));
}

bool crypto_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void b64url_encode(struct buf *out, struct slice in)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = (const unsigned char *)in.p;
	char *to = in.n < SIZE_MAX / 2 ? buf_room(out, in.n / 3 * 4 + (in.n % 3 ? in.n % 3 + 1 : 0)) : NULL;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	if (!to)
		return;
	for (size_t i = 0; i < in.n; i++) {
		bits = bits << 8 | p[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			to[n++] = digits[bits >> (n_bits - 6) & 63];
	}
	if (n_bits)
		to[n++] = digits[bits << (6 - n_bits) & 63];
	buf_added(out, n);
}

static int b64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool b64url_decode(struct buf *out, struct slice in)
{
	char *to = in.n % 4 != 1 ? buf_room(out, in.n / 4 * 3 + in.n % 4 * 3 / 4) : NULL;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;
	bool ok = to != NULL;

	for (size_t i = 0; ok && i < in.n; i++) {
		int v = b64url_digit(in.p[i]);

		ok = v >= 0;
		bits = bits << 6 | (unsigned)v;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[n++] = (char)(bits >> n_bits & 0xff);
		}
	}
	/* Unused bits that are not zero would give one text two spellings. */
	ok = ok && (bits & ((1u << n_bits) - 1)) == 0;
	if (to)
		buf_added(out, ok ? n : 0);
	return ok;
}

void hex_encode(struct buf *out, struct slice in)
{
	static const char digits[] = "0123456789abcdef";
	char *to = in.n < SIZE_MAX / 2 ? buf_room(out, in.n * 2) : NULL;

	if (!to)
		return;
	for (size_t i = 0; i < in.n; i++) {
		to[2 * i] = digits[(unsigned char)in.p[i] >> 4];
		to[2 * i + 1] = digits[(unsigned char)in.p[i] & 15];
	}
	buf_added(out, in.n * 2);
}

void wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
