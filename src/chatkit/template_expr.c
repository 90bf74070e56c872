/* SPDX-License-Identifier: MIT */
/* Expressions: from tokens to the tree. How tightly things bind is Jinja2's: ~ binds closer than + and -, filters and tests closer than any operator. */
#include "chatkit/template_inner.h"

/* From loosely to tightly. */
enum level { LV_OR, LV_AND, LV_NOT, LV_COMPARE, LV_ADD, LV_CONCAT, LV_MUL, LV_NONE };

static struct tnode *parse_binary(struct t_parse *p, enum level min);

/* ---- what follows a value ---- */

/* now is behind the dot. */
static struct tnode *parse_attribute(struct t_parse *p, struct tnode *object)
{
	struct token name = p->now;
	struct tnode *n = t_node(p, name.kind == TT_INT ? TN_ITEM : TN_ATTR, &name);

	if (!n)
		return NULL;
	if (name.kind == TT_INT) {
		n->a = object;
		n->b = t_parse_const(p, TV_OF_INT(name.i));
		return n->b && t_adopt(p, n, object) && t_adopt(p, n, n->b) ? n : NULL;
	}
	if (name.kind != TT_NAME)
		return t_unexpected(p, "a name or a number");
	if (slice_starts(name.text, S("__")))
		return t_refuse(p, &name, "names that begin with __ are Python's own; write ['%.*s']", SLICE_ARG(slice_upto(name.text, 40)));
	if (!t_next(p))
		return NULL;
	if (p->now.kind == TT_LPAREN)
		return t_parse_method(p, object, &name);
	if (t_is_dict_method(name.text))
		return t_refuse(p, &name, "'%.*s' is a method; the member of this name is ['%.*s']", SLICE_ARG(name.text), SLICE_ARG(name.text));
	n->a = object;
	n->text = name.text;
	return t_adopt(p, n, object) ? n : NULL;
}

/* One bound of a slice, or NULL with *ok. */
static struct tnode *parse_bound(struct t_parse *p, struct tnode *n, bool *ok)
{
	struct tnode *bound;

	*ok = true;
	if (p->now.kind == TT_COLON || p->now.kind == TT_RBRACKET)
		return NULL;
	bound = t_parse_expression(p, true);
	*ok = bound && t_adopt(p, n, bound);
	return bound;
}

/* now is behind "[". */
static struct tnode *parse_subscript(struct t_parse *p, struct tnode *object, const struct token *at)
{
	struct tnode *n = t_node(p, TN_ITEM, at);
	bool ok, slice = false;

	if (!n || !t_adopt(p, n, object))
		return NULL;
	if (p->now.kind == TT_RBRACKET)
		return t_unexpected(p, "an index");
	n->a = object;
	for (size_t i = 0; i < T_ARGS_MAX; i++) {
		n->arg[i] = parse_bound(p, n, &ok);
		if (!ok)
			return NULL;
		if (p->now.kind != TT_COLON || i == T_ARGS_MAX - 1)
			break;
		slice = true;
		if (!t_next(p))
			return NULL;
	}
	if (slice) {
		n->kind = TN_SLICE;
	} else {
		n->b = n->arg[0];
		n->arg[0] = NULL;
	}
	return t_expect(p, TT_RBRACKET, "']'") ? n : NULL;
}

static struct tnode *parse_call(struct t_parse *p, struct tnode *callee)
{
	struct token at = {.kind = TT_NAME, .text = callee->text, .line = callee->line, .column = callee->column};

	if (callee->kind == TN_NAME)
		return t_parse_global(p, &at);
	return t_refuse(p, &p->now, "only methods, range and namespace can be called");
}

struct tnode *t_parse_postfix(struct t_parse *p, struct tnode *n)
{
	while (n) {
		struct token at = p->now;

		if (at.kind == TT_DOT)
			n = t_next(p) ? parse_attribute(p, n) : NULL;
		else if (at.kind == TT_LBRACKET)
			n = t_next(p) ? parse_subscript(p, n, &at) : NULL;
		else if (at.kind == TT_LPAREN)
			n = parse_call(p, n);
		else
			break;
	}
	return n;
}

static struct tnode *parse_filters_and_tests(struct t_parse *p, struct tnode *n)
{
	while (n) {
		if (p->now.kind == TT_PIPE)
			n = t_parse_filters(p, n);
		else if (t_is_word(&p->now, "is"))
			n = t_parse_test(p, n);
		else if (p->now.kind == TT_LPAREN)
			n = parse_call(p, n);
		else
			break;
	}
	return n;
}

/* ---- operators ---- */

static struct tnode *parse_signed(struct t_parse *p)
{
	struct tnode *n;

	if (p->now.kind != TT_SUB && p->now.kind != TT_ADD)
		return t_parse_postfix(p, t_parse_primary(p));
	n = t_node(p, p->now.kind == TT_SUB ? TN_NEG : TN_POS, &p->now);
	if (!n || !t_enter(p) || !t_next(p) || !(n->a = parse_signed(p)) || !t_adopt(p, n, n->a))
		return NULL;
	t_leave(p);
	return t_parse_postfix(p, n);
}

struct operator {
	enum level level;
	enum tn_kind kind;
	enum t_compare compare;
};

