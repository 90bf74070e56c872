/* SPDX-License-Identifier: MIT */
#include "model/retry.h"

/* "2", "1.5": in millionths; false for anything else. */
static bool decimal(struct slice s, int64_t *millionths)
{
	struct slice whole, part = slice_cut(s, '.', &whole);
	int64_t unit = 1000000, v;

	if (!slice_i64(whole, 0, 1000000000, &v))
		return false;
	*millionths = v * unit;
	for (size_t i = 0; i < part.n; i++) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		unit /= 10;
		*millionths += unit * (part.p[i] - '0');
	}
	return true;
}

/* RFC 9110, 5.6.7, the one form that is still sent: "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool http_date(struct slice s, int64_t *wall_s)
{
	char text[40];
	struct tm tm = {0};
	const char *end;

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!end || *end)
		return false;
	*wall_s = timegm(&tm);
	return true;
}

int64_t retry_asked_us(struct slice retry_after_ms, struct slice retry_after, int64_t wall_us)
{
	int64_t v;

	if (retry_after_ms.n && decimal(slice_trim(retry_after_ms), &v))
		return v / 1000;
	retry_after = slice_trim(retry_after);
	if (retry_after.n == 0)
		return 0;
	if (decimal(retry_after, &v))
		return v;
	if (http_date(retry_after, &v) && v * 1000000 > wall_us)
		return v * 1000000 - wall_us;
	return 0;
}

int64_t retry_backoff_us(unsigned attempt, uint32_t chance)
{
	int64_t us = 500000;

	for (; attempt > 0 && us < 8000000; attempt--)
		us *= 2;
	return us - us / 4 * (int64_t)(chance % 1024) / 1024;
}
