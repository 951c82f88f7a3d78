# SPDX-License-Identifier: Apache-2.0
# lighter-runtime on bundles of busybox: what its process gets to see, and that nothing stays.

load lib
load bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() { bundle_done; }

@test "a container speaks, and leaves nothing" {
	script_is 'echo hi'
	run start_it
	[ "$status" -eq 0 ] && [ "$output" = hi ]
	assert_nothing_left
}

@test "exit codes and signals" {
	script_is 'exit 7'
	run start_it
	[ "$status" -eq 7 ]
	script_is 'kill -TERM $$; sleep 5' # the first process of a pid namespace has no default action
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	run start_it
	[ "$status" -eq 143 ]
}

@test "environment, HOME, working directory, hostname, umask" {
	edit '.process.env += ["A=b c"] | .process.cwd = "/made/here" | .hostname = "box" | .process.user.umask = 7'
	script_is 'echo "$A|$HOME|$PWD|$(hostname)|$(umask)"'
	run start_it
	[ "$output" = "b c|/root|/made/here|box|0007" ]
}

@test "user, groups" {
	edit '.process.user = {uid: 1000, gid: 100, additionalGids: [5, 6]}'
	script_is 'id -u; id -g; grep Groups: /proc/self/status; echo x >/dev/stdout'
	run start_it
	[ "${lines[0]}" = 1000 ] && [ "${lines[1]}" = 100 ]
	[[ ${lines[2]} =~ Groups:[[:space:]]5\ 6 ]]
	[ "${lines[3]}" = x ] # a user may open /dev/stdout again
}

@test "capabilities: exactly the sets of the spec" {
	edit '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]} | .process.user = {uid: 1000, gid: 1000}'
	command_is grep Cap /proc/self/status
	run start_it
	# across exec a user keeps the ambient ones
	[ "$(awk '{ print $2 }' <<<"$output" | tr '\n' ' ')" = \
		"0000000000000020 0000000000000020 0000000000000020 0000000000000021 0000000000000020 " ]
}

@test "a capability nobody knows is refused by name" {
	edit '.process.capabilities.bounding += ["CAP_MAGIC"]'
	run start_it
	[ "$status" -eq 1 ]
	[[ $output == *'process.capabilities.bounding: unknown capability'*CAP_MAGIC* ]]
	assert_nothing_left
}

@test "no_new_privs and a seccomp filter: a denied call fails, others go on" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 121}]}'
	script_is 'grep -E "NoNewPrivs|Seccomp:" /proc/self/status; mkdir /x; touch /y && echo ok'
	run start_it
	[[ $output == *NoNewPrivs:?1* ]] && [[ $output == *Seccomp:?2* ]]
	[[ $output == *"Remote I/O error"* ]] && [[ $output == *ok ]]
	edit '.process.noNewPrivileges = false'
	run start_it
	[[ $output == *NoNewPrivs:?0* ]] && [[ $output == *"Remote I/O error"* ]]
}

@test "masked and read-only paths" {
	script_is 'wc -c </proc/timer_list; ls /sys/firmware; stat -c "%t:%T" /proc/keys; echo 1 >/proc/sys/kernel/domainname; touch /proc/bus/x'
	run start_it
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 1:3 ]
	[[ $output == *"Read-only file system"* ]]
}

@test "a read-only root" {
	edit '.root.readonly = true'
	script_is 'touch /x; touch /dev/shm/y && echo shm'
	run start_it
	[[ $output == *"Read-only file system"* ]] && [[ $output == *shm ]]
}

@test "the default devices and links, and one of the spec's" {
	edit '.linux.devices = [{path: "/dev/sub/zero", type: "c", major: 1, minor: 5, fileMode: 384, uid: 3, gid: 4}]'
	script_is 'cd /dev; stat -c "%n %t:%T" null zero full random urandom tty; for l in fd stdin stdout stderr ptmx; do readlink $l; done
		stat -c "%a %u %g" sub/zero'
	run start_it
	[ "$(paste -sd ' ' <<<"$output")" = "null 1:3 zero 1:5 full 1:7 random 1:8 urandom 1:9 tty 5:0 /proc/self/fd /proc/self/fd/0 \
/proc/self/fd/1 /proc/self/fd/2 pts/ptmx 600 3 4" ]
}

