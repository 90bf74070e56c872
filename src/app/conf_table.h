/* SPDX-License-Identifier: MIT */
/*
 * Inside conf_*.c and its tests only: the table of settings and what the files share while a configuration is read. Every value is reduced to text first
 * (a number's spelling, "true", a list joined by commas), so that file and environment go through one door, conf_set.
 */
#ifndef APP_CONF_TABLE_H
#define APP_CONF_TABLE_H

#include "app/conf.h"

enum conf_type {
	CONF_TEXT,     /* any text; in the file also an array of lines */
	CONF_LINE,     /* text without control characters */
	CONF_SECRET,   /* CONF_SECRET_MIN bytes at least */
	CONF_KEY,      /* somebody else's: what a header can hold; "os.environ/NAME" stands for a variable */
	CONF_UNSIGNED, /* unsigned; the three kinds of number differ in the member's type */
	CONF_SIZE,     /* size_t */
	CONF_INT,      /* int64_t */
	CONF_DECIMAL,  /* double */
	CONF_BOOL,     /* bool: no or yes; or two words of the row's own */
	CONF_WORD,     /* enum: which of the row's words */
	CONF_NAMES,    /* struct conf_list */
	CONF_MEDIA,    /* struct conf_list of media types, lower case */
	CONF_ORIGINS,  /* struct conf_list of web origins */
	CONF_URL,      /* http(s), without trailing slash */
	CONF_BASE_PATH,
	CONF_PATH,     /* absolute */
	CONF_CA_FILE,  /* absolute, and it can be read */
	CONF_PROXY,    /* URL, may hold a password */
	CONF_DATABASE, /* the member is conninfo */
	CONF_LOG,      /* sets log, log_level, log_file */
	CONF_TYPE__MAX
};

struct conf_row {
	const char *path;   /* "limits.body_kib" */
	const char *env[2]; /* in order of precedence; every row has one */
	enum conf_type type;
	size_t at;          /* the member's place in struct conf */
	int64_t min, max;   /* of numbers, in the setting's own unit */
	int64_t unit;       /* the member holds number * unit */
	const char *unit_name; /* "KiB"; NULL: none */
	const char *dflt;   /* as one would write it; NULL: not set */
	const char *help;   /* one sentence */
	const char *words;  /* BOOL: "cancel|finish" for false and true; NULL: false|true and their like. WORD: "zero|one|two" */
};

#define CONF_SECRET_MIN 32 /* bytes */

const struct conf_row *conf_row_at(size_t i); /* NULL at the end */
const struct conf_row *conf_row_find(struct slice path);
size_t conf_row_index(const struct conf_row *row);
/* Does a row's path begin with path and a dot? */
bool conf_is_section(struct slice path);
/* What somebody may have meant by an unknown path: a row's path, or NULL. */
const char *conf_near_path(struct slice path);
/* The same for a variable that is not in the table. */
const char *conf_near_env(struct slice name);
/* How many slips of the pen make b of a, case aside; 3 stands for more as well. */
unsigned conf_distance(struct slice a, struct slice b);

/* One configuration being read. */
struct conf_reader {
	const struct conf_from *from;
	struct conf *c;
	struct arena *scratch;
	struct buf *problems, warnings;
	unsigned n_problems;
	struct err *e;         /* gets the first problem */
	bool literal_secret;   /* the file holds one */
};

/* One line "WHERE: text". */
void conf_problem(struct conf_reader *r, const char *where, const char *fmt, ...) PRINTF(3, 4);
void conf_warn(struct conf_reader *r, const char *fmt, ...) PRINTF(2, 3);
/* s for a message: cut, without control characters; in the scratch arena. */
const char *conf_quote(struct conf_reader *r, struct slice s);

/* conf_value.c. Sets row's member from text, or tells the problem. */
bool conf_set(struct conf_reader *r, const struct conf_row *row, const char *where, struct slice text);
/* The value as `check` shows it; secrets masked. */
void conf_show(const struct conf *c, const struct conf_row *row, struct buf *out);
/* A URL without its password, or only its size if it cannot be taken apart. */
void conf_show_url(struct slice url, struct buf *out);
/* Real UTF-8 without control characters; line breaks and tabs only where it is no line. */
bool conf_is_text(struct slice s, bool line);
/* text as a key that a header can hold, in place or in the environment; "os.environ/NAME" is that variable (*named). false: told. */
bool conf_key(struct conf_reader *r, const char *where, struct slice text, struct slice *key, bool *named);
/* Overwrites a value that was copied into the configuration's arena. */
void conf_wipe(struct slice s);

/* conf_env.c. The variable's value, or NULL: unset, empty, or a request's (see conf.h). */
const char *conf_getenv(const struct conf_from *from, struct slice name);
/* ${NAME} replaced, "$${" is "${". In the scratch arena. *used: there was one. false: told. */
bool conf_expand(struct conf_reader *r, const char *where, struct slice text, struct slice *out, bool *used);
void conf_read_env(struct conf_reader *r);

/* conf_file.c. Finds, reads and takes the file in; without one nothing happens. */
void conf_read_file(struct conf_reader *r);

/* conf_parts.c. What only the file can say: a part is read by its own function. */
struct json_at;
struct conf_part {
	const char *path;
	void (*take)(struct conf_reader *r, const char *where, const struct json_at *at);
	const char *help;
};
const struct conf_part *conf_part_at(size_t i); /* NULL at the end */
const struct conf_part *conf_part_find(struct slice path);
/* conf_actions.c. The check comes when the widgets were read. */
void conf_take_actions(struct conf_reader *r, const char *where, const struct json_at *at);
void conf_check_actions(struct conf_reader *r);
/* conf_widgets.c. Reads widgets.folder. */
void conf_read_widgets(struct conf_reader *r);
/* conf_parts_print.c. A line for each part. */
void conf_print_parts(const struct conf *c, struct buf *out);

/* conf_json.c. What is in the file; name is for messages. */
void conf_read_text(struct conf_reader *r, const char *name, struct slice text);
/* A fault of that file's JSON, with its line where the guard tells its byte. */
void conf_json_problem(struct conf_reader *r, const char *name, struct slice text, const struct err *e);
/* Comments and trailing commas of text (n bytes) become blanks, line breaks stay. false: a comment without an end. */
bool conf_strip(char *text, size_t n);

/* conf_model.c. providers.NAME.KEY of the file; the variables; and at the end the choice. */
bool conf_provider_key(const char *key);
/* literal: the text stands in the file itself. */
void conf_provider_set(struct conf_reader *r, const struct provider *p, const char *key, const char *where, struct slice text, bool literal,
		       struct conf_origin from);
void conf_provider_env(struct conf_reader *r);
void conf_choose_models(struct conf_reader *r);
/* After the models. titles.model; the address and key of transcription. */
void conf_choose_titles(struct conf_reader *r);
void conf_choose_transcriber(struct conf_reader *r);
/* Who set the setting of that path, for a message: the variable, else the path. */
const char *conf_name_of(const struct conf_reader *r, const char *path);

#endif
