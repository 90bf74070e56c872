/* SPDX-License-Identifier: MIT */
#include "talk/message.h"

#include "wire/json.h"
#include "wire/jsonw.h"

/* Our own text, so depth and nodes are only a second lock; mended rather than refused, because a thread must stay readable. */
static const struct guard_limits entry_limits = {.depth = GUARD_DEPTH_MAX, .nodes = 200000, .key = 1024, .upstream = true};

static const char *const role_names[ROLE__MAX] = {
	[ROLE_SYSTEM] = "system",
	[ROLE_USER] = "user",
	[ROLE_ASSISTANT] = "assistant",
	[ROLE_TOOL] = "tool",
};

static const char *const part_names[PART__MAX] = {
	[PART_TEXT] = "text",
	[PART_REASONING] = "reasoning",
	[PART_CALL] = "call",
	[PART_RESULT] = "result",
	[PART_FILE] = "file",
};

const char *role_name(enum role r)
{
	return role_names[r];
}

bool role_parse(struct slice s, enum role *out)
{
	for (int i = 0; i < ROLE__MAX; i++) {
		if (slice_is(s, role_names[i])) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

struct message message_text(struct arena *a, enum role r, struct slice text)
{
	struct part *p = arena_new_of(a, struct part);

	p->kind = PART_TEXT;
	p->text = arena_dup(a, text);
	return (struct message){.role = r, .parts = p, .n = 1};
}

struct slice message_all_text(struct arena *a, const struct message *m)
{
	struct slice only = SLICE_NONE;
	size_t total = 0, pieces = 0;
	char *all, *at;

	for (size_t i = 0; i < m->n; i++) {
		if (m->parts[i].kind != PART_TEXT || m->parts[i].text.n == 0)
			continue;
		only = m->parts[i].text;
		total += only.n;
		pieces++;
	}
	if (pieces <= 1)
		return only;
	/* In step with what the message has already: no cap is asked, for part of what somebody said would be another saying. */
	at = all = xalloc(total);
	arena_defer(a, free, all);
	for (size_t i = 0; i < m->n; i++) {
		const struct part *p = &m->parts[i];

		if (p->kind != PART_TEXT || p->text.n == 0)
			continue;
		memcpy(at, p->text.p, p->text.n);
		at += p->text.n;
	}
	return slice_mem(all, total);
}

size_t message_calls(const struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->parts[i].kind == PART_CALL;
	return n;
}

static bool dup_into(struct arena *a, struct slice *s)
{
	if (s->n == 0)
		return true;
	*s = arena_try_dup(a, *s);
	return s->p != NULL;
}

bool message_copy(struct arena *a, const struct message *m, struct message *out)
{
	struct part *parts = arena_try(a, (m->n + 1) * sizeof(*parts));

	if (!parts)
		return false;
	*out = *m;
	out->parts = parts;
	if (!dup_into(a, &out->family))
		return false;
	for (size_t i = 0; i < m->n; i++) {
		struct part *p = &parts[i];

		*p = m->parts[i];
		if (!dup_into(a, &p->text) || !dup_into(a, &p->call_id) || !dup_into(a, &p->name) || !dup_into(a, &p->args) ||
		    !dup_into(a, &p->opaque) || !dup_into(a, &p->file_id) || !dup_into(a, &p->mime) || !dup_into(a, &p->data))
			return false;
	}
	return true;
}

static void part_write(struct jsonw *w, const struct part *p)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "t", part_names[p->kind]);
	switch (p->kind) {
	case PART_TEXT:
	case PART_REASONING:
		jsonw_kstr(w, "text", p->text);
		break;
	case PART_CALL:
		jsonw_kstr(w, "id", p->call_id);
		jsonw_kstr(w, "name", p->name);
		jsonw_kstr(w, "args", p->args);
		break;
	case PART_RESULT:
		jsonw_kstr(w, "id", p->call_id);
		jsonw_kstr(w, "name", p->name);
		jsonw_kstr(w, "text", p->text);
		if (p->is_error)
			jsonw_kbool(w, "error", true);
		break;
	case PART_FILE:
		jsonw_kstr(w, "id", p->file_id);
		jsonw_kstr(w, "name", p->name);
		jsonw_kstr(w, "mime", p->mime);
		break;
	case PART__MAX:
		break;
	}
	if (p->opaque.n)
		jsonw_kraw(w, "opaque", p->opaque);
	jsonw_end(w);
}

