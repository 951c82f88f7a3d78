/* SPDX-License-Identifier: Apache-2.0 */
/* Followed logs: one inotify descriptor for all, read on the monitor's thread. */
#ifndef LIGHTER_ENGINE_LOGS_H
#define LIGHTER_ENGINE_LOGS_H

#include "engine/instance.h"

int logs_open(struct engine *e, struct err *err) _must_check_;
void logs_close(struct engine *e);

#endif
