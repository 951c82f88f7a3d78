/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a create that stand for themselves: checking HostConfig, filling in defaults, merging the image's config. */
#ifndef LIGHTER_ENGINE_CREATE_H
#define LIGHTER_ENGINE_CREATE_H

#include "base/arena.h"
#include "base/array.h"
#include "codec/api_docs.h"
#include "engine/instance.h"

/* Docker's defaults, as inspect shows them. `a` owns what is added. */
void create_host_defaults(struct engine *e, struct host_config *h, struct arena *a);

/*
 * Checks HostConfig in Docker's words. What isn't supported yet is ERR_NOT_IMPLEMENTED with a sentence; what the kernel
 * lacks is taken out of `h` with a warning. `warnings` gets malloc'ed strings.
 */
int create_host_check(struct engine *e, struct host_config *h, char ***warnings, struct err *err) _must_check_;

/* Checks the parts of ContainerConfig that don't depend on the image; cleans WorkingDir. */
int create_config_check(struct container_config *c, struct arena *a, struct err *err) _must_check_;

/* Docker's merge: what the request leaves open comes from the image. Strings of `image` are copied into `a`. */
void create_merge(struct container_config *c, const struct container_config *image, struct arena *a);

/* Path and arguments out of Entrypoint and Cmd; ERR_INVALID "no command specified". */
int create_command(struct container_config *c, struct arena *a, char **ret_path, char ***ret_args,
		   struct err *err) _must_check_;

/* The parts of the resource check, for create_host_check alone. */
int create_resources_check(struct engine *e, struct host_config *h, char ***warnings, struct err *err) _must_check_;

#endif
