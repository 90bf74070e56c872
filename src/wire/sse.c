/* SPDX-License-Identifier: MIT */
#include "wire/sse.h"

#define NAME_MAX_BYTES 1024 /* of an event's name, of an id */
#define LINE_MORE 1040      /* what a line may hold beyond the data: a field's name, an event's or id's value */

void sse_init(struct sse_dec *d, size_t max)
{
	*d = (struct sse_dec){.retry_ms = -1, .max = max};
	buf_init(&d->line, max + LINE_MORE);
	buf_init(&d->data, max);
	buf_init(&d->event, NAME_MAX_BYTES);
	buf_init(&d->id, NAME_MAX_BYTES);
}

void sse_release(struct sse_dec *d)
{
	buf_release(&d->line);
	buf_release(&d->data);
	buf_release(&d->event);
	buf_release(&d->id);
}

void sse_feed(struct sse_dec *d, struct slice chunk)
{
	CHECK(d->in.n == 0 || d->too_long);
	d->in = chunk;
	d->lf = d->cr = NULL;
}

/* Where c stands next in the chunk, or its end. Remembered, so that each byte is looked at once, even in a stream that has only the other one. */
static const char *next_of(struct sse_dec *d, const char **known, char c)
{
	if (!*known || *known < d->in.p) {
		*known = memchr(d->in.p, c, d->in.n);
		if (!*known)
			*known = d->in.p + d->in.n;
	}
	return *known;
}

/* The line up to the next LF, CR or CRLF, without it. false: the chunk is used up, and what was left of it is kept in d->line. */
static bool take_line(struct sse_dec *d, struct slice *line, bool *carried)
{
	const char *lf, *cr, *end;

	if (d->after_cr && d->in.n) {
		d->after_cr = false;
		if (d->in.p[0] == '\n')
			d->in = slice_from(d->in, 1);
	}
	if (d->in.n == 0)
		return false;
	lf = next_of(d, &d->lf, '\n');
	cr = next_of(d, &d->cr, '\r');
	end = lf < cr ? lf : cr;
	*line = slice_mem(d->in.p, (size_t)(end - d->in.p));
	*carried = d->line.n > 0;
	if (end == d->in.p + d->in.n) {
		buf_add(&d->line, *line);
		d->in = SLICE_NONE;
		return false;
	}
	if (*carried) {
		buf_add(&d->line, *line);
		*line = buf_slice(&d->line);
	}
	d->after_cr = *end == '\r';
	d->in = slice_from(d->in, (size_t)(end - d->in.p) + 1);
	return true;
}

/* The chunk, or the carried line, is about to go: what the event has of it is copied. */
static void keep(struct sse_dec *d)
{
	if (d->whole.p) {
		buf_add(&d->data, d->whole);
		d->whole = SLICE_NONE;
	}
	if (d->name.p) {
		buf_clear(&d->event);
		buf_add(&d->event, d->name);
		d->name = SLICE_NONE;
	}
}

static void data_line(struct sse_dec *d, struct slice value)
{
	if (!d->has_data) {
		d->has_data = true;
		d->whole = value;
		d->too_long |= value.n > d->max;
		return;
	}
	keep(d);
	buf_addch(&d->data, '\n');
	buf_add(&d->data, value);
}

static void retry_line(struct sse_dec *d, struct slice value)
{
	int64_t ms;

	/* Digits only; leading zeros are digits too. */
	while (value.n > 1 && value.p[0] == '0')
		value = slice_from(value, 1);
	if (slice_i64(value, 0, INT64_C(86400000), &ms))
		d->retry_ms = ms;
}

static void field(struct sse_dec *d, struct slice line)
{
	struct slice name, value = slice_cut(line, ':', &name);

	if (slice_starts(value, S(" ")))
		value = slice_from(value, 1);
	if (slice_eq(name, S("data"))) {
		data_line(d, value);
	} else if (slice_eq(name, S("event"))) {
		buf_clear(&d->event);
		d->name = value;
		d->too_long |= value.n > NAME_MAX_BYTES;
	} else if (slice_eq(name, S("id"))) {
		if (value.n <= NAME_MAX_BYTES && !(value.n && memchr(value.p, '\0', value.n))) {
			buf_clear(&d->id);
			buf_add(&d->id, value);
		}
	} else if (slice_eq(name, S("retry"))) {
		retry_line(d, value);
	}
}

static bool over(const struct sse_dec *d)
{
	return d->too_long || !buf_ok(&d->line) || !buf_ok(&d->data);
}

/* A line of either origin, its limits checked the same for both: a stream means the same however it was cut. */
static void one_line(struct sse_dec *d, struct slice line, bool carried)
{
	if (line.n > d->max + LINE_MORE || !buf_ok(&d->line))
		d->too_long = true;
	if (!d->started && slice_starts(line, S("\xef\xbb\xbf")))
		line = slice_from(line, 3);
	d->started = true;
	if (line.n == 0 || line.p[0] == ':') {
		d->comment_seen |= line.n > 0;
	} else {
		field(d, line);
	}
	if (carried) {
		keep(d);
		buf_clear(&d->line);
	}
}

/* The event that was given is done with. */
static void begin_event(struct sse_dec *d)
{
	d->given = d->has_data = false;
	d->whole = d->name = SLICE_NONE;
	buf_clear(&d->data);
	buf_clear(&d->event);
}

static enum sse_got give(struct sse_dec *d, struct sse_event *out)
{
	out->data = d->whole.p ? d->whole : buf_slice(&d->data);
	out->event = d->name.p ? d->name : buf_slice(&d->event);
	out->id = buf_slice(&d->id);
	d->given = true;
	return SSE_EVENT;
}

enum sse_got sse_next(struct sse_dec *d, struct sse_event *out)
{
	struct slice line;
	bool carried;

	if (d->given)
		begin_event(d);
	while (!over(d) && take_line(d, &line, &carried)) {
		bool blank = line.n == 0;

		one_line(d, line, carried);
		if (over(d))
			break;
		if (!blank)
			continue;
		if (d->has_data)
			return give(d, out);
		begin_event(d); /* an event's name without data says nothing */
	}
	keep(d);
	return over(d) ? SSE_TOO_LONG : SSE_MORE;
}

enum sse_got sse_end(struct sse_dec *d, struct sse_event *out)
{
	if (d->given)
		begin_event(d);
	if (d->line.n && !over(d))
		one_line(d, buf_slice(&d->line), true);
	if (over(d))
		return SSE_TOO_LONG;
	return d->has_data ? give(d, out) : SSE_MORE;
}

void sse_data(struct buf *out, struct slice json)
{
	buf_add(out, S("data: "));
	/* A newline in JSON text can only be a blank between tokens, and would end the line. */
	if (json.n && (memchr(json.p, '\n', json.n) || memchr(json.p, '\r', json.n)))
		for (size_t i = 0; i < json.n; i++)
			buf_addch(out, json.p[i] == '\n' || json.p[i] == '\r' ? ' ' : json.p[i]);
	else
		buf_add(out, json);
	buf_add(out, S("\n\n"));
}

void sse_beat(struct buf *out)
{
	buf_add(out, S(":\n"));
}
