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
	struct slice id;    /* the last id seen, empty if none; one over 1 KiB or with a NUL is ignored */
};

enum sse_got {
	SSE_MORE,     /* feed the next chunk */
	SSE_EVENT,
	SSE_TOO_LONG, /* an event's data, its name (1 KiB) or a line (1040 bytes more than the data's maximum) is too long; sticky */
};

struct sse_dec {
	struct slice in;    /* what is left of the chunk */
	const char *lf, *cr; /* where the next ones stand in it, its end if none; NULL: not looked for yet */
	struct buf line;    /* a line that began in an earlier chunk */
	struct slice whole; /* the event's one data line, still in the chunk */
	struct buf data;    /* the data lines so far, when there are several or the chunk ended */
	struct slice name;  /* the event's name, still in the chunk */
	struct buf event;   /* the same, when the chunk ended */
	struct buf id;
	int64_t retry_ms;   /* the last retry field, -1 if none; at most a day */
	size_t max;
	bool has_data;      /* a data line was seen, if an empty one */
	bool given;         /* the caller has this event; the next call begins another */
	bool after_cr, started, too_long;
	bool comment_seen;  /* a peer that sends comments is alive; the caller may clear it */
};

/* max: bytes of one event's data. */
void sse_init(struct sse_dec *d, size_t max);
void sse_release(struct sse_dec *d);
/* The chunk must live until sse_next has returned SSE_MORE. Only after SSE_MORE. */
void sse_feed(struct sse_dec *d, struct slice chunk);
enum sse_got sse_next(struct sse_dec *d, struct sse_event *out) MUSTCHECK;
/* The stream is over (after SSE_MORE): SSE_EVENT once if an event was waiting for its blank line, else SSE_MORE. */
enum sse_got sse_end(struct sse_dec *d, struct sse_event *out) MUSTCHECK;

/* "data: <json>\n\n"; a newline between json's tokens becomes a blank. */
void sse_data(struct buf *out, struct slice json);
/* ":\n": keeps a proxy warm and dispatches nothing (a blank line would dispatch an empty message in the browser). */
void sse_beat(struct buf *out);

#endif
