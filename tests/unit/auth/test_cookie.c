/* SPDX-License-Identifier: MIT */
#include "auth/cookie.h"

#include "fake_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DAY INT64_C(86400)
#define NEW_SECRET S("a secret of at least thirty-two bytes")
#define OLD_SECRET S("the secret before, of as many bytes!!")

static const struct cookie_opts *opts(void)
{
	static struct cookie_opts o;

	o = (struct cookie_opts){.secret = NEW_SECRET, .max_age_s = 90 * DAY};
	return &o;
}

static int setup(void **state)
{
	*state = arena_new(1024 * 1024, NULL);
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static void minted_is_ours(void **state)
{
	struct fake_env f = FAKE_ENV;
	struct slice value, id, again, other_value, other_id;
	bool renew;

	cookie_mint(*state, &f.env, opts(), &value, &id);
	assert_true(id_valid(id, ""));
	assert_true(slice_starts(value, arena_printf(*state, "v1.%.*s.1700000000.", SLICE_ARG(id))));
	assert_int_equal(value.n, 3 + 26 + 1 + 10 + 1 + 43);
	assert_true(cookie_check(*state, &f.env, opts(), value, &again, &renew));
	assert_true(slice_eq(id, again));
	assert_false(renew);
	cookie_mint(*state, &f.env, opts(), &other_value, &other_id);
	assert_false(slice_eq(id, other_id));
}

/* RFC 5869 and 2104 by another implementation: what a cookie of these bytes must be for ever, or everybody is somebody else after an update. */
static void known_value(void **state)
{
	struct fake_env f = FAKE_ENV;
	struct slice value, id;

	cookie_mint(*state, &f.env, opts(), &value, &id);
	assert_true(slice_is(value, "v1.0123456789abcdefghjkmnpqrs.1700000000.zrCCTfabfr6Md2HG9JqxlNPei-d_eNCXUsdJBvYcmvE"));
}

static void every_changed_byte_is_seen(void **state)
{
	struct fake_env f = FAKE_ENV;
	struct slice value, id;
	bool renew;

	cookie_mint(*state, &f.env, opts(), &value, &id);
	for (size_t i = 0; i < value.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct slice forged = arena_dup(*state, value);

			((char *)(uintptr_t)forged.p)[i] ^= (char)(1 << bit);
			assert_false(cookie_check(*state, &f.env, opts(), forged, &id, &renew));
		}
	for (size_t n = 0; n < value.n; n++)
		assert_false(cookie_check(*state, &f.env, opts(), slice_upto(value, n), &id, &renew));
}

static void forged_shapes(void **state)
{
	static const char *const values[] = {
		"", ".", "...", "v1", "v1...", "v1.0123456789abcdefghjkmnpqrs.1700000000.", "v1.0123456789abcdefghjkmnpqrs..x",
		"v2.0123456789abcdefghjkmnpqrs.1700000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"v1.0123456789abcdefghjkmnpqrs.1700000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"v1.0123456789ABCDEFGHJKMNPQRS.1700000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"v1.0123456789abcdefghjkmnpqrs.-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"v1.0123456789abcdefghjkmnpqrs.99999999999999999999.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct fake_env f = FAKE_ENV;
	struct slice id;
	bool renew;

	for (size_t i = 0; i < countof(values); i++)
		assert_false(cookie_check(*state, &f.env, opts(), slice_cstr(values[i]), &id, &renew));
}

static void age(void **state)
{
	static const struct {
		int64_t later_s;
		bool good, renew;
	} rows[] = {
		{0, true, false},	   {45 * DAY, true, false}, {45 * DAY + 1, true, true},	  {90 * DAY - 1, true, true}, {90 * DAY, false, false},
		{9000 * DAY, false, false}, {-300, true, false},    {-301, false, false}, {-T0, false, false},
	};
	struct fake_env f = FAKE_ENV;
	struct slice value, id;
	bool renew;

	cookie_mint(*state, &f.env, opts(), &value, &id);
	for (size_t i = 0; i < countof(rows); i++) {
		f.wall_s = T0 + rows[i].later_s;
		assert_int_equal(cookie_check(*state, &f.env, opts(), value, &id, &renew), rows[i].good);
		if (rows[i].good)
			assert_int_equal(renew, rows[i].renew);
	}
}

static void renewed_is_the_same_person(void **state)
{
	struct fake_env f = FAKE_ENV;
	struct slice value, id, again;
	bool renew;

	cookie_mint(*state, &f.env, opts(), &value, &id);
	f.wall_s += 60 * DAY;
	value = cookie_renew(*state, &f.env, opts(), id);
	f.wall_s += 60 * DAY;
	assert_true(cookie_check(*state, &f.env, opts(), value, &again, &renew));
	assert_true(slice_eq(id, again));
	assert_true(renew);
}

static void old_secret_is_accepted_and_replaced(void **state)
{
	struct cookie_opts before = {.secret = OLD_SECRET, .max_age_s = 90 * DAY};
	struct cookie_opts now = {.secret = NEW_SECRET, .secret_old = OLD_SECRET, .max_age_s = 90 * DAY};
	struct cookie_opts none = {.max_age_s = 90 * DAY};
	struct fake_env f = FAKE_ENV;
	struct slice value, id;
	bool renew;

	cookie_mint(*state, &f.env, &before, &value, &id);
	assert_true(cookie_check(*state, &f.env, &now, value, &id, &renew));
	assert_true(renew);
	assert_false(cookie_check(*state, &f.env, opts(), value, &id, &renew));
	assert_false(cookie_check(*state, &f.env, &none, value, &id, &renew));
}

/* Without a secret everybody knows the key. */
static void no_secret_no_entry(void **state)
{
	static const struct slice secrets[] = {S_INIT(""), S_INIT("a secret of only thirty-one byt"), S_INIT("a secret of thirty-two bytes here")};
	struct slice said = S("v1.0123456789abcdefghjkmnpqrs.1700000000"), id;
	struct fake_env f = FAKE_ENV;
	unsigned char key[32], mac[64];
	bool renew;

	for (size_t i = 0; i < countof(secrets); i++) {
		struct cookie_opts o = {.secret = secrets[i], .max_age_s = DAY};
		struct buf b = BUF_INIT(256);

		hkdf(secrets[i], "chatkit cookie v1", key);
		hmac(MAC_SHA256, slice_mem(key, sizeof(key)), said, mac);
		buf_add(&b, said);
		buf_addch(&b, '.');
		b64url_encode(&b, slice_mem(mac, SHA256_LEN));
		assert_int_equal(cookie_check(*state, &f.env, &o, buf_slice(&b), &id, &renew), i == 2);
		buf_release(&b);
	}
}

static void header_says_all(void **state)
{
	assert_true(slice_is(cookie_header(*state, opts(), true, S("x")), "__Host-ck=x; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure"));
	assert_true(slice_is(cookie_header(*state, opts(), false, S("x")), "ck=x; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"));
}

static void find(void **state)
{
	static const struct {
		const char *header, *value; /* NULL: not found */
	} rows[] = {
		{"ck=a", "a"},
		{"ck=", ""},
		{"x=1; ck=a; y=2", "a"},
		{"x=1;ck=a;y=2", "a"},
		{" ck = a ;", "a"},
		{"ck=a=b", "a=b"},
		{"xck=a", NULL},
		{"ckx=a", NULL},
		{"CK=a", NULL},
		{"ck", NULL},
		{"", NULL},
		{";;;", NULL},
		{"=ck=a", NULL},
		{"__Host-ck=a", NULL},
		{"ck=a; ck=b", NULL},
		{"ck=a; ck=a", NULL},
		{"ck=a; x=1; ck=", NULL},
		{"x=\"; ck=a", "a"},
	};
	struct slice value;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		bool found = cookie_find(slice_cstr(rows[i].header), S("ck"), &value);

		if (found != (rows[i].value != NULL) || (found && !slice_is(value, rows[i].value)))
			fail_msg("row %zu: %s", i, rows[i].header);
	}
}

static void names_by_scheme(void **state)
{
	(void)state;
	assert_string_equal(cookie_name(true), "__Host-ck");
	assert_string_equal(cookie_name(false), "ck");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(minted_is_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(known_value, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_byte_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(forged_shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(age, setup, teardown),
		cmocka_unit_test_setup_teardown(renewed_is_the_same_person, setup, teardown),
		cmocka_unit_test_setup_teardown(old_secret_is_accepted_and_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(no_secret_no_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(header_says_all, setup, teardown),
		cmocka_unit_test_setup_teardown(find, setup, teardown),
		cmocka_unit_test(names_by_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
