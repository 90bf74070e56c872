/* SPDX-License-Identifier: MIT */
/* Files of a real store on a real disk: what a model reads of them, what it makes, and what is taken back. The same program for both seams. */
#include <ftw.h>

#include "app/upload.h"
#include "base/base64.h"
#include "tests/unit/store/world.h"

static char dir[] = "/tmp/chatkit-test-files-XXXXXX";
static const struct slice anna = S_INIT("anon:anna");

static const char gif[] = "GIF89a\1\0\1\0\x80\0\0xxxxxxxxxxxxxxxxxxxxxxxx;";

static struct conf conf; /* large: not for a task's stack */

struct rig {
	struct shop sh;
	struct files *f;
	struct err e;
};

static void rig_open(struct rig *r, struct io *io)
{
	static const struct slice types[] = {S_INIT("image/gif"), S_INIT("application/pdf"), S_INIT("text/plain"), S_INIT("audio/wav")};

	conf.secret = S("a secret of at least thirty-two bytes");
	conf.state_dir = slice_cstr(dir);
	conf.files = (struct conf_files){.enabled = true, .offered = true, .max_bytes = 25 << 20, .per_message = 10, .owner_bytes = 500 << 20,
					 .owner_count = 10, .keep_us = 3600 * (int64_t)IO_SECOND, .link_us = 3600 * (int64_t)IO_SECOND};
	conf.file_types.n = 0;
	for (size_t i = 0; i < countof(types); i++)
		conf.file_types.v[conf.file_types.n++] = types[i];
	*r = (struct rig){.f = NULL};
	shop_open(&r->sh, io, NULL);
	r->f = files_new(r->sh.a, io, &conf, r->sh.s);
	EXPECT(r->f);
}

static size_t n_files;

static int count_one(const char *path UNUSED, const struct stat *st UNUSED, int kind, struct FTW *at UNUSED)
{
	n_files += kind == FTW_F;
	return 0;
}

static size_t on_disk(void)
{
	n_files = 0;
	EXPECT_EQ(nftw(dir, count_one, 8, FTW_PHYS), 0);
	return n_files;
}

/* As an upload does it. */
static struct slice put(struct rig *r, const char *mime, struct slice bytes)
{
	struct upload_is is = {.said = slice_cstr(mime), .name = S("a"), .max = 25 << 20};
	struct upload *u;
	struct store_file row;

	EXPECT_RC_E(RC_OK, upload_begin(r->f, &is, r->sh.a, &u, &r->e), &r->e);
	for (size_t at = 0; at < bytes.n; at += 10000)
		EXPECT_RC_E(RC_OK, upload_write(u, slice_upto(slice_from(bytes, at), 10000), &r->e), &r->e);
	EXPECT_RC_E(RC_OK, upload_seal(u, &r->e), &r->e);
	row = (struct store_file){.id = new_id(&r->sh, "atc_"), .name = S("a"), .mime = u->mime, .state = FILE_HERE, .size = u->size};
	row.sha256 = slice_mem(u->sha256, SHA256_LEN);
	EXPECT_RC_E(RC_OK, store_file_new(r->sh.s, r->sh.a, anna, &row, NULL, &r->e), &r->e);
	EXPECT_RC_E(RC_OK, upload_place(u, r->sh.a, anna, row.id, &r->e), &r->e);
	upload_end(u);
	return row.id;
}

static void drop(struct rig *r, struct slice owner, struct slice id)
{
	EXPECT_RC_E(RC_OK, store_file_drop(r->sh.s, r->sh.a, owner, id, &r->e), &r->e);
	EXPECT(files_erase(r->f, r->sh.a, owner, id));
}

static void rig_close(struct rig *r)
{
	EXPECT_EQ(on_disk(), 0);
	EXPECT_EQ(ask("SELECT count(*) FROM chatkit.file"), 0);
	shop_close(&r->sh);
}

static struct part load(struct rig *r, struct slice owner, struct slice id)
{
	struct caller who = {.owner = owner};
	struct part p = {.kind = PART_FILE, .file_id = id, .mime = S("x/y")};

	EXPECT_RC_E(RC_OK, files_load(r->f, &who, &p, r->sh.a, &r->e), &r->e);
	return p;
}

