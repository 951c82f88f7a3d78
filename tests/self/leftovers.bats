#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tests/leftovers sees each thing that a test could leave. Runs in a world of its own, like every other file.

setup() {
	tests/leftovers list >"$BATS_TEST_TMPDIR/before"
}

# What is new, as compare would print it.
new_things() {
	run tests/leftovers compare 0 <"$BATS_TEST_TMPDIR/before"
	[ "$status" -eq 1 ]
}

nothing_new() {
	tests/leftovers compare 5 <"$BATS_TEST_TMPDIR/before"
}

@test "nothing is nothing" {
	nothing_new
}

@test "a process" {
	sleep 1000 3>&- &
	new_things
	kill $!
	[[ $output == *"leftover: process"*"sleep 1000"* ]]
	wait $! || true
	nothing_new
}

@test "a process that has left its parent" {
	(setsid sleep 1001 3>&- >/dev/null 2>&1 &)
	new_things
	[[ $output == *"leftover: process"*"sleep 1001"* ]]
	kill "$(sed -n 's/^# leftover: process\t\([0-9]*\) .*/\1/p' <<<"$output")"
	nothing_new
}

@test "a mount" {
	mkdir /tmp/there
	mount -t tmpfs none /tmp/there
	new_things
	umount /tmp/there
	rmdir /tmp/there
	[[ $output == *"leftover: mount"*"/tmp/there tmpfs"* ]]
	nothing_new
}

@test "a link" {
	ip link add planted0 type bridge
	new_things
	ip link del planted0
	[[ $output == *"leftover: link"*planted0* ]]
	nothing_new
}

@test "a network namespace" {
	ip netns add planted
	new_things
	ip netns del planted
	umount /run/netns
	rmdir /run/netns
	[[ $output == *"leftover: netns"*/run/netns/planted* ]]
	nothing_new
}

@test "an nft table" {
	nft add table inet planted
	new_things
	nft delete table inet planted
	[[ $output == *"leftover: nft"*"table inet planted"* ]]
	nothing_new
}

@test "a cgroup" {
	local top
	top=$(awk '$9 ~ /^cgroup/ || $8 ~ /^cgroup/ || $10 ~ /^cgroup/ { print $5; exit }' /proc/self/mountinfo)
	mkdir "$top/planted"
	new_things
	rmdir "$top/planted"
	[[ $output == *"leftover: cgroup"*"$top/planted"* ]]
	nothing_new
}

@test "a unix socket and a listening port" {
	python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("/tmp/planted.sock"); s.listen()
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen()
open("/tmp/ready", "w").close(); time.sleep(1000)' 3>&- &
	until [ -e /tmp/ready ]; do sleep 0.05; done
	new_things
	kill $!
	wait $! || true
	rm /tmp/ready /tmp/planted.sock
	[[ $output == *"leftover: socket"*/tmp/planted.sock* ]]
	[[ $output == *"leftover: socket"*/proc/net/tcp* ]]
	nothing_new
}

@test "a file" {
	touch /run/planted
	new_things
	rm /run/planted
	[[ $output == *"leftover: file"*/run/planted* ]]
	nothing_new
}

@test "a loop device" {
	truncate -s 1M "$LIGHTER_TREE/build/tests/planted.img"
	local loop
	loop=$(losetup -f --show "$LIGHTER_TREE/build/tests/planted.img")
	new_things
	losetup -d "$loop"
	rm "$LIGHTER_TREE/build/tests/planted.img"
	[[ $output == *"leftover: loop"*planted.img* ]]
	nothing_new
}

@test "on a shared machine only what carries the tag counts" {
	unset LEFTOVERS_ALL
	tests/leftovers list >"$BATS_TEST_TMPDIR/before"
	touch /tmp/somebody-elses "/tmp/$TEST_TAG.mine"
	new_things
	rm /tmp/somebody-elses "/tmp/$TEST_TAG.mine"
	[[ $output == *"$TEST_TAG.mine"* ]]
	[[ $output != *somebody* ]]
}
