/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "../unit.h"
#include "codec/oci_spec.h"

/* Every member the tables know, as compact as they write it. */
static const char everything[] =
	"{\"ociVersion\":\"1.2.1\",\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\""
	"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[3,4],\"username\":\"u\"},\"args\":[\"sh\",\""
	"-c\"],\"commandLine\":\"x\",\"env\":[\"A=b\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":[\"CAP_KILL\""
	"],\"effective\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],\"ambient\":["
	"\"CAP_KILL\"]},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":18446744073709551615,\"soft\":0}],\"noN"
	"ewPrivileges\":true,\"apparmorProfile\":\"p\",\"oomScoreAdj\":0,\"selinuxLabel\":\"l\",\"scheduler\":{\""
	"policy\":\"SCHED_FIFO\",\"nice\":1,\"priority\":2,\"flags\":[\"SCHED_FLAG_RECLAIM\"],\"runtime\":3,\"dea"
	"dline\":4,\"period\":5},\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":0},\"execCPUAffinity\""
	":{\"initial\":\"0-1\",\"final\":\"2\"}},\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\""
	"h\",\"domainname\":\"d\",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/y\",\"optio"
	"ns\":[\"rbind\"],\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":2}],\"gidMappings\":[{\"conta"
	"inerID\":0,\"hostID\":1,\"size\":2}]}],\"hooks\":{\"prestart\":[{\"path\":\"/a\",\"args\":[\"a\"],\"env\""
	":[\"E=1\"],\"timeout\":5}],\"createRuntime\":[{\"path\":\"/b\"}],\"createContainer\":[{\"path\":\"/c\"}]"
	",\"startContainer\":[{\"path\":\"/d\"}],\"poststart\":[{\"path\":\"/e\"}],\"poststop\":[{\"path\":\"/f\""
	"}]},\"annotations\":{\"k\":\"v\"},\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\""
	":10}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],\"sysctl\":{\"net.x\":\"1\"},\"r"
	"esources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1"
	",\"minor\":0,\"access\":\"r\"}],\"memory\":{\"limit\":-1,\"reservation\":1,\"swap\":2,\"kernel\":3,\"ker"
	"nelTCP\":4,\"swappiness\":0,\"disableOOMKiller\":false,\"useHierarchy\":true,\"checkBeforeUpdate\":true}"
	",\"cpu\":{\"shares\":2,\"quota\":-1,\"burst\":3,\"period\":4,\"realtimeRuntime\":5,\"realtimePeriod\":6,"
	"\"cpus\":\"0\",\"mems\":\"0\",\"idle\":1},\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":10,\"leafWeight"
	"\":11,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":12,\"leafWeight\":13}],\"throttleReadBpsDevi"
	"ce\":[{\"major\":8,\"minor\":0,\"rate\":1}],\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\""
	":2}],\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],\"throttleWriteIOPSDevice\":[{\"m"
	"ajor\":8,\"minor\":0,\"rate\":4}]},\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}],\"network\":{"
	"\"classID\":6,\"priorities\":[{\"name\":\"eth0\",\"priority\":7}]},\"rdma\":{\"mlx\":{\"hcaHandles\":8,\""
	"hcaObjects\":9}},\"unified\":{\"memory.high\":\"1\"}},\"cgroupsPath\":\"/c\",\"namespaces\":[{\"type\":\""
	"pid\"},{\"type\":\"network\",\"path\":\"/run/n\"}],\"devices\":[{\"path\":\"/dev/z\",\"type\":\"c\",\"ma"
	"jor\":1,\"minor\":5,\"fileMode\":438,\"uid\":0,\"gid\":0}],\"netDevices\":{\"eth1\":{\"name\":\"e\"}},\""
	"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"architectures\":[\"SCMP_ARCH_X86"
	"_64\"],\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/l\",\"listenerMetadata\":\"m\",\"sysc"
	"alls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":2,\"args\":[{\"index\":0,\"valu"
	"e\":18446744073709551615,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]},\"rootfsPropagation\":\"slave"
	"\",\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"],\"mountLabel\":\"ml\",\"intelRdt\":{\"closID\":\""
	"c\",\"schemata\":[\"L3\"],\"l3CacheSchema\":\"s\",\"memBwSchema\":\"MB:0=1\",\"enableMonitoring\":true},"
	"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},\"personal"
	"ity\":{\"domain\":\"LINUX32\",\"flags\":[\"F\"]},\"timeOffsets\":{\"boottime\":{\"secs\":1,\"nanosecs\":"
	"2},\"monotonic\":{\"secs\":-3,\"nanosecs\":4}}},\"vm\":{\"a\":1},\"windows\":{},\"solaris\":{},\"freebsd"
	"\":{},\"zos\":{}}";

