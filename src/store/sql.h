/* SPDX-License-Identifier: MIT */
/*
 * The SQL that more than one file needs. $1 is always the owner, $2 the thread, $3 the turn.
 *
 * Two laws hold in READ COMMITTED and shape every statement here. A statement's snapshot is taken before it waits for a lock: so locks are taken by a
 * statement of their own, and the next one sees what the last holder did. And 0 rows do not stop a pipeline: so whatever follows a condition is joined to it.
 * Locks are taken in this order: owner, thread, live, the rest; who breaks it deadlocks. The keeper waits for none (SKIP LOCKED).
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

/* Exact: a timestamp's microseconds have 16 digits, and a double of 2^53 holds them. */
#define SQL_US(t) "(extract(epoch FROM " t ") * 1000000)::bigint"

/* A lease that is out, or that no clock of ours can have given. */
#define SQL_LAPSED "lease_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute'"
#define SQL_LEASE "clock_timestamp() + interval '15 seconds'"

/*
 * The first call of every pipeline: whose rows may be seen (row-level security), and how long a statement may take. The latter is shorter than db_opts'
 * query_us, so that a statement which we gave up does not run after its second run.
 */
#define SQL_OWN "SELECT set_config('chatkit.owner', $1, true), set_config('statement_timeout', '12s', true)"
#define SQL_KEEPER "SELECT set_config('chatkit.keeper', 'on', true), set_config('statement_timeout', '12s', true)"

/* thread_pkey. The second call of every pipeline that changes a thread. */
#define SQL_LOCK "SELECT 1 FROM chatkit.thread WHERE owner_id = $1 AND id = $2 FOR NO KEY UPDATE"

/* Columns of a thread and of an item, behind a prefix ("t." or ""). SQL_THREAD_OUT names those that a WITH member has returned. */
#define SQL_THREAD(p) p "id, " p "title, " p "status, " SQL_US(p "created_at") " AS created_us, " SQL_US(p "updated_at") " AS updated_us"
#define SQL_THREAD_OUT "id, title, status, created_us, updated_us"
#define SQL_ITEM(p) p "seq, " p "id, " p "kind, " p "state, " p "hidden, " p "body"

/*
 * live_pkey, chunk_pkey, item_owner_id_thread_id_id_key. The growing items of the turn that runs (of which: a condition on it), each joined. An item that
 * stands complete by now leaves its chunks behind until the turn ends: they are passed over.
 */
#define SQL_CHUNKS(which)                                                                                                                              \
	"SELECT c.item_id, min(c.kind), min(c.created_us), max(c.n), string_agg(c.t, '' ORDER BY c.n)\n"                                               \
	"FROM chatkit.chunk c\n"                                                                                                                       \
	"WHERE c.owner_id = $1 AND c.thread_id = $2\n"                                                                                                 \
	"  AND EXISTS (SELECT FROM chatkit.live WHERE owner_id = $1 AND thread_id = $2" which ")\n"                                                    \
	"  AND NOT EXISTS (SELECT FROM chatkit.item i\n"                                                                                               \
	"                  WHERE i.owner_id = $1 AND i.thread_id = $2 AND i.id = c.item_id AND i.state <> 'open')\n"                                   \
	"GROUP BY c.item_id ORDER BY min(c.created_us), c.item_id"

#endif
