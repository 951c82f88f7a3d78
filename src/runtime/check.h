/* SPDX-License-Identifier: Apache-2.0 */
/* What this runtime doesn't do yet is refused by name, never passed over. */
#ifndef LIGHTER_RUNTIME_CHECK_H
#define LIGHTER_RUNTIME_CHECK_H

#include "base/err.h"
#include "codec/oci_spec.h"

/* ERR_NOT_IMPLEMENTED naming the first member of the spec that isn't supported. */
int check_supported(const struct oci_spec *spec, struct err *err) _must_check_;
int check_process_supported(const struct oci_process *p, struct err *err) _must_check_;

#endif
