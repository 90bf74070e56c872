/* SPDX-License-Identifier: MIT */
/* The todo list, bare and fenced by a turn. */
#include "tests/unit/store/world.h"

static const struct task_fields none = {.completed = -1};

static bool has(struct slice s, const char *part)
{
	return slice_find(s, slice_cstr(part)) >= 0;
}

static void bare(struct io *io)
{
	struct shop sh;
	struct slice r;
	struct task_fields f = {.title = S("Milk \"2 l\"\n"), .completed = -1};

	shop_open(&sh, io, NULL);
	EXPECT_RC_E(RC_OK, store_task_list(sh.s, sh.a, S("task"), S("all"), SLICE_NONE, SLICE_NONE, &r, &sh.e), &sh.e);
	EXPECT_STR("{\"count\":0,\"tasks\":[]}", r);
	EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, S("task"), &f, NULL, &r, &sh.e), &sh.e);
	EXPECT(has(r, "{\"id\":1,\"title\":\"Milk \\\"2 l\\\"\\n\",\"description\":\"\",\"priority\":\"none\",\"category\":\"other\",\"completed\":false,\"created_at\":\"20"));
	EXPECT(slice_ends(r, S("Z\"}")));
	f = (struct task_fields){.title = S("Run"), .description = S("far"), .priority = S("high"), .category = S("health"), .completed = 1};
	EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, S("task"), &f, NULL, &r, &sh.e), &sh.e);
	EXPECT(has(r, "{\"id\":2,\"title\":\"Run\",\"description\":\"far\",\"priority\":\"high\",\"category\":\"health\",\"completed\":true,"));
	/* One call that is sent twice, as after an unknown outcome, adds one. */
	for (int i = 0; i < 2; i++)
		ask("SELECT chatkit.task_change('task3', NULL, NULL, NULL, '', '', 'add', 0, 'call_x', 't', NULL, NULL, NULL, NULL)");
	EXPECT_EQ(ask("SELECT count(*) * 100 + max(id) FROM chatkit.task WHERE owner_id = 'task3'"), 101);
	/* Each owner counts by itself. */
	EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, S("task2"), &f, NULL, &r, &sh.e), &sh.e);
	EXPECT(has(r, "{\"id\":1,"));

	EXPECT_RC_E(RC_OK, store_task_list(sh.s, sh.a, S("task"), S("pending"), SLICE_NONE, SLICE_NONE, &r, &sh.e), &sh.e);
	EXPECT(slice_starts(r, S("{\"count\":1,\"tasks\":[{\"id\":1,")) && slice_ends(r, S("Z\"}]}")));
	EXPECT_RC_E(RC_OK, store_task_list(sh.s, sh.a, S("task"), S("completed"), S("high"), S("health"), &r, &sh.e), &sh.e);
	EXPECT(slice_starts(r, S("{\"count\":1,\"tasks\":[{\"id\":2,")));
	EXPECT_RC_E(RC_OK, store_task_list(sh.s, sh.a, S("task"), S("all"), S("low"), SLICE_NONE, &r, &sh.e), &sh.e);
	EXPECT_STR("{\"count\":0,\"tasks\":[]}", r);

	/* What is absent stays; what is empty empties. */
	f = none;
	f.completed = 0;
	f.description = S("");
	EXPECT_RC_E(RC_OK, store_task_update(sh.s, sh.a, S("task"), 2, &f, NULL, &r, &sh.e), &sh.e);
	EXPECT(has(r, "\"title\":\"Run\",\"description\":\"\",\"priority\":\"high\",\"category\":\"health\",\"completed\":false"));
	EXPECT_RC(RC_NOT_FOUND, store_task_update(sh.s, sh.a, S("task"), 3, &f, NULL, &r, &sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_task_update(sh.s, sh.a, S("task2"), 2, &f, NULL, &r, &sh.e));
	EXPECT_RC(RC_NOT_FOUND, store_task_delete(sh.s, sh.a, S("task2"), 2, NULL, &r, &sh.e));
	EXPECT_RC_E(RC_OK, store_task_delete(sh.s, sh.a, S("task"), 1, NULL, &r, &sh.e), &sh.e);
	EXPECT_STR("{\"success\":true,\"message\":\"Deleted task \\\"Milk \\\"2 l\\\"\\n\\\"\"}", r);
	shop_close(&sh);
}

static void tasks_are_added_listed_changed_and_deleted(void **state UNUSED)
{
	run_task(bare);
}

