/* SPDX-License-Identifier: MIT */
/*
 * A program that a test asks thousands of questions: each a line of JSON on stdin, an object; each answer a line of JSON on stdout, an object, flushed. It ends
 * with its input.
 */
#ifndef TESTS_TOOLS_LINES_H
#define TESTS_TOOLS_LINES_H

#include <stdio.h>
#include <stdlib.h>

#include "wire/json.h"
#include "wire/jsonw.h"

#define LINES_ARENA_MAX (256 << 20)
#define LINES_ANSWER_MAX (64 << 20) /* bytes of one answer */

/* Writes the answer's members. What it needs lives in a, which goes with the question. A failure is its rc, with e's msg: it becomes {"error": msg}. */
typedef enum rc lines_answer(struct arena *a, const struct json_at *question, struct jsonw *w, struct err *e);

static inline void lines_one(struct slice line, const struct guard_limits *limits, lines_answer *answer)
{
	struct arena *a = arena_new(LINES_ARENA_MAX, NULL);
	struct buf json = BUF_INIT(LINES_ANSWER_MAX);
	struct err e = ERR_INIT;
	struct json_doc *doc;
	struct json_at root;
	struct jsonw w;
	enum rc rc = json_parse(a, line, limits, &doc, &e);

	jsonw_init(&w, &json);
	jsonw_obj(&w);
	if (rc == RC_OK) {
		root = json_root(doc);
		rc = answer(a, &root, &w, &e);
	}
	if (rc != RC_OK)
		jsonw_kcstr(&w, "error", e.msg);
	jsonw_end(&w);
	puts(buf_slice(&json).p);
	fflush(stdout);
	buf_release(&json);
	arena_free(a);
}

static inline int lines_run(const struct guard_limits *limits, lines_answer *answer)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0)
		lines_one(slice_trim(slice_mem(line, (size_t)n)), limits, answer);
	free(line);
	return 0;
}

#endif
