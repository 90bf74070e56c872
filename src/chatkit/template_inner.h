/* SPDX-License-Identifier: MIT */
/*
 * What the files of template.h share: tokens, the tree, values, and the state of one rendering. Functions that can fail return false (or NULL) once err is
 * filled.
 */
#ifndef CHATKIT_TEMPLATE_INNER_H
#define CHATKIT_TEMPLATE_INNER_H

#include "chatkit/template.h"

/* ---- values ---- */

enum tv_kind { TV_ABSENT, TV_UNDEFINED, TV_NONE, TV_BOOL, TV_INT, TV_FLOAT, TV_STR, TV_SEQ, TV_DICT, TV_SPACE, TV_LOOP };

struct tv {
	enum tv_kind kind;
	bool markup; /* TV_STR: Python's Markup, which escapes what is added to it */
	union {
		bool b;
		int64_t i;
		double f;
		struct slice s; /* UTF-8; counted in code points wherever a template counts */
		struct tv_seq *seq;
		struct tv_dict *dict; /* of TV_SPACE too */
		struct t_loop *loop;
		const struct tnode *gone; /* TV_UNDEFINED: the expression that gave nothing */
	};
};

/* What iterates. Only a list grows. A view is what .items() and its kin give; an iterator can be walked once and has no length. */
enum seq_kind { SEQ_LIST, SEQ_TUPLE, SEQ_RANGE, SEQ_KEYS, SEQ_VALUES, SEQ_ITEMS, SEQ_ITER };

struct tv_seq {
	enum seq_kind kind;
	size_t n, cap;
	struct tv *v;
	int64_t start, stop, step; /* SEQ_RANGE: as written */
};

struct tv_member {
	struct slice key;
	struct tv v;
};

struct tv_dict {
	size_t n, cap;
	struct tv_member *m; /* in the order they came */
};

#define TV_OF_BOOL(x) ((struct tv){.kind = TV_BOOL, .b = (x)})
#define TV_OF_INT(x) ((struct tv){.kind = TV_INT, .i = (x)})
#define TV_OF_FLOAT(x) ((struct tv){.kind = TV_FLOAT, .f = (x)})
#define TV_OF_STR(x) ((struct tv){.kind = TV_STR, .s = (x)})
#define TV_OF_SEQ(x) ((struct tv){.kind = TV_SEQ, .seq = (x)})
#define TV_OF_NONE ((struct tv){.kind = TV_NONE})

/* ---- the tree ---- */

enum tn_kind {
	/* expressions */
	TN_CONST,   /* value */
	TN_NAME,    /* text */
	TN_LIST,    /* a: elements, a chain by next */
	TN_TUPLE,   /* the same */
	TN_DICT,    /* a: key, value, key, ... */
	TN_ATTR,    /* a.text */
	TN_ITEM,    /* a[b] */
	TN_SLICE,   /* a[arg 0 : arg 1 : arg 2], each may be NULL */
	TN_METHOD,  /* a.method(args) */
	TN_RANGE,   /* range(args) */
	TN_SPACE,   /* namespace(b: TN_KEYWORD, ...) */
	TN_KEYWORD, /* text=a */
	TN_FILTER,  /* a | filter(args) */
	TN_TEST,    /* a is test(args) */
	TN_NOT, TN_NEG, TN_POS, /* a */
	TN_ADD, TN_SUB, TN_MUL, TN_DIV, TN_FLOOR, TN_MOD, TN_AND, TN_OR, /* a, b */
	TN_CONCAT,  /* a: operands */
	TN_COMPARE, /* a: operands; the op of each but the first says how it is compared with the one before */
	TN_COND,    /* b if a else c; c may be NULL */
	TN_CAPTURED, /* the text of a block set, before its filters */
	/* statements */
	TN_TEXT,    /* text */
	TN_PRINT,   /* a */
	TN_IF,      /* a: TN_BRANCH, ... */
	TN_BRANCH,  /* if a (NULL: else), b: body */
	TN_FOR,     /* for a in b if c; arg 0: body, arg 1: else */
	TN_SET,     /* a = b */
	TN_SET_BLOCK, /* a; b: body; c: the value, TN_CAPTURED or filters of it */
	TN_SET_ATTR /* a: TN_NAME, text: its attribute, b: value */
};

