/* SPDX-License-Identifier: MIT */
#include "wire/sniff.h"

#include "wire/utf8.h"

/* ---- types ---- */

static const struct {
	struct slice type;
	enum sniff_kind kind;
} types[] = {
	{S_INIT("image/png"), SNIFF_PNG},
	{S_INIT("image/jpeg"), SNIFF_JPEG},
	{S_INIT("image/gif"), SNIFF_GIF},
	{S_INIT("image/webp"), SNIFF_WEBP},
	{S_INIT("application/pdf"), SNIFF_PDF},
	{S_INIT("application/json"), SNIFF_TEXT},
	{S_INIT("application/x-ndjson"), SNIFF_TEXT},
	{S_INIT("application/xml"), SNIFF_TEXT},
	{S_INIT("application/yaml"), SNIFF_TEXT},
	{S_INIT("application/toml"), SNIFF_TEXT},
	{S_INIT("application/sql"), SNIFF_TEXT},
	{S_INIT("application/javascript"), SNIFF_TEXT},
	{S_INIT("application/xhtml+xml"), SNIFF_TEXT},
	{S_INIT(""), SNIFF_OPEN},
	{S_INIT("application/octet-stream"), SNIFF_OPEN},
};

static const struct {
	struct slice other, ours;
} spellings[] = {
	{S_INIT("image/jpg"), S_INIT("image/jpeg")},
	{S_INIT("image/pjpeg"), S_INIT("image/jpeg")},
	{S_INIT("image/x-png"), S_INIT("image/png")},
	{S_INIT("application/x-pdf"), S_INIT("application/pdf")},
	{S_INIT("text/json"), S_INIT("application/json")},
	{S_INIT("text/x-markdown"), S_INIT("text/markdown")},
	{S_INIT("application/csv"), S_INIT("text/csv")},
};

static const struct {
	struct slice extension, type;
} texts[] = {
	{S_INIT("md"), S_INIT("text/markdown")},
	{S_INIT("markdown"), S_INIT("text/markdown")},
	{S_INIT("csv"), S_INIT("text/csv")},
	{S_INIT("json"), S_INIT("application/json")},
};

struct slice sniff_type(struct slice s)
{
	for (size_t i = 0; i < countof(spellings); i++)
		if (slice_eq(s, spellings[i].other))
			return spellings[i].ours;
	return s;
}

struct slice sniff_type_named(struct slice said, struct slice extension)
{
	said = sniff_type(said);
	return slice_is(said, "application/vnd.ms-excel") && slice_eq_nocase(extension, S("csv")) ? S("text/csv") : said;
}

enum sniff_kind sniff_kind_of(struct slice type)
{
	for (size_t i = 0; i < countof(types); i++)
		if (slice_eq(type, types[i].type))
			return types[i].kind;
	return slice_starts(type, S("text/")) ? SNIFF_TEXT : SNIFF_OTHER;
}

const char *sniff_shown_as(struct slice type)
{
	switch (sniff_kind_of(type)) {
	case SNIFF_PNG: return "image/png";
	case SNIFF_JPEG: return "image/jpeg";
	case SNIFF_GIF: return "image/gif";
	case SNIFF_WEBP: return "image/webp";
	case SNIFF_PDF: return "application/pdf";
	case SNIFF_TEXT: return "text/plain; charset=utf-8";
	case SNIFF_OPEN:
	case SNIFF_OTHER: break;
	}
	return "application/octet-stream";
}

static bool is_zip_type(struct slice t)
{
	return slice_is(t, "application/zip") || slice_is(t, "application/epub+zip") || slice_starts(t, S("application/vnd.openxmlformats-officedocument")) ||
	       slice_starts(t, S("application/vnd.oasis.opendocument"));
}

void sniff_init(struct sniff *s, struct slice said, struct slice extension)
{
	said = sniff_type_named(said, extension);
	*s = (struct sniff){.kind = sniff_kind_of(said), .said = said};
	s->zip = is_zip_type(said);
	s->page = slice_is(said, "text/html") || slice_is(said, "text/xml") || slice_is(said, "application/xml") || slice_is(said, "application/xhtml+xml");
	if (s->kind != SNIFF_OPEN)
		return;
	s->said = SLICE_NONE;
	for (size_t i = 0; i < countof(texts); i++)
		if (slice_eq_nocase(extension, texts[i].extension))
			s->said = texts[i].type; /* if it is a text */
}

struct slice sniff_found(const struct sniff *s)
{
	return s->kind == SNIFF_OPEN ? SLICE_NONE : s->said;
}

static bool no(struct sniff *s, const char *why)
{
	s->why = why;
	return false;
}

/* ---- what the first bytes say ---- */

static uint32_t be16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const unsigned char *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le24(const unsigned char *p)
{
	return le16(p) | (uint32_t)p[2] << 16;
}

