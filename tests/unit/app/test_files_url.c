/* SPDX-License-Identifier: MIT */
/* Addresses of files: who made them, how long they are good, and where they are put. */
#include "app/files_inner.h"
#include "tests/unit/app/who_rig.h"

static const struct slice anna = S_INIT("anon:anna"), id = S_INIT("atc_0123"), base = S_INIT("https://x.example");

static struct files *open_files(struct who_rig *w)
{
	struct store *nobody = (struct store *)w; /* addresses ask no store */

	w->conf.files = (struct conf_files){.enabled = true, .offered = true, .link_us = 3600 * (int64_t)IO_SECOND};
	return files_new(w->arena, w->io, &w->conf, nobody);
}

static struct slice url(struct who_rig *w, struct files *f, struct slice owner)
{
	struct buf b = BUF_INIT(20000);
	struct slice s;

	files_url(f, base, owner, id, &b);
	assert_true(buf_ok(&b));
	s = arena_dup(w->arena, buf_slice(&b));
	buf_release(&b);
	return s;
}

static bool is_good(struct who_rig *w, struct files *f, struct slice address, struct slice *owner, int64_t *until)
{
	struct slice path, query = slice_cut(address, '?', &path);

	assert_true(slice_starts(path, S("https://x.example/api/chat/files/")));
	return files_signed(f, slice_from(path, strlen("https://x.example/api/chat/files/")), query, w->arena, owner, until);
}

static void files_url__for_its_time__names_the_owner(void **state)
{
	struct who_rig *w = *state;
	struct files *f = open_files(w);
	struct slice first = url(w, f, anna), owner;
	int64_t until, begun = w->fake.wall_s;

	assert_true(is_good(w, f, first, &owner, &until));
	assert_true(slice_eq(owner, anna));
	assert_in_range(until, begun + 3600, begun + 3600 + 600);
	/* The same for a while, so that a browser keeps what it fetched. */
	w->fake.wall_s = until - 3600 - 1;
	assert_true(slice_eq(url(w, f, anna), first));
	w->fake.wall_s++;
	assert_false(slice_eq(url(w, f, anna), first));
	w->fake.wall_s = until - 1;
	assert_true(is_good(w, f, first, &owner, &until));
	w->fake.wall_s = until;
	assert_false(is_good(w, f, first, &owner, &until));
}

static void files_url__any_byte_changed__is_nobodys(void **state)
{
	struct who_rig *w = *state;
	struct files *f = open_files(w);
	struct slice good = url(w, f, anna), owner;
	size_t from = strlen("https://x.example/api/chat/files/");
	char *bad = arena_alloc(w->arena, good.n + 1);
	int64_t until;

	for (size_t i = from; i < good.n; i++) {
		memcpy(bad, good.p, good.n);
		bad[i] ^= 1;
		assert_false(is_good(w, f, slice_mem(bad, good.n), &owner, &until));
	}
	for (size_t n = from; n < good.n; n++)
		assert_false(is_good(w, f, slice_upto(good, n), &owner, &until));
	assert_false(is_good(w, f, arena_printf(w->arena, "%.*s&o=x", SLICE_ARG(good)), &owner, &until));
	assert_true(is_good(w, f, arena_printf(w->arena, "%.*s&x=y", SLICE_ARG(good)), &owner, &until));
}

static void files_url__secret_changed__the_old_one_is_good_for_a_while(void **state)
{
	struct who_rig *w = *state;
	struct slice first = url(w, open_files(w), anna), owner;
	int64_t until;

	w->conf.secret_old = w->conf.secret;
	w->conf.secret = S("another secret of at least thirty-two bytes");
	assert_true(is_good(w, open_files(w), first, &owner, &until));
	assert_false(slice_eq(url(w, open_files(w), anna), first));
	w->conf.secret_old = SLICE_NONE;
	assert_false(is_good(w, open_files(w), first, &owner, &until));
}

static void files_url__long_owner__works(void **state)
{
	struct who_rig *w = *state;
	struct files *f = open_files(w);
	char *p = arena_alloc(w->arena, 3000);
	struct slice owner;
	int64_t until;

	memset(p, 'x', 3000);
	assert_true(is_good(w, f, url(w, f, slice_mem(p, 3000)), &owner, &until));
	assert_int_equal(owner.n, 3000);
}

