/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include "model/backend.h"

static enum rc unknown(struct slice name, struct err *e)
{
	struct buf known = BUF_INIT(2048);

	for (size_t i = 0; provider_at(i); i++)
		buf_addf(&known, "%s%s", i ? " " : "", provider_at(i)->prefix);
	err_set(e, RC_CONF, "model '%.*s' must be provider/model, with a provider of: %.*s", SLICE_ARG(slice_upto(name, 80)), SLICE_ARG(buf_slice(&known)));
	buf_release(&known);
	return RC_CONF;
}

enum rc model_new(struct http *http, struct io *io, const struct model_opts *o, struct model **out, struct err *e)
{
	struct slice model;
	const struct provider *p = provider_split(o->name, &model);

	*out = NULL;
	if (!p)
		return unknown(o->name, e);
	if (slice_is(slice_cstr(p->prefix), "demo")) {
		*out = demo_model_new(io, o);
		return RC_OK;
	}
	return call_model_new(http, io, o, p, model, out, e);
}

void model_free(struct model *m)
{
	if (m)
		m->ops->free(m);
}

struct slice model_name(const struct model *m)
{
	return m->name;
}

bool model_is_demo(const struct model *m)
{
	return m->is_demo;
}

enum rc model_open(struct model *m, const struct model_req *req, struct model_stream **out, struct err *e)
{
	*out = NULL;
	return m->ops->open(m, req, out, e);
}
