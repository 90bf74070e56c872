/* SPDX-License-Identifier: MIT */
/* What a request says of the page and the person beside its body: the language, and the headers that the configuration names. Untrusted, and bounded. */
#ifndef APP_CONTEXT_H
#define APP_CONTEXT_H

#include "app/conf.h"
#include "app/request.h"
#include "talk/tool.h"

#define CONTEXT_LOCALE_MAX 35  /* bytes: RFC 5646, 4.4.1 */
#define CONTEXT_VALUE_MAX 1024 /* of one header's value */

/* The language that Accept-Language (RFC 9110, 12.5.4) likes best: the first of those with the highest weight, without "*"; empty: none. A piece of header. */
struct slice context_locale(struct slice header);
/* Sets locale, vars and n_vars: a variable for each of conf's context headers, as it was sent but for its end, empty where there is none. In r's arena. */
void context_of(const struct request *r, const struct conf *c, struct caller *who);

#endif
