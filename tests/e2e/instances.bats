#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Two engines side by side never meet.

load lib
setup_file() {
	start_daemon
	load_busybox
	export FIRST_DIR=$DAEMON_DIR FIRST_BRIDGE=$BRIDGE
	DAEMON_DIR= start_daemon
	load_busybox
	export SECOND_DIR=$DAEMON_DIR SECOND_BRIDGE=$BRIDGE
}
teardown_file() {
	local failed=0
	DAEMON_DIR=$SECOND_DIR BRIDGE=$SECOND_BRIDGE LIGHTER_HOST=unix://$SECOND_DIR/s
	stop_daemon || failed=1
	DAEMON_DIR=$FIRST_DIR BRIDGE=$FIRST_BRIDGE LIGHTER_HOST=unix://$FIRST_DIR/s
	stop_daemon || failed=1
	return $failed
}

first() { LIGHTER_HOST=unix://$FIRST_DIR/s lighter "$@"; }
second() { LIGHTER_HOST=unix://$SECOND_DIR/s lighter "$@"; }

@test "the same name, different containers; other subnets" {
	local a b
	a=$(first run -d --name same "$IMAGE" sleep 1000)
	b=$(second run -d --name same "$IMAGE" sleep 1000)
	[ "$a" != "$b" ]
	[ "$(first ps -q --no-trunc)" = "$a" ]
	[ "$(second ps -q --no-trunc)" = "$b" ]
	[ "$(first inspect -f '{{.NetworkSettings.Gateway}}' same)" != "$(second inspect -f '{{.NetworkSettings.Gateway}}' same)" ]
	run second inspect "$a"
	[ "$status" -eq 1 ]
	first rm -f same
	[ "$(second inspect -f '{{.State.Status}}' same)" = running ]
	second rm -f same
}

@test "isolated from each other: no packet from one's containers to the other's" {
	first run -d --name one "$IMAGE" sleep 1000
	second run -d --name two "$IMAGE" sleep 1000
	local there
	there=$(second inspect -f '{{.NetworkSettings.IPAddress}}' two)
	run first run --rm "$IMAGE" ping -c 1 -W 1 "$there"
	[ "$status" -ne 0 ]
	first rm -f one
	second rm -f two
}

@test "one ends, the other's containers keep their network" {
	second run -d --name two "$IMAGE" sleep 1000
	DAEMON_DIR=$FIRST_DIR kill_daemon TERM
	busybox ping -c 1 -W 5 "$(second inspect -f '{{.NetworkSettings.IPAddress}}' two)"
	second run --rm "$IMAGE" ping -c 1 -W 5 "$(second inspect -f '{{.NetworkSettings.Gateway}}' two)"
	DAEMON_DIR=$FIRST_DIR BRIDGE=$FIRST_BRIDGE start_daemon
	[ "$(first run --rm "$IMAGE" echo hi)" = hi ]
	second rm -f two
}
