/* SPDX-License-Identifier: MIT */
/*
 * Server-sent events, both ways (WHATWG HTML, "Interpreting an event stream"). The decoder is for what models and tool servers really send: LF, CR, CRLF,
 * split anywhere (inside a CRLF or a character too), a BOM, comments, "data:" without a blank, several data lines (joined by LF), events without a
 * final blank line (sse_end gives that one). Event and data only; id and retry for MCP. The encoder writes what a browser reads.
 *
 * Pull style: feed a chunk, take events until SSE_MORE. A line that lies whole in the chunk is not copied: the event's slices live until the next
 * sse_next or sse_feed. Pure.
 */
#ifndef WIRE_SSE_H
#define WIRE_SSE_H

#include "base/buf.h"

struct sse_event {
	struct slice event; /* empty: "message" */
	struct slice data;
	struct slice id;    /* the last id seen, empty if none; at most 1 KiB */
};

enum sse_got {
	SSE_MORE,     /* feed the next chunk */
	SSE_EVENT,
	SSE_TOO_LONG, /* an event passed the maximum; sticky */
};

struct sse_dec {
	struct slice in;    /* what is left of the chunk */
	struct buf line;    /* a line that began in an earlier chunk */
	struct buf data;    /* data lines of the event so far, when there are several or the chunk ended */
	struct buf event, id;
	struct slice whole; /* the one data line, still in the chunk */
	int64_t retry_ms;   /* the last retry field, -1 if none */
	size_t max;
	unsigned char state;
	bool has_data, after_cr, started, comment_seen;
};

/* max: bytes of one event's data. */
void sse_init(struct sse_dec *d, size_t max);
void sse_release(struct sse_dec *d);
/* The chunk must live until sse_next has returned SSE_MORE. Only after SSE_MORE. */
void sse_feed(struct sse_dec *d, struct slice chunk);
enum sse_got sse_next(struct sse_dec *d, struct sse_event *out) MUSTCHECK;
/* The stream is over: SSE_EVENT once if an event was waiting for its blank line, else SSE_MORE. */
enum sse_got sse_end(struct sse_dec *d, struct sse_event *out) MUSTCHECK;

/* "data: <json>\n\n"; json is one line. */
void sse_data(struct buf *out, struct slice json);
/* ":\n": keeps a proxy warm and dispatches nothing (a blank line would dispatch an empty message in the browser). */
void sse_beat(struct buf *out);

#endif
