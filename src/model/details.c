/* SPDX-License-Identifier: MIT */
#include "model/details.h"

#include "wire/jsonw.h"

void details_init(struct details *d, struct arena *a)
{
	*d = (struct details){.arena = a};
}

void details_release(struct details *d)
{
	for (size_t i = 0; i < d->n; i++) {
		buf_release(&d->block[i].text);
		buf_release(&d->block[i].raw);
		buf_release(&d->block[i].signature);
	}
	d->n = 0;
}

/* The block that a piece continues: the last one, when both are text with the same index. */
static struct detail *continues(struct details *d, bool is_text, int64_t index)
{
	struct detail *last = d->n ? &d->block[d->n - 1] : NULL;

	return last && is_text && last->is_text && last->index == index ? last : NULL;
}

static struct slice plain_str(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

static int64_t plain_int(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);
	int64_t v = -1;

	if (json_kind(&at) == JSON_NUMBER && !slice_i64(json_text(&at), 0, INT64_MAX, &v))
		return -1;
	return v;
}

static void add_one(struct details *d, const struct json_at *piece, struct buf *thoughts)
{
	struct slice text = plain_str(piece, "text"), signature = plain_str(piece, "signature"), raw = json_text(piece);
	bool is_text = slice_is(plain_str(piece, "type"), "reasoning.text");
	int64_t index = plain_int(piece, "index");
	struct detail *b = continues(d, is_text, index);

	if (thoughts)
		buf_add(thoughts, text.n ? text : plain_str(piece, "summary"));
	d->bytes += is_text ? text.n + signature.n : raw.n;
	if (d->bytes > DETAILS_BYTES_MAX || (!b && d->n == DETAILS_BLOCKS_MAX)) {
		d->dropped = true;
		return;
	}
	if (!b) {
		b = &d->block[d->n++];
		*b = (struct detail){.is_text = is_text, .index = index};
		buf_init(&b->text, DETAILS_BYTES_MAX);
		buf_init(&b->raw, 2 * DETAILS_BYTES_MAX);
		buf_init(&b->signature, DETAILS_BYTES_MAX);
	}
	buf_clear(&b->raw);
	buf_add(&b->raw, raw);
	buf_add(&b->text, text);
	if (signature.n)
		buf_clear(&b->signature);
	buf_add(&b->signature, signature);
}

void details_add(struct details *d, const struct json_at *array, struct buf *thoughts)
{
	if (json_kind(array) != JSON_ARRAY)
		return;
	if (!d->block)
		d->block = arena_try(d->arena, DETAILS_BLOCKS_MAX * sizeof(*d->block));
	if (!d->block)
		d->dropped = true;
	for (size_t i = 0; i < json_count(array) && !d->dropped; i++) {
		struct json_at piece = json_item(array, i);

		if (json_kind(&piece) == JSON_OBJECT)
			add_one(d, &piece, thoughts);
	}
}

static void write_text_block(struct jsonw *w, struct details *d, const struct detail *b)
{
	struct json_doc *doc;
	struct json_at root, value;
	struct slice key;

	jsonw_obj(w);
	if (json_parse(d->arena, buf_slice(&b->raw), &GUARD_UPSTREAM, &doc, NULL) == RC_OK) {
		root = json_root(doc);
		for (size_t it = 0; json_each(&root, &it, &key, &value);) {
			if (slice_is(key, "text") || slice_is(key, "signature"))
				continue;
			jsonw_key_slice(w, key);
			jsonw_raw(w, json_text(&value));
		}
	}
	jsonw_kstr(w, "text", buf_slice(&b->text));
	jsonw_kstr_opt(w, "signature", buf_slice(&b->signature));
	jsonw_end(w);
}

struct slice details_json(struct details *d)
{
	struct buf out = BUF_INIT(2 * DETAILS_BYTES_MAX);
	struct slice json = SLICE_NONE;
	struct jsonw w;

	if (d->n == 0 || d->dropped)
		return SLICE_NONE;
	jsonw_init(&w, &out);
	jsonw_arr(&w);
	for (size_t i = 0; i < d->n; i++) {
		if (d->block[i].is_text)
			write_text_block(&w, d, &d->block[i]);
		else
			jsonw_raw(&w, buf_slice(&d->block[i].raw));
	}
	jsonw_end(&w);
	if (jsonw_ok(&w))
		json = arena_try_dup(d->arena, buf_slice(&out));
	buf_release(&out);
	return json;
}