enum t_compare { TC_EQ, TC_NE, TC_LT, TC_LE, TC_GT, TC_GE, TC_IN, TC_NOT_IN };

#define T_ARGS_MAX 4
#define T_HEIGHT_MAX 64 /* nodes above each other: what an evaluator's recursion costs */

struct tx;
struct tnode;
/*
 * A filter, test or method: in is what it is applied to, arg has T_ARGS_MAX places, TV_ABSENT where nothing was given. None of them is looked at before: they
 * may be undefined.
 */
typedef bool t_fn(struct tx *x, const struct tnode *n, const struct tv *in, const struct tv *arg, struct tv *out);

enum t_by { T_BY_NOTHING, T_BY_FILTER, T_BY_TEST };

struct t_callable {
	const char *name;
	const char *params; /* in order, blanks between */
	unsigned char min;  /* of them must be given */
	t_fn *fn;
	enum t_by by; /* what the parameter "by" names; it is looked up when the template is read */
};

/* The names of a scope that hide the data (template_names.c). */
struct t_names {
	size_t n;
	struct slice *name;
};

struct tnode {
	unsigned char kind; /* enum tn_kind */
	unsigned char op;   /* enum t_compare */
	unsigned short height;
	unsigned line, column; /* of its first token, but of the operator's or the name's where that says more */
	struct tnode *next;
	struct tnode *a, *b, *c;
	struct tnode *arg[T_ARGS_MAX];
	struct slice text;
	union {
		struct tv value;
		const struct t_callable *fn; /* TN_FILTER, TN_TEST, TN_METHOD, TN_RANGE */
	};
	struct t_names *names; /* TN_FOR: of its body, its else, its if; TN_SET_BLOCK: of its body */
	const struct t_callable *inner; /* TN_FILTER that applies another filter or a test to each element: that one */
};

struct template {
	struct tnode *body;
	struct t_names names;
	const struct tnode *only; /* the expression, when it is all there is but blanks; else NULL */
};

/* ---- tokens (template_lex.c) ---- */

enum t_token {
	TT_EOF, TT_TEXT, TT_PRINT_OPEN, TT_PRINT_CLOSE, TT_BLOCK_OPEN, TT_BLOCK_CLOSE, TT_NAME, TT_STRING, TT_INT, TT_FLOAT,
	TT_ADD, TT_SUB, TT_MUL, TT_DIV, TT_FLOOR, TT_MOD, TT_POW, TT_TILDE, TT_EQ, TT_NE, TT_LT, TT_LE, TT_GT, TT_GE, TT_ASSIGN,
	TT_DOT, TT_COLON, TT_PIPE, TT_COMMA, TT_SEMICOLON, TT_LPAREN, TT_RPAREN, TT_LBRACKET, TT_RBRACKET, TT_LBRACE, TT_RBRACE
};

struct token {
	enum t_token kind;
	struct slice text; /* as it stands; of TT_STRING what it means */
	unsigned line, column;
	int64_t i;
	double f;
};

#define T_BRACKETS_MAX 64

struct t_lex {
	struct arena *a;
	const char *p, *end;
	const char *counted; /* line and column are of this place */
	unsigned line, column;
	enum { LEX_TEXT, LEX_PRINT, LEX_BLOCK } state;
	char bracket[T_BRACKETS_MAX]; /* those that are open, as they close */
	unsigned brackets;
	struct err *e;
};

/* Checks UTF-8, makes every line end a "\n" and drops one at the end, as Jinja2 does. */
bool t_lex_init(struct t_lex *lx, struct arena *a, struct slice text, struct err *e) MUSTCHECK;
bool t_lex_next(struct t_lex *lx, struct token *out) MUSTCHECK;
/* What stands between the quotes of a string, which never ends in a lone backslash; false: a backslash that stands for no character. template_escape.c */
bool t_unescape(struct slice s, struct buf *out) MUSTCHECK;

