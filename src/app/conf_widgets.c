/* SPDX-License-Identifier: MIT */
/* widgets.folder: every *.widget in it, by name. */
#include "app/conf_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE 16384
#define ALL_MAX (32 * 1024 * 1024) /* bytes of all widgets, parsed */

static bool read_file(struct conf_reader *r, const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;
	char *room;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		while ((room = buf_room(text, READ_SIZE)) && (n = read(fd, room, READ_SIZE)) > 0)
			buf_added(text, (size_t)n);
	if (fd >= 0)
		close(fd);
	if (n != 0)
		conf_problem(r, path, "is no file of at most %d KiB that this user can read", WIDGET_FILE_MAX / 1024);
	return n == 0;
}

/* In its place among the others; two of one name are a problem. */
static void add(struct conf_reader *r, const struct conf_widget *w)
{
	struct conf *c = r->c;
	size_t i = c->n_widgets;

	while (i > 0 && slice_cmp(c->widgets[i - 1].file.name, w->file.name) > 0)
		i--;
	if (i > 0 && slice_eq(c->widgets[i - 1].file.name, w->file.name)) {
		conf_problem(r, w->path.p, "has the same name as %.*s: %s", SLICE_ARG(c->widgets[i - 1].path), conf_quote(r, w->file.name));
		return;
	}
	memmove(&c->widgets[i + 1], &c->widgets[i], (c->n_widgets - i) * sizeof(c->widgets[0]));
	c->widgets[i] = *w;
	c->n_widgets++;
}

static void read_widget(struct conf_reader *r, const char *file)
{
	struct conf *c = r->c;
	struct conf_widget w = {.path = arena_printf(c->arena, "%.*s/%s", SLICE_ARG(c->widgets_folder), file)};
	struct buf text = BUF_INIT(WIDGET_FILE_MAX + READ_SIZE);
	struct err e;

	if (read_file(r, w.path.p, &text)) {
		if (widget_file_read(c->widgets_arena, buf_slice(&text), &w.file, &e) == RC_OK)
			add(r, &w);
		else
			conf_json_problem(r, w.path.p, buf_slice(&text), &e);
	}
	buf_release(&text);
}

/* What editors and people leave beside: .hidden files are none of ours. */
static int is_widget(const struct dirent *d)
{
	return d->d_name[0] != '.' && slice_ends(slice_cstr(d->d_name), S(".widget"));
}

void conf_read_widgets(struct conf_reader *r)
{
	struct conf *c = r->c;
	struct dirent **found;
	int n;

	if (c->widgets_folder.n == 0)
		return;
	/* Sorted by file, so that problems come in an order. */
	n = scandir(c->widgets_folder.p, &found, is_widget, alphasort);
	if (n < 0) {
		conf_problem(r, conf_name_of(r, "widgets.folder"), "%.*s: %s", SLICE_ARG(c->widgets_folder), strerror(errno));
		return;
	}
	if (n > CONF_WIDGETS_MAX)
		conf_problem(r, conf_name_of(r, "widgets.folder"), "%.*s holds more than %d widgets", SLICE_ARG(c->widgets_folder), CONF_WIDGETS_MAX);
	/* A room of their own, so that they cannot fill the configuration's. */
	c->widgets_arena = arena_new(ALL_MAX, c->arena);
	for (int i = 0; i < n; i++) {
		if (n <= CONF_WIDGETS_MAX)
			read_widget(r, found[i]->d_name);
		free(found[i]);
	}
	free(found);
}
