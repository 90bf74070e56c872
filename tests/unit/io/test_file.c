/* SPDX-License-Identifier: MIT */
/* Files on a real disk, and on one that is full: for want of one, a limit on how large files may be. The same program for both seams. */
#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "tests/unit/task.h"

static char dir[] = "/tmp/chatkit-test-file-XXXXXX";

static struct filedir folder(struct io *io)
{
	return (struct filedir){.io = io, .path = slice_cstr(dir)};
}

static int check_one(const char *path UNUSED, const struct stat *st, int kind, struct FTW *at UNUSED)
{
	EXPECT(kind != FTW_D || (st->st_mode & 0777) == 0700);
	EXPECT(kind != FTW_F || (st->st_mode & 0777) == 0600);
	return 0;
}

/* How many files lie below dir/sub. */
static size_t files_in(const char *sub)
{
	char path[100];
	size_t n = 0;
	DIR *d;
	const struct dirent *f;

	EXPECT_EQ(nftw(dir, check_one, 8, FTW_PHYS), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, sub);
	d = opendir(path);
	while (d && (f = readdir(d)))
		n += f->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static void fill(char *p, size_t n, size_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)((seed + i) * 2654435761u >> 24);
}

/* In pieces of some odd size. */
static void write_some(struct filedir *d, const char *id, const char *p, size_t n, size_t piece)
{
	unsigned char hash[SHA256_LEN], want[SHA256_LEN];
	struct err e = ERR_INIT;
	struct file_writer *w;

	EXPECT_RC_E(RC_OK, file_begin(d, &w, &e), &e);
	EXPECT_EQ(files_in("tmp"), 1);
	for (size_t at = 0; at < n; at += piece)
		EXPECT_RC(RC_OK, file_write(w, slice_upto(slice_mem(p + at, n - at), piece), &e));
	EXPECT_EQ(file_written(w), n);
	EXPECT_RC(RC_OK, file_seal(w, hash, &e));
	sha256(slice_mem(p, n), want);
	EXPECT(memcmp(hash, want, SHA256_LEN) == 0);
	EXPECT_RC_E(RC_OK, file_keep(w, slice_cstr(id), &e), &e);
	file_end(w);
	EXPECT_EQ(files_in("tmp"), 0);
}

static void read_back(struct filedir *d, const char *id, const char *p, size_t n)
{
	char *all = xalloc(n + 1);
	struct err e = ERR_INIT;
	struct file_reader *r;
	uint64_t size;
	size_t got;

	EXPECT_RC_E(RC_OK, file_open(d, slice_cstr(id), &r, &size, &e), &e);
	EXPECT_EQ(size, n);
	EXPECT_RC(RC_OK, file_read(r, 0, all, n + 1, &got, &e));
	EXPECT_EQ(got, n);
	EXPECT(n == 0 || memcmp(all, p, n) == 0);
	EXPECT_RC(RC_OK, file_read(r, n / 2, all, 10, &got, &e));
	EXPECT(memcmp(all, p + n / 2, got) == 0);
	EXPECT_RC(RC_OK, file_read(r, n, all, 10, &got, &e));
	EXPECT_EQ(got, 0);
	file_close(r);
	free(all);
}

static void there_and_back(struct io *io)
{
	static const size_t sizes[] = {0, 1, 1000, FILE_PIECE - 1, FILE_PIECE, FILE_PIECE + 1, 3 * FILE_PIECE};
	struct filedir d = folder(io);
	struct file_reader *r;
	struct err e = ERR_INIT;
	char *p = xalloc(4 * FILE_PIECE);
	uint64_t size;

	EXPECT_RC(RC_NOT_FOUND, file_open(&d, S("atc_ab"), &r, &size, &e));
	EXPECT_RC(RC_OK, file_delete(&d, S("atc_ab"), &e));
	for (size_t i = 0; i < countof(sizes); i++) {
		fill(p, sizes[i], i);
		write_some(&d, "atc_ab", p, sizes[i], i ? 7919 : 1);
		read_back(&d, "atc_ab", p, sizes[i]);
		EXPECT_EQ(files_in("files/ab"), 1);
	}
	EXPECT_RC(RC_OK, file_delete(&d, S("atc_ab"), &e));
	EXPECT_EQ(files_in("files/ab"), 0);
	EXPECT_RC(RC_NOT_FOUND, file_open(&d, S("atc_ab"), &r, &size, &e));
	free(p);
}

