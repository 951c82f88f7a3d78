/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lighterd: the daemon. Reads its settings, opens the engine, serves the API until SIGTERM or SIGINT. Ending it ends no
 * container. SIGHUP reads the log level of daemon.json again.
 *
 * Order matters: the signals are blocked before the first thread; the sockets are bound after the engine has settled what
 * happened while nobody served, so that the first answer is a true one.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/http_server.h"
#include "api/listen.h"
#include "api/routes.h"
#include "base/array.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/engine.h"
#include "main/daemon_config.h"

#define PREDECESSOR_END_MS 2000

struct daemon {
	struct daemon_config config;
	char **argv;
	int argc;
	int signals;
	struct engine *engine;
	struct http_server *server;
};

/* Tells the service manager, when there is one (NOTIFY_SOCKET). */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -EBADF;
	size_t len = path ? strlen(path) : 0;

	if (len == 0 || len >= sizeof(address.sun_path))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	memcpy(address.sun_path, path, len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("tell the service manager: %s", strerror(errno));
}

static int choose_level(const struct daemon_config *c, enum log_level *ret, struct err *err)
{
	if (!log_level_parse(c->log_level, ret))
		return err_set(err, ERR_INVALID, "invalid logging level: %s", c->log_level);
	if (c->debug)
		*ret = LOG_DEBUG_LEVEL;
	return 0;
}

static int set_up_log(const struct daemon_config *c, struct err *err)
{
	bool json = strcmp(c->log_format, "json") == 0;
	enum log_level level;
	int r = choose_level(c, &level, err);

	if (r == 0 && !json && strcmp(c->log_format, "text") != 0)
		r = err_set(err, ERR_INVALID, "invalid log format: %s: must be text or json", c->log_format);
	if (r == 0)
		log_setup("lighterd", level, json ? LOG_JSON : LOG_TEXT);
	return r;
}

static int block_signals(struct daemon *d, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, errno, "block signals");
	d->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return d->signals < 0 ? err_sys(err, errno, "signalfd") : 0;
}

/* True when the process ends in time: a predecessor that was killed may still be on its way out. */
static bool ended_within(pid_t pid, int timeout_ms)
{
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd < 0 ? errno == ESRCH : poll(&p, 1, timeout_ms) > 0;
}

/* A pid file of a process that lives and is a lighterd means that one is running already. */
static int write_pidfile(const char *path, struct err *err)
{
	_cleanup_buf_ struct buf old = BUF_INIT, name = BUF_INIT;
	char text[32], comm[64];
	int r;

	if (!path)
		return 0;
	if (file_read_at(AT_FDCWD, path, 32, &old) == 0 && atoi(old.data) > 1 && atoi(old.data) != getpid()) {
		snprintf(comm, sizeof(comm), "/proc/%d/comm", atoi(old.data));
		if (file_read_at(AT_FDCWD, comm, 64, &name) == 0 && strcmp(name.data, "lighterd\n") == 0 &&
		    !ended_within(atoi(old.data), PREDECESSOR_END_MS))
			return err_set(err, ERR_CONFLICT, "process with PID %d is still running (%s)", atoi(old.data), path);
	}
	snprintf(text, sizeof(text), "%d", getpid());
	r = file_write_atomic_at(AT_FDCWD, path, text, strlen(text), 0644, 0);
	return r < 0 ? err_sys(err, r, "write %s", path) : 0;
}

static const char *socket_group(const struct daemon_config *c)
{
	if (c->group_given)
		return c->group;
	return getgrnam("lighter") ? "lighter" : "docker";
}

static int serve(struct daemon *d, int fd, const char *what, struct err *err)
{
	int r;

	if (fd < 0)
		return fd;
	r = http_server_listen(d->server, fd, err);
	if (r == 0)
		log_info("API listens on %s", what);
	return r;
}

static int serve_inherited(struct daemon *d, struct err *err)
{
	int n = listen_inherited(err), r = n < 0 ? n : 0;

	if (n == 0)
		return err_set(err, ERR_INVALID, "listen on fd://: the service manager passed no socket");
	for (int i = 0; r == 0 && i < n; i++)
		r = serve(d, 3 + i, "a socket of the service manager", err);
	return r;
}

static int serve_host(struct daemon *d, const char *host, struct err *err)
{
	if (strncmp(host, "unix://", 7) == 0)
		return serve(d, listen_unix(host + 7, socket_group(&d->config), err), host, err);
	if (strncmp(host, "fd://", 5) == 0)
		return serve_inherited(d, err);
	if (strncmp(host, "tcp://", 6) == 0) {
		log_warn("%s is served without TLS: whoever reaches it is root on this machine", host);
		return serve(d, listen_tcp(host + 6, err), host, err);
	}
	return err_set(err, ERR_INVALID, "invalid -H %s: it must begin with unix://, tcp:// or fd://", host);
}

