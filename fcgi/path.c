/* SPDX-License-Identifier: MIT */
#include "fcgi/path.h"

#include "base/ascii.h"

/* Without the query, and without "http://host" of an absolute request line. */
static struct slice path_part(struct slice uri)
{
	struct slice path, authority;

	slice_cut(uri, '?', &path);
	if (!slice_starts(path, S("http://")) && !slice_starts(path, S("https://")))
		return path;
	path = slice_from(path, (size_t)slice_find(path, S("://")) + 3);
	slice_cut(path, '/', &authority);
	path = slice_from(path, authority.n);
	return path.n ? path : S("/");
}

/* In place: what comes out is never longer. */
static bool decode(char *p, size_t *n)
{
	size_t out = 0;

	for (size_t i = 0; i < *n; i++) {
		char c = p[i];

		if (c == '%') {
			int high = i + 2 < *n ? ascii_hex(p[i + 1]) : -1, low = i + 2 < *n ? ascii_hex(p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			if (c == '/')
				return false;
			i += 2;
		}
		p[out++] = c;
	}
	*n = out;
	return true;
}

/* One reader's "a//b" or "a/./b" is another's "a/b". */
static bool unambiguous(struct slice path)
{
	struct slice rest, segment;

	if (!slice_starts(path, S("/")))
		return false;
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f)
			return false;
	for (rest = slice_from(path, 1); rest.n;) {
		bool last = memchr(rest.p, '/', rest.n) == NULL;

		rest = slice_cut(rest, '/', &segment);
		if (slice_is(segment, ".") || slice_is(segment, "..") || (segment.n == 0 && !last))
			return false;
	}
	return true;
}

static bool below(struct slice path, struct slice base, struct slice *rest)
{
	if (!slice_starts(path, base))
		return false;
	*rest = slice_from(path, base.n);
	if (rest->n == 0)
		*rest = S("/");
	return rest->p[0] == '/';
}

enum rc path_derive(struct arena *a, const struct path_from *from, struct slice *out, struct err *e)
{
	struct slice head = path_part(from->request_uri), tail = SLICE_NONE;
	bool coded = from->request_uri.n > 0;
	size_t n;
	char *p;

	if (!coded) {
		head = from->script_name;
		tail = from->path_info;
	}
	n = head.n + tail.n;
	p = arena_try(a, n + 1);
	if (!p)
		return err_tell(e, RC_TOO_LARGE, "The request's path is too long.");
	if (head.n)
		memcpy(p, head.p, head.n);
	if (tail.n)
		memcpy(p + head.n, tail.p, tail.n);
	if ((coded && !decode(p, &n)) || !unambiguous(slice_mem(p, n)))
		return err_tell(e, RC_BAD, "The request's path is malformed.");
	if (!below(slice_mem(p, n), from->base_path, out))
		return err_set(e, RC_NOT_FOUND, "the path is not below '%.*s'", SLICE_ARG(from->base_path));
	return RC_OK;
}
