/* SPDX-License-Identifier: MIT */
/*
 * Plain CGI (RFC 3875): one request from the environment and descriptor 0, its answer on descriptor 1, then the end. The same loop and the same
 * application with one task. SIGTERM is how a web server says that the client left.
 */
#ifndef FCGI_CGI_H
#define FCGI_CGI_H

#include "app/app.h"

/* vars: the environment, NULL-terminated; must outlive the call. The signals of edge_block_signals are blocked. */
enum rc cgi_serve(char *const *vars, const struct conf *conf, struct err *e) MUSTCHECK;

#endif
