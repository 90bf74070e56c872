/* SPDX-License-Identifier: MIT */
/*
 * Rows, not meanings: a body is text that the store never reads. What makes a turn impossible to lose is here: begin, write, keep, end, each one round
 * trip (io/db.h pipelines), each fenced by the turn's id, each safe to run again after an unknown outcome because all ids were made before.
 *
 * Words: a thread has items (what ChatKit shows) and entries (what the model remembers), numbered by one per-thread seq. A turn is a lease on the thread:
 * one row in `live` while it runs. Growing text goes to `chunk`, append-only, and is gone when the turn ends. The thread's row is locked first, always.
 *
 * Every function takes the owner and touches nobody else's rows: by WHERE, and by row-level security as the second lock. keep and stale span owners and
 * run under a policy of their own. Results live in the arena. Failures: RC_DB (never RC_DB_UNKNOWN: whatever may have been committed is run again until it
 * is known, for 30 s at most), RC_LOST (the lease is not ours any more: write nothing, stop), RC_NOT_FOUND, RC_BAD (a NUL byte in a text), RC_TOO_LARGE
 * (the arena's cap). store_write, store_end and fenced changes sit through a restart of the server; the others give RC_DB at once when it is not there.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "io/db.h"

struct store;

#define STORE_SCHEMA 2        /* version that this executable needs */
#define STORE_LEASE_US 15000000 /* this and the window: as schema.sql has them */
#define STORE_PAGE_MAX 10000
#define STORE_RETRY_WINDOW_S 120

/* Who this process is in `live`: "host:pid:start". By it other processes of this host see that it is gone. */
struct slice store_runner(struct arena *a);
struct store *store_new(struct db *db, struct io *io, struct slice runner, struct arena *a);

/* ---- schema ---- */
/*
 * The schema is there and of our version: RC_OK. An empty database installs itself (advisory lock, schema.sql). Another version is RC_CONF with a plain
 * message (newer database: "needs a newer chatkit.fcgi"; older: "run: chatkit.fcgi migrate"). Remembers success: then it costs nothing.
 */
WAITS enum rc store_ready(struct store *s, struct err *e);
/*
 * The same, and brings an older one up; one of our own version is mended (schema.sql changes nothing that is as it should be). *from: the version found, 0 for
 * none.
 */
WAITS enum rc store_migrate(struct store *s, int *from, struct err *e);
/* One trivial round trip. */
WAITS enum rc store_ping(struct store *s, struct err *e);

/* ---- a turn ---- */
enum item_state {
	ITEM_DONE,
	ITEM_OPEN,       /* its turn will put it again. Only what a turn made itself may be OPEN */
	ITEM_INCOMPLETE,
	ITEM_WAITING,    /* done, but for the page's answer: outlives its turn, until it is put again or dropped */
};
struct store_item {
	struct slice id, kind, body;
	enum item_state state;
	bool hidden;
	int64_t seq; /* out only */
	struct slice model; /* out of store_item and store_waiting only: what its turn ran with; may be empty */
};
struct store_entry {
	struct slice id;      /* ours: makes a second write of it do nothing */
	struct slice item_id; /* which item it tells of, or empty */
	struct slice body;
	int64_t seq;          /* out only */
};
/*
 * What is written together, in this order: items (an id that stands already is replaced and keeps its seq and its turn), then entries (an id that stands
 * already is left as it is). An id at most once a batch.
 */
struct batch {
	const struct store_item *put;
	size_t n_put;
	const struct store_entry *entries;
	size_t n_entries;
	const struct slice *drop; /* item ids to delete */
	size_t n_drop;
	struct slice drop_waiting; /* a kind: the thread's items of it that are WAITING are deleted, but not those in put. Empty: none */
	/*
	 * Ids of files (store/files.h) that it uses: they belong to the thread then. store_begin and store_change take all of them or refuse: RC_NOT_FOUND
	 * "no file '...'" for an unknown or foreign one, one that is not here yet, one that another thread uses. store_write and store_end, which must not
	 * fail for it, use what they may.
	 */
	const struct slice *files;
	size_t n_files;
	struct slice title;       /* sets the title; empty: leaves it */
	struct slice status;      /* JSON; sets the thread's status; empty: leaves it */
};