static void given_up(struct io *io)
{
	struct filedir d = folder(io);
	struct file_writer *w;
	unsigned char hash[SHA256_LEN];
	struct err e = ERR_INIT;

	file_end(NULL);
	file_close(NULL);
	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	file_end(w);
	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	EXPECT_RC(RC_OK, file_write(w, S("hello"), &e));
	file_end(w);
	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	EXPECT_RC(RC_OK, file_write(w, S("hello"), &e));
	EXPECT_RC(RC_OK, file_seal(w, hash, &e));
	file_end(w);
	EXPECT_EQ(files_in("tmp"), 0);
}

static void ids(struct io *io)
{
	static const char *const bad[] = {"", ".", "..", "../x", "a/b", "a b", "a\nb", "\xc3\xbc",
					  "01234567890123456789012345678901234567890123456789012345678901234"};
	struct filedir d = folder(io);
	struct file_reader *r;
	struct err e = ERR_INIT;
	uint64_t size;

	for (size_t i = 0; i < countof(bad); i++) {
		EXPECT(!file_id_ok(slice_cstr(bad[i])));
		EXPECT_RC(RC_NOT_FOUND, file_open(&d, slice_cstr(bad[i]), &r, &size, &e));
		EXPECT_RC(RC_OK, file_delete(&d, slice_cstr(bad[i]), &e));
	}
	EXPECT(file_id_ok(S("atc_0123456789-Zz")));
	write_some(&d, "a", "x", 1, 1);
	read_back(&d, "a", "x", 1);
	EXPECT_RC(RC_OK, file_delete(&d, S("a"), &e));
}

/* A link where a file should be leads nowhere. */
static void no_links(struct io *io)
{
	struct filedir d = folder(io);
	struct file_reader *r;
	struct err e = ERR_INIT;
	char path[100];
	uint64_t size;

	write_some(&d, "atc_cd", "x", 1, 1);
	snprintf(path, sizeof(path), "%s/files/cd/atc_2cd", dir);
	EXPECT_EQ(symlink("/etc/passwd", path), 0);
	EXPECT_RC(RC_NOT_FOUND, file_open(&d, S("atc_2cd"), &r, &size, &e));
	EXPECT_EQ(unlink(path), 0);
	EXPECT_EQ(mkdir(path, 0700), 0);
	EXPECT_RC(RC_NOT_FOUND, file_open(&d, S("atc_2cd"), &r, &size, &e));
	EXPECT_EQ(rmdir(path), 0);
	EXPECT_RC(RC_OK, file_delete(&d, S("atc_cd"), &e));
}

static void no_folder(struct io *io)
{
	struct filedir d = {.io = io, .path = S("/nonexistent/chatkit")};
	struct file_writer *w;
	struct err e = ERR_INIT;
	size_t n;

	EXPECT_RC(RC_INTERNAL, file_begin(&d, &w, &e));
	EXPECT_EQ(e.user[0], 0);
	EXPECT_RC(RC_OK, file_sweep(&d, 0, &n, &e));
	EXPECT_EQ(n, 0);
}

static void full(struct io *io)
{
	struct filedir d = folder(io);
	struct rlimit old, small;
	struct file_writer *w;
	unsigned char hash[SHA256_LEN];
	struct err e = ERR_INIT;
	char *p = xalloc(FILE_PIECE);

	EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 5;
	EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int whole = 0; whole < 2; whole++) {
		EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
		EXPECT_RC(whole ? RC_BUSY : RC_OK, file_write(w, slice_mem(p, whole ? FILE_PIECE : 10), &e));
		EXPECT_RC(RC_BUSY, file_seal(w, hash, &e));
		EXPECT_EQ(err_http(&e), 507);
		EXPECT(e.user[0]);
		EXPECT_RC(RC_BUSY, file_write(w, S("x"), &e));
		file_end(w);
		EXPECT_EQ(files_in("tmp"), 0);
	}
	EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
	free(p);
}

