/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI specification of a container: Docker's defaults (mounts, masked paths, device rules, capabilities, seccomp)
 * and what its HostConfig changes of them. spec.c puts it together, spec_mounts.c, spec_devices.c and spec_resources.c
 * make their sections. Nothing is looked up in the container here: who it runs as comes in resolved.
 */
#ifndef LIGHTER_ENGINE_SPEC_H
#define LIGHTER_ENGINE_SPEC_H

#include "base/arena.h"
#include "codec/oci_spec.h"
#include "codec/api_docs.h"
#include "engine/users.h"

struct spec_input {
	const char *id;
	const char *instance;
	const char *path; /* of the command */
	char *const *args;
	const struct container_config *config;
	const struct host_config *host;
	const struct user_identity *user;
	const char *files_dir; /* absolute; holds hostname, hosts, resolv.conf. NULL: none of them is mounted */
	bool cgroup_v2;
	const char *arch; /* Docker's name */
	unsigned int kernel[2];
};

/* The document, in the arena. Errors of user input in Docker's words. */
int spec_build(const struct spec_input *in, struct arena *a, struct oci_spec **ret, struct err *err) _must_check_;

/* The name of a container's cgroup; `parent` is HostConfig.CgroupParent, NULL or "": the instance's own. NULL: no memory. */
char *spec_cgroups_path(const char *instance, const char *parent, const char *id, struct arena *a);

/* Checks SecurityOpt at create. ERR_SYSTEM for nonsense (Docker's 500), ERR_NOT_IMPLEMENTED for what isn't there yet. */
int spec_security_check(const struct host_config *host, struct err *err) _must_check_;

/* Sections, for spec.c alone. */
int spec_mounts(const struct spec_input *in, struct arena *a, struct oci_mounts *ret, struct err *err) _must_check_;
int spec_devices(const struct spec_input *in, struct arena *a, struct oci_linux *l, struct err *err) _must_check_;
int spec_resources(const struct spec_input *in, struct arena *a, struct oci_resources *res, struct err *err) _must_check_;

/* A bind of HostConfig.Binds: "/source:/target[:mode,mode]". Parts in the arena. */
struct spec_bind {
	char *source, *target, *mode;
	bool read_only;
	const char *propagation; /* "rprivate", ... */
	bool recursive;
};
/* Errors in Docker's words; ERR_NOT_IMPLEMENTED for a named or anonymous volume. */
int spec_bind_parse(const char *text, struct arena *a, struct spec_bind *ret, struct err *err) _must_check_;

/* Docker's lists. NULL-terminated. */
extern const char *const spec_masked_paths[];
extern const char *const spec_readonly_paths[];
#define SPEC_SHM_SIZE 67108864

#endif
