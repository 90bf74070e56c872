/* SPDX-License-Identifier: MIT */
#include "model/demo_inner.h"

static const char *const priorities[] = {"high", "medium", "low", NULL};
static const char *const categories[] = {"work", "personal", "shopping", "health", "other", NULL};

/* ---- priority, category, status ---- */

/* Takes the first of the formats that stands there with one of the values. "%s" is the value. */
static const char *take_value(struct twin *t, const char *const *formats, const char *const *values)
{
	char phrase[80];

	for (; *formats; formats++) {
		for (const char *const *v = values; *v; v++) {
			const char *gap = strstr(*formats, "%s");

			snprintf(phrase, sizeof(phrase), "%.*s%s%s", (int)(gap - *formats), *formats, *v, gap + 2);
			if (twin_take(t, phrase))
				return *v;
		}
	}
	return NULL;
}

static void take_attributes(struct twin *t, struct demo_intent *out)
{
	static const char *const by_priority[] = {"with a priority of %s", "with %s priority", "with priority %s", "at %s priority", "a %s priority",
						  "of %s priority", "to %s priority", "as %s priority", "(%s priority)", "%s priority",
						  "priority to %s", "priority: %s", "priority %s", NULL};
	static const char *const by_category[] = {"to the category %s", "to category %s", "in the category %s", "in category %s", "in the %s category",
						  "to the %s category", "(%s)", "with category %s", "category to %s", "category: %s", "category %s",
						  "to my %s list", "to the %s list", "on my %s list", "from my %s list", "my %s list", "the %s list",
						  "my %s tasks", "%s tasks", "#%s", NULL};
	static const char *const urgent[] = {"urgently", "as soon as possible", "asap", NULL};

	out->priority = take_value(t, by_priority, priorities);
	if (!out->priority && twin_take(t, "no priority"))
		out->priority = "none";
	if (!out->priority && twin_take_any(t, urgent))
		out->priority = "high";
	out->category = take_value(t, by_category, categories);
}

/* ---- names of things ---- */

static bool unquote(struct twin *t)
{
	static const char *const marks[][2] = {{"\"", "\""}, {"'", "'"}, {"\xe2\x80\x9c", "\xe2\x80\x9d"}};

	for (size_t i = 0; i < countof(marks); i++) {
		size_t open = strlen(marks[i][0]), close = strlen(marks[i][1]);

		if (t->n <= open + close || memcmp(t->low, marks[i][0], open) != 0 || memcmp(t->low + t->n - close, marks[i][1], close) != 0)
			continue;
		t->n -= close;
		twin_cut_out(t, 0, open);
		return true;
	}
	return false;
}

/* true: it stood in quotes, so it is one name whatever is in it. */
static bool clean_name(struct twin *t)
{
	static const char *const around[] = {"to my to-do list", "to my todo list", "to the to-do list", "to the todo list", "to my list", "to the list",
					     "from my list", "from the list", "off my list", "off the list", "on my list", "on the list", "in my list",
					     "to my tasks", "from my tasks", "as a task", "as a todo", "from list", "to list", NULL};
	static const char *const before[] = {"a new task to", "a new task called", "a new task", "new task", "a task to", "a task called", "a task",
					     "the task called", "the task", "my task", "task", "a todo to", "a todo", "the item", "an item", NULL};

	bool quoted;

	twin_take_any(t, around);
	twin_take_first(t, before);
	twin_trim(t);
	quoted = unquote(t);
	twin_trim(t);
	return quoted;
}

static void clean_target(struct twin *t)
{
	static const char *const before[] = {"the", "my", NULL};

	clean_name(t);
	twin_take_first(t, before);
	if (t->n > 5 && memcmp(t->low + t->n - 5, " task", 5) == 0)
		t->n -= 5;
	unquote(t);
	twin_trim(t);
}

static size_t count_words(struct slice s)
{
	size_t n = s.n > 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ';
	return n;
}

