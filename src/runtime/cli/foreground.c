/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staying with a process in the foreground: its terminal is relayed to ours, which goes to raw mode for the time; signals
 * are forwarded, changes of size too; and its end is our exit code.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "linux/process.h"
#include "runtime/cli/cli.h"

struct relay {
	int pidfd;
	int console_fd;
	int signal_fd;
	bool input_open;
	bool output_open;
	bool raw;
	struct termios saved;
};

int cli_write_pid_file(const char *path, pid_t pid, struct err *err)
{
	char text[16];
	int r, len = snprintf(text, sizeof(text), "%d", (int)pid);

	r = file_write_atomic_at(AT_FDCWD, path, text, (size_t)len, 0644, 0);
	return r < 0 ? err_sys(err, r, "write the pid file %s", path) : 0;
}

int cli_send_console(const char *socket_path, int master_fd, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	static const char name[] = "/dev/ptmx";
	ssize_t n;

	if (fd < 0)
		return err_sys(err, errno, "make a socket");
	if (strlen(socket_path) >= sizeof(addr.sun_path))
		return err_set(err, ERR_INVALID, "--console-socket: the path is too long");
	strcpy(addr.sun_path, socket_path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_sys(err, errno, "connect to the console socket %s", socket_path);
	n = fd_send(fd, name, sizeof(name) - 1, &master_fd, 1);
	return n < 0 ? err_sys(err, (int)n, "send the terminal to %s", socket_path) : 0;
}

static void copy_size(const struct relay *r)
{
	struct winsize size;

	/* Without a terminal of our own its size stays what the spec said. */
	if (r->console_fd < 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 || (size.ws_row == 0 && size.ws_col == 0))
		return;
	if (ioctl(r->console_fd, TIOCSWINSZ, &size) < 0)
		return;
}

static void terminal_raw(struct relay *r)
{
	struct termios raw;

	if (r->console_fd < 0 || tcgetattr(STDIN_FILENO, &r->saved) < 0)
		return;
	raw = r->saved;
	cfmakeraw(&raw);
	r->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void terminal_restore(const struct relay *r)
{
	if (r->raw && tcsetattr(STDIN_FILENO, TCSANOW, &r->saved) < 0)
		return;
}

static void forward_signal(const struct relay *r)
{
	struct signalfd_siginfo info;

	if (read(r->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_size(r);
	/* It may be gone already; poll says so next. */
	else if (info.ssi_signo != SIGCHLD && process_pidfd_kill(r->pidfd, (int)info.ssi_signo) < 0)
		return;
}

/* Copies what is there from one side to the other; false at the end or when the other side is gone. */
static bool copy_some(int from, int to)
{
	char bytes[16384];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && fd_write_all(to, bytes, (size_t)n) == 0;
}

/* True while there is something to wait for besides the end of the process. */
static int relay_once(struct relay *r, int timeout_ms, bool *ret_ended)
{
	struct pollfd p[4] = {{.fd = r->pidfd, .events = POLLIN},
			      {.fd = r->signal_fd, .events = POLLIN},
			      {.fd = r->output_open ? r->console_fd : -1, .events = POLLIN},
			      {.fd = r->input_open ? STDIN_FILENO : -1, .events = POLLIN}};
	int n = poll(p, 4, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (p[1].revents)
		forward_signal(r);
	if (p[2].revents)
		r->output_open = copy_some(r->console_fd, STDOUT_FILENO);
	if (p[3].revents)
		r->input_open = copy_some(STDIN_FILENO, r->console_fd);
	*ret_ended |= p[0].revents != 0;
	return n;
}

static int relay_until_end(struct relay *r, struct err *err)
{
	bool ended = false;
	int n;

	while (!ended) {
		n = relay_once(r, -1, &ended);
		if (n < 0)
			return err_sys(err, n, "wait for the process");
	}
	/* What it wrote last is still in the terminal. */
	r->input_open = false;
	for (n = 1; r->output_open && n > 0;) {
		struct pollfd p = {.fd = r->console_fd, .events = POLLIN};

		n = poll(&p, 1, 0);
		if (n > 0)
			r->output_open = copy_some(r->console_fd, STDOUT_FILENO);
	}
	return 0;
}

int cli_foreground(int pidfd, int console_fd, struct err *err)
{
	struct relay r = {
		.pidfd = pidfd, .console_fd = console_fd, .input_open = console_fd >= 0, .output_open = console_fd >= 0};
	int rc, status;
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGTTIN);
	sigdelset(&all, SIGTTOU);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return err_sys(err, errno, "block signals");
	r.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.signal_fd < 0)
		return err_sys(err, errno, "make a signalfd");
	copy_size(&r);
	terminal_raw(&r);
	rc = relay_until_end(&r, err);
	terminal_restore(&r);
	fd_close(r.signal_fd);
	if (rc < 0)
		return rc;
	rc = process_reap(pidfd, &status);
	if (rc < 0)
		return err_sys(err, rc, "wait for the process");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
