/* SPDX-License-Identifier: MIT */
/* Statements: from tokens to the tree. */
#include "chatkit/template_inner.h"

#include <stdarg.h>

void *t_refuse(struct t_parse *p, const struct token *at, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_tell(p->e, RC_BAD, "line %u, column %u: %s", at->line, at->column, what);
	return NULL;
}

void *t_unexpected(struct t_parse *p, const char *wanted)
{
	static const struct slice end = S_INIT("the end of the template"), text = S_INIT("text");
	const struct token *t = &p->now;
	struct slice shown = t->kind == TT_EOF ? end : t->kind == TT_TEXT ? text : t->kind == TT_STRING ? (struct slice)S_INIT("a string") : t->text;

	return t_refuse(p, t, "%.*s is unexpected, wanted: %s", SLICE_ARG(slice_upto(shown, 40)), wanted);
}

bool t_next(struct t_parse *p)
{
	if (p->has_ahead) {
		p->now = p->ahead;
		p->has_ahead = false;
		return true;
	}
	return t_lex_next(&p->lx, &p->now);
}

const struct token *t_look(struct t_parse *p)
{
	if (!p->has_ahead && !t_lex_next(&p->lx, &p->ahead))
		return NULL;
	p->has_ahead = true;
	return &p->ahead;
}

bool t_expect(struct t_parse *p, enum t_token kind, const char *wanted)
{
	if (p->now.kind == kind)
		return t_next(p);
	t_unexpected(p, wanted);
	return false;
}

bool t_enter(struct t_parse *p)
{
	if (p->depth >= T_PARSE_DEPTH) {
		t_refuse(p, &p->now, "nested too deeply");
		return false;
	}
	p->depth++;
	return true;
}

struct tnode *t_node(struct t_parse *p, enum tn_kind kind, const struct token *at)
{
	struct tnode *n = arena_try(p->a, sizeof(*n));

	if (!n) {
		err_tell(p->e, RC_TOO_LARGE, "no room for the template");
		return NULL;
	}
	n->kind = (unsigned char)kind;
	n->line = at->line;
	n->column = at->column;
	n->height = 1;
	return n;
}

bool t_adopt(struct t_parse *p, struct tnode *n, const struct tnode *kid)
{
	for (; kid; kid = kid->next)
		if (kid->height >= n->height)
			n->height = (unsigned short)(kid->height + 1);
	if (n->height <= T_HEIGHT_MAX)
		return true;
	t_refuse(p, &(struct token){.line = n->line, .column = n->column}, "nested too deeply");
	return false;
}

/* ---- bodies ---- */

static bool parse_statement(struct t_parse *p, struct tnode **out);

/* The words that end a body: the first one that now is at, behind "{%". */
static bool ends_body(const struct t_parse *p, const char *const *ends)
{
	for (; ends && *ends; ends++)
		if (t_is_word(&p->now, *ends))
			return true;
	return false;
}

static bool parse_text(struct t_parse *p, struct tnode **out)
{
	*out = t_node(p, TN_TEXT, &p->now);
	if (!*out)
		return false;
	(*out)->text = p->now.text;
	return t_next(p);
}

static bool parse_print(struct t_parse *p, struct tnode **out)
{
	struct tnode *n = t_node(p, TN_PRINT, &p->now);

	if (!n || !t_next(p) || !(n->a = t_parse_tuple(p, true)) || !t_adopt(p, n, n->a))
		return false;
	*out = n;
	return t_expect(p, TT_PRINT_CLOSE, "}}");
}

/* Up to one of ends, which is now afterwards; ends NULL: up to the end of the template. *out may be empty. */
static bool parse_body(struct t_parse *p, const char *const *ends, struct tnode **out)
{
	struct tnode **last = out;
	bool ok = true;

	*out = NULL;
	while (ok && p->now.kind != TT_EOF) {
		struct tnode *n = NULL;

		if (p->now.kind == TT_TEXT) {
			ok = parse_text(p, &n);
		} else if (p->now.kind == TT_PRINT_OPEN) {
			ok = parse_print(p, &n);
		} else {
			ok = t_next(p);
			if (ok && ends_body(p, ends))
				return true;
			ok = ok && parse_statement(p, &n);
		}
		if (ok && n) {
			*last = n;
			last = &n->next;
		}
	}
	if (ok && ends) {
		t_unexpected(p, ends[0]);
		ok = false;
	}
	return ok;
}

