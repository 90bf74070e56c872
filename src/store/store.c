/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"

#define FIRST_PAUSE_US (20 * IO_MS)
#define LAST_PAUSE_US IO_SECOND
#define PATIENCE_US (30 * (int64_t)IO_SECOND)

struct store *store_new(struct db *db, struct io *io, struct slice runner, struct arena *a)
{
	struct store *s = arena_new_of(a, struct store);
	struct slice host;

	s->db = db;
	s->io = io;
	s->runner = arena_dup(a, runner);
	slice_cut(s->runner, ':', &host);
	s->host = slice_upto(s->runner, host.n + 1);
	return s;
}

/*
 * The server did not refuse: it was not there. Class 08: the connection; 57P: the server ends, crashed, starts; 53300: too many connections; 25006: a standby
 * answered in the middle of a failover.
 */
static bool unreachable(const struct err *e)
{
	struct slice code = slice_cstr(e->sqlstate);

	return e->rc == RC_DB_UNKNOWN || (e->rc == RC_DB && (code.n == 0 || slice_starts(code, S("08")) || slice_starts(code, S("57P")) ||
							       slice_is(code, "53300") || slice_is(code, "25006")));
}

/* Is it worth another run? READ gives up as soon as the server cannot be reached: its caller answers 503 and is asked again. */
static bool again(enum again how, bool unknown, const struct err *e)
{
	switch (how) {
	case AGAIN_READ:
		return e->rc == RC_DB_UNKNOWN;
	case AGAIN_WRITE:
		return unknown && unreachable(e);
	case AGAIN_TURN:
		return unreachable(e);
	}
	return false;
}

/*
 * Nothing happened: the session was ended (57P01), or was idle for longer than the server allows (57P05), while nobody used it, which is found out by the
 * next who does. Another session may well do.
 */
static bool session_ended(const struct err *e)
{
	struct slice code = slice_cstr(e->sqlstate);

	return e->rc == RC_DB && (slice_is(code, "57P01") || slice_is(code, "57P05"));
}

enum rc store_run(struct store *s, struct arena *a, enum again how, struct db_call *calls, size_t n, bool *unknown, struct err *e)
{
	int64_t until = io_in(s->io, PATIENCE_US), pause = FIRST_PAUSE_US;
	struct err mine = ERR_INIT;
	bool maybe = false, ended = false;
	enum rc rc;

	if (!e)
		e = &mine;
	while ((rc = db_run(s->db, a, calls, n, e)) != RC_OK) {
		maybe = maybe || rc == RC_DB_UNKNOWN;
		if (!ended && session_ended(e)) {
			ended = true;
			continue;
		}
		if (!again(how, maybe, e) || io_now(s->io) >= until)
			break;
		io_sleep(s->io, pause, NULL);
		pause = pause * 2 < LAST_PAUSE_US ? pause * 2 : LAST_PAUSE_US;
	}
	if (unknown)
		*unknown = maybe;
	if (rc == RC_DB_UNKNOWN)
		rc = e->rc = RC_DB;
	return rc;
}

enum rc store_array(struct arena *a, size_t n, size_t size, void *out, struct err *e)
{
	void *p = arena_try(a, n ? n * size : 1);

	if (!p)
		return err_set(e, RC_TOO_LARGE, "%zu rows pass the memory of this request", n);
	memcpy(out, &p, sizeof(p));
	return RC_OK;
}

static const struct slice turn_states[TURN__MAX] = {
	[TURN_RUNNING] = S_INIT("running"),
	[TURN_DONE] = S_INIT("done"),
	[TURN_FAILED] = S_INIT("failed"),
	[TURN_CANCELLED] = S_INIT("cancelled"),
	[TURN_INTERRUPTED] = S_INIT("interrupted"),
};

struct slice store_turn_state_name(enum turn_state st)
{
	CHECK((size_t)st < TURN__MAX);
	return turn_states[st];
}

/* The table's CHECK lets no other name in. */
enum turn_state store_turn_state(struct slice name)
{
	for (size_t i = 0; i < TURN__MAX; i++) {
		if (slice_eq(name, turn_states[i]))
			return (enum turn_state)i;
	}
	return TURN_INTERRUPTED;
}

static const struct slice item_states[] = {
	[ITEM_DONE] = S_INIT("done"),
	[ITEM_OPEN] = S_INIT("open"),
	[ITEM_INCOMPLETE] = S_INIT("incomplete"),
	[ITEM_WAITING] = S_INIT("waiting"),
};

struct slice store_item_state_name(enum item_state st)
{
	CHECK((size_t)st < countof(item_states));
	return item_states[st];
}

/* The table's CHECK lets no other name in. */
static enum item_state item_state(struct slice name)
{
	for (size_t i = 0; i < countof(item_states); i++) {
		if (slice_eq(name, item_states[i]))
			return (enum item_state)i;
	}
	return ITEM_DONE;
}

struct store_thread store_read_thread(const struct db_rows *r, size_t row, int col)
{
	return (struct store_thread){
		.id = db_str(r, row, col),
		.title = db_str(r, row, col + 1),
		.status = db_str(r, row, col + 2),
		.created_us = db_int(r, row, col + 3),
		.updated_us = db_int(r, row, col + 4),
	};
}

enum rc store_read_items(struct arena *a, const struct db_rows *r, size_t n, struct store_item **out, struct err *e)
{
	struct store_item *items;

	if (store_array(a, n, sizeof(*items), &items, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct store_item){
			.seq = db_int(r, i, 0),
			.id = db_str(r, i, 1),
			.kind = db_str(r, i, 2),
			.state = item_state(db_str(r, i, 3)),
			.hidden = db_bool(r, i, 4),
			.body = db_str(r, i, 5),
		};
	*out = items;
	return RC_OK;
}

enum rc store_read_chunks(struct arena *a, const struct db_rows *r, struct store_chunk **out, size_t *n, struct err *e)
{
	struct store_chunk *chunks;

	if (store_array(a, r->n, sizeof(*chunks), &chunks, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < r->n; i++)
		chunks[i] = (struct store_chunk){
			.item_id = db_str(r, i, 0),
			.kind = db_str(r, i, 1),
			.created_us = db_int(r, i, 2),
			.n = db_int(r, i, 3),
			.text = db_str(r, i, 4),
		};
	*out = chunks;
	*n = r->n;
	return RC_OK;
}