/* ---- parsing (template_parse.c: statements; template_expr.c, template_literal.c: expressions; template_args.c: what is called) ---- */

struct t_parse {
	struct arena *a;
	struct t_lex lx;
	struct token now, ahead;
	bool has_ahead;
	unsigned depth; /* recursion */
	struct err *e;
};
#define T_PARSE_DEPTH 160

/* RC_BAD with the place of the token. Returns NULL, for whatever the caller gives back. */
void *t_refuse(struct t_parse *p, const struct token *at, const char *fmt, ...) PRINTF(3, 4);
/* "unexpected X", and what was wanted. */
void *t_unexpected(struct t_parse *p, const char *wanted);
bool t_next(struct t_parse *p) MUSTCHECK;
const struct token *t_look(struct t_parse *p) MUSTCHECK; /* the one after now; NULL on failure */
bool t_expect(struct t_parse *p, enum t_token kind, const char *wanted) MUSTCHECK;
bool t_enter(struct t_parse *p) MUSTCHECK;
static inline void t_leave(struct t_parse *p)
{
	p->depth--;
}
static inline bool t_is_word(const struct token *t, const char *word)
{
	return t->kind == TT_NAME && slice_is(t->text, word);
}

struct tnode *t_node(struct t_parse *p, enum tn_kind kind, const struct token *at) MUSTCHECK;
/* kid (with what follows it, or NULL) hangs below n now: n's height grows; false when that is too high. */
bool t_adopt(struct t_parse *p, struct tnode *n, const struct tnode *kid) MUSTCHECK;

/* Nodes in a chain below owner, as they come. */
struct t_chain {
	struct tnode *owner, **last;
};
/* n may be NULL: false, for somebody said why. */
bool t_append(struct t_parse *p, struct t_chain *c, struct tnode *n) MUSTCHECK;

struct tnode *t_parse_expression(struct t_parse *p, bool with_cond) MUSTCHECK;
/* One expression, or a tuple without parentheses. */
struct tnode *t_parse_tuple(struct t_parse *p, bool with_cond) MUSTCHECK;
struct tnode *t_parse_const(struct t_parse *p, struct tv v) MUSTCHECK; /* and past its token */
struct tnode *t_parse_primary(struct t_parse *p) MUSTCHECK;
struct tnode *t_parse_postfix(struct t_parse *p, struct tnode *n) MUSTCHECK;
/* now is at "|": all filters that follow. */
struct tnode *t_parse_filters(struct t_parse *p, struct tnode *n) MUSTCHECK;
struct tnode *t_parse_test(struct t_parse *p, struct tnode *n) MUSTCHECK;
/* now is behind "name.method", at "(". */
struct tnode *t_parse_method(struct t_parse *p, struct tnode *object, const struct token *name) MUSTCHECK;
/* now is at "(", name is range or namespace. */
struct tnode *t_parse_global(struct t_parse *p, const struct token *name) MUSTCHECK;
bool t_is_reserved(struct slice name);
bool t_find_names(struct t_parse *p, struct template *t) MUSTCHECK; /* template_names.c */


const struct t_callable *t_filter_find(struct slice name);
const struct t_callable *t_test_find(struct slice name);
const struct t_callable *t_method_find(struct slice name);
t_fn t_do_first, t_do_last, t_do_list, t_do_join, t_do_items, t_do_reverse, t_do_sum, t_do_sort, t_do_map, t_do_select, t_do_reject, t_do_selectattr,
	t_do_rejectattr; /* template_each.c */
/* A method of Python's dicts: not to be had as a member without a call. */
bool t_is_dict_method(struct slice name);
/* Something that Python's texts, lists, tuples or numbers have under this name, and that is not here. */
bool t_is_hidden(const struct tv *v, struct slice name);

/* ---- one rendering ---- */

struct t_var {
	struct t_var *next;
	struct slice name;
	struct tv v;
};

struct t_scope {
	struct t_scope *up;
	struct t_var *vars;
	const struct t_names *hides;
};

