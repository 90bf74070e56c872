/* SPDX-License-Identifier: MIT */
/*
 * Widgets as JSON text: checked, compared, and changed in place (chatkit-protocol section 3). A widget comes from a template, a tool server or a model; what
 * is known to break the screen is refused, what is only odd is passed on with a warning, for the front end is newer than this server. Pure; results live in
 * the arena, or in the caller's buf.
 */
#ifndef CHATKIT_WIDGET_H
#define CHATKIT_WIDGET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define WIDGET_MAX (1024 * 1024) /* bytes of one, as text */
/*
 * Containers within each other: 13 components. The guard takes 32 of them, and an item, or a tool server's message, puts up to five around a widget.
 */
#define WIDGET_DEPTH_MAX 26
#define WIDGET_NODES_MAX 20000 /* JSON values */
#define WIDGET_WARNINGS_MAX 20 /* lines; the rest is counted */

/*
 * Checks a widget and writes it compact to out, without nulls (in lists and action payloads too); unknown members stay. RC_BAD: no JSON object, a root that is
 * not Card, ListView or Basic, more than WIDGET_NODES_MAX, or too deep, with the path ("widget.children[3].children[0]: deeper than 26"); RC_TOO_LARGE: more
 * than WIDGET_MAX, or over the arena's cap. warnings (may be NULL) gets a line for each unknown component, missing property, or ListViewItem in a wrong place.
 */
enum rc widget_check(struct arena *a, struct slice json, struct buf *out, struct buf *warnings, struct err *e) MUSTCHECK;

enum widget_change_kind {
	WIDGET_ROOT, /* json: the whole widget */
	WIDGET_TEXT, /* id, text: what was added to its value, done */
};
struct widget_change {
	enum widget_change_kind kind;
	struct slice id, json, text;
	bool done;
};
#define WIDGET_CHANGES_MAX 32

/*
 * What turns the widget that is shown into another. Nothing; or a WIDGET_TEXT for each Text or Markdown with an id whose value only grew (done when its
 * "streaming" is not true); else one WIDGET_ROOT: a type, id, key, any other property or the length of a list differs, or a text without an id, or with one
 * that is not its alone, grew.
 * Both passed widget_check. RC_BAD: after did not. before may be anything: then it is a WIDGET_ROOT. A root's json is after itself. out has
 * WIDGET_CHANGES_MAX places.
 */
enum rc widget_diff(struct arena *a, struct slice before, struct slice after, struct widget_change *out, size_t *n, struct err *e) MUSTCHECK;

/*
 * What a person filled in, written back into the controls as their defaults, for they forget it when they are drawn again. payload: of the action, JSON; a
 * control's name with dots looks into nested objects, null is a control that was emptied. What the widget's own actions of this type bring along in their
 * payloads was not filled in: a form's value under the same name never gets into it. Of several forms with such an action the one is written whose action's
 * payload is in this one (where none is, any field of the name); a control in no form is one by itself. *changed false: out is untouched.
 */
enum rc widget_form(struct arena *a, struct slice widget, struct slice action_type, struct slice payload, struct buf *out, bool *changed,
		    struct err *e) MUSTCHECK;
/*
 * An action that was taken cannot be taken again: buttons and controls that have one of this type are disabled, as is what submits a form that has it;
 * other nodes lose the action, a card both its confirm and its cancel. *changed false: out is untouched.
 */
enum rc widget_spend(struct arena *a, struct slice widget, struct slice action_type, struct buf *out, bool *changed, struct err *e) MUSTCHECK;

#define WIDGET_TOLD_MAX 8000 /* bytes of a widget that a model is told */
/* What the model is told of a widget that was shown; cut with a note. */
void widget_text(struct buf *out, struct slice widget);

#endif
