/* SPDX-License-Identifier: MIT */
/* Statements: a rendering from its beginning to its end. */
#include "chatkit/template_inner.h"

#include "wire/jsonw.h"

static bool run(struct tx *x, const struct tnode *n);

/* ---- setting ---- */

static bool assign(struct tx *x, const struct tnode *target, const struct tv *v)
{
	const struct tnode *part = target->a;
	struct tv_seq *s;

	if (target->kind == TN_NAME)
		return t_bind(x, target, target->text, v);
	if (!tv_elements(x, target, v, &s))
		return false;
	for (size_t i = 0; i < s->n; i++, part = part->next) {
		if (!part)
			return tx_fail(x, target, "there are more values than names");
		if (!assign(x, part, &s->v[i]))
			return false;
	}
	return part ? tx_fail(x, target, "there are more names than values") : true;
}

static bool run_set(struct tx *x, const struct tnode *n)
{
	struct tv v;

	return t_eval(x, n->b, &v) && assign(x, n->a, &v);
}

static bool run_set_attr(struct tx *x, const struct tnode *n)
{
	struct tv space, v;

	if (!t_eval(x, n->b, &v) || !t_eval(x, n->a, &space))
		return false;
	if (space.kind == TV_UNDEFINED)
		return tx_undefined(x, &space);
	if (space.kind != TV_SPACE)
		return tx_fail(x, n, "only a namespace takes attributes, not %s", tv_kind_name(&space));
	return tv_put(x, n, space.dict, n->text, &v);
}

/* The body's output becomes a text; names that it sets are its own. */
static bool run_set_block(struct tx *x, const struct tnode *n)
{
	struct buf text = BUF_INIT(TEMPLATE_STRING_MAX), *outer = x->out;
	struct t_scope scope;
	struct tv v;
	bool ok;

	t_scope_open(x, &scope, &n->names[0]);
	x->out = &text;
	ok = run(x, n->b);
	x->out = outer;
	if (!ok) {
		buf_release(&text);
		return false;
	}
	if (!tx_take(x, n, &text, &x->captured) || !t_eval(x, n->c, &v))
		return false;
	t_scope_close(x, &scope);
	return t_bind(x, n, n->a->text, &v);
}

/* ---- loops ---- */

struct t_loop {
	const struct tnode *n;
	struct t_scope *outer;
	struct tv_seq *from;   /* what is walked; it may grow meanwhile */
	struct tv_seq *passed; /* of these, those that the loop's if let through so far; from itself when there is no if */
	size_t looked;         /* elements of from that the if has seen */
	size_t i;              /* the current one of passed */
	size_t length;         /* once it was asked for */
	bool has_length, over;
};

static bool passes(struct tx *x, const struct t_loop *loop, const struct tv *v, bool *out)
{
	struct t_scope *here = x->scope, scope = {loop->outer, NULL, &loop->n->names[2]};
	struct tv test;

	x->scope = &scope;
	if (!assign(x, loop->n->a, v) || !t_eval(x, loop->n->c, &test) || !tv_truth(x, &test, out))
		return false;
	t_scope_forget(x, &scope);
	x->scope = here;
	return true;
}

/* Whether there is an element i: the if is asked as late as possible, because the body may change what it sees. */
static bool reaches(struct tx *x, struct t_loop *loop, size_t i, bool *out)
{
	while (loop->n->c && loop->passed->n <= i && loop->looked < loop->from->n && !loop->over) {
		struct tv v = loop->from->v[loop->looked++];
		bool pass;

		if (!passes(x, loop, &v, &pass) || (pass && !tv_push(x, loop->n, loop->passed, &v)))
			return false;
	}
	*out = i < loop->passed->n;
	return true;
}

static bool length_of(struct tx *x, struct t_loop *loop, size_t *out)
{
	bool more;

	if (!loop->has_length) {
		if (!reaches(x, loop, SIZE_MAX, &more))
			return false;
		loop->length = loop->passed->n;
		loop->has_length = true;
	}
	*out = loop->length;
	return true;
}

enum loop_member {
	LOOP_INDEX, LOOP_INDEX0, LOOP_FIRST, LOOP_DEPTH, LOOP_DEPTH0, LOOP_LENGTH, LOOP_REVINDEX, LOOP_REVINDEX0, LOOP_LAST, LOOP_PREVIOUS, LOOP_NEXT
};

