/* SPDX-License-Identifier: MIT */
/* Writing, and where files stand. */
#include "io/file_inner.h"

#include "base/ascii.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- what went wrong, from the helper's thread to the task ---- */

int file_fail(struct file_fault *f, const char *what)
{
	*f = (struct file_fault){errno, what};
	return -1;
}

enum rc file_tell(const struct file_fault *f, struct err *e)
{
	if (f->error == 0)
		return RC_OK;
	if (f->error != ENOSPC && f->error != EDQUOT && f->error != EFBIG)
		return err_set(e, RC_INTERNAL, "files: %s: %s", f->what, strerror(f->error));
	err_set(e, RC_BUSY, "files: %s: %s", f->what, strerror(f->error));
	err_user(e, "There is no room for files on this server at the moment.");
	e->http = 507;
	e->retry_after_s = 60;
	return e->rc;
}

/* ---- names ---- */

bool file_id_ok(struct slice id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c) || c == '_' || c == '-'))
			return false;
	}
	return id.n > 0 && id.n <= FILE_ID_MAX;
}

char *file_path(const struct filedir *d, const char *folder, struct slice name)
{
	size_t size = d->path.n + strlen(folder) + name.n + 8;
	char *path = xalloc(size);

	snprintf(path, size, "%.*s/%s%s%.*s", SLICE_ARG(d->path), folder, name.n ? "/" : "", SLICE_ARG(name));
	return path;
}

/* The id's last letters: the first are the same in all of ours. */
char *file_folder(const struct filedir *d, struct slice id)
{
	struct slice end = slice_from(id, id.n > 2 ? id.n - 2 : 0);

	return file_path(d, "files", end);
}

char *file_place(const struct filedir *d, struct slice id)
{
	char *folder = file_folder(d, id), *path;
	size_t size = strlen(folder) + id.n + 2;

	path = xalloc(size);
	snprintf(path, size, "%s/%.*s", folder, SLICE_ARG(id));
	free(folder);
	return path;
}

/* ---- writing ---- */

struct file_writer {
	struct filedir *d;
	int fd;
	char *tmp;            /* its path while it is under way; NULL: it is there no more */
	char *folder, *place; /* file_keep's */
	char *piece;
	size_t n;             /* bytes in it */
	uint64_t written;
	struct sha256_sum *sum;
	unsigned char hash[SHA256_LEN];
	struct file_fault fault;
};

static enum rc run(struct file_writer *w, void (*fn)(void *), struct err *e)
{
	io_offload(w->d->io, fn, w);
	return file_tell(&w->fault, e);
}

/* Who can fill the disk takes down what else lives on it, the database first. */
static int leave_room(struct file_writer *w)
{
	struct statvfs disk;

	if (w->d->keep_free == 0 || fstatvfs(w->fd, &disk) < 0)
		return 0;
	if ((uint64_t)disk.f_bavail * disk.f_frsize >= w->d->keep_free)
		return 0;
	errno = ENOSPC;
	return file_fail(&w->fault, "leave room");
}

static void begin(void *arg)
{
	struct file_writer *w = arg;
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char *folder;

	w->fd = open(w->tmp, flags, 0600);
	if (w->fd < 0 && errno == ENOENT) {
		folder = file_path(w->d, "tmp", SLICE_NONE);
		if (mkdir(folder, 0700) == 0 || errno == EEXIST)
			w->fd = open(w->tmp, flags, 0600);
		free(folder);
	}
	if (w->fd < 0) {
		file_fail(&w->fault, "create");
	} else if (leave_room(w) < 0) {
		unlink(w->tmp);
		close(w->fd);
	}
}

enum rc file_begin(struct filedir *d, struct file_writer **out, struct err *e)
{
	struct file_writer *w = xalloc(sizeof(*w));
	struct id name = id_new(io_env(d->io), "");

	w->d = d;
	w->fd = -1;
	w->tmp = file_path(d, "tmp", id_slice(&name));
	w->sum = sha256_new();
	if (run(w, begin, e) == RC_OK) {
		*out = w;
		return RC_OK;
	}
	free(w->tmp);
	sha256_drop(w->sum);
	free(w);
	return e->rc;
}

