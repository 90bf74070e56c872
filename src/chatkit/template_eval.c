/* SPDX-License-Identifier: MIT */
/* Expressions to values, and the state of a rendering. */
#include "chatkit/template_inner.h"

#include <stdarg.h>

/* ---- what can fail ---- */

bool tx_fail(struct tx *x, const struct tnode *at, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_tell(x->e, RC_BAD, "line %u, column %u: %s", at->line, at->column, what);
	return false;
}

bool tx_too_large(struct tx *x, const struct tnode *at, const char *what)
{
	err_tell(x->e, RC_TOO_LARGE, "line %u, column %u: %s is too large", at->line, at->column, what);
	return false;
}

bool tx_undefined(struct tx *x, const struct tv *v)
{
	const struct tnode *n = v->gone;
	struct slice name = slice_upto(n->text, 40);

	if (n->kind == TN_ITEM && n->b->kind == TN_CONST && n->b->value.kind == TV_STR)
		name = slice_upto(n->b->value.s, 40);
	if (n->kind == TN_NAME)
		return tx_fail(x, n, "'%.*s' is undefined", SLICE_ARG(name));
	if (n->kind == TN_COND)
		return tx_fail(x, n, "this if has no else, and its condition is false");
	if (name.n && n->a->kind == TN_NAME)
		return tx_fail(x, n, "'%.*s' has no '%.*s': it is undefined", SLICE_ARG(slice_upto(n->a->text, 40)), SLICE_ARG(name));
	if (name.n)
		return tx_fail(x, n, "there is no '%.*s' here: it is undefined", SLICE_ARG(name));
	return tx_fail(x, n, "there is no such element: it is undefined");
}

bool tx_spend(struct tx *x, const struct tnode *at, size_t n)
{
	x->steps += n;
	return x->steps <= TEMPLATE_STEPS_MAX ? true : tx_fail(x, at, "this takes too many steps");
}

bool tx_enter(struct tx *x, const struct tnode *at)
{
	if (x->depth >= T_VALUE_DEPTH)
		return tx_fail(x, at, "the value is nested too deeply");
	x->depth++;
	return true;
}

void *tx_alloc(struct tx *x, const struct tnode *at, size_t n)
{
	void *p = arena_try(x->work, n);

	if (!p)
		tx_too_large(x, at, "what is worked with here");
	return p;
}

char *tx_text(struct tx *x, const struct tnode *at, size_t n)
{
	return tx_spend(x, at, n / 64) ? tx_alloc(x, at, n + 1) : NULL;
}

bool tx_take(struct tx *x, const struct tnode *at, struct buf *b, struct tv *out)
{
	struct slice s = buf_slice(b);
	char *p = buf_ok(b) ? tx_text(x, at, s.n) : NULL;

	if (!buf_ok(b))
		tx_too_large(x, at, "this text");
	if (p) {
		memcpy(p, s.p, s.n);
		*out = TV_OF_STR(slice_mem(p, s.n));
	}
	buf_release(b);
	return p != NULL;
}

/* ---- names ---- */

bool t_lookup(struct tx *x, struct slice name, struct tv *out)
{
	const struct tv *there;

	for (const struct t_scope *s = x->scope; s; s = s->up) {
		for (const struct t_var *v = s->vars; v; v = v->next, x->steps++)
			if (slice_eq(v->name, name)) {
				*out = v->v;
				return true;
			}
		for (size_t i = 0; i < s->hides->n; i++, x->steps++)
			if (slice_eq(s->hides->name[i], name))
				return false;
	}
	x->steps += x->data->n / 8;
	there = tv_find(x->data, name);
	if (there)
		*out = *there;
	return there != NULL;
}

bool t_bind(struct tx *x, const struct tnode *at, struct slice name, const struct tv *v)
{
	struct t_var *var = x->scope->vars;

	for (; var; var = var->next, x->steps++)
		if (slice_eq(var->name, name)) {
			var->v = *v;
			return true;
		}
	var = x->spare;
	if (var)
		x->spare = var->next;
	else
		var = tx_alloc(x, at, sizeof(*var));
	if (!var)
		return false;
	*var = (struct t_var){x->scope->vars, name, *v};
	x->scope->vars = var;
	return true;
}

void t_scope_open(struct tx *x, struct t_scope *s, const struct t_names *hides)
{
	*s = (struct t_scope){x->scope, NULL, hides};
	x->scope = s;
}