enum begin_create { BEGIN_EXISTING, BEGIN_NEW, BEGIN_EXISTING_OR_NEW };
struct begin {
	struct slice owner, thread_id, turn_id;
	enum begin_create create;
	struct slice title_if_none;  /* becomes the title when the thread has none */
	struct slice req_hash;       /* 32 bytes: what makes a retry recognisable; empty: no retries are looked for */
	struct slice frame;          /* chatkit-frame-instance-id, may be empty */
	struct slice model;
	int64_t now_us;              /* wall clock; a new thread's created_at */
	/*
	 * An item's id: all items and entries with a higher seq are deleted first (retry), but for entries that tell of an item that stays. Empty: nothing.
	 * Unknown: RC_NOT_FOUND.
	 */
	struct slice cut_after;
	/* Conditions, looked at under the lock, when this is no retry and the thread is free; one that does not hold: BEGIN_CHANGED, nothing was written. */
	struct slice if_item, if_body; /* the item stands with exactly this body. Empty id: any */
	struct slice if_no_entry;    /* an entry's id: it does not stand. Empty: any */
	struct batch batch;          /* the user's message and what it means to the model */
	size_t history_max;          /* newest entries to return at most; they come oldest first and include this batch's */
	size_t history_bytes;        /* of their bodies together, the newest always being there; 0: no bound */
};
enum begin_how {
	BEGIN_LEASED,    /* ours: everything was written */
	/*
	 * This very request came before: turn_id, thread_id and state are that one's; nothing was written. It may be this very turn, when its begin was run
	 * again after an unknown outcome and somebody closed it meanwhile.
	 */
	BEGIN_RETRY,
	BEGIN_BUSY,      /* another turn runs on the thread; nothing was written */
	BEGIN_STALE,     /* a turn stands there whose runner is gone: close it (store_open_of, store_end with only_if_stale), then begin again */
	BEGIN_INACTIVE,  /* the thread's status is not active; nothing was written */
	BEGIN_CHANGED,   /* a condition does not hold: somebody was faster; nothing was written */
};
enum turn_state { TURN_RUNNING, TURN_DONE, TURN_FAILED, TURN_CANCELLED, TURN_INTERRUPTED, TURN__MAX };
struct store_thread {
	struct slice id, title, status; /* title empty: none. status: JSON */
	int64_t created_us, updated_us;
};
struct begun {
	enum begin_how how;
	struct store_thread thread;  /* LEASED (with the title it has now) and INACTIVE */
	bool titled;                 /* LEASED: the title was set by this begin */
	struct slice turn_id;        /* RETRY, STALE, BUSY: the other turn's */
	struct slice thread_id;      /* RETRY */
	enum turn_state state;       /* RETRY */
	struct store_entry *history; /* LEASED */
	size_t n_history;
};
/* RC_NOT_FOUND: no such thread of this owner; or cut_after, or a file, is unknown. A second run after an unknown outcome finds our live row: LEASED (titled may then be told twice). */
WAITS enum rc store_begin(struct store *s, struct arena *a, const struct begin *b, struct begun *out, struct err *e);

struct turn_key {
	struct slice owner, thread_id, turn_id;
};
/* Renews the lease too. */
WAITS enum rc store_write(struct store *s, struct arena *a, const struct turn_key *k, const struct batch *b, struct err *e);

struct turn_end {
	enum turn_state state;
	struct slice error_code;     /* or empty */
	int64_t tokens_in, tokens_out;
	struct batch batch;          /* open items as they are at last, the final message */
	bool only_if_stale;          /* somebody else's turn: RC_LOST when it is alive after all */
};
/* Ends the lease: live row and chunks are deleted in the same transaction. */
WAITS enum rc store_end(struct store *s, struct arena *a, const struct turn_key *k, const struct turn_end *t, struct err *e);

