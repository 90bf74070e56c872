/* SPDX-License-Identifier: MIT */
/* Cookie headers and values: nothing that was not signed is anybody; what was found in a header is a view into it. */
#include "tests/fuzz/fuzz.h"

#include "auth/cookie.h"

#define SECRET S("a secret of at least thirty-two bytes")

static int64_t stands(const struct env *v UNUSED)
{
	return INT64_C(1700000000000000);
}

static void zeroes(const struct env *v UNUSED, void *p, size_t n)
{
	memset(p, 0, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct env env = {stands, stands, zeroes};
	struct cookie_opts o = {.secret = SECRET, .secret_old = S("the secret before, of as many bytes!!"), .max_age_s = 86400};
	struct slice in = slice_mem(data, n), value = SLICE_NONE, id, minted, minted_id;
	struct arena *a = arena_new(1024 * 1024, NULL);
	bool renew;

	cookie_mint(a, &env, &o, &minted, &minted_id);
	if (cookie_find(in, S("ck"), &value)) {
		CHECK(value.n == 0 || (value.p >= in.p && value.p + value.n <= in.p + in.n));
		CHECK(slice_find(value, S(";")) < 0);
	}
	/* The fuzzer may be handed the good one by the corpus, and no other. */
	if (cookie_check(a, &env, &o, in, &id, &renew))
		CHECK(slice_eq(in, minted) && slice_eq(id, minted_id) && !renew);
	arena_free(a);
	return 0;
}
