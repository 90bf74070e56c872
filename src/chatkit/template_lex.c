/* SPDX-License-Identifier: MIT */
/* From text to tokens. What is between delimiters is text; {{ }} and {% %} hold tokens; the sign next to a delimiter eats blanks on its side. */
#include "chatkit/template_inner.h"

#include "wire/utf8.h"

#include <math.h>

static bool refuse(struct t_lex *lx, unsigned line, unsigned column, const char *what)
{
	err_tell(lx->e, RC_BAD, "line %u, column %u: %s", line, column, what);
	return false;
}

bool t_lex_init(struct t_lex *lx, struct arena *a, struct slice text, struct err *e)
{
	char *to, *begin;

	*lx = (struct t_lex){.a = a, .e = e, .line = 1, .column = 1};
	if (text.n > TEMPLATE_TEXT_MAX) {
		err_tell(e, RC_TOO_LARGE, "a template may have %d bytes", TEMPLATE_TEXT_MAX);
		return false;
	}
	if (!utf8_valid(text)) {
		err_tell(e, RC_BAD, "line 1, column 1: the template is not UTF-8");
		return false;
	}
	begin = to = arena_try(a, text.n + 1);
	if (!begin) {
		err_tell(e, RC_TOO_LARGE, "no room for the template");
		return false;
	}
	for (size_t i = 0; i < text.n; i++) {
		bool pair = text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';

		*to++ = text.p[i] == '\r' ? '\n' : text.p[i];
		i += pair;
	}
	if (to > begin && to[-1] == '\n')
		to--;
	lx->p = lx->counted = begin;
	lx->end = to;
	return true;
}

/* Places are asked for in order, so that every character is counted once. */
static void count_to(struct t_lex *lx, const char *place)
{
	for (; lx->counted < place; lx->counted++) {
		if (*lx->counted == '\n') {
			lx->line++;
			lx->column = 1;
		} else if (((unsigned char)*lx->counted & 0xc0) != 0x80) {
			lx->column++;
		}
	}
}

static struct slice rest(const struct t_lex *lx)
{
	return slice_mem(lx->p, (size_t)(lx->end - lx->p));
}

static bool at(const struct t_lex *lx, const char *text)
{
	return slice_starts(rest(lx), slice_cstr(text));
}

static char peek(const struct t_lex *lx, size_t n)
{
	return (size_t)(lx->end - lx->p) > n ? lx->p[n] : '\0';
}

static void skip_blanks(struct t_lex *lx)
{
	lx->p = t_strip_left(rest(lx)).p;
}

static void begin(struct t_lex *lx, struct token *t, enum t_token kind)
{
	count_to(lx, lx->p);
	*t = (struct token){.kind = kind, .text = slice_mem(lx->p, 0), .line = lx->line, .column = lx->column};
}

static bool take(struct t_lex *lx, struct token *t, size_t n)
{
	t->text.n = n;
	lx->p += n;
	return true;
}

/* ---- text and delimiters ---- */

static const char *next_delimiter(const struct t_lex *lx)
{
	const char *p = lx->p;

	while (p < lx->end && (p = memchr(p, '{', (size_t)(lx->end - p)))) {
		if (p + 1 < lx->end && (p[1] == '{' || p[1] == '%' || p[1] == '#'))
			return p;
		p++;
	}
	return lx->end;
}

static bool sign(char c)
{
	return c == '-' || c == '+';
}

/* At "{#". */
static bool skip_comment(struct t_lex *lx)
{
	const char *body = lx->p + 2 + sign(peek(lx, 2));
	ptrdiff_t n = slice_find(slice_mem(body, (size_t)(lx->end - body)), S("#}"));

	count_to(lx, lx->p);
	if (n < 0)
		return refuse(lx, lx->line, lx->column, "this comment has no end");
	lx->p = body + n + 2;
	if (n > 0 && body[n - 1] == '-')
		skip_blanks(lx);
	return true;
}

static bool open_delimiter(struct t_lex *lx, struct token *t)
{
	bool block = lx->p[1] == '%';

	begin(lx, t, block ? TT_BLOCK_OPEN : TT_PRINT_OPEN);
	lx->state = block ? LEX_BLOCK : LEX_PRINT;
	return take(lx, t, 2u + sign(peek(lx, 2)));
}