static struct slice many(struct rig *r, const char *begin, size_t n)
{
	char *p = arena_alloc(r->sh.a, n);

	memset(p, 'x', n);
	memcpy(p, begin, strlen(begin));
	return slice_mem(p, n);
}

static void read_by_models(struct io *io)
{
	struct rig r;
	struct slice text, image, pdf, sound, late, bytes;
	struct part p;

	rig_open(&r, io);
	text = put(&r, "text/plain", S("hello"));
	image = put(&r, "image/gif", slice_mem(gif, sizeof(gif) - 1));
	bytes = many(&r, "%PDF-", 300000);
	pdf = put(&r, "application/pdf", bytes);
	sound = put(&r, "audio/wav", S("RIFFxxxxWAVE"));

	p = load(&r, anna, text);
	EXPECT(slice_is(p.text, "hello") && !p.data.n && slice_is(p.mime, "text/plain"));
	p = load(&r, anna, image);
	EXPECT(slice_starts(p.data, S("R0lGODlhAQABAIAAAHh4")) && p.data.n == base64_size(sizeof(gif) - 1) && !p.text.n && slice_is(p.mime, "image/gif"));
	p = load(&r, anna, pdf);
	EXPECT_EQ(p.data.n, 400000);
	for (size_t i = 8; i + 8 < p.data.n; i += 4)
		EXPECT(memcmp(p.data.p + i, "eHh4", 4) == 0);
	/* What no model reads, what is another's, and what is no more: left as it is. */
	p = load(&r, anna, sound);
	EXPECT(!p.text.n && !p.data.n && slice_is(p.mime, "x/y"));
	p = load(&r, S("anon:otto"), text);
	EXPECT(!p.text.n && !p.data.n);
	p = load(&r, anna, S("atc_none"));
	EXPECT(!p.text.n && !p.data.n);
	p = load(&r, anna, S("../x"));
	EXPECT(!p.text.n && !p.data.n);
	late = put(&r, "text/plain", S("bye"));
	EXPECT_RC(RC_OK, file_delete(&r.f->dir, late, &r.e));
	p = load(&r, anna, late);
	EXPECT(!p.text.n && !p.data.n);
	drop(&r, anna, text);
	p = load(&r, anna, text);
	EXPECT(!p.text.n);
	drop(&r, anna, image);
	drop(&r, anna, pdf);
	drop(&r, anna, sound);
	drop(&r, anna, late);
	rig_close(&r);
}

static void too_large_for_models(struct io *io)
{
	struct rig r;
	struct slice text, pdf, image, cut;
	struct caller who = {.owner = anna};
	struct arena *small = arena_new(1000, NULL);
	struct part p;

	rig_open(&r, io);
	/* A character of two bytes stands across the end of what is shown. */
	cut = many(&r, "", FILES_TEXT_MAX + 100);
	memcpy((char *)(uintptr_t)cut.p + FILES_TEXT_MAX - 1, "\xc3\xbc", 2);
	text = put(&r, "text/plain", cut);
	pdf = put(&r, "application/pdf", many(&r, "%PDF-", FILES_PDF_MAX + 1));
	image = put(&r, "image/gif", many(&r, "GIF89a\1\2\1\2\x80", FILES_IMAGE_MAX + 1));
	p = load(&r, anna, text);
	EXPECT(slice_eq(slice_upto(p.text, FILES_TEXT_MAX - 1), slice_upto(cut, FILES_TEXT_MAX - 1)));
	EXPECT_STR("\n[The file goes on: 204799 bytes of 204900 are shown.]", slice_from(p.text, FILES_TEXT_MAX - 1));
	p = load(&r, anna, pdf);
	EXPECT_STR("(This file cannot be shown: its 15728641 bytes are too many.)", p.text);
	p = load(&r, anna, image);
	EXPECT_STR("(This file cannot be shown: its 10485761 bytes are too many.)", p.text);
	/* No room left for it in the round. */
	p = (struct part){.kind = PART_FILE, .file_id = text};
	EXPECT_RC(RC_TOO_LARGE, files_load(r.f, &who, &p, small, &r.e));
	EXPECT(!p.text.n && !p.data.n);
	EXPECT_RC(RC_OK, files_load(NULL, &who, &p, small, &r.e));
	drop(&r, anna, text);
	drop(&r, anna, pdf);
	drop(&r, anna, image);
	arena_free(small);
	rig_close(&r);
}

