/* SPDX-License-Identifier: MIT */
/* What is called with arguments: filters, tests, methods, range and namespace. Arguments are put in their places when the template is read. */
#include "chatkit/template_inner.h"

static unsigned params_of(const struct t_callable *fn)
{
	struct slice rest = slice_cstr(fn->params), one;
	unsigned n = 0;

	for (; rest.n; n++)
		rest = slice_cut(rest, ' ', &one);
	return n;
}

/* Where the parameter of this name stands, or T_ARGS_MAX. */
static unsigned param_at(const struct t_callable *fn, struct slice name)
{
	struct slice rest = slice_cstr(fn->params), one;

	for (unsigned i = 0; rest.n; i++) {
		rest = slice_cut(rest, ' ', &one);
		if (slice_eq(one, name))
			return i;
	}
	return T_ARGS_MAX;
}

static bool is_keyword(struct t_parse *p, bool *ok)
{
	const struct token *second;

	*ok = true;
	if (p->now.kind != TT_NAME)
		return false;
	second = t_look(p);
	*ok = second != NULL;
	return second && second->kind == TT_ASSIGN;
}

static bool enough(struct t_parse *p, const struct tnode *n, const struct token *at)
{
	for (unsigned i = 0; i < n->fn->min; i++)
		if (!n->arg[i]) {
			t_refuse(p, at, "%s needs %d argument%s", n->fn->name, n->fn->min, n->fn->min == 1 ? "" : "s");
			return false;
		}
	return true;
}

/* One argument to its place; *given counts those without a name. */
static bool parse_arg(struct t_parse *p, struct tnode *n, unsigned *given)
{
	struct token at = p->now;
	bool ok, keyword = is_keyword(p, &ok);
	unsigned place = *given;

	if (!ok)
		return false;
	if (keyword) {
		place = param_at(n->fn, at.text);
		if (place == T_ARGS_MAX)
			return t_refuse(p, &at, "%s has no argument '%.*s'", n->fn->name, SLICE_ARG(slice_upto(at.text, 40))), false;
		if (!t_next(p) || !t_next(p))
			return false;
		*given = T_ARGS_MAX; /* none without a name may follow */
	} else if (*given >= params_of(n->fn)) {
		return t_refuse(p, &at, "%s takes no further argument here", n->fn->name), false;
	} else {
		++*given;
	}
	if (n->arg[place])
		return t_refuse(p, &at, "this argument was given before"), false;
	n->arg[place] = t_parse_expression(p, true);
	return n->arg[place] && t_adopt(p, n, n->arg[place]);
}

/* now is at "(", or anywhere else when there are no arguments. */
static bool parse_args(struct t_parse *p, struct tnode *n, const struct token *name)
{
	unsigned given = 0;

	if (p->now.kind != TT_LPAREN)
		return enough(p, n, name);
	if (!t_next(p))
		return false;
	while (p->now.kind != TT_RPAREN) {
		if (!parse_arg(p, n, &given))
			return false;
		if (p->now.kind != TT_COMMA)
			break;
		if (!t_next(p))
			return false;
	}
	return t_expect(p, TT_RPAREN, "',' or ')'") && enough(p, n, name);
}

/* map('upper') and select('odd') name what they apply to each element. */
static bool find_inner(struct t_parse *p, struct tnode *n, const struct token *at)
{
	unsigned place = param_at(n->fn, S("by"));
	const struct tnode *by = place < T_ARGS_MAX ? n->arg[place] : NULL;

	if (!by)
		return true;
	if (by->kind != TN_CONST || by->value.kind != TV_STR)
		return t_refuse(p, at, "%s needs a name in quotes", n->fn->name), false;
	n->inner = n->fn->by == T_BY_FILTER ? t_filter_find(by->value.s) : t_test_find(by->value.s);
	if (!n->inner)
		return t_refuse(p, at, "%s: unknown name '%.*s'", n->fn->name, SLICE_ARG(slice_upto(by->value.s, 40))), false;
	if (n->inner->min > (n->fn->by == T_BY_TEST && place + 1 < T_ARGS_MAX && n->arg[place + 1] ? 1 : 0) || n->inner->by != T_BY_NOTHING)
		return t_refuse(p, at, "%s: %s needs arguments", n->fn->name, n->inner->name), false;
	if (n->fn->by == T_BY_TEST && n->arg[place + 1] && params_of(n->inner) == 0)
		return t_refuse(p, at, "%s: %s takes no argument", n->fn->name, n->inner->name), false;
	return true;
}

static struct tnode *parse_filter(struct t_parse *p, struct tnode *value)
{
	struct token name = p->now;
	struct tnode *n = t_node(p, TN_FILTER, &name);

