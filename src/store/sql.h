/* SPDX-License-Identifier: MIT */
/*
 * The SQL that more than one file needs. What a turn writes is in schema.sql, as functions; what is rare, or only reads, is here, as text. $1 is always the
 * owner, $2 the thread, $3 the turn. Each statement of a pipeline has a snapshot of its own, taken before it waits for a lock.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

/* Exact: a timestamp's microseconds have 16 digits, and a double of 2^53 holds them. */
#define SQL_US(t) "(extract(epoch FROM " t ") * 1000000)::bigint"

/* A lease that is out, or that no clock of ours can have given. */
#define SQL_LAPSED "lease_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute'"

/*
 * The first call of every pipeline: whose rows may be seen (row-level security), and how long a statement may take. The latter is shorter than db_opts'
 * query_us, so that a statement which we gave up does not run after its second run.
 */
#define SQL_OWN "SELECT set_config('chatkit.owner', $1, true), set_config('statement_timeout', '12s', true)"
#define SQL_KEEPER "SELECT set_config('chatkit.keeper', 'on', true), set_config('statement_timeout', '12s', true)"

/* Columns of a thread and of an item, behind a prefix ("t." or ""). */
#define SQL_THREAD(p) p "id, " p "title, " p "status, " SQL_US(p "created_at") ", " SQL_US(p "updated_at")
#define SQL_ITEM(p) p "seq, " p "id, " p "kind, " p "state, " p "hidden, " p "body"

#endif