static enum sniff_kind magic(struct slice h)
{
	if (slice_starts(h, S("\x89PNG\r\n\x1a\n")))
		return SNIFF_PNG;
	if (slice_starts(h, S("\xff\xd8\xff")))
		return SNIFF_JPEG;
	if (slice_starts(h, S("GIF87a")) || slice_starts(h, S("GIF89a")))
		return SNIFF_GIF;
	if (slice_starts(h, S("RIFF")) && slice_eq(slice_upto(slice_from(h, 8), 4), S("WEBP")))
		return SNIFF_WEBP;
	return slice_starts(h, S("%PDF-")) ? SNIFF_PDF : SNIFF_OPEN;
}

static bool starts_nocase(struct slice s, const char *with)
{
	return slice_eq_nocase(slice_upto(s, strlen(with)), slice_cstr(with));
}

/* Markup that a browser might run: what stands first, after blanks, a byte order mark, comments and an XML declaration. */
static bool is_page(struct slice s)
{
	static const char *const tags[] = {"<!doctype html", "<!doctype svg", "<html", "<head", "<body", "<script", "<svg", "<iframe"};

	if (slice_starts(s, S("\xef\xbb\xbf")))
		s = slice_from(s, 3);
	for (;;) {
		ptrdiff_t end;

		s = slice_trim(s);
		if (starts_nocase(s, "<!--"))
			end = slice_find(s, S("-->"));
		else if (starts_nocase(s, "<?"))
			end = slice_find(s, S("?>"));
		else
			break;
		if (end < 0)
			return false;
		s = slice_from(s, (size_t)end + (s.p[1] == '!' ? 3 : 2));
	}
	for (size_t i = 0; i < countof(tags); i++)
		if (starts_nocase(s, tags[i]))
			return true;
	return false;
}

static bool size_ok(struct sniff *s, uint64_t width, uint64_t height)
{
	if (width == 0 || height == 0)
		return no(s, "The image is broken.");
	if (width * height > SNIFF_PIXELS_MAX)
		return no(s, "The image has too many pixels.");
	return true;
}

