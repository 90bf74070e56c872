/* SPDX-License-Identifier: MIT */
/*
 * Accept-Language and a page's header from anybody, on their way into the instructions: a locale is a tag, a value is short, and none of it ends the
 * block that it stands in, or that block's lines.
 */
#include "tests/fuzz/fuzz.h"

#include "agent/prompt.h"
#include "app/context.h"
#include "wire/utf8.h"

static void check_locale(struct slice header)
{
	struct slice tag = context_locale(header);

	CHECK(inside(tag, header) && tag.n <= CONTEXT_LOCALE_MAX);
	for (size_t i = 0; i < tag.n; i++)
		CHECK(tag.p[i] == '-' || (tag.p[i] >= '0' && tag.p[i] <= '9') || ((tag.p[i] | 0x20) >= 'a' && (tag.p[i] | 0x20) <= 'z'));
}

static size_t count(struct slice in, struct slice what)
{
	size_t n = 0;

	for (ptrdiff_t at; (at = slice_find(in, what)) >= 0; n++)
		in = slice_from(in, (size_t)at + what.n);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice in = slice_mem(data, n), template = in;
	struct arena *a = arena_new(8 * 1024 * 1024, NULL);
	struct request_header h = {S("X"), in};
	struct request r = {.headers = &h, .n_headers = 1, .arena = a};
	struct conf *c = arena_new_of(a, struct conf);
	struct caller who = {.owner = S_INIT("o")};
	struct slice text;

	check_locale(in);
	c->context[0] = (struct conf_context){S("X"), S("x")};
	c->n_context = 1;
	context_of(&r, c, &who);
	CHECK(who.n_vars == 1 && who.vars[0].value.n <= CONTEXT_VALUE_MAX && inside(who.vars[0].value, in));
	text = prompt_fill(a, S("as it is"), &who, 0);
	CHECK(utf8_valid(text) && slice_starts(text, S("as it is")));
	CHECK(count(text, S("</PageContext>")) == (who.vars[0].value.n ? 1 : 0));
	CHECK(count(text, S("\n")) == (who.vars[0].value.n ? 4 : 0));
	/* As a template of the site's, whatever it says. */
	text = prompt_fill(a, template, &who, 0);
	CHECK(text.n <= PROMPT_MAX);
	arena_free(a);
	return 0;
}
