-- SPDX-License-Identifier: MIT
--
-- Everything that chatkit.fcgi keeps, in a schema of its own, so that a site's own tables may share the database. PostgreSQL 13 or newer, encoding UTF8.
--
-- The executable carries this text and runs it, as one transaction, against a database that has none; by hand: psql -1 -f schema.sql. Running it again
-- changes nothing; run against an older version's database it brings that up. One ordinary role suffices: it needs CREATE on the database once, and owns
-- what is made here.
--
--   owner    whose it is. Every key and every query leads with owner_id
--   thread   a conversation; last_seq numbers its items and entries. Its row is locked before any other row of the thread is, always
--   turn     one message answered: how it stands or stood. Found again by req_hash when a client sends the same request twice
--   live     one row while a turn runs: who runs it, and until when to believe that. No row: nothing runs
--   chunk    text that is growing now, append-only; gone when its turn ends
--   item     what the page shows. body is JSON as it is sent, and is never read here. waiting: for the page's answer, beyond its turn
--   entry    what the model remembers
--   feedback what the person thinks of an item, the latest
--   file     an attachment or an image, whose bytes are elsewhere under owner and id. The row is there before the bytes and until after them, and belongs to
--            no other row: gone says that the bytes are to go
--   task     the todo list
--
-- Row-level security is the second lock; the first is WHERE owner_id. A transaction says whose rows it may see with set_config('chatkit.owner', $1, true).
-- FORCE makes it hold for the tables' owner too; superusers and roles with BYPASSRLS pass it, so do not run the site as one. The process's keeper looks
-- after the running turns and the unused files of all owners: set_config('chatkit.keeper', 'on', true) opens live, chunk, turn and file to it, as far as it
-- needs. pg_dump needs a role that passes, or ALTER TABLE ... NO FORCE ROW LEVEL SECURITY while it runs.
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
	state      text NOT NULL, -- item_state_check, below
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

-- A site may be at work while this runs again. What follows wants all the tables, so it takes them first, and in the order in which a request does: whoever
-- has one already is waited for, the others wait.
LOCK TABLE chatkit.owner, chatkit.thread, chatkit.turn, chatkit.live, chatkit.chunk, chatkit.item, chatkit.entry, chatkit.task IN ACCESS EXCLUSIVE MODE;

CREATE INDEX IF NOT EXISTS thread_recent ON chatkit.thread (owner_id, updated_at, id);
CREATE INDEX IF NOT EXISTS turn_request ON chatkit.turn (owner_id, req_hash, started_at) WHERE req_hash IS NOT NULL;
-- NOT VALID: no row needs a look, the list of version 1 was shorter.
ALTER TABLE chatkit.item DROP CONSTRAINT IF EXISTS item_state_check,
	ADD CONSTRAINT item_state_check CHECK (state IN ('done', 'open', 'incomplete', 'waiting')) NOT VALID;
CREATE INDEX IF NOT EXISTS item_waiting ON chatkit.item (owner_id, thread_id, seq) WHERE state = 'waiting';
-- A page of what is shown costs the same however many hidden ones lie between.
CREATE INDEX IF NOT EXISTS item_shown ON chatkit.item (owner_id, thread_id, seq) WHERE NOT hidden;

CREATE TABLE IF NOT EXISTS chatkit.feedback (
	owner_id  text COLLATE "C" NOT NULL,
	thread_id text COLLATE "C" NOT NULL,
	item_id   text COLLATE "C" NOT NULL, -- no foreign key: pages name what is no item too
	kind      text NOT NULL CHECK (kind IN ('positive', 'negative')),
	at        timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (owner_id, thread_id, item_id),
	FOREIGN KEY (owner_id, thread_id) REFERENCES chatkit.thread ON DELETE CASCADE
);

-- No foreign key: a row that went with another would leave its bytes to nobody. Threads say goodbye by a trigger, below.
CREATE TABLE IF NOT EXISTS chatkit.file (
	owner_id   text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	kind       text NOT NULL CHECK (kind IN ('upload', 'image')),
	name       text NOT NULL,
	mime       text NOT NULL,
	size       bigint NOT NULL, -- as declared, until it is here
	sha256     bytea,
	state      text NOT NULL CHECK (state IN ('new', 'here', 'used', 'gone')),
	thread_id  text COLLATE "C" CHECK ((thread_id IS NOT NULL) = (state = 'used')),
	created_at timestamptz NOT NULL DEFAULT now(),
	at         timestamptz NOT NULL DEFAULT now(), -- its state since
	PRIMARY KEY (owner_id, id)
);
CREATE INDEX IF NOT EXISTS file_used ON chatkit.file (owner_id, thread_id) WHERE thread_id IS NOT NULL;
-- The sweep's, across owners.
CREATE INDEX IF NOT EXISTS file_unused ON chatkit.file (at) WHERE state <> 'used';

