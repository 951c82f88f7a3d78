/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the program to execute, in the words Docker's users know: they come from Go's exec.LookPath, and clients tell
 * 126 from 127 by them.
 */
#ifndef LIGHTER_RUNTIME_COMMAND_H
#define LIGHTER_RUNTIME_COMMAND_H

#include "base/err.h"

/*
 * The path of `name`, by `env`'s PATH unless it has a slash. To be called as the user the program will run as, in its
 * root and working directory. malloc'ed. ERR_COMMAND_MISSING, ERR_NOT_EXECUTABLE.
 */
int command_find(const char *name, char *const *env, char **ret_path, struct err *err) _must_check_;

/* errno as Go's runtime writes it: lower case ("no such file or directory"). `buf` of at least 128 bytes. */
const char *command_strerror(int sys, char *buf, size_t size);

#endif