/* ---- changes outside of a turn ---- */
/*
 * A batch under the thread's lock, without a lease; allowed while a turn runs. New items and entries count to the turn of if_item's item; without one to
 * the turn that runs, or to the newest item's. No item of it may be OPEN.
 */
struct change {
	struct slice owner, thread_id;
	struct slice if_item, if_body, if_no_entry; /* as in struct begin */
	struct batch batch;
	bool any_status;             /* in a thread that is not active too */
};
enum change_how {
	CHANGE_DONE,     /* now, or by a first run: what it puts and its entries stand just so. Two that are not the same differ in one of these */
	CHANGE_CHANGED,  /* a condition does not hold; nothing was written */
	CHANGE_INACTIVE, /* the thread's status is not active; nothing was written */
};
/* RC_NOT_FOUND: no such thread of this owner, or a file of the batch. */
WAITS enum rc store_change(struct store *s, struct arena *a, const struct change *c, enum change_how *how, struct err *e);
/*
 * What the person thinks of items: the latest counts, one an item. The ids need not be items' (clients send tasks' too). Goes with the thread. At most 100 a
 * call, each at most 200 bytes: RC_BAD. RC_NOT_FOUND: no such thread of this owner.
 */
#define STORE_FEEDBACK_MAX 100
WAITS enum rc store_feedback(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, const struct slice *item_ids, size_t n,
			     bool positive, struct err *e);

/* ---- the keeper: one statement for all turns of the process ---- */
struct keep {
	struct turn_key key;
	struct slice item_id, kind;  /* the item that grows; empty: only the lease */
	int64_t created_us;          /* the item's */
	int64_t n;                   /* the chunk's number in its item, from 0. May come again, with what was said since: the longest stays */
	struct slice text;           /* since the last chunk; plain text */
};
struct kept {
	/* The live row is ours and renewed, the chunk stored unless refused. False: locked just now, or gone: ask store_alive before believing it lost. */
	bool there;
	bool cancel;                 /* somebody asked to cancel */
	bool refused;                /* the database takes no such text (the lease was renewed without it): do not send it again */
};
/* out has n places. delivered: turns whose answer reached its client whole. */
WAITS enum rc store_keep(struct store *s, struct arena *a, const struct keep *k, size_t n, const struct turn_key *delivered, size_t n_delivered,
			 struct kept *out, struct err *e);
/* RC_OK: the live row is ours. RC_LOST: it is not. */
WAITS enum rc store_alive(struct store *s, const struct turn_key *k, struct err *e);
/* Asks the process that runs the thread's turn to stop it. turn_id empty: whichever runs. RC_OK also when none does. */
WAITS enum rc store_cancel(struct store *s, const struct turn_key *k, struct err *e);

/* ---- what others see of a running or broken turn ---- */
struct store_chunk {             /* chunks of one item, joined */
	struct slice item_id, kind, text;
	int64_t created_us;
	int64_t n;                   /* number of the last one */
};
struct store_open {
	struct store_item *items;    /* of this turn, state OPEN */
	size_t n_items;
	struct store_chunk *chunks;
	size_t n_chunks;
};
/* What a turn left unfinished: for closing it. */
WAITS enum rc store_open_of(struct store *s, struct arena *a, const struct turn_key *k, struct store_open *out, struct err *e);
/* Turns out of lease, of any owner, at most max (20): for the sweep. A runner on this host whose process is dead counts at once. */
WAITS enum rc store_stale(struct store *s, struct arena *a, struct turn_key *out, size_t max, size_t *n, struct err *e);
/*
 * News of a turn since the caller's last look: its items with seq > after_seq, in any state, the joined chunks, and how it stands. An item keeps its seq when
 * it is put again: pass the seq before the first OPEN one. RC_NOT_FOUND.
 */
struct store_news {
	enum turn_state state;
	struct slice error_code;
	struct store_item *items;
	size_t n_items;
	struct store_chunk *chunks;
	size_t n_chunks;
	struct store_thread thread;
};
WAITS enum rc store_follow(struct store *s, struct arena *a, const struct turn_key *k, int64_t after_seq, struct store_news *out, struct err *e);

