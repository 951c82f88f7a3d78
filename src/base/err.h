/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What failed, as plain data: a kind (which the API turns into a status and the CLI into an exit code), the errno behind
 * it, and a sentence for the user. A struct err owns nothing, so it may be copied, sent through a pipe between clone and
 * exec, or left unread.
 *
 * Above linux/, a function that can fail returns 0 (or a count) or a negative errno, and fills its `struct err *` exactly
 * when the result is negative. `err` may be NULL everywhere: then only the number is wanted.
 */
#ifndef LIGHTER_BASE_ERR_H
#define LIGHTER_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/macros.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_INVALID,         /* the request makes no sense: 400 */
	ERR_UNAUTHORIZED,    /* 401 */
	ERR_FORBIDDEN,       /* 403 */
	ERR_NOT_FOUND,       /* 404 */
	ERR_CONFLICT,        /* the object's state forbids it: 409 */
	ERR_NOT_MODIFIED,    /* it is already so: 304 */
	ERR_TOO_LARGE,       /* a body or document over its cap: 413 */
	ERR_SYSTEM,          /* the kernel, a disk, our own fault: 500 */
	ERR_NOT_IMPLEMENTED, /* 501, always with a sentence that says what */
	ERR_UNAVAILABLE,     /* try again later: 503 */
	ERR_CANCELLED,       /* the asker left */
	ERR_DEADLINE,        /* a wait ran out: 500 */
	ERR_NOT_EXECUTABLE,  /* the container's program can't be executed: exit code 126 */
	ERR_COMMAND_MISSING, /* the container's program doesn't exist: exit code 127 */
};

#define ERR_MSG_SIZE 480

struct err {
	enum err_kind kind;
	int sys; /* the errno behind it, positive; never 0 in a filled err */
	char msg[ERR_MSG_SIZE];
};

/* Fills `err` and returns the negative errno that stands for `kind` (ERR_NOT_FOUND: -ENOENT, ...). */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) _printf_(3, 4);

/*
 * Fills `err` from a failed call: the message is "<fmt>: <strerror>". `sys` may be given positive or negative. The kind is
 * ERR_SYSTEM. Returns -sys.
 */
int err_sys(struct err *err, int sys, const char *fmt, ...) _printf_(3, 4);

/* As err_sys, with a kind of the caller's choice. */
int err_sys_kind(struct err *err, enum err_kind kind, int sys, const char *fmt, ...) _printf_(4, 5);

/* Puts "<fmt>: " in front of the message there is. Returns -err->sys (-EIO for a NULL err). */
int err_wrap(struct err *err, const char *fmt, ...) _printf_(2, 3);

/* The negative errno that stands for a kind where no call failed. */
int err_kind_errno(enum err_kind kind);

/* A short lower-case name for logs and machine-readable output ("not found"). Never NULL. */
const char *err_kind_name(enum err_kind kind);

#endif
