/* SPDX-License-Identifier: MIT */
#include "model/images.h"

#include "wire/guard.h"

static const struct guard_pick places[IMAGES_EVENT_MAX] = {
	{.path = "0.image_url.url"}, {.path = "1.image_url.url"}, {.path = "2.image_url.url"}, {.path = "3.image_url.url"},
	{.path = "4.image_url.url"}, {.path = "5.image_url.url"}, {.path = "6.image_url.url"}, {.path = "7.image_url.url"},
};

void images_init(struct images *im, size_t max_bytes)
{
	*im = (struct images){.text = BUF_INIT(max_bytes)};
}

void images_clear(struct images *im)
{
	buf_release(&im->text);
	im->n = 0;
}

/* "data:image/png;base64,...", perhaps with parameters before the last. */
static bool split(struct slice url, struct model_image *out)
{
	static const struct slice scheme = S_INIT("data:"), coding = S_INIT(";base64");
	struct slice head;

	if (!slice_eq_nocase(slice_upto(url, scheme.n), scheme))
		return false;
	out->data = slice_cut(slice_from(url, scheme.n), ',', &head);
	if (head.n < coding.n || !slice_eq_nocase(slice_from(head, head.n - coding.n), coding))
		return false;
	(void)slice_cut(head, ';', &out->mime);
	return out->data.n && slice_eq_nocase(slice_upto(out->mime, 6), S("image/"));
}

void images_take(struct images *im, struct slice raw)
{
	static const struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 100000, .key = 1024, .upstream = true, .any_top = true};
	struct guard_pick p[IMAGES_EVENT_MAX];
	size_t end[IMAGES_EVENT_MAX];
	bool mend;

	images_clear(im);
	if (im->total == IMAGES_MAX)
		return;
	memcpy(p, places, sizeof(p));
	if (guard_check(raw, &limits, p, IMAGES_EVENT_MAX, &mend, NULL) != RC_OK)
		return;
	for (size_t i = 0; i < IMAGES_EVENT_MAX; i++) {
		if (p[i].raw.n > 2 && p[i].raw.p[0] == '"')
			guard_unescape(p[i].raw, &im->text);
		end[i] = im->text.n;
	}
	/* Now that the text stands still. */
	for (size_t i = 0; i < IMAGES_EVENT_MAX && im->total < IMAGES_MAX; i++) {
		struct slice url = slice_from(slice_upto(buf_slice(&im->text), end[i]), i ? end[i - 1] : 0);

		if (split(url, &im->v[im->n])) {
			im->n++;
			im->total++;
		}
	}
	if (im->n == 0)
		images_clear(im);
}
