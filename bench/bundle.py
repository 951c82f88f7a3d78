# SPDX-License-Identifier: Apache-2.0
"""An OCI bundle equal to what the floor program sets up, for crun and lighter-runtime: the same namespaces, mounts, masks, limits,
capabilities, and the same seccomp list. The overlay is mounted by the caller, since a runtime only takes a root."""
import json
import pathlib

CAPS = ["CAP_" + c for c in ("CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW "
                             "SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP").split()]
MASKED = ["/proc/" + p for p in ("asound acpi interrupts kcore keys latency_stats timer_list timer_stats sched_debug scsi"
                                 ).split()] + ["/sys/firmware", "/sys/devices/virtual/powercap"]
SAFE = ["nosuid", "noexec", "nodev"]


def _mount(target, kind, source, options):
    return {"destination": target, "type": kind, "source": source, "options": options}


def _rules(names):
    plain, rules = [], []
    operators = {"eq": "SCMP_CMP_EQ", "ne": "SCMP_CMP_NE", "masked": "SCMP_CMP_MASKED_EQ"}
    for line in names.read_text().splitlines():
        fields = line.split()
        if line.startswith("#"):
            continue
        if len(fields) == 1:
            plain.append(line)
            continue
        arg = {"index": int(fields[1]), "op": operators[fields[2]], "value": int(fields[3])}
        if len(fields) == 5:
            arg["valueTwo"] = int(fields[4])
        rules.append({"names": [fields[0]], "action": "SCMP_ACT_ALLOW", "args": [arg]})
    return [{"names": plain, "action": "SCMP_ACT_ALLOW"}, *rules]


def config(root, files, names, seccomp, cgroup):
    """The document; files is the directory with hostname, hosts and resolv.conf."""
    nodes = ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:2"]
    allowed = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "access": "m"},
               {"allow": True, "type": "b", "access": "m"}, {"allow": True, "type": "c", "major": 136, "access": "rwm"}]
    allowed += [{"allow": True, "type": "c", "major": int(n.split(":")[0]), "minor": int(n.split(":")[1]), "access": "rwm"}
                for n in nodes]
    linux = {"namespaces": [{"type": t} for t in ("mount", "pid", "network", "ipc", "uts", "cgroup")],
             "cgroupsPath": cgroup, "maskedPaths": MASKED,
             "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
             "resources": {"devices": allowed, "memory": {"limit": 268435456}, "cpu": {"shares": 1024}, "pids": {"limit": 512}}}
    if seccomp:
        linux["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
                                                                              "SCMP_ARCH_X32"], "syscalls": _rules(names)}
    return {
        "ociVersion": "1.0.2", "hostname": "floor", "root": {"path": str(root)}, "linux": linux,
        "process": {"cwd": "/", "args": ["/bin/true"], "user": {"uid": 0, "gid": 0},
                    "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=floor", "HOME=/root"],
                    "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")}},
        "mounts": [_mount("/proc", "proc", "proc", SAFE), _mount("/sys", "sysfs", "sysfs", [*SAFE, "ro"]),
                   _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
                   _mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
                   _mount("/dev/shm", "tmpfs", "shm", [*SAFE, "mode=1777", "size=67108864"]),
                   _mount("/dev/mqueue", "mqueue", "mqueue", SAFE),
                   *(_mount(f"/etc/{n}", "bind", str(files / n), ["bind", "rprivate"]) for n in ("hostname", "hosts", "resolv.conf"))]}


def write(directory, root, names, seccomp=True, cgroup="/lighter-bench"):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True)
    for name in ("hostname", "hosts", "resolv.conf"):
        (directory / name).write_text("127.0.0.1\tlocalhost\n")
    (directory / "config.json").write_text(json.dumps(config(root, directory, names, seccomp, cgroup)))
    return directory
