/* SPDX-License-Identifier: MIT */
/*
 * Which names hide the data. Jinja2 decides for a whole scope at once where each name comes from: one that the scope sets before it reads it, and that no
 * outer scope mentions, is the scope's own from the scope's beginning on, also in the loops before the set; data of that name is not seen there. What is set
 * in some branches of an if only is not such a name. Everything else is what a plain search from scope to scope finds. (jinja2/idtracking.py is the source.)
 */
#include "chatkit/template_inner.h"

#define NAMES_MAX 2000 /* entries of all scopes at once */

/* A later entry is in front and counts; a branch of an if puts its own in front of what was there before. */
struct symbol {
	struct symbol *next;
	struct slice name;
	bool hides, stored;
};

struct symbols {
	const struct symbols *up;
	struct symbol *head;
	struct t_parse *p;
	unsigned n;
};

static bool body_names(struct symbols *s, const struct tnode *n);
static bool inner_scopes(struct symbols *s, struct tnode *n);

static struct symbol *find(struct symbol *head, struct slice name)
{
	for (; head; head = head->next)
		if (slice_eq(head->name, name))
			return head;
	return NULL;
}

static bool known_above(const struct symbols *s, struct slice name)
{
	for (s = s->up; s; s = s->up)
		if (find(s->head, name))
			return true;
	return false;
}

static bool put(struct symbols *s, struct slice name, bool hides, bool stored)
{
	struct symbol *new;

	if (s->n++ >= NAMES_MAX)
		return t_refuse(s->p, &(struct token){.line = 1, .column = 1}, "the template has too many names"), false;
	new = arena_try(s->p->a, sizeof(*new));
	if (!new) {
		err_tell(s->p->e, RC_TOO_LARGE, "no room for the template");
		return false;
	}
	*new = (struct symbol){s->head, name, hides, stored};
	s->head = new;
	return true;
}

static bool load(struct symbols *s, struct slice name)
{
	return find(s->head, name) || known_above(s, name) || put(s, name, false, false);
}

static bool store(struct symbols *s, struct slice name)
{
	const struct symbol *there = find(s->head, name);

	if (there && there->stored)
		return true;
	return put(s, name, there ? there->hides : !known_above(s, name), true);
}

/* ---- what an expression reads, what a target sets ---- */

static bool reads(struct symbols *s, const struct tnode *n)
{
	for (; n; n = n->next) {
		if ((n->kind == TN_NAME || n->kind == TN_RANGE || n->kind == TN_SPACE) && !load(s, n->text))
			return false;
		if (!reads(s, n->a) || !reads(s, n->b) || !reads(s, n->c))
			return false;
		for (size_t i = 0; i < T_ARGS_MAX; i++)
			if (!reads(s, n->arg[i]))
				return false;
	}
	return true;
}

static bool sets(struct symbols *s, const struct tnode *target, bool parameter)
{
	if (target->kind == TN_NAME)
		return parameter ? put(s, target->text, false, true) : store(s, target->text);
	for (const struct tnode *part = target->a; part; part = part->next)
		if (!sets(s, part, parameter))
			return false;
	return true;
}

/* ---- if ---- */

#define BRANCHES 3 /* if, all elifs, else: each is one, there or not */

/* What the branches made of a name that any of them put in front of base. */
static bool join(struct symbols *s, struct symbol *base, struct symbol *const heads[BRANCHES], struct slice name)
{
	const struct symbol *before = find(base, name), *last = NULL;
	bool was_stored = before && before->stored;
	unsigned stored = 0;

	for (size_t i = 0; i < BRANCHES; i++) {
		const struct symbol *there = find(heads[i], name);

		if (there)
			last = there;
		stored += there && there->stored;
	}
	return put(s, name, last->hides && (was_stored || stored == 0 || stored == BRANCHES), was_stored || stored);
}

static bool join_branches(struct symbols *s, struct symbol *base, struct symbol *const heads[BRANCHES])
{
	s->head = base;
	for (size_t i = 0; i < BRANCHES; i++)
		for (const struct symbol *e = heads[i]; e != base; e = e->next) {
			bool seen = false;

			for (const struct symbol *done = s->head; done != base && !seen; done = done->next)
				seen = slice_eq(done->name, e->name);
			if (!seen && !join(s, base, heads, e->name))
				return false;
		}
	return true;
}

