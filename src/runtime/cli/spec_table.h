/* SPDX-License-Identifier: Apache-2.0 */
/* The document that `spec` writes. */
#ifndef LIGHTER_RUNTIME_CLI_SPEC_TABLE_H
#define LIGHTER_RUNTIME_CLI_SPEC_TABLE_H

extern const char spec_default_text[];

#endif