static bool member_by_length(struct tx *x, struct t_loop *loop, enum loop_member which, struct tv *out)
{
	size_t length;

	if (!length_of(x, loop, &length))
		return false;
	if (which == LOOP_LENGTH)
		*out = TV_OF_INT((int64_t)length);
	else
		*out = TV_OF_INT((int64_t)length - (int64_t)loop->i - (which == LOOP_REVINDEX0));
	return true;
}

static bool member_by_next(struct tx *x, const struct tnode *at, struct t_loop *loop, enum loop_member which, struct tv *out)
{
	bool more;

	if (!reaches(x, loop, loop->i + 1, &more))
		return false;
	if (which == LOOP_LAST)
		*out = TV_OF_BOOL(!more);
	else if (more)
		*out = loop->passed->v[loop->i + 1];
	else
		*out = (struct tv){.kind = TV_UNDEFINED, .gone = at};
	return true;
}

bool t_loop_member(struct tx *x, const struct tnode *at, struct t_loop *loop, struct slice name, struct tv *out)
{
	static const char *const names[] = {
		[LOOP_INDEX] = "index", [LOOP_INDEX0] = "index0", [LOOP_FIRST] = "first", [LOOP_DEPTH] = "depth", [LOOP_DEPTH0] = "depth0",
		[LOOP_LENGTH] = "length", [LOOP_REVINDEX] = "revindex", [LOOP_REVINDEX0] = "revindex0", [LOOP_LAST] = "last",
		[LOOP_PREVIOUS] = "previtem", [LOOP_NEXT] = "nextitem",
	};
	enum loop_member which = 0;

	while (which < countof(names) && !slice_is(name, names[which]))
		which++;
	*out = (struct tv){.kind = TV_UNDEFINED, .gone = at};
	switch (which) {
	case LOOP_INDEX: *out = TV_OF_INT((int64_t)loop->i + 1); break;
	case LOOP_INDEX0: *out = TV_OF_INT((int64_t)loop->i); break;
	case LOOP_FIRST: *out = TV_OF_BOOL(loop->i == 0); break;
	case LOOP_DEPTH: *out = TV_OF_INT(1); break;
	case LOOP_DEPTH0: *out = TV_OF_INT(0); break;
	case LOOP_LENGTH:
	case LOOP_REVINDEX:
	case LOOP_REVINDEX0: return member_by_length(x, loop, which, out);
	case LOOP_LAST:
	case LOOP_NEXT: return member_by_next(x, at, loop, which, out);
	case LOOP_PREVIOUS:
		if (loop->i > 0)
			*out = loop->passed->v[loop->i - 1];
		break;
	}
	return true;
}

bool t_loop_show(struct tx *x, const struct tnode *at, struct t_loop *loop, struct buf *out)
{
	size_t length;

	(void)at;
	if (!length_of(x, loop, &length))
		return false;
	buf_addf(out, "<LoopContext %zu/%zu>", loop->i + 1, length);
	return true;
}

static struct t_loop *loop_new(struct tx *x, const struct tnode *n)
{
	struct t_loop *loop = tx_alloc(x, n, sizeof(*loop));
	struct tv what;

	if (!loop || !t_eval(x, n->b, &what))
		return NULL;
	loop->n = n;
	loop->outer = x->scope;
	if (!tv_elements(x, n->b, &what, &loop->from))
		return NULL;
	loop->passed = n->c ? tv_seq_new(x, n, SEQ_LIST, 0) : loop->from;
	return loop->passed ? loop : NULL;
}

static bool run_once(struct tx *x, const struct tnode *n, struct t_loop *loop)
{
	struct tv self = {.kind = TV_LOOP, .loop = loop}, v = loop->passed->v[loop->i];
	struct t_scope scope;

	t_scope_open(x, &scope, &n->names[0]);
	if (!t_bind(x, n, S("loop"), &self) || !assign(x, n->a, &v) || !run(x, n->arg[0]))
		return false;
	t_scope_close(x, &scope);
	return tx_spend(x, n, 1);
}

