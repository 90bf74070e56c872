/* SPDX-License-Identifier: MIT */
/* What can stand behind "is", and behind select and its kin. */
#include "chatkit/template_inner.h"

#define TEST(name) static bool name(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out)

static bool answer(struct tv *out, bool yes)
{
	*out = TV_OF_BOOL(yes);
	return true;
}

TEST(is_defined)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind != TV_UNDEFINED);
}

TEST(is_undefined)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_UNDEFINED);
}

TEST(is_none)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_NONE);
}

TEST(is_boolean)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_BOOL);
}

TEST(is_true)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_BOOL && in->b);
}

TEST(is_false)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_BOOL && !in->b);
}

TEST(is_integer)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_INT);
}

TEST(is_float)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_FLOAT);
}

TEST(is_number)
{
	(void)x, (void)n, (void)arg;
	return answer(out, tv_is_number(in));
}

TEST(is_string)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_STR);
}

TEST(is_mapping)
{
	(void)x, (void)n, (void)arg;
	return answer(out, in->kind == TV_DICT);
}

/* What has a length and places. */
TEST(is_sequence)
{
	(void)x, (void)n, (void)arg;
	return answer(out, tv_is_soft(in) || in->kind == TV_STR || in->kind == TV_DICT || (in->kind == TV_SEQ && in->seq->kind <= SEQ_RANGE));
}

TEST(is_iterable)
{
	(void)n, (void)arg;
	if (in->kind == TV_UNDEFINED)
		return tv_is_soft(in) ? answer(out, true) : tx_undefined(x, in);
	return answer(out, in->kind == TV_STR || in->kind == TV_DICT || in->kind == TV_SEQ || in->kind == TV_LOOP);
}

/* The remainder of in by d. */
static bool remainder_by(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *d, struct tv *out)
{
	struct tnode mod = *n;

	mod.kind = TN_MOD;
	return tv_binary(x, &mod, in, d, out);
}

static bool remainder_is(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *d, int64_t want, struct tv *out)
{
	struct tv r;
	bool same;

	if (!remainder_by(x, n, in, d, &r) || !tv_equal(x, n, &r, &TV_OF_INT(want), &same))
		return false;
	return answer(out, same);
}

TEST(is_odd)
{
	(void)arg;
	return remainder_is(x, n, in, &TV_OF_INT(2), 1, out);
}

TEST(is_even)
{
	(void)arg;
	return remainder_is(x, n, in, &TV_OF_INT(2), 0, out);
}

TEST(is_divisible)
{
	return remainder_is(x, n, in, &arg[0], 0, out);
}

TEST(is_equal)
{
	bool same;

	return tv_equal(x, n, in, &arg[0], &same) && answer(out, same);
}

TEST(is_unequal)
{
	bool same;

	return tv_equal(x, n, in, &arg[0], &same) && answer(out, !same);
}

TEST(is_less)
{
	int order;

	return tv_order(x, n, in, &arg[0], &order) && answer(out, order == -1);
}

TEST(is_at_most)
{
	int order;

	return tv_order(x, n, in, &arg[0], &order) && answer(out, order == -1 || order == 0);
}

TEST(is_greater)
{
	int order;

	return tv_order(x, n, in, &arg[0], &order) && answer(out, order == 1);
}

TEST(is_at_least)
{
	int order;

	return tv_order(x, n, in, &arg[0], &order) && answer(out, order == 1 || order == 0);
}

TEST(is_in)
{
	bool yes;

	return tv_contains(x, n, &arg[0], in, &yes) && answer(out, yes);
}

const struct t_callable *t_test_find(struct slice name)
{
	static const struct t_callable tests[] = {
		{"defined", "", 0, is_defined, 0}, {"undefined", "", 0, is_undefined, 0}, {"none", "", 0, is_none, 0}, {"boolean", "", 0, is_boolean, 0},
		{"true", "", 0, is_true, 0}, {"false", "", 0, is_false, 0}, {"integer", "", 0, is_integer, 0}, {"float", "", 0, is_float, 0},
		{"number", "", 0, is_number, 0}, {"string", "", 0, is_string, 0}, {"mapping", "", 0, is_mapping, 0}, {"sequence", "", 0, is_sequence, 0},
		{"iterable", "", 0, is_iterable, 0}, {"odd", "", 0, is_odd, 0}, {"even", "", 0, is_even, 0}, {"divisibleby", "num", 1, is_divisible, 0},
		{"==", "other", 1, is_equal, 0}, {"eq", "other", 1, is_equal, 0}, {"equalto", "other", 1, is_equal, 0}, {"!=", "other", 1, is_unequal, 0},
		{"ne", "other", 1, is_unequal, 0}, {"<", "other", 1, is_less, 0}, {"lt", "other", 1, is_less, 0}, {"lessthan", "other", 1, is_less, 0},
		{"<=", "other", 1, is_at_most, 0}, {"le", "other", 1, is_at_most, 0}, {">", "other", 1, is_greater, 0}, {"gt", "other", 1, is_greater, 0},
		{"greaterthan", "other", 1, is_greater, 0}, {">=", "other", 1, is_at_least, 0}, {"ge", "other", 1, is_at_least, 0}, {"in", "seq", 1, is_in, 0},
	};

	for (size_t i = 0; i < countof(tests); i++)
		if (slice_is(name, tests[i].name))
			return &tests[i];
	return NULL;
}
