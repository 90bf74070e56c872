-- SPDX-License-Identifier: MIT
--
-- Everything that chatkit.fcgi keeps, in a schema of its own, so that a site's own tables may share the database. PostgreSQL 13 or newer, encoding UTF8.
--
-- The executable carries this text and runs it, as one transaction, against a database that has none; by hand: psql -1 -f schema.sql. Running it again
-- changes nothing. One ordinary role suffices: it needs CREATE on the database once, and owns what is made here.
--
--   owner    whose it is. Every key and every query leads with owner_id
--   thread   a conversation; last_seq numbers its items and entries. Its row is locked before any other row of the thread is, always
--   turn     one message answered: how it stands or stood. Found again by req_hash when a client sends the same request twice
--   live     one row while a turn runs: who runs it, and until when to believe that. No row: nothing runs
--   chunk    text that is growing now, append-only; gone when its turn ends
--   item     what the page shows. body is JSON as it is sent, and is never read here
--   entry    what the model remembers
--   task     the todo list
--
-- Row-level security is the second lock; the first is WHERE owner_id. A transaction says whose rows it may see with set_config('chatkit.owner', $1, true).
-- FORCE makes it hold for the tables' owner too; superusers and roles with BYPASSRLS pass it, so do not run the site as one. The process's keeper looks
-- after the running turns of all owners: set_config('chatkit.keeper', 'on', true) opens live, chunk and turn to it, as far as it needs. pg_dump needs a
-- role that passes, or ALTER TABLE ... NO FORCE ROW LEVEL SECURITY while it runs.
--
-- Ids are compared by bytes (COLLATE "C"): no operating system's new idea of sorting can break an index on them.

SELECT set_config('client_min_messages', 'warning', true), pg_advisory_xact_lock(hashtextextended('chatkit.schema', 0));
-- Whoever had to wait there may remember that there was no such schema: a session hears of others' work when it opens a table.
SELECT count(*) FROM pg_catalog.pg_namespace;

CREATE SCHEMA IF NOT EXISTS chatkit;

