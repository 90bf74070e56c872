/* SPDX-License-Identifier: MIT */
#include "chatkit/widget_file.h"

#include "base/ascii.h"

#define WORK_MAX (64u << 20)
#define SCHEMA_NONE "{\"type\":\"object\",\"properties\":{}}"

/*
 * A file of the house's own, from a tool: nothing is mended, and no key may stand twice. There is room for more values than a request has, for a preview is
 * in it; it may be as deep as the guard goes.
 */
#define LIMITS ((struct guard_limits){.depth = GUARD_DEPTH_MAX, .nodes = 50000, .key = 256})

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

struct slice widget_file_name(struct arena *a, struct slice title)
{
	char *name = arena_alloc(a, WIDGET_FILE_NAME_MAX + 1);
	size_t n = 0;

	for (size_t i = 0; i < title.n && n < WIDGET_FILE_NAME_MAX; i++) {
		char c = ascii_lower(title.p[i]);

		/* One "_" for all that stands between two words. */
		if (is_word(c))
			name[n++] = c;
		else if (n && name[n - 1] != '_')
			name[n++] = '_';
	}
	while (n && name[n - 1] == '_')
		n--;
	return slice_mem(name, n);
}

static void read_name(struct arena *a, const struct json_at *root, struct widget_file *out)
{
	struct json_at at = json_get(root, "name");

	out->title = arena_try_dup(a, json_as_str(&at));
	out->name = widget_file_name(a, out->title);
	if (json_has(&at) && out->title.p && out->name.n == 0)
		json_fail(&at, "expected a name with a letter (a to z) or a digit");
}

static void read_version(const struct json_at *root)
{
	struct json_at at = json_get(root, "version");

	if (json_has(&at) && !slice_is(json_as_str(&at), "1.0"))
		json_fail(&at, "expected \"1.0\"");
}

static void read_schema(struct arena *a, const struct json_at *root, struct widget_file *out)
{
	struct json_at at = json_get(root, "jsonSchema"), type = json_get(&at, "type");
	size_t it = 0;
	struct slice key;
	struct json_at any;

	out->schema = S(SCHEMA_NONE);
	if (!json_has(&at) || !json_each(&at, &it, &key, &any))
		return;
	if (!slice_is(json_as_str(&type), "object"))
		json_fail(&type, "expected \"object\": a template's data has names");
	out->schema = arena_try_dup(a, json_text(&at));
}

static void read_preview(struct arena *a, const struct json_at *root, struct widget_file *out)
{
	struct json_at at = json_get(root, "outputJsonPreview");

	out->preview = S("");
	if (!json_has(&at))
		return;
	if (json_kind(&at) != JSON_OBJECT)
		json_fail(&at, "expected object");
	out->preview = arena_try_dup(a, json_text(&at));
}

static enum rc read_template(struct arena *a, const struct json_at *root, struct widget_file *out, struct err *e)
{
	struct json_at at = json_get(root, "template");
	struct slice text = json_as_str(&at);
	struct template *t;
	struct err fault = ERR_INIT;
	enum rc rc;

	rc = json_done(root->doc, e);
	if (rc != RC_OK)
		return rc;
	/* Copies, for the document dies; one without a p found no room. */
	if (!out->title.p || !out->schema.p || !out->preview.p)
		return err_tell(e, RC_TOO_LARGE, "no room for the widget file");
	rc = template_parse(a, text, &t, &fault);
	if (rc != RC_OK)
		return err_tell(e, rc, "template, %s", fault.msg);
	out->template = t;
	return RC_OK;
}

static enum rc read_file(struct arena *a, struct arena *work, struct slice text, struct widget_file *out, struct err *e)
{
	struct json_doc *doc;
	struct json_at root;
	enum rc rc = json_parse(work, text, &LIMITS, &doc, e);

	if (rc != RC_OK)
		return rc;
	root = json_root(doc);
	read_version(&root);
	read_name(a, &root, out);
	read_schema(a, &root, out);
	read_preview(a, &root, out);
	return read_template(a, &root, out, e);
}

enum rc widget_file_read(struct arena *a, struct slice text, struct widget_file *out, struct err *e)
{
	struct arena *work;
	enum rc rc;

	*out = (struct widget_file){.schema = S(SCHEMA_NONE)};
	if (text.n > WIDGET_FILE_MAX)
		return err_tell(e, RC_TOO_LARGE, "a widget file may have %d bytes", WIDGET_FILE_MAX);
	/* The document takes many times what is kept of it, and a lives long. */
	work = arena_new(WORK_MAX, a);
	rc = read_file(a, work, text, out, e);
	arena_free(work);
	return rc;
}