@test "a device outside the policy can be made but not opened" {
	edit '.process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	script_is 'mknod /kmsg c 1 11 && head -c 1 </kmsg; mknod /z c 1 5 && head -c 1 </z | wc -c'
	run start_it
	[[ $output == *"Operation not permitted"* ]] && [[ ${lines[-1]} = 1 ]]
}

@test "a terminal: tty, size, console" {
	edit '.process.terminal = true | .process.consoleSize = {height: 33, width: 77}'
	script_is 'tty; stty size; stat -c "%t %a %u" /dev/console; [ -t 0 ] && [ -t 2 ] && echo all'
	run start_it
	[ "$(tr -d '\r' <<<"$output" | paste -sd ' ')" = "/dev/pts/0 33 77 88 620 0 all" ]
}

@test "limits of the cgroup are the kernel's" {
	edit '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 50}, cpu: {shares: 512, quota: 50000, period: 100000}}'
	command_is sleep 100
	rt run -d --bundle "$BUNDLE" "$ID" 3>&- 4>&-
	dir=/sys/fs/cgroup
	if [ -e $dir/cgroup.controllers ]; then
		dir=$dir/$TEST_TAG.rt/$ID
		[ "$(cat $dir/memory.max)" = 67108864 ] && [ "$(cat $dir/pids.max)" = 50 ] && [ "$(cat $dir/cpu.max)" = "50000 100000" ]
	else
		[ "$(cat "$dir/memory/$TEST_TAG.rt/$ID/memory.limit_in_bytes")" = 67108864 ]
		[ "$(cat "$dir/pids/$TEST_TAG.rt/$ID/pids.max")" = 50 ]
		[ "$(cat "$dir/cpu/$TEST_TAG.rt/$ID/cpu.shares")" = 512 ]
		[ "$(cat "$dir/cpu/$TEST_TAG.rt/$ID/cpu.cfs_quota_us")" = 50000 ]
	fi
	rt delete --force "$ID"
	assert_nothing_left
}

@test "the cgroup is seen from inside, with and without a namespace" {
	script_is 'cat /proc/self/cgroup | sed "s/.*://" | sort -u; ls /sys/fs/cgroup | wc -l; touch /sys/fs/cgroup/x'
	run start_it
	[ "${lines[0]}" = / ] && [ "${lines[1]}" -gt 0 ]
	[[ $output == *"Read-only file system"* || $output == *"Permission denied"* ]]
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	run start_it
	[[ ${lines[0]} == */$TEST_TAG.rt/$ID ]] && [ "${lines[1]}" -gt 0 ]
}

@test "rlimits" {
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	script_is 'ulimit -n; ulimit -Hn; ulimit -c'
	run start_it
	[ "$(paste -sd ' ' <<<"$output")" = "100 200 0" ]
	edit '.process.rlimits[0].type = "RLIMIT_MAGIC"'
	run start_it
	[[ $output == *'process.rlimits[0].type: unknown limit'* ]]
}

@test "commands that aren't there or can't be executed" {
	printf 'garbage\n' >"$BUNDLE/rootfs/bin/garbage" && chmod 755 "$BUNDLE/rootfs/bin/garbage"
	for case in 'nosuch|executable file not found in $PATH' '/nosuch|stat /nosuch: no such file or directory' \
		'/etc/passwd|permission denied' '/etc|is a directory: permission denied'; do
		command_is "${case%%|*}"
		run start_it
		[ "$status" -eq 1 ]
		[[ $output == *'unable to start container process: error during container init: exec: \"'"${case%%|*}"'\": '"${case#*|}"* ]]
		assert_nothing_left
	done
	command_is garbage
	run start_it
	[ "$status" -eq 255 ] && [ "$output" = "exec /bin/garbage: exec format error" ]
}

