#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The daemon ends and comes back while containers run. The long version is tests/acceptance/daemon_death.

load lib
setup() { start_daemon; load_busybox; }
teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || daemon_log
	stop_daemon
}

counting() { # a container that writes a line every 20 ms
	lighter run -d --name "$1" "$IMAGE" sh -c 'i=0; while :; do i=$((i + 1)); echo "line $i"; usleep 20000; done'
}

lines_are_whole() { # every number once, in order
	lighter logs "$1" | awk '{ if ($0 != "line " NR) { print "line " NR " is " $0; exit 1 } } END { exit NR < 1 }'
}

@test "killed: the container runs on, its log goes on, and the next daemon knows it" {
	counting on
	local pid before
	pid=$(field on .State.Pid)
	eventually 10 bash -c '[ "$(lighter logs on | wc -l)" -gt 5 ]'
	kill_daemon KILL
	alive "$pid"
	start_daemon
	[ "$(field on '[.State.Status, .State.Pid] | @csv')" = "\"running\",$pid" ]
	before=$(lighter logs on | wc -l)
	eventually 10 bash -c "[ \"\$(lighter logs on | wc -l)\" -gt $((before + 5)) ]"
	lighter stop -t 0 on
	lines_are_whole on
	[ "$(field on .State.ExitCode)" = 137 ]
	lighter start on
	running on
}

@test "ended by SIGTERM: the same" {
	counting on
	local pid
	pid=$(field on .State.Pid)
	restart_daemon
	[ "$(field on .State.Pid)" = "$pid" ]
	[ "$(lighter ps -q | wc -l)" -eq 1 ]
	lighter kill on
	[ "$(lighter wait on)" = 137 ]
	lines_are_whole on
}

@test "killed ten times: no line is lost or doubled" {
	counting on
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill_daemon KILL
		start_daemon
	done
	lighter stop -t 0 on
	lines_are_whole on
}

@test "run goes on: attached, waiting, and ends with the container's own code" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	lighter run -i --name attached "$IMAGE" sh -c 'while read l; do echo "got $l"; [ "$l" != end ] || exit 7; done' <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local client=$!
	exec 8>"$BATS_TEST_TMPDIR/in"
	echo one >&8
	eventually 10 grep -q 'got one' "$BATS_TEST_TMPDIR/out"
	kill_daemon KILL
	echo two >&8
	eventually 10 grep -q 'got two' "$BATS_TEST_TMPDIR/out" # with no daemon at all
	start_daemon
	echo end >&8
	exec 8>&-
	run wait $client
	wait $client || [ $? -eq 7 ]
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'got one\ngot two\ngot end' ]
	eventually 10 exited attached
	[ "$(field attached .State.ExitCode)" = 7 ]
}

@test "exits while no daemon runs are told truly; --rm ones are gone" {
	lighter run -d --name code "$IMAGE" sh -c 'while [ ! -e /go ]; do usleep 20000; done; echo bye; exit 3'
	lighter run -d --rm --name removed "$IMAGE" sh -c 'while [ ! -e /go ]; do usleep 20000; done'
	local code removed
	code=$(field code .State.Pid) removed=$(field removed .State.Pid)
	kill_daemon KILL
	touch "/proc/$code/root/go" "/proc/$removed/root/go"
	eventually 20 gone "$code"
	eventually 20 gone "$removed"
	start_daemon
	[ "$(field code '[.State.Status, .State.ExitCode] | @csv')" = '"exited",3' ]
	[ "$(lighter logs code)" = bye ]
	eventually 10 status_is 404 GET /containers/removed/json
	lighter run --rm --name removed "$IMAGE" true
}

@test "a wait that began before the daemon's death ends with the code" {
	lighter run -d --name waited "$IMAGE" sh -c 'while [ ! -e /go ]; do usleep 20000; done; exit 9'
	curl -sSN --unix-socket "$DAEMON_DIR/s" -X POST -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/out" 'http://localhost/containers/waited/wait?condition=next-exit' 3>&- &
	local waiting=$! pid
	eventually 10 grep -q '200 OK' "$BATS_TEST_TMPDIR/head"
	pid=$(field waited .State.Pid)
	kill_daemon KILL
	touch "/proc/$pid/root/go"
	wait $waiting
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = '{"StatusCode":9}' ]
	start_daemon
}

@test "images, containers, names and labels come back" {
	lighter create --name kept -l a=b -e X=y --stop-signal USR1 "$IMAGE" sh -c 'echo $X'
	lighter import -c 'LABEL n=1' "$BUSYBOX_ROOTFS" kept:1
	local before
	before=$(api GET /containers/kept/json | jq -S . | sha256sum)
	local images
	images=$(api GET /images/json | jq -S . | sha256sum)
	kill_daemon KILL
	start_daemon
	[ "$(api GET /containers/kept/json | jq -S . | sha256sum)" = "$before" ]
	[ "$(api GET /images/json | jq -S . | sha256sum)" = "$images" ]
	[ "$(lighter start -a kept)" = y ]
}

@test "after a reboot (an empty exec root) nothing shows as running" {
	lighter run -d --name rebooted "$IMAGE" sleep 1000
	local pid shim
	pid=$(field rebooted .State.Pid)
	shim=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 2)
	kill_daemon KILL
	kill -KILL "$shim"
	eventually 20 gone "$pid" # a shim that is killed takes its container with it
	rm -rf "$DAEMON_DIR/exec"
	start_daemon
	[ "$(field rebooted '[.State.Status, .State.Running, .State.Pid] | @csv')" = '"exited",false,0' ]
	lighter start rebooted
	running rebooted
}

@test "a shim that is killed under a living daemon: 137, and the reason" {
	lighter run -d --name orphan "$IMAGE" sleep 1000
	local pid
	pid=$(field orphan .State.Pid)
	kill -KILL "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 2)"
	eventually 20 exited orphan
	gone "$pid"
	[ "$(field orphan .State.ExitCode)" = 137 ]
	[ -n "$(field orphan .State.Error)" ]
	lighter start orphan
	running orphan
}

@test "a second daemon on the same roots is refused" {
	run timeout 20 lighterd --data-root "$DAEMON_DIR/data" --exec-root "$DAEMON_DIR/exec2" -H "unix://$DAEMON_DIR/s2" --bridge none --docker-socket=false
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	[[ $output == *"$DAEMON_DIR/data"* ]]
	run timeout 20 lighterd --data-root "$DAEMON_DIR/data2" --exec-root "$DAEMON_DIR/exec" -H "unix://$DAEMON_DIR/s2" --bridge none --docker-socket=false
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	[ "$(api_status GET /_ping)" = 200 ]
}