void t_scope_forget(struct tx *x, struct t_scope *s)
{
	while (s->vars) {
		struct t_var *var = s->vars;

		s->vars = var->next;
		var->next = x->spare;
		x->spare = var;
	}
}

void t_scope_close(struct tx *x, struct t_scope *s)
{
	t_scope_forget(x, s);
	x->scope = s->up;
}

static bool eval_name(struct tx *x, const struct tnode *n, struct tv *out)
{
	static const char *const globals[] = {"range", "namespace", "dict", "cycler", "joiner", "lipsum"};

	if (t_lookup(x, n->text, out))
		return true;
	for (size_t i = 0; i < countof(globals); i++)
		if (slice_is(n->text, globals[i]))
			return tx_fail(x, n, "'%s' is a function of Jinja2's, and no value here", globals[i]);
	*out = (struct tv){.kind = TV_UNDEFINED, .gone = n};
	return true;
}

/* ---- literals ---- */

static bool eval_list(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv_seq *s = tv_seq_new(x, n, n->kind == TN_LIST ? SEQ_LIST : SEQ_TUPLE, 0);

	for (const struct tnode *e = n->a; s && e; e = e->next) {
		struct tv v;

		if (!t_eval(x, e, &v) || !tv_push(x, n, s, &v))
			return false;
	}
	*out = TV_OF_SEQ(s);
	return s != NULL;
}

static bool eval_dict(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv_dict *d = tv_dict_new(x, n, 0);

	for (const struct tnode *e = n->a; d && e; e = e->next->next) {
		struct tv key, v;

		if (!t_eval(x, e, &key) || !t_eval(x, e->next, &v))
			return false;
		if (key.kind == TV_UNDEFINED)
			return tx_undefined(x, &key);
		/* A dict's keys are plain text: Python would keep, and show, that one is markup. */
		if (key.kind != TV_STR || key.markup)
			return tx_fail(x, e, "a key is text here, not %s", key.markup ? "markup" : tv_kind_name(&key));
		if (!tv_put(x, n, d, key.s, &v))
			return false;
	}
	*out = (struct tv){.kind = TV_DICT, .dict = d};
	return d != NULL;
}

static bool eval_space(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv_dict *d = tv_dict_new(x, n, 0);

	if (t_lookup(x, n->text, out))
		return tx_fail(x, n, "'namespace' is a value here, and cannot be called");
	for (const struct tnode *e = n->b; d && e; e = e->next) {
		struct tv v;

		if (!t_eval(x, e->a, &v) || !tv_put(x, n, d, e->text, &v))
			return false;
	}
	*out = (struct tv){.kind = TV_SPACE, .dict = d};
	return d != NULL;
}

/* ---- members and calls ---- */

static bool eval_args(struct tx *x, const struct tnode *n, struct tv arg[T_ARGS_MAX])
{
	for (size_t i = 0; i < T_ARGS_MAX; i++) {
		arg[i] = (struct tv){.kind = TV_ABSENT};
		if (n->arg[i] && !t_eval(x, n->arg[i], &arg[i]))
			return false;
	}
	return true;
}

static bool eval_item(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv of, index, bounds[T_ARGS_MAX];

	if (!t_eval(x, n->a, &of))
		return false;
	if (n->kind == TN_ATTR)
		return tv_member(x, n, &of, n->text, out);
	if (n->kind == TN_SLICE)
		return eval_args(x, n, bounds) && tv_slice(x, n, &of, bounds, out);
	return t_eval(x, n->b, &index) && tv_item(x, n, &of, &index, out);
}

static bool eval_call(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv in, arg[T_ARGS_MAX];

	return t_eval(x, n->a, &in) && eval_args(x, n, arg) && n->fn->fn(x, n, &in, arg, out);
}

static bool eval_range(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv arg[T_ARGS_MAX];

	if (t_lookup(x, n->text, out))
		return tx_fail(x, n, "'range' is a value here, and cannot be called");
	return eval_args(x, n, arg) && tv_range(x, n, arg, out);
}

/* ---- operators ---- */

static bool eval_not(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv v;
	bool truth;

	if (!t_eval(x, n->a, &v) || !tv_truth(x, &v, &truth))
		return false;
	*out = TV_OF_BOOL(!truth);
	return true;
}

