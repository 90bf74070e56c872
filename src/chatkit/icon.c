/* SPDX-License-Identifier: MIT */
#include "chatkit/item.h"

/* The front end's own, sorted. */
static const char *const names[] = {
	"agent", "analytics", "atom", "batch", "bolt", "book-clock", "book-closed", "book-open", "bug", "calendar", "chart", "check", "check-circle",
	"check-circle-filled", "chevron-left", "chevron-right", "circle-question", "clock", "compass", "confetti", "cube", "desktop", "document", "dot",
	"dots-horizontal", "dots-vertical", "empty-circle", "external-link", "globe", "images", "info", "keys", "lab", "lifesaver", "lightbulb", "mail",
	"map-pin", "maps", "mobile", "name", "notebook", "notebook-pencil", "page-blank", "phone", "play", "plus", "profile", "profile-card", "reload",
	"search", "settings-slider", "sparkle", "sparkle-double", "square-code", "square-image", "square-text", "star", "star-filled", "suitcase", "user",
	"wreath", "write", "write-alt", "write-alt2",
};

static int compare(const void *key, const void *name)
{
	return slice_cmp(*(const struct slice *)key, slice_cstr(*(const char *const *)name));
}

struct slice ck_icon(struct slice name)
{
	if (slice_starts(name, S("lucide:")) || slice_starts(name, S("vendor:")))
		return name.n <= CK_ID_MAX ? name : SLICE_NONE;
	return bsearch(&name, names, countof(names), sizeof(names[0]), compare) ? name : SLICE_NONE;
}
