/* SPDX-License-Identifier: MIT */
/*
 * A database of version 1 (schema-1.sql, as that version's executable carried it) with a site's data in it is brought up: nothing of it is lost, what ran
 * goes on, and that executable's statements work on while it is brought up and after.
 */
#include "tests/unit/store/world.h"

/* Version 1's statements. */
#define BEGIN_1 "SELECT how = 'leased' FROM chatkit.begin_turn('%s', '%s', '%s', true, NULL, NULL, 1766000000123457, 'host:1:1', 'demo/todo', NULL, 'Title',\n"
#define WRITE_1 "SELECT chatkit.write_turn('%s', '%s', '%s',\n"
#define END_1 "SELECT chatkit.end_turn('%s', '%s', '%s', 'done', NULL, 1, 2, 'host:1:1', false, NULL,\n"
#define ONE_ITEM_1 " ARRAY['%s'], ARRAY['k'], ARRAY['%s'], ARRAY[0], ARRAY['{\"n\":1}'], ARRAY['ent_%s'], ARRAY['%s'], ARRAY['said'], '{}', NULL, NULL)"

/* The answer of one of them, as its executable would have it: true. */
static bool say(PGconn *c, char *sqlstate, const char *fmt, ...) PRINTF(3, 4);
static bool say(PGconn *c, char *sqlstate, const char *fmt, ...)
{
	char sql[2048];
	const char *code;
	PGresult *r;
	va_list ap;
	bool yes;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	r = PQexec(c, sql);
	code = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	if (sqlstate)
		snprintf(sqlstate, 6, "%s", code ? code : "");
	yes = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1 && strchr("te", PQgetvalue(r, 0, 0)[0]);
	if (code && strcmp(code, "40P01") != 0)
		fprintf(stderr, "%s\n%s", sql, PQerrorMessage(c));
	PQclear(r);
	return yes;
}

/* Version 1, its tables owned by the site's role. */
static void install_1(void)
{
	FILE *f = fopen("tests/unit/store/schema-1.sql", "r");
	char *text = xalloc(1 << 20);
	PGconn *c;

	EXPECT(f);
	text[fread(text, 1, (1 << 20) - 1, f)] = 0;
	fclose(f);
	ask("DROP SCHEMA IF EXISTS chatkit CASCADE");
	c = admin_open("ck");
	PQclear(ask_on(c, text));
	PQfinish(c);
	free(text);
}

/* Something in every table; thr_3's turn runs, and its answer grows. */
static void fill_1(void)
{
	PGconn *c = admin_open("ck");
	char thread[16], turn[16], item[16];

	for (int i = 0; i < 4; i++) {
		snprintf(thread, sizeof(thread), "thr_%d", i);
		snprintf(turn, sizeof(turn), "turn_%d", i);
		snprintf(item, sizeof(item), "msg_%d", i);
		EXPECT(say(c, NULL, BEGIN_1 ONE_ITEM_1, "old", thread, turn, item, "done", item, item));
		EXPECT(say(c, NULL, WRITE_1 ONE_ITEM_1, "old", thread, turn, "wf", i == 2 ? "incomplete" : "open", "w", "wf"));
		if (i < 3)
			EXPECT(say(c, NULL, END_1 ONE_ITEM_1, "old", thread, turn, "wf", "done", "w", "wf"));
	}
	PQfinish(c);
	ask("INSERT INTO chatkit.chunk SELECT owner_id, thread_id, 'msg_g', 0, 'k', 1, 'grows' FROM chatkit.live");
	ask("SELECT chatkit.task_change('old', NULL, NULL, NULL, '', '', 'add', 0, 'call_x', 'Milk', NULL, NULL, NULL, NULL)");
	ask("UPDATE chatkit.thread SET status = '{\"type\":\"closed\"}', title = NULL WHERE id = 'thr_0'");
}

static const char *const tables_1[] = {"owner", "thread", "turn", "live", "chunk", "item", "entry", "task"};
enum { SUM = 33 };

static void sums(char out[][SUM])
{
	PGconn *c = admin_open("chatkit");

	for (size_t i = 0; i < countof(tables_1); i++) {
		char sql[200];
		PGresult *r;

		snprintf(sql, sizeof(sql), "SELECT md5(string_agg(x::text, ',' ORDER BY x::text)), count(*) FROM chatkit.%s x", tables_1[i]);
		r = ask_on(c, sql);
		snprintf(out[i], SUM, "%s", PQgetvalue(r, 0, 0));
		EXPECT(strcmp(PQgetvalue(r, 0, 1), "0") != 0);
		PQclear(r);
	}
	PQfinish(c);
}

static void migrate(struct io *io)
{
	char before[countof(tables_1)][SUM], after[countof(tables_1)][SUM];
	struct shop sh;
	int from = 0;

	install_1();
	fill_1();
	sums(before);
	shop_build(&sh, io, w.conninfo, NULL);
	EXPECT_RC(RC_CONF, store_ready(sh.s, &sh.e));
	EXPECT(strstr(sh.e.msg, "chatkit.fcgi migrate"));
	for (int i = 0; i < 2; i++) {
		EXPECT_RC_E(RC_OK, store_migrate(sh.s, &from, &sh.e), &sh.e);
		EXPECT_EQ(from, i ? STORE_SCHEMA : 1);
		sums(after);
		EXPECT(memcmp(before, after, sizeof(before)) == 0);
		EXPECT_EQ(ask("SELECT max(v) FROM chatkit.version"), STORE_SCHEMA);
	}
	shop_close(&sh);
}

