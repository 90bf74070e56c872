/* SPDX-License-Identifier: MIT */
/*
 * Is a file what it is said to be? Looks at the bytes as they come, without ever unpacking anything: an image has to begin as that kind of image and to be of
 * a size that can be shown (a few bytes may declare a picture of gigabytes), a PDF begins with %PDF-, a text is UTF-8 without NUL to its end and is not a page
 * or a drawing in disguise (HTML, SVG), and nothing else may be any of these. Pure.
 */
#ifndef WIRE_SNIFF_H
#define WIRE_SNIFF_H

#include "base/slice.h"

#define SNIFF_HEAD 512                /* bytes that are kept to look at */
#define SNIFF_PIXELS_MAX 100000000    /* width times height */

enum sniff_kind {
	SNIFF_OPEN,  /* not said, not seen yet */
	SNIFF_PNG,
	SNIFF_JPEG,
	SNIFF_GIF,
	SNIFF_WEBP,
	SNIFF_PDF,
	SNIFF_TEXT,
	SNIFF_OTHER, /* nothing that anybody here looks into */
};

struct sniff {
	enum sniff_kind kind;
	bool zip;             /* OTHER: has to be one (office documents are) */
	bool page;            /* TEXT: it was said to be HTML or XML */
	struct slice said;    /* the media type in our spelling */
	const char *why;      /* a sentence for the person, when it is not what was said */
	char head[SNIFF_HEAD];
	size_t n_head;
	bool looked;          /* at the head */
	unsigned n_carry;     /* TEXT: bytes of a character that is not whole */
	char carry[4];
	unsigned state;       /* JPEG: where in a segment */
	uint32_t skip, n_size;
	unsigned char marker, size[5];
};

/* The media type as we write it: lower case is the caller's work; image/jpg and its like become image/jpeg. Looks into s, or is static. */
struct slice sniff_type(struct slice s);
/* The same of a file with this extension: where Excel is installed, Windows says of every .csv that it is Excel's. */
struct slice sniff_type_named(struct slice said, struct slice extension);
enum sniff_kind sniff_kind_of(struct slice type); /* OPEN for "" and application/octet-stream */
static inline bool sniff_is_image(enum sniff_kind k)
{
	return k >= SNIFF_PNG && k <= SNIFF_WEBP;
}
/* As what it may be sent to a browser: an image's or PDF's own type, any text as text/plain in UTF-8, else application/octet-stream. */
const char *sniff_shown_as(struct slice type);

/* said: a media type without parameters, lower case; empty or application/octet-stream: the bytes tell, and of a text its name's extension. Outlives s. */
void sniff_init(struct sniff *s, struct slice said, struct slice extension);
/* false: it is not what was said; s->why. */
bool sniff_feed(struct sniff *s, struct slice bytes) MUSTCHECK;
/* It is over. false as above. */
bool sniff_end(struct sniff *s) MUSTCHECK;
/* What it is: known from the beginning when it was said, else after SNIFF_HEAD bytes or the end; empty before. */
struct slice sniff_found(const struct sniff *s);

#endif
