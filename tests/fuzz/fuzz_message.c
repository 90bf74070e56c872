/* SPDX-License-Identifier: MIT */
/* Lines are the entries of a thread. What is read can be written and read again; whatever they are, a repaired history is one that providers take. */
#include "talk/history.h"
#include "tests/fuzz/fuzz.h"

/* A copy says the same, and looks into memory of its own. */
static void check_copy(struct arena *a, const struct message *m, struct slice written)
{
	struct buf copied = BUF_INIT(8 * MESSAGE_JSON_MAX);
	struct message copy;

	CHECK(message_copy(a, m, &copy));
	message_write(&copied, &copy);
	CHECK(slice_eq(buf_slice(&copied), written));
	for (size_t i = 0; i < m->n; i++)
		CHECK(m->parts[i].text.n == 0 || copy.parts[i].text.p != m->parts[i].text.p);
	buf_release(&copied);
}

static void round_trip(struct arena *a, const struct message *m)
{
	struct buf once = BUF_INIT(8 * MESSAGE_JSON_MAX), twice = BUF_INIT(8 * MESSAGE_JSON_MAX);
	struct message again;
	struct err e;

	message_write(&once, m);
	CHECK(buf_ok(&once));
	touch(message_all_text(a, m));
	check_copy(a, m, buf_slice(&once));
	if (once.n <= MESSAGE_JSON_MAX) {
		CHECK(message_read(a, buf_slice(&once), &again, &e) == RC_OK);
		message_write(&twice, &again);
		CHECK(slice_eq(buf_slice(&once), buf_slice(&twice)));
	}
	buf_release(&once);
	buf_release(&twice);
}

/* Results directly after their call, in its order; no id twice; the user first. */
static void check_repaired(const struct history *h)
{
	bool begun = false;

	for (size_t i = 0; i < h->n; i++) {
		const struct message *m = &h->m[i];
		size_t next = i + 1;

		CHECK(m->role == ROLE_SYSTEM || m->role == ROLE_USER || begun);
		begun |= m->role == ROLE_USER;
		if (m->role != ROLE_ASSISTANT)
			continue;
		for (size_t k = 0; k < m->n; k++) {
			if (m->parts[k].kind != PART_CALL)
				continue;
			CHECK(m->parts[k].call_id.n > 0);
			CHECK(next < h->n && h->m[next].role == ROLE_TOOL && h->m[next].n == 1);
			CHECK(slice_eq(h->m[next].parts[0].call_id, m->parts[k].call_id));
			next++;
		}
		CHECK(next == h->n || h->m[next].role != ROLE_TOOL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(512 << 20, NULL);
	struct slice rest = slice_mem(data, size), line;
	struct history h;
	struct message m;
	struct err e;

	history_init(&h, a);
	while (rest.n && h.n < 64) {
		rest = slice_cut(rest, '\n', &line);
		if (message_read(a, line, &m, &e) != RC_OK)
			continue;
		round_trip(a, &m);
		history_add(&h, m);
	}
	history_repair(&h);
	check_repaired(&h);
	history_cut(&h, size ? data[0] * 8u : 0);
	check_repaired(&h);
	touch(slice_mem(&h.n, history_rounds(&h) ? 1 : 0));
	arena_free(a);
	return 0;
}