static struct slice encoded(struct rig *r, struct slice bytes)
{
	char *p = arena_alloc(r->sh.a, base64_size(bytes.n) + 1);

	return slice_mem(p, base64_encode(p, bytes));
}

/* As a turn does it that stores the image's item. */
static void show(struct rig *r, struct talk *t, struct slice id)
{
	EXPECT_RC_E(RC_OK, store_write(r->sh.s, r->sh.a, &t->k, &(struct batch){.files = &id, .n_files = 1}, &r->e), &r->e);
}

static void made_by_models(struct io *io)
{
	struct rig r;
	struct talk t;
	struct slice id, whole, large, one = slice_mem(gif, sizeof(gif) - 1);
	struct store_file row;
	bool found;

	rig_open(&r, io);
	talk_new(&r.sh, &t, anna);
	whole = encoded(&r, one);
	EXPECT_RC_E(RC_OK, files_put_image(r.f, anna, S("image/png"), whole, r.sh.a, &id, &r.e), &r.e);
	EXPECT_RC(RC_OK, store_files(r.sh.s, r.sh.a, anna, &id, 1, &row, &r.e));
	EXPECT(row.state == FILE_HERE && row.kind == FILE_IMAGE && slice_is(row.mime, "image/gif") && slice_is(row.name, "image.gif"));
	EXPECT(row.thread_id.n == 0 && row.size == (int64_t)one.n);
	EXPECT(slice_eq(load(&r, anna, id).data, whole));
	show(&r, &t, id);
	EXPECT_RC(RC_OK, store_files(r.sh.s, r.sh.a, anna, &id, 1, &row, &r.e));
	EXPECT(row.state == FILE_USED && slice_eq(row.thread_id, t.k.thread_id));

	/* Lines, blanks around, several pieces. */
	large = many(&r, "GIF89a\1\2\1\2\x80", 200000);
	whole = encoded(&r, large);
	for (size_t line = 76; line < 80; line++) {
		struct buf b = BUF_INIT(1000000);

		buf_adds(&b, "\r\n ");
		for (size_t at = 0; at < whole.n; at += line) {
			buf_add(&b, slice_upto(slice_from(whole, at), line));
			buf_adds(&b, "\r\n");
		}
		EXPECT_RC_E(RC_OK, files_put_image(r.f, anna, S("image/gif"), buf_slice(&b), r.sh.a, &id, &r.e), &r.e);
		EXPECT(slice_eq(load(&r, anna, id).data, whole));
		show(&r, &t, id);
		buf_release(&b);
	}
	EXPECT_EQ(on_disk(), 5);

	EXPECT_RC(RC_PROTO, files_put_image(r.f, anna, S("image/png"), encoded(&r, S("hello")), r.sh.a, &id, &r.e));
	EXPECT_RC(RC_PROTO, files_put_image(r.f, anna, S("image/png"), encoded(&r, S("%PDF-1")), r.sh.a, &id, &r.e));
	EXPECT_RC(RC_PROTO, files_put_image(r.f, anna, S("image/png"), S("R0lGO%"), r.sh.a, &id, &r.e));
	EXPECT_RC(RC_PROTO, files_put_image(r.f, anna, S("image/png"), S(" "), r.sh.a, &id, &r.e));
	large = encoded(&r, many(&r, "GIF89a\1\2\1\2\x80", FILES_IMAGE_MAX + 1));
	EXPECT_RC(RC_PROTO, files_put_image(r.f, anna, S("image/gif"), large, r.sh.a, &id, &r.e));
	EXPECT_RC(RC_NOT_FOUND, files_put_image(NULL, anna, S("image/gif"), encoded(&r, one), r.sh.a, &id, &r.e));
	conf.files.owner_count = 5;
	EXPECT_RC(RC_RATE, files_put_image(r.f, anna, S("image/gif"), encoded(&r, one), r.sh.a, &id, &r.e));
	EXPECT_EQ(on_disk(), 5);

	/* They go with their thread, at the sweep. */
	talk_end(&r.sh, &t);
	EXPECT_RC(RC_OK, store_thread_delete(r.sh.s, anna, t.k.thread_id, &found, &r.e));
	EXPECT_EQ(on_disk(), 5);
	files_start(r.f);
	for (int i = 0; i < 200 && on_disk(); i++)
		EXPECT_RC(RC_OK, io_sleep(io, 100000, NULL));
	files_stop(r.f);
	rig_close(&r);
}

