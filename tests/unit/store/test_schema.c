/* SPDX-License-Identifier: MIT */
/* The schema installs itself, once; what it refuses; and that its row-level security holds alone. */
#include "tests/unit/store/world.h"

/* ---- installing ---- */
static void install(struct io *io)
{
	struct shop sh;

	shop_build(&sh, io, w.conninfo, NULL);
	crowd_start();
	EXPECT_RC_E(RC_OK, store_ready(sh.s, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_ping(sh.s, &sh.e), &sh.e);
	shop_close(&sh);
}

static void processes_install_at_once(void **state UNUSED)
{
	pid_t pids[6];

	for (int round = 0; round < 5; round++) {
		ask("DROP SCHEMA IF EXISTS chatkit CASCADE");
		crowd_go(countof(pids), pids, install);
		crowd_join(countof(pids), pids);
		EXPECT_EQ(ask("SELECT count(*) * 100 + max(v) FROM chatkit.version"), 100 + STORE_SCHEMA);
	}
}

static void versions(struct io *io)
{
	struct shop sh;
	int from = -9;

	ask("DROP SCHEMA IF EXISTS chatkit CASCADE");
	shop_build(&sh, io, w.conninfo, NULL);
	EXPECT_RC_E(RC_OK, store_migrate(sh.s, &from, &sh.e), &sh.e);
	EXPECT_EQ(from, 0);
	ask("DROP FUNCTION chatkit.enter");
	EXPECT_RC_E(RC_OK, store_migrate(sh.s, &from, &sh.e), &sh.e);
	EXPECT_EQ(from, STORE_SCHEMA);
	EXPECT_EQ(ask("SELECT count(*) FROM pg_proc WHERE proname = 'enter'"), 1);
	/* What was seen is remembered. */
	ask("UPDATE chatkit.version SET v = %d", STORE_SCHEMA + 1);
	EXPECT_RC_E(RC_OK, store_ready(sh.s, &sh.e), &sh.e);
	shop_close(&sh);

	shop_build(&sh, io, w.conninfo, NULL);
	EXPECT_RC(RC_CONF, store_ready(sh.s, &sh.e));
	EXPECT(strstr(sh.e.msg, "newer chatkit.fcgi"));
	EXPECT_RC(RC_CONF, store_migrate(sh.s, &from, &sh.e));
	EXPECT_EQ(from, STORE_SCHEMA + 1);
	ask("UPDATE chatkit.version SET v = -1");
	EXPECT_RC(RC_CONF, store_ready(sh.s, &sh.e));
	EXPECT(strstr(sh.e.msg, "chatkit.fcgi migrate"));
	EXPECT_EQ(ask("SELECT max(v) FROM chatkit.version"), -1);
	EXPECT_RC_E(RC_OK, store_migrate(sh.s, &from, &sh.e), &sh.e);
	EXPECT_EQ(from, -1);
	EXPECT_EQ(ask("SELECT max(v) FROM chatkit.version"), STORE_SCHEMA);
	EXPECT_RC_E(RC_OK, store_ready(sh.s, &sh.e), &sh.e);
	shop_close(&sh);
}

static void another_version_is_refused_or_migrated(void **state UNUSED)
{
	run_task(versions);
}

static void refusals(struct io *io)
{
	struct shop sh;
	char info[160];

	ask("DROP DATABASE IF EXISTS ascii");
	ask("DROP DATABASE IF EXISTS foreign_db");
	ask("CREATE DATABASE ascii OWNER ck ENCODING 'SQL_ASCII' TEMPLATE template0");
	ask("CREATE DATABASE foreign_db");
	snprintf(info, sizeof(info), "host=%s port=5432 user=ck dbname=ascii", w.pg->dir);
	shop_build(&sh, io, info, NULL);
	EXPECT_RC(RC_CONF, store_ready(sh.s, &sh.e));
	EXPECT(strstr(sh.e.msg, "UTF8"));
	shop_close(&sh);
	snprintf(info, sizeof(info), "host=%s port=5432 user=ck dbname=foreign_db", w.pg->dir);
	shop_build(&sh, io, info, NULL);
	EXPECT_RC(RC_CONF, store_ready(sh.s, &sh.e));
	EXPECT(strstr(sh.e.msg, "CREATE on the database"));
	shop_close(&sh);
	snprintf(info, sizeof(info), "host=%s port=5432 user=ck dbname=none", w.pg->dir);
	shop_build(&sh, io, info, NULL);
	EXPECT_RC(RC_DB, store_ready(sh.s, &sh.e));
	EXPECT_RC(RC_DB, store_ping(sh.s, &sh.e));
	shop_close(&sh);
}

static void what_cannot_work_is_said(void **state UNUSED)
{
	run_task(refusals);
}

/* ---- the second lock ---- */
static const char *const tables[] = {"owner", "thread", "turn", "live", "chunk", "item", "entry", "task", "feedback", "file"};
static const char *const keepers[] = {"turn", "live", "chunk", "file"};

static void two_owners(struct io *io)
{
	static const char *const owners[] = {"one", "two"};
	struct task_fields f = {.title = S("t"), .completed = -1};
	struct store_file file = {.id = S("fil_1"), .name = S("n"), .mime = S("m"), .size = 3};
	struct shop sh;

	shop_open(&sh, io, NULL);
	for (size_t i = 0; i < countof(owners); i++) {
		struct talk t;
		struct slice r;
		struct keep k;
		struct kept kept;

		talk_new(&sh, &t, slice_cstr(owners[i]));
		k = keep_of(&t, S("msg_x"), 0, "x");
		EXPECT_RC_E(RC_OK, store_keep(sh.s, sh.a, &k, 1, NULL, 0, &kept, &sh.e), &sh.e);
		EXPECT(kept.there && !kept.refused);
		EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, slice_cstr(owners[i]), &f, NULL, &r, &sh.e), &sh.e);
		EXPECT_RC_E(RC_OK, store_feedback(sh.s, sh.a, t.k.owner, t.k.thread_id, &t.item, 1, true, &sh.e), &sh.e);
		EXPECT_RC_E(RC_OK, store_file_new(sh.s, sh.a, t.k.owner, &file, NULL, &sh.e), &sh.e);
	}
	shop_close(&sh);
}

