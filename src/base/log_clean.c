/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <strings.h>

/* Where a secret stands: the first show bytes from here are harmless, the next hide bytes become "***". */
struct secret {
	size_t show, hide;
};

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

static size_t word_len(const char *p)
{
	size_t n = 0;

	while (is_word(p[n]) || p[n] == '.')
		n++;
	return n;
}

/* Keys that say what they are: by their first letters, if the rest is long enough to be one. */
static bool find_token(const char *p, struct secret *out)
{
	static const struct {
		struct slice prefix;
		size_t at_least; /* bytes of the whole word */
	} kinds[] = {
		{S_INIT("sk-"), 10},	 {S_INIT("sk_"), 10},	{S_INIT("gsk_"), 12},	       {S_INIT("xai-"), 12},
		{S_INIT("AIza"), 20},	 {S_INIT("ghp_"), 12},	{S_INIT("github_pat_"), 20}, {S_INIT("hf_"), 12},
		{S_INIT("whsec_"), 12}, {S_INIT("AKIA"), 16},
	};
	size_t n = word_len(p);

	for (size_t i = 0; i < countof(kinds); i++) {
		struct slice prefix = kinds[i].prefix;

		if (n >= kinds[i].at_least && memcmp(p, prefix.p, prefix.n) == 0) {
			*out = (struct secret){prefix.n, n - prefix.n};
			return true;
		}
	}
	/* A JWT: base64url of '{"', and parts joined by dots. */
	if (n >= 10 && memcmp(p, "eyJ", 3) == 0 && memchr(p, '.', n)) {
		*out = (struct secret){3, n - 3};
		return true;
	}
	return false;
}

static bool find_bearer(const char *p, struct secret *out)
{
	size_t blanks;

	if (strncasecmp(p, "bearer", 6) != 0)
		return false;
	blanks = strspn(p + 6, " \t");
	*out = (struct secret){6 + blanks, strcspn(p + 6 + blanks, " \t\r\n\"',")};
	return blanks && out->hide;
}

static const char *last_at_sign(const char *p, size_t n)
{
	return memrchr(p, '@', n);
}

/* p is "://": what stands between the first colon and the last at sign of an authority is a password. */
static bool find_url_password(const char *p, struct secret *out)
{
	const char *rest = p + 3, *colon, *at_sign;
	size_t authority;

	if (strncmp(p, "://", 3) != 0)
		return false;
	authority = strcspn(rest, "/?# \t\r\n\"'<>");
	colon = memchr(rest, ':', authority);
	if (!colon)
		return false;
	at_sign = last_at_sign(rest, authority);
	/* People forget to escape a slash in a password; a port would be digits up to the slash. */
	if (!at_sign && colon + 1 + strspn(colon + 1, "0123456789") < rest + authority)
		at_sign = last_at_sign(rest, strcspn(rest, " \t\r\n\"'<>"));
	if (!at_sign || at_sign < colon)
		return false;
	*out = (struct secret){(size_t)(colon + 1 - p), (size_t)(at_sign - colon - 1)};
	return out->hide > 0;
}

static bool ends_nocase(const char *p, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && strncasecmp(p + n - m, end, m) == 0;
}

/* Is the n bytes' name one whose value is secret? After a colon plain words ("unexpected token: x") are prose. */
static bool names_secret(const char *p, size_t n, bool colon)
{
	static const char *const always[] = {"password", "passwd", "secret", "authorization", "cookie"};
	static const char *const names[] = {"key", "token", "pwd", "signature", "sig", "credential"};

	for (size_t i = 0; i < countof(always); i++)
		if (ends_nocase(p, n, always[i]))
			return true;
	if (colon && !memchr(p, '-', n) && !memchr(p, '_', n))
		return false;
	for (size_t i = 0; i < countof(names); i++)
		if (ends_nocase(p, n, names[i]))
			return true;
	return false;
}

/* p is "=" or ":" and begin the line's start: api_key=x, "x-api-key": "x", password='a b', Authorization: Basic x. */
static bool find_pair(const char *begin, const char *p, struct secret *out)
{
	const char *end = p, *name, *value = p + 1;
	char quote;

	if (end > begin && (end[-1] == '"' || end[-1] == '\''))
		end--;
	for (name = end; name > begin && is_word(name[-1]);)
		name--;
	if (!names_secret(name, (size_t)(end - name), *p == ':'))
		return false;
	value += strspn(value, " \t");
	quote = *value == '"' || *value == '\'' ? *value++ : '\0';
	out->show = (size_t)(value - p);
	if (quote)
		out->hide = strcspn(value, quote == '"' ? "\"" : "'");
	else if (ends_nocase(name, (size_t)(end - name), "authorization") || ends_nocase(name, (size_t)(end - name), "cookie"))
		out->hide = strcspn(value, "\r\n\"'");
	else
		out->hide = strcspn(value, " \t\r\n\"'&,;)");
	return out->hide > 0;
}

static bool find_secret(const char *begin, const char *p, struct secret *out)
{
	if (*p == '=' || *p == ':')
		return find_url_password(p, out) || find_pair(begin, p, out);
	if (p > begin && is_word(p[-1]))
		return false;
	return find_token(p, out) || find_bearer(p, out);
}

/* Nothing but printable ASCII leaves; a backslash is doubled, so that an escape can be told from its spelling. */
static size_t escape(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c >= 0x20 && c < 0x7f && c != '\\') {
		to[0] = (char)c;
		return 1;
	}
	to[0] = '\\';
	to[1] = c == '\\' ? '\\' : 'x';
	to[2] = hex[c >> 4];
	to[3] = hex[c & 15];
	return c == '\\' ? 2 : 4;
}

void log_clean(char *line, size_t size)
{
	char out[LOG_LINE_MAX];
	size_t n = 0, limit = (size < sizeof(out) ? size : sizeof(out)) - 1;
	struct secret found;
	const char *hide_at = NULL;

	for (const char *p = line; *p && n + 4 <= limit;) {
		if (!hide_at && find_secret(line, p, &found))
			hide_at = p + found.show;
		if (p == hide_at) {
			memcpy(out + n, "***", 3);
			n += 3;
			p += found.hide;
			hide_at = NULL;
			continue;
		}
		n += escape(out + n, (unsigned char)*p++);
	}
	memcpy(line, out, n);
	line[n] = '\0';
}
