/* SPDX-License-Identifier: MIT */
/* What a model is told of a widget. */
#include "chatkit/widget_inner.h"

#include "wire/utf8.h"

void widget_text(struct buf *out, struct slice item_id, struct slice widget)
{
	struct slice told = utf8_cut(widget, WIDGET_TOLD_MAX);

	buf_addf(out, "The following graphical UI widget (id: %.*s) was displayed to the user:", SLICE_ARG(item_id));
	buf_add(out, told);
	if (told.n < widget.n)
		buf_addf(out, "\n(%zu more bytes of it are left out.)", widget.n - told.n);
}