static bool next_outside(struct t_lex *lx, struct token *t)
{
	while (lx->p < lx->end) {
		const char *to = next_delimiter(lx);
		struct slice text = slice_mem(lx->p, (size_t)(to - lx->p));

		if (lx->end - to > 2 && to[2] == '-')
			text = t_strip_right(text);
		if (text.n) {
			begin(lx, t, TT_TEXT);
			t->text = text;
			lx->p = to;
			return true;
		}
		lx->p = to;
		if (to == lx->end)
			break;
		if (to[1] != '#')
			return open_delimiter(lx, t);
		if (!skip_comment(lx))
			return false;
	}
	begin(lx, t, TT_EOF);
	return true;
}

static bool closes(struct t_lex *lx, struct token *t)
{
	bool block = lx->state == LEX_BLOCK;
	const char *end = block ? "%}" : "}}";
	bool minus = peek(lx, 0) == '-', plus = block && peek(lx, 0) == '+';

	if (lx->brackets || !slice_starts(slice_from(rest(lx), minus || plus), slice_cstr(end)))
		return false;
	begin(lx, t, block ? TT_BLOCK_CLOSE : TT_PRINT_CLOSE);
	take(lx, t, 2u + (minus || plus));
	if (minus)
		skip_blanks(lx);
	lx->state = LEX_TEXT;
	return true;
}

/* ---- numbers ---- */

static bool is_digit(char c, unsigned base)
{
	if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
		return true;
	return c >= '0' && c < (char)('0' + (base < 10 ? base : 10));
}

/* How many bytes from n on are digits with single underscores between. */
static size_t digits(const struct t_lex *lx, size_t from, unsigned base)
{
	size_t n = from;

	while (is_digit(peek(lx, n), base) || (n > from && peek(lx, n) == '_' && is_digit(peek(lx, n + 1), base)))
		n++;
	return n - from;
}

/* The bytes of a float at p; 0 when there is none. */
static size_t float_length(const struct t_lex *lx)
{
	size_t n = digits(lx, 0, 10), more;
	bool is_float = false;

	if (peek(lx, n) == '.' && (more = digits(lx, n + 1, 10))) {
		n += 1 + more;
		is_float = true;
	}
	if (peek(lx, n) == 'e' || peek(lx, n) == 'E') {
		size_t exponent = n + 1 + sign(peek(lx, n + 1));

		more = digits(lx, exponent, 10);
		if (more) {
			n = exponent + more;
			is_float = true;
		}
	}
	return is_float ? n : 0;
}

static size_t int_length(const struct t_lex *lx, unsigned *base)
{
	static const struct {
		char letter;
		unsigned base;
	} prefixes[] = {{'b', 2}, {'o', 8}, {'x', 16}};

	*base = 10;
	if (peek(lx, 0) != '0')
		return digits(lx, 0, 10);
	for (size_t i = 0; i < countof(prefixes); i++) {
		size_t skip = 2 + (peek(lx, 2) == '_'), n = digits(lx, skip, prefixes[i].base);

		if ((peek(lx, 1) | 0x20) == prefixes[i].letter && n) {
			*base = prefixes[i].base;
			return skip + n;
		}
	}
	return digits(lx, 0, 1); /* zeros */
}

static bool number(struct t_lex *lx, struct token *t)
{
	unsigned base = 10;
	size_t n = lx->p[-1] == '.' ? 0 : float_length(lx);
	bool over = false;

	begin(lx, t, n ? TT_FLOAT : TT_INT);
	take(lx, t, n ? n : int_length(lx, &base));
	if (t->kind == TT_FLOAT)
		over = !t_text_to_float(t->text, &t->f) || !isfinite(t->f);
	else if (!t_text_to_int(base == 10 ? t->text : slice_from(t->text, 2u + (t->text.p[2] == '_')), base, &t->i, &over))
		over = true;
	return over ? refuse(lx, t->line, t->column, "this number is out of range") : true;
}

/* ---- strings ---- */

