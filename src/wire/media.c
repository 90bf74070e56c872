/* SPDX-License-Identifier: MIT */
#include "wire/media.h"

#include "wire/token.h"

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
	*name = token_take(s, "");
	if (name->n == 0 || !token_take_char(s, '='))
		return false;
	if (token_take_char(s, '"'))
		return take_quoted(s, value);
	/* A slash would want quotes, and is sent without. */
	*value = token_take(s, "/");
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
	main_type = token_take(&s, "");
	if (main_type.n == 0 || !token_take_char(&s, '/'))
		return false;
	sub_type = token_take(&s, "");
	if (sub_type.n == 0)
		return false;
	*out = (struct media){.type = slice_upto(whole, main_type.n + 1 + sub_type.n)};
	for (token_skip_blanks(&s); s.n; token_skip_blanks(&s)) {
		if (!token_take_char(&s, ';'))
			return false;
		token_skip_blanks(&s);
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
