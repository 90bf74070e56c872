/* SPDX-License-Identifier: MIT */
/*
 * Where a test makes the nth fallible call fail or the process die. Compiled to nothing unless FAULTS is defined (make BUILD=build/fault DEFS=-DFAULTS):
 * the product has no test switch. CHATKIT_FAULT=point:n[:sticky|:kill] chooses; points are "db.send", "db.recv", "http.open", "http.recv", "reply.write",
 * and one "turn.<step>" per step of a turn.
 */
#ifndef IO_FAULT_H
#define IO_FAULT_H

#include <stdbool.h>

#ifdef FAULTS
bool fault_hit(const char *point);
void fault_restart(void); /* counts from one again, after a test has changed CHATKIT_FAULT */
#define FAULT(point) fault_hit(point)
#else
#define FAULT(point) false
#endif

#endif