/* The value of and and or is one of their operands. */
static bool eval_logic(struct tx *x, const struct tnode *n, struct tv *out)
{
	bool truth;

	if (!t_eval(x, n->a, out) || !tv_truth(x, out, &truth))
		return false;
	return truth == (n->kind == TN_OR) || t_eval(x, n->b, out);
}

static bool eval_math(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv a, b;

	return t_eval(x, n->a, &a) && t_eval(x, n->b, &b) && tv_binary(x, n, &a, &b, out);
}

static bool eval_concat(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX);

	for (const struct tnode *e = n->a; e; e = e->next) {
		struct tv v;

		if (!t_eval(x, e, &v) || !tv_show(x, e, &v, &text)) {
			buf_release(&text);
			return false;
		}
	}
	return tx_take(x, n, &text, out);
}

static bool compare(struct tx *x, const struct tnode *at, enum t_compare op, const struct tv *a, const struct tv *b, bool *out)
{
	int order = 2;

	switch (op) {
	case TC_EQ: return tv_equal(x, at, a, b, out);
	case TC_NE: return tv_equal(x, at, a, b, out) && (*out = !*out, true);
	case TC_IN: return tv_contains(x, at, b, a, out);
	case TC_NOT_IN: return tv_contains(x, at, b, a, out) && (*out = !*out, true);
	case TC_LT:
	case TC_LE:
	case TC_GT:
	case TC_GE:
		if (!tv_order(x, at, a, b, &order))
			return false;
	}
	if (op == TC_LT || op == TC_LE)
		*out = order == -1 || (order == 0 && op == TC_LE);
	else
		*out = order == 1 || (order == 0 && op == TC_GE);
	return true;
}

/* a < b < c is a < b and b < c. */
static bool eval_compare(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv a, b;
	bool ok = true;

	if (!t_eval(x, n->a, &a))
		return false;
	for (const struct tnode *e = n->a->next; ok && e; e = e->next) {
		if (!t_eval(x, e, &b) || !compare(x, n, e->op, &a, &b, &ok))
			return false;
		a = b;
	}
	*out = TV_OF_BOOL(ok);
	return true;
}

static bool eval_cond(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv v;
	bool truth;

	if (!t_eval(x, n->a, &v) || !tv_truth(x, &v, &truth))
		return false;
	if (truth)
		return t_eval(x, n->b, out);
	if (n->c)
		return t_eval(x, n->c, out);
	*out = (struct tv){.kind = TV_UNDEFINED, .gone = n};
	return true;
}

static bool eval_sign(struct tx *x, const struct tnode *n, struct tv *out)
{
	struct tv v;

	return t_eval(x, n->a, &v) && tv_negate(x, n, &v, out);
}

static bool eval_const(struct tx *x, const struct tnode *n, struct tv *out)
{
	*out = n->kind == TN_CONST ? n->value : x->captured;
	return true;
}

/* Recursion is as deep as the tree is high: T_HEIGHT_MAX. */
bool t_eval(struct tx *x, const struct tnode *n, struct tv *out)
{
	static bool (*const evals[])(struct tx *x, const struct tnode *n, struct tv *out) = {
		[TN_CONST] = eval_const, [TN_CAPTURED] = eval_const, [TN_NAME] = eval_name, [TN_LIST] = eval_list, [TN_TUPLE] = eval_list,
		[TN_DICT] = eval_dict, [TN_ATTR] = eval_item, [TN_ITEM] = eval_item, [TN_SLICE] = eval_item, [TN_METHOD] = eval_call, [TN_FILTER] = eval_call, [TN_TEST] = eval_call,
		[TN_RANGE] = eval_range, [TN_SPACE] = eval_space, [TN_NOT] = eval_not, [TN_NEG] = eval_sign, [TN_POS] = eval_sign, [TN_ADD] = eval_math,
		[TN_SUB] = eval_math, [TN_MUL] = eval_math, [TN_DIV] = eval_math, [TN_FLOOR] = eval_math, [TN_MOD] = eval_math, [TN_AND] = eval_logic,
		[TN_OR] = eval_logic, [TN_CONCAT] = eval_concat, [TN_COMPARE] = eval_compare, [TN_COND] = eval_cond,
	};

	return tx_spend(x, n, 1) && evals[n->kind](x, n, out);
}
