/* SPDX-License-Identifier: MIT */
/*
 * What we say to people ourselves, in their language. A translation is found by the English sentence: conf's texts, by the person's locale ("de-CH"), then by
 * what is left of it without its last part ("de"), else it stays English. What a model or a tool says is never touched.
 *
 * A sentence with something filled in is known as "This address does not answer {1}."; its translation may place {1} elsewhere, or leave it out.
 * Sentences that name a fault of a request ("params.input: expected object") are for who writes the client, and stay as they are.
 */
#ifndef APP_TEXTS_H
#define APP_TEXTS_H

#include "app/conf.h"

#define TEXT_MAX 319  /* bytes of a translation: what err's user text can hold */
#define TEXT_PLACES 9 /* {1} to {9} */

/* Every sentence that we say; NULL at the end. */
const char *text_known_at(size_t i);
bool text_is_known(struct slice english);
/* Every {n} of the translation is one of the English sentence's. */
bool text_fits(struct slice english, struct slice translation);

/* english as locale's people say it: conf's, or in the arena when something was filled in, or english itself. */
struct slice text_in(const struct conf *c, struct slice locale, struct slice english, struct arena *a);
/* What the person reads of an err, in their language: sets e->user. The log's text stays. */
void text_err(const struct conf *c, struct slice locale, struct err *e);

#endif