/* Docker's own socket, for clients that know no other; never taken from somebody who serves it. */
static void serve_docker_socket(struct daemon *d)
{
	struct err err = {0};

	if (!d->config.docker_socket)
		return;
	if (listen_unix_served(DAEMON_DOCKER_SOCKET)) {
		log_info("%s is served by another program and left alone", DAEMON_DOCKER_SOCKET);
		return;
	}
	if (serve(d, listen_unix(DAEMON_DOCKER_SOCKET, socket_group(&d->config), &err), "unix://" DAEMON_DOCKER_SOCKET, &err) <
	    0)
		log_warn("%s", err.msg);
}

static int serve_all(struct daemon *d, struct err *err)
{
	static char *default_hosts[] = {(char *)"unix://" DAEMON_DEFAULT_SOCKET, NULL};
	char **hosts = d->config.hosts ? d->config.hosts : default_hosts;

	for (size_t i = 0; hosts[i]; i++) {
		int r = serve_host(d, hosts[i], err);

		if (r < 0)
			return r;
	}
	serve_docker_socket(d);
	return 0;
}

/* The level is all that can change while running; the rest of daemon.json is read at the next start. */
static void reload(struct daemon *d)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct daemon_config again = DAEMON_CONFIG_INIT;
	enum log_level level;
	struct err err = {0};

	if (!a || daemon_config_read(d->argc, d->argv, a, &again, &err) < 0 || choose_level(&again, &level, &err) < 0) {
		log_error("reload the configuration: %s", err.msg);
	} else {
		log_set_level(level);
		log_info("the log level was read again; other settings wait for the next start");
	}
	daemon_config_done(&again);
}

static void *watch_signals(void *arg)
{
	struct daemon *d = arg;
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			reload(d);
			continue;
		}
		log_info("signal %u: the daemon ends, containers go on", info.ssi_signo);
		notify("STOPPING=1");
		http_server_stop(d->server);
		break;
	}
	return NULL;
}

static int run(struct daemon *d, struct err *err)
{
	pthread_t watcher;
	int r;

	r = pthread_create(&watcher, NULL, watch_signals, d);
	if (r != 0)
		return err_sys(err, r, "start a thread");
	notify("READY=1");
	r = http_server_run(d->server, err);
	if (r < 0)
		return r;
	pthread_join(watcher, NULL);
	return 0;
}

static int open_and_run(struct daemon *d, struct err *err)
{
	const struct daemon_config *c = &d->config;
	struct engine_config engine = {
		.instance = c->instance,
		.data_root = c->data_root,
		.exec_root = c->exec_root,
		.bridge = c->bridge,
		.bip = c->bip,
		.labels = c->labels,
		.debug = c->debug,
	};
	int r = write_pidfile(c->pidfile, err);

	if (r == 0)
		r = engine_open(&engine, &d->engine, err);
	if (r == 0)
		r = http_server_new(api_routes, api_n_routes, d->engine, &d->server, err);
	if (r == 0)
		r = serve_all(d, err);
	if (r == 0)
		r = run(d, err);
	if (c->pidfile && d->server && r == 0 && unlink(c->pidfile) < 0)
		log_warn("remove %s: %s", c->pidfile, strerror(errno));
	/* A handler that is still at work (a stop that waits for its container) must not lose the engine under it. */
	if (d->server && !http_server_is_idle(d->server)) {
		log_warn("some requests had not ended");
		_exit(r < 0 ? 1 : 0);
	}
	http_server_free(d->server);
	if (d->engine)
		engine_close(d->engine);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_new(0);
	struct daemon d = {.config = DAEMON_CONFIG_INIT, .argc = argc, .argv = argv, .signals = -EBADF};
	struct err err = {0};
	int r;

	buf_abort_on_failure(true);
	r = arena ? daemon_config_read(argc, argv, arena, &d.config, &err) : err_sys(&err, ENOMEM, "start");
	if (r == 0 && d.config.help) {
		daemon_config_help();
		return 0;
	}
	if (r == 0 && d.config.version) {
		printf("Lighter version %s\n", LIGHTER_VERSION);
		return 0;
	}
	if (r == 0 && geteuid() != 0)
		r = err_set(&err, ERR_FORBIDDEN,
			    "lighterd needs to be started as root; rootless operation is not supported yet");
	if (r == 0)
		r = set_up_log(&d.config, &err);
	if (r == 0)
		r = block_signals(&d, &err);
	umask(0022);
	if (r == 0)
		r = open_and_run(&d, &err);
	if (r < 0)
		fprintf(stderr, "lighterd: %s\n", err.msg);
	daemon_config_done(&d.config);
	return r < 0 ? 1 : 0;
}