static void test_every_member_survives(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct oci_spec *spec;
	struct err err = {0};

	if (oci_spec_parse(everything, sizeof(everything) - 1, a, &spec, &err) < 0)
		fail_msg("%s", err.msg);
	oci_spec_write(spec, &out);
	assert_string_equal(out.data, everything);
	assert_int_equal(spec->process->user->additional_gids.len, 2);
	assert_true(*spec->process->oom_score_adj == 0);
	assert_true(spec->linux_->seccomp->syscalls.items[0].args.items[0].value == UINT64_MAX);
}

static void test_the_least_document(void **state)
{
	static const char least[] = "{\"ociVersion\":\"1.0.0\"}";
	_cleanup_arena_ struct arena *a = arena_new(0);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct oci_spec *spec;

	assert_int_equal(oci_spec_parse(least, sizeof(least) - 1, a, &spec, NULL), 0);
	assert_null(spec->process);
	assert_null(spec->linux_);
	oci_spec_write(spec, &out);
	assert_string_equal(out.data, least);
}

static const struct {
	const char *text;
	const char *message; /* how the error begins */
} bad[] = {
	{"{}", "ociVersion"},
	{"{\"ociVersion\":\"2.0\"}", "ociVersion: \"2.0\""},
	{"{\"ociVersion\":\"1.0\",\"process\":{}}", "process.cwd"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"x\"}}", "process.cwd: \"x\" is not an absolute path"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967296}}}", "process.user.uid"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967295}}}", "process.user.uid"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1}}}", "process.user.uid"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"user\":{\"additionalGids\":[0,4294967295]}}}",
	 "process.user.additionalGids[1]"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",7]}}", "process.args[1]"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"a\\u0000b\"]}}", "process.args[0]"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"rlimits\":[{\"type\":\"NOFILE\",\"hard\":1,\"soft\":1}]}}",
	 "process.rlimits[0].type"},
	{"{\"ociVersion\":\"1.0\",\"process\":{\"cwd\":\"/\",\"oomScoreAdj\":1001}}", "process.oomScoreAdj"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{},{}]}}", "linux.namespaces[1].type"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"net\"}]}}",
	 "linux.namespaces[1].type"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
	 "linux.namespaces[1].type: \"pid\" is there twice"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]}}", "linux.namespaces[0].path"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967295,\"size\":2}]}}",
	 "linux.uidMappings[0]"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"seccomp\":{\"defaultAction\":\"ALLOW\"}}}", "linux.seccomp.defaultAction"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{"
	 "\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}}}",
	 "linux.seccomp.syscalls[0].args[0].index"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"devices\":[{\"type\":\"cc\",\"path\":\"/dev/x\"}]}}", "linux.devices[0].type"},
	{"{\"ociVersion\":\"1.0\",\"linux\":{\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"x\"}]}}}",
	 "linux.resources.devices[0].access"},
	{"{\"ociVersion\":\"1.0\",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}}", "hooks.poststop[0].path"},
	{"{\"ociVersion\":\"1.0\",\"root\":{\"path\":\"\"}}", "root.path"},
	{"{\"ociVersion\":\"1.0\",\"mounts\":[{\"destination\":\"/a\"},{}]}", "mounts[1].destination"},
};

static void test_errors_name_the_member(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct oci_spec *spec;
		struct err err = {0};

		if (oci_spec_parse(bad[i].text, strlen(bad[i].text), a, &spec, &err) >= 0)
			fail_msg("accepted: %s", bad[i].text);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strncmp(err.msg, bad[i].message, strlen(bad[i].message)) != 0)
			fail_msg("%s: %s", bad[i].text, err.msg);
	}
}

static void test_a_huge_document_is_refused_unread(void **state)
{
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct oci_spec *spec;
	struct err err = {0};

	assert_true(oci_spec_parse("", OCI_SPEC_MAX_BYTES + 1, a, &spec, &err) < 0);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member_survives), cmocka_unit_test(test_the_least_document),
		cmocka_unit_test(test_errors_name_the_member), cmocka_unit_test(test_a_huge_document_is_refused_unread)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