/* "milk, eggs and bread" is three things; "call Anna and tell her the news" is one. */
static void split_things(struct slice s, struct demo_intent *out)
{
	struct slice rest = s, piece;
	ptrdiff_t at;

	for (out->n = 0; rest.n && out->n < DEMO_THINGS_MAX;) {
		struct slice comma;

		slice_cut(rest, ',', &comma);
		at = slice_find(comma, S(" and "));
		piece = at >= 0 ? slice_upto(rest, (size_t)at) : comma;
		rest = slice_from(rest, at >= 0 ? (size_t)at + 5 : piece.n + 1);
		piece = slice_trim(piece);
		if (slice_starts(piece, S("and ")))
			piece = slice_from(piece, 4);
		if (piece.n == 0)
			continue;
		out->thing[out->n++] = piece;
		if (count_words(piece) > 3) {
			out->n = 0;
			break;
		}
	}
	if (out->n == 0 || rest.n) {
		out->thing[0] = s;
		out->n = s.n > 0;
	}
}

/* ---- what is wanted ---- */

static void read_status(const struct twin *t, struct demo_intent *out)
{
	static const char *const undone[] = {"pending", "open", "left", "unfinished", "remaining", "not done", "still", "uncompleted", NULL};
	static const char *const done[] = {"completed", "done", "finished", NULL};

	out->status = twin_has_any(t, undone) ? "pending" : twin_has_any(t, done) ? "completed" : "all";
}

static void read_target(struct twin *t, struct demo_intent *out)
{
	static const char *const all[] = {"everything", "all", "every task", NULL};

	read_status(t, out);
	out->all = twin_begins_any(t, all);
	clean_target(t);
	out->thing[0] = twin_words(t);
	out->n = t->n > 0;
}

static bool read_add(struct twin *t, struct demo_intent *out)
{
	static const char *const lists[] = {"add", "put", "create", "new task", "note", NULL};
	static const char *const one[] = {"remind me to", "remind me of", "remind me about", "remember to", "i need to", "i have to", "i must",
					  "don't let me forget to", "todo", NULL};
	bool many = twin_begins_any(t, lists);

	if (!twin_take_first(t, lists) && !twin_take_first(t, one))
		return false;
	out->act = DEMO_ADD;
	take_attributes(t, out);
	many = !clean_name(t) && many;
	if (many)
		split_things(twin_words(t), out);
	else if (t->n) {
		out->thing[0] = twin_words(t);
		out->n = 1;
	}
	return true;
}

/* "mark X as done", "X is done", "complete X". */
static bool read_complete(struct twin *t, struct demo_intent *out)
{
	static const char *const undo_ends[] = {"as not done", "as undone", "as pending", "as open", "as incomplete", "as not completed", "is not done", NULL};
	static const char *const ends[] = {"as completed", "as complete", "as done", "as finished", "is completed", "is complete", "is done", "is finished", "to done", NULL};
	static const char *const begins[] = {"mark", "set", "complete", "finish", "check off", "tick off", "i have done", "i've done", "i did", "i finished",
					     "i have finished", "i bought", "done with", "i am done with", "i'm done with", NULL};
	static const char *const undo[] = {"reopen", "uncheck", "unmark", "undo", NULL};

	if (twin_has_any(t, undo_ends) || twin_begins_any(t, undo)) {
		out->act = DEMO_REOPEN;
		twin_take_any(t, undo_ends);
		twin_take_first(t, undo);
	} else if (twin_has_any(t, ends) || (twin_begins_any(t, begins) && twin_find(t, "set") != 0)) {
		out->act = DEMO_COMPLETE;
		twin_take_any(t, ends);
	} else {
		return false;
	}
	twin_take_first(t, begins);
	read_target(t, out);
	out->status = NULL;
	return true;
}

static bool read_delete(struct twin *t, struct demo_intent *out)
{
	static const char *const begins[] = {"delete", "remove", "erase", "drop", "clear", "get rid of", "take", "forget", NULL};

	if (!twin_take_first(t, begins))
		return false;
	out->act = DEMO_DELETE;
	read_target(t, out);
	return true;
}

