/* SPDX-License-Identifier: Apache-2.0 */
/* See signals.h. */
#include "engine/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int signo;
} names[] = {
	{"ABRT", SIGABRT},     {"ALRM", SIGALRM}, {"BUS", SIGBUS},     {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},
	{"CONT", SIGCONT},     {"FPE", SIGFPE},   {"HUP", SIGHUP},     {"ILL", SIGILL},   {"INT", SIGINT},
	{"IO", SIGIO},         {"IOT", SIGIOT},   {"KILL", SIGKILL},   {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},
	{"PROF", SIGPROF},     {"PWR", SIGPWR},   {"QUIT", SIGQUIT},   {"SEGV", SIGSEGV}, {"STOP", SIGSTOP},
	{"SYS", SIGSYS},       {"TERM", SIGTERM}, {"TRAP", SIGTRAP},   {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},     {"URG", SIGURG},   {"USR1", SIGUSR1},   {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM},
	{"XCPU", SIGXCPU},     {"XFSZ", SIGXFSZ}, {"WINCH", SIGWINCH},
#ifdef SIGSTKFLT
	{"STKFLT", SIGSTKFLT},
#endif
};

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n; 34 and 64 as everywhere on Linux, whatever the C library keeps for itself. */
static int realtime_parse(const char *name)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	long n = 0;
	char *end;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -1;
	if (name[5]) {
		if (name[5] != (from_min ? '+' : '-') || name[6] < '0' || name[6] > '9')
			return -1;
		n = strtol(name + 6, &end, 10);
		if (*end || n > 30)
			return -1;
	}
	return from_min ? 34 + (int)n : 64 - (int)n;
}

int signal_parse(const char *text, int *ret_signo, struct err *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long n = strtol(text, &end, 10);
	int signo = -1;

	if (*text >= '0' && *text <= '9' && *end == '\0') {
		if (n <= 0)
			return err_set(err, ERR_INVALID, "invalid signal: %s", text);
		if (n > 64)
			return err_set(err, ERR_INVALID, "the linux daemon does not support signal %ld", n);
		*ret_signo = (int)n;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			signo = names[i].signo;
	if (signo < 0)
		signo = realtime_parse(name);
	if (signo < 0)
		return err_set(err, ERR_INVALID, "invalid signal: %s", text);
	*ret_signo = signo;
	return 0;
}
