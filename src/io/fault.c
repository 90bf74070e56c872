/* SPDX-License-Identifier: MIT */
#include "io/fault.h"

#ifdef FAULTS

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/slice.h"

/* Mutable and global, as the product must not be: this file is empty there. */
static atomic_llong hits;

bool fault_hit(const char *point)
{
	struct slice rest = slice_cstr(getenv("CHATKIT_FAULT")), name, nth;
	int64_t want, hit;

	if (rest.n == 0)
		return false;
	rest = slice_cut(rest, ':', &name);
	if (!slice_is(name, point))
		return false;
	rest = slice_cut(rest, ':', &nth);
	if (!slice_i64(nth, 1, INT64_MAX, &want))
		return false;
	hit = atomic_fetch_add(&hits, 1) + 1;
	if (slice_is(rest, "sticky") ? hit < want : hit != want)
		return false;
	if (slice_is(rest, "kill"))
		kill(getpid(), SIGKILL);
	return true;
}

void fault_restart(void)
{
	atomic_store(&hits, 0);
}

#else

/* ISO C wants something in every file. */
extern const char fault_is_off[];
const char fault_is_off[] = "off";

#endif