struct tx {
	struct arena *work;
	struct tv_dict *data;
	struct t_scope *scope;
	struct t_var *spare; /* of scopes that were left */
	struct buf *out;
	struct tv captured;
	uint64_t steps;
	unsigned depth; /* of values within each other, where one is walked */
	struct err *e;
};
#define T_VALUE_DEPTH 40

/* RC_BAD at the node's place; false. */
bool tx_fail(struct tx *x, const struct tnode *at, const char *fmt, ...) PRINTF(3, 4);
/* An undefined value was used: says which. */
bool tx_undefined(struct tx *x, const struct tv *v);
bool tx_too_large(struct tx *x, const struct tnode *at, const char *what);
/* n units of work; false when there were too many. */
bool tx_spend(struct tx *x, const struct tnode *at, size_t n) MUSTCHECK;
void *tx_alloc(struct tx *x, const struct tnode *at, size_t n) MUSTCHECK;
/* n bytes of a text to be filled. */
char *tx_text(struct tx *x, const struct tnode *at, size_t n) MUSTCHECK;
/* What a buf of BUF_INIT(TEMPLATE_STRING_MAX) holds, as a text; releases it. */
bool tx_take(struct tx *x, const struct tnode *at, struct buf *b, struct tv *out) MUSTCHECK;
bool tx_enter(struct tx *x, const struct tnode *at) MUSTCHECK;
static inline void tx_leave(struct tx *x)
{
	x->depth--;
}

bool t_eval(struct tx *x, const struct tnode *n, struct tv *out) MUSTCHECK; /* template_eval.c */
bool t_lookup(struct tx *x, struct slice name, struct tv *out) MUSTCHECK;   /* false: no such name, and no err */
bool t_bind(struct tx *x, const struct tnode *at, struct slice name, const struct tv *v) MUSTCHECK;
void t_scope_open(struct tx *x, struct t_scope *s, const struct t_names *hides);
void t_scope_close(struct tx *x, struct t_scope *s);
void t_scope_forget(struct tx *x, struct t_scope *s); /* its names */

/* ---- values: template_value.c ---- */

bool tv_truth(struct tx *x, const struct tv *v, bool *out) MUSTCHECK;
bool tv_equal(struct tx *x, const struct tnode *at, const struct tv *a, const struct tv *b, bool *out) MUSTCHECK;
/* -1, 0, 1, or 2 when there is no order between them (nan). */
bool tv_order(struct tx *x, const struct tnode *at, const struct tv *a, const struct tv *b, int *out) MUSTCHECK;
bool tv_contains(struct tx *x, const struct tnode *at, const struct tv *in, const struct tv *what, bool *out) MUSTCHECK;
const char *tv_kind_name(const struct tv *v); /* "text", "list" */

/* ---- values as text: template_show.c ---- */

/* Python's str(): false for what is undefined. */
bool tv_show(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out) MUSTCHECK;
/* The same as a value; a text is itself. */
bool tv_str(struct tx *x, const struct tnode *at, const struct tv *v, struct tv *out) MUSTCHECK;
/* Python's repr() of a float, into at least 32 bytes. */
void t_float_text(double f, char *out, size_t size);

/* The undefined value of an inline if without else is Jinja2's lenient one even here: it is false, prints as nothing, has no elements. */
static inline bool tv_is_soft(const struct tv *v)
{
	return v->kind == TV_UNDEFINED && v->gone->kind == TN_COND;
}

/* ---- lists, dicts, what iterates: template_list.c ---- */

