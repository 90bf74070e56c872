/* SPDX-License-Identifier: MIT */
/*
 * Every statement finds its rows by an index, in a table of the size it may grow to. The server itself tells (auto_explain), of the statements as the store
 * sends them.
 */
#include "tests/unit/store/world.h"

static long log_at;

/* What the server has logged since the last look; the caller frees it. */
static char *logged(void)
{
	char path[96], *text;
	FILE *f;
	long end;

	snprintf(path, sizeof(path), "%s/log", w.pg->dir);
	f = fopen(path, "r");
	EXPECT(f && fseek(f, 0, SEEK_END) == 0);
	end = ftell(f);
	text = xalloc((size_t)(end - log_at) + 1);
	EXPECT(fseek(f, log_at, SEEK_SET) == 0 && fread(text, 1, (size_t)(end - log_at), f) == (size_t)(end - log_at));
	fclose(f);
	log_at = end;
	return text;
}

/* `live` has no index on its lease, and is as long as turns run: it may be read through. Nothing else may. */
static void expect_plan(const char *what, const char *const *indexes, size_t n)
{
	char *text = logged(), *at = text;
	bool ok = true;

	while ((at = strstr(at, "Seq Scan on ")) != NULL) {
		at += strlen("Seq Scan on ");
		ok = ok && strncmp(at, "live", 4) == 0;
	}
	for (size_t i = 0; i < n; i++)
		ok = ok && strstr(text, indexes[i]);
	if (!ok) {
		fprintf(stderr, "%s:\n%s", what, text);
		EXPECT(!"all by index");
	}
	free(text);
}

#define EXPECT_PLAN(what, ...) expect_plan(what, (const char *const[]){__VA_ARGS__}, countof(((const char *const[]){__VA_ARGS__})))

/* Without the work of foreign keys. */
#define BULK "SET session_replication_role = replica; "

static void fill(void)
{
	ask(BULK "INSERT INTO chatkit.owner SELECT 'plan' || g FROM generate_series(0, 20000) g");
	ask(BULK "INSERT INTO chatkit.thread (owner_id, id, title, updated_at)\n"
	    "SELECT CASE WHEN g %% 2 = 0 THEN 'plan0' ELSE 'plan' || g %% 200 END, 'thr_' || md5(g::text), 'title ' || g, now() - g * interval '1 s'\n"
	    "FROM generate_series(1, 100000) g");
	ask(BULK "INSERT INTO chatkit.thread (owner_id, id, last_seq) VALUES ('plan0', 'thr_long', 200000)");
	ask(BULK "INSERT INTO chatkit.item SELECT 'plan0', 'thr_long', g * 2 - 1, 'msg_' || g, 'turn_' || g / 3, 'k', 'done', g %% 10 = 0, now(), repeat('x', 100)\n"
	    "FROM generate_series(1, 100000) g");
	ask(BULK "INSERT INTO chatkit.entry SELECT 'plan0', 'thr_long', g * 2, 'ent_' || g, 'turn_' || g / 3, 'msg_' || g, repeat('x', 100) FROM generate_series(1, 100000) g");
	ask(BULK "INSERT INTO chatkit.item SELECT owner_id, id, 1, 'msg_1', 'turn_1', 'k', 'done', false, now(), 'x' FROM chatkit.thread WHERE id <> 'thr_long'");
	ask(BULK "INSERT INTO chatkit.turn (owner_id, thread_id, id, first_seq, req_hash, runner, state, started_at)\n"
	    "SELECT owner_id, id, 'turn_1', 0, sha256(id::bytea), 'r', 'done', updated_at FROM chatkit.thread");
	ask(BULK "INSERT INTO chatkit.task (owner_id, id, title, made_by) SELECT 'plan' || g %% 200, g, 't', 'x' FROM generate_series(1, 100000) g");
	ask("UPDATE chatkit.owner SET last_task = 100000");
	ask(BULK "UPDATE chatkit.item SET state = 'waiting' WHERE seq %% 20000 = 1 AND thread_id = 'thr_long'");
	ask(BULK "INSERT INTO chatkit.feedback SELECT 'plan0', 'thr_long', 'msg_' || g, 'positive', now() FROM generate_series(1, 100000) g");
	ask(BULK "INSERT INTO chatkit.file SELECT 'plan' || g %% 200, 'fil_' || g, 'upload', 'n', 'm', 9, NULL, CASE WHEN g %% 100 = 7 THEN 'here' ELSE 'used' END,\n"
	    "CASE WHEN g %% 100 <> 7 THEN 'thr_' || g END, now(), now() - g * interval '1 s' FROM generate_series(1, 100000) g");
	ask(BULK "INSERT INTO chatkit.chunk SELECT owner_id, id, 'msg_x', g, 'k', 1, 'text' FROM chatkit.thread, generate_series(1, 5) g WHERE owner_id = 'plan1'");
	ask("VACUUM ANALYZE");
	ask("ALTER DATABASE ck SET session_preload_libraries = 'auto_explain'");
	ask("ALTER DATABASE ck SET auto_explain.log_min_duration = 0");
	ask("ALTER DATABASE ck SET auto_explain.log_nested_statements = on");
}