	if (!n)
		return NULL;
	if (!t_expect(p, TT_NAME, "the name of a filter"))
		return NULL;
	n->a = value;
	n->fn = t_filter_find(name.text);
	if (!n->fn)
		return t_refuse(p, &name, "unknown filter '%.*s'", SLICE_ARG(slice_upto(name.text, 40)));
	return t_adopt(p, n, value) && parse_args(p, n, &name) && find_inner(p, n, &name) ? n : NULL;
}

struct tnode *t_parse_filters(struct t_parse *p, struct tnode *n)
{
	while (n && p->now.kind == TT_PIPE)
		n = t_next(p) ? parse_filter(p, n) : NULL;
	return n;
}

/* "x is divisibleby 3": one argument may follow without parentheses. */
static bool bare_argument(const struct t_parse *p)
{
	switch ((int)p->now.kind) {
	case TT_NAME:
		return !t_is_word(&p->now, "else") && !t_is_word(&p->now, "or") && !t_is_word(&p->now, "and");
	case TT_STRING:
	case TT_INT:
	case TT_FLOAT:
	case TT_LBRACKET:
	case TT_LBRACE:
		return true;
	}
	return false;
}

static struct tnode *negated(struct t_parse *p, struct tnode *n, const struct token *at)
{
	struct tnode *not = t_node(p, TN_NOT, at);

	if (!not || !t_adopt(p, not, n))
		return NULL;
	not->a = n;
	return not;
}

/* now is at "is". */
struct tnode *t_parse_test(struct t_parse *p, struct tnode *value)
{
	struct token at = p->now, name;
	struct tnode *n;
	bool not;

	if (!t_next(p))
		return NULL;
	not = t_is_word(&p->now, "not");
	if (not && !t_next(p))
		return NULL;
	name = p->now;
	n = t_node(p, TN_TEST, &name);
	if (!n || !t_expect(p, TT_NAME, "the name of a test"))
		return NULL;
	n->a = value;
	n->fn = t_test_find(name.text);
	if (!n->fn)
		return t_refuse(p, &name, "unknown test '%.*s'", SLICE_ARG(slice_upto(name.text, 40)));
	if (!t_adopt(p, n, value))
		return NULL;
	if (bare_argument(p)) {
		if (params_of(n->fn) == 0)
			return t_refuse(p, &p->now, "%s takes no argument", n->fn->name);
		n->arg[0] = t_parse_postfix(p, t_parse_primary(p));
		if (!n->arg[0] || !t_adopt(p, n, n->arg[0]))
			return NULL;
		if (!enough(p, n, &name))
			return NULL;
	} else if (!parse_args(p, n, &name)) {
		return NULL;
	}
	return not ? negated(p, n, &at) : n;
}

struct tnode *t_parse_method(struct t_parse *p, struct tnode *object, const struct token *name)
{
	struct tnode *n = t_node(p, TN_METHOD, name);

	if (!n)
		return NULL;
	n->a = object;
	n->text = name->text;
	n->fn = t_method_find(name->text);
	if (!n->fn)
		return t_refuse(p, name, "unknown method '%.*s'", SLICE_ARG(slice_upto(name->text, 40)));
	return t_adopt(p, n, object) && parse_args(p, n, name) ? n : NULL;
}

/* namespace(a=1, b=2): now is behind "(". */
static struct tnode *parse_namespace(struct t_parse *p, struct tnode *n)
{
	struct tnode **last = &n->b;

	while (p->now.kind != TT_RPAREN) {
		struct tnode *word = t_node(p, TN_KEYWORD, &p->now);
		bool ok, keyword = is_keyword(p, &ok);

		if (!word || !ok)
			return NULL;
		if (!keyword)
			return t_unexpected(p, "name=value");
		word->text = p->now.text;
		if (!t_next(p) || !t_next(p) || !(word->a = t_parse_expression(p, true)) || !t_adopt(p, word, word->a) || !t_adopt(p, n, word))
			return NULL;
		*last = word;
		last = &word->next;
		if (p->now.kind != TT_COMMA)
			break;
		if (!t_next(p))
			return NULL;
	}
	return t_expect(p, TT_RPAREN, "',' or ')'") ? n : NULL;
}

static bool never(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out)
{
	(void)in, (void)arg, (void)out;
	return tx_fail(x, n, "range is no filter");
}

struct tnode *t_parse_global(struct t_parse *p, const struct token *name)
{
	static const struct t_callable range = {"range", "start stop step", 1, never, 0};
	bool is_range = slice_is(name->text, "range");
	struct tnode *n = t_node(p, is_range ? TN_RANGE : TN_SPACE, name);

	if (!n)
		return NULL;
	if (!is_range && !slice_is(name->text, "namespace"))
		return t_refuse(p, name, "only methods, range and namespace can be called, not '%.*s'", SLICE_ARG(slice_upto(name->text, 40)));
	n->text = name->text;
	if (!is_range)
		return t_next(p) ? parse_namespace(p, n) : NULL;
	n->fn = &range;
	return parse_args(p, n, name) ? n : NULL;
}
