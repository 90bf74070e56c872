/* SPDX-License-Identifier: MIT */
/* Which of a widget's actions was used: the payload that came holds all of its own, and fields beside. */
#include "chatkit/widget_inner.h"

static bool within(const struct json_at *own, const struct json_at *sent, size_t *n);

bool widget_within(const struct json_at *own, const struct json_at *sent, size_t *n)
{
	struct slice key;
	struct json_at mine, theirs;

	for (size_t it = 0; json_each(own, &it, &key, &mine);) {
		theirs = json_get(sent, mine.key);
		if (!within(&mine, &theirs, n))
			return false;
	}
	return true;
}

static bool elements_within(const struct json_at *own, const struct json_at *sent, size_t *n)
{
	struct json_at mine, theirs;

	for (size_t i = 0; i < json_count(own); i++) {
		mine = json_item(own, i);
		theirs = json_item(sent, i);
		if (!within(&mine, &theirs, n))
			return false;
	}
	return true;
}

/* A page's numbers are doubles, and 1.0 comes back as 1. */
static bool within(const struct json_at *own, const struct json_at *sent, size_t *n)
{
	enum json_kind kind = json_kind(own);

	++*n;
	if (json_kind(sent) != kind)
		return false;
	if (kind == JSON_OBJECT)
		return widget_within(own, sent, n);
	if (kind == JSON_ARRAY)
		return json_count(own) == json_count(sent) && elements_within(own, sent, n);
	if (kind == JSON_NUMBER)
		return json_as_num_or(own, 0) == json_as_num_or(sent, 0);
	if (kind == JSON_STRING)
		return slice_eq(json_as_str(own), json_as_str(sent));
	return json_as_bool_or(own, false) == json_as_bool_or(sent, false);
}