static bool unescape(struct t_lex *lx, struct token *t)
{
	struct buf text = BUF_INIT(TEMPLATE_TEXT_MAX);

	if (!t_unescape(t->text, &text)) {
		buf_release(&text);
		return refuse(lx, t->line, t->column, "a backslash in this string stands for no character");
	}
	t->text = arena_try_dup(lx->a, buf_slice(&text));
	buf_release(&text);
	if (t->text.p)
		return true;
	err_tell(lx->e, RC_TOO_LARGE, "no room for the template");
	return false;
}

static bool string(struct t_lex *lx, struct token *t)
{
	char quote = *lx->p;
	const char *p = lx->p + 1;

	begin(lx, t, TT_STRING);
	while (p < lx->end && *p != quote)
		p += *p == '\\' && p + 1 < lx->end ? 2 : 1;
	if (p >= lx->end)
		return refuse(lx, t->line, t->column, "this string has no end");
	t->text = slice_mem(lx->p + 1, (size_t)(p - lx->p) - 1);
	lx->p = p + 1;
	if (!t->text.n || !memchr(t->text.p, '\\', t->text.n))
		return true;
	return unescape(lx, t);
}

/* ---- names and operators ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name(struct t_lex *lx, struct token *t)
{
	size_t n = 0;

	begin(lx, t, TT_NAME);
	while (is_letter(peek(lx, n)) || is_digit(peek(lx, n), 10))
		n++;
	if ((unsigned char)peek(lx, n) >= 0x80 && !t_is_space(t_char(slice_from(rest(lx), n), &(size_t){0})))
		return refuse(lx, t->line, t->column, "a name may have letters of ASCII only");
	return take(lx, t, n);
}

static bool bracket(struct t_lex *lx, const struct token *t)
{
	char c = *t->text.p, closing = c == '(' ? ')' : c == '[' ? ']' : '}';

	if (c == '(' || c == '[' || c == '{') {
		if (lx->brackets == T_BRACKETS_MAX)
			return refuse(lx, t->line, t->column, "nested too deeply");
		lx->bracket[lx->brackets++] = closing;
	} else if (c == ')' || c == ']' || c == '}') {
		if (lx->brackets == 0 || lx->bracket[--lx->brackets] != c)
			return refuse(lx, t->line, t->column, "this bracket closes none");
	}
	return true;
}

static bool operator(struct t_lex *lx, struct token *t)
{
	/* The longer ones first. */
	static const struct {
		const char *text;
		enum t_token kind;
	} operators[] = {
		{"//", TT_FLOOR}, {"**", TT_POW}, {"==", TT_EQ}, {"!=", TT_NE}, {">=", TT_GE}, {"<=", TT_LE},
		{"+", TT_ADD}, {"-", TT_SUB}, {"/", TT_DIV}, {"*", TT_MUL}, {"%", TT_MOD}, {"~", TT_TILDE},
		{"[", TT_LBRACKET}, {"]", TT_RBRACKET}, {"(", TT_LPAREN}, {")", TT_RPAREN}, {"{", TT_LBRACE}, {"}", TT_RBRACE},
		{">", TT_GT}, {"<", TT_LT}, {"=", TT_ASSIGN}, {".", TT_DOT}, {":", TT_COLON}, {"|", TT_PIPE}, {",", TT_COMMA}, {";", TT_SEMICOLON},
	};

	for (size_t i = 0; i < countof(operators); i++) {
		if (!at(lx, operators[i].text))
			continue;
		begin(lx, t, operators[i].kind);
		take(lx, t, strlen(operators[i].text));
		return bracket(lx, t);
	}
	count_to(lx, lx->p);
	return refuse(lx, lx->line, lx->column, "this character means nothing here");
}

static bool next_inside(struct t_lex *lx, struct token *t)
{
	skip_blanks(lx);
	if (lx->p == lx->end) {
		begin(lx, t, TT_EOF);
		return true;
	}
	if (closes(lx, t))
		return true;
	if (is_digit(*lx->p, 10))
		return number(lx, t);
	if (is_letter(*lx->p) || (unsigned char)*lx->p >= 0x80)
		return name(lx, t);
	if (*lx->p == '"' || *lx->p == '\'')
		return string(lx, t);
	return operator(lx, t);
}

bool t_lex_next(struct t_lex *lx, struct token *t)
{
	return lx->state == LEX_TEXT ? next_outside(lx, t) : next_inside(lx, t);
}
