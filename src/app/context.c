/* SPDX-License-Identifier: MIT */
#include "app/context.h"

#define LANGUAGES_MAX 50 /* of one header that are looked at */

static bool is_tag(struct slice s)
{
	size_t part = 0; /* bytes of the part so far */

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '-') {
			if (part == 0)
				return false;
			part = 0;
		} else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) || ++part > 8) {
			return false;
		}
	}
	return part > 0 && s.n >= 2 && s.n <= CONTEXT_LOCALE_MAX && (s.p[0] < '0' || s.p[0] > '9');
}

/* The weight in thousandths; a parameter that is none counts as nothing wanted. "0", "0.5", "1.000" */
static int weight(struct slice params)
{
	struct slice name, value = slice_cut(params, '=', &name);
	int w;

	if (slice_trim(params).n == 0)
		return 1000;
	value = slice_trim(value);
	if (!slice_eq_nocase(slice_trim(name), S("q")) || value.n == 0 || value.n > 5 || (value.p[0] != '0' && value.p[0] != '1'))
		return 0;
	if (value.n > 1 && value.p[1] != '.')
		return 0;
	w = (value.p[0] - '0') * 1000;
	for (size_t i = 2, unit = 100; i < value.n; i++, unit /= 10) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return 0;
		w += (value.p[i] - '0') * (int)unit;
	}
	return w > 1000 ? 0 : w;
}

struct slice context_locale(struct slice header)
{
	struct slice best = SLICE_NONE, item, tag, params;
	int best_weight = 0;

	for (int i = 0; header.n && i < LANGUAGES_MAX; i++) {
		header = slice_cut(header, ',', &item);
		params = slice_cut(item, ';', &tag);
		tag = slice_trim(tag);
		if (is_tag(tag) && weight(params) > best_weight) {
			best = tag;
			best_weight = weight(params);
		}
	}
	return best;
}

void context_of(const struct request *r, const struct conf *c, struct caller *who)
{
	struct var *vars = NULL;

	who->locale = context_locale(request_header(r, "ACCEPT_LANGUAGE"));
	if (c->n_context)
		vars = arena_alloc(r->arena, c->n_context * sizeof(*vars));
	for (size_t i = 0; i < c->n_context; i++)
		vars[i] = (struct var){c->context[i].name, slice_upto(slice_trim(request_header(r, c->context[i].header.p)), CONTEXT_VALUE_MAX)};
	who->vars = vars;
	who->n_vars = c->n_context;
}
