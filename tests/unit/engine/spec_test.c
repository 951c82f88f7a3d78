/* SPDX-License-Identifier: Apache-2.0 */
/* The specification of a container: the default one as Docker 28.5 writes it, and what options change. */
#include "../unit.h"

#include <string.h>

#include "engine/create.h"
#include "engine/spec.h"

struct fixture {
	struct arena *a;
	struct spec_input in;
	struct oci_spec *spec;
	struct err err;
	int result;
};

static const struct user_identity root = {.groups = (uint32_t[]){0, 50}, .n_groups = 2, .home = "/root"};

static struct fixture build(const char *config, const char *host)
{
	struct fixture f = {.a = arena_new(0)};
	struct engine e = {.cpus = 2};
	struct container_config *c;
	struct host_config *h;
	static char *args[] = {(char *)"300", NULL};

	assert_int_equal(container_config_decode(config, strlen(config), f.a, &c, &f.err), 0);
	assert_int_equal(host_config_decode(host, strlen(host), f.a, &h, &f.err), 0);
	create_host_defaults(&e, h, f.a);
	f.in = (struct spec_input){.id = "0123",
				   .instance = "test",
				   .path = "sleep",
				   .args = args,
				   .config = c,
				   .host = h,
				   .user = &root,
				   .files_dir = "/d",
				   .arch = "amd64",
				   .kernel = {6, 1}};
	f.result = spec_build(&f.in, f.a, &f.spec, &f.err);
	return f;
}

static const struct oci_mount *mount_at(const struct oci_spec *spec, const char *destination)
{
	for (size_t i = 0; i < spec->mounts.len; i++)
		if (strcmp(spec->mounts.items[i].destination, destination) == 0)
			return &spec->mounts.items[i];
	return NULL;
}

static bool has(char *const *v, const char *word)
{
	for (; v && *v; v++)
		if (strcmp(*v, word) == 0)
			return true;
	return false;
}

static bool has_namespace(const struct oci_spec *spec, const char *type)
{
	for (size_t i = 0; i < spec->linux_->namespaces.len; i++)
		if (strcmp(spec->linux_->namespaces.items[i].type, type) == 0)
			return true;
	return false;
}

static void defaults(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h1\"}", "{}");
	_cleanup_buf_ struct buf text = BUF_INIT;

	(void)state;
	assert_int_equal(f.result, 0);
	oci_spec_write(f.spec, &text);
	assert_non_null(strstr(text.data,
			       "\"args\":[\"sleep\",\"300\"],\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
			       "/sbin:/bin\",\"HOSTNAME=h1\",\"HOME=/root\"],\"cwd\":\"/\""));
	assert_non_null(strstr(text.data, "\"cgroupsPath\":\"/lighter-test/0123\""));
	assert_non_null(strstr(text.data, "\"net.ipv4.ip_unprivileged_port_start\":\"0\""));
	assert_int_equal(f.spec->mounts.len, 10);
	assert_true(has(mount_at(f.spec, "/sys")->options, "ro"));
	assert_true(has(mount_at(f.spec, "/dev/shm")->options, "size=67108864"));
	assert_string_equal(mount_at(f.spec, "/etc/hosts")->source, "/d/hosts");
	assert_true(has(f.spec->linux_->masked_paths, "/proc/kcore"));
	assert_true(has_namespace(f.spec, "network"));
	assert_false(has_namespace(f.spec, "cgroup"));
	assert_int_equal(f.spec->linux_->resources->devices.len, 8);
	assert_null(f.spec->linux_->resources->memory);
	assert_int_equal(oci_spec_check(f.spec, &f.err), 0);
	arena_free(f.a);
}

static void environment(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h\",\"Tty\":true,\"Env\":[\"HOME=/x\",\"PATH=/bin\",\"BARE\"]}", "{}");
	static const char *const want[] = {"PATH=/bin", "HOSTNAME=h", "TERM=xterm", "HOME=/x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(f.spec->process->env[i], want[i]);
	assert_null(f.spec->process->env[4]);
	arena_free(f.a);
}

static void privileged(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h\"}", "{\"Privileged\":true}");

	(void)state;
	assert_int_equal(f.result, 0);
	assert_null(f.spec->linux_->seccomp);
	assert_null(f.spec->linux_->masked_paths);
	assert_false(has(mount_at(f.spec, "/sys")->options, "ro"));
	assert_true(f.spec->linux_->resources->devices.items[0].allow);
	assert_true(f.spec->linux_->devices.len > 0);
	arena_free(f.a);
}