static int put_piece(struct file_writer *w)
{
	struct slice rest = slice_mem(w->piece, w->n);

	if (leave_room(w) < 0)
		return -1;
	sha256_add(w->sum, rest);
	while (rest.n) {
		ssize_t n = write(w->fd, rest.p, rest.n);

		if (n < 0 && errno != EINTR)
			return file_fail(&w->fault, "write");
		rest = slice_from(rest, n > 0 ? (size_t)n : 0);
	}
	w->n = 0;
	return 0;
}

static void put(void *arg)
{
	(void)put_piece(arg);
}

enum rc file_write(struct file_writer *w, struct slice bytes, struct err *e)
{
	if (w->fault.error)
		return file_tell(&w->fault, e);
	if (!w->piece)
		w->piece = xalloc(FILE_PIECE);
	while (bytes.n) {
		struct slice now = slice_upto(bytes, FILE_PIECE - w->n);

		memcpy(w->piece + w->n, now.p, now.n);
		w->n += now.n;
		w->written += now.n;
		bytes = slice_from(bytes, now.n);
		if (w->n == FILE_PIECE && run(w, put, e) != RC_OK)
			return e->rc;
	}
	return RC_OK;
}

uint64_t file_written(const struct file_writer *w)
{
	return w->written;
}

static void seal(void *arg)
{
	struct file_writer *w = arg;

	if (w->n && put_piece(w) < 0)
		return;
	sha256_end(w->sum, w->hash);
	w->sum = NULL;
	if (fsync(w->fd) < 0)
		file_fail(&w->fault, "sync");
}

enum rc file_seal(struct file_writer *w, unsigned char hash[SHA256_LEN], struct err *e)
{
	CHECK(w->sum);
	if (w->fault.error || run(w, seal, e) != RC_OK)
		return file_tell(&w->fault, e);
	memcpy(hash, w->hash, SHA256_LEN);
	return RC_OK;
}

/* The name is only safe with its folder. */
static int sync_folder(const char *path, struct file_fault *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = -1;

	if (fd < 0)
		return file_fail(f, "open folder");
	n = fsync(fd);
	if (n < 0)
		file_fail(f, "sync folder");
	close(fd);
	return n;
}

/* mkdir -p of the last two parts. */
static int make_folder(struct file_writer *w)
{
	char *above = file_path(w->d, "files", SLICE_NONE);
	int made = mkdir(above, 0700);

	if (made == 0 || errno == EEXIST) {
		made = mkdir(w->folder, 0700);
		if (made == 0)
			made = sync_folder(above, &w->fault);
		else if (errno == EEXIST)
			made = 0;
	}
	if (made < 0 && !w->fault.error)
		file_fail(&w->fault, "make folder");
	free(above);
	return made;
}

static void keep(void *arg)
{
	struct file_writer *w = arg;

	if (make_folder(w) < 0)
		return;
	if (rename(w->tmp, w->place) < 0) {
		file_fail(&w->fault, "rename");
		return;
	}
	free(w->tmp);
	w->tmp = NULL;
	close(w->fd);
	w->fd = -1;
	sync_folder(w->folder, &w->fault);
}

enum rc file_keep(struct file_writer *w, struct slice id, struct err *e)
{
	CHECK(!w->sum && !w->place && file_id_ok(id));
	if (w->fault.error)
		return file_tell(&w->fault, e);
	w->folder = file_folder(w->d, id);
	w->place = file_place(w->d, id);
	return run(w, keep, e);
}

static void discard(void *arg)
{
	struct file_writer *w = arg;

	if (w->tmp)
		unlink(w->tmp);
	if (w->fd >= 0)
		close(w->fd);
}

void file_end(struct file_writer *w)
{
	if (!w)
		return;
	if (w->tmp || w->fd >= 0)
		io_offload(w->d->io, discard, w);
	sha256_drop(w->sum);
	free(w->tmp);
	free(w->folder);
	free(w->place);
	free(w->piece);
	free(w);
}
