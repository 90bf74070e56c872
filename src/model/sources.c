/* SPDX-License-Identifier: MIT */
#include "model/sources.h"

#include "wire/url.h"
#include "wire/utf8.h"

void sources_init(struct sources *s, struct arena *a)
{
	*s = (struct sources){.arena = a};
}

static struct json_at member(const struct json_at *in, const char *key)
{
	return json_kind(in) == JSON_OBJECT ? json_get(in, key) : (struct json_at){0};
}

static struct slice text_of(const struct json_at *at)
{
	return json_kind(at) == JSON_STRING ? json_as_str(at) : SLICE_NONE;
}

static struct slice str(const struct json_at *in, const char *key)
{
	struct json_at at = member(in, key);

	return text_of(&at);
}

/* An offset in the text; -1: none, or none that can be. */
static int64_t place(const struct json_at *in, const char *key)
{
	struct json_at at = member(in, key);
	int64_t v;

	return json_kind(&at) == JSON_NUMBER && slice_i64(json_text(&at), 0, INT32_MAX, &v) ? v : -1;
}

static bool is_link(struct slice url)
{
	struct url u;

	return url.n <= SOURCE_URL_MAX && url_parse(url, &u) && u.host.n && (slice_eq_nocase(u.scheme, S("https")) || slice_eq_nocase(u.scheme, S("http")));
}

static bool known(const struct sources *s, const struct model_source *one)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct model_source *v = &s->v[i];

		if (!slice_eq(v->url, one->url) || !slice_eq(v->file_name, one->file_name))
			continue;
		if (one->start < 0 || (v->start == one->start && v->end == one->end))
			return true;
	}
	return false;
}

static bool room(struct sources *s)
{
	struct model_source *bigger;

	if (s->n < s->cap)
		return true;
	if (s->n == SOURCES_MAX)
		return false;
	s->cap = s->cap ? 2 * s->cap : 8;
	bigger = arena_alloc(s->arena, s->cap * sizeof(*bigger));
	if (s->n)
		memcpy(bigger, s->v, s->n * sizeof(*bigger));
	s->v = bigger;
	return true;
}

/* Neither a place nor a word of it is believed: what cannot be shown is left out. */
static void add(struct sources *s, struct model_source one)
{
	if (!is_link(one.url))
		one.url = SLICE_NONE;
	one.title = utf8_cut_chars(slice_trim(one.title), SOURCE_TITLE_MAX);
	one.file_name = utf8_cut_chars(slice_trim(one.file_name), SOURCE_TITLE_MAX);
	if (one.start < 0 || one.end < one.start)
		one.start = one.end = -1;
	if ((one.url.n == 0 && one.file_name.n == 0) || known(s, &one) || !room(s))
		return;
	one.url = arena_try_dup(s->arena, one.url);
	one.title = arena_try_dup(s->arena, one.title);
	one.file_name = arena_try_dup(s->arena, one.file_name);
	if (one.url.p && one.title.p && one.file_name.p)
		s->v[s->n++] = one;
}

void sources_annotations(struct sources *s, const struct json_at *array)
{
	for (size_t i = 0; json_kind(array) == JSON_ARRAY && i < json_count(array); i++) {
		struct json_at one = json_item(array, i), inner;
		struct slice type = str(&one, "type");
		bool file = slice_is(type, "file_citation");

		if (!file && !slice_is(type, "url_citation"))
			continue;
		inner = file ? member(&one, "file_citation") : member(&one, "url_citation");
		if (json_kind(&inner) != JSON_OBJECT)
			inner = one; /* flat, as in the Responses interface */
		add(s, (struct model_source){.url = file ? SLICE_NONE : str(&inner, "url"),
					     .title = str(&inner, "title"),
					     .file_name = file ? str(&inner, "filename") : SLICE_NONE,
					     .start = place(&inner, "start_index"),
					     .end = place(&inner, "end_index")});
	}
}

void sources_results(struct sources *s, const struct json_at *array)
{
	for (size_t i = 0; json_kind(array) == JSON_ARRAY && i < json_count(array); i++) {
		struct json_at one = json_item(array, i);
		struct slice url = text_of(&one);

		add(s, (struct model_source){.url = url.n ? url : str(&one, "url"), .title = str(&one, "title"), .start = -1, .end = -1});
	}
}
