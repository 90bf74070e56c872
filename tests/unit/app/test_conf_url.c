/* SPDX-License-Identifier: MIT */
/* Database URLs, each as somebody pastes it. What comes out is also given to libpq's own parser. */
#include "conf_rig.h"

#include <libpq-fe.h>

static const struct {
	const char *in, *out, *why; /* out NULL: refused, and why is the whole text */
} rows[] = {
	/* as libpq has it */
	{"postgresql://h/d", "postgresql://h/d", NULL},
	{"postgres://h/d", "postgresql://h/d", NULL},
	{"POSTGRES://h/d", "postgresql://h/d", NULL},
	{"postgresql://", "postgresql://", NULL},
	{"postgresql://u:p@h:5433/d", "postgresql://u:p@h:5433/d", NULL},
	{"postgresql://u@h", "postgresql://u@h", NULL},
	{"postgresql://u:@h/d", "postgresql://u:@h/d", NULL},
	{"postgresql://h/d?application_name=chat&connect_timeout=5", "postgresql://h/d?application_name=chat&connect_timeout=5", NULL},
	{"postgresql://h/d?options=-c%20statement_timeout%3D5s", "postgresql://h/d?options=-c%20statement_timeout%3D5s", NULL},
	{"postgresql://[::1]:5432/d", "postgresql://[::1]:5432/d", NULL},
	/* passwords */
	{"postgres://u:p%40%3A%2F%23%3F%25w@h/d", "postgresql://u:p%40%3A%2F%23%3F%25w@h/d", NULL},
	{"postgres://u:p+w!$&'()*,;=~-._@h/d", "postgresql://u:p+w!$&'()*,;=~-._@h/d", NULL},
	{"postgres://u:a^b|c\"d`e@h/d", "postgresql://u:a%5Eb%7Cc%22d%60e@h/d", NULL},
	{"postgres://u:\xc3\xa5@h/d", "postgresql://u:%C3%A5@h/d", NULL},
	{"postgres://u:p:w@h/d", "postgresql://u:p:w@h/d", NULL},
	/* drivers */
	{"postgresql+asyncpg://u:p@h/d", "postgresql://u:p@h/d", NULL},
	{"postgresql+psycopg://u:p@h/d", "postgresql://u:p@h/d", NULL},
	{"postgresql+psycopg2://u:p@h/d", "postgresql://u:p@h/d", NULL},
	{"postgres+pg8000://u:p@h/d", "postgresql://u:p@h/d", NULL},
	{"postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql://u:p@h/d?sslmode=require", NULL},
	{"postgresql+asyncpg://u:p@h/d?prepared_statement_cache_size=0&statement_cache_size=0", "postgresql://u:p@h/d", NULL},
	{"postgres://h/d?pgbouncer=true&connection_limit=1&pool_timeout=0&schema=public", "postgresql://h/d", NULL},
	{"postgres://h/d?pgbouncer=true&sslmode=require&schema=public&application_name=x", "postgresql://h/d?application_name=x&sslmode=require", NULL},
	{"postgres://h/d?sslmode=require&supa=base-pooler.x", "postgresql://h/d?sslmode=require", NULL},
	/* how it is coded */
	{"postgres://h/d?ssl=true", "postgresql://h/d?sslmode=require", NULL},
	{"postgres://h/d?ssl=1", "postgresql://h/d?sslmode=require", NULL},
	{"postgres://h/d?ssl=false", "postgresql://h/d?sslmode=disable", NULL},
	{"postgres://h/d?ssl=verify-full", "postgresql://h/d?sslmode=verify-full", NULL},
	{"postgres://h/d?ssl=verify-ca&sslrootcert=/etc/ca.pem", "postgresql://h/d?sslrootcert=/etc/ca.pem&sslmode=verify-ca", NULL},
	{"postgres://h/d?sslmode=disable", "postgresql://h/d?sslmode=disable", NULL},
	{"postgres://h/d?sslmode=allow", "postgresql://h/d?sslmode=allow", NULL},
	{"postgres://h/d?sslmode=prefer", "postgresql://h/d?sslmode=prefer", NULL},
	{"postgres://h/d?sslmode=verify-full", "postgresql://h/d?sslmode=verify-full", NULL},
	{"postgres://h/d?sslmode=no-verify", "postgresql://h/d?sslmode=require", NULL},
	{"postgres://h/d?ssl=true&sslmode=require", "postgresql://h/d?sslmode=require", NULL},
	{"postgresql://me:npg_x@ep-a-b-1-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
	 "postgresql://me:npg_x@ep-a-b-1-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require", NULL},
	{"psql 'postgresql://me:x@h.neon.tech/neondb?sslmode=require&channel_binding=require'",
	 "postgresql://me:x@h.neon.tech/neondb?sslmode=require&channel_binding=require", NULL},
	/* several hosts, sockets */
	{"postgresql://u:p@one:5432,two:5433/d?target_session_attrs=read-write", "postgresql://u:p@one:5432,two:5433/d?target_session_attrs=read-write", NULL},
	{"postgresql://one,two/d", "postgresql://one,two/d", NULL},
	{"postgresql://one:5432,[::2]:5433/d", "postgresql://one:5432,[::2]:5433/d", NULL},
	{"postgresql:///d?host=/run/postgresql", "postgresql:///d?host=/run/postgresql", NULL},
	{"postgresql+asyncpg://u:p@/d?host=/cloudsql/a:b:c", "postgresql://u:p@/d?host=/cloudsql/a:b:c", NULL},
	{"postgresql://%2Frun%2Fpostgresql/d", "postgresql://%2Frun%2Fpostgresql/d", NULL},
	{"postgresql://u@/d?host=/tmp&port=5433&user=me", "postgresql://u@/d?host=/tmp&port=5433&user=me", NULL},
	/* blanks, quotes, ends */
	{"  postgres://h/d \n", "postgresql://h/d", NULL},
	{"\"postgres://h/d\"", "postgresql://h/d", NULL},
	{"'postgres://h/d'", "postgresql://h/d", NULL},
	{"postgres://h/d?", "postgresql://h/d", NULL},
	{"postgres://h/d?&sslmode=require&", "postgresql://h/d?sslmode=require", NULL},
	{"postgres://h/d?client_encoding=utf8", "postgresql://h/d", NULL},
	/* words */
	{"host=/run/postgresql dbname=d", "host=/run/postgresql dbname=d", NULL},
	{"  host = h  dbname=d password='a \\' b' ", "host = h dbname=d password='a \\' b'", NULL},
	{"host=h password=a\\ b sslmode=require channel_binding=prefer", "host=h password=a\\ b sslmode=require channel_binding=prefer", NULL},
	{"host=h ssl=true pgbouncer=true", "host=h sslmode=require", NULL},
	{"host=h user='' dbname=d", "host=h user='' dbname=d", NULL},
	/* refused */
	{"", NULL, "is empty"},
	{"   ", NULL, "is empty"},
	{"localhost", NULL, "is no database URL: expected postgresql://user:password@host/name"},
	{"mysql://h/d", NULL, "'mysql' is no PostgreSQL: expected postgresql://"},
	{"sqlite:///x.db", NULL, "'sqlite' is no PostgreSQL: expected postgresql://"},
	{"postgresql+odbc://h/d", NULL, "'odbc' is a driver that is not known here: write postgresql://"},
	{"postgres://h/d?frobnicate=1", NULL, "unknown parameter 'frobnicate'"},
	{"postgres://h/d?replication=database", NULL, "unknown parameter 'replication'"},
	{"postgres://h/d?SSLMODE=require", NULL, "unknown parameter 'SSLMODE'"},
	{"postgres://h/d?sslmode=on", NULL, "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"},
	{"postgres://h/d?sslmode=", NULL, "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"},
	{"postgres://h/d?ssl=maybe", NULL, "ssl is none of true, false, require, verify-ca, verify-full, prefer, allow, disable"},
	{"postgres://h/d?ssl=true&sslmode=disable", NULL, "ssl and sslmode say different things"},
	{"postgres://h/d?sslmode=verify-full&ssl=true", NULL, "ssl and sslmode say different things"},
	{"postgres://h/d?sslmode=require&sslmode=require", NULL, "parameter 'sslmode' is there twice"},
	{"postgres://h/d?host=a&host=b", NULL, "parameter 'host' is there twice"},
	{"postgres://h/d?channel_binding=maybe", NULL, "channel_binding is none of disable, prefer, require"},
	{"postgres://h/d?client_encoding=latin1", NULL, "client_encoding must be UTF8"},
	{"postgres://h/d?sslmode", NULL, "parameter 'sslmode' has no value"},
	{"postgres://h/d?options=%zz", NULL, "parameter 'options' holds a '%' that begins no escape"},
	{"postgres://u:12#3@h/d", NULL, "a '#', '?', '/' or '@' of the password must be written %23, %3F, %2F, %40"},
	{"postgres://u:12/3@h/d", NULL, "a '#', '?', '/' or '@' of the password must be written %23, %3F, %2F, %40"},
	{"postgres://u:12?3@h/d", NULL, "a '#', '?', '/' or '@' of the password must be written %23, %3F, %2F, %40"},
	{"postgres://u:p@w@h/d", NULL, NULL},
	{"postgres://u:p%w@h/d", NULL, NULL},
	{"postgres://h:port/d", NULL, NULL},
	{"postgres://h:70000/d", NULL, NULL},
	{"postgres://h/d e", NULL, NULL},
	{"postgres://one:1,two:70000/d", NULL, "a host of the list is none: expected host:port,host:port"},
	{"host=h frobnicate=1", NULL, "unknown parameter 'frobnicate'"},
	{"host=h password='a", NULL, "the value of 'password' has no end"},
	{"host=h\x01", NULL, "holds a control character"},
	{"=", NULL, "unknown parameter ''"},
};

