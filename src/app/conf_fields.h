/* SPDX-License-Identifier: MIT */
/*
 * Inside conf_*.c only: the parts of chatkit.json that are more than one value. An object's members are a const table of fields; conf_take_fields reads by it,
 * and tells every problem with its path: "chatkit.json: actions[2].notice.level: ...". ${NAME} is replaced in every string, keys apart.
 */
#ifndef APP_CONF_FIELDS_H
#define APP_CONF_FIELDS_H

#include "app/conf_table.h"
#include "wire/json.h"

#define CONF_PART_JSON_MAX (64 * 1024) /* bytes of a JSON text that a field keeps */

enum conf_field_kind {
	FIELD_LINE,      /* struct slice, without control characters */
	FIELD_TEXT,      /* struct slice; an array of lines, too */
	FIELD_TEMPLATE,  /* the same, and it can be read as a template */
	FIELD_BOOL,      /* bool */
	FIELD_MAYBE,     /* enum conf_maybe */
	FIELD_OBJECT,    /* struct slice: a JSON object as compact text */
	FIELD_TEMPLATES, /* the same, and each string in it is a template */
	FIELD_GROUP,     /* an object whose members are fields of the same struct */
	FIELD_OWN,       /* read by own() */
};

struct conf_field {
	const char *key;
	enum conf_field_kind kind;
	bool needed;
	size_t at;   /* the member's place in the struct */
	size_t max;  /* bytes of a text */
	const struct conf_field *group; /* of GROUP; ends with a NULL key, as every table does */
	void (*own)(struct conf_reader *, const char *where, const struct json_at *, void *to);
};

/* Reads the object at into to. A member that is null is as if not there. */
void conf_take_fields(struct conf_reader *r, const char *where, const struct json_at *at, const struct conf_field *fields, void *to);
/* The text of at, checked, in the configuration's arena; lines: an array of lines will do. max 0: a KiB. false: told. */
bool conf_take_string(struct conf_reader *r, const char *where, const struct json_at *at, bool lines, size_t max, struct slice *out);
/* at as compact JSON with its strings expanded, in the configuration's arena. false: told. */
bool conf_take_json(struct conf_reader *r, const char *where, const struct json_at *at, bool templates, struct slice *out);
/* Can it be read as a template? false: told. */
bool conf_check_template(struct conf_reader *r, const char *where, struct slice text);
/* "WHERE.KEY", "WHERE[I]": in the scratch arena. */
const char *conf_where_key(struct conf_reader *r, const char *where, struct slice key);
const char *conf_where_item(struct conf_reader *r, const char *where, size_t i);
/* ^[a-zA-Z0-9_-]{1,64}$: what tools are called. */
bool conf_is_tool_name(struct slice name);
/* An array of at most max objects, each given to take; anything else is told. */
void conf_take_array(struct conf_reader *r, const char *where, const struct json_at *at, size_t max,
		     void (*take)(struct conf_reader *, const char *where, const struct json_at *));

#endif
