/* SPDX-License-Identifier: Apache-2.0 */
/* What cmocka wants included before itself, once. */
#ifndef LIGHTER_TESTS_UNIT_H
#define LIGHTER_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
