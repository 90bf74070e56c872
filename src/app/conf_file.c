/* SPDX-License-Identifier: MIT */
#include "app/conf_table.h"

#include "base/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "chatkit.json"
#define READ_SIZE 16384

static void check_mode(struct conf_reader *r, const char *name, mode_t mode)
{
	if (r->literal_secret && (mode & 077))
		conf_problem(r, name, "holds secrets and others can read it (mode %04o): chmod 600 '%s'", (unsigned)mode & 07777, name);
}

static bool read_all(int fd, struct buf *out)
{
	char *room;

	while ((room = buf_room(out, READ_SIZE))) {
		ssize_t n = read(fd, room, READ_SIZE);

		if (n <= 0)
			return n == 0;
		buf_added(out, (size_t)n);
	}
	return false;
}

static void read_fd(struct conf_reader *r, const char *name, int fd)
{
	struct buf text = BUF_INIT(CONF_FILE_MAX + READ_SIZE);
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		conf_problem(r, name, "is not a file");
	} else if (st.st_size >= CONF_FILE_MAX || !read_all(fd, &text)) {
		conf_problem(r, name, "is larger than 1 MiB or cannot be read");
	} else {
		r->c->file = arena_dup(r->c->arena, slice_cstr(name));
		conf_read_text(r, name, buf_slice(&text));
		check_mode(r, name, st.st_mode);
	}
	wipe(text.p, text.n);
	buf_release(&text);
}

/* false: there is none. A file that is there and cannot be opened is a problem: to run without it would be a surprise. */
static bool try_file(struct conf_reader *r, const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0) {
		read_fd(r, name, fd);
		close(fd);
		return true;
	}
	if (errno == ENOENT || errno == ENOTDIR || stat(name, &st) != 0)
		return false;
	conf_problem(r, name, "cannot be opened by this user");
	return true;
}

static struct slice folder_of(struct slice path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

void conf_read_file(struct conf_reader *r)
{
	const char *named = r->from->file ? r->from->file : conf_getenv(r->from, S("CHATKIT_CONFIG"));
	struct slice beside = folder_of(slice_cstr(r->from->exe)), above = folder_of(beside);

	if (named) {
		if (!try_file(r, named))
			conf_problem(r, named, "there is no such file (named by %s)", r->from->file ? "-c" : "CHATKIT_CONFIG");
		return;
	}
	if (beside.n && try_file(r, arena_printf(r->scratch, "%.*s/" NAME, SLICE_ARG(beside)).p))
		return;
	if (above.n && try_file(r, arena_printf(r->scratch, "%.*s/" NAME, SLICE_ARG(above)).p))
		return;
	try_file(r, "/etc/chatkit/" NAME);
}
