/* SPDX-License-Identifier: MIT */
#include "app/texts.h"

/* Kept complete by tests/e2e/test_texts.py, which looks for sentences in the source. */
static const char *const known[] = {
	/* by the kind of failure */
	"Done.",
	"The client left.",
	"This was stopped.",
	"The request could not be understood.",
	"Please sign in.",
	"You may not do this.",
	"This was not found.",
	"This address does not take this method.",
	"This is not possible at the moment.",
	"This is too large.",
	"This type of content is not accepted.",
	"Too many requests. Please wait a little.",
	"The service is busy. Please try again shortly.",
	"No model is configured.",
	"The answer took too long. Please try again.",
	"The model or a tool failed. Please try again.",
	"The model or a tool gave an answer that makes no sense. Please try again.",
	"The service is not available. Please try again shortly.",
	"This conversation is being continued elsewhere.",
	"The service is not set up correctly.",
	"Something went wrong.",

	/* of requests */
	"There is nothing at this address.",
	"This address does not answer {1}.",
	"The request's body is larger than {1} bytes.",
	"This page may not use this service.",
	"You are signed in as somebody else than user_id says.",

	/* of answers */
	"An answer is still being written in this conversation. Please wait for it to end, or stop it.",
	"This conversation is closed for new messages.",
	"The server is restarting. Please try again in a moment.",
	"This conversation was continued elsewhere.",
	"This conversation was deleted.",
	"The answer was stopped.",
	"The answer could not be saved.",
	"The answer failed. Please try again.",
	"The answer was interrupted. Please try again.",
	"The connection was lost while the answer was written. Please try again.",
	"The answer took too long and was ended. Please try again.",
	"Interrupted.",
	"Failed: {1}",
	"This was changed meanwhile.",
	"This was done already.",
	"This action did not work.",
	"This took too long.",
	"An image could not be kept.",
	"This was answered already.",
	"These questions were answered already.",

	/* notices */
	"The answer was cut: it reached the model's limit.",
	"The answer was cut by the provider's content filter.",
	"The provider's content filter withheld the answer.",
	"I stopped here: the limit of steps for one answer is reached.",
	"I stopped here: the limit of tool calls for one answer is reached.",

	/* of models */
	"The model could not be reached. Please try again in a moment.",
	"The model did not answer in time. Please try again.",
	"The connection to the model broke off. Please try again.",
	"The model's answer could not be read. Please try again.",
	"The model's answer could not be read. Please tell the site's operator.",
	"The model's answer was too long and was cut off.",
	"The model's answer broke off. Please try again.",
	"The model gave an empty answer. Please try again.",
	"The model used up its limit before it could answer. Please ask for something smaller.",
	"The model's provider has a problem right now. Please try again in a moment.",
	"The model's provider refused this site's key. Please tell the site's operator.",
	"This site's quota with the model's provider is used up. Please tell the site's operator.",
	"The model was not found at its provider. Please tell the site's operator.",
	"The model is busy right now. Please try again in a moment.",
	"The model's provider refused to answer this. Please ask differently.",
	"The model's provider refused the request. Please tell the site's operator.",
	"This conversation has become too long for the model. Please start a new one.",
	"This conversation has become too large for the model. Please start a new one.",
	"The attached files are together too large for the model. Please send fewer or smaller ones, in a new conversation.",
	"This model cannot read the attached file. Please ask without it, or choose another model.",

	/* of files */
	"This file is part of a conversation. It goes when the conversation is deleted.",
	"This server takes no files.",
	"This address is not valid any more.",
	"The file is larger than {1} bytes.",
	"The form has more than one field 'file': send one file at a time.",
	"The form has no field 'file'.",
	"Another file was uploaded to this address.",
	"Files of the type {1} are not accepted here.",
	"The file is empty.",
	"The file is not what its type says.",
	"The file is not a text in UTF-8.",
	"The image is broken.",
	"The image has too many pixels.",
	"Web pages and drawings cannot be attached.",
	"There is no room for files on this server at the moment.",
	"You have too many files stored. Delete conversations with files that you no longer need, then try again.",
	"The upload was broken off.",

	/* of speech */
	"The recording was not turned into text in time. Please try again.",
	"The service that turns speech into text could not be reached. Please try again in a moment.",
	"The recording is too long.",
	"The recording could not be turned into text. Please try again.",
	"The recording's text is too long.",
	"Recordings of this type are not taken.",
};

