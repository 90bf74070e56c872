/* SPDX-License-Identifier: MIT */
/* Inside conf_value.c and conf_list.c only: a setting's text on its way into its member. */
#ifndef APP_CONF_VALUE_H
#define APP_CONF_VALUE_H

#include "app/conf_table.h"

struct conf_value {
	struct conf_reader *r;
	const struct conf_row *row;
	const char *where;
	struct slice text;
	void *to;
};

/* Tells "TEXT why"; false. */
bool conf_wrong(const struct conf_value *v, const char *why);
struct slice conf_without_slashes(struct slice s); /* at its end */

/* conf_list.c */
bool conf_set_names(const struct conf_value *v);
bool conf_set_origins(const struct conf_value *v);
bool conf_set_media(const struct conf_value *v);

#endif
