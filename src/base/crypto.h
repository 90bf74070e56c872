/* SPDX-License-Identifier: MIT */
/*
 * The only file that includes libcrypto's headers (later, keys for RS, ES and Ed join here). Hashes, MACs, and the two encodings that go with them.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/buf.h"

#define SHA256_LEN 32

void sha256(struct slice in, unsigned char out[SHA256_LEN]);
/* The hash of several pieces as if they were one; separate fields yourself (a length or a NUL between), or two lists collide. */
void sha256_many(const struct slice *in, size_t n, unsigned char out[SHA256_LEN]);
/* The hash of bytes that come one after another, in the heap: one of end and drop frees it. Used by one thread at a time. */
struct sha256_sum;
struct sha256_sum *sha256_new(void) MUSTCHECK;
void sha256_add(struct sha256_sum *s, struct slice bytes);
void sha256_end(struct sha256_sum *s, unsigned char out[SHA256_LEN]);
void sha256_drop(struct sha256_sum *s); /* NULL is fine */
enum crypto_mac { MAC_SHA256 = 32, MAC_SHA384 = 48, MAC_SHA512 = 64 };
/* out has room for 64 bytes; returns the MAC's length. */
size_t hmac(enum crypto_mac kind, struct slice key, struct slice in, unsigned char out[64]);
/* One 32-byte key for one use: HKDF-SHA256 (RFC 5869) of secret with label as info. One label a use, never two. */
void hkdf(struct slice secret, const char *label, unsigned char out[32]);
/* The same length and the same bytes; takes as long whatever differs. */
bool crypto_eq(struct slice a, struct slice b);

/* RFC 4648 section 5 without padding. The decoder is strict: no padding, no other alphabet, no whitespace, unused bits zero; otherwise false, and
 * nothing is added. */
void b64url_encode(struct buf *out, struct slice in);
bool b64url_decode(struct buf *out, struct slice in) MUSTCHECK;
/* Lower-case hex. */
void hex_encode(struct buf *out, struct slice in);
/* Overwrites so that the compiler cannot leave it out. */
void wipe(void *p, size_t n);

#endif
