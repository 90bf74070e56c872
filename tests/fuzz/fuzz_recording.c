/* SPDX-License-Identifier: MIT */
/* A dictation's body, read in place, against the same one read by way of a tree. */
#include "app/recording.h"
#include "model/transcribe.h"
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"

static int digit(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* As simply as can be. false: not base64, or nothing. */
static bool decode(struct slice in, struct buf *out)
{
	uint32_t bits = 0, n = 0;
	size_t padding = 0;

	while (padding < 2 && padding < in.n && in.p[in.n - 1 - padding] == '=')
		padding++;
	if (in.n == 0 || in.n % 4)
		return false;
	for (size_t i = 0; i < in.n - padding; i++) {
		if (digit(in.p[i]) < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit(in.p[i]);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_addch(out, (char)(bits >> n & 0xff));
		}
	}
	return (bits & ((1u << n) - 1)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_mem(data, size);
	struct buf body = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
	struct arena *a = arena_new(256 << 20, NULL);
	struct recording_in got;
	struct json_at root, params;
	struct json_doc *doc;
	struct err e = ERR_INIT, not = ERR_INIT;
	enum rc rc;

	buf_add(&body, in);
	rc = recording_read(&body, size > 4 ? data[4] : 0, &got, &e);
	CHECK((rc == RC_OK) == (e.rc == RC_OK) && (rc == RC_OK || e.user[0]));
	if (rc == RC_OK) {
		CHECK(transcribe_extension(slice_mem(got.mime, got.n_mime)));
		CHECK(json_parse(a, in, &GUARD_CLIENT, &doc, NULL) == RC_OK);
		root = json_root(doc);
		params = json_get(&root, "params");
		CHECK(decode(json_str(&params, "audio_base64"), &want));
		CHECK(body.n > 0 && slice_eq(buf_slice(&body), buf_slice(&want)));
		touch(json_str(&params, "mime_type"));
		CHECK(json_done(doc, &e) == RC_OK);
	}
	if (strstr(e.user, "not base64") && json_parse(a, in, &GUARD_CLIENT, &doc, &not) == RC_OK) {
		root = json_root(doc);
		params = json_get(&root, "params");
		CHECK(!decode(json_str(&params, "audio_base64"), &want));
	}
	buf_release(&body);
	buf_release(&want);
	arena_free(a);
	return 0;
}