/* As the store's role: rows that a statement without WHERE sees or changes. */
static int64_t rows(PGconn *c, const char *verb, const char *table, const char *rest)
{
	char sql[200];
	PGresult *r;
	int64_t v;

	snprintf(sql, sizeof(sql), "%s chatkit.%s %s", verb, table, rest);
	r = ask_on(c, sql);
	v = strtoll(PQntuples(r) ? PQgetvalue(r, 0, 0) : PQcmdTuples(r), NULL, 10);
	PQclear(r);
	return v;
}

static bool denied(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	bool is = state && strcmp(state, "42501") == 0;

	PQclear(r);
	return is;
}

static void row_level_security_holds_alone(void **state UNUSED)
{
	PGconn *c;

	ask("DROP SCHEMA IF EXISTS chatkit CASCADE");
	w.conninfo = w.direct;
	run_task(two_owners);
	c = admin_open("ck");
	for (size_t i = 0; i < countof(tables); i++) {
		EXPECT_EQ(rows(c, "SELECT count(*) FROM", tables[i], ""), 0); /* nobody said whose */
		PQclear(ask_on(c, "BEGIN; SELECT set_config('chatkit.owner', 'one', true)"));
		EXPECT_EQ(rows(c, "SELECT count(*) FROM", tables[i], ""), 1);
		EXPECT_EQ(rows(c, "SELECT count(*) FROM", tables[i], "WHERE owner_id <> 'one'"), 0);
		EXPECT_EQ(rows(c, "UPDATE", tables[i], "SET owner_id = owner_id"), 1);
		EXPECT_EQ(rows(c, "DELETE FROM", tables[i], ""), 1);
		PQclear(ask_on(c, "ROLLBACK; BEGIN; SELECT set_config('chatkit.owner', 'one', true); COMMIT"));
		EXPECT_EQ(rows(c, "SELECT count(*) FROM", tables[i], ""), 0); /* the setting ended with the transaction */
	}
	PQclear(ask_on(c, "BEGIN; SELECT set_config('chatkit.owner', 'one', true)"));
	EXPECT(denied(c, "INSERT INTO chatkit.owner (owner_id) VALUES ('three')"));
	PQclear(ask_on(c, "ROLLBACK; BEGIN; SELECT set_config('chatkit.owner', 'one', true)"));
	EXPECT(denied(c, "UPDATE chatkit.task SET owner_id = 'two'"));
	PQclear(ask_on(c, "ROLLBACK"));
	EXPECT(denied(c, "INSERT INTO chatkit.chunk VALUES ('one', 't', 'i', 0, 'k', 1, 'x')"));
	PQfinish(c);
}

static void the_keeper_sees_running_turns_and_no_more(void **state UNUSED)
{
	PGconn *c = admin_open("ck");

	PQclear(ask_on(c, "BEGIN; SELECT set_config('chatkit.keeper', 'on', true)"));
	for (size_t i = 0; i < countof(tables); i++) {
		int64_t want = 0;

		for (size_t k = 0; k < countof(keepers); k++)
			want += strcmp(tables[i], keepers[k]) == 0 ? 2 : 0;
		EXPECT_EQ(rows(c, "SELECT count(*) FROM", tables[i], ""), want);
		EXPECT_EQ(rows(c, "DELETE FROM", tables[i], ""), 0);
	}
	EXPECT(denied(c, "INSERT INTO chatkit.live VALUES ('one', 't', 'u', 'r', now())"));
	PQclear(ask_on(c, "ROLLBACK"));
	/* A file only as long as no conversation uses it, and then only to let it go. */
	ask("UPDATE chatkit.file SET state = 'used', thread_id = 't' WHERE owner_id = 'one'");
	PQclear(ask_on(c, "BEGIN; SELECT set_config('chatkit.keeper', 'on', true)"));
	EXPECT_EQ(rows(c, "SELECT count(*) FROM", "file", ""), 1);
	EXPECT_EQ(rows(c, "UPDATE", "file", "SET state = 'gone'"), 1);
	PQclear(ask_on(c, "ROLLBACK; BEGIN; SELECT set_config('chatkit.keeper', 'on', true)"));
	EXPECT(denied(c, "UPDATE chatkit.file SET state = 'here'"));
	PQclear(ask_on(c, "ROLLBACK"));
	EXPECT_EQ(rows(c, "SELECT count(*) FROM", "live", ""), 0);
	PQfinish(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_install_at_once),
		cmocka_unit_test(another_version_is_refused_or_migrated),
		cmocka_unit_test(what_cannot_work_is_said),
		cmocka_unit_test(row_level_security_holds_alone),
		cmocka_unit_test(the_keeper_sees_running_turns_and_no_more),
	};

	return world_run(tests);
}
