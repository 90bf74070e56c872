/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void arena_alloc__memory__is_zeroed_and_aligned(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);

	for (size_t n = 0; n < 300; n++) {
		unsigned char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, n);
	}
	arena_free(a);
}

static void arena_alloc__all_sizes__do_not_overlap(void **state UNUSED)
{
	static const size_t sizes[] = {1, 16, 1000, 1025, 4096, 5000, 17000, 70000, 3};
	struct arena *a = arena_new(64 << 20, NULL);
	unsigned char *p[200];

	for (size_t i = 0; i < countof(p); i++) {
		p[i] = arena_alloc(a, sizes[i % countof(sizes)]);
		memset(p[i], (int)i, sizes[i % countof(sizes)]);
	}
	for (size_t i = 0; i < countof(p); i++)
		for (size_t k = 0; k < sizes[i % countof(sizes)]; k++)
			assert_int_equal(p[i][k], i & 0xff);
	arena_free(a);
}

static void arena_try__cap__is_kept(void **state UNUSED)
{
	struct arena *a = arena_new(1024, NULL);

	assert_null(arena_try(a, 1025));
	assert_int_equal(arena_used(a), 0);
	assert_non_null(arena_try(a, 1008));
	assert_non_null(arena_try(a, 16));
	assert_int_equal(arena_used(a), 1024);
	assert_null(arena_try(a, 1));
	assert_null(arena_try(a, 0));
	assert_null(arena_try(a, SIZE_MAX));
	assert_null(arena_try(a, SIZE_MAX - 8));
	assert_int_equal(arena_used(a), 1024);
	/* A small fixed size may go over. */
	assert_non_null(arena_alloc(a, 100));
	assert_true(arena_used(a) > 1024);
	arena_free(a);
}

static void arena_free__child__gives_back_to_the_parent(void **state UNUSED)
{
	struct arena *top = arena_new(4096, NULL), *a = arena_new(1 << 20, top), *b = arena_new(1 << 20, a);

	assert_non_null(arena_try(top, 1000));
	assert_non_null(arena_try(a, 1000));
	assert_non_null(arena_try(b, 1000));
	assert_int_equal(arena_used(b), 1008);
	assert_int_equal(arena_used(a), 2016);
	assert_int_equal(arena_used(top), 3024);
	/* The cap that is passed is the grandparent's. */
	assert_null(arena_try(b, 2000));
	assert_int_equal(arena_used(top), 3024);
	arena_free(b);
	assert_int_equal(arena_used(a), 1008);
	assert_int_equal(arena_used(top), 2016);
	arena_free(a);
	assert_int_equal(arena_used(top), 1008);
	arena_free(top);
	arena_free(NULL);
}

static void arena_charge__bytes_elsewhere__count(void **state UNUSED)
{
	struct arena *top = arena_new(100, NULL), *a = arena_new(1000, top);

	assert_true(arena_charge(a, 60));
	assert_false(arena_charge(a, 60));
	assert_int_equal(arena_used(a), 60);
	assert_int_equal(arena_used(top), 60);
	assert_false(arena_charge(a, SIZE_MAX));
	arena_free(a);
	assert_int_equal(arena_used(top), 0);
	arena_free(top);
}

static char order[8];

static void note(void *p)
{
	size_t n = strlen(order);

	order[n] = *(char *)p;
	order[n + 1] = '\0';
}

static void arena_defer__order__is_last_first(void **state UNUSED)
{
	struct arena *a = arena_new(1000, NULL);
	char *letter = arena_alloc(a, 3);

	order[0] = '\0';
	memcpy(letter, "abc", 3);
	for (int i = 0; i < 3; i++)
		arena_defer(a, note, letter + i);
	assert_string_equal(order, "");
	arena_free(a);
	assert_string_equal(order, "cba");
}

static void arena_lower__ascii_only__is_lower(void **state UNUSED)
{
	struct arena *a = arena_new(1000, NULL);
	struct slice s = arena_lower(a, S("Image/PNG[@\xc4Z")), empty = arena_lower(a, SLICE_NONE);

	assert_true(slice_is(s, "image/png[@\xc4z"));
	assert_int_equal(s.p[s.n], '\0');
	assert_true(empty.n == 0 && empty.p);
	arena_free(a);
}

static void arena_dup__copies__end_in_nul(void **state UNUSED)
{
	struct arena *a = arena_new(100, NULL);
	struct slice s = arena_dup(a, S("abc")), empty = arena_try_dup(a, SLICE_NONE);

	assert_true(slice_is(s, "abc"));
	assert_int_equal(s.p[3], 0);
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	assert_string_equal(arena_cstr(a, slice_upto(S("hello"), 2)), "he");
	assert_null(arena_try_dup(a, slice_mem(order, 1000)).p);
	s = arena_printf(a, "%s-%d", "x", 42);
	assert_true(slice_is(s, "x-42"));
	assert_int_equal(s.p[s.n], 0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_alloc__memory__is_zeroed_and_aligned),
		cmocka_unit_test(arena_alloc__all_sizes__do_not_overlap),
		cmocka_unit_test(arena_try__cap__is_kept),
		cmocka_unit_test(arena_free__child__gives_back_to_the_parent),
		cmocka_unit_test(arena_charge__bytes_elsewhere__count),
		cmocka_unit_test(arena_defer__order__is_last_first),
		cmocka_unit_test(arena_lower__ascii_only__is_lower),
		cmocka_unit_test(arena_dup__copies__end_in_nul),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
