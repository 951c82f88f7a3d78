/* SPDX-License-Identifier: Apache-2.0 */
/* Does wrong on purpose, so that tests/self/sanitizers.bats can see it reported. Built only with sanitizers. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int shared;
static int (*volatile do_wrong)(void);

static int plant_leak(void)
{
	void *volatile lost = malloc(17);

	lost = NULL;
	return lost != NULL;
}

static int plant_overflow(void)
{
	char *volatile bytes = malloc(8);
	int r = bytes[8];

	free(bytes);
	return r;
}

static int plant_undefined(void)
{
	volatile int large = 0x7fffffff;

	large = large + 1;
	return 0;
}

static void *count(void *unused)
{
	for (int i = 0; i < 10000; i++)
		shared++;
	return unused;
}

static int plant_race(void)
{
	pthread_t other;

	if (pthread_create(&other, NULL, count, NULL) != 0)
		return 1;
	count(NULL);
	return pthread_join(other, NULL);
}

static int in_child(void *unused)
{
	(void)unused;
	if (chroot("/proc") < 0 || chdir("/") < 0) /* the reports' name leads nowhere from here */
		return 1;
	_exit(do_wrong());
}

/* What a container's child does: cloned without exec, inside another root. */
static int plant_child(void)
{
	static char stack[1 << 20] __attribute__((aligned(16)));
	int status = 0;
	pid_t pid;

	do_wrong = plant_overflow;
	pid = clone(in_child, stack + sizeof(stack), CLONE_NEWNS | SIGCHLD, NULL);
	return pid < 0 || waitpid(pid, &status, 0) < 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*plant)(void);
	} plants[] = {{"leak", plant_leak}, {"overflow", plant_overflow}, {"undefined", plant_undefined},
		      {"race", plant_race}, {"child", plant_child},       {"nothing", NULL}};

	for (size_t i = 0; argc == 2 && i < sizeof(plants) / sizeof(plants[0]); i++) {
		if (strcmp(argv[1], plants[i].name) == 0)
			return plants[i].plant ? plants[i].plant() : 0;
	}
	fputs("usage: plant leak|overflow|undefined|race|child|nothing\n", stderr);
	return 2;
}
