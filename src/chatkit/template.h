/* SPDX-License-Identifier: MIT */
/*
 * Templates: the part of Jinja2 that `.widget` files and configuration strings use, with Jinja2's own results, byte for byte (jinja2.Environment with
 * StrictUndefined, without autoescape, nothing trimmed: what ChatKit's SDK renders with). Pure. What is not in the part is refused when the template is
 * read, with its place, so that a person never meets it.
 *
 * The part: {{ output }}, {# comments #}, whitespace control (-), for (with if, else, unpacking, loop.*), if/elif/else, set and block set, namespace(),
 * range(); names, attributes, indices, slices, literals (list, tuple, dict with text keys), arithmetic, ~, comparisons (chained too), in, and/or/not,
 * inline if; the filters of template_filter.c, the tests of template_test.c, the methods of template_call.c (append, items, get, split, ...).
 * Not in it: macros, includes, inheritance, raw, call, filter blocks, recursive loops, **, *args, method objects, names beyond ASCII.
 * Where it differs from Python: integers have 64 bits and overflow is an error; upper and lower know Latin (but phonetic), Greek (but the final sigma),
 * Cyrillic and Armenian letters; the text of a list shows unassigned characters as they are; keys(), values() and items() are not compared; map, select and
 * their kin do their work at once, and an iterator is not printed.
 *
 * A template is constant once read: any number of renderings may use it at once. Data may be anybody's: work, memory and depth are bounded, nothing in it is
 * ever taken for template text. Source: Jinja2 3.1 (docs and behaviour), chatkit-protocol 3.
 */
#ifndef CHATKIT_TEMPLATE_H
#define CHATKIT_TEMPLATE_H

#include "wire/json.h"

struct template;

#define TEMPLATE_TEXT_MAX (256 * 1024)   /* bytes of a template */
#define TEMPLATE_STEPS_MAX 1000000       /* of one rendering: a node, or 64 bytes or 8 elements moved, is a step */
#define TEMPLATE_STRING_MAX (1024 * 1024) /* bytes of one text value */
#define TEMPLATE_MEMORY_MAX (8u << 20)   /* bytes of all values of one rendering */

/*
 * text is copied. RC_BAD with "line 3, column 14: unknown filter 'shout'", columns counted in characters, as text for the person too; RC_TOO_LARGE when text is
 * longer than TEMPLATE_TEXT_MAX or a has no room. *out lives as long as a.
 */
enum rc template_parse(struct arena *a, struct slice text, struct template **out, struct err *e) MUSTCHECK;

/*
 * Appends the result to out. data: an object, its members are the template's names; NULL or null: no names. What is worked with is a's child and gone
 * afterwards.
 * RC_BAD, with its place: an undefined name or member that is used, a wrong type, a division by zero, a number out of range, too many steps or levels.
 * RC_TOO_LARGE: out is full, or the values outgrow memory or a. What out holds after a failure is good for nothing.
 */
enum rc template_render(const struct template *t, struct arena *a, const struct json_at *data, struct buf *out, struct err *e) MUSTCHECK;

/*
 * As template_render, and what is appended is JSON. When the whole template is one {{ expression }}, blanks around it allowed, that is the expression's value
 * with its type kept (a number stays one, a list stays one, members in their order); else the rendered text as a JSON string. A value that JSON does not have
 * (a namespace, infinity) is RC_BAD.
 */
enum rc template_value(const struct template *t, struct arena *a, const struct json_at *data, struct buf *json, struct err *e) MUSTCHECK;

#endif