struct tv_seq *tv_seq_new(struct tx *x, const struct tnode *at, enum seq_kind kind, size_t room) MUSTCHECK;
bool tv_push(struct tx *x, const struct tnode *at, struct tv_seq *s, const struct tv *v) MUSTCHECK;
struct tv_dict *tv_dict_new(struct tx *x, const struct tnode *at, size_t room) MUSTCHECK;
bool tv_put(struct tx *x, const struct tnode *at, struct tv_dict *d, struct slice key, const struct tv *v) MUSTCHECK;
struct tv *tv_find(const struct tv_dict *d, struct slice key); /* or NULL */
/* What a for loop would walk, as a sequence: a text's characters, a dict's keys. A list is itself, not a copy. An iterator is used up by it. */
bool tv_elements(struct tx *x, const struct tnode *at, const struct tv *v, struct tv_seq **out) MUSTCHECK;
bool tv_length(struct tx *x, const struct tnode *at, const struct tv *v, size_t *out) MUSTCHECK;
bool tv_member(struct tx *x, const struct tnode *at, const struct tv *of, struct slice name, struct tv *out) MUSTCHECK; /* of.name */
bool tv_item(struct tx *x, const struct tnode *at, const struct tv *of, const struct tv *index, struct tv *out) MUSTCHECK; /* of[index] */
bool tv_slice(struct tx *x, const struct tnode *at, const struct tv *of, const struct tv *bounds, struct tv *out) MUSTCHECK;
bool tv_items(struct tx *x, const struct tnode *at, const struct tv_dict *d, struct tv *out) MUSTCHECK; /* as .items() */
bool tv_range(struct tx *x, const struct tnode *at, const struct tv *arg, struct tv *out) MUSTCHECK;

/* ---- numbers and operators: template_math.c ---- */

bool tv_is_number(const struct tv *v); /* bool, int or float */
bool tv_as_int(const struct tv *v, int64_t *out) MUSTCHECK; /* bool or int */
double tv_as_float(const struct tv *v);
bool tv_binary(struct tx *x, const struct tnode *n, const struct tv *a, const struct tv *b, struct tv *out) MUSTCHECK;
bool tv_negate(struct tx *x, const struct tnode *n, const struct tv *v, struct tv *out) MUSTCHECK;
/* Python's int(text) and float(text): false when it is no number; *over when it is one that does not fit. */
bool t_text_to_int(struct slice s, unsigned base, int64_t *out, bool *over) MUSTCHECK;
bool t_text_to_float(struct slice s, double *out) MUSTCHECK;

/* ---- characters: template_chars.c ---- */

bool t_is_space(uint32_t cp); /* Python's str.isspace */
struct slice t_strip_left(struct slice s);
struct slice t_strip_right(struct slice s);
/* Without the characters that stand in chars. */
struct slice t_strip_of(struct slice s, struct slice chars, bool left, bool right);
uint32_t t_char(struct slice s, size_t *n); /* the first one and its bytes; s is not empty */
size_t t_chars(struct slice s);             /* how many */
struct slice t_skip_chars(struct slice s, size_t n); /* what follows the first n */
void t_put_upper(struct buf *out, uint32_t cp);
void t_put_title(struct buf *out, uint32_t cp); /* as the first letter of a word: Ss, not SS */
void t_put_lower(struct buf *out, uint32_t cp);
bool t_is_printable(uint32_t cp); /* beyond ASCII */
/* The first count (-1: all) of old in s become new; an old of nothing stands between all characters. */
void t_put_replaced(struct buf *out, struct slice s, struct slice old, struct slice new, int64_t count);
/* & < > ' " as HTML has them. */
void t_put_html(struct buf *out, struct slice s);

/* ---- JSON: template_json.c ---- */

bool tv_from_json(struct tx *x, const struct json_at *at, struct tv *out) MUSTCHECK;
/* As the tojson filter writes: keys sorted, ", " and ": ", ASCII, and & < > ' escaped. indent < 0: on one line. */
bool tv_tojson(struct tx *x, const struct tnode *at, const struct tv *v, int indent, struct buf *out) MUSTCHECK;
/* Compact, keys in their order, UTF-8. */
bool tv_json(struct tx *x, const struct tnode *at, const struct tv *v, struct buf *out) MUSTCHECK;

/* ---- loops: template_run.c ---- */

/* loop.name; TV_UNDEFINED when it has none. */
bool t_loop_member(struct tx *x, const struct tnode *at, struct t_loop *loop, struct slice name, struct tv *out) MUSTCHECK;
bool t_loop_show(struct tx *x, const struct tnode *at, struct t_loop *loop, struct buf *out) MUSTCHECK;

#endif
