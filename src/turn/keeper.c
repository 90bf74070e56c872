/* SPDX-License-Identifier: MIT */
#include "turn/keeper.h"

#include "base/buf.h"
#include "base/log.h"

#define DELIVERED_MAX 4096 /* between two statements; more are not noted: their retry would be attached to, no harm */
#define KEEP_TEXT_MAX (64 * 1024) /* bytes of one chunk; the rest goes with the next */

struct delivered {
	struct turn_key key;
	struct delivered *next;
};

struct keeper {
	struct io *io;
	struct store *store;
	struct kept_turn *first;
	size_t n;
	struct arena *notes; /* of `delivered`; replaced at each statement */
	struct delivered *delivered, *sending;
	size_t n_delivered;
	int64_t tell_at; /* when they are told, once there are any */
	struct io_event wake;
	struct task *task;
	bool finish;
};

struct keeper *keeper_new(struct arena *a, struct io *io, struct store *s)
{
	struct keeper *k = arena_new_of(a, struct keeper);

	k->io = io;
	k->store = s;
	return k;
}

void keeper_add(struct keeper *k, struct kept_turn *t)
{
	t->next = k->first;
	if (t->next)
		t->next->prev = &t->next;
	k->first = t;
	t->prev = &k->first;
	if (k->n++ == 0)
		io_event_set(k->io, &k->wake);
}

void keeper_drop(struct keeper *k, struct kept_turn *t)
{
	if (!t->prev)
		return;
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = NULL;
	k->n--;
}

void keeper_item(struct kept_turn *t, struct slice item_id, struct slice kind, int64_t created_us, const struct buf *text, size_t from)
{
	t->item_id = item_id;
	t->kind = kind;
	t->created_us = created_us;
	t->text = text;
	t->kept = from;
	t->n = 0;
}

static struct turn_key copy_key(struct arena *a, const struct turn_key *k)
{
	return (struct turn_key){arena_dup(a, k->owner), arena_dup(a, k->thread_id), arena_dup(a, k->turn_id)};
}

void keeper_delivered(struct keeper *k, const struct turn_key *key)
{
	struct delivered *d;

	if (k->n_delivered >= DELIVERED_MAX)
		return;
	if (!k->notes)
		k->notes = arena_new(4 * 1024 * 1024, NULL);
	d = arena_new_of(k->notes, struct delivered);
	d->key = copy_key(k->notes, key);
	d->next = k->delivered;
	k->delivered = d;
	if (k->n_delivered++ == 0) {
		k->tell_at = io_in(k->io, KEEPER_TELL_US);
		io_event_set(k->io, &k->wake);
	}
}

static bool among(const struct delivered *d, struct slice turn_id)
{
	for (; d; d = d->next)
		if (slice_eq(d->key.turn_id, turn_id))
			return true;
	return false;
}

bool keeper_telling(const struct keeper *k, struct slice turn_id)
{
	return among(k->delivered, turn_id) || among(k->sending, turn_id);
}

size_t keeper_stop_all(struct keeper *k, enum stop_why why)
{
	for (struct kept_turn *t = k->first; t; t = t->next)
		stop_set(t->stop, why);
	return k->n;
}

size_t keeper_count(const struct keeper *k)
{
	return k->n;
}

void keeper_stop(struct keeper *k, struct slice owner, struct slice thread_id, enum stop_why why)
{
	for (struct kept_turn *t = k->first; t; t = t->next)
		if (slice_eq(t->key.owner, owner) && slice_eq(t->key.thread_id, thread_id))
			stop_set(t->stop, why);
}

static struct kept_turn *find(struct keeper *k, struct slice turn_id)
{
	for (struct kept_turn *t = k->first; t; t = t->next)
		if (slice_eq(t->key.turn_id, turn_id))
			return t;
	return NULL;
}