static void files_base__request_and_conf__say_where_we_are(void **state)
{
	struct who_rig *w = *state;
	static const struct {
		const char *public_url, *base_path, *scheme, *host, *want;
	} rows[] = {
		{"", "", "http", "a.example:8080", "http://a.example:8080"},
		{"", "/chat", "https", "a.example", "https://a.example/chat"},
		{"", "/chat", "https", "[::1]:8080", "https://[::1]:8080/chat"},
		{"", "/chat", "https", "", "/chat"},
		{"", "", "https", "a\"b", ""},
		{"", "", "https", "a/b", ""},
		{"", "", "https", "a@b", ""},
		{"https://b.example", "", "http", "a.example", "https://b.example"},
		{"https://b.example", "/chat", "http", "a.example", "https://b.example/chat"},
		{"https://b.example/chat", "/chat", "http", "a.example", "https://b.example/chat"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		w->conf.public_url = slice_cstr(rows[i].public_url);
		w->conf.base_path = slice_cstr(rows[i].base_path);
		assert_string_equal(files_base(w->arena, ask(w, "GET", rows[i].scheme, rows[i].host), &w->conf).p, rows[i].want);
	}
}

/* @ stands for the address. */
static void files_splice__placeholders__become_addresses(void **state)
{
	struct who_rig *w = *state;
	struct files *f = open_files(w);
	static const struct {
		const char *in, *want; /* NULL: as it is */
	} rows[] = {
		{"", NULL},
		{"{}", NULL},
		{"{\"preview_url\":\"chatkit-file:atc_0123\"}", "{\"preview_url\":\"@\"}"},
		{"{\"image\":{\"id\":\"x\",\"url\":\"chatkit-file:atc_0123\"}}", "{\"image\":{\"id\":\"x\",\"url\":\"@\"}}"},
		{"[{\"url\":\"chatkit-file:atc_0123\"},{\"url\":\"chatkit-file:atc_0123\",\"a\":1}]", "[{\"url\":\"@\"},{\"url\":\"@\",\"a\":1}]"},
		/* Nobody's text is one. */
		{"{\"text\":\"chatkit-file:atc_0123\"}", NULL},
		{"{\"text\":\"see \\\"preview_url\\\":\\\"chatkit-file:atc_0123\\\"\"}", NULL},
		{"{\"text\":\"\\\"url\\\":\\\"chatkit-file:atc_0123\"}", NULL},
		{"{\"my_url\":\"chatkit-file:atc_0123\"}", NULL},
		{"{\"url\": \"chatkit-file:atc_0123\"}", NULL},
		{"{\"url\":\"chatkit-file:\"}", NULL},
		{"{\"url\":\"chatkit-file:../x\"}", NULL},
		{"{\"url\":\"chatkit-file:a\\\"b\"}", NULL},
		{"{\"url\":\"chatkit-file:01234567890123456789012345678901234567890123456789012345678901234\"}", NULL},
		{"{\"url\":[\"chatkit-file:atc_0123\"]}", NULL},
		{"{\"text\":\"chatkit-file:x\",\"url\":\"chatkit-file:atc_0123\"}", "{\"text\":\"chatkit-file:x\",\"url\":\"@\"}"},
		/* Never sent, but no reason to fall over. */
		{"\"chatkit-file:", NULL},
		{"\"url\":\"chatkit-file:", NULL},
	};
	struct slice address = url(w, f, anna);

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf got = BUF_INIT(100000), none = BUF_INIT(100000), want = BUF_INIT(100000), empty = BUF_INIT(100000);
		const char *text = rows[i].want ? rows[i].want : rows[i].in;

		for (; *text; text++) {
			if (*text == '@')
				buf_add(&want, address);
			else
				buf_addch(&want, *text);
			if (*text != '@')
				buf_addch(&empty, *text);
		}
		files_splice(f, base, anna, slice_cstr(rows[i].in), &got);
		files_splice(NULL, base, anna, slice_cstr(rows[i].in), &none);
		assert_string_equal(buf_slice(&got).p, buf_slice(&want).p);
		assert_string_equal(buf_slice(&none).p, buf_slice(&empty).p);
		assert_true(!rows[i].want || files_in(slice_cstr(rows[i].in)));
		buf_release(&got);
		buf_release(&none);
		buf_release(&want);
		buf_release(&empty);
	}
	assert_false(files_in(S("{\"url\":\"https://x.example/chatkit-file:\"}")));
}

static void files_attach__files__are_chatkits_attachments(void **state UNUSED)
{
	const struct store_file f[] = {
		{.id = id, .name = S("a \"b\".png"), .mime = S("image/png")},
		{.id = S("atc_2"), .name = S("c.pdf"), .mime = S("application/pdf")},
	};
	static const char want[] =
		"[{\"type\":\"image\",\"id\":\"atc_0123\",\"name\":\"a \\\"b\\\".png\",\"mime_type\":\"image/png\","
		"\"preview_url\":\"chatkit-file:atc_0123\",\"thread_id\":\"thr_1\"},"
		"{\"type\":\"file\",\"id\":\"atc_2\",\"name\":\"c.pdf\",\"mime_type\":\"application/pdf\",\"thread_id\":\"thr_1\"}]";
	struct buf b = BUF_INIT(10000);

	files_attach(&b, f, 2, S("thr_1"));
	assert_string_equal(buf_slice(&b).p, want);
	buf_clear(&b);
	files_attach(&b, f, 0, S("thr_1"));
	assert_string_equal(buf_slice(&b).p, "[]");
	buf_release(&b);
}

static void files_new__not_offered__is_none(void **state)
{
	struct who_rig *w = *state;

	w->conf.files.offered = false;
	assert_null(files_new(w->arena, w->io, &w->conf, (struct store *)w));
	w->conf.files.offered = true;
	assert_null(files_new(w->arena, w->io, &w->conf, NULL));
	files_start(NULL);
	files_stop(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, who_setup, who_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_url__for_its_time__names_the_owner),
		TEST(files_url__any_byte_changed__is_nobodys),
		TEST(files_url__secret_changed__the_old_one_is_good_for_a_while),
		TEST(files_url__long_owner__works),
		TEST(files_base__request_and_conf__say_where_we_are),
		TEST(files_splice__placeholders__become_addresses),
		cmocka_unit_test(files_attach__files__are_chatkits_attachments),
		TEST(files_new__not_offered__is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