static void fenced(struct io *io)
{
	struct shop sh;
	struct talk t;
	struct slice first, again;
	struct task_fields f = {.title = S("Quote \" and \\ and ☃"), .completed = -1};
	struct task_fence fence = {.entry_id = S("ent_1"), .pre = S("{\"role\":\"tool\",\"parts\":[{\"t\":\"result\",\"text\":"), .post = S("}]}")};

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("fenced"));
	fence.key = t.k;
	EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, S("fenced"), &f, &fence, &first, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_task_add(sh.s, sh.a, S("fenced"), &f, &fence, &again, &sh.e), &sh.e);
	EXPECT(slice_eq(first, again) && has(first, "{\"id\":1,\"title\":\"Quote \\\" and \\\\ and ☃\""));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.task WHERE owner_id = 'fenced'"), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.entry WHERE owner_id = 'fenced' AND id = 'ent_1' AND body::json->'parts'->0->>'text' LIKE '{\"id\":1,%%Z\"}'"), 1);

	/* The first result, though the second would be another. */
	f = none;
	f.completed = 1;
	fence.entry_id = S("ent_2");
	EXPECT_RC_E(RC_OK, store_task_update(sh.s, sh.a, S("fenced"), 1, &f, &fence, &first, &sh.e), &sh.e);
	f.completed = 0;
	EXPECT_RC_E(RC_OK, store_task_update(sh.s, sh.a, S("fenced"), 1, &f, &fence, &again, &sh.e), &sh.e);
	EXPECT(slice_eq(first, again) && has(first, "\"completed\":true"));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.task WHERE owner_id = 'fenced' AND completed"), 1);

	fence.entry_id = S("ent_3");
	EXPECT_RC(RC_NOT_FOUND, store_task_delete(sh.s, sh.a, S("fenced"), 2, &fence, &again, &sh.e));
	EXPECT_RC_E(RC_OK, store_task_delete(sh.s, sh.a, S("fenced"), 1, &fence, &first, &sh.e), &sh.e);
	EXPECT_RC_E(RC_OK, store_task_delete(sh.s, sh.a, S("fenced"), 1, &fence, &again, &sh.e), &sh.e);
	EXPECT(slice_eq(first, again));
	EXPECT_EQ(threads_with_gaps("fenced"), 0);

	/* Without the lease nothing happens. */
	talk_end(&sh, &t);
	fence.entry_id = S("ent_4");
	f.title = S("late");
	EXPECT_RC(RC_LOST, store_task_add(sh.s, sh.a, S("fenced"), &f, &fence, &again, &sh.e));
	EXPECT_RC(RC_LOST, store_task_delete(sh.s, sh.a, S("fenced"), 1, &fence, &again, &sh.e));
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.task WHERE owner_id = 'fenced'"), 0);
	EXPECT_EQ(ask("SELECT last_task FROM chatkit.owner WHERE owner_id = 'fenced'"), 1);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.entry WHERE owner_id = 'fenced' AND id = 'ent_4'"), 0);
	shop_close(&sh);
}

static void a_fenced_change_happens_once(void **state UNUSED)
{
	run_task(fenced);
}

/* ---- tools run in parallel ---- */
struct adder {
	struct shop *sh;
	struct task_fence *fence;
	int n;
};

static void add_one(void *arg)
{
	struct adder *ad = arg;
	struct task_fields f = {.title = S("x"), .completed = -1};
	struct task_fence fence = *ad->fence;
	struct slice r;
	struct err e;

	fence.entry_id = arena_printf(ad->sh->a, "ent_%d", ad->n);
	EXPECT_RC_E(RC_OK, store_task_add(ad->sh->s, ad->sh->a, S("par"), &f, ad->n % 2 ? &fence : NULL, &r, &e), &e);
}

static void parallel(struct io *io)
{
	enum { N = 40 };
	struct shop sh;
	struct talk t;
	struct task_fence fence = {.pre = S("\""), .post = S("")};
	struct task *tasks[N];
	struct adder ad[N];

	shop_open(&sh, io, NULL);
	talk_new(&sh, &t, S("par"));
	fence.key = t.k;
	for (int i = 0; i < N; i++) {
		ad[i] = (struct adder){&sh, &fence, i};
		tasks[i] = io_go(io, "add", add_one, &ad[i]);
	}
	for (int i = 0; i < N; i++)
		io_join(tasks[i]);
	EXPECT_EQ(ask("SELECT count(DISTINCT id) FROM chatkit.task WHERE owner_id = 'par' AND id BETWEEN 1 AND %d", N), N);
	EXPECT_EQ(threads_with_gaps("par"), 0);
	shop_close(&sh);
}

static void parallel_tools_number_without_gaps(void **state UNUSED)
{
	run_task(parallel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_added_listed_changed_and_deleted),
		cmocka_unit_test(a_fenced_change_happens_once),
		cmocka_unit_test(parallel_tools_number_without_gaps),
	};

	return world_run(tests);
}
