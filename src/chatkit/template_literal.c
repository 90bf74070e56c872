/* SPDX-License-Identifier: MIT */
/* What an expression begins with: names, literals, parentheses. */
#include "chatkit/template_inner.h"

bool t_is_reserved(struct slice name)
{
	static const char *const words[] = {"and", "else", "if", "in", "is", "not", "or", "true", "false", "none", "True", "False", "None", "self"};

	for (size_t i = 0; i < countof(words); i++)
		if (slice_is(name, words[i]))
			return true;
	return false;
}

bool t_append(struct t_parse *p, struct t_chain *c, struct tnode *n)
{
	if (!n)
		return false;
	*c->last = n;
	c->last = &n->next;
	return t_adopt(p, c->owner, n);
}

struct tnode *t_parse_const(struct t_parse *p, struct tv v)
{
	struct tnode *n = t_node(p, TN_CONST, &p->now);

	if (!n)
		return NULL;
	n->value = v;
	return t_next(p) ? n : NULL;
}

/* Strings side by side are one. */
static struct tnode *parse_string(struct t_parse *p)
{
	struct tnode *n = t_parse_const(p, TV_OF_STR(p->now.text));
	struct buf text = BUF_INIT(TEMPLATE_TEXT_MAX);
	bool ok = true;

	if (!n || p->now.kind != TT_STRING)
		return n;
	buf_add(&text, n->value.s);
	while (ok && p->now.kind == TT_STRING) {
		buf_add(&text, p->now.text);
		ok = t_next(p);
	}
	n->value.s = arena_try_dup(p->a, buf_slice(&text));
	buf_release(&text);
	if (ok && !n->value.s.p)
		err_tell(p->e, RC_TOO_LARGE, "no room for the template");
	return ok && n->value.s.p ? n : NULL;
}

static struct tnode *parse_name(struct t_parse *p)
{
	static const struct {
		const char *word;
		struct tv v;
	} words[] = {
		{"true", {.kind = TV_BOOL, .b = true}}, {"True", {.kind = TV_BOOL, .b = true}}, {"false", {.kind = TV_BOOL}},
		{"False", {.kind = TV_BOOL}}, {"none", {.kind = TV_NONE}}, {"None", {.kind = TV_NONE}},
	};
	struct tnode *n;

	for (size_t i = 0; i < countof(words); i++)
		if (t_is_word(&p->now, words[i].word))
			return t_parse_const(p, words[i].v);
	if (t_is_reserved(p->now.text))
		return t_unexpected(p, "an expression");
	n = t_node(p, TN_NAME, &p->now);
	if (!n)
		return NULL;
	n->text = p->now.text;
	return t_next(p) ? n : NULL;
}

static struct tnode *parse_list(struct t_parse *p)
{
	struct tnode *n = t_node(p, TN_LIST, &p->now);
	struct t_chain c = {n, n ? &n->a : NULL};

	if (!n || !t_next(p))
		return NULL;
	while (p->now.kind != TT_RBRACKET) {
		if (!t_append(p, &c, t_parse_expression(p, true)))
			return NULL;
		if (p->now.kind != TT_COMMA)
			break;
		if (!t_next(p))
			return NULL;
	}
	return t_expect(p, TT_RBRACKET, "',' or ']'") ? n : NULL;
}

static struct tnode *parse_key(struct t_parse *p)
{
	struct token at = p->now;
	struct tnode *n = t_parse_expression(p, true);

	if (n && n->kind == TN_CONST && n->value.kind != TV_STR)
		return t_refuse(p, &at, "a key is text here");
	return n;
}

static struct tnode *parse_dict(struct t_parse *p)
{
	struct tnode *n = t_node(p, TN_DICT, &p->now);
	struct t_chain c = {n, n ? &n->a : NULL};

	if (!n || !t_next(p))
		return NULL;
	while (p->now.kind != TT_RBRACE) {
		if (!t_append(p, &c, parse_key(p)) || !t_expect(p, TT_COLON, "':'") || !t_append(p, &c, t_parse_expression(p, true)))
			return NULL;
		if (p->now.kind != TT_COMMA)
			break;
		if (!t_next(p))
			return NULL;
	}
	return t_expect(p, TT_RBRACE, "',' or '}'") ? n : NULL;
}

/* Where a tuple without parentheses, or one with a last comma, ends. */
static bool tuple_ends(const struct t_parse *p)
{
	return p->now.kind == TT_PRINT_CLOSE || p->now.kind == TT_BLOCK_CLOSE || p->now.kind == TT_RPAREN;
}

struct tnode *t_parse_tuple(struct t_parse *p, bool with_cond)
{
	struct token at = p->now;
	struct tnode *first = t_parse_expression(p, with_cond), *n;
	struct t_chain c;

	if (!first || p->now.kind != TT_COMMA)
		return first;
	n = t_node(p, TN_TUPLE, &at);
	c = (struct t_chain){n, n ? &n->a : NULL};
	if (!n || !t_append(p, &c, first))
		return NULL;
	while (p->now.kind == TT_COMMA) {
		if (!t_next(p))
			return NULL;
		if (tuple_ends(p))
			break;
		if (!t_append(p, &c, t_parse_expression(p, with_cond)))
			return NULL;
	}
	return n;
}

static struct tnode *parse_parentheses(struct t_parse *p)
{
	struct token at = p->now;
	struct tnode *n;

	if (!t_next(p))
		return NULL;
	n = p->now.kind == TT_RPAREN ? t_node(p, TN_TUPLE, &at) : t_parse_tuple(p, true);
	return n && t_expect(p, TT_RPAREN, "')'") ? n : NULL;
}

static struct tnode *primary(struct t_parse *p)
{
	if (p->now.kind == TT_NAME)
		return parse_name(p);
	if (p->now.kind == TT_STRING)
		return parse_string(p);
	if (p->now.kind == TT_INT)
		return t_parse_const(p, TV_OF_INT(p->now.i));
	if (p->now.kind == TT_FLOAT)
		return t_parse_const(p, TV_OF_FLOAT(p->now.f));
	if (p->now.kind == TT_LPAREN)
		return parse_parentheses(p);
	if (p->now.kind == TT_LBRACKET)
		return parse_list(p);
	if (p->now.kind == TT_LBRACE)
		return parse_dict(p);
	return t_unexpected(p, "an expression");
}

struct tnode *t_parse_primary(struct t_parse *p)
{
	struct tnode *n;

	if (!t_enter(p))
		return NULL;
	n = primary(p);
	t_leave(p);
	return n;
}
