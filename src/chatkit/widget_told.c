/* SPDX-License-Identifier: MIT */
/* What a model is told of a widget. */
#include "chatkit/widget_inner.h"

#include "wire/utf8.h"

void widget_text(struct buf *out, struct slice widget)
{
	struct slice told = utf8_cut(widget, WIDGET_TOLD_MAX);

	buf_adds(out, "The following graphical UI widget was displayed to the user:");
	buf_add(out, told);
	if (told.n < widget.n)
		buf_addf(out, "\n(%zu more bytes of it are left out.)", widget.n - told.n);
}