/* What each version began the other reads, continues and ends. */
static void both(struct io *io)
{
	struct turn_key running = {S("old"), S("thr_3"), S("turn_3")};
	struct store_item put = item_of(S("wf"), "{\"n\":2}", ITEM_WAITING);
	struct store_waiting waiting;
	struct store_open open;
	struct item_page page;
	PGconn *c = admin_open("ck");
	struct shop sh;
	struct talk t;
	struct begin b = {.owner = S("old"), .thread_id = S("thr_1"), .turn_id = S("turn_new")};

	shop_open(&sh, io, NULL);
	EXPECT_RC_E(RC_OK, store_open_of(sh.s, sh.a, &running, &open, &sh.e), &sh.e);
	EXPECT(open.n_items == 1 && slice_is(open.items[0].id, "wf") && open.n_chunks == 1 && slice_is(open.chunks[0].text, "grows"));
	EXPECT(say(c, NULL, WRITE_1 ONE_ITEM_1, "old", "thr_3", "turn_3", "msg_more", "done", "more", "msg_more"));
	EXPECT_RC_E(RC_OK, store_end(sh.s, sh.a, &running, &(struct turn_end){.state = TURN_DONE, .batch = {.put = &put, .n_put = 1}}, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_items(sh.s, sh.a, S("old"), S("thr_3"), &(struct page_req){.limit = 9}, &page, &sh.e), &sh.e);
	EXPECT(page.n == 3 && page.items[1].state == ITEM_WAITING && page.n_chunks == 0);
	EXPECT_RC_E(RC_OK, store_waiting(sh.s, sh.a, S("old"), S("thr_3"), S("assistant_message"), &waiting, &sh.e), &sh.e);
	EXPECT(waiting.found && !waiting.running);

	EXPECT_RC_E(RC_OK, talk_begin(&sh, &t, &b), &sh.e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	EXPECT_EQ(t.b.n_history, 3);
	EXPECT_STR("Title", t.b.thread.title);
	EXPECT(!say(c, NULL, BEGIN_1 ONE_ITEM_1, "old", "thr_1", "turn_x", "msg_x", "done", "x", "x")); /* busy */
	EXPECT(say(c, NULL, END_1 ONE_ITEM_1, "old", "thr_1", "turn_new", "msg_end", "done", "end", "msg_end"));
	EXPECT(say(c, NULL, BEGIN_1 ONE_ITEM_1, "old", "thr_1", "turn_x", "msg_x", "done", "x", "x"));
	EXPECT_EQ(threads_with_gaps("old"), 0);
	PQfinish(c);
	shop_close(&sh);
}

static void nothing_is_lost(void **state UNUSED)
{
	run_task(migrate);
	run_task(both);
}

/* ---- while it is at work ---- */
static struct site {
	_Atomic bool over;
	_Atomic int started, turns, failed, migrated;
} *site;
enum { WORKERS = 3 };

/* One of version 1's statements; a deadlock is run again, as it does. */
#define AGAIN(...)                                                                                                                                     \
	do {                                                                                                                                           \
		bool ok = false;                                                                                                                       \
		for (int try = 0; !ok && try < 4; try++)                                                                                               \
			ok = say(c, code, __VA_ARGS__) || strcmp(code, "40P01") != 0;                                                                  \
		site->failed += code[0] != 0;                                                                                                          \
	} while (0)

static void work(struct io *io UNUSED)
{
	PGconn *c = admin_open("ck");
	char thread[32], turn[32], item[32], code[6];

	site->started++;
	for (int i = 0; !site->over; i++) {
		snprintf(thread, sizeof(thread), "thr_%d_%d", crowd_me, i % 7);
		snprintf(turn, sizeof(turn), "turn_%d_%d", crowd_me, i);
		snprintf(item, sizeof(item), "msg_%d_%d", crowd_me, i);
		AGAIN(BEGIN_1 ONE_ITEM_1, "busy", thread, turn, item, "done", item, item);
		AGAIN(WRITE_1 ONE_ITEM_1, "busy", thread, turn, item, "open", item, item);
		AGAIN(END_1 ONE_ITEM_1, "busy", thread, turn, item, "done", item, item);
		site->turns++;
	}
	PQfinish(c);
}

static void upgrade(struct io *io)
{
	struct shop sh;
	int turns;

	shop_build(&sh, io, w.conninfo, NULL);
	for (int i = 0; i < 10; i++) {
		turns = site->turns;
		EXPECT_RC_E(RC_OK, store_migrate(sh.s, NULL, &sh.e), &sh.e);
		while (site->turns < turns + 2 * WORKERS)
			io_sleep(io, IO_MS, NULL);
	}
	shop_close(&sh);
}

static void a_site_works_on_meanwhile(void **state UNUSED)
{
	pid_t pids[WORKERS];

	site = shared(sizeof(*site));
	install_1();
	crowd_go(WORKERS, pids, work);
	while (site->started < WORKERS)
		pg__sleep_ms(1);
	run_task(upgrade);
	site->over = true;
	crowd_join(WORKERS, pids);
	print_message("%d turns of version 1 while it was brought up\n", site->turns);
	EXPECT_EQ(site->failed, 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.turn WHERE owner_id = 'busy' AND state = 'done'"), site->turns);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.item WHERE owner_id = 'busy' AND state = 'done'"), site->turns);
	EXPECT_EQ(threads_with_gaps("busy"), 0);
	munmap(site, sizeof(*site));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost), cmocka_unit_test(a_site_works_on_meanwhile)};

	return world_run(tests);
}
