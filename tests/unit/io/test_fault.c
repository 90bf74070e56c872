/* SPDX-License-Identifier: MIT */
/*
 * The nth call fails: every point of io, at every place, leaves client and pool usable. Only in a build with -DFAULTS: make BUILD=build/fault DEFS=-DFAULTS
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "io/db.h"
#include "io/fault.h"
#include "io/http.h"
#include "tests/unit/pg.h"
#include "tests/unit/task.h"

#ifdef FAULTS

#include "tests/unit/io/web.h"

static struct pg *pg;

static void fail_at(const char *point, int n, const char *more)
{
	char text[64];

	snprintf(text, sizeof(text), "%s:%d%s", point, n, more);
	setenv("CHATKIT_FAULT", text, 1);
	fault_restart();
}

static void all_db(struct io *io)
{
	static const char *const points[] = {"db.send", "db.recv"};
	struct err e;
	struct db *db = db_new(io, &(struct db_opts){.conninfo = slice_cstr(pg_conninfo(pg)), .max_conns = 1}, &e);
	int failed = 0;

	EXPECT_RC_E(RC_OK, db_script(db, "CREATE TABLE f (n bigint)", &e), &e);
	for (size_t i = 0; i < countof(points); i++)
		for (int n = 1; n <= 8; n++) {
			struct arena *a = arena_new(1024 * 1024, NULL);
			struct db_arg arg = DB_INT(n);
			struct db_call c[2] = {{.sql = "INSERT INTO f VALUES ($1)", .args = &arg, .n_args = 1}, {.sql = "SELECT count(*) FROM f"}};
			enum rc rc;

			fail_at(points[i], n, "");
			rc = db_run(db, a, c, 2, &e);
			EXPECT(rc == RC_OK || rc == (i == 0 ? RC_DB : RC_DB_UNKNOWN));
			failed += rc != RC_OK;
			unsetenv("CHATKIT_FAULT");
			EXPECT_RC_E(RC_OK, db_run(db, a, c, 2, &e), &e);
			arena_free(a);
		}
	/* One send; two answers and their ends, the Sync. */
	EXPECT_EQ(failed, 1 + 5);
	db_free(db);
}

static void the_database_at_every_place(void **state UNUSED)
{
	run_task(all_db);
}

static enum rc fetch(struct http *h, int port, struct err *e)
{
	struct http_resp *r;
	struct buf b = BUF_INIT(100000);
	char url[64];
	enum rc rc;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/slow/5", port);
	rc = http_open(h, &(struct http_req){.method = "GET", .url = slice_cstr(url)}, &r, e);
	if (rc == RC_OK)
		rc = http_body(r, &b, e);
	http_close(r);
	buf_release(&b);
	return rc;
}

static void all_http(struct io *io)
{
	struct err e;
	struct web w;
	struct http *h = http_new(io, &(struct http_opts){0}, &e);

	web_open(&w);
	fail_at("http.open", 1, "");
	EXPECT_RC(RC_UPSTREAM, fetch(h, w.port, &e));
	EXPECT_RC_E(RC_OK, fetch(h, w.port, &e), &e);
	for (int n = 1; n <= 3; n++) {
		fail_at("http.recv", n, "");
		EXPECT_RC(RC_UPSTREAM, fetch(h, w.port, &e));
	}
	fail_at("http.recv", 2, ":sticky");
	EXPECT_RC(RC_UPSTREAM, fetch(h, w.port, &e));
	EXPECT_RC(RC_UPSTREAM, fetch(h, w.port, &e));
	unsetenv("CHATKIT_FAULT");
	EXPECT_RC_E(RC_OK, fetch(h, w.port, &e), &e);
	http_free(h);
	web_close(&w);
}

static void http_at_every_place(void **state UNUSED)
{
	run_task(all_http);
}

static int start(void **state UNUSED)
{
	pg = pg_start();
	return 0;
}

static int stop(void **state UNUSED)
{
	pg_free(pg);
	return 0;
}

#else

static void no_faults_in_the_product(void **state UNUSED)
{
	setenv("CHATKIT_FAULT", "db.send:1", 1);
	EXPECT(!FAULT("db.send"));
}

#endif

int main(void)
{
#ifdef FAULTS
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_database_at_every_place),
		cmocka_unit_test(http_at_every_place),
	};

	return cmocka_run_group_tests_name("fault", tests, start, stop);
#else
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_faults_in_the_product)};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
#endif
}