@test "create, state, start, kill, delete" {
	command_is sleep 100
	rt create --bundle "$BUNDLE" --pid-file "$BUNDLE/pid" "$ID" </dev/null 3>&- 4>&-
	[ "$(rt state "$ID" | jq -r .status)" = created ]
	[ "$(rt state "$ID" | jq -r .pid)" = "$(cat "$BUNDLE/pid")" ]
	grep -q lighter-runtime "/proc/$(cat "$BUNDLE/pid")/cmdline"
	run rt create --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 1 ] && [[ $output == *"container with given ID already exists"* ]]
	rt start "$ID"
	[ "$(rt state "$ID" | jq -r .status)" = running ]
	run rt start "$ID"
	[ "$status" -eq 1 ] && [[ $output == *"cannot start an already running container"* ]]
	run rt delete "$ID"
	[[ $output == *"that is not stopped: running"* ]]
	[ "$(rt list -q)" = "$ID" ]
	[ "$(rt list -f json | jq -r '.[0].status')" = running ]
	rt kill "$ID" KILL
	eventually 30 gone "$(cat "$BUNDLE/pid")"
	[ "$(rt state "$ID" | jq -r .status)" = stopped ]
	rt delete "$ID"
	assert_nothing_left
	run rt state "$ID"
	[ "$status" -eq 1 ] && [[ $output == *"container does not exist"* ]]
}

# Runs a command with a key in its session keyring that nobody else may see.
with_a_key() {
	python3 - "$@" <<-'END'
		import ctypes, os, platform, sys
		add_key, keyctl = (248, 250) if platform.machine() == "x86_64" else (217, 219)
		libc = ctypes.CDLL(None)
		libc.syscall(keyctl, 1, b"caller")  # KEYCTL_JOIN_SESSION_KEYRING
		key = libc.syscall(add_key, b"user", b"secret-of-the-caller", b"x", 1, -3)
		libc.syscall(keyctl, 5, key, 0x3f000000)  # KEYCTL_SETPERM: whoever possesses it
		os.execvp(sys.argv[1], sys.argv[1:])
	END
}

@test "the caller's keys are out of reach, for exec'ed processes too" {
	edit '.linux.maskedPaths = []'
	script_is 'grep -c secret-of-the-caller /proc/keys; sleep 100'
	[ "$(with_a_key grep -c secret-of-the-caller /proc/keys)" = 1 ]
	with_a_key lighter-runtime --root "$BUNDLES/state" run -d --bundle "$BUNDLE" "$ID" </dev/null >"$BUNDLE/out" 3>&- 4>&-
	eventually 30 [ -s "$BUNDLE/out" ]
	[ "$(cat "$BUNDLE/out")" = 0 ]
	run with_a_key lighter-runtime --root "$BUNDLES/state" exec "$ID" grep -c secret-of-the-caller /proc/keys
	[ "$output" = 0 ]
}