static void table(void **state)
{
	struct arena *a = arena_new(1024 * 1024, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct slice out;
		struct err e = ERR_INIT;
		enum rc rc = conf_database_url(a, slice_cstr(rows[i].in), &out, &e);

		if (rc != (rows[i].out ? RC_OK : RC_CONF) || (rows[i].out && !slice_is(out, rows[i].out)) || (rows[i].why && strcmp(e.msg, rows[i].why) != 0))
			fail_msg("row %zu: %s: got %d '%.*s' '%s'", i, rows[i].in, (int)rc, SLICE_ARG(out), e.msg);
		if (rc != RC_OK)
			assert_int_equal(out.n, 0);
	}
	arena_free(a);
}

static void libpq_reads_it(void **state)
{
	struct arena *a = arena_new(1024 * 1024, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct slice out;
		char *why = NULL;
		PQconninfoOption *o;

		if (!rows[i].out)
			continue;
		assert_int_equal(conf_database_url(a, slice_cstr(rows[i].in), &out, NULL), RC_OK);
		o = PQconninfoParse(out.p, &why);
		if (!o)
			fail_msg("row %zu: %s: libpq: %s", i, out.p, why);
		PQconninfoFree(o);
	}
	arena_free(a);
}

static const char *option(PQconninfoOption *o, const char *name)
{
	for (; o->keyword; o++)
		if (strcmp(o->keyword, name) == 0)
			return o->val ? o->val : "";
	return "";
}