/* "rename X to Y", "change the title of X to Y", "make X high priority", "set the priority of X to low", "move X to my work list". */
static bool read_update(struct twin *t, struct demo_intent *out)
{
	static const char *const begins[] = {"rename", "change", "update", "edit", "make", "set", "move", "give", NULL};
	static const char *const titles[] = {"the title of", "the name of", "title of", "name of", NULL};
	static const char *const noise[] = {"the priority of", "priority of", "the category of", "category of", NULL};
	bool of_priority, of_category;
	ptrdiff_t to;

	if (!twin_take_first(t, begins))
		return false;
	out->act = DEMO_UPDATE;
	of_priority = twin_find(t, "priority of") >= 0;
	of_category = twin_find(t, "category of") >= 0;
	twin_take_first(t, titles);
	twin_take_first(t, noise);
	take_attributes(t, out);
	for (const char *const *v = priorities; of_priority && !out->priority && *v; v++)
		if (twin_find(t, *v) >= 0 && twin_take(t, *v))
			out->priority = *v;
	for (const char *const *v = categories; of_category && !out->category && *v; v++)
		if (twin_find(t, *v) >= 0 && twin_take(t, *v))
			out->category = *v;
	if (t->n > 3 && memcmp(t->low + t->n - 3, " to", 3) == 0)
		t->n -= 3;
	to = twin_find(t, " to ");
	if (to > 0 && !out->priority && !out->category) {
		struct twin title = {t->text + to + 4, t->low + to + 4, t->n - (size_t)to - 4};

		clean_name(&title);
		out->title = twin_words(&title);
		t->n = (size_t)to;
	}
	clean_target(t);
	out->thing[0] = twin_words(t);
	out->n = t->n > 0;
	return true;
}

static bool read_list(struct twin *t, struct demo_intent *out)
{
	static const char *const begins[] = {"list", "show", "what", "what's", "whats", "which", "do i have", "display", "my tasks", "my list", "tasks", "read",
					     "give me my", "how many", NULL};
	static const char *const about[] = {"list", "lists", "tasks", "task", "todo", "todos", "to-do", "to-dos", "to do", "show", "left", "have", NULL};

	if (!twin_begins_any(t, begins) || !twin_has_any(t, about))
		return false;
	out->act = DEMO_LIST;
	read_status(t, out);
	take_attributes(t, out);
	return true;
}

void demo_intent(struct arena *a, struct slice text, struct demo_intent *out)
{
	static const char *const polite[] = {"please", "can you", "could you", "would you", "will you", "i want you to", "i'd like you to", "i want to",
					     "i'd like to", "i would like to", "hey", "ok", "okay", "now", "and", "also", "then", "just", NULL};
	static const char *const greetings[] = {"hi", "hello", "good morning", "good evening", "good afternoon", "hallo", NULL};
	static const char *const who[] = {"who are you", "what are you", "are you a", "are you an", "are you real", "which model", "what model", "your name", NULL};
	static const char *const story[] = {"story", "long text", "long answer", "write a poem", "long message", NULL};
	static const char *const thanks[] = {"thanks", "thank you", "thx", NULL};
	static const char *const help[] = {"help", "what can you do", "what do you do", "what can i do", NULL};
	struct twin t = twin_new(a, text);
	bool greeted = twin_take_first(&t, greetings);

	*out = (struct demo_intent){.act = DEMO_HELP};
	while (twin_take_first(&t, polite))
		;
	twin_take(&t, "please");
	if (twin_has_any(&t, who))
		out->act = DEMO_WHO;
	else if (twin_begins_any(&t, help))
		out->act = DEMO_HELP;
	else if (read_add(&t, out) || read_delete(&t, out))
		return;
	else if (read_list(&t, out) || read_complete(&t, out) || read_update(&t, out))
		return;
	else if (twin_has_any(&t, story))
		out->act = DEMO_STORY;
	else if (twin_has_any(&t, thanks))
		out->act = DEMO_THANKS;
	else if (greeted)
		out->act = DEMO_HELLO;
}