static bool run_for(struct tx *x, const struct tnode *n)
{
	struct t_loop *loop = loop_new(x, n);
	struct t_scope scope;
	bool more = false;
	size_t i;

	if (!loop)
		return false;
	for (i = 0;; i++) {
		if (!reaches(x, loop, i, &more))
			return false;
		if (!more)
			break;
		loop->i = i;
		if (!run_once(x, n, loop))
			return false;
	}
	loop->over = true;
	if (i)
		return true;
	t_scope_open(x, &scope, &n->names[1]);
	if (!run(x, n->arg[1]))
		return false;
	t_scope_close(x, &scope);
	return true;
}

/* ---- the others ---- */

static bool run_if(struct tx *x, const struct tnode *n)
{
	for (const struct tnode *branch = n->a; branch; branch = branch->next) {
		struct tv v;
		bool truth = true;

		if (branch->a && (!t_eval(x, branch->a, &v) || !tv_truth(x, &v, &truth)))
			return false;
		if (truth)
			return run(x, branch->b);
	}
	return true;
}

static bool run_text(struct tx *x, const struct tnode *n)
{
	buf_add(x->out, n->text);
	return tx_spend(x, n, n->text.n / 64);
}

static bool run_print(struct tx *x, const struct tnode *n)
{
	struct tv v;

	return t_eval(x, n->a, &v) && tv_show(x, n->a, &v, x->out);
}

static bool run(struct tx *x, const struct tnode *n)
{
	static bool (*const runs[])(struct tx *x, const struct tnode *n) = {
		[TN_TEXT] = run_text, [TN_PRINT] = run_print, [TN_IF] = run_if, [TN_FOR] = run_for,
		[TN_SET] = run_set, [TN_SET_BLOCK] = run_set_block, [TN_SET_ATTR] = run_set_attr,
	};

	for (; n; n = n->next) {
		if (!tx_spend(x, n, 1) || !runs[n->kind](x, n))
			return false;
		if (!buf_ok(x->out))
			return tx_too_large(x, n, "the result");
	}
	return true;
}

/* ---- the whole ---- */

static bool read_data(struct tx *x, const struct json_at *data)
{
	static const struct tnode top = {.line = 1, .column = 1};
	struct tv v;

	if (!data || !json_has(data)) {
		x->data = tv_dict_new(x, &top, 0);
		return x->data != NULL;
	}
	if (json_kind(data) != JSON_OBJECT) {
		err_tell(x->e, RC_BAD, "the data of a template is an object");
		return false;
	}
	if (!tv_from_json(x, data, &v))
		return false;
	x->data = v.dict;
	return true;
}

/* The one expression's value, or all that is printed as a string. */
static bool run_value(struct tx *x, const struct template *t, struct buf *json)
{
	struct buf text = BUF_INIT(json->max);
	struct tv v;
	struct jsonw w;
	bool ok;

	if (t->only)
		return t_eval(x, t->only, &v) && tv_json(x, t->only, &v, json);
	x->out = &text;
	ok = run(x, t->body);
	if (ok) {
		jsonw_init(&w, json);
		jsonw_str(&w, buf_slice(&text));
	}
	buf_release(&text);
	return ok;
}

static enum rc render(const struct template *t, struct arena *a, const struct json_at *data, struct buf *out, bool value, struct err *e)
{
	struct err own = ERR_INIT;
	struct t_scope scope = {NULL, NULL, &t->names};
	struct tx x = {.work = arena_new(TEMPLATE_MEMORY_MAX, a), .scope = &scope, .out = out, .e = e ? e : &own};
	bool ok = read_data(&x, data) && (value ? run_value(&x, t, out) : run(&x, t->body));
	enum rc rc = ok ? RC_OK : x.e->rc;

	arena_free(x.work);
	if (ok && !buf_ok(out))
		return err_tell(e, RC_TOO_LARGE, "the result of the template is too large");
	return rc;
}

enum rc template_render(const struct template *t, struct arena *a, const struct json_at *data, struct buf *out, struct err *e)
{
	return render(t, a, data, out, false, e);
}

enum rc template_value(const struct template *t, struct arena *a, const struct json_at *data, struct buf *json, struct err *e)
{
	return render(t, a, data, json, true, e);
}
