/* SPDX-License-Identifier: MIT */
#include "chatkit/page.h"

#include "base/env.h"

void ck_page(struct jsonw *w, const struct ck_page *p)
{
	jsonw_obj(w);
	jsonw_key(w, "data");
	jsonw_arr(w);
	for (size_t i = 0; i < p->n; i++)
		jsonw_raw(w, p->bodies[i]);
	jsonw_end(w);
	jsonw_kbool(w, "has_more", p->more);
	if (p->more)
		jsonw_kstr(w, "after", p->after);
	jsonw_end(w);
}

void ck_page_json(struct buf *out, const struct ck_page *p)
{
	struct jsonw w;

	jsonw_init(&w, out);
	ck_page(&w, p);
}

void ck_thread(struct jsonw *w, const struct ck_thread *t, const struct ck_page *items)
{
	static const struct ck_page none;
	char iso[28];

	time_iso(t->created_us, iso);
	jsonw_obj(w);
	jsonw_kstr(w, "id", t->id);
	jsonw_kstr_opt(w, "title", t->title);
	jsonw_kcstr(w, "created_at", iso);
	jsonw_kraw(w, "status", t->status.n ? t->status : S("{\"type\":\"active\"}"));
	jsonw_kraw(w, "metadata", S("{}"));
	jsonw_key(w, "items");
	ck_page(w, items ? items : &none);
	jsonw_end(w);
}

void ck_thread_json(struct buf *out, const struct ck_thread *t, const struct ck_page *items)
{
	struct jsonw w;

	jsonw_init(&w, out);
	ck_thread(&w, t, items);
}