static void host_modes(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h\"}", "{\"NetworkMode\":\"host\",\"PidMode\":\"host\",\"UTSMode\":\"host\","
							 "\"IpcMode\":\"host\",\"CgroupnsMode\":\"private\"}");

	(void)state;
	assert_false(has_namespace(f.spec, "network"));
	assert_false(has_namespace(f.spec, "pid"));
	assert_false(has_namespace(f.spec, "uts"));
	assert_false(has_namespace(f.spec, "ipc"));
	assert_true(has_namespace(f.spec, "cgroup"));
	assert_null(f.spec->hostname);
	assert_string_equal(mount_at(f.spec, "/dev/shm")->source, "/dev/shm");
	assert_int_equal(f.spec->linux_->sysctl.len, 0);
	arena_free(f.a);
}

static void mounts_in_order(void **state)
{
	struct fixture f =
		build("{\"Hostname\":\"h\"}", "{\"Binds\":[\"/tmp:/a/b/c:ro\",\"/tmp:/z\"],\"Tmpfs\":{\"/a\":\"size=1m\"},"
					      "\"ReadonlyRootfs\":true,\"IpcMode\":\"none\"}");
	static const char *const want[] = {"/a", "/z", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/a/b/c"};

	(void)state;
	assert_int_equal(f.result, 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(f.spec->mounts.items[f.spec->mounts.len - ARRAY_SIZE(want) + i].destination, want[i]);
	assert_true(has(mount_at(f.spec, "/a/b/c")->options, "rro"));
	assert_true(has(mount_at(f.spec, "/a")->options, "noexec"));
	assert_true(has(mount_at(f.spec, "/etc/hosts")->options, "rro"));
	assert_null(mount_at(f.spec, "/dev/shm"));
	assert_true(f.spec->root->readonly);
	arena_free(f.a);
}

static void own_mount_replaces_default(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h\"}", "{\"Binds\":[\"/tmp:/dev/shm\"]}");
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < f.spec->mounts.len; i++)
		n += strcmp(f.spec->mounts.items[i].destination, "/dev/shm") == 0;
	assert_int_equal(n, 1);
	assert_string_equal(mount_at(f.spec, "/dev/shm")->type, "bind");
	arena_free(f.a);
}

static void limits(void **state)
{
	struct fixture f =
		build("{\"Hostname\":\"h\"}", "{\"Memory\":20971520,\"NanoCpus\":500000000,\"PidsLimit\":20,\"OomScoreAdj\":7,"
					      "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":5,\"Hard\":9}]}");
	const struct oci_resources *r = f.spec->linux_->resources;

	(void)state;
	assert_int_equal(*r->memory->limit, 20971520);
	assert_int_equal(*r->memory->swap, 41943040);
	assert_int_equal(*r->cpu->quota, 50000);
	assert_int_equal(*r->cpu->period, 100000);
	assert_int_equal(r->pids->limit, 20);
	assert_int_equal(*f.spec->process->oom_score_adj, 7);
	assert_string_equal(f.spec->process->rlimits.items[0].type, "RLIMIT_NOFILE");
	arena_free(f.a);
}

static void capabilities(void **state)
{
	struct fixture f = build("{\"Hostname\":\"h\"}", "{\"CapDrop\":[\"ALL\"],\"CapAdd\":[\"net_raw\"]}");
	struct fixture g = build("{\"Hostname\":\"h\"}", "{\"CapDrop\":[\"CAP_MKNOD\"]}");

	(void)state;
	assert_string_equal(f.spec->process->capabilities->bounding[0], "CAP_NET_RAW");
	assert_null(f.spec->process->capabilities->bounding[1]);
	assert_false(has(g.spec->process->capabilities->bounding, "CAP_MKNOD"));
	assert_true(has(g.spec->process->capabilities->bounding, "CAP_CHOWN"));
	arena_free(f.a);
	arena_free(g.a);
}

static void errors(void **state)
{
	static const struct {
		const char *host, *message;
	} bad[] = {
		{"{\"SecurityOpt\":[\"foo\"]}", "invalid --security-opt 1: \"foo\""},
		{"{\"SecurityOpt\":[\"foo=bar\"]}", "invalid --security-opt 2: \"foo=bar\""},
		{"{\"DeviceCgroupRules\":[\"x\"]}", "invalid device cgroup rule format: 'x'"},
		{"{\"Devices\":[{\"PathOnHost\":\"/dev/nope\"}]}",
		 "error gathering device information while adding custom device \"/dev/nope\": no such file or directory"},
		{"{\"Binds\":[\"/x:/y:foo\"]}", "invalid mode: foo"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fixture f = build("{\"Hostname\":\"h\"}", bad[i].host);

		assert_true(f.result < 0);
		assert_string_equal(f.err.msg, bad[i].message);
		arena_free(f.a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),   cmocka_unit_test(environment),     cmocka_unit_test(privileged),
		cmocka_unit_test(host_modes), cmocka_unit_test(mounts_in_order), cmocka_unit_test(own_mount_replaces_default),
		cmocka_unit_test(limits),     cmocka_unit_test(capabilities),    cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