/* A disk that others need, too: one byte more than it has is to stay free. */
static void reserved(struct io *io)
{
	struct filedir d = folder(io);
	struct file_writer *w;
	struct err e = ERR_INIT;
	char *p = xalloc(FILE_PIECE);

	d.keep_free = 1;
	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	d.keep_free = UINT64_MAX; /* it filled up meanwhile */
	EXPECT_RC(RC_BUSY, file_write(w, slice_mem(p, FILE_PIECE), &e));
	EXPECT_EQ(err_http(&e), 507);
	file_end(w);
	EXPECT_EQ(files_in("tmp"), 0);
	EXPECT_RC(RC_BUSY, file_begin(&d, &w, &e));
	EXPECT_EQ(err_http(&e), 507);
	EXPECT_EQ(files_in("tmp"), 0);
	free(p);
}

static void swept(struct io *io)
{
	struct filedir d = folder(io);
	struct file_writer *w;
	struct err e = ERR_INIT;
	size_t n;

	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	EXPECT_RC(RC_OK, file_sweep(&d, 3600, &n, &e));
	EXPECT_EQ(n, 0);
	EXPECT_EQ(files_in("tmp"), 1);
	EXPECT_RC(RC_OK, file_sweep(&d, -3600, &n, &e)); /* older than an hour from now */
	EXPECT_EQ(n, 1);
	EXPECT_EQ(files_in("tmp"), 0);
	file_end(w);
}

/* Twenty at once, on four helpers, each its own bytes. */
struct one {
	struct io *io;
	size_t i;
};

static void write_one(void *arg)
{
	struct one *o = arg;
	struct filedir d = folder(o->io);
	size_t n = FILE_PIECE + 1000 * o->i;
	char *p = xalloc(n), id[20];
	unsigned char hash[SHA256_LEN];
	struct err e = ERR_INIT;
	struct file_writer *w;

	fill(p, n, o->i);
	snprintf(id, sizeof(id), "atc_%zu_ef", o->i);
	EXPECT_RC(RC_OK, file_begin(&d, &w, &e));
	for (size_t at = 0; at < n; at += 5000)
		EXPECT_RC(RC_OK, file_write(w, slice_upto(slice_mem(p + at, n - at), 5000), &e));
	EXPECT_RC(RC_OK, file_seal(w, hash, &e));
	EXPECT_RC(RC_OK, file_keep(w, slice_cstr(id), &e));
	file_end(w);
	read_back(&d, id, p, n);
	EXPECT_RC(RC_OK, file_delete(&d, slice_cstr(id), &e));
	free(p);
}

static void many(struct io *io)
{
	struct one o[20];
	struct task *t[20];

	for (size_t i = 0; i < countof(o); i++) {
		o[i] = (struct one){io, i};
		t[i] = io_go(io, "write", write_one, &o[i]);
	}
	for (size_t i = 0; i < countof(o); i++)
		io_join(t[i]);
	EXPECT_EQ(files_in("files/ef") + files_in("tmp"), 0);
}

#define TEST(fn, what)                                                                                                                                         \
	static void what(void **state UNUSED)                                                                                                                  \
	{                                                                                                                                                      \
		run_task(fn);                                                                                                                                  \
	}
TEST(there_and_back, file__any_size__is_read_as_written)
TEST(given_up, file__given_up__leaves_nothing)
TEST(ids, file__id__is_no_path)
TEST(no_links, file__link_or_folder__is_not_there)
TEST(no_folder, file__no_folder__fails)
TEST(full, file__full_disk__is_said_and_leaves_nothing)
TEST(reserved, file__less_free_than_is_to_stay__counts_as_full)
TEST(swept, file__sweep__takes_the_old_ones)
TEST(many, file__many_at_once__do_not_mix)

static int make_dir(void **state UNUSED)
{
	signal(SIGXFSZ, SIG_IGN);
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_one(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

static int drop_dir(void **state UNUSED)
{
	return nftw(dir, drop_one, 8, FTW_PHYS | FTW_DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file__any_size__is_read_as_written),
		cmocka_unit_test(file__given_up__leaves_nothing),
		cmocka_unit_test(file__id__is_no_path),
		cmocka_unit_test(file__link_or_folder__is_not_there),
		cmocka_unit_test(file__no_folder__fails),
		cmocka_unit_test(file__full_disk__is_said_and_leaves_nothing),
		cmocka_unit_test(file__less_free_than_is_to_stay__counts_as_full),
		cmocka_unit_test(file__sweep__takes_the_old_ones),
		cmocka_unit_test(file__many_at_once__do_not_mix),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