/* The "%}" before a body, and the body. */
static bool parse_block(struct t_parse *p, struct tnode *owner, const char *const *ends, struct tnode **out)
{
	/* As in Python, a colon may stand here. */
	if (p->now.kind == TT_COLON && !t_next(p))
		return false;
	return t_enter(p) && t_expect(p, TT_BLOCK_CLOSE, "%}") && parse_body(p, ends, out) && t_adopt(p, owner, *out) && (t_leave(p), true);
}

/* ---- targets ---- */

static struct tnode *parse_target_name(struct t_parse *p)
{
	struct tnode *n = t_node(p, TN_NAME, &p->now);

	if (!n)
		return NULL;
	if (p->now.kind != TT_NAME || t_is_reserved(p->now.text))
		return t_unexpected(p, "a name");
	if (slice_is(p->now.text, "loop"))
		return t_refuse(p, &p->now, "'loop' cannot be set");
	n->text = p->now.text;
	return t_next(p) ? n : NULL;
}

static struct tnode *parse_target(struct t_parse *p);

static struct tnode *parse_target_part(struct t_parse *p)
{
	struct tnode *n;

	if (p->now.kind != TT_LPAREN)
		return parse_target_name(p);
	if (!t_enter(p) || !t_next(p) || !(n = parse_target(p)) || !t_expect(p, TT_RPAREN, "')'"))
		return NULL;
	t_leave(p);
	return n;
}

/* A name, or several with commas between, to unpack into. */
static struct tnode *parse_target(struct t_parse *p)
{
	struct token first = p->now;
	struct tnode *n = parse_target_part(p), *tuple, **last;

	if (!n || p->now.kind != TT_COMMA)
		return n;
	tuple = t_node(p, TN_TUPLE, &first);
	if (!tuple)
		return NULL;
	tuple->a = n;
	last = &n->next;
	while (p->now.kind == TT_COMMA) {
		if (!t_next(p))
			return NULL;
		if (p->now.kind != TT_NAME && p->now.kind != TT_LPAREN)
			break;
		if (t_is_word(&p->now, "in"))
			break;
		*last = parse_target_part(p);
		if (!*last)
			return NULL;
		last = &(*last)->next;
	}
	return t_adopt(p, tuple, tuple->a) ? tuple : NULL;
}

/* ---- statements; now is at their word ---- */

static bool parse_for(struct t_parse *p, struct tnode *n)
{
	static const char *const first[] = {"endfor", "else", NULL}, *const second[] = {"endfor", NULL};

	n->kind = TN_FOR;
	n->a = parse_target(p);
	if (!n->a)
		return false;
	if (!t_is_word(&p->now, "in"))
		return t_unexpected(p, "'in'"), false;
	if (!t_next(p) || !(n->b = t_parse_tuple(p, false)))
		return false;
	if (t_is_word(&p->now, "if") && (!t_next(p) || !(n->c = t_parse_expression(p, true))))
		return false;
	if (t_is_word(&p->now, "recursive"))
		return t_refuse(p, &p->now, "recursive loops are not supported"), false;
	if (!t_adopt(p, n, n->a) || !t_adopt(p, n, n->b) || !t_adopt(p, n, n->c) || !parse_block(p, n, first, &n->arg[0]))
		return false;
	if (t_is_word(&p->now, "else") && (!t_next(p) || !parse_block(p, n, second, &n->arg[1])))
		return false;
	return t_next(p);
}

/* One branch, its word behind it; test is false for else. */
static bool parse_branch(struct t_parse *p, struct tnode *owner, struct tnode ***last, const struct token *word, bool test)
{
	static const char *const more[] = {"endif", "elif", "else", NULL}, *const end[] = {"endif", NULL};
	struct tnode *n = t_node(p, TN_BRANCH, word);

	if (!n || (test && (!(n->a = t_parse_tuple(p, false)) || !t_adopt(p, n, n->a))))
		return false;
	if (!parse_block(p, n, test ? more : end, &n->b) || !t_adopt(p, owner, n))
		return false;
	**last = n;
	*last = &n->next;
	return true;
}

