/* SPDX-License-Identifier: MIT */
/*
 * What an answer can do on the person's page: the tools that show a widget (one for each *.widget: show_NAME), that ask questions (ask_user) and that the page
 * itself runs (client_tools). Made once a process from the configuration; const after.
 */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include "app/app.h"
#include "talk/toolset.h"

struct page;

/* Adds its tools to the set; c outlives it. RC_CONF: two of a name. */
enum rc page_new(struct arena *a, struct io *io, const struct conf *c, struct toolset *set, struct page **out, struct err *e) MUSTCHECK;
/*
 * ref: a widget, or {"template","data"?} with the name of a *.widget; checked and compact, appended to out. Turns call it too (struct turns_opts), with the page
 * as ctx. RC_BAD says what is wrong.
 */
WAITS enum rc page_widget(void *page, struct slice ref, struct buf *out, struct err *e);

/* The id of the entry that marks an action as done: the same for the same item and type. */
struct slice page_once_id(struct arena *a, struct slice item_id, struct slice type);

#endif