/* ---- threads and items ---- */
struct page_req {
	size_t limit;                /* 1 .. STORE_PAGE_MAX */
	bool desc;
	struct slice after;          /* an id, of an item that grows too; unknown: an empty page */
};
struct thread_page {
	struct store_thread *t;
	size_t n;
	bool more;
};
struct item_page {
	struct store_thread thread;
	struct store_item *items;    /* without hidden ones */
	size_t n;
	bool more;
	/* What grows, in the page's order: after the items, or before them when the newest come first. Both together are at most the limit. */
	struct store_chunk *chunks;
	size_t n_chunks;
};
/* By updated_us (a turn begins), then id. */
WAITS enum rc store_threads(struct store *s, struct arena *a, struct slice owner, const struct page_req *p, struct thread_page *out, struct err *e);
/* The thread and a page of its items. RC_NOT_FOUND. */
WAITS enum rc store_items(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, const struct page_req *p, struct item_page *out,
			  struct err *e);
/* One item, a hidden one too (out->hidden tells), and its thread. RC_NOT_FOUND: no such thread of this owner, or no such item in it. */
WAITS enum rc store_item(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice item_id, struct store_thread *thread,
			 struct store_item *out, struct err *e);
/* The newest item of a kind that is WAITING. RC_NOT_FOUND: no such thread of this owner. */
struct store_waiting {
	struct store_thread thread;
	bool found;
	struct store_item item;      /* when found */
	bool passed;                 /* when found: the newest item is of another turn */
	bool running;                /* a turn is on the thread now, alive or stale */
};
WAITS enum rc store_waiting(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice kind, struct store_waiting *out,
			    struct err *e);
WAITS enum rc store_thread_rename(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice title,
				  struct store_thread *out, struct err *e);
/* Another title if it is still called was (empty: it has none), by whoever renames it for somebody. *out is the thread as it is now. RC_NOT_FOUND. */
WAITS enum rc store_thread_retitle(struct store *s, struct arena *a, struct slice owner, struct slice thread_id, struct slice was, struct slice title,
				   struct store_thread *out, struct err *e);
/* Everything of it, a running turn too (its next write is RC_LOST); its files become GONE (store/files.h). RC_OK also when there was none: *found (may be NULL) tells. */
WAITS enum rc store_thread_delete(struct store *s, struct slice owner, struct slice thread_id, bool *found, struct err *e);

/* ---- the todo list (chatkit.task) ---- */
/*
 * Results are JSON text as the tools give it: a task is {"id","title","description","priority","category","completed","created_at"}. When fence is not NULL
 * the change and the result's entry are one transaction under the turn's lease: the entry's body is pre, the JSON-escaped result text with its quotes,
 * post. RC_LOST without the lease. A second run with the same entry id changes nothing and gives the first result.
 */
struct task_fence {
	struct turn_key key;
	struct slice entry_id, pre, post;
};
struct task_fields {             /* an absent field has p == NULL: add gives it its default (there is none for the title), update leaves it */
	struct slice title, description, priority, category;
	int completed;               /* 0, 1; -1: absent */
};
WAITS enum rc store_task_add(struct store *s, struct arena *a, struct slice owner, const struct task_fields *f, const struct task_fence *fence,
			     struct slice *result, struct err *e);
/* status: "all", "pending", "completed"; priority, category may be empty. {"count":n,"tasks":[...]}, at most 500, oldest first. */
WAITS enum rc store_task_list(struct store *s, struct arena *a, struct slice owner, struct slice status, struct slice priority, struct slice category,
			      struct slice *result, struct err *e);
/* RC_NOT_FOUND when the owner has no such task. */
WAITS enum rc store_task_update(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fields *f,
				const struct task_fence *fence, struct slice *result, struct err *e);
/* {"success":true,"message":"..."} */
WAITS enum rc store_task_delete(struct store *s, struct arena *a, struct slice owner, int64_t id, const struct task_fence *fence,
				struct slice *result, struct err *e);

#endif