@test "exec: codes, namespaces, cgroup, user, cwd, environment, terminal" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}'
	command_is sleep 100
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	run rt exec "$ID" sh -c 'exit 3'
	[ "$status" -eq 3 ]
	run rt exec -e X=y --cwd /bin -u 1:2 "$ID" sh -c 'echo "$X $PWD $(id -u) $(id -g)"; grep -E "Seccomp:|NoNew" /proc/self/status'
	[ "${lines[0]}" = "y /bin 1 2" ] && [[ $output == *Seccomp:?2* ]] && [[ $output == *NoNewPrivs:?1* ]]
	run rt exec "$ID" sh -c 'for n in pid mnt net ipc uts cgroup; do [ $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) ] || echo $n; done
		cat /proc/1/cgroup >/tmp/a; cmp /tmp/a /proc/self/cgroup && echo same'
	[ "$output" = same ]
	run rt exec "$ID" nosuch
	[ "$status" -eq 255 ] && [[ $output == *'exec: \"nosuch\": executable file not found in $PATH'* ]]
	run rt exec --cwd /nosuch "$ID" true
	[ "$status" -eq 255 ] && [[ $output == *'chdir to cwd (\"/nosuch\") set in config.json failed: no such file or directory'* ]]
	run script -qec "stty rows 21 cols 51; lighter-runtime --root $BUNDLES/state exec -t $ID sh -c 'tty; stty size'" /dev/null
	[[ $output == */dev/pts/*21\ 51* ]]
}

@test "pause and resume" {
	script_is 'while :; do echo $((n++)) >/dev/shm/n; done'
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	rt pause "$ID"
	[ "$(rt state "$ID" | jq -r .status)" = paused ]
	pid=$(rt state "$ID" | jq .pid)
	before=$(cut -d ' ' -f 14 "/proc/$pid/stat")
	for _ in 1 2 3 4 5; do [ "$(cut -d ' ' -f 14 "/proc/$pid/stat")" = "$before" ]; done
	run rt exec "$ID" true
	[ "$status" -eq 255 ] && [[ $output == *"cannot exec in a paused container"* ]]
	rt resume "$ID"
	[ "$(rt state "$ID" | jq -r .status)" = running ]
	run rt resume "$ID"
	[ "$status" -eq 1 ] && [[ $output == *"container not paused"* ]]
}

is_stopped() {
	[ "$(rt state "$ID" | jq -r .status)" = stopped ]
}

@test "kill --all ends what shares the host's pid namespace" {
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	script_is 'sleep 1000 & sleep 1000 & wait'
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	rt kill --all "$ID" KILL
	eventually 30 is_stopped
	rt delete "$ID"
	assert_nothing_left
}

@test "bind mounts: files, directories, read-only, onto what isn't there" {
	mkdir "$BUNDLE/dir" && echo one >"$BUNDLE/dir/file"
	edit --arg b "$BUNDLE" '.mounts += [{destination: "/a/dir", type: "bind", source: ($b + "/dir"), options: ["rbind", "ro"]},
		{destination: "/b/file", type: "bind", source: "dir/file", options: ["bind"]}]'
	script_is 'cat /a/dir/file; touch /a/dir/x; echo two >>/b/file'
	run start_it
	[ "${lines[0]}" = one ] && [[ $output == *"Read-only file system"* ]]
	[ "$(cat "$BUNDLE/dir/file")" = "$(printf 'one\ntwo')" ]
	edit '.mounts[-1].source = "/nosuch"'
	run start_it
	[ "$status" -eq 1 ] && [[ $output == *'error mounting \"/nosuch\" to rootfs at \"/b/file\": No such file or directory'* ]]
	assert_nothing_left
}

@test "a directory onto a file is refused in Docker's words" {
	edit '.mounts += [{destination: "/etc/passwd", type: "bind", source: "/etc", options: ["rbind"]}]'
	run start_it
	[[ $output == *'error mounting \"/etc\" to rootfs at \"/etc/passwd\"'*'Are you trying to mount a directory onto a file (or vice-versa)?'* ]]
}

@test "nothing of the host's mounts is seen, and none of ours is seen on the host" {
	before=$(cut -d ' ' -f 3- /proc/self/mountinfo | sort)
	script_is 'cut -d " " -f 5 /proc/self/mountinfo'
	run start_it
	for point in $output; do
		[[ $point =~ ^/(proc|dev|sys|$) ]]
	done
	[ "$before" = "$(cut -d ' ' -f 3- /proc/self/mountinfo | sort)" ]
}

@test "sysctls of its own namespaces, and no others" {
	edit '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "0", "kernel.shmmax": "4096"}'
	script_is 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmax'
	run start_it
	[ "$(paste -sd ' ' <<<"$output")" = "0 4096" ]
	edit '.linux.sysctl = {"kernel.core_pattern": "x"}'
	run start_it
	[ "$status" -eq 1 ] && [[ $output == *'is not in a separate kernel namespace'* ]]
}

@test "a user namespace" {
	edit '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	script_is 'id -u; cat /proc/self/uid_map; echo x >/dev/null && echo null; stat -c %u /proc/1 /dev/pts /dev/mqueue; sleep 100'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null >"$BUNDLE/out" 3>&- 4>&-
	eventually 30 grep -q '^0$' "$BUNDLE/out"
	eventually 30 sh -c '[ "$(wc -l <"$1")" -ge 6 ]' - "$BUNDLE/out"
	[ "$(tr -s ' \n' ' ' <"$BUNDLE/out")" = "0 0 100000 65536 null 0 0 0 " ]
	[ "$(stat -c %u "/proc/$(rt state "$ID" | jq .pid)")" = 100000 ]
	run rt exec "$ID" sh -c 'id -u; cat /proc/self/uid_map'
	[ "${lines[0]}" = 0 ] && [[ ${lines[1]} == *100000* ]]
}

@test "joining namespaces by path" {
	unshare -n sh -c 'ip link add br9 type bridge; echo ready; exec sleep 100' >"$BUNDLE/ready" 3>&- 4>&- &
	holder=$!
	eventually 30 [ -s "$BUNDLE/ready" ]
	edit --arg p "/proc/$holder/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)'
	script_is 'ls /sys/class/net /proc/sys/net/ipv4/conf'
	run start_it
	kill $holder
	[[ $output == *br9*br9* ]]
	edit '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	run start_it
	[ "$status" -eq 1 ] && [[ $output == *"open the network namespace /etc/passwd"* ]]
}

@test "descriptors: stdio only, and those that are asked for" {
	script_is 'ls /proc/self/fd'
	run start_it
	[ "$(paste -sd ' ' <<<"$output")" = "0 1 2 3" ] # 3: the directory itself
	exec 7<"$BUNDLE/config.json"
	run start_it
	[ "$(paste -sd ' ' <<<"$output")" = "0 1 2 3" ]
	exec 7<&-
	run bash -c 'exec lighter-runtime --root "$1" run --preserve-fds 1 --bundle "$2" "$3" 3<"$2/config.json"' - \
		"$BUNDLES/state" "$BUNDLE" "$ID"
	[ "$(paste -sd ' ' <<<"$output")" = "0 1 2 3 4" ]
}

@test "what isn't supported is refused by name" {
	for change in '.hooks = {poststop: [{path: "/x"}]}|hooks.poststop' '.linux.intelRdt = {closID: "x"}|linux.intelRdt' \
		'.process.scheduler = {policy: "SCHED_OTHER"}|process.scheduler' '.vm = {}|vm: '; do
		cp "$BUNDLE/config.json" "$BUNDLE/keep"
		edit "${change%|*}"
		run start_it
		[ "$status" -eq 1 ] && [[ $output == *"${change##*|}"*"not supported"* ]]
		mv "$BUNDLE/keep" "$BUNDLE/config.json"
	done
	assert_nothing_left
}

@test "bad bundles, bad ids, bad arguments: one line, and nothing left" {
	run rt run --bundle /nosuch x
	[ "$status" -eq 1 ] && [ "${#lines[@]}" -eq 1 ]
	for id in ../x . 'a b' a/b ''; do
		run rt run --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ] && [ "${#lines[@]}" -eq 1 ]
	done
	edit '.linux.namespaces[2].type = "magic"'
	run start_it
	[ "$status" -eq 1 ] && [[ $output == *'config.json: linux.namespaces[2].type'* ]]
	echo '{' >"$BUNDLE/config.json"
	run start_it
	[ "$status" -eq 1 ] && [ "${#lines[@]}" -eq 1 ]
	rt --log "$BUNDLE/log" --log-format json state nosuch 2>/dev/null || true
	[ "$(jq -r .level "$BUNDLE/log")" = error ] && [ "$(jq -r .msg "$BUNDLE/log")" = "container does not exist" ]
	assert_nothing_left
}

@test "features and spec are documents of the specification" {
	rt features | jq -e '.ociVersionMax and (.linux.namespaces | length == 8) and (.linux.capabilities | index("CAP_CHOWN") == 0)'
	rt --version | grep -q '^spec: 1\.'
}
