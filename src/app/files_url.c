/* SPDX-License-Identifier: MIT */
/*
 * Addresses of files: /api/chat/files/ID?e=UNTIL&o=OWNER&s=MAC. The owner is in there because every row is found by owner and id; who reads it is the owner,
 * whose page shows it. The MAC is over all three, under a key of its own. Nothing is kept of an address: it is over when its time is.
 */
#include "app/files_inner.h"
#include "base/ascii.h"
#include "wire/url.h"

#define STEP_MAX_S 600  /* addresses made within that stay the same */
#define OWNER_MAX 8192  /* bytes, coded */

static const struct slice placeholder = S_INIT("\"chatkit-file:");

/* A host as in a Host header that one can put into an address. */
static bool is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(ascii_is_digit(c) || ascii_is_letter(c) || (c && strchr(".-_:[]", c))))
			return false;
	}
	return s.n > 0 && s.n <= 255;
}

struct slice files_base(struct arena *a, const struct request *r, const struct conf *c)
{
	/* A path that the operator wrote there already is not written twice. */
	if (c->public_url.n)
		return arena_printf(a, "%.*s%.*s", SLICE_ARG(c->public_url), SLICE_ARG(slice_ends(c->public_url, c->base_path) ? SLICE_NONE : c->base_path));
	if (!is_host(r->host))
		return arena_dup(a, c->base_path);
	return arena_printf(a, "%.*s://%.*s%.*s", SLICE_ARG(r->scheme), SLICE_ARG(r->host), SLICE_ARG(c->base_path));
}

/* No id and no number holds a NUL: one text means one address. */
static void mac(const unsigned char key[32], struct slice owner, struct slice id, struct slice until, struct buf *out)
{
	struct buf in = BUF_INIT(2 * OWNER_MAX);
	unsigned char sum[64];

	buf_add(&in, id);
	buf_addch(&in, '\0');
	buf_add(&in, until);
	buf_addch(&in, '\0');
	buf_add(&in, slice_upto(owner, OWNER_MAX));
	CHECK(buf_ok(&in));
	hmac(MAC_SHA256, slice_mem(key, 32), buf_slice(&in), sum);
	b64url_encode(out, slice_mem(sum, SHA256_LEN));
	buf_release(&in);
}

static int64_t until_s(const struct files *f)
{
	int64_t link = f->conf->files.link_us / IO_SECOND, step = link / 4 < STEP_MAX_S ? link / 4 : STEP_MAX_S;
	int64_t over = env_wall_us(io_env(f->io)) / IO_SECOND + link;

	return step > 1 ? (over / step + 1) * step : over;
}

void files_url(const struct files *f, struct slice base, struct slice owner, struct slice id, struct buf *out)
{
	char until[24];

	snprintf(until, sizeof(until), "%lld", (long long)until_s(f));
	buf_add(out, base);
	buf_adds(out, "/api/chat/files/");
	buf_add(out, id);
	buf_addf(out, "?e=%s&o=", until);
	b64url_encode(out, owner);
	buf_adds(out, "&s=");
	mac(f->keys[0], owner, id, slice_cstr(until), out);
}

void files_upload_url(struct buf *out, struct slice base, struct slice id)
{
	buf_add(out, base);
	buf_adds(out, "/api/chat/attachments/");
	buf_add(out, id);
}

static bool one(struct slice query, const char *name, struct slice *value)
{
	bool twice = false;

	return url_query(query, slice_cstr(name), value, &twice) && !twice;
}

static bool is_ours(const struct files *f, struct slice owner, struct slice id, struct slice until, struct slice sum)
{
	bool good = false;

	for (size_t i = 0; i < f->n_keys; i++) {
		struct buf want = BUF_INIT(64);

		mac(f->keys[i], owner, id, until, &want);
		good |= crypto_eq(buf_slice(&want), sum);
		buf_release(&want);
	}
	return good;
}

bool files_signed(const struct files *f, struct slice id, struct slice query, struct arena *a, struct slice *owner, int64_t *over_s)
{
	struct slice until, coded, sum;
	struct buf who = BUF_INIT(OWNER_MAX);
	bool good;

	if (!file_id_ok(id) || !one(query, "e", &until) || !one(query, "o", &coded) || !one(query, "s", &sum))
		return false;
	good = slice_i64(until, 0, INT64_MAX, over_s) && b64url_decode(&who, coded) && is_ours(f, buf_slice(&who), id, until, sum);
	*owner = good ? arena_dup(a, buf_slice(&who)) : SLICE_NONE;
	buf_release(&who);
	return good && *over_s > env_wall_us(io_env(f->io)) / IO_SECOND;
}

/* ---- into what is shown ---- */

bool files_in(struct slice json)
{
	return slice_find(json, placeholder) >= 0;
}

/* at is where the placeholder's quote stands: its id, when it is the value of a member that holds an address. */
static bool placeholder_at(struct slice json, size_t at, struct slice *id)
{
	struct slice before = slice_upto(json, at);

	if (!slice_ends(before, S("\"preview_url\":")) && !slice_ends(before, S("\"url\":")))
		return false;
	slice_cut(slice_from(json, at + placeholder.n), '"', id);
	return file_id_ok(*id);
}

void files_splice(const struct files *f, struct slice base, struct slice owner, struct slice json, struct buf *out)
{
	struct buf url = BUF_INIT(4 * OWNER_MAX);
	ptrdiff_t found;

	while ((found = slice_find(json, placeholder)) >= 0) {
		size_t at = (size_t)found, skip = placeholder.n;
		struct slice id;

		if (!placeholder_at(json, at, &id)) {
			buf_add(out, slice_upto(json, at + skip));
			json = slice_from(json, at + skip);
			continue;
		}
		buf_add(out, slice_upto(json, at + 1));
		buf_clear(&url);
		if (f)
			files_url(f, base, owner, id, &url);
		jsonw_escape(out, buf_slice(&url));
		json = slice_from(json, at + skip + id.n);
	}
	buf_add(out, json);
	buf_release(&url);
}
