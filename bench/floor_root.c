/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root of the floor program's container, made by the child in its own mount namespace, so that nothing has to be
 * unmounted: an overlay by the new mount API (lowerdir+ where the kernel has it), proc, sysfs, mqueue, a tmpfs as /dev
 * with Docker's nodes, devpts, shm, the three files an engine writes, Docker's masked and read-only paths, pivot_root.
 */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *const masked[] = {"proc/asound",     "proc/acpi",        "proc/interrupts",
				     "proc/kcore",      "proc/keys",        "proc/latency_stats",
				     "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
				     "proc/scsi",       "sys/firmware",     "sys/devices/virtual/powercap"};
static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
static const char *const written[] = {"hostname", "hosts", "resolv.conf"};
static const struct {
	const char *name;
	unsigned int major, minor;
} nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
				       {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
				       {"/proc/kcore", "dev/core"},       {"pts/ptmx", "dev/ptmx"}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void make_dir(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		floor_die(path);
}

static void do_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	if (mount(source, target, type, flags, data) < 0)
		floor_die(target);
}

void floor_root_make(const struct floor *floor)
{
	if (chdir(floor->dir) < 0)
		floor_die(floor->dir);
	make_dir("upper");
	make_dir("work");
	make_dir("merged");
	floor_write(AT_FDCWD, "hostname", "floor\n", true);
	floor_write(AT_FDCWD, "hosts", "127.0.0.1\tlocalhost\n172.17.0.2\tfloor\n", true);
	floor_write(AT_FDCWD, "resolv.conf", "nameserver 192.0.2.1\n", true);
}

/* The upper holds the mount points that the layers lacked; the work directory what the kernel made. */
void floor_root_remove(const struct floor *floor)
{
	static const char *const below[] = {"upper/etc/hostname", "upper/etc/hosts", "upper/etc/resolv.conf"};
	static const char *const dirs[] = {"upper/etc", "upper/proc", "upper/sys", "upper/dev",
					   "upper",     "work/work",  "work",      "merged"};

	if (chdir(floor->dir) < 0)
		floor_die(floor->dir);
	for (size_t i = 0; i < COUNT(below); i++)
		unlink(below[i]);
	for (size_t i = 0; i < COUNT(dirs); i++)
		if (rmdir(dirs[i]) < 0 && errno != ENOENT)
			floor_die(dirs[i]);
	for (size_t i = 0; i < COUNT(written); i++)
		unlink(written[i]);
}

static bool config(int fs, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

/* By the new mount API, a layer at a time; false before kernel 6.8, where lowerdir+ is refused, in 6.1 only at the creation. */
static bool overlay_by_layers(const struct floor *floor)
{
	int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), mnt;
	bool made = true;

	if (fs < 0)
		floor_die("fsopen overlay");
	for (size_t i = 0; made && i < floor->lower_count; i++)
		made = config(fs, "lowerdir+", floor->lower[i]);
	made = made && config(fs, "upperdir", "upper") && config(fs, "workdir", "work") &&
	       syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0;
	if (made) {
		mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
		if (mnt < 0 || syscall(SYS_move_mount, mnt, "", AT_FDCWD, "merged", MOVE_MOUNT_F_EMPTY_PATH) < 0)
			floor_die("attach overlay");
		close(mnt);
	}
	close(fs);
	return made;
}

static void overlay_by_string(const struct floor *floor)
{
	char options[4096] = "upperdir=upper,workdir=work,lowerdir=";
	size_t used = strlen(options);

	for (size_t i = 0; i < floor->lower_count && used < sizeof(options); i++)
		used += (size_t)snprintf(options + used, sizeof(options) - used, "%s%s", i ? ":" : "", floor->lower[i]);
	if (used >= sizeof(options))
		floor_die("too many layers for this kernel");
	do_mount("overlay", "merged", "overlay", 0, options);
}

static void overlay_attach(const struct floor *floor)
{
	if (!overlay_by_layers(floor))
		overlay_by_string(floor);
}

static void dev_fill(void)
{
	do_mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	make_dir("dev/pts");
	make_dir("dev/shm");
	make_dir("dev/mqueue");
	do_mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	do_mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=67108864");
	do_mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	for (size_t i = 0; i < COUNT(nodes); i++) {
		char path[32];

		snprintf(path, sizeof(path), "dev/%s", nodes[i].name);
		if (mknod(path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0 || chmod(path, 0666) < 0)
			floor_die(path);
	}
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			floor_die(links[i][1]);
}

static void files_bind(void)
{
	char source[64], target[64];

	make_dir("etc");
	for (size_t i = 0; i < COUNT(written); i++) {
		int fd;

		snprintf(source, sizeof(source), "../%s", written[i]);
		snprintf(target, sizeof(target), "etc/%s", written[i]);
		fd = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			floor_die(target);
		close(fd);
		do_mount(source, target, NULL, MS_BIND, NULL);
	}
}

static void paths_mask(void)
{
	for (size_t i = 0; i < COUNT(masked); i++) {
		struct stat st;

		if (stat(masked[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			do_mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL);
		else
			do_mount("dev/null", masked[i], NULL, MS_BIND, NULL);
	}
	for (size_t i = 0; i < COUNT(read_only); i++) {
		if (access(read_only[i], F_OK) < 0)
			continue;
		do_mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL);
		do_mount(NULL, read_only[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	}
}

void floor_root_enter(const struct floor *floor)
{
	do_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	overlay_attach(floor);
	if (chdir("merged") < 0)
		floor_die("merged");
	make_dir("proc");
	make_dir("sys");
	make_dir("dev");
	do_mount("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	do_mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL);
	dev_fill();
	files_bind();
	paths_mask();
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		floor_die("pivot_root");
}
