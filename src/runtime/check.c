/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the specification that this runtime refuses; see check.h. */
#include "runtime/check.h"

static bool is_set(const char *s)
{
	return s && *s;
}

static int first_of(const char *const *names, const bool *set, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (set[i])
			return err_set(err, ERR_NOT_IMPLEMENTED, "%s: is not supported", names[i]);
	return 0;
}

int check_process_supported(const struct oci_process *p, struct err *err)
{
	static const char *const names[] = {"process.commandLine", "process.selinuxLabel", "process.scheduler",
					    "process.ioPriority", "process.execCPUAffinity"};
	const bool set[] = {is_set(p->command_line), is_set(p->selinux_label), p->scheduler, p->io_priority,
			    p->exec_cpu_affinity};

	return first_of(names, set, ARRAY_SIZE(names), err);
}

static int check_hooks(const struct oci_hooks *h, struct err *err)
{
	static const char *const names[] = {"hooks.prestart",       "hooks.createRuntime", "hooks.createContainer",
					    "hooks.startContainer", "hooks.poststart",     "hooks.poststop"};
	const bool set[] = {h->prestart.len,        h->create_runtime.len, h->create_container.len,
			    h->start_container.len, h->poststart.len,      h->poststop.len};

	return first_of(names, set, ARRAY_SIZE(names), err);
}

static int check_linux(const struct oci_linux *l, struct err *err)
{
	static const char *const names[] = {"linux.netDevices", "linux.intelRdt", "linux.memoryPolicy", "linux.mountLabel"};
	const bool set[] = {l->net_devices.len, l->intel_rdt, l->memory_policy, is_set(l->mount_label)};

	return first_of(names, set, ARRAY_SIZE(names), err);
}

int check_supported(const struct oci_spec *spec, struct err *err)
{
	static const char *const names[] = {"vm", "windows", "solaris", "freebsd", "zos"};
	const bool set[] = {spec->vm, spec->windows, spec->solaris, spec->freebsd, spec->zos};
	int r;

	r = first_of(names, set, ARRAY_SIZE(names), err);
	if (r == 0 && spec->process)
		r = check_process_supported(spec->process, err);
	if (r == 0 && spec->hooks)
		r = check_hooks(spec->hooks, err);
	return r < 0 || !spec->linux_ ? r : check_linux(spec->linux_, err);
}
