/* SPDX-License-Identifier: Apache-2.0 */
/* What src/linux and src/runtime take for granted of processes and namespaces. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../unit/unit.h"
#include "own_mounts.h"

static bool in_user_namespace;

static pid_t first_process(int flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* runtime_exec(): all namespaces of a process are joined in one call by its pidfd. */
static void test_setns_by_pidfd(void **state)
{
	int flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC, status, pidfd;
	pid_t target = first_process(flags), pid;

	pidfd = pidfd_open(target, 0);
	assert_true(pidfd >= 0);
	pid = fork();
	if (pid == 0) {
		struct stat ours, theirs;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)target);
		if (setns(pidfd, flags) < 0 || stat("/proc/self/ns/uts", &ours) < 0 || stat(path, &theirs) < 0)
			_exit(1);
		_exit(ours.st_ino == theirs.st_ino ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	end(target);
	close(pidfd);
	assert_int_equal(status, 0);
}

/*
 * namespace_visit: children are born into a visited pid namespace, are the visitor's own, and he can go home again; that
 * last only with CAP_SYS_ADMIN over where he came from, so not in a user namespace below it.
 */
static void test_a_visit_to_a_pid_namespace(void **state)
{
	int home = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), pidfd, status;
	pid_t target = first_process(CLONE_NEWPID), pid;

	pidfd = pidfd_open(target, 0);
	assert_int_equal(setns(pidfd, CLONE_NEWPID), 0);
	pid = fork();
	if (pid == 0)
		_exit(getpid() == 2 && getppid() == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	if (in_user_namespace) {
		assert_true(setns(home, CLONE_NEWPID) < 0 && errno == EPERM);
	} else {
		assert_int_equal(setns(home, CLONE_NEWPID), 0);
		pid = fork();
		if (pid == 0)
			_exit(getppid() != 0 ? 0 : 1);
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
	}
	end(target);
	close(home);
	close(pidfd);
}

/* channel: a close-on-exec end of a socket pair tells that exec succeeded, by its end. */
static void test_exec_closes_the_channel(void **state)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sleep", "sleep", "1000", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it runs: the end came from exec, not from its death */
	end(pid);
	close(ends[0]);
}

/* runtime_exec(): what isn't dumpable stays so in a child, until that executes a program. */
static void test_dumpable_is_inherited(void **state)
{
	int status;
	pid_t pid;

	assert_int_equal(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), 0);
	pid = fork();
	if (pid == 0)
		_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setns_by_pidfd), cmocka_unit_test(test_exec_closes_the_channel),
		cmocka_unit_test(test_dumpable_is_inherited), cmocka_unit_test(test_a_visit_to_a_pid_namespace)};

	in_user_namespace = geteuid() != 0;
	own_mounts();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
