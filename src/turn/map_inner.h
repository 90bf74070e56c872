/* SPDX-License-Identifier: MIT */
/* What the map's files share and nobody else sees. */
#ifndef TURN_MAP_INNER_H
#define TURN_MAP_INNER_H

#include "turn/map.h"

/* ---- telling the view (map.c) ---- */
WAITS void map_show(struct map *m, const struct ck_event *ev);
WAITS void map_show_item(struct map *m, enum ck_event_kind kind); /* m->json is the item */
/* A new id in the turn's arena. */
struct slice map_id(struct map *m, const char *prefix);
int64_t map_wall_us(const struct map *m);
/* Between two steps of work on n bytes: the other streams come first when it is much. */
WAITS void map_breathe(struct map *m, size_t n);

/* ---- rows (map.c) ---- */
/* One write: rows and their texts live as long as one statement, so that a run of many rounds does not pile them up. */
struct rows {
	struct arena *arena;
	struct batch batch;
	struct store_item *put;
	struct store_entry *entries;
};
/* Room for so many items and entries; what is due comes on top: the items before all others, the entries behind. */
void rows_open(struct map *m, struct rows *r, size_t items, size_t entries);
void rows_item(struct rows *r, struct slice id, struct slice kind, struct slice body, enum item_state state);
/* Writes it under the lease and closes it. entries: those that are due too; they must not come between a call and its result. */
WAITS enum rc rows_write(struct map *m, struct rows *r, bool entries, struct err *e);
/* For the next write. All is copied; over the arena's cap: RC_TOO_LARGE. */
enum rc map_due_item(struct map *m, const struct store_item *it, struct err *e) MUSTCHECK;
enum rc map_due_entry(struct map *m, const struct message *msg, struct slice item_id, struct err *e) MUSTCHECK;

/* ---- the message (map_text.c) ---- */
WAITS enum rc text_said(struct map *m, struct slice delta, struct err *e);
WAITS enum rc text_source(struct map *m, const struct model_source *s, struct err *e);
/* The message ends here, stored and shown: what comes next stands behind it, and what the round says then is another message. */
WAITS enum rc text_close(struct map *m, struct err *e);
/* A source that waits for the words it stands behind; without a message until the next one ends. */
enum rc text_hold(struct map *m, const struct ck_cited *c, struct err *e) MUSTCHECK;
/* Before it is stored for good: held sources find their place. */
WAITS void text_settle(struct map *m);
/* The open message as an item, in m->json. */
struct slice text_body(struct map *m);
/* It was stored: it may be called done. */
WAITS void text_done(struct map *m);

/* ---- workflows (map_flow.c) ---- */
/* The tasks of a round's calls, in their order: agent_call.index is their place. */
void flow_add(struct map *m, const struct message *said);
/* The workflow of tools as an item, in m->json. */
struct slice flow_body(struct map *m);
bool flow_busy(const struct map *m);
/* Still without a task: it stands before what grows of its first call. */
WAITS void flow_open(struct map *m);
WAITS void flow_shown(struct map *m, size_t first);
WAITS void flow_result(struct map *m, size_t index, const struct tool_result *r, const struct ck_shown *shown);
WAITS void flow_close(struct map *m);
void flow_interrupt(struct map *m);
/* Within a message: once it is more than a few words, the message ends. */
WAITS enum rc thoughts_add(struct map *m, struct slice delta, struct err *e);
/* Ends the thoughts that are open: shown as done, due to be stored. */
WAITS enum rc thoughts_close(struct map *m, struct err *e);
/* The same, as a message begins. A few words that are thought within that message are no thoughts of their own: they join the ones that led to it. */
WAITS enum rc thoughts_lead(struct map *m, struct err *e);
void thoughts_paused(struct map *m); /* the message goes on */
/* Such words as a row, in the same write as the message; when that was done they are shown. */
void thoughts_late(struct map *m, struct rows *r);
WAITS void thoughts_late_shown(struct map *m);
void thoughts_release(struct map *m);

/* ---- widgets that grow (map_widget.c) ---- */
/* A call of a tool that shows a widget, half written. */
WAITS enum rc widget_grows(struct map *m, const struct agent_call *call, struct err *e);
/* The call's widget as it is at last: brings one that grew there, or takes it away if its place is another now, and gives its id and time in *meta. false: none grew. */
WAITS bool widget_grown(struct map *m, size_t index, struct slice widget, struct ck_meta *meta);
/* An item is shown that is stored before the widgets that still grow: their places are behind it. */
void widgets_passed(struct map *m);
/* The call came to nothing. */
WAITS void widget_gone(struct map *m, size_t index);
WAITS void widgets_drop(struct map *m); /* all of them */
void widgets_release(struct map *m);

/* ---- what is shown besides (map_shown.c) ---- */
WAITS enum rc shown_image(struct map *m, const struct model_image *img, struct err *e);
/* What a tool's result asks to be shown, in a; what cannot be read is left out and logged. */
WAITS void shown_read(struct map *m, const struct tool_result *r, struct ck_shown *out, struct arena *a);
/* Shows it. index: the call's. */
WAITS enum rc shown_result(struct map *m, size_t index, const struct tool_result *r, const struct ck_shown *shown, struct arena *a, struct err *e);
enum rc shown_park(struct map *m, const struct agent_call *call, struct slice args, struct err *e);

#endif