static bool parse_if(struct t_parse *p, struct tnode *n)
{
	struct token word = p->now;
	struct tnode **last = &n->a;
	bool test = true;

	n->kind = TN_IF;
	do {
		if (!parse_branch(p, n, &last, &word, test))
			return false;
		word = p->now;
		test = t_is_word(&word, "elif");
		if (!t_next(p))
			return false;
	} while (test || t_is_word(&word, "else"));
	return true;
}

static bool parse_set_block(struct t_parse *p, struct tnode *n)
{
	static const char *const end[] = {"endset", NULL};
	struct tnode *value = t_node(p, TN_CAPTURED, &p->now);

	n->kind = TN_SET_BLOCK;
	if (!value || !(n->c = t_parse_filters(p, value)) || !t_adopt(p, n, n->c))
		return false;
	return parse_block(p, n, end, &n->b) && t_next(p);
}

static bool parse_set(struct t_parse *p, struct tnode *n)
{
	const struct token *second = t_look(p);

	if (!second)
		return false;
	if (second->kind == TT_DOT) {
		n->kind = TN_SET_ATTR;
		if (!(n->a = parse_target_name(p)) || !t_next(p))
			return false;
		n->text = p->now.text;
		if (!t_expect(p, TT_NAME, "a name"))
			return false;
	} else {
		n->kind = TN_SET;
		if (!(n->a = parse_target(p)) || !t_adopt(p, n, n->a))
			return false;
	}
	if (p->now.kind == TT_ASSIGN)
		return t_next(p) && (n->b = t_parse_tuple(p, true)) && t_adopt(p, n, n->b);
	if (n->kind == TN_SET && n->a->kind == TN_NAME)
		return parse_set_block(p, n);
	return t_unexpected(p, "'='"), false;
}

static bool room_for_names(struct t_parse *p, struct tnode *n)
{
	n->names = arena_try(p->a, 3 * sizeof(*n->names));
	if (!n->names)
		err_tell(p->e, RC_TOO_LARGE, "no room for the template");
	return n->names != NULL;
}

static bool parse_statement(struct t_parse *p, struct tnode **out)
{
	static const struct {
		const char *word;
		bool (*parse)(struct t_parse *p, struct tnode *n);
	} statements[] = {{"for", parse_for}, {"if", parse_if}, {"set", parse_set}};
	struct token word = p->now;

	if (word.kind != TT_NAME)
		return t_unexpected(p, "a statement"), false;
	for (size_t i = 0; i < countof(statements); i++) {
		struct tnode *n;

		if (!slice_is(word.text, statements[i].word))
			continue;
		n = t_node(p, TN_SET, &word);
		if (!n || !room_for_names(p, n) || !t_enter(p) || !t_next(p) || !statements[i].parse(p, n))
			return false;
		t_leave(p);
		*out = n;
		return t_expect(p, TT_BLOCK_CLOSE, "%}");
	}
	return t_refuse(p, &word, "'%.*s' is no statement here: for, if, set and what ends them", SLICE_ARG(slice_upto(word.text, 40))), false;
}

/* ---- the whole ---- */

static bool is_blank(const struct tnode *n)
{
	return n->kind == TN_TEXT && t_strip_left(n->text).n == 0;
}

static const struct tnode *only_expression(const struct tnode *n)
{
	const struct tnode *only = NULL;

	for (; n; n = n->next) {
		if (is_blank(n))
			continue;
		if (only || n->kind != TN_PRINT)
			return NULL;
		only = n->a;
	}
	return only;
}

enum rc template_parse(struct arena *a, struct slice text, struct template **out, struct err *e)
{
	struct err own = ERR_INIT;
	struct t_parse p = {.a = a, .e = e ? e : &own};
	struct template *t = arena_try(a, sizeof(*t));

	*out = NULL;
	if (!t)
		return err_tell(e, RC_TOO_LARGE, "no room for the template");
	if (!t_lex_init(&p.lx, a, text, p.e) || !t_next(&p) || !parse_body(&p, NULL, &t->body) || !t_find_names(&p, t))
		return p.e->rc;
	t->only = only_expression(t->body);
	*out = t;
	return RC_OK;
}
