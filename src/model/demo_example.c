/* SPDX-License-Identifier: MIT */
#include "model/demo_inner.h"

/* By a word in the property's name, in this order; what comes in a list is another one each time. */
static const struct {
	const char *word;
	const char *value[3];
} words[] = {
	{"question", {"What shall we have for breakfast?", "Where shall we have it?", "When?"}},
	{"option", {"Tea", "Coffee", "Water"}},
	{"value", {"Tea", "Coffee", "Water"}},
	{"answer", {"Tea", "Coffee", "Water"}},
	{"choice", {"Tea", "Coffee", "Water"}},
	{"email", {"anna@example.com", "ben@example.com", "cleo@example.com"}},
	{"url", {"https://example.com/", "https://example.com/two", "https://example.com/three"}},
	{"link", {"https://example.com/", "https://example.com/two", "https://example.com/three"}},
	{"date", {"2026-01-31", "2026-02-01", "2026-02-02"}},
	{"due", {"2026-01-31", "2026-02-01", "2026-02-02"}},
	{"time", {"09:30", "12:00", "18:45"}},
	{"description", {"A line from the demo model.", "Another line.", "And a third."}},
	{"subtitle", {"A line from the demo model.", "Another line.", "And a third."}},
	{"caption", {"Made up by the demo model", "Another caption", "A third"}},
	{"text", {"A line from the demo model.", "Another line.", "And a third."}},
	{"body", {"A line from the demo model.", "Another line.", "And a third."}},
	{"message", {"A line from the demo model.", "Another line.", "And a third."}},
	{"city", {"Oslo", "Lisbon", "Kyoto"}},
	{"location", {"Oslo", "Lisbon", "Kyoto"}},
	{"person", {"Anna", "Ben", "Cleo"}},
	{"user", {"Anna", "Ben", "Cleo"}},
	{"subject", {"Your order no. 1042", "Your order no. 1043", "Your order no. 1044"}},
	{"status", {"open", "done", "open"}},
	{"priority", {"high", "medium", "low"}},
	{"category", {"shopping", "personal", "home"}},
	{"icon", {"star", "calendar", "bolt"}},
	{"unit", {"cups", "pieces", "hours"}},
};

/* title, name, label, and whatever else: a member's neighbours get another row. */
static const char *const things[][3] = {
	{"Buy milk", "Call Anna", "Mend the bicycle"},
	{"Kitchen", "Telephone", "Workshop"},
	{"Short", "Long", "Longer"},
};

bool demo_holds(struct slice name, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= name.n; i++)
		if (slice_eq_nocase(slice_mem(name.p + i, n), slice_mem(word, n)))
			return true;
	return false;
}

struct slice demo_example(struct slice name, size_t nth, size_t *n_things)
{
	for (size_t i = 0; i < countof(words); i++)
		if (demo_holds(name, words[i].word))
			return slice_cstr(words[i].value[nth % countof(words[i].value)]);
	return slice_cstr(things[(*n_things)++ % countof(things)][nth % countof(things[0])]);
}
