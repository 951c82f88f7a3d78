/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of `import --change`: a Dockerfile's, as far as they only change an image's configuration. */
#ifndef LIGHTER_ENGINE_CHANGES_H
#define LIGHTER_ENGINE_CHANGES_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Applies CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR to an empty
 * configuration; writes it as the "config" of an image. `changes` is NULL-terminated or NULL; one entry may hold several
 * lines. ERR_INVALID "RUN is not a valid change command".
 */
int changes_apply(char *const *changes, struct buf *ret_config, struct err *err) _must_check_;

#endif
