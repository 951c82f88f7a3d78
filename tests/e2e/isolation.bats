#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container may not see or do by default, and what loosens it: seen in the container, in /proc and in cgroup files.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

in_container() { # OPTION... -- COMMAND: runs sh -c
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	lighter run --rm "${options[@]}" "$IMAGE" sh -c "$1"
}

status_line() { # NAME OPTION...: of process 1
	local name=$1
	shift
	in_container "$@" -- "sed -n 's/^$name:[[:space:]]*//p' /proc/1/status"
}

@test "the default seccomp profile is active; unconfined and privileged are without" {
	[ "$(status_line Seccomp)" = 2 ]
	[ "$(status_line Seccomp --security-opt seccomp=unconfined)" = 0 ]
	[ "$(status_line Seccomp --privileged)" = 0 ]
	run in_container -- 'unshare -U true'
	[ "$status" -ne 0 ]
	[ "$(status_line Seccomp --security-opt seccomp=builtin)" = 2 ]
}

@test "Docker's fourteen capabilities, nothing inheritable; --cap-add, --cap-drop, --privileged" {
	[ "$(status_line CapEff)" = 00000000a80425fb ]
	[ "$(status_line CapBnd)" = 00000000a80425fb ]
	[ "$(status_line CapInh)" = 0000000000000000 ]
	[ "$(status_line CapEff --cap-drop ALL)" = 0000000000000000 ]
	[ "$(status_line CapEff --cap-drop ALL --cap-add CHOWN)" = 0000000000000001 ]
	[ "$(status_line CapEff --cap-add SYS_TIME --cap-drop cap_mknod)" = 00000000a20425fb ]
	[ "$(status_line CapEff -u app)" = 0000000000000000 ]
	[ "$((16#$(status_line CapEff --privileged) & (1 << 21)))" -ne 0 ] # CAP_SYS_ADMIN
}

@test "no-new-privileges" {
	[ "$(status_line NoNewPrivs)" = 0 ]
	[ "$(status_line NoNewPrivs --security-opt no-new-privileges)" = 1 ]
}

@test "masked and read-only paths" {
	[ "$(in_container -- 'cat /proc/keys /proc/timer_list /proc/interrupts 2>/dev/null | wc -c')" = 0 ]
	[ "$(in_container -- 'ls -A /sys/firmware /proc/scsi 2>/dev/null | grep -v : | tr -d "\n"')" = "" ]
	run in_container -- 'echo 1 >/proc/sys/kernel/printk'
	[[ $output == *"Read-only file system"* ]]
	run in_container -- 'mkdir /sys/x'
	[[ $output == *"Read-only file system"* ]]
}

@test "MaskedPaths and ReadonlyPaths of one's own" {
	[ "$(ran '"Cmd": ["sh", "-c", "cat /proc/version | wc -c; touch /tmp/x || echo read-only"], "HostConfig": {"MaskedPaths": ["/proc/version"], "ReadonlyPaths": ["/tmp"]}' |
		grep -v touch)" = $'0\nread-only' ]
	[ "$(ran '"Cmd": ["sh", "-c", "grep -c kcore /proc/self/mountinfo"], "HostConfig": {"MaskedPaths": [], "ReadonlyPaths": []}')" = 0 ]
}