CREATE TABLE IF NOT EXISTS chatkit.version (
	v          int PRIMARY KEY,
	applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS chatkit.owner (
	owner_id   text COLLATE "C" PRIMARY KEY,
	created_at timestamptz NOT NULL DEFAULT now(),
	last_task  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);

CREATE TABLE IF NOT EXISTS chatkit.thread (
	owner_id   text COLLATE "C" NOT NULL REFERENCES chatkit.owner ON DELETE CASCADE,
	id         text COLLATE "C" NOT NULL,
	title      text,
	status     json NOT NULL DEFAULT '{"type":"active"}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(), -- a turn begins
	last_seq   bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (owner_id, id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS thread_recent ON chatkit.thread (owner_id, updated_at, id);

CREATE TABLE IF NOT EXISTS chatkit.turn (
	owner_id     text COLLATE "C" NOT NULL,
	thread_id    text COLLATE "C" NOT NULL,
	id           text COLLATE "C" NOT NULL,
	first_seq    bigint NOT NULL, -- the thread's last_seq when it began: what it wrote comes after
	req_hash     bytea,
	frame        text,
	state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
	model        text,
	runner       text NOT NULL,
	started_at   timestamptz NOT NULL DEFAULT now(),
	delivered_at timestamptz,     -- the answer reached its client whole: the same request is a new one from now on
	ended_at     timestamptz,
	ended_by     text,            -- the runner that ended it: its own, or a sweeper's
	error_code   text,
	tokens_in    bigint NOT NULL DEFAULT 0,
	tokens_out   bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (owner_id, thread_id, id),
	FOREIGN KEY (owner_id, thread_id) REFERENCES chatkit.thread ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS turn_request ON chatkit.turn (owner_id, req_hash, started_at) WHERE req_hash IS NOT NULL;

-- No index on lease_until: each renewal would then leave dead index entries, and there are never more rows than running turns.
CREATE TABLE IF NOT EXISTS chatkit.live (
	owner_id         text COLLATE "C" NOT NULL,
	thread_id        text COLLATE "C" NOT NULL,
	turn_id          text COLLATE "C" NOT NULL,
	runner           text NOT NULL,
	lease_until      timestamptz NOT NULL,
	cancel_requested boolean NOT NULL DEFAULT false,
	PRIMARY KEY (owner_id, thread_id),
	FOREIGN KEY (owner_id, thread_id) REFERENCES chatkit.thread ON DELETE CASCADE
) WITH (fillfactor = 50);

-- No foreign key: a thousand rows a second come and go here, fenced by live.
CREATE TABLE IF NOT EXISTS chatkit.chunk (
	owner_id   text COLLATE "C" NOT NULL,
	thread_id  text COLLATE "C" NOT NULL,
	item_id    text COLLATE "C" NOT NULL,
	n          bigint NOT NULL,
	kind       text NOT NULL,
	created_us bigint NOT NULL,
	t          text NOT NULL,
	PRIMARY KEY (owner_id, thread_id, item_id, n)
);

CREATE TABLE IF NOT EXISTS chatkit.item (
	owner_id   text COLLATE "C" NOT NULL,
	thread_id  text COLLATE "C" NOT NULL,
	seq        bigint NOT NULL,
	id         text COLLATE "C" NOT NULL,
	turn_id    text COLLATE "C" NOT NULL,
	kind       text NOT NULL,
	state      text NOT NULL CHECK (state IN ('done', 'open', 'incomplete')),
	hidden     boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	body       text NOT NULL,
	PRIMARY KEY (owner_id, thread_id, seq),
	UNIQUE (owner_id, thread_id, id),
	FOREIGN KEY (owner_id, thread_id) REFERENCES chatkit.thread ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS chatkit.entry (
	owner_id  text COLLATE "C" NOT NULL,
	thread_id text COLLATE "C" NOT NULL,
	seq       bigint NOT NULL,
	id        text COLLATE "C" NOT NULL,
	turn_id   text COLLATE "C" NOT NULL,
	item_id   text COLLATE "C", -- the item that it tells the model of
	body      text NOT NULL,
	PRIMARY KEY (owner_id, thread_id, seq),
	UNIQUE (owner_id, thread_id, id),
	FOREIGN KEY (owner_id, thread_id) REFERENCES chatkit.thread ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS chatkit.task (
	owner_id    text COLLATE "C" NOT NULL REFERENCES chatkit.owner ON DELETE CASCADE,
	id          bigint NOT NULL, -- owner.last_task counts: each owner's first task is 1
	title       text NOT NULL,
	description text NOT NULL DEFAULT '',
	priority    text NOT NULL DEFAULT 'none',
	category    text NOT NULL DEFAULT 'other',
	completed   boolean NOT NULL DEFAULT false,
	created_at  timestamptz NOT NULL DEFAULT now(),
	made_by     text NOT NULL,   -- the call that made it: when it comes twice, there is still one task
	PRIMARY KEY (owner_id, id)
);

ALTER TABLE chatkit.owner ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.thread ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.turn ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.live ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.chunk ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.task ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- A setting local to a transaction that has ended reads as '' and not as NULL, hence nullif.
DROP POLICY IF EXISTS own ON chatkit.owner;
DROP POLICY IF EXISTS own ON chatkit.thread;
DROP POLICY IF EXISTS own ON chatkit.turn;
DROP POLICY IF EXISTS own ON chatkit.live;
DROP POLICY IF EXISTS own ON chatkit.chunk;
DROP POLICY IF EXISTS own ON chatkit.item;
DROP POLICY IF EXISTS own ON chatkit.entry;
DROP POLICY IF EXISTS own ON chatkit.task;
CREATE POLICY own ON chatkit.owner USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.thread USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.turn USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.live USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.chunk USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.item USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.entry USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.task USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));

-- The keeper: renews leases, appends chunks, marks turns delivered, finds stale ones. It never reads a conversation, never deletes.
DROP POLICY IF EXISTS keeper_sees ON chatkit.live;
DROP POLICY IF EXISTS keeper_renews ON chatkit.live;
DROP POLICY IF EXISTS keeper_sees ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_appends ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_mends ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_sees ON chatkit.turn;
DROP POLICY IF EXISTS keeper_marks ON chatkit.turn;
CREATE POLICY keeper_sees ON chatkit.live FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_renews ON chatkit.live FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_sees ON chatkit.chunk FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_appends ON chatkit.chunk FOR INSERT WITH CHECK (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_mends ON chatkit.chunk FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_sees ON chatkit.turn FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_marks ON chatkit.turn FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');

INSERT INTO chatkit.version (v) VALUES (1) ON CONFLICT DO NOTHING;
