/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as older versions of the API have them. The engine writes those of 1.51; each function edits one in place for
 * `version` (http_api_version). Seen on Docker 28.5.2, version by version.
 */
#ifndef LIGHTER_API_COMPAT_H
#define LIGHTER_API_COMPAT_H

#include "base/buf.h"
#include "base/err.h"

int api_compat_image_list(struct buf *json, int version, struct err *err) _must_check_;
int api_compat_image_inspect(struct buf *json, int version, struct err *err) _must_check_;
int api_compat_info(struct buf *json, int version, struct err *err) _must_check_;

#endif