@test "devices: the usual ones only" {
	[ "$(in_container -- 'ls /dev | grep -v core | sort | tr "\n" " "')" = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " ]
	run in_container -- 'mknod /tmp/d b 7 0 && head -c 1 /tmp/d'
	[[ $output == *"Operation not permitted"* ]]
	in_container -- 'echo x >/dev/null; head -c 4 /dev/zero /dev/urandom >/dev/null; ls -l /proc/self/fd/ >/dev/null'
}

@test "--device, --device-cgroup-rule" {
	in_container --device /dev/null:/dev/mine -- '[ -c /dev/mine ] && echo x >/dev/mine'
	run in_container --device /dev/null:/dev/mine:r -- 'cat /dev/mine && echo x >/dev/mine'
	true
	run in_container --device /dev/full:/dev/mine:r -- 'mknod /tmp/x c 1 7 && echo no >/tmp/x'
	[ "$status" -ne 0 ]
	# a number that no driver has: allowed is "No such device", for which no capability matters
	run in_container --device-cgroup-rule 'c 1:99 r' -- 'mknod /tmp/m c 1 99 && head -c 1 /tmp/m >/dev/null; echo $?'
	[[ $output != *"not permitted"* ]]
	run in_container -- 'mknod /tmp/m c 1 99 && head -c 1 /tmp/m >/dev/null'
	[[ $output == *"not permitted"* ]]
	run lighter run --rm --device /dev/no-such "$IMAGE" true
	[ "$status" -ne 0 ]
	[[ $output == *"/dev/no-such"* ]]
}

@test "processes, mounts and the host name are its own; so is IPC" {
	[ "$(in_container -- 'echo $$; ps | grep -c "[s]leep 31337"' | tr '\n' ' ')" = "1 0 " ]
	local ns
	for ns in mnt pid uts ipc net; do
		[ "$(in_container -- "readlink /proc/self/ns/$ns")" != "$(readlink /proc/self/ns/$ns)" ]
	done
}

@test "--pid, --uts, --ipc, --cgroupns, --userns" {
	[ "$(in_container --pid host -- 'readlink /proc/self/ns/pid')" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(in_container --uts host -- 'readlink /proc/self/ns/uts')" = "$(readlink /proc/self/ns/uts)" ]
	[ "$(in_container --ipc host -- 'readlink /proc/self/ns/ipc')" = "$(readlink /proc/self/ns/ipc)" ]
	[ "$(in_container --ipc none -- 'ls /dev | grep -c shm')" = 0 ]
	[ "$(in_container --cgroupns host -- 'readlink /proc/self/ns/cgroup')" = "$(readlink /proc/self/ns/cgroup)" ]
	[ "$(in_container --cgroupns private -- 'readlink /proc/self/ns/cgroup')" != "$(readlink /proc/self/ns/cgroup)" ]
	[ "$(in_container --userns host -- 'readlink /proc/self/ns/user')" = "$(readlink /proc/self/ns/user)" ]
	refused 400 "invalid PID mode: wrong" '"HostConfig": {"PidMode": "wrong"}'
	refused 400 "invalid IPC mode: wrong" '"HostConfig": {"IpcMode": "wrong"}'
	refused 400 "invalid UTS mode: wrong" '"HostConfig": {"UTSMode": "wrong"}'
	refused 501 "user namespaces are not supported yet" '"HostConfig": {"UsernsMode": "auto"}'
}

@test "--read-only, --tmpfs, --shm-size" {
	run in_container --read-only -- 'touch /x'
	[[ $output == *"Read-only file system"* ]]
	in_container --read-only --tmpfs /scratch:size=64k -- 'touch /scratch/x; grep -q " /scratch .* tmpfs .*size=64k" /proc/self/mountinfo'
	[ "$(in_container --shm-size 1m -- "df -k /dev/shm | awk 'END { print \$2 }'")" = 1024 ]
	[ "$(in_container -- "df -k /dev/shm | awk 'END { print \$2 }'")" = 65536 ]
}

@test "-v: a directory of the host, read-only when asked; what is not there yet" {
	mkdir "$BATS_TEST_TMPDIR/d"
	echo there >"$BATS_TEST_TMPDIR/d/file"
	[ "$(in_container -v "$BATS_TEST_TMPDIR/d:/d" -- 'cat /d/file; echo back >/d/back')" = there ]
	[ "$(cat "$BATS_TEST_TMPDIR/d/back")" = back ]
	run in_container -v "$BATS_TEST_TMPDIR/d:/d:ro" -- 'echo x >/d/x'
	[[ $output == *"Read-only file system"* ]]
	in_container -v "$BATS_TEST_TMPDIR/made:/d" -- true # Docker makes a missing source
	[ -d "$BATS_TEST_TMPDIR/made" ]
	in_container -v "$BATS_TEST_TMPDIR/d/file:/etc/one" -- 'grep -q there /etc/one'
	refused 501 "volumes are not supported yet" '"HostConfig": {"Binds": ["named:/d"]}'
	refused 501 "volumes are not supported yet" '"Volumes": {"/d": {}}'
	create '"Cmd": ["true"]' from
	refused 501 "volumes of other containers are not supported yet" '"HostConfig": {"VolumesFrom": ["from"]}'
	refused 501 "volume drivers are not supported yet" '"HostConfig": {"VolumeDriver": "x"}'
}

@test "Mounts: bind and tmpfs with their options; the rest is refused" {
	mkdir -p "$BATS_TEST_TMPDIR/d/sub"
	echo there >"$BATS_TEST_TMPDIR/d/file"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/d/sub"
	touch "$BATS_TEST_TMPDIR/d/sub/below"
	m() { ran "\"Cmd\": [\"sh\", \"-c\", \"$1\"], \"HostConfig\": {\"Mounts\": [{$2}]}"; }
	[ "$(m 'cat /d/file; ls /d/sub; echo x >/d/new && echo written' "\"Type\": \"bind\", \"Source\": \"$BATS_TEST_TMPDIR/d\", \"Target\": \"/d\", \"Consistency\": \"cached\"")" = $'there\nbelow\nwritten' ]
	[[ $(m 'echo x >/d/x' "\"Type\": \"bind\", \"Source\": \"$BATS_TEST_TMPDIR/d\", \"Target\": \"/d\", \"ReadOnly\": true") == *"Read-only file system"* ]]
	[ -z "$(m 'ls /d/sub' "\"Type\": \"bind\", \"Source\": \"$BATS_TEST_TMPDIR/d\", \"Target\": \"/d\", \"BindOptions\": {\"NonRecursive\": true}")" ]
	umount "$BATS_TEST_TMPDIR/d/sub"
	[[ $(m "grep ' /d ' /proc/self/mountinfo" "\"Type\": \"bind\", \"Source\": \"$BATS_TEST_TMPDIR/d\", \"Target\": \"/d\", \"BindOptions\": {\"Propagation\": \"rslave\"}") != "" ]]
	[[ $(m "grep ' /t ' /proc/self/mountinfo; stat -c %a /t" '"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 65536, "Mode": 448}') == *size=64k*700 ]]
	mounts() { refused "$1" "$2" "\"HostConfig\": {\"Mounts\": [{$3}]}"; }
	mounts 400 'bind source path does not exist: /no/such' '"Type": "bind", "Source": "/no/such", "Target": "/d"'
	mounts 400 'mount type unknown' '"Type": "nonsense", "Source": "/", "Target": "/d"'
	mounts 400 'field Target must not be empty' '"Type": "bind", "Source": "/"'
	mounts 501 'mounts of type volume are not supported yet' '"Type": "volume", "Source": "v", "Target": "/d", "VolumeOptions": {"NoCopy": true}'
	mounts 501 'mounts of type image are not supported yet' '"Type": "image", "Source": "v", "Target": "/d", "ImageOptions": {"Subpath": "x"}'
	mounts 501 'mounts of type cluster are not supported yet' '"Type": "cluster", "Source": "v", "Target": "/d"'
	mounts 501 'this option of a bind mount is not supported yet' '"Type": "bind", "Source": "/", "Target": "/d", "BindOptions": {"CreateMountpoint": true}'
	mounts 501 'this option of a bind mount is not supported yet' '"Type": "bind", "Source": "/", "Target": "/d", "BindOptions": {"ReadOnlyForceRecursive": true}'
	mounts 501 'this option of a bind mount is not supported yet' '"Type": "bind", "Source": "/", "Target": "/d", "BindOptions": {"ReadOnlyNonRecursive": true}'
	mounts 501 'options of a tmpfs mount beyond size and mode are not supported yet' '"Type": "tmpfs", "Target": "/d", "TmpfsOptions": {"Options": [["noexec"]]}'
}

@test "memory limits in the cgroup, and out of memory" {
	lighter run -d --name limited -m 32m --memory-reservation 16m --memory-swap 48m --memory-swappiness 10 "$IMAGE" sleep 1000
	[ "$(cgroup_file limited memory memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(cgroup_file limited memory memory.soft_limit_in_bytes memory.low)" = 16777216 ]
	if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
		[ "$(cgroup_file limited memory memory.swap.max)" = 16777216 ]
	else
		[ "$(cgroup_file limited memory memory.memsw.limit_in_bytes)" = 50331648 ]
		[ "$(cgroup_file limited memory memory.swappiness)" = 10 ]
	fi
	lighter rm -f limited
	run lighter run --name oom -m 8m "$IMAGE" awk 'BEGIN { x = "x"; while (length(x) < 1000000000) x = x x }'
	[ "$status" -ne 0 ]
	[ "$(field oom .State.OOMKilled)" = true ]
	refused 400 "Minimum memory limit allowed is 6MB" '"HostConfig": {"Memory": 1}'
}

@test "--memory-swappiness 0, --oom-kill-disable" {
	[ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || return 0 # neither is there: create warns, see resources.bats
	lighter run -d --name swappy --memory-swappiness 0 -m 32m --oom-kill-disable "$IMAGE" sleep 1000
	[ "$(cgroup_file swappy memory memory.swappiness)" = 0 ]
	cgroup_file swappy memory memory.oom_control | grep -qx 'oom_kill_disable 1'
	lighter rm -f swappy
}

@test "--pids-limit" {
	lighter run -d --name few --pids-limit 7 "$IMAGE" sleep 1000
	[ "$(cgroup_file few pids pids.max)" = 7 ]
	lighter rm -f few
	run in_container --pids-limit 3 -- 'sleep 5 & sleep 5 & sleep 5 & sleep 5 & wait'
	[[ $output == *"fork"* ]]
	lighter run -d --name any --pids-limit -1 "$IMAGE" sleep 1000
	[ "$(cgroup_file any pids pids.max)" = max ]
	lighter rm -f any
}

@test "--cpus, --cpu-period, --cpu-quota, --cpu-shares, --cpuset-cpus, --cpuset-mems" {
	lighter run -d --name halved --cpus 0.5 --cpu-shares 300 --cpuset-cpus 0 --cpuset-mems 0 "$IMAGE" sleep 1000
	lighter run -d --name quota --cpu-period 50000 --cpu-quota 20000 "$IMAGE" sleep 1000
	if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
		[ "$(cgroup_file halved cpu cpu.max)" = "50000 100000" ]
		[ "$(cgroup_file quota cpu cpu.max)" = "20000 50000" ]
		[ "$(cgroup_file halved cpu cpu.weight)" -gt 1 ]
	else
		[ "$(cgroup_file halved cpu cpu.cfs_quota_us) $(cgroup_file halved cpu cpu.cfs_period_us)" = "50000 100000" ]
		[ "$(cgroup_file quota cpu cpu.cfs_quota_us) $(cgroup_file quota cpu cpu.cfs_period_us)" = "20000 50000" ]
		[ "$(cgroup_file halved cpu cpu.shares)" = 300 ]
	fi
	[ "$(cgroup_file halved cpuset cpuset.cpus)" = 0 ]
	[ "$(cgroup_file halved cpuset cpuset.mems)" = 0 ]
	grep -qP '^Cpus_allowed_list:\t0$' "/proc/$(field halved .State.Pid)/status"
	lighter rm -f halved quota
	refused 400 "range of CPUs is from 0.01 to" '"HostConfig": {"NanoCpus": 999000000000}'
	refused 400 "Your kernel does not support CPU real-time scheduler" '"HostConfig": {"CpuRealtimePeriod": 1000000}'
	refused 400 "Your kernel does not support CPU real-time scheduler" '"HostConfig": {"CpuRealtimeRuntime": 95000}'
}

@test "--cgroup-parent" {
	local id
	id=$(lighter run -d --name below --cgroup-parent "/$BRIDGE-parent" "$IMAGE" sleep 1000)
	grep -q "/$BRIDGE-parent/$id" "/proc/$(field below .State.Pid)/cgroup"
	lighter rm -f below
}

@test "--ulimit, --oom-score-adj, --group-add, --sysctl, --hostname" {
	[ "$(in_container --ulimit nofile=123:456 -- 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" = "123 456 " ]
	[ "$(in_container --ulimit core=0 -- 'ulimit -c')" = 0 ]
	[ "$(in_container --oom-score-adj 321 -- 'cat /proc/self/oom_score_adj')" = 321 ]
	[ "$(in_container --group-add 4242 --group-add extra -- 'id -G')" = "0 2001 2000 4242" ] ||
		[ "$(in_container --group-add 4242 --group-add extra -- 'id -G' | tr ' ' '\n' | sort -n | tr '\n' ' ')" = "0 2000 2001 4242 " ]
	[ "$(in_container --sysctl kernel.shmmax=1048576 -- 'cat /proc/sys/kernel/shmmax')" = 1048576 ]
	[ "$(in_container --hostname box -- hostname)" = box ]
	refused 400 "range for oom score adj is [-1000, 1000]" '"HostConfig": {"OomScoreAdj": 2000}'
	run lighter run --rm --ulimit nonsense "$IMAGE" true
	[ "$status" -eq 125 ]
}

@test "the data root and the engine's sockets are closed to others" {
	[ "$(stat -c %a "$DAEMON_DIR/data")" = 710 ]
	[[ $(stat -c %a "$DAEMON_DIR/data/state.db") == 600 ]]
	[ "$(stat -c %a "$DAEMON_DIR/s")" = 660 ]
	run setpriv --reuid 65534 --regid 65534 --clear-groups ls "$DAEMON_DIR/exec/shims"
	[ "$status" -ne 0 ]
}

@test "no descriptor, no mount of the engine's inside" {
	[ "$(in_container -- 'ls /proc/self/fd | wc -l')" = 4 ] # 0, 1, 2 and the directory
	run in_container -- "grep -F '$DAEMON_DIR' /proc/self/mountinfo | grep -v ' / / '"
	[[ $output != *"/exec"* ]]
	[ "$(in_container -- 'cat /proc/1/cmdline | tr "\0" " "' | grep -c shim)" = 0 ]
}

@test "a container can't reach its runtime through /proc/self/exe" {
	run in_container -- 'readlink /proc/self/exe; readlink /proc/1/exe'
	[ "$output" = $'/bin/busybox\n/bin/busybox' ]
	run lighter run --rm "$IMAGE" /proc/self/exe --version
	[ "$status" -ne 0 ] || [[ $output != *lighter* ]]
}
