/* SPDX-License-Identifier: MIT */
/* A folder of its own for configuration files, and one call that loads: file text and environment in, struct conf or problems out. */
#ifndef TEST_CONF_RIG_H
#define TEST_CONF_RIG_H

#include "app/conf_table.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
	char dir[64];
	char file[96];      /* dir/bin/chatkit.json */
	char exe[96];       /* dir/bin/chatkit.fcgi, which needs not be there */
	struct conf *conf;  /* of the last load; NULL: it failed */
	struct buf problems;
	struct err e;
	bool cgi;
};

static inline void rig_write_mode(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline int rig_setup(void **state)
{
	struct rig *r = xalloc(sizeof(*r));
	char bin[80];

	snprintf(r->dir, sizeof(r->dir), "/tmp/test_conf.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(bin, sizeof(bin), "%s/bin", r->dir);
	assert_int_equal(mkdir(bin, 0700), 0);
	snprintf(r->file, sizeof(r->file), "%s/chatkit.json", bin);
	snprintf(r->exe, sizeof(r->exe), "%s/chatkit.fcgi", bin);
	buf_init(&r->problems, 65536);
	*state = r;
	return 0;
}

static inline int rig_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static inline int rig_teardown(void **state)
{
	struct rig *r = *state;

	conf_free(r->conf);
	buf_release(&r->problems);
	nftw(r->dir, rig_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(r);
	return 0;
}

/* Loads what is on disk, with these variables and -c file (or NULL). */
static inline struct conf *rig_load_env(struct rig *r, const char *file, const char *const *env)
{
	struct conf_from from = {.file = file, .environ = (char *const *)(uintptr_t)env, .exe = r->exe, .cgi = r->cgi};
	enum rc rc;

	conf_free(r->conf);
	buf_clear(&r->problems);
	rc = conf_load(&from, &r->conf, &r->problems, &r->e);
	assert_int_equal(rc == RC_OK, r->conf != NULL);
	assert_int_equal(rc == RC_OK, r->problems.n == 0);
	if (rc != RC_OK)
		assert_int_equal(r->e.rc, RC_CONF);
	return r->conf;
}
#define RIG_ENV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Writes text (NULL: none) beside the executable and loads, with these variables. */
static inline struct conf *rig_load(struct rig *r, const char *text, const char *const *env)
{
	unlink(r->file);
	if (text)
		rig_write_mode(r->file, text, 0600);
	return rig_load_env(r, NULL, env);
}

/* All the problems of loading text, without the file's name; "" for none. */
static inline const char *rig_problems(struct rig *r, const char *text, const char *const *env)
{
	static char out[8192];
	const char *at = "";
	size_t n = 0;

	if (!rig_load(r, text, env))
		at = r->problems.p;
	while (*at && n + 1 < sizeof(out)) {
		if (strncmp(at, r->file, strlen(r->file)) == 0) {
			at += strlen(r->file) + (strncmp(at + strlen(r->file), ": ", 2) == 0 ? 2 : 0);
			continue;
		}
		out[n++] = *at++;
	}
	out[n] = '\0';
	return out;
}

#endif
