/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include "store/inner.h"

extern const char schema_sql[];

#define SERVER_MIN 130000
#define TRIES 10

static const char sql_server[] =
	"SELECT to_regclass('chatkit.version') IS NOT NULL, current_setting('server_version_num')::bigint, current_setting('server_encoding')";

/* version_pkey */
static const char sql_version[] = "SELECT max(v)::bigint FROM chatkit.version";

static const char sql_ping[] = "SELECT 1";

/* What the role lacks is for the operator to give: not a fault of the database's. */
static enum rc explain(struct err *e, const char *doing)
{
	if (e && slice_is(slice_cstr(e->sqlstate), "42501")) {
		char why[sizeof(e->msg)];

		snprintf(why, sizeof(why), "%s", e->msg);
		return err_set(e, RC_CONF, "%s: %.200s (the database's role needs CREATE on the database once, and must own schema 'chatkit')", doing, why);
	}
	return err_wrap(e, "%s", doing);
}

/* *v: the schema's version, 0 for none. RC_CONF: not a server for us. */
static enum rc look(struct store *s, struct arena *a, int64_t *v, struct err *e)
{
	struct db_call server = CALL(sql_server, NULL, 0), version = CALL(sql_version, NULL, 0);
	struct slice encoding;
	int64_t num;

	if (store_run(s, a, AGAIN_READ, &server, 1, NULL, e) != RC_OK)
		return explain(e, "looking for the schema");
	num = db_int(&server.rows, 0, 1);
	encoding = db_str(&server.rows, 0, 2);
	if (num < SERVER_MIN)
		return err_set(e, RC_CONF, "the database server has version %lld, PostgreSQL 13 or newer is needed", (long long)(num / 10000));
	if (!slice_is(encoding, "UTF8"))
		return err_set(e, RC_CONF, "the database has encoding '%.*s', UTF8 is needed", SLICE_ARG(encoding));
	*v = 0;
	if (!db_bool(&server.rows, 0, 0))
		return RC_OK;
	if (store_run(s, a, AGAIN_READ, &version, 1, NULL, e) != RC_OK)
		return explain(e, "reading the schema's version");
	*v = db_int(&version.rows, 0, 0);
	return RC_OK;
}

/* Others at work, whose tables the script wants: one of the two must begin again. */
static bool met(enum rc rc, const struct err *e)
{
	return rc == RC_DB && e && slice_is(slice_cstr(e->sqlstate), "40P01");
}

/* Two processes may do this at once: the script takes a lock first, and changes nothing when it comes second. So an unknown outcome is run again too. */
static enum rc install(struct store *s, struct err *e)
{
	enum rc rc = db_script(s->db, schema_sql, e);

	for (int tries = 0; (rc == RC_DB_UNKNOWN || met(rc, e)) && tries < TRIES; tries++)
		rc = db_script(s->db, schema_sql, e);
	if (rc == RC_DB_UNKNOWN)
		return err_set(e, RC_DB, "the connection broke while the schema was installed");
	return rc == RC_OK ? rc : explain(e, "installing the schema");
}

static enum rc ready_or_migrated(struct store *s, bool migrate, int *from, struct err *e)
{
	struct arena *a = arena_new((size_t)1 << 20, NULL);
	int64_t v = 0;
	enum rc rc = look(s, a, &v, e);

	arena_free(a);
	if (rc != RC_OK)
		return rc;
	if (from)
		*from = (int)v;
	if (v > STORE_SCHEMA)
		return err_set(e, RC_CONF, "the database has schema version %lld and needs a newer chatkit.fcgi: this one knows version %d", (long long)v, STORE_SCHEMA);
	if (v != 0 && v < STORE_SCHEMA && !migrate)
		return err_set(e, RC_CONF, "the database has schema version %lld, version %d is needed; run: chatkit.fcgi migrate", (long long)v, STORE_SCHEMA);
	if (v < STORE_SCHEMA || migrate)
		rc = install(s, e);
	s->ready = rc == RC_OK;
	return rc;
}

enum rc store_ready(struct store *s, struct err *e)
{
	return s->ready ? RC_OK : ready_or_migrated(s, false, NULL, e);
}

enum rc store_migrate(struct store *s, int *from, struct err *e)
{
	return ready_or_migrated(s, true, from, e);
}

enum rc store_ping(struct store *s, struct err *e)
{
	struct arena *a = arena_new((size_t)1 << 16, NULL);
	struct db_call ping = CALL(sql_ping, NULL, 0);
	enum rc rc = store_run(s, a, AGAIN_READ, &ping, 1, NULL, e);

	arena_free(a);
	return rc;
}
