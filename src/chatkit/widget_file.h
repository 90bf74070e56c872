/* SPDX-License-Identifier: MIT */
/*
 * A `.widget` file, as ChatKit Studio exports it: {"version":"1.0", "name", "template", "jsonSchema"?, "outputJsonPreview"?, ...}. Its template makes a
 * widget of data that fits the schema; the schema is what a model is given as the parameters of the tool show_NAME. Pure: the bytes come from the caller.
 * Source: chatkit-protocol 3.
 */
#ifndef CHATKIT_WIDGET_FILE_H
#define CHATKIT_WIDGET_FILE_H

#include "chatkit/template.h"

#define WIDGET_FILE_MAX (1024 * 1024)  /* bytes of a file: an export holds its design a second time, encoded */
#define WIDGET_FILE_NAME_MAX 56        /* bytes of a name: a tool's name has 64 */

struct widget_file {
	struct slice name;    /* [a-z0-9_], 1 to WIDGET_FILE_NAME_MAX bytes: the file's name in small letters, "_" for all else */
	struct slice title;   /* the file's name as it stands */
	const struct template *template;
	struct slice schema;  /* compact JSON, an object of "type":"object"; without one: {"type":"object","properties":{}} */
	struct slice preview; /* compact JSON of outputJsonPreview; empty without one */
};

/*
 * RC_BAD as text for the person too: "jsonSchema.type: ...", "template, line 1, column 20: ...", "not JSON: ..."; also for a key that stands twice, bad UTF-8,
 * more than 50,000 values. RC_TOO_LARGE: longer than WIDGET_FILE_MAX, or a is full. Everything lives in a; text may die afterwards.
 */
enum rc widget_file_read(struct arena *a, struct slice text, struct widget_file *out, struct err *e) MUSTCHECK;

/* The name that a title gives, as above, into the arena; empty when nothing of it is a letter or digit. */
struct slice widget_file_name(struct arena *a, struct slice title);

#endif
