/* SPDX-License-Identifier: MIT */
/* What the demo model's files share: phrases, the scene, the tasks of a result. */
#ifndef MODEL_DEMO_INNER_H
#define MODEL_DEMO_INNER_H

#include "model/demo.h"

/* ---- demo_words.c ---- */

/* A text and its lower-case twin of the same length, both cut in step: phrases are found in the one and words taken from the other. */
struct twin {
	char *text, *low;
	size_t n;
};

struct twin twin_new(struct arena *a, struct slice s);
struct slice twin_words(const struct twin *t);
/* Where phrase stands as whole words, or -1. */
ptrdiff_t twin_find(const struct twin *t, const char *phrase);
void twin_cut_out(struct twin *t, size_t at, size_t n);
/* Blanks and marks at both ends. */
void twin_trim(struct twin *t);
/* Cut a phrase out, wherever it is: one, all that are there, the first that the text begins with. */
bool twin_take(struct twin *t, const char *phrase);
bool twin_take_any(struct twin *t, const char *const *phrases);
bool twin_take_first(struct twin *t, const char *const *phrases);
bool twin_has_any(const struct twin *t, const char *const *phrases);
bool twin_begins_any(const struct twin *t, const char *const *phrases);

/* ---- demo_scene.c ---- */

/* What happened since the last user message. */
struct demo_scene {
	struct arena *a;
	const struct toolset *tools;
	const struct message *user;  /* NULL: none */
	struct slice asked;
	const struct message *calls; /* the last assistant message with calls; NULL: none yet */
	const struct message *results;
	size_t n_results;            /* messages after it */
	bool first;                  /* nothing was answered in this conversation before */
};

struct demo_scene demo_look(struct arena *a, const struct history *h, const struct toolset *tools);
/* Was the tool among the last calls? */
bool demo_called(const struct demo_scene *s, const char *tool);
/* The nth result of the last calls; NULL past the end. */
const struct part *demo_result(const struct demo_scene *s, size_t nth);
/* The first that did not work, or NULL. */
const struct part *demo_failed(const struct demo_scene *s);
/* What was pressed in a widget, an action's type; empty: the person said something. */
struct slice demo_action(const struct demo_scene *s);
/* text is not copied. */
void demo_say(struct demo_plan *out, const char *text);
void demo_say_failed(const struct demo_scene *s, const struct part *p, struct demo_plan *out);

/* ---- demo_list.c ---- */

/* What in asks of the list: calls, and in the end words. */
void demo_list(const struct demo_scene *s, const struct demo_intent *in, struct demo_plan *out);
/* The list in the widget of this call, whose arguments were made up: first its tasks are asked for. */
void demo_list_shown(const struct demo_scene *s, const struct demo_call *show, struct demo_plan *out);

/* ---- demo_example.c ---- */

/* Case aside, anywhere. */
bool demo_holds(struct slice name, const char *word);
/* A text for a member of this name, in the nth object of a list. *n_things: how many names without a meaning were met in this object; counted on. */
struct slice demo_example(struct slice name, size_t nth, size_t *n_things);

#endif