/* What libpq makes of a password with everything in it is the password. */
static void password_arrives(void **state)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct slice out;
	PQconninfoOption *o;

	(void)state;
	assert_int_equal(conf_database_url(a, S("postgres+asyncpg://a%40b:p%40%3A%2F%23%3F%25w+^\"@h/d%20e?ssl=true"), &out, NULL), RC_OK);
	o = PQconninfoParse(out.p, NULL);
	assert_non_null(o);
	assert_string_equal(option(o, "user"), "a@b");
	assert_string_equal(option(o, "password"), "p@:/#?%w+^\"");
	assert_string_equal(option(o, "dbname"), "d e");
	assert_string_equal(option(o, "sslmode"), "require");
	PQconninfoFree(o);
	arena_free(a);
}

static void long_ones(void **state)
{
	struct arena *a = arena_new(1024 * 1024, NULL);
	struct slice out;

	(void)state;
	assert_int_equal(conf_database_url(a, arena_printf(a, "postgres://u:%01900d@h/d", 0), &out, NULL), RC_OK);
	assert_int_equal(conf_database_url(a, arena_printf(a, "postgres://u:%02100d@h/d", 0), &out, NULL), RC_CONF);
	assert_int_equal(conf_database_url(a, arena_printf(a, "postgres://%0256d,b/d", 0), &out, NULL), RC_CONF);
	arena_free(a);
}

static void shown_without_password(void **state)
{
	static const struct {
		const char *url, *shown;
	} shows[] = {
		{"postgresql://u:pw@h:1/d?sslmode=require", "postgresql://u:***@h:1/d?sslmode=require"},
		{"postgresql://u@h/d", "postgresql://u@h/d"},
		{"postgresql://:pw@h/d", "postgresql://h/d"},
		{"postgresql://u:pw@[::1]:5432/d", "postgresql://u:***@[::1]:5432/d"},
		{"postgresql://u:pw@one:1,two:2/d", "postgresql://u:***@one:1,two:2/d"},
		{"postgresql:///d?host=/run", "postgresql:///d?host=/run"},
		{"postgresql://h/d?password=pw", "postgresql://h/d"},
		{"host=h password=pw", "set, 18 bytes"},
	};
	struct buf b = BUF_INIT(1024);

	(void)state;
	for (size_t i = 0; i < countof(shows); i++) {
		buf_clear(&b);
		conf_show_url(slice_cstr(shows[i].url), &b);
		assert_string_equal(b.p, shows[i].shown);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(libpq_reads_it), cmocka_unit_test(password_arrives), cmocka_unit_test(long_ones),
		cmocka_unit_test(shown_without_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
