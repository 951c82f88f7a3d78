/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as plain data; see err.h. The table below is the only place that knows which errno stands for a kind. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int sys;
	const char *name;
} kinds[] = {
	[ERR_NONE] = {EIO, "none"},
	[ERR_INVALID] = {EINVAL, "invalid"},
	[ERR_UNAUTHORIZED] = {EACCES, "unauthorized"},
	[ERR_FORBIDDEN] = {EPERM, "forbidden"},
	[ERR_NOT_FOUND] = {ENOENT, "not found"},
	[ERR_CONFLICT] = {EBUSY, "conflict"},
	[ERR_NOT_MODIFIED] = {EALREADY, "not modified"},
	[ERR_TOO_LARGE] = {EFBIG, "too large"},
	[ERR_SYSTEM] = {EIO, "system"},
	[ERR_NOT_IMPLEMENTED] = {ENOSYS, "not implemented"},
	[ERR_UNAVAILABLE] = {EAGAIN, "unavailable"},
	[ERR_CANCELLED] = {ECANCELED, "cancelled"},
	[ERR_DEADLINE] = {ETIMEDOUT, "deadline"},
	[ERR_NOT_EXECUTABLE] = {EACCES, "not executable"},
	[ERR_COMMAND_MISSING] = {ENOENT, "command missing"},
};

int err_kind_errno(enum err_kind kind)
{
	if ((size_t)kind >= ARRAY_SIZE(kinds))
		kind = ERR_SYSTEM;
	return -kinds[kind].sys;
}

const char *err_kind_name(enum err_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kinds) ? kinds[kind].name : "unknown";
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	int r = err_kind_errno(kind);
	va_list ap;

	if (!err)
		return r;
	err->kind = kind;
	err->sys = -r;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return r;
}

static int fill_sys(struct err *err, enum err_kind kind, int sys, const char *fmt, va_list ap)
{
	int len;

	sys = sys < 0 ? -sys : sys;
	if (sys == 0)
		sys = EIO;
	if (!err)
		return -sys;
	err->kind = kind;
	err->sys = sys;
	len = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (len >= 0 && (size_t)len < sizeof(err->msg))
		snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(sys));
	return -sys;
}

int err_sys(struct err *err, int sys, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fill_sys(err, ERR_SYSTEM, sys, fmt, ap);
	va_end(ap);
	return r;
}

int err_sys_kind(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fill_sys(err, kind, sys, fmt, ap);
	va_end(ap);
	return r;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_MSG_SIZE];
	va_list ap;
	int len;

	if (!err)
		return -EIO;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	len = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(err->msg))
		snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", old);
	return err->sys > 0 ? -err->sys : -EIO;
}
