# SPDX-License-Identifier: Apache-2.0
# The step "units" of tests/vm/guest: the engine as `make install` puts it on a machine, run by systemd. Half of it happens
# before a restart of the machine, half after: what lighter-containers.service does at shutdown shows only then.
# shellcheck shell=bash

run_busybox() {
	lighter run --rm busybox:latest "$@"
}

main_pid() {
	systemctl show -P MainPID lighter.service
}

another_pid() { # OLD: systemd has a new main process that answers
	local new
	new=$(main_pid)
	[ "$new" != 0 ] && [ "$new" != "$1" ] && lighter version >/dev/null
}

cgroup_of() { # PID: its v2 cgroup
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

# A container's own cgroup, with the limits it was started with: 64 MB, 50 processes, half a processor.
has_its_limits() { # PID
	local dir
	dir=/sys/fs/cgroup$(cgroup_of "$1")
	case $dir in */"$(container Id limited)"*) ;; *) echo "it is in $dir"; return 1 ;; esac
	same 67108864 cat "$dir/memory.max" && same 50 cat "$dir/pids.max" && same "50000 100000" cat "$dir/cpu.max"
}

start_limited() {
	create limited '{"Image": "busybox:latest", "Cmd": ["sleep", "100000"], "StopSignal": "SIGKILL",
		"HostConfig": {"Memory": 67108864, "PidsLimit": 50, "CpuPeriod": 100000, "CpuQuota": 50000}}' && lighter start limited
}

container() { # FIELD NAME
	lighter inspect -f "{{.$1}}" "$2"
}

install_units() {
	cp -a build/vm/installed/. / && systemctl daemon-reload &&
		systemctl enable lighter.socket lighter.service lighter-containers.service &&
		systemctl start lighter.socket lighter-containers.service
}

load_image() {
	tests/lib/busybox-image build/tests && lighter load -i build/tests/busybox.tar
}

create() { # NAME JSON
	curl -sSf --unix-socket /run/lighter/lighter.sock -H 'Content-Type: application/json' -d "$2" \
		"http://localhost/containers/create?name=$1"
}

# One that ends by the signal it asks for and says so, with an exit status of its own.
start_polite() {
	create polite '{"Image": "busybox:latest", "StopSignal": "SIGUSR1", "Cmd": ["sh", "-c",
		"trap \"echo stopped by its own signal; exit 7\" USR1; echo ready; while :; do sleep 1; done"]}' && lighter start polite
}

has_its_limits_still() { # PID: asks no daemon
	same 67108864 cat "/sys/fs/cgroup$(cgroup_of "$1")/memory.max"
}

new_has_its_limits() {
	lighter rm -f limited && start_limited && has_its_limits "$(container State.Pid limited)"
}

restart_keeps() { # HOW...: the daemon goes and comes, the container and its output stay
	local pid=$1 daemon
	shift
	daemon=$(main_pid)
	"$@" || return 1
	for _ in $(seq 300); do another_pid "$daemon" && break; sleep 0.2; done
	another_pid "$daemon" || { systemctl status lighter.service; return 1; }
	same "$pid" container State.Pid ticker && same true container State.Running ticker
}

log_has_no_gap() {
	lighter logs ticker >$state/ticks && [ -s $state/ticks ] && seq -f 'tick %g' "$(wc -l <$state/ticks)" | cmp - $state/ticks
}

runs() { # PID
	[ "${1:-0}" -gt 1 ] && kill -0 "$1"
}

nothing_runs() {
	same "" lighter ps -q
}

units_before_restart() {
	local pid limited
	begin units
	check "make install, and systemctl enable" install_units
	check "the socket is there before the daemon" same active systemctl is-active lighter.socket
	check "a client starts the daemon by it" lighter version
	check "lighter.service is active" same active systemctl is-active lighter.service
	check "the daemon is in its unit" same /system.slice/lighter.service cgroup_of "$(main_pid)"
	check "an image is loaded" load_image
	check "lighter run" same hello run_busybox echo hello
	check "an exit status" same 42 sh -c 'lighter run --rm busybox:latest sh -c "exit 42"; echo $?'
	check "Docker's client, by Docker's own socket" same there build/peer-docker-cli/usr/bin/docker run --rm busybox:latest echo there
	check "a container that counts" lighter run -d --name ticker busybox:latest \
		sh -c 'trap exit TERM; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done'
	check "a container with limits" start_limited
	pid=$(container State.Pid ticker) limited=$(container State.Pid limited)
	check "they are the kernel's" has_its_limits "$limited"
	check "systemctl restart leaves containers running" restart_keeps "$pid" systemctl restart lighter.service
	check "and so does kill -9" restart_keeps "$pid" systemctl kill -s KILL --kill-who=main lighter.service
	check "the log has no gap" log_has_no_gap
	check "another container starts after that" same again run_busybox echo again
	check "systemctl stop leaves them running, too" systemctl stop lighter.service lighter.socket
	check "systemd reads its units again, and executes itself again" sh -c 'systemctl daemon-reload && systemctl daemon-reexec'
	check "a container runs without a daemon" runs "$pid"
	check "another still has its limits" has_its_limits_still "$limited"
	check "start again" systemctl start lighter.socket lighter.service
	check "a new one with limits has them" new_has_its_limits
	check "systemctl stop lighter-containers.service stops them" systemctl stop lighter-containers.service
	check "nothing runs" nothing_runs
	check "start again" systemctl start lighter-containers.service
	check "a container that asks for a signal" start_polite
	end
	journalctl -u lighter.service --no-pager -n 20 -o cat | sed 's/^/    lighter.service: /'
	touch $state/restarted
	sync
	systemctl reboot --no-block
	sleep infinity # the shutdown ends this
}

stopped_by_its_signal() {
	same "exited 7" container 'State.Status}} {{.State.ExitCode' polite && same "stopped by its own signal" lighter logs --tail 1 polite
}

units_after_restart() {
	begin units-after-restart
	check "the daemon came with the machine" systemctl is-active lighter.socket lighter.service lighter-containers.service
	check "nothing runs" nothing_runs
	check "the container was stopped by its own signal at shutdown" stopped_by_its_signal
	check "lighter run" same hello run_busybox echo hello
	check "containers are removed" lighter rm ticker limited polite
	check "systemctl disable --now" systemctl disable --now lighter.socket lighter.service lighter-containers.service
	end
	journalctl -b -1 -u lighter-containers.service --no-pager -n 20 -o short-monotonic | sed 's/^/    /'
}
