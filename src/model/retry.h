/* SPDX-License-Identifier: MIT */
/*
 * When and how soon the same request is sent again: as the official SDKs do. Pure. The provider's word (retry-after-ms, retry-after in seconds or as a
 * date) counts when it is at most 120 s; longer is not waited for, the person is told. Else half a second, doubled each time, at most 8 s, less up to a
 * quarter by chance, so that many do not come back together.
 */
#ifndef MODEL_RETRY_H
#define MODEL_RETRY_H

#include "base/slice.h"

#define RETRY_WAIT_MAX_US (120 * (int64_t)1000000)

/* The headers' values, empty when absent. Microseconds from now; 0: they do not say (or said a past time). */
int64_t retry_asked_us(struct slice retry_after_ms, struct slice retry_after, int64_t wall_us);
/* attempt counts from 0; chance is any random number. */
int64_t retry_backoff_us(unsigned attempt, uint32_t chance);

#endif
