/* SPDX-License-Identifier: MIT */
/* A message as a model reads it, and as a title. */
#include "chatkit/request.h"

#include "wire/utf8.h"

void ck_input_words(struct buf *out, const struct ck_input *in)
{
	for (size_t i = 0; i < in->n_parts; i++) {
		if (in->parts[i].tag)
			buf_addch(out, '@');
		buf_add(out, in->parts[i].text);
	}
}

/* So that no text ends its element, or begins another. */
static void put_xml(struct buf *out, struct slice s, bool attribute)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '&')
			buf_add(out, S("&amp;"));
		else if (s.p[i] == '<')
			buf_add(out, S("&lt;"));
		else if (s.p[i] == '>')
			buf_add(out, S("&gt;"));
		else if (s.p[i] == '"' && attribute)
			buf_add(out, S("&quot;"));
		else
			buf_addch(out, s.p[i]);
	}
}

static bool tag_is_new(const struct ck_input *in, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (in->parts[i].tag && slice_eq(in->parts[i].text, in->parts[at].text))
			return false;
	return true;
}

static void put_tags(struct buf *out, const struct ck_input *in)
{
	bool first = true;

	for (size_t i = 0; i < in->n_parts; i++) {
		const struct ck_part *p = &in->parts[i];

		if (!p->tag || !tag_is_new(in, i))
			continue;
		if (first)
			buf_adds(out, "\n\nWhat the user mentioned with @ stands for the following. Call each by its name, without the @.");
		first = false;
		buf_add(out, S("\n<TAG id=\""));
		put_xml(out, p->id, true);
		if (p->group.n) {
			buf_add(out, S("\" group=\""));
			put_xml(out, p->group, true);
		}
		buf_add(out, S("\">"));
		put_xml(out, p->text, false);
		if (!slice_is(p->data, "{}")) {
			buf_addch(out, ' ');
			put_xml(out, p->data, false);
		}
		buf_add(out, S("</TAG>"));
	}
}

void ck_input_text(struct buf *out, const struct ck_input *in)
{
	ck_input_words(out, in);
	if (in->quoted.n) {
		buf_adds(out, "\n\nThe user is referring to this in particular:\n");
		buf_add(out, in->quoted);
	}
	put_tags(out, in);
}

#define TITLE_CHARS 48

struct slice ck_title_of(struct arena *a, struct slice text)
{
	struct slice line = slice_trim(text), head, cut;
	size_t keep;

	(void)slice_cut(line, '\n', &head);
	head = slice_trim(head);
	cut = utf8_cut_chars(head, TITLE_CHARS);
	if (cut.n == head.n)
		return arena_dup(a, head);
	for (keep = cut.n; keep > cut.n / 2 && cut.p[keep - 1] != ' ';)
		keep--;
	if (keep <= cut.n / 2)
		keep = cut.n; /* one long word, or a script without blanks */
	cut = slice_trim(slice_upto(cut, keep));
	return arena_printf(a, "%.*s\xe2\x80\xa6", SLICE_ARG(cut));
}
