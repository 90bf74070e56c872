/* SPDX-License-Identifier: MIT */
#include "turn/sweep.h"

#include "base/log.h"
#include "chatkit/item.h"
#include "talk/message.h"

#define SWEEP_AT_ONCE 20
#define SWEEP_ARENA (64 * 1024 * 1024)
#define TEXT_MAX (1024 * 1024) /* bytes of one answer, as turn.h has it */

static struct slice written(struct arena *a, struct buf *b)
{
	struct slice s = arena_dup(a, buf_slice(b));

	buf_release(b);
	return s;
}

static void close_chunk(struct arena *a, const struct turn_key *k, const struct store_chunk *c, struct store_item *item, struct store_entry *entry)
{
	struct ck_meta meta = {c->item_id, k->thread_id, c->created_us};
	struct message m = message_text(a, ROLE_ASSISTANT, c->text);
	struct buf body = BUF_INIT(8 * TEXT_MAX), said = BUF_INIT(8 * TEXT_MAX);

	ck_assistant_message(&body, &meta, c->text, true);
	message_write(&said, &m);
	*item = (struct store_item){.id = c->item_id, .kind = c->kind, .body = written(a, &body), .state = ITEM_INCOMPLETE};
	*entry = (struct store_entry){.id = arena_printf(a, "%.*s.swept", SLICE_ARG(c->item_id)), .item_id = c->item_id, .body = written(a, &said)};
}

static void close_item(struct arena *a, const struct store_item *open, struct store_item *item)
{
	struct buf body = BUF_INIT(8 * TEXT_MAX);

	ck_workflow_interrupt(a, &body, open->body);
	*item = *open;
	item->body = written(a, &body);
	item->state = ITEM_DONE;
}

enum rc sweep_close(struct store *s, const struct turn_key *k, struct err *e)
{
	struct arena *a = arena_new(SWEEP_ARENA, NULL);
	struct turn_end end = {.state = TURN_INTERRUPTED, .error_code = S("interrupted"), .only_if_stale = true};
	struct store_item *put;
	struct store_entry *entries;
	struct store_open open;
	enum rc rc;

	rc = store_open_of(s, a, k, &open, e);
	if (rc != RC_OK)
		goto out;
	put = arena_alloc(a, (open.n_items + open.n_chunks + 1) * sizeof(*put));
	entries = arena_alloc(a, (open.n_chunks + 1) * sizeof(*entries));
	for (size_t i = 0; i < open.n_items; i++)
		close_item(a, &open.items[i], &put[end.batch.n_put++]);
	for (size_t i = 0; i < open.n_chunks; i++)
		if (slice_trim(open.chunks[i].text).n)
			close_chunk(a, k, &open.chunks[i], &put[end.batch.n_put++], &entries[end.batch.n_entries++]);
	end.batch.put = put;
	end.batch.entries = entries;
	rc = store_end(s, a, k, &end, e);
	if (rc == RC_OK) {
		struct log_ctx ctx = {.owner = k->owner, .thread = k->thread_id, .turn = k->turn_id};

		log_line(LOG_WARN, &ctx, "closed a turn whose runner is gone");
	}
out:
	arena_free(a);
	return rc;
}

struct sweep {
	struct io *io;
	struct store *store;
	struct task *task;
	struct io_event wake;
	bool stop;
};

WAITS static void sweep_once(struct sweep *w)
{
	struct arena *a = arena_new(SWEEP_ARENA, NULL);
	struct turn_key *keys = arena_alloc(a, SWEEP_AT_ONCE * sizeof(*keys));
	struct err e = ERR_INIT;
	size_t n = 0;

	if (store_ready(w->store, &e) != RC_OK || store_stale(w->store, a, keys, SWEEP_AT_ONCE, &n, &e) != RC_OK)
		log_err(NULL, "looking for broken turns", &e);
	for (size_t i = 0; i < n; i++)
		(void)sweep_close(w->store, &keys[i], &e);
	arena_free(a);
}

static void sweep_task(void *arg)
{
	struct sweep *w = arg;
	int64_t pause = IO_SECOND; /* first a start that is not slowed down */

	while (!w->stop) {
		if (io_event_wait(w->io, &w->wake, io_in(w->io, pause), NULL) == RC_TIMEOUT)
			sweep_once(w);
		pause = SWEEP_PERIOD_US;
	}
}

struct sweep *sweep_start(struct arena *a, struct io *io, struct store *s)
{
	struct sweep *w = arena_new_of(a, struct sweep);

	w->io = io;
	w->store = s;
	w->task = io_go(io, "sweep", sweep_task, w);
	return w;
}

void sweep_stop(struct sweep *w)
{
	if (!w || !w->task)
		return;
	w->stop = true;
	io_event_set(w->io, &w->wake);
	io_join(w->task);
	w->task = NULL;
}