/* What goes out for one turn: copied, for the turn may end while the statement is under way. */
static void ask(struct arena *a, struct kept_turn *t, struct keep *out)
{
	size_t end;

	*out = (struct keep){.key = copy_key(a, &t->key)};
	if (!t->text || t->text->n <= t->kept)
		return;
	end = t->text->n; /* more than last time, if that is not known to be there: the longest of a chunk stays */
	if (end - t->kept > KEEP_TEXT_MAX) {
		end = t->kept + KEEP_TEXT_MAX;
		while (end > t->kept && ((unsigned char)t->text->p[end] & 0xC0) == 0x80)
			end--; /* a chunk is text: it never cuts a character */
	}
	out->item_id = arena_dup(a, t->item_id);
	out->kind = arena_dup(a, t->kind);
	out->created_us = t->created_us;
	out->n = t->n;
	out->text = arena_dup(a, slice_mem(t->text->p + t->kept, end - t->kept));
}

WAITS static void not_there(struct keeper *k, const struct keep *asked)
{
	struct err e = ERR_INIT;
	struct kept_turn *t;

	if (store_alive(k->store, &asked->key, &e) != RC_LOST)
		return; /* its row was locked just then, or the database is away: the next round tells */
	t = find(k, asked->key.turn_id);
	if (t)
		stop_set(t->stop, STOP_LOST);
}

static void was_there(struct keeper *k, const struct keep *asked, bool cancel)
{
	struct kept_turn *t = find(k, asked->key.turn_id);

	if (!t)
		return;
	if (cancel)
		stop_set(t->stop, STOP_CANCEL);
	if (asked->item_id.n && slice_eq(t->item_id, asked->item_id) && t->n == asked->n) {
		t->kept += asked->text.n;
		t->n++;
	}
}

WAITS static void round_trip(struct keeper *k, struct arena *a, size_t n_turns, const struct turn_key *delivered, size_t n_delivered)
{
	size_t n = 0;
	struct keep *keeps = arena_alloc(a, (n_turns + 1) * sizeof(*keeps));
	struct kept *kept = arena_alloc(a, (n_turns + 1) * sizeof(*kept));
	struct err e = ERR_INIT;

	for (struct kept_turn *t = k->first; t && n < n_turns; t = t->next)
		ask(a, t, &keeps[n++]);
	if (store_keep(k->store, a, keeps, n, delivered, n_delivered, kept, &e) != RC_OK) {
		log_err(NULL, "keeping turns", &e);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (kept[i].there)
			was_there(k, &keeps[i], kept[i].cancel);
		else
			not_there(k, &keeps[i]);
}

/* With the turns when their tick is due; what was delivered is told in any case. */
WAITS static void beat(struct keeper *k, bool turns)
{
	struct arena *a = arena_new(256 * 1024 * 1024, NULL), *notes = k->notes;
	struct turn_key *keys = arena_alloc(a, (k->n_delivered + 1) * sizeof(*keys));
	size_t n = 0;

	for (struct delivered *d = k->delivered; d; d = d->next)
		keys[n++] = d->key;
	k->sending = k->delivered;
	k->notes = NULL;
	k->delivered = NULL;
	k->n_delivered = 0;
	round_trip(k, a, turns ? k->n : 0, keys, n);
	k->sending = NULL;
	arena_free(notes);
	arena_free(a);
}

static void keeper_task(void *arg)
{
	struct keeper *k = arg;
	int64_t tick = io_now(k->io), due;
	bool turns;

	while (!k->finish) {
		if (k->n == 0 && k->n_delivered == 0) {
			(void)io_event_wait(k->io, &k->wake, IO_FOREVER, NULL);
			tick = io_in(k->io, KEEPER_PERIOD_US);
			continue;
		}
		due = k->n ? tick : IO_FOREVER;
		if (k->n_delivered && k->tell_at < due)
			due = k->tell_at;
		if (io_now(k->io) < due) {
			(void)io_event_wait(k->io, &k->wake, due, NULL);
			continue; /* a turn began, or something was delivered: what is due may be another now */
		}
		turns = k->n && io_now(k->io) >= tick;
		if (turns)
			tick = io_in(k->io, KEEPER_PERIOD_US);
		beat(k, turns);
	}
	if (k->n_delivered)
		beat(k, false);
}

void keeper_start(struct keeper *k)
{
	k->task = io_go(k->io, "keeper", keeper_task, k);
}

void keeper_finish(struct keeper *k)
{
	if (!k->task)
		return;
	k->finish = true;
	io_event_set(k->io, &k->wake);
	io_join(k->task);
	k->task = NULL;
}
