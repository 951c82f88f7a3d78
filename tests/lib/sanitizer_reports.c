/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into every program of a build with sanitizers: what they print goes to one file too, through a descriptor that is
 * opened before main. A name (log_path) would not do: the child between clone and exec reports from inside a container's
 * root, where the name leads nowhere. The settings are compiled in, since programs here are started with environments of
 * their own. The file must stay empty (tests/run looks); LIGHTER_REPORTS=FILE names another, for the test that plants errors.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEEP __attribute__((visibility("default"), used))

void __sanitizer_on_print(const char *text);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);
extern const int sanitizer_reports_linked;

/* meson.build asks the linker for this name, so that the library's copy of this file is never left out. */
KEEP const int sanitizer_reports_linked = 1;

KEEP const char *__asan_default_options(void)
{
	return "exitcode=86:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1";
}

KEEP const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

KEEP const char *__tsan_default_options(void)
{
	return "exitcode=86:second_deadlock_stack=1";
}

static int reports_fd = -1;

__attribute__((constructor)) static void open_reports(void)
{
	const char *name = getenv("LIGHTER_REPORTS");
	int fd = open(name ? name : SANITIZER_REPORTS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	reports_fd = fcntl(fd, F_DUPFD_CLOEXEC, 960); /* out of the way of what tests look at */
	if (reports_fd < 0)
		reports_fd = fd;
	else
		close(fd);
}

/* The sanitizers call this with each piece they print. The bare call: nothing here may be intercepted again. */
__attribute__((no_sanitize("address", "thread", "undefined"))) KEEP void __sanitizer_on_print(const char *text)
{
	if (reports_fd >= 0)
		(void)!syscall(SYS_write, reports_fd, text, strlen(text));
}