static void pages(struct shop *sh)
{
	struct thread_page threads;
	struct item_page items;
	int64_t began;
	enum { N = 200 };

	for (int i = 0; i < 4; i++) {
		struct page_req p = {.limit = 50, .desc = i % 2, .after = i / 2 ? S("thr_long") : SLICE_NONE};

		EXPECT_RC_E(RC_OK, store_threads(sh->s, sh->a, S("plan0"), &p, &threads, &sh->e), &sh->e);
		EXPECT_EQ(threads.n, i == 3 ? 50 : i == 2 ? 0 : 50);
		EXPECT_PLAN("threads", "using thread_recent on thread");
		p.after = i / 2 ? S("msg_50000") : SLICE_NONE;
		EXPECT_RC_E(RC_OK, store_items(sh->s, sh->a, S("plan0"), S("thr_long"), &p, &items, &sh->e), &sh->e);
		EXPECT_EQ(items.n, 50);
		/* From where the page begins, not read through up to there. */
		EXPECT_PLAN("items", "using item_shown on item", "using thread_pkey on thread", i / 2 == 0 ? "" : p.desc ? "AND (seq < $" : "AND (seq > $");
	}
	began = env_mono_us(env_real());
	for (int i = 0; i < N; i++)
		EXPECT_RC_E(RC_OK, store_threads(sh->s, sh->a, S("plan0"), &(struct page_req){.limit = 50, .desc = true}, &threads, &sh->e), &sh->e);
	print_message("threads.list of 50 among 50,000: %lld us a round trip (with auto_explain)\n", (long long)(env_mono_us(env_real()) - began) / N);
	free(logged());
}