/* Taken back between its row and its name: who deleted it found no bytes. */
static void taken_back(struct io *io)
{
	struct rig r;
	struct upload_is is = {.said = S("text/plain"), .name = S("a"), .max = 100};
	struct store_file row = {.id = S("atc_back"), .name = S("a"), .mime = S("text/plain"), .state = FILE_NEW, .size = 5};
	struct upload *u;

	rig_open(&r, io);
	EXPECT_RC(RC_OK, store_file_new(r.sh.s, r.sh.a, anna, &row, NULL, &r.e));
	EXPECT_RC(RC_OK, upload_begin(r.f, &is, r.sh.a, &u, &r.e));
	EXPECT_RC(RC_OK, upload_write(u, S("hello"), &r.e));
	EXPECT_RC(RC_OK, upload_seal(u, &r.e));
	EXPECT_RC(RC_OK, store_file_here(r.sh.s, r.sh.a, anna, row.id, u->size, u->mime, slice_mem(u->sha256, SHA256_LEN), NULL, &r.e));
	drop(&r, anna, row.id);
	EXPECT_RC(RC_NOT_FOUND, upload_place(u, r.sh.a, anna, row.id, &r.e));
	upload_end(u);
	upload_end(NULL);
	rig_close(&r);
}

static void refused(struct io *io)
{
	struct rig r;
	struct upload_is is = {.said = S("image/png"), .name = S("a"), .max = 10};
	struct upload *u;

	rig_open(&r, io);
	EXPECT_RC(RC_MEDIA, upload_begin(r.f, &is, r.sh.a, &u, &r.e));
	is.said = S("Text/Plain; charset=utf-8");
	EXPECT_RC(RC_OK, upload_begin(r.f, &is, r.sh.a, &u, &r.e));
	EXPECT_RC(RC_OK, upload_write(u, S("0123456789"), &r.e));
	EXPECT_RC(RC_TOO_LARGE, upload_write(u, S("x"), &r.e));
	upload_end(u);
	EXPECT_RC(RC_OK, upload_begin(r.f, &is, r.sh.a, &u, &r.e));
	EXPECT_RC(RC_BAD, upload_seal(u, &r.e));
	upload_end(u);
	is.said = S("nonsense");
	is.max = 2000;
	EXPECT_RC(RC_OK, upload_begin(r.f, &is, r.sh.a, &u, &r.e));
	EXPECT_RC(RC_MEDIA, upload_write(u, many(&r, "{\xff", 600), &r.e)); /* what it is is known, and not taken */
	upload_end(u);
	EXPECT_EQ(on_disk(), 0);
	rig_close(&r);
}

#define TEST(fn, what)                                                                                                                                         \
	static void what(void **state UNUSED)                                                                                                                  \
	{                                                                                                                                                      \
		run_task(fn);                                                                                                                                  \
	}
TEST(read_by_models, files_load__what_is_there__is_read)
TEST(too_large_for_models, files_load__too_large__is_said)
TEST(made_by_models, files_put_image__images__are_the_threads)
TEST(taken_back, upload__taken_back__leaves_nothing)
TEST(refused, upload__refused__leaves_nothing)

static int drop_one(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_load__what_is_there__is_read),
		cmocka_unit_test(files_load__too_large__is_said),
		cmocka_unit_test(files_put_image__images__are_the_threads),
		cmocka_unit_test(upload__taken_back__leaves_nothing),
		cmocka_unit_test(upload__refused__leaves_nothing),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = world_run(tests);
	nftw(dir, drop_one, 8, FTW_PHYS | FTW_DEPTH);
	return failed;
}