static struct operator by_sign(enum t_token kind)
{
	static const struct operator table[TT_RBRACE + 1] = {
		[TT_EQ] = {LV_COMPARE, TN_COMPARE, TC_EQ}, [TT_NE] = {LV_COMPARE, TN_COMPARE, TC_NE}, [TT_LT] = {LV_COMPARE, TN_COMPARE, TC_LT},
		[TT_LE] = {LV_COMPARE, TN_COMPARE, TC_LE}, [TT_GT] = {LV_COMPARE, TN_COMPARE, TC_GT}, [TT_GE] = {LV_COMPARE, TN_COMPARE, TC_GE},
		[TT_ADD] = {LV_ADD, TN_ADD, 0}, [TT_SUB] = {LV_ADD, TN_SUB, 0}, [TT_TILDE] = {LV_CONCAT, TN_CONCAT, 0}, [TT_MUL] = {LV_MUL, TN_MUL, 0},
		[TT_DIV] = {LV_MUL, TN_DIV, 0}, [TT_FLOOR] = {LV_MUL, TN_FLOOR, 0}, [TT_MOD] = {LV_MUL, TN_MOD, 0},
	};

	return table[kind].kind ? table[kind] : (struct operator){.level = LV_NONE};
}

/* The operator that now is at; *words is how many tokens it takes. LV_NONE: none, or failed with *ok false. */
static struct operator operator_at(struct t_parse *p, unsigned *words, bool *ok)
{
	const struct token *second;

	*words = 1;
	*ok = true;
	if (t_is_word(&p->now, "or"))
		return (struct operator){LV_OR, TN_OR, 0};
	if (t_is_word(&p->now, "and"))
		return (struct operator){LV_AND, TN_AND, 0};
	if (t_is_word(&p->now, "in"))
		return (struct operator){LV_COMPARE, TN_COMPARE, TC_IN};
	if (t_is_word(&p->now, "not")) {
		second = t_look(p);
		*ok = second != NULL;
		*words = 2;
		if (second && t_is_word(second, "in"))
			return (struct operator){LV_COMPARE, TN_COMPARE, TC_NOT_IN};
		return (struct operator){.level = LV_NONE};
	}
	return by_sign(p->now.kind);
}

/* A chain (~ or comparisons) takes one more operand, or begins with left. */
static struct tnode *extend(struct t_parse *p, struct tnode *left, struct tnode *right, const struct operator *op, const struct token *at, struct t_chain *c)
{
	if (c->owner != left || left->kind != op->kind) {
		struct tnode *n = t_node(p, op->kind, at);

		*c = (struct t_chain){n, n ? &n->a : NULL};
		if (!n || !t_append(p, c, left))
			return NULL;
	}
	right->op = (unsigned char)op->compare;
	return t_append(p, c, right) ? c->owner : NULL;
}

static struct tnode *join(struct t_parse *p, struct tnode *left, struct tnode *right, const struct operator *op, const struct token *at, struct t_chain *c)
{
	struct tnode *n;

	if (op->kind == TN_CONCAT || op->kind == TN_COMPARE)
		return extend(p, left, right, op, at, c);
	n = t_node(p, op->kind, at);
	if (!n || !t_adopt(p, n, left) || !t_adopt(p, n, right))
		return NULL;
	n->a = left;
	n->b = right;
	return n;
}

static struct tnode *parse_not(struct t_parse *p)
{
	struct tnode *n = t_node(p, TN_NOT, &p->now);

	if (!n || !t_next(p) || !(n->a = parse_binary(p, LV_NOT)) || !t_adopt(p, n, n->a))
		return NULL;
	return n;
}

static struct tnode *parse_operand(struct t_parse *p, enum level min)
{
	struct tnode *n;

	if (min <= LV_NOT && t_is_word(&p->now, "not"))
		return parse_not(p);
	n = parse_signed(p);
	return n ? parse_filters_and_tests(p, n) : NULL;
}

/* Operators that bind at least as tightly as min. */
static struct tnode *parse_binary(struct t_parse *p, enum level min)
{
	struct tnode *left, *right;
	struct t_chain c = {NULL, NULL};

	if (!t_enter(p))
		return NULL;
	left = parse_operand(p, min);
	while (left) {
		struct token at = p->now;
		unsigned words;
		bool ok;
		struct operator op = operator_at(p, &words, &ok);

		if (!ok)
			return NULL;
		if (op.level == LV_NONE || op.level < min)
			break;
		if (!t_next(p) || (words == 2 && !t_next(p)))
			return NULL;
		right = parse_binary(p, op.level + 1);
		left = right ? join(p, left, right, &op, &at, &c) : NULL;
	}
	t_leave(p);
	return left;
}

/* value if test else other: other may be one more of the kind. */
struct tnode *t_parse_expression(struct t_parse *p, bool with_cond)
{
	struct tnode *value = parse_binary(p, LV_OR), *n;

	while (with_cond && value && t_is_word(&p->now, "if")) {
		n = t_node(p, TN_COND, &p->now);
		if (!n || !t_next(p) || !(n->a = parse_binary(p, LV_OR)))
			return NULL;
		n->b = value;
		if (t_is_word(&p->now, "else") && (!t_enter(p) || !t_next(p) || !(n->c = t_parse_expression(p, true)) || (t_leave(p), false)))
			return NULL;
		if (!t_adopt(p, n, n->a) || !t_adopt(p, n, n->b) || !t_adopt(p, n, n->c))
			return NULL;
		value = n;
	}
	return value;
}
