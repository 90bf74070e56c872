/* SPDX-License-Identifier: MIT */
#include "wire/media.h"

/* RFC 9110, 5.6.2: the bytes of a token. */
static bool is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Bytes of a token, or of more where more says so. */
static struct slice take_token(struct slice *s, const char *more)
{
	size_t n = 0;
	struct slice token;

	while (n < s->n && (is_token(s->p[n]) || (s->p[n] && strchr(more, s->p[n]))))
		n++;
	token = slice_upto(*s, n);
	*s = slice_from(*s, n);
	return token;
}

static bool take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static void skip_blanks(struct slice *s)
{
	while (take_char(s, ' ') || take_char(s, '\t'))
		;
}

/* The opening quote is taken already; what is between the quotes, with its backslashes. */
static bool take_quoted(struct slice *s, struct slice *value)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i] == '"') {
			*value = slice_upto(*s, i);
			*s = slice_from(*s, i + 1);
			return true;
		}
		if (s->p[i] == '\\')
			i++;
		if (i < s->n && ((unsigned char)s->p[i] < ' ' ? s->p[i] != '\t' : s->p[i] == 0x7f))
			return false;
	}
	return false;
}

static bool take_parameter(struct slice *s, struct slice *name, struct slice *value)
{
	*name = take_token(s, "");
	if (name->n == 0 || !take_char(s, '='))
		return false;
	if (take_char(s, '"'))
		return take_quoted(s, value);
	/* A slash would want quotes, and is sent without. */
	*value = take_token(s, "/");
	return value->n > 0;
}

bool media_parse(struct slice s, struct media *out)
{
	struct slice whole, main_type, sub_type, name, value;
	bool has_charset = false;

	s = slice_trim(s);
	if (slice_find(s, S(",")) >= 0)
		return false;
	whole = s;
	main_type = take_token(&s, "");
	if (main_type.n == 0 || !take_char(&s, '/'))
		return false;
	sub_type = take_token(&s, "");
	if (sub_type.n == 0)
		return false;
	*out = (struct media){.type = slice_upto(whole, main_type.n + 1 + sub_type.n)};
	for (skip_blanks(&s); s.n; skip_blanks(&s)) {
		if (!take_char(&s, ';'))
			return false;
		skip_blanks(&s);
		/* RFC 9110, 5.6.6: a parameter may be empty, as in a trailing ";". */
		if (s.n == 0 || s.p[0] == ';')
			continue;
		if (!take_parameter(&s, &name, &value))
			return false;
		if (!slice_eq_nocase(name, S("charset")))
			continue;
		if (has_charset)
			return false;
		has_charset = true;
		out->charset = value;
	}
	return true;
}

bool media_is_json(struct slice s)
{
	struct media m;

	if (!media_parse(s, &m) || !slice_eq_nocase(m.type, S("application/json")))
		return false;
	/* An empty quoted charset is there, and is not UTF-8. */
	return m.charset.p == NULL || slice_eq_nocase(m.charset, S("utf-8"));
}