/* The three forms of WebP: RFC 9649. h has 30 bytes. */
static bool webp_size(struct sniff *s, const unsigned char *h)
{
	struct slice form = slice_mem(h + 12, 4);
	uint32_t bits;

	if (slice_eq(form, S("VP8X")))
		return size_ok(s, le24(h + 24) + 1, le24(h + 27) + 1);
	if (slice_eq(form, S("VP8 ")) && h[23] == 0x9d && h[24] == 0x01 && h[25] == 0x2a)
		return size_ok(s, le16(h + 26) & 0x3fff, le16(h + 28) & 0x3fff);
	if (!slice_eq(form, S("VP8L")) || h[20] != 0x2f)
		return no(s, "The image is broken.");
	bits = le16(h + 21) | le16(h + 23) << 16;
	return size_ok(s, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
}

static bool image_head(struct sniff *s)
{
	const unsigned char *h = (const unsigned char *)s->head;

	if (s->n_head < 30)
		return s->kind == SNIFF_JPEG || no(s, "The image is broken.");
	if (s->kind == SNIFF_PNG)
		return slice_eq(slice_mem(h + 12, 4), S("IHDR")) ? size_ok(s, be32(h + 16), be32(h + 20)) : no(s, "The image is broken.");
	if (s->kind == SNIFF_GIF)
		return size_ok(s, le16(h + 6), le16(h + 8));
	return s->kind == SNIFF_JPEG || webp_size(s, h);
}

/* Nothing was said: an image or a PDF by its first bytes, else a text if it looks like one. */
static void decide(struct sniff *s, struct slice h)
{
	static const struct slice names[] = {[SNIFF_PNG] = S_INIT("image/png"), [SNIFF_JPEG] = S_INIT("image/jpeg"), [SNIFF_GIF] = S_INIT("image/gif"),
					     [SNIFF_WEBP] = S_INIT("image/webp"), [SNIFF_PDF] = S_INIT("application/pdf")};

	s->kind = magic(h);
	if (s->kind != SNIFF_OPEN) {
		s->said = names[s->kind];
	} else if ((h.n == 0 || !memchr(h.p, 0, h.n)) && utf8_valid(slice_upto(h, h.n - utf8_partial_tail(h)))) {
		s->kind = SNIFF_TEXT;
		s->said = s->said.n ? s->said : S("text/plain");
	} else {
		s->kind = SNIFF_OTHER;
		s->said = S("application/octet-stream");
	}
}

/* The head is there, or all of the file. */
static bool look(struct sniff *s)
{
	struct slice h = slice_mem(s->head, s->n_head);

	s->looked = true;
	if (s->kind == SNIFF_OPEN)
		decide(s, h);
	if (s->kind <= SNIFF_PDF && magic(h) != s->kind)
		return no(s, "The file is not what its type says.");
	if (sniff_is_image(s->kind))
		return image_head(s);
	if (s->kind > SNIFF_PDF && magic(h) != SNIFF_OPEN)
		return no(s, "The file is not what its type says.");
	if (s->zip && !slice_starts(h, S("PK\x03\x04")) && !slice_starts(h, S("PK\x05\x06")))
		return no(s, "The file is not what its type says.");
	if (s->kind != SNIFF_PDF && !s->page && is_page(h))
		return no(s, "Web pages and drawings cannot be attached.");
	return true;
}

/* ---- what all of it says ---- */

static bool text_feed(struct sniff *s, struct slice in)
{
	size_t tail;

	if (in.n && memchr(in.p, 0, in.n))
		return false;
	while (s->n_carry && in.n) {
		s->carry[s->n_carry++] = in.p[0];
		in = slice_from(in, 1);
		if (utf8_partial_tail(slice_mem(s->carry, s->n_carry)) == s->n_carry)
			continue;
		if (!utf8_valid(slice_mem(s->carry, s->n_carry)))
			return false;
		s->n_carry = 0;
	}
	if (in.n == 0)
		return true;
	tail = utf8_partial_tail(in);
	memcpy(s->carry, in.p + in.n - tail, tail);
	s->n_carry = (unsigned)tail;
	return utf8_valid(slice_upto(in, in.n - tail));
}

enum { J_START, J_MARKER, J_LENGTH, J_LENGTH2, J_SKIP, J_SIZE, J_DONE };

/* SOF0 to SOF15, but for DHT, JPG and DAC: a frame's header. */
static bool is_frame(unsigned char m)
{
	return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc;
}

static bool jpeg_marker(struct sniff *s, unsigned char c)
{
	if (s->state == J_START) {
		if (c != 0xff)
			return false;
		s->state = J_MARKER;
		return true;
	}
	if (c == 0xff) /* padding */
		return true;
	if (c == 0 || c == 0xda || c == 0xd9)
		return false; /* a picture, or its end, before its size */
	s->marker = c;
	s->state = c == 0xd8 || c == 0x01 || (c >= 0xd0 && c <= 0xd7) ? J_START : J_LENGTH;
	return true;
}

/* Segments up to the frame's header, wherever they are cut: ITU T.81, B.1 and B.2.2. */
static bool jpeg_feed(struct sniff *s, struct slice in)
{
	while (in.n && s->state != J_DONE) {
		unsigned char c = (unsigned char)in.p[0];
		size_t n = 1;

		if (s->state == J_START || s->state == J_MARKER) {
			if (!jpeg_marker(s, c))
				return no(s, "The image is broken.");
		} else if (s->state == J_LENGTH) {
			s->skip = (uint32_t)c << 8;
			s->state = J_LENGTH2;
		} else if (s->state == J_LENGTH2) {
			s->skip |= c;
			if (s->skip < 2 || (is_frame(s->marker) && s->skip < 2 + sizeof(s->size)))
				return no(s, "The image is broken.");
			s->skip -= 2;
			s->n_size = 0;
			s->state = is_frame(s->marker) ? J_SIZE : s->skip ? J_SKIP : J_START;
		} else if (s->state == J_SKIP) {
			n = s->skip < in.n ? s->skip : in.n;
			s->skip -= (uint32_t)n;
			s->state = s->skip ? J_SKIP : J_START;
		} else {
			s->size[s->n_size++] = c;
			s->state = s->n_size == sizeof(s->size) ? J_DONE : J_SIZE;
		}
		in = slice_from(in, n);
	}
	return true;
}

static bool rest_feed(struct sniff *s, struct slice in)
{
	if (s->kind == SNIFF_TEXT && !text_feed(s, in))
		return no(s, "The file is not a text in UTF-8.");
	if (s->kind != SNIFF_JPEG || s->state == J_DONE)
		return true;
	if (!jpeg_feed(s, in))
		return false;
	return s->state != J_DONE || size_ok(s, be16(s->size + 3), be16(s->size + 1));
}

bool sniff_feed(struct sniff *s, struct slice bytes)
{
	size_t n = SNIFF_HEAD - s->n_head < bytes.n ? SNIFF_HEAD - s->n_head : bytes.n;

	if (s->why)
		return false;
	if (!s->looked) {
		if (n)
			memcpy(s->head + s->n_head, bytes.p, n);
		s->n_head += n;
		bytes = slice_from(bytes, n);
		if (s->n_head < SNIFF_HEAD)
			return true;
		if (!look(s) || !rest_feed(s, slice_mem(s->head, s->n_head)))
			return false;
	}
	return rest_feed(s, bytes);
}

bool sniff_end(struct sniff *s)
{
	if (s->why)
		return false;
	if (!s->looked && (!look(s) || !rest_feed(s, slice_mem(s->head, s->n_head))))
		return false;
	if (s->kind == SNIFF_TEXT && s->n_carry)
		return no(s, "The file is not a text in UTF-8.");
	if (s->kind == SNIFF_JPEG && s->state != J_DONE)
		return no(s, "The image is broken.");
	return true;
}
