/* SPDX-License-Identifier: MIT */
/*
 * The FastCGI edge: one listening socket, one loop, one application, until SIGTERM. Everything runs on the loop; a connection is a task and a slot.
 */
#ifndef FCGI_EDGE_H
#define FCGI_EDGE_H

#include "app/app.h"

/*
 * Serves the listening socket fd (FastCGI's is descriptor 0) until it is told to end: SIGTERM, SIGINT, SIGHUP and SIGUSR1 stop the accepting at once and
 * let running turns end within conf->drain_us; a second SIGTERM ends the process where it stands. The signals must be blocked in all threads: they
 * are read from a descriptor, so that none ever meets a write of libfcgi's, which cannot resume one. Returns when all is done.
 */
enum rc edge_serve(int fd, const struct conf *conf, struct err *e) MUSTCHECK;
/* The signals that edge_serve and cgi_serve read, to be blocked before any thread exists. */
void edge_block_signals(void);
/* A descriptor that reads them. */
int edge_signals(void);
/* Closes one of the first three descriptors and keeps its number taken, lest it become somebody's connection. */
void edge_let_go(int fd);

#endif