/* Each elif is an if of its own, with a body and nothing else. */
static bool elif_names(struct symbols *s, const struct tnode *branch)
{
	struct symbol *base, *heads[BRANCHES];

	for (; branch && branch->a; branch = branch->next) {
		if (!reads(s, branch->a))
			return false;
		base = s->head;
		if (!body_names(s, branch->b))
			return false;
		heads[0] = s->head;
		heads[1] = heads[2] = base;
		if (!join_branches(s, base, heads))
			return false;
	}
	return true;
}

static bool if_names(struct symbols *s, const struct tnode *n)
{
	const struct tnode *first = n->a, *other = first->next;
	struct symbol *base, *heads[BRANCHES];

	if (!reads(s, first->a))
		return false;
	base = s->head;
	if (!body_names(s, first->b))
		return false;
	heads[0] = s->head;
	s->head = base;
	if (!elif_names(s, other))
		return false;
	heads[1] = s->head;
	s->head = base;
	while (other && other->a)
		other = other->next;
	if (other && !body_names(s, other->b))
		return false;
	heads[2] = s->head;
	return join_branches(s, base, heads);
}

/* ---- statements of one scope; what is in their own scopes is looked at later ---- */

static bool body_names(struct symbols *s, const struct tnode *n)
{
	bool ok = true;

	for (; ok && n; n = n->next) {
		if (n->kind == TN_PRINT)
			ok = reads(s, n->a);
		else if (n->kind == TN_IF)
			ok = if_names(s, n);
		else if (n->kind == TN_FOR)
			ok = reads(s, n->b);
		else if (n->kind == TN_SET)
			ok = reads(s, n->b) && sets(s, n->a, false);
		else if (n->kind == TN_SET_ATTR)
			ok = reads(s, n->b) && load(s, n->a->text);
		else if (n->kind == TN_SET_BLOCK)
			ok = sets(s, n->a, false);
	}
	return ok;
}

/* ---- scopes ---- */

/* The names that hide, each once. */
static bool hiding(struct symbols *s, struct t_names *out)
{
	size_t room = 0;

	for (const struct symbol *e = s->head; e; e = e->next)
		room += e->hides;
	out->n = 0;
	out->name = arena_try(s->p->a, (room + 1) * sizeof(*out->name));
	if (!out->name) {
		err_tell(s->p->e, RC_TOO_LARGE, "no room for the template");
		return false;
	}
	for (const struct symbol *e = s->head; e; e = e->next)
		if (e->hides && find(s->head, e->name) == e)
			out->name[out->n++] = e->name;
	return true;
}

static struct symbols inside(struct symbols *s)
{
	return (struct symbols){.up = s, .p = s->p, .n = s->n};
}

static bool scope(struct symbols *s, struct tnode *body, struct t_names *out)
{
	return body_names(s, body) && hiding(s, out) && inner_scopes(s, body);
}

static bool for_scopes(struct symbols *s, struct tnode *n)
{
	struct symbols body = inside(s), other = inside(s), test = inside(s);

	if (!sets(&test, n->a, true) || !reads(&test, n->c) || !hiding(&test, &n->names[2]))
		return false;
	return put(&body, S("loop"), false, true) && sets(&body, n->a, true) && scope(&body, n->arg[0], &n->names[0]) && scope(&other, n->arg[1], &n->names[1]);
}

static bool set_scope(struct symbols *s, struct tnode *n)
{
	struct symbols body = inside(s);

	return reads(&body, n->c) && scope(&body, n->b, &n->names[0]);
}

static bool inner_scopes(struct symbols *s, struct tnode *n)
{
	bool ok = true;

	for (; ok && n; n = n->next) {
		if (n->kind == TN_FOR)
			ok = for_scopes(s, n);
		else if (n->kind == TN_SET_BLOCK)
			ok = set_scope(s, n);
		for (struct tnode *branch = n->kind == TN_IF ? n->a : NULL; ok && branch; branch = branch->next)
			ok = inner_scopes(s, branch->b);
	}
	return ok;
}

bool t_find_names(struct t_parse *p, struct template *t)
{
	struct symbols s = {.p = p};

	return scope(&s, t->body, &t->names);
}
