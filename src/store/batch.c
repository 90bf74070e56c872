/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"

/* One array a column: the statement unnests them side by side. */
static enum rc items(struct arena *a, const struct batch *b, struct db_arg *out, struct err *e)
{
	struct slice *ids, *kinds, *states, *bodies;
	int64_t *hidden;

	if (store_array(a, b->n_put, sizeof(*ids), &ids, e) != RC_OK || store_array(a, b->n_put, sizeof(*ids), &kinds, e) != RC_OK ||
	    store_array(a, b->n_put, sizeof(*ids), &states, e) != RC_OK || store_array(a, b->n_put, sizeof(*ids), &bodies, e) != RC_OK ||
	    store_array(a, b->n_put, sizeof(*hidden), &hidden, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < b->n_put; i++) {
		const struct store_item *it = &b->put[i];

		ids[i] = it->id;
		kinds[i] = it->kind;
		states[i] = store_item_state_name(it->state);
		hidden[i] = it->hidden;
		bodies[i] = it->body.p ? it->body : S("");
	}
	out[0] = DB_TEXTS(ids, b->n_put);
	out[1] = DB_TEXTS(kinds, b->n_put);
	out[2] = DB_TEXTS(states, b->n_put);
	out[3] = DB_INTS(hidden, b->n_put);
	out[4] = DB_TEXTS(bodies, b->n_put);
	return RC_OK;
}

static enum rc entries(struct arena *a, const struct batch *b, struct db_arg *out, struct err *e)
{
	struct slice *ids, *item_ids, *bodies;

	if (store_array(a, b->n_entries, sizeof(*ids), &ids, e) != RC_OK || store_array(a, b->n_entries, sizeof(*ids), &item_ids, e) != RC_OK ||
	    store_array(a, b->n_entries, sizeof(*ids), &bodies, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < b->n_entries; i++) {
		const struct store_entry *en = &b->entries[i];

		ids[i] = en->id;
		item_ids[i] = en->item_id.n ? en->item_id : SLICE_NONE;
		bodies[i] = en->body.p ? en->body : S("");
	}
	out[0] = DB_TEXTS(ids, b->n_entries);
	out[1] = DB_TEXTS(item_ids, b->n_entries);
	out[2] = DB_TEXTS(bodies, b->n_entries);
	return RC_OK;
}

enum rc store_batch_args(struct arena *a, const struct batch *b, struct db_arg *out, struct err *e)
{
	if (items(a, b, out, e) != RC_OK || entries(a, b, out + 5, e) != RC_OK)
		return e->rc;
	out[8] = DB_TEXTS(b->drop, b->n_drop);
	out[9] = DB_TEXT_OPT(b->drop_waiting);
	out[10] = DB_TEXTS(b->files, b->n_files);
	out[11] = DB_TEXT_OPT(b->title);
	out[12] = DB_TEXT_OPT(b->status);
	return RC_OK;
}