void message_write(struct buf *out, const struct message *m)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_obj(&w);
	jsonw_kcstr(&w, "role", role_name(m->role));
	jsonw_kstr_opt(&w, "family", m->family);
	jsonw_key(&w, "parts");
	jsonw_arr(&w);
	for (size_t i = 0; i < m->n; i++)
		part_write(&w, &m->parts[i]);
	jsonw_end(&w);
	jsonw_end(&w);
}

/* false: a kind that a newer version wrote, to be passed over. */
static bool part_read(const struct json_at *at, struct part *p)
{
	struct slice kind = json_str(at, "t");
	struct json_at opaque = json_get(at, "opaque");
	int k = 0;

	while (k < PART__MAX && !slice_is(kind, part_names[k]))
		k++;
	if (k == PART__MAX)
		return false;
	p->kind = (enum part_kind)k;
	p->name = json_str_or(at, "name", SLICE_NONE);
	if (p->kind == PART_FILE) {
		p->file_id = json_str_or(at, "id", SLICE_NONE);
		p->mime = json_str_or(at, "mime", SLICE_NONE);
		return true;
	}
	p->text = json_str_or(at, "text", SLICE_NONE);
	p->call_id = json_str_or(at, "id", SLICE_NONE);
	p->args = json_str_or(at, "args", SLICE_NONE);
	p->is_error = json_bool_or(at, "error", false);
	if (json_has(&opaque))
		p->opaque = json_text(&opaque);
	return true;
}

#define TREE_MAX (64 * 1024 * 1024)

/* The document's strings die with its tree; what is kept is copied. false: no room. */
static bool keep_slice(struct arena *a, struct slice *s)
{
	if (s->n == 0)
		return true;
	*s = arena_try_dup(a, *s);
	return s->p != NULL;
}

static bool keep_part(struct arena *a, struct part *p)
{
	return keep_slice(a, &p->text) && keep_slice(a, &p->call_id) && keep_slice(a, &p->name) && keep_slice(a, &p->args) && keep_slice(a, &p->opaque) &&
	       keep_slice(a, &p->file_id) && keep_slice(a, &p->mime);
}

static enum rc read_parts(struct arena *a, struct json_doc *doc, struct message *out, struct err *e)
{
	struct json_at root = json_root(doc), parts = json_get(&root, "parts"), role = json_get(&root, "role");
	size_t count = json_count(&parts);
	bool room;

	if (!role_parse(json_as_str(&role), &out->role))
		json_fail(&role, "unknown role");
	out->family = json_str_or(&root, "family", SLICE_NONE);
	if (count > MESSAGE_PARTS_MAX)
		json_fail(&parts, "more than %d parts", MESSAGE_PARTS_MAX);
	if (json_done(doc, e) != RC_OK)
		return e->rc;
	out->parts = arena_try(a, (count + 1) * sizeof(*out->parts));
	room = out->parts && keep_slice(a, &out->family);
	for (size_t i = 0; room && i < count; i++) {
		struct json_at part = json_item(&parts, i);

		if (part_read(&part, &out->parts[out->n]))
			room = keep_part(a, &out->parts[out->n++]);
	}
	if (!room)
		return err_set(e, RC_TOO_LARGE, "no room for an entry of %zu parts", count);
	return json_done(doc, e);
}

enum rc message_read(struct arena *a, struct slice body, struct message *out, struct err *e)
{
	struct arena *tree; /* many times the text: not for as long as a */
	struct json_doc *doc;
	struct err mine;
	enum rc rc;

	e = e ? e : &mine;
	*out = (struct message){0};
	if (body.n > MESSAGE_JSON_MAX)
		return err_set(e, RC_TOO_LARGE, "an entry of %zu bytes is over the limit of %d", body.n, MESSAGE_JSON_MAX);
	tree = arena_new(TREE_MAX, NULL);
	rc = json_parse(tree, body, &entry_limits, &doc, e);
	if (rc == RC_OK)
		rc = read_parts(a, doc, out, e);
	arena_free(tree);
	return rc == RC_OK ? RC_OK : err_wrap(e, "reading an entry");
}
