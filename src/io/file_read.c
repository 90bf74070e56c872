/* SPDX-License-Identifier: MIT */
/* Reading and deleting. */
#include "io/file_inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_MAX 10000 /* files one sweep looks at */

/* ---- reading ---- */

struct file_reader {
	struct io *io;
	int fd;
};

struct opening {
	char *path;
	int fd;
	uint64_t size;
	struct file_fault fault;
};

static void open_it(void *arg)
{
	struct opening *o = arg;
	struct stat st;

	o->fd = open(o->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (o->fd < 0) {
		file_fail(&o->fault, "open");
		return;
	}
	if (fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		o->size = (uint64_t)st.st_size;
		return;
	}
	o->fault = (struct file_fault){ENOENT, "look at"};
	close(o->fd);
}

enum rc file_open(struct filedir *d, struct slice id, struct file_reader **out, uint64_t *size, struct err *e)
{
	struct opening o = {.fd = -1};

	if (!file_id_ok(id))
		return err_set(e, RC_NOT_FOUND, "no file has such an id");
	o.path = file_place(d, id);
	io_offload(d->io, open_it, &o);
	free(o.path);
	if (o.fault.error == ENOENT || o.fault.error == ELOOP)
		return err_set(e, RC_NOT_FOUND, "the bytes of file '%.*s' are not there", SLICE_ARG(id));
	if (file_tell(&o.fault, e) != RC_OK)
		return e->rc;
	*out = xalloc(sizeof(**out));
	**out = (struct file_reader){d->io, o.fd};
	*size = o.size;
	return RC_OK;
}

struct reading {
	int fd;
	uint64_t at;
	char *p;
	size_t size, got;
	struct file_fault fault;
};

static void read_it(void *arg)
{
	struct reading *r = arg;

	while (r->got < r->size) {
		ssize_t n = pread(r->fd, r->p + r->got, r->size - r->got, (off_t)(r->at + r->got));

		if (n == 0)
			return;
		if (n < 0 && errno != EINTR) {
			file_fail(&r->fault, "read");
			return;
		}
		r->got += n > 0 ? (size_t)n : 0;
	}
}

enum rc file_read(struct file_reader *f, uint64_t at, char *p, size_t size, size_t *got, struct err *e)
{
	struct reading r = {.fd = f->fd, .at = at, .p = p, .size = size};

	io_offload(f->io, read_it, &r);
	*got = r.got;
	return file_tell(&r.fault, e);
}

static void close_it(void *arg)
{
	close(((struct file_reader *)arg)->fd);
}

void file_close(struct file_reader *r)
{
	if (!r)
		return;
	io_offload(r->io, close_it, r);
	free(r);
}

/* ---- deleting ---- */

struct deleting {
	char *path;
	struct file_fault fault;
};

static void delete_it(void *arg)
{
	struct deleting *d = arg;

	if (unlink(d->path) < 0 && errno != ENOENT)
		file_fail(&d->fault, "delete");
}

enum rc file_delete(struct filedir *d, struct slice id, struct err *e)
{
	struct deleting job = {.path = NULL};

	if (!file_id_ok(id))
		return RC_OK;
	job.path = file_place(d, id);
	io_offload(d->io, delete_it, &job);
	free(job.path);
	return file_tell(&job.fault, e);
}

struct sweeping {
	char *path;
	int64_t before_s;
	size_t n;
	struct file_fault fault;
};

static void sweep_one(struct sweeping *s, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_mtime < s->before_s && unlinkat(dir, name, 0) == 0)
		s->n++;
}

static void sweep_it(void *arg)
{
	struct sweeping *s = arg;
	DIR *dir = opendir(s->path);
	const struct dirent *f;

	if (!dir) {
		if (errno != ENOENT)
			file_fail(&s->fault, "open folder");
		return;
	}
	for (size_t i = 0; i < SWEEP_MAX && (f = readdir(dir)); i++)
		sweep_one(s, dirfd(dir), f->d_name);
	closedir(dir);
}

enum rc file_sweep(struct filedir *d, int64_t age_s, size_t *n, struct err *e)
{
	struct sweeping s = {.before_s = env_wall_us(io_env(d->io)) / 1000000 - age_s};

	s.path = file_path(d, "tmp", SLICE_NONE);
	io_offload(d->io, sweep_it, &s);
	free(s.path);
	*n = s.n;
	return file_tell(&s.fault, e);
}
