/* SPDX-License-Identifier: MIT */
/* What stands behind struct model: a provider over HTTP (call.c), the demo (demo.c), or a test's script. Only they and model.c include this. */
#ifndef MODEL_BACKEND_H
#define MODEL_BACKEND_H

#include "model/model.h"

struct model_ops {
	WAITS enum rc (*open)(struct model *, const struct model_req *, struct model_stream **, struct err *);
	void (*free)(struct model *);
};

struct model {
	const struct model_ops *ops;
	struct slice name;
	bool is_demo;
};

enum rc call_model_new(struct http *http, struct io *io, const struct model_opts *o, const struct provider *p, struct slice model, struct model **out,
		       struct err *e) MUSTCHECK;
struct model *demo_model_new(struct io *io, const struct model_opts *o);

#endif
