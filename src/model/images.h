/* SPDX-License-Identifier: MIT */
/*
 * Images that a model made, out of an event: [{"type":"image_url","image_url":{"url":"data:image/png;base64,..."}}], as OpenRouter and those who follow it
 * send them. Picked from the raw text, without a tree: one is megabytes. An address that is none of data: is passed over; nobody here fetches. Pure.
 */
#ifndef MODEL_IMAGES_H
#define MODEL_IMAGES_H

#include "model/model.h"

#define IMAGES_EVENT_MAX 8 /* of one event; further ones are passed over */
#define IMAGES_MAX 16      /* of one answer */

struct images {
	struct buf text;                         /* their URLs */
	struct model_image v[IMAGES_EVENT_MAX];  /* look into it */
	size_t n;                                /* of the last event */
	size_t total;                            /* of the answer */
};

void images_init(struct images *im, size_t max_bytes);
/* The images of one event, those of the event before are gone. raw: a JSON array that was checked. */
void images_take(struct images *im, struct slice raw);
/* Their memory back: an answer goes on long after its picture. */
void images_clear(struct images *im);

#endif
