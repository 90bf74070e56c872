/* SPDX-License-Identifier: MIT */
/* Threads and pages as JSON (chatkit-protocol 1.4, 1.6). Pure. */
#ifndef CHATKIT_PAGE_H
#define CHATKIT_PAGE_H

#include "base/buf.h"
#include "wire/jsonw.h"

struct ck_thread {
	struct slice id, title, status; /* title empty: left out. status: JSON; empty: active */
	int64_t created_us;
};

/* A page of bodies that are JSON already. after: the last id, sent only when more. */
struct ck_page {
	const struct slice *bodies;
	size_t n;
	bool more;
	struct slice after;
};

/* items NULL: an empty page. */
void ck_thread(struct jsonw *w, const struct ck_thread *t, const struct ck_page *items);
void ck_thread_json(struct buf *out, const struct ck_thread *t, const struct ck_page *items);
/* {"data":[...],"has_more":bool,"after"?} */
void ck_page(struct jsonw *w, const struct ck_page *p);
void ck_page_json(struct buf *out, const struct ck_page *p);

#endif