static void turns(struct shop *sh)
{
	struct begin b = {.owner = S("plan0"), .thread_id = S("thr_long"), .turn_id = S("turn_new"), .req_hash = S("0123456789abcdef0123456789abcdef"),
			  .history_max = 40, .cut_after = S("msg_99000")};
	struct store_item put[2] = {item_of(S("msg_99000"), "{}", ITEM_DONE), item_of(S("msg_new"), "{}", ITEM_OPEN)};
	struct store_entry said = {.id = S("ent_new"), .body = S("x")};
	struct batch batch = {.put = put, .n_put = 2, .entries = &said, .n_entries = 1, .drop = &S("msg_98000"), .n_drop = 1};
	struct turn_key stale[9];
	struct store_open open;
	struct store_news news;
	struct kept kept;
	struct keep k;
	struct talk t;
	size_t n;

	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	EXPECT_EQ(t.b.how, BEGIN_LEASED);
	EXPECT_EQ(t.b.n_history, 40);
	EXPECT_PLAN("begin", "using thread_pkey", "using turn_pkey", "using turn_request", "entry_pkey", "item_pkey", "item_owner_id_thread_id_id_key");
	EXPECT_RC_E(RC_OK, store_write(sh->s, sh->a, &t.k, &batch, &sh->e), &sh->e);
	EXPECT_PLAN("write", "using thread_pkey", "item_owner_id_thread_id_id_key", "entry_owner_id_thread_id_id_key");
	k = keep_of(&t, S("msg_g"), 0, "x");
	EXPECT_RC_E(RC_OK, store_keep(sh->s, sh->a, &k, 1, &t.k, 1, &kept, &sh->e), &sh->e);
	EXPECT_PLAN("keep", "using turn_pkey");
	EXPECT_RC_E(RC_OK, store_open_of(sh->s, sh->a, &t.k, &open, &sh->e), &sh->e);
	EXPECT_PLAN("open_of", "item_pkey", "using chunk_pkey");
	EXPECT_RC_E(RC_OK, store_follow(sh->s, sh->a, &t.k, 3, &news, &sh->e), &sh->e);
	EXPECT_PLAN("follow", "item_pkey", "using chunk_pkey");
	EXPECT_RC_E(RC_OK, store_alive(sh->s, &t.k, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_cancel(sh->s, &t.k, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_stale(sh->s, sh->a, stale, countof(stale), &n, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_end(sh->s, sh->a, &t.k, &(struct turn_end){.state = TURN_DONE, .batch = batch}, &sh->e), &sh->e);
	EXPECT_PLAN("end", "using turn_pkey", "chunk_pkey");
}

static void changes(struct shop *sh)
{
	struct begin b = {.owner = S("plan0"), .thread_id = S("thr_long"), .turn_id = S("turn_cond"), .if_item = S("msg_20000"), .if_no_entry = S("ent_x")};
	struct store_item put = item_of(S("msg_20000"), "{}", ITEM_WAITING);
	struct store_entry said = {.id = S("ent_y"), .body = S("x")};
	struct change c = {.owner = S("plan0"), .thread_id = S("thr_long"), .if_item = S("msg_20000"), .if_body = S("x"), .if_no_entry = S("ent_y"),
			   .batch = {.put = &put, .n_put = 1, .entries = &said, .n_entries = 1, .drop_waiting = S("k")}};
	struct store_waiting waiting;
	struct store_thread th;
	struct store_item it;
	enum change_how how;
	struct talk t;

	EXPECT_RC_E(RC_OK, store_item(sh->s, sh->a, S("plan0"), S("thr_long"), S("msg_50000"), &th, &it, &sh->e), &sh->e);
	EXPECT_PLAN("item", "item_owner_id_thread_id_id_key");
	EXPECT_RC_E(RC_OK, store_waiting(sh->s, sh->a, S("plan0"), S("thr_long"), S("k"), &waiting, &sh->e), &sh->e);
	EXPECT(waiting.found && !waiting.running);
	EXPECT_PLAN("waiting", "using item_waiting on item");
	b.if_body = S("another");
	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	EXPECT_EQ(t.b.how, BEGIN_CHANGED);
	EXPECT_PLAN("begin with conditions", "item_owner_id_thread_id_id_key");
	ask("UPDATE chatkit.item SET body = 'x' WHERE owner_id = 'plan0' AND thread_id = 'thr_long' AND id = 'msg_20000'");
	free(logged());
	/* Done, and found done. */
	for (int i = 0; i < 2; i++) {
		EXPECT_RC_E(RC_OK, store_change(sh->s, sh->a, &c, &how, &sh->e), &sh->e);
		EXPECT_EQ(how, CHANGE_DONE);
		EXPECT_PLAN("change", "using thread_pkey", "item_owner_id_thread_id_id_key", "entry_owner_id_thread_id_id_key", i ? "" : "item_waiting");
	}
	EXPECT_RC_E(RC_OK, store_feedback(sh->s, sh->a, S("plan0"), S("thr_long"), &S("msg_5"), 1, true, &sh->e), &sh->e);
	EXPECT_PLAN("feedback", "using thread_pkey");
}

static void files(struct shop *sh)
{
	struct store_quota q = {1000, 1 << 20};
	struct store_file f = {.id = S("fil_new"), .name = S("n"), .mime = S("m"), .size = 3}, out[2];
	struct slice ids[2] = {S("fil_7"), S("fil_new")}, sha = S("0123456789abcdef0123456789abcdef");
	struct batch batch = {.files = ids, .n_files = 2};
	struct swept swept[20];
	struct talk t;
	size_t n;

	EXPECT_RC_E(RC_OK, store_file_new(sh->s, sh->a, S("plan7"), &f, &q, &sh->e), &sh->e);
	EXPECT_PLAN("file_new", "file_pkey", "owner_pkey");
	EXPECT_RC_E(RC_OK, store_file_here(sh->s, sh->a, S("plan7"), f.id, 4, S("m"), sha, &q, &sh->e), &sh->e);
	EXPECT_PLAN("file_here", "file_pkey");
	EXPECT_RC_E(RC_OK, store_files(sh->s, sh->a, S("plan7"), ids, 2, out, &sh->e), &sh->e);
	EXPECT_PLAN("files", "file_pkey");
	talk_new(sh, &t, S("plan7"));
	free(logged());
	talk_end(sh, &t);
	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &(struct begin){.owner = t.k.owner, .thread_id = t.k.thread_id, .turn_id = S("turn_f"), .batch = batch}), &sh->e);
	EXPECT_PLAN("begin with files", "file_pkey");
	EXPECT_RC_E(RC_OK, store_files_sweep(sh->s, sh->a, 50000 * (int64_t)IO_SECOND, swept, countof(swept), &n, &sh->e), &sh->e);
	EXPECT_EQ(n, countof(swept));
	EXPECT_PLAN("sweep", "using file_unused", "file_pkey");
	EXPECT_RC_E(RC_OK, store_file_later(sh->s, sh->a, swept[0].owner, swept[0].id, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_file_forget(sh->s, sh->a, swept[0].owner, swept[0].id, &sh->e), &sh->e);
	EXPECT_RC(RC_CONFLICT, store_file_drop(sh->s, sh->a, S("plan7"), ids[1], &sh->e));
	EXPECT_PLAN("forget, drop", "file_pkey");
	EXPECT_RC_E(RC_OK, store_thread_delete(sh->s, S("plan7"), t.k.thread_id, NULL, &sh->e), &sh->e);
	EXPECT_PLAN("delete with files", "using file_used");
}

static void rest(struct shop *sh)
{
	struct begin b = {.owner = S("plan7"), .thread_id = S("thr_new"), .turn_id = S("turn_new"), .create = BEGIN_NEW,
			  .req_hash = S("0123456789abcdef0123456789abcdef")};
	struct task_fields f = {.title = S("x"), .completed = -1};
	struct store_thread th;
	struct task_fence fence = {.entry_id = S("ent_t"), .pre = S(""), .post = S("")};
	struct talk t;
	struct slice r;

	EXPECT_RC_E(RC_OK, talk_begin(sh, &t, &b), &sh->e);
	fence.key = t.k;
	EXPECT_RC_E(RC_OK, store_task_add(sh->s, sh->a, S("plan7"), &f, &fence, &r, &sh->e), &sh->e);
	EXPECT_PLAN("task_add", "task_pkey", "owner_pkey");
	EXPECT_RC_E(RC_OK, store_task_list(sh->s, sh->a, S("plan7"), S("pending"), SLICE_NONE, SLICE_NONE, &r, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_task_update(sh->s, sh->a, S("plan7"), 7, &f, NULL, &r, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_task_delete(sh->s, sh->a, S("plan7"), 7, NULL, &r, &sh->e), &sh->e);
	EXPECT_PLAN("tasks", "task_pkey");
	EXPECT_RC_E(RC_OK, store_thread_rename(sh->s, sh->a, S("plan7"), S("thr_new"), S("x"), &th, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_thread_retitle(sh->s, sh->a, S("plan7"), S("thr_new"), S("x"), S("y"), &th, &sh->e), &sh->e);
	EXPECT_RC_E(RC_OK, store_thread_delete(sh->s, S("plan7"), S("thr_new"), NULL, &sh->e), &sh->e);
	EXPECT_PLAN("rename, delete", "thread_pkey");
}

static void install(struct io *io)
{
	struct shop sh;

	shop_open(&sh, io, NULL);
	shop_close(&sh);
}

static void plans(struct io *io)
{
	static struct shop sh;

	shop_open(&sh, io, NULL);
	free(logged());
	pages(&sh);
	turns(&sh);
	changes(&sh);
	files(&sh);
	rest(&sh);
	shop_close(&sh);
}

static void every_statement_goes_by_an_index(void **state UNUSED)
{
	run_task(install);
	fill();
	run_task(plans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_statement_goes_by_an_index)};
	int failed;

	world_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	world_close();
	return failed;
}