const char *text_known_at(size_t i)
{
	return i < countof(known) ? known[i] : NULL;
}

bool text_is_known(struct slice english)
{
	for (size_t i = 0; i < countof(known); i++)
		if (slice_is(english, known[i]))
			return true;
	return false;
}

/* The next {n} of s: *before is what stands before it, *after what stands behind; its n less one, or -1: none is left. */
static int next_place(struct slice s, struct slice *before, struct slice *after)
{
	for (size_t i = 0; i + 3 <= s.n; i++)
		if (s.p[i] == '{' && s.p[i + 1] >= '1' && s.p[i + 1] <= '9' && s.p[i + 2] == '}') {
			*before = slice_upto(s, i);
			*after = slice_from(s, i + 3);
			return s.p[i + 1] - '1';
		}
	*before = s;
	*after = SLICE_NONE;
	return -1;
}

bool text_fits(struct slice english, struct slice translation)
{
	struct slice before;
	bool has[TEXT_PLACES] = {false};
	int place;

	while ((place = next_place(english, &before, &english)) >= 0)
		has[place] = true;
	while ((place = next_place(translation, &before, &translation)) >= 0)
		if (!has[place])
			return false;
	return true;
}

/* Is text what became of pattern when its places were filled in? What stood in them goes to got. */
static bool match(struct slice pattern, struct slice text, struct slice got[TEXT_PLACES])
{
	struct slice before, rest = pattern;
	int place = next_place(rest, &before, &rest);

	if (!slice_starts(text, before))
		return false;
	text = slice_from(text, before.n);
	while (place >= 0) {
		int next = next_place(rest, &before, &rest);
		ptrdiff_t at = before.n ? slice_find(text, before) : (ptrdiff_t)text.n;

		/* The last piece stands at the end, wherever else it may stand. */
		if (next < 0 && slice_ends(text, before))
			at = (ptrdiff_t)(text.n - before.n);
		if (at < 0)
			return false;
		got[place] = slice_upto(text, (size_t)at);
		text = slice_from(text, (size_t)at + before.n);
		place = next;
	}
	return text.n == 0;
}

static struct slice fill(struct slice translation, const struct slice got[TEXT_PLACES], struct arena *a)
{
	struct buf out = BUF_INIT(4096);
	struct slice before, filled;
	int place;

	while ((place = next_place(translation, &before, &translation)) >= 0) {
		buf_add(&out, before);
		buf_add(&out, got[place]);
	}
	buf_add(&out, before);
	filled = buf_ok(&out) ? arena_try_dup(a, buf_slice(&out)) : SLICE_NONE;
	buf_release(&out);
	return filled;
}

static struct slice look(const struct conf *c, struct slice tag, struct slice english, struct arena *a)
{
	for (size_t i = 0; i < c->n_texts; i++) {
		const struct conf_text *t = &c->texts[i];
		struct slice got[TEXT_PLACES] = {{NULL, 0}};

		if (!slice_eq_nocase(t->locale, tag))
			continue;
		if (slice_eq(t->english, english))
			return t->text;
		if (slice_find(t->english, S("{")) >= 0 && match(t->english, english, got))
			return fill(t->text, got, a);
	}
	return SLICE_NONE;
}

struct slice text_in(const struct conf *c, struct slice locale, struct slice english, struct arena *a)
{
	struct slice found;

	for (struct slice tag = locale; c->n_texts && tag.n;) {
		found = look(c, tag, english, a);
		if (found.n)
			return found;
		while (tag.n && tag.p[tag.n - 1] != '-')
			tag.n--;
		tag.n -= tag.n > 0;
	}
	return english;
}

void text_err(const struct conf *c, struct slice locale, struct err *e)
{
	struct arena *a;
	struct slice english = slice_cstr(err_sentence(e)), text;

	if (c->n_texts == 0 || locale.n == 0)
		return;
	a = arena_new(8192, NULL);
	text = text_in(c, locale, english, a);
	if (!slice_eq(text, english))
		(void)err_user(e, "%.*s", SLICE_ARG(text));
	arena_free(a);
}