ALTER TABLE chatkit.owner ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.thread ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.turn ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.live ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.chunk ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.feedback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.file ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chatkit.task ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- A setting local to a transaction that has ended reads as '' and not as NULL, hence nullif.
DROP POLICY IF EXISTS own ON chatkit.owner;
DROP POLICY IF EXISTS own ON chatkit.thread;
DROP POLICY IF EXISTS own ON chatkit.turn;
DROP POLICY IF EXISTS own ON chatkit.live;
DROP POLICY IF EXISTS own ON chatkit.chunk;
DROP POLICY IF EXISTS own ON chatkit.item;
DROP POLICY IF EXISTS own ON chatkit.entry;
DROP POLICY IF EXISTS own ON chatkit.feedback;
DROP POLICY IF EXISTS own ON chatkit.file;
DROP POLICY IF EXISTS own ON chatkit.task;
CREATE POLICY own ON chatkit.owner USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.thread USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.turn USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.live USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.chunk USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.item USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.entry USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.feedback USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.file USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));
CREATE POLICY own ON chatkit.task USING (owner_id = nullif(current_setting('chatkit.owner', true), ''));

-- The keeper: renews leases, appends chunks, marks turns delivered, finds stale ones; lets unused files go. It never reads a conversation, never deletes.
DROP POLICY IF EXISTS keeper_sees ON chatkit.live;
DROP POLICY IF EXISTS keeper_renews ON chatkit.live;
DROP POLICY IF EXISTS keeper_sees ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_appends ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_mends ON chatkit.chunk;
DROP POLICY IF EXISTS keeper_sees ON chatkit.turn;
DROP POLICY IF EXISTS keeper_marks ON chatkit.turn;
DROP POLICY IF EXISTS keeper_sees ON chatkit.file;
DROP POLICY IF EXISTS keeper_sweeps ON chatkit.file;
CREATE POLICY keeper_sees ON chatkit.live FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_renews ON chatkit.live FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_sees ON chatkit.chunk FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_appends ON chatkit.chunk FOR INSERT WITH CHECK (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_mends ON chatkit.chunk FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_sees ON chatkit.turn FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_marks ON chatkit.turn FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on');
CREATE POLICY keeper_sees ON chatkit.file FOR SELECT USING (current_setting('chatkit.keeper', true) = 'on' AND state <> 'used');
CREATE POLICY keeper_sweeps ON chatkit.file FOR UPDATE USING (current_setting('chatkit.keeper', true) = 'on' AND state IN ('new', 'here'))
	WITH CHECK (current_setting('chatkit.keeper', true) = 'on' AND state = 'gone');

-- The statements of a turn are functions, because a server plans a function's statements once a session and one that arrives as text every time: for the
-- few rows of a turn that was four fifths of the work. They say straight down what is done: each statement sees what was committed before it began, so one
-- takes the lock and the next reads what its last holder did.
--
-- Locks are taken in this order: owner, thread, live, the rest. Who breaks it deadlocks. The keeper waits for none (SKIP LOCKED).
--
-- A later version whose functions need other arguments gives them other names (put_2: since version 2), so that both executables work while a site changes
-- over. The old ones stay, as thin as can be, at the end.

-- What each of them says first: whose rows it may see; how long it waits for a lock (shorter than its caller waits for it, so that what was given up does
-- not run after its second run); and that a plan, which is kept, goes by index even if it was made when a table was empty.
CREATE OR REPLACE FUNCTION chatkit.enter(p_owner text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('chatkit.owner', p_owner, true), set_config('lock_timeout', '12s', true), set_config('enable_seqscan', 'off', true);
END $$;

-- A batch, under the thread's lock. An item that stands keeps its seq and its turn, an entry that stands is left as it is: so a batch may come twice.
-- p_seq: the thread's last_seq. p_began: a turn did, just now; or NULL.
-- item_owner_id_thread_id_id_key, entry_owner_id_thread_id_id_key, item_waiting, file_pkey, thread_pkey
CREATE OR REPLACE FUNCTION chatkit.put_2(p_owner text, p_thread text, p_turn text, p_seq bigint, p_began timestamptz,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_drop_waiting text, p_files text[], p_title text, p_status text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s bigint := p_seq;
BEGIN
	FOR i IN 1 .. cardinality(p_ids) LOOP
		UPDATE chatkit.item SET kind = p_kinds[i], state = p_states[i], hidden = p_hidden[i] <> 0, body = p_bodies[i]
		WHERE owner_id = p_owner AND thread_id = p_thread AND id = p_ids[i];
		IF NOT FOUND THEN
			s := s + 1;
			INSERT INTO chatkit.item (owner_id, thread_id, seq, id, turn_id, kind, state, hidden, body)
			VALUES (p_owner, p_thread, s, p_ids[i], p_turn, p_kinds[i], p_states[i], p_hidden[i] <> 0, p_bodies[i]);
		END IF;
	END LOOP;
	FOR i IN 1 .. cardinality(p_entry_ids) LOOP
		INSERT INTO chatkit.entry (owner_id, thread_id, seq, id, turn_id, item_id, body)
		VALUES (p_owner, p_thread, s + 1, p_entry_ids[i], p_turn, p_entry_items[i], p_entries[i])
		ON CONFLICT (owner_id, thread_id, id) DO NOTHING;
		IF FOUND THEN
			s := s + 1;
		END IF;
	END LOOP;
	IF cardinality(p_drop) > 0 THEN
		DELETE FROM chatkit.item WHERE owner_id = p_owner AND thread_id = p_thread AND id = ANY (p_drop);
	END IF;
	IF p_drop_waiting IS NOT NULL THEN
		DELETE FROM chatkit.item
		WHERE owner_id = p_owner AND thread_id = p_thread AND state = 'waiting' AND kind = p_drop_waiting AND id <> ALL (p_ids);
	END IF;
	IF cardinality(p_files) > 0 THEN
		UPDATE chatkit.file SET state = 'used', thread_id = p_thread, at = clock_timestamp()
		WHERE owner_id = p_owner AND id = ANY (p_files) AND state = 'here';
	END IF;
	IF p_began IS NOT NULL OR s > p_seq OR p_title IS NOT NULL OR p_status IS NOT NULL THEN
		UPDATE chatkit.thread
		SET last_seq = s, title = coalesce(p_title, title), status = coalesce(p_status::json, status), updated_at = coalesce(p_began, updated_at)
		WHERE owner_id = p_owner AND id = p_thread;
	END IF;
END $$;

-- What a begin or a change asks to be so still, under the thread's lock: the item stands with this very body, the entry does not stand. NULL asks nothing.
-- item_owner_id_thread_id_id_key, entry_owner_id_thread_id_id_key
CREATE OR REPLACE FUNCTION chatkit.holds(p_owner text, p_thread text, p_if_item text, p_if_body text, p_if_no_entry text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF p_if_item IS NOT NULL THEN
		PERFORM 1 FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = p_if_item AND i.body = p_if_body;
		IF NOT FOUND THEN
			RETURN false;
		END IF;
	END IF;
	IF p_if_no_entry IS NOT NULL THEN
		PERFORM 1 FROM chatkit.entry e WHERE e.owner_id = p_owner AND e.thread_id = p_thread AND e.id = p_if_no_entry;
		RETURN NOT FOUND;
	END IF;
	RETURN true;
END $$;

-- The first of the files that the thread may not use, or NULL. Those that it may use stay so: locked, in one order for all. file_pkey
CREATE OR REPLACE FUNCTION chatkit.missing_file(p_owner text, p_thread text, p_files text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM chatkit.file f WHERE f.owner_id = p_owner AND f.id = ANY (p_files) ORDER BY f.id FOR NO KEY UPDATE;
	RETURN (SELECT p.id FROM unnest(p_files) WITH ORDINALITY AS p(id, place)
		WHERE NOT EXISTS (SELECT FROM chatkit.file f WHERE f.owner_id = p_owner AND f.id = p.id AND (f.state = 'here' OR f.thread_id = p_thread))
		ORDER BY p.place LIMIT 1);
END $$;

-- Decides whose the thread is now, and if it is p_turn's, writes what that brings. how: leased; retry (this very request came before: other_*); busy
-- (other_turn runs; by other_runner and lapsed the caller decides whether it is stale); inactive (the thread's status); changed (a condition does not hold);
-- no thread; no item (to cut after); no file (missing). What is not leased writes nothing. A second run after an unknown outcome finds its own lease: leased
-- again. The thread as it is then: leased, inactive.
-- owner_pkey, thread_pkey, live_pkey, turn_pkey, turn_request, item_owner_id_thread_id_id_key, item_pkey, entry_pkey
CREATE OR REPLACE FUNCTION chatkit.begin_turn_2(p_owner text, p_thread text, p_turn text, p_create boolean, p_hash bytea, p_frame text, p_now bigint,
	p_runner text, p_model text, p_cut_after text, p_title_if_none text, p_if_item text, p_if_body text, p_if_no_entry text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_drop_waiting text, p_files text[], p_title text, p_status text,
	OUT how text, OUT other_turn text, OUT other_thread text, OUT other_state text, OUT other_runner text, OUT lapsed boolean,
	OUT missing text, OUT titled boolean, OUT title text, OUT status text, OUT created_us bigint, OUT updated_us bigint) LANGUAGE plpgsql AS $$
DECLARE
	th chatkit.thread;
	run chatkit.live;
	cut bigint;
	began timestamptz := clock_timestamp();
BEGIN
	PERFORM chatkit.enter(p_owner);
	-- The owner's row, locked whether or not it was there (the update never happens). A request for a new thread that comes twice waits here, and then
	-- finds its first; what the thread's lock does not find, nobody else can make.
	IF p_create THEN
		INSERT INTO chatkit.owner AS o (owner_id) VALUES (p_owner) ON CONFLICT (owner_id) DO UPDATE SET created_at = o.created_at WHERE false;
	END IF;
	SELECT * INTO th FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR NO KEY UPDATE;
	SELECT * INTO run FROM chatkit.live l WHERE l.owner_id = p_owner AND l.thread_id = p_thread;

	IF run.turn_id = p_turn THEN
		-- Told once too often is better than never.
		titled := th.title = p_title_if_none;
	ELSE
		-- This very turn, when another closed it after its first run; or one of the same request. A started_at from a clock that ran ahead is not
		-- believed for ever.
		SELECT u.id, u.thread_id, u.state INTO other_turn, other_thread, other_state FROM chatkit.turn u
		WHERE u.owner_id = p_owner AND u.thread_id = p_thread AND u.id = p_turn;
		IF NOT FOUND AND p_hash IS NOT NULL THEN
			SELECT u.id, u.thread_id, u.state INTO other_turn, other_thread, other_state FROM chatkit.turn u
			WHERE u.owner_id = p_owner AND u.req_hash = p_hash AND u.frame IS NOT DISTINCT FROM p_frame AND u.delivered_at IS NULL
			  AND u.started_at BETWEEN now() - interval '120 seconds' AND now() + interval '1 minute'
			ORDER BY u.started_at DESC LIMIT 1;
		END IF;
		IF other_turn IS NOT NULL THEN
			how := 'retry';
			RETURN;
		END IF;

		IF th.id IS NULL AND NOT p_create THEN
			how := 'no thread';
			RETURN;
		END IF;
		IF th.id IS NOT NULL AND th.status->>'type' IS DISTINCT FROM 'active' THEN
			how := 'inactive';
			title := th.title;
			status := th.status;
			created_us := extract(epoch FROM th.created_at) * 1000000;
			updated_us := extract(epoch FROM th.updated_at) * 1000000;
			RETURN;
		END IF;
		IF run.turn_id IS NOT NULL THEN
			how := 'busy';
			other_turn := run.turn_id;
			other_runner := run.runner;
			lapsed := run.lease_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute';
			RETURN;
		END IF;
		IF NOT chatkit.holds(p_owner, p_thread, p_if_item, p_if_body, p_if_no_entry) THEN
			how := 'changed';
			RETURN;
		END IF;
		IF cardinality(p_files) > 0 THEN
			missing := chatkit.missing_file(p_owner, p_thread, p_files);
			IF missing IS NOT NULL THEN
				how := 'no file';
				RETURN;
			END IF;
		END IF;
		IF p_cut_after IS NOT NULL THEN
			SELECT i.seq INTO cut FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = p_cut_after;
			IF NOT FOUND THEN
				how := 'no item';
				RETURN;
			END IF;
			DELETE FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.seq > cut;
			-- What tells of an item that stays, stays: what was answered to an older form, or done to an older widget, is so still.
			DELETE FROM chatkit.entry e
			WHERE e.owner_id = p_owner AND e.thread_id = p_thread AND e.seq > cut
			  AND NOT EXISTS (SELECT FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = e.item_id);
		END IF;
		IF th.id IS NULL THEN
			INSERT INTO chatkit.thread (owner_id, id, created_at)
			VALUES (p_owner, p_thread, timestamptz 'epoch' + p_now * interval '1 microsecond') RETURNING * INTO th;
		END IF;
		INSERT INTO chatkit.live (owner_id, thread_id, turn_id, runner, lease_until)
		VALUES (p_owner, p_thread, p_turn, p_runner, clock_timestamp() + interval '15 seconds');
		INSERT INTO chatkit.turn (owner_id, thread_id, id, first_seq, req_hash, frame, model, runner)
		VALUES (p_owner, p_thread, p_turn, th.last_seq, p_hash, p_frame, p_model, p_runner);
		titled := th.title IS NULL AND p_title IS NULL AND p_title_if_none IS NOT NULL;
	END IF;

	how := 'leased';
	title := coalesce(p_title, th.title, p_title_if_none);
	status := coalesce(p_status, th.status::text);
	created_us := extract(epoch FROM th.created_at) * 1000000;
	updated_us := extract(epoch FROM began) * 1000000;
	PERFORM chatkit.put_2(p_owner, p_thread, p_turn, th.last_seq, began, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, p_drop_waiting, p_files, title, p_status);
END $$;

-- False: the lease is not p_turn's. Renews it. thread_pkey, live_pkey
CREATE OR REPLACE FUNCTION chatkit.write_turn_2(p_owner text, p_thread text, p_turn text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_drop_waiting text, p_files text[], p_title text, p_status text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	s bigint;
BEGIN
	PERFORM chatkit.enter(p_owner);
	SELECT t.last_seq INTO s FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR NO KEY UPDATE;
	UPDATE chatkit.live l SET lease_until = clock_timestamp() + interval '15 seconds'
	WHERE l.owner_id = p_owner AND l.thread_id = p_thread AND l.turn_id = p_turn;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM chatkit.put_2(p_owner, p_thread, p_turn, s, NULL, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, p_drop_waiting, p_files, p_title, p_status);
	RETURN true;
END $$;

-- ended; lost (the lease is not p_turn's; or, only_if_stale, it holds and its runner is not p_dead); ended before (lost, because p_runner ended it so
-- already). The chunks go after the live row: a keeper that held it may have added some.
-- thread_pkey, live_pkey, chunk_pkey, turn_pkey
CREATE OR REPLACE FUNCTION chatkit.end_turn_2(p_owner text, p_thread text, p_turn text, p_state text, p_error text, p_tokens_in bigint,
	p_tokens_out bigint, p_runner text, p_only_if_stale boolean, p_dead text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_drop_waiting text, p_files text[], p_title text, p_status text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s bigint;
BEGIN
	PERFORM chatkit.enter(p_owner);
	SELECT t.last_seq INTO s FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR NO KEY UPDATE;
	DELETE FROM chatkit.live l
	WHERE l.owner_id = p_owner AND l.thread_id = p_thread AND l.turn_id = p_turn
	  AND (NOT p_only_if_stale OR l.runner = p_dead OR l.lease_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 minute');
	IF NOT FOUND THEN
		PERFORM 1 FROM chatkit.turn u
		WHERE u.owner_id = p_owner AND u.thread_id = p_thread AND u.id = p_turn AND u.state = p_state AND u.ended_by = p_runner;
		RETURN CASE WHEN FOUND THEN 'ended before' ELSE 'lost' END;
	END IF;
	DELETE FROM chatkit.chunk c WHERE c.owner_id = p_owner AND c.thread_id = p_thread;
	PERFORM chatkit.put_2(p_owner, p_thread, p_turn, s, NULL, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, p_drop_waiting, p_files, p_title, p_status);
	UPDATE chatkit.turn u
	SET state = p_state, error_code = p_error, tokens_in = p_tokens_in, tokens_out = p_tokens_out, ended_at = clock_timestamp(), ended_by = p_runner
	WHERE u.owner_id = p_owner AND u.thread_id = p_thread AND u.id = p_turn;
	RETURN 'ended';
END $$;

-- A batch without a lease. how: done; inactive; changed; no thread; no file (missing). A second run after an unknown outcome finds its conditions undone by
-- its first: then all that it puts stands as it puts it, and that is done too.
-- thread_pkey, item_owner_id_thread_id_id_key, entry_owner_id_thread_id_id_key, live_pkey, item_pkey
CREATE OR REPLACE FUNCTION chatkit.change(p_owner text, p_thread text, p_if_item text, p_if_body text, p_if_no_entry text, p_any_status boolean,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_drop_waiting text, p_files text[], p_title text, p_status text,
	OUT how text, OUT missing text) LANGUAGE plpgsql AS $$
DECLARE
	th chatkit.thread;
	ok boolean;
	turn text;
BEGIN
	PERFORM chatkit.enter(p_owner);
	SELECT * INTO th FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		how := 'no thread';
		RETURN;
	END IF;
	ok := chatkit.holds(p_owner, p_thread, p_if_item, p_if_body, p_if_no_entry);
	IF NOT ok OR (NOT p_any_status AND th.status->>'type' IS DISTINCT FROM 'active') THEN
		how := CASE WHEN cardinality(p_ids) + cardinality(p_entry_ids) > 0
			AND NOT EXISTS (SELECT FROM unnest(p_ids, p_kinds, p_states, p_hidden, p_bodies) AS p(id, kind, state, hidden, body)
				WHERE NOT EXISTS (SELECT FROM chatkit.item i
					WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = p.id
					  AND (i.kind, i.state, i.hidden, i.body) = (p.kind, p.state, p.hidden <> 0, p.body)))
			AND NOT EXISTS (SELECT FROM unnest(p_entry_ids, p_entries) AS p(id, body)
				WHERE NOT EXISTS (SELECT FROM chatkit.entry e WHERE e.owner_id = p_owner AND e.thread_id = p_thread AND e.id = p.id AND e.body = p.body))
			THEN 'done' WHEN ok THEN 'inactive' ELSE 'changed' END;
		RETURN;
	END IF;
	IF cardinality(p_files) > 0 THEN
		missing := chatkit.missing_file(p_owner, p_thread, p_files);
		IF missing IS NOT NULL THEN
			how := 'no file';
			RETURN;
		END IF;
	END IF;
	turn := coalesce((SELECT i.turn_id FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = p_if_item),
		(SELECT l.turn_id FROM chatkit.live l WHERE l.owner_id = p_owner AND l.thread_id = p_thread),
		(SELECT i.turn_id FROM chatkit.item i WHERE i.owner_id = p_owner AND i.thread_id = p_thread ORDER BY i.seq DESC LIMIT 1), '');
	how := 'done';
	PERFORM chatkit.put_2(p_owner, p_thread, turn, th.last_seq, NULL, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, p_drop_waiting, p_files, p_title, p_status);
END $$;

-- The newest entries, newest first: at most p_max, and none behind the one that makes them p_bytes together. entry_pkey, backwards
CREATE OR REPLACE FUNCTION chatkit.history(p_owner text, p_thread text, p_max bigint, p_bytes bigint)
RETURNS TABLE (seq bigint, id text, item_id text, body text) LANGUAGE plpgsql AS $$
DECLARE
	room bigint := p_bytes;
BEGIN
	PERFORM chatkit.enter(p_owner);
	FOR seq, id, item_id, body IN
		SELECT e.seq, e.id, e.item_id, e.body FROM chatkit.entry e
		WHERE e.owner_id = p_owner AND e.thread_id = p_thread ORDER BY e.seq DESC LIMIT p_max
	LOOP
		EXIT WHEN room <= 0;
		RETURN NEXT;
		room := room - octet_length(body);
	END LOOP;
END $$;

-- What grows now in a thread: the items of the turn that runs (p_turn NULL: any), each joined. An item that stands complete by now leaves its chunks behind
-- until the turn ends: they are passed over. live_pkey, chunk_pkey, item_owner_id_thread_id_id_key
CREATE OR REPLACE FUNCTION chatkit.growing(p_owner text, p_thread text, p_turn text)
RETURNS TABLE (item_id text, kind text, created_us bigint, n bigint, t text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM chatkit.enter(p_owner);
	PERFORM 1 FROM chatkit.live l WHERE l.owner_id = p_owner AND l.thread_id = p_thread AND l.turn_id = coalesce(p_turn, l.turn_id);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT c.item_id, min(c.kind), min(c.created_us), max(c.n), string_agg(c.t, '' ORDER BY c.n)
		FROM chatkit.chunk c
		WHERE c.owner_id = p_owner AND c.thread_id = p_thread
		  AND NOT EXISTS (SELECT FROM chatkit.item i
		                  WHERE i.owner_id = p_owner AND i.thread_id = p_thread AND i.id = c.item_id AND i.state <> 'open')
		GROUP BY c.item_id ORDER BY min(c.created_us), c.item_id;
END $$;

-- ---- files ----

-- Under the owner's lock: all that the owner has beside p_id, and p_size for that, pass the quota. NULL: there is none. file_pkey
CREATE OR REPLACE FUNCTION chatkit.over_quota(p_owner text, p_id text, p_size bigint, p_max_count bigint, p_max_bytes bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN p_max_count IS NOT NULL
		AND (SELECT count(*) >= p_max_count OR coalesce(sum(f.size), 0) + p_size > p_max_bytes
		     FROM chatkit.file f WHERE f.owner_id = p_owner AND f.id <> p_id AND f.state <> 'gone');
END $$;

-- ok, also when it stands already; other (what stands under this id is not it); over; no thread. The thread's lock: one that is being deleted finds the file.
-- owner_pkey, thread_pkey, file_pkey
CREATE OR REPLACE FUNCTION chatkit.file_new(p_owner text, p_id text, p_kind text, p_name text, p_mime text, p_size bigint, p_sha256 bytea, p_state text,
	p_thread text, p_max_count bigint, p_max_bytes bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f chatkit.file;
BEGIN
	PERFORM chatkit.enter(p_owner);
	INSERT INTO chatkit.owner AS o (owner_id) VALUES (p_owner) ON CONFLICT (owner_id) DO UPDATE SET created_at = o.created_at WHERE false;
	IF p_thread IS NOT NULL THEN
		PERFORM 1 FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR KEY SHARE;
		IF NOT FOUND THEN
			RETURN 'no thread';
		END IF;
	END IF;
	SELECT * INTO f FROM chatkit.file k WHERE k.owner_id = p_owner AND k.id = p_id;
	IF FOUND THEN
		RETURN CASE WHEN f.state <> 'gone' AND f.kind = p_kind AND (f.sha256 = p_sha256) IS NOT FALSE THEN 'ok' ELSE 'other' END;
	END IF;
	IF chatkit.over_quota(p_owner, p_id, p_size, p_max_count, p_max_bytes) THEN
		RETURN 'over';
	END IF;
	INSERT INTO chatkit.file (owner_id, id, kind, name, mime, size, sha256, state, thread_id)
	VALUES (p_owner, p_id, p_kind, p_name, p_mime, p_size, p_sha256, p_state, p_thread);
	RETURN 'ok';
END $$;

-- ok, also when these very bytes were told before; other; over; no file. owner_pkey, file_pkey
CREATE OR REPLACE FUNCTION chatkit.file_here(p_owner text, p_id text, p_size bigint, p_mime text, p_sha256 bytea, p_max_count bigint, p_max_bytes bigint)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f chatkit.file;
BEGIN
	PERFORM chatkit.enter(p_owner);
	PERFORM 1 FROM chatkit.owner o WHERE o.owner_id = p_owner FOR NO KEY UPDATE;
	SELECT * INTO f FROM chatkit.file k WHERE k.owner_id = p_owner AND k.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND OR f.state = 'gone' THEN
		RETURN 'no file';
	END IF;
	IF f.state <> 'new' THEN
		RETURN CASE WHEN f.size = p_size AND f.sha256 = p_sha256 THEN 'ok' ELSE 'other' END;
	END IF;
	IF chatkit.over_quota(p_owner, p_id, p_size, p_max_count, p_max_bytes) THEN
		RETURN 'over';
	END IF;
	UPDATE chatkit.file k SET state = 'here', size = p_size, mime = p_mime, sha256 = p_sha256, at = clock_timestamp()
	WHERE k.owner_id = p_owner AND k.id = p_id;
	RETURN 'ok';
END $$;

-- Only with the thread's lock: one that is made in this moment is not there yet, and its rows are somebody's. The live row goes before the turns, and the
-- chunks in a statement after it: a keeper may hold it now. The rest goes with the thread (foreign keys). thread_pkey, live_pkey, chunk_pkey
CREATE OR REPLACE FUNCTION chatkit.thread_delete(p_owner text, p_thread text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM chatkit.enter(p_owner);
	PERFORM 1 FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM chatkit.live l WHERE l.owner_id = p_owner AND l.thread_id = p_thread;
	DELETE FROM chatkit.chunk c WHERE c.owner_id = p_owner AND c.thread_id = p_thread;
	DELETE FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread;
	RETURN true;
END $$;

-- However a thread is deleted, its files are found by the sweep. file_used
CREATE OR REPLACE FUNCTION chatkit.thread_gone() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	UPDATE chatkit.file SET state = 'gone', thread_id = NULL, at = clock_timestamp() WHERE owner_id = OLD.owner_id AND thread_id = OLD.id;
	RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS thread_gone ON chatkit.thread;
CREATE TRIGGER thread_gone AFTER DELETE ON chatkit.thread FOR EACH ROW EXECUTE FUNCTION chatkit.thread_gone();

-- ---- the todo list ----

-- A task as the tools give it, whatever the session's DateStyle and TimeZone.
CREATE OR REPLACE FUNCTION chatkit.task_json(t chatkit.task) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN row_to_json(x)::text FROM (SELECT t.id, t.title, t.description, t.priority, t.category, t.completed,
		to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at) AS x;
END $$;

-- Before a change that a turn makes: its lease, and what the entry says when the change was made before. seq NULL: the lease is not p_turn's. Without a
-- turn there is nothing to ask: seq 0. entry_owner_id_thread_id_id_key
CREATE OR REPLACE FUNCTION chatkit.task_fence(p_owner text, p_thread text, p_turn text, p_entry text, p_pre text, p_post text,
	OUT seq bigint, OUT told text) LANGUAGE plpgsql AS $$
BEGIN
	IF p_turn IS NULL THEN
		seq := 0;
		RETURN;
	END IF;
	SELECT t.last_seq INTO seq FROM chatkit.thread t WHERE t.owner_id = p_owner AND t.id = p_thread FOR NO KEY UPDATE;
	UPDATE chatkit.live l SET lease_until = clock_timestamp() + interval '15 seconds'
	WHERE l.owner_id = p_owner AND l.thread_id = p_thread AND l.turn_id = p_turn;
	IF NOT FOUND THEN
		seq := NULL;
		RETURN;
	END IF;
	SELECT substr(e.body, length(p_pre) + 1, length(e.body) - length(p_pre) - length(p_post))::json #>> '{}' INTO told
	FROM chatkit.entry e WHERE e.owner_id = p_owner AND e.thread_id = p_thread AND e.id = p_entry;
END $$;

-- After it: the entry that tells the model.
CREATE OR REPLACE FUNCTION chatkit.task_told(p_owner text, p_thread text, p_turn text, p_entry text, p_pre text, p_post text, p_seq bigint, p_result text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF p_turn IS NULL OR p_result IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO chatkit.entry (owner_id, thread_id, seq, id, turn_id, body)
	VALUES (p_owner, p_thread, p_seq + 1, p_entry, p_turn, p_pre || to_json(p_result)::text || p_post);
	UPDATE chatkit.thread t SET last_seq = p_seq + 1 WHERE t.owner_id = p_owner AND t.id = p_thread;
END $$;

-- p_change: add, update, delete. p_id: which task; of a new one nothing. p_made_by: a name for this very call, made before it: an added task is found by it
-- among the newest when the call comes twice. ours: the lease was; result NULL: no such task.
-- owner_pkey, task_pkey
CREATE OR REPLACE FUNCTION chatkit.task_change(p_owner text, p_thread text, p_turn text, p_entry text, p_pre text, p_post text,
	p_change text, p_id bigint, p_made_by text, p_title text, p_description text, p_priority text, p_category text, p_completed boolean,
	OUT ours boolean, OUT result text) LANGUAGE plpgsql AS $$
DECLARE
	s bigint;
	k chatkit.task;
	last bigint;
BEGIN
	PERFORM chatkit.enter(p_owner);
	-- New ids come from the owner's row; its lock comes before the thread's.
	IF p_change = 'add' THEN
		INSERT INTO chatkit.owner AS o (owner_id) VALUES (p_owner) ON CONFLICT (owner_id) DO UPDATE SET created_at = o.created_at WHERE false;
		SELECT o.last_task INTO last FROM chatkit.owner o WHERE o.owner_id = p_owner;
	END IF;
	SELECT f.seq, f.told INTO s, result FROM chatkit.task_fence(p_owner, p_thread, p_turn, p_entry, p_pre, p_post) f;
	ours := s IS NOT NULL;
	IF NOT ours OR result IS NOT NULL THEN
		RETURN;
	END IF;

	IF p_change = 'add' THEN
		SELECT * INTO k FROM chatkit.task t WHERE t.owner_id = p_owner AND t.id > last - 100 AND t.made_by = p_made_by;
		IF NOT FOUND THEN
			INSERT INTO chatkit.task (owner_id, id, title, description, priority, category, completed, made_by)
			VALUES (p_owner, last + 1, p_title, coalesce(p_description, ''), coalesce(p_priority, 'none'), coalesce(p_category, 'other'),
				coalesce(p_completed, false), p_made_by) RETURNING * INTO k;
			UPDATE chatkit.owner o SET last_task = last + 1 WHERE o.owner_id = p_owner;
		END IF;
	ELSIF p_change = 'update' THEN
		UPDATE chatkit.task t
		SET title = coalesce(p_title, t.title), description = coalesce(p_description, t.description), priority = coalesce(p_priority, t.priority),
		    category = coalesce(p_category, t.category), completed = coalesce(p_completed, t.completed)
		WHERE t.owner_id = p_owner AND t.id = p_id RETURNING * INTO k;
	ELSE
		DELETE FROM chatkit.task t WHERE t.owner_id = p_owner AND t.id = p_id RETURNING * INTO k;
	END IF;

	IF k.id IS NOT NULL AND p_change = 'delete' THEN
		result := row_to_json(x)::text FROM (SELECT true AS success, 'Deleted task "' || k.title || '"' AS message) AS x;
	ELSIF k.id IS NOT NULL THEN
		result := chatkit.task_json(k);
	END IF;
	PERFORM chatkit.task_told(p_owner, p_thread, p_turn, p_entry, p_pre, p_post, s, result);
END $$;

-- ---- for version 1's executable ----

CREATE OR REPLACE FUNCTION chatkit.put(p_owner text, p_thread text, p_turn text, p_seq bigint, p_began timestamptz,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_title text, p_status text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM chatkit.put_2(p_owner, p_thread, p_turn, p_seq, p_began, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, NULL, '{}', p_title, p_status);
END $$;

CREATE OR REPLACE FUNCTION chatkit.begin_turn(p_owner text, p_thread text, p_turn text, p_create boolean, p_hash bytea, p_frame text, p_now bigint,
	p_runner text, p_model text, p_cut_after text, p_title_if_none text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_title text, p_status text,
	OUT how text, OUT other_turn text, OUT other_thread text, OUT other_state text, OUT other_runner text, OUT lapsed boolean,
	OUT titled boolean, OUT title text, OUT status text, OUT created_us bigint, OUT updated_us bigint) LANGUAGE plpgsql AS $$
BEGIN
	SELECT b.how, b.other_turn, b.other_thread, b.other_state, b.other_runner, b.lapsed, b.titled, b.title, b.status, b.created_us, b.updated_us
	INTO how, other_turn, other_thread, other_state, other_runner, lapsed, titled, title, status, created_us, updated_us
	FROM chatkit.begin_turn_2(p_owner, p_thread, p_turn, p_create, p_hash, p_frame, p_now, p_runner, p_model, p_cut_after, p_title_if_none,
		NULL, NULL, NULL, p_ids, p_kinds, p_states, p_hidden, p_bodies, p_entry_ids, p_entry_items, p_entries, p_drop, NULL, '{}',
		p_title, p_status) b;
END $$;

CREATE OR REPLACE FUNCTION chatkit.write_turn(p_owner text, p_thread text, p_turn text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_title text, p_status text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN chatkit.write_turn_2(p_owner, p_thread, p_turn, p_ids, p_kinds, p_states, p_hidden, p_bodies,
		p_entry_ids, p_entry_items, p_entries, p_drop, NULL, '{}', p_title, p_status);
END $$;

CREATE OR REPLACE FUNCTION chatkit.end_turn(p_owner text, p_thread text, p_turn text, p_state text, p_error text, p_tokens_in bigint,
	p_tokens_out bigint, p_runner text, p_only_if_stale boolean, p_dead text,
	p_ids text[], p_kinds text[], p_states text[], p_hidden bigint[], p_bodies text[],
	p_entry_ids text[], p_entry_items text[], p_entries text[], p_drop text[], p_title text, p_status text)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN chatkit.end_turn_2(p_owner, p_thread, p_turn, p_state, p_error, p_tokens_in, p_tokens_out, p_runner, p_only_if_stale, p_dead,
		p_ids, p_kinds, p_states, p_hidden, p_bodies, p_entry_ids, p_entry_items, p_entries, p_drop, NULL, '{}', p_title, p_status);
END $$;

INSERT INTO chatkit.version (v) VALUES (2) ON CONFLICT DO NOTHING;
