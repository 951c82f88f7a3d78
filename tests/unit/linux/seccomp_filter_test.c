/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters are run by a small interpreter of classic BPF, so that no test process has to be filtered. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../unit.h"
#include "base/file.h"
#include "linux/seccomp_filter.h"

static uint32_t run(const struct seccomp_filter *f, uint32_t arch, int nr, uint64_t arg0)
{
	struct seccomp_data data = {.nr = nr, .arch = arch, .args = {arg0}};
	uint32_t a = 0;

	for (size_t pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &f->insns[pc];
		bool taken;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (char *)&data + i->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = a & i->k;
			break;
		default:
			fail_msg("instruction %#x", i->code);
			return 0;
		}
		pc += taken ? i->jt : i->jf;
	}
	fail_msg("the filter ends without a result");
	return 0;
}

static const char text[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"architectures\":[\"SCMP_ARCH_X86_64\","
	"\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[{\"names\":[\"read\",\"write\",\"no_such_call\"],"
	"\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	"{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]},"
	"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},{\"names\":[\"reboot\"],"
	"\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}";

static struct oci_seccomp *section_of(struct arena *a, const char *json)
{
	struct oci_seccomp *s = arena_new_object(a, struct oci_seccomp);
	struct err err = {0};

	if (json_decode_text(json, strlen(json), &oci_seccomp_shape, 0, a, s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void test_decisions(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = SECCOMP_FILTER_INIT;
	struct err err = {0};

	if (seccomp_filter_compile(section_of(a, text), &f, &err) < 0)
		fail_msg("%s", err.msg);
#ifdef __x86_64__
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_read, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_getpid, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_mount, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_reboot, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_personality, 8), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_personality, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_personality, 1), SECCOMP_RET_ERRNO | EPERM);
	/* newer than anything named: not there, instead of forbidden */
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, 4000, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&f, AUDIT_ARCH_I386, 4000, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run(&f, AUDIT_ARCH_I386, 3, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, 0x40000000, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_AARCH64, 63, 0), SECCOMP_RET_KILL_THREAD);
#endif
}

static void test_an_allowing_default_has_no_prelude(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_(seccomp_filter_done) struct seccomp_filter f = SECCOMP_FILTER_INIT;

	assert_int_equal(seccomp_filter_compile(section_of(a, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
							      "[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"),
						&f, NULL),
			 0);
#ifdef __x86_64__
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, 4000, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&f, AUDIT_ARCH_X86_64, SYS_mount, 0), SECCOMP_RET_ERRNO | EPERM);
#endif
}

static void test_what_is_not_supported_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct seccomp_filter f = SECCOMP_FILTER_INIT;

		assert_true(seccomp_filter_compile(section_of(a, bad[i]), &f, NULL) < 0);
		assert_null(f.insns);
	}
}

static void test_keys_differ_with_every_member(void **state)
{
	static const char *const variants[] = {
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}"};
	char *keys[ARRAY_SIZE(variants)];

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct buf key = BUF_INIT, again = BUF_INIT;

		assert_int_equal(seccomp_cache_key(section_of(a, variants[i]), &key), 0);
		assert_int_equal(seccomp_cache_key(section_of(a, variants[i]), &again), 0);
		assert_string_equal(key.data, again.data);
		buf_done(&again);
		keys[i] = buf_steal(&key);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i], keys[j]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		free(keys[i]);
}

static void test_the_cache_is_used_and_not_trusted(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct seccomp_filter first = SECCOMP_FILTER_INIT, second = SECCOMP_FILTER_INIT;
	struct oci_seccomp *s = section_of(a, text);
	char dir[] = "/tmp/seccomp_test.XXXXXX", file[400];
	int dir_fd;
	FILE *ls;

	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(seccomp_filter_get(s, dir_fd, &first, NULL), 0);
	snprintf(file, sizeof(file), "ls %s", dir);
	ls = popen(file, "r");
	assert_int_equal(fscanf(ls, "%63s", file), 1);
	pclose(ls);
	assert_int_equal(seccomp_filter_get(s, dir_fd, &second, NULL), 0);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.insns, second.insns, first.len * sizeof(*first.insns));
	seccomp_filter_done(&second);
	/* one that others may write to, and one that is cut short: both are passed over and compiled anew */
	assert_int_equal(fchmodat(dir_fd, file, 0666, 0), 0);
	assert_int_equal(seccomp_filter_get(s, dir_fd, &second, NULL), 0);
	seccomp_filter_done(&second);
	assert_int_equal(file_write_atomic_at(dir_fd, file, "LSC1", 4, 0600, 0), 0);
	assert_int_equal(seccomp_filter_get(s, dir_fd, &second, NULL), 0);
	assert_int_equal(first.len, second.len);
	seccomp_filter_done(&second);
	seccomp_filter_done(&first);
	close(dir_fd);
	assert_int_equal(file_remove_tree_at(AT_FDCWD, dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions), cmocka_unit_test(test_an_allowing_default_has_no_prelude),
		cmocka_unit_test(test_what_is_not_supported_is_refused), cmocka_unit_test(test_keys_differ_with_every_member),
		cmocka_unit_test(test_the_cache_is_used_and_not_trusted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
