/* SPDX-License-Identifier: MIT */
#include "base/env.h"

#include <errno.h>
#include <sys/random.h>

static int64_t read_clock_us(clockid_t clock)
{
	struct timespec t;

	CHECK(clock_gettime(clock, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t real_wall_us(const struct env *v UNUSED)
{
	return read_clock_us(CLOCK_REALTIME);
}

static int64_t real_mono_us(const struct env *v UNUSED)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

static void real_random(const struct env *v UNUSED, void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		CHECK(got > 0 || errno == EINTR);
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
}

const struct env *env_real(void)
{
	static const struct env real = {real_wall_us, real_mono_us, real_random};

	return &real;
}

/* Without i, l, o and u: an id is read aloud and typed by people, and spells no words. */
static const char alphabet[33] = "0123456789abcdefghjkmnpqrstvwxyz";
#define ID_CHARS 26

struct id id_new(const struct env *v, const char *prefix)
{
	unsigned char chance[ID_CHARS];
	size_t n = strlen(prefix);
	struct id id = {""};

	CHECK(n <= 8);
	memcpy(id.s, prefix, n);
	env_random(v, chance, sizeof(chance));
	for (size_t i = 0; i < ID_CHARS; i++)
		id.s[n + i] = alphabet[chance[i] & 31];
	return id;
}

bool id_valid(struct slice s, const char *prefix)
{
	struct slice rest = slice_from(s, strlen(prefix));

	if (!slice_starts(s, slice_cstr(prefix)) || rest.n != ID_CHARS)
		return false;
	for (size_t i = 0; i < rest.n; i++)
		if (!memchr(alphabet, rest.p[i], sizeof(alphabet) - 1))
			return false;
	return true;
}

#define DAY_US (INT64_C(86400) * 1000000)
#define DAYS_400Y 146097
#define DAYS_100Y 36524
#define DAYS_4Y 1461
#define DAYS_0000_TO_1970 719528 /* from January to January */

struct date {
	int64_t year, month, day;
};

/*
 * Days since 0000-01-01, not negative, in the Gregorian calendar. Years begin in March here, so that the leap day is the last of its year, and are
 * counted from the March 400 years before, so that the first two months need no case of their own. gmtime_r would ask for the time zone first.
 */
static struct date civil(int64_t days)
{
	static const int begins[12] = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337};
	int64_t rest = days - 60 + DAYS_400Y, year, part;
	int m = 11;

	year = rest / DAYS_400Y * 400 - 400;
	rest %= DAYS_400Y;
	part = rest / DAYS_100Y < 3 ? rest / DAYS_100Y : 3;
	rest -= part * DAYS_100Y;
	year += part * 100 + rest / DAYS_4Y * 4;
	rest %= DAYS_4Y;
	part = rest / 365 < 3 ? rest / 365 : 3;
	rest -= part * 365;
	year += part;
	while (begins[m] > rest)
		m--;
	return (struct date){m >= 10 ? year + 1 : year, m >= 10 ? m - 9 : m + 3, rest - begins[m] + 1};
}

static char *put_digits(char *to, int n, int64_t v, char then)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
	to[n] = then;
	return to + n + 1;
}

void time_iso(int64_t wall_us, char out[28])
{
	const int64_t first = -DAYS_0000_TO_1970 * DAY_US, last = first + 3652425 * DAY_US - 1; /* the end of 9999 */
	int64_t us = (wall_us < first ? first : wall_us > last ? last : wall_us) - first;
	struct date d = civil(us / DAY_US);
	int64_t s = us % DAY_US / 1000000;

	out = put_digits(out, 4, d.year, '-');
	out = put_digits(out, 2, d.month, '-');
	out = put_digits(out, 2, d.day, 'T');
	out = put_digits(out, 2, s / 3600, ':');
	out = put_digits(out, 2, s / 60 % 60, ':');
	out = put_digits(out, 2, s % 60, '.');
	out = put_digits(out, 6, us % 1000000, 'Z');
	*out = '\0';
}
