/* SPDX-License-Identifier: Apache-2.0 */
/* What this runtime supports, as the OCI runtime specification's features document: for `features` and for /info. */
#ifndef LIGHTER_RUNTIME_OCI_FEATURES_H
#define LIGHTER_RUNTIME_OCI_FEATURES_H

#include "base/buf.h"

/* Appends the document, compact. Look at out->failed afterwards. */
void runtime_features_write(struct buf *out);

#endif
