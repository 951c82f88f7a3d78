/* SPDX-License-Identifier: Apache-2.0 */
/* A user at a container: setting up; the loop is in session_loop.c. See session.h. */
#include "cli/session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/fd.h"
#include "cli/terminal.h"

int session_attach(struct session *s, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_addf(&path, "/containers/%s/attach?stream=1&stdin=%d&stdout=%d&stderr=%d", s->id, s->in, s->out, s->err);
	if (s->detach_keys) {
		buf_adds(&path, "&detachKeys=");
		client_escape(&path, s->detach_keys);
	}
	return client_hijack(s->cli->client, path.data, &s->conn, &s->received, err);
}

int session_wait(struct session *s, const char *condition, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT;

	buf_addf(&path, "/containers/%s/wait?condition=%s", s->id, condition);
	return client_stream_open(s->cli->client, "POST", path.data, NULL, -EBADF, NULL, &s->wait, err);
}

int session_block_signals(struct session *s, struct err *err)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGCHLD);
	sigdelset(&set, SIGPIPE);
	sigdelset(&set, SIGURG);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGABRT);
	sigdelset(&set, SIGFPE);
	sigdelset(&set, SIGILL);
	if (!s->sig_proxy || s->tty) {
		sigemptyset(&set);
		sigaddset(&set, SIGWINCH);
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGHUP);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, errno, "block signals");
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? err_sys(err, errno, "signalfd") : 0;
}

void session_resize(struct session *s)
{
	_cleanup_reply_ struct client_reply reply = CLIENT_REPLY_INIT;
	uint32_t rows, columns;
	struct err err;

	/* A container that has just ended can't be resized: nothing to tell the user. */
	if (terminal_size(&rows, &columns) &&
	    cli_call(s->cli, "POST", &reply, &err, "/containers/%s/resize?h=%u&w=%u", s->id, rows, columns) < 0)
		return;
}

void session_done(struct session *s)
{
	fd_close(s->conn);
	fd_close(s->signals);
	client_stream_free(s->wait);
	buf_done(&s->received);
	s->conn = s->signals = -EBADF;
	s->wait = NULL;
}
