#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tests/run fails for all it must fail for. Each case gives it a file of its own.

setup() {
	DIR=$(mktemp -d "$LIGHTER_TREE/build/tests/self.XXXXXX") # a world inside ours does not see our /tmp
	FILE=$DIR/planted.bats SKIPS=$DIR/skips.txt
	export LEFTOVERS_SECONDS=1
	touch "$SKIPS"
}

teardown() {
	rm -rf "$DIR"
}

# Runs tests/run on $FILE in a build directory of its own, so that nothing meets the outer run's logs.
run_file() {
	run tests/run --build "$DIR/build" --skips "$SKIPS" "$FILE"
}

@test "a test that holds" {
	printf '@test "a" { true; }\n@test "b" { true; }\n' >"$FILE"
	run_file
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "2 passed, 0 failed, 0 skipped" ]
}

@test "a test that does not" {
	printf '@test "a" { true; }\n@test "b" { false; }\n' >"$FILE"
	run_file
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
}

@test "a file that is no test" {
	printf '@test "a" {\n' >"$FILE"
	run_file
	[ "$status" -eq 1 ]
}

@test "a skip that nobody listed" {
	printf '@test "a" { skip "no reason"; }\n' >"$FILE"
	run_file
	[ "$status" -eq 1 ]
	[[ $output == *"not in the list of skips"* ]]
}

@test "a listed skip whose probe fails" {
	printf '@test "a" { skip "because"; }\n' >"$FILE"
	echo "*planted.bats: a | false | the guest" >"$SKIPS"
	run_file
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
}

@test "a listed skip whose probe holds" {
	printf '@test "a" { skip "because"; }\n' >"$FILE"
	echo "*planted.bats: a | true | the guest" >"$SKIPS"
	run_file
	[ "$status" -eq 1 ]
	[[ $output == *"its probe holds here"* ]]
}

@test "a process and a mount that stay" {
	printf '@test "a" { (setsid sleep 1002 3>&- >/dev/null 2>&1 &); until pgrep -x sleep >/dev/null; do :; done; mkdir /tmp/m; mount -t tmpfs none /tmp/m; }\n' >"$FILE"
	run_file
	[ "$status" -eq 1 ]
	[[ $output == *"left behind: process"*"sleep 1002"* ]]
	[[ $output == *"left behind: mount"*/tmp/m* ]]
	run pgrep -f 'sleep 1002'
	[ "$status" -eq 1 ] # the world's end is the end of all in it
}

@test "a deadline" {
	printf '# deadline: 1\n@test "a" { sleep 1003; }\n' >"$FILE"
	run_file
	[ "$status" -eq 1 ]
	[[ $output == *"not done by its deadline"* ]]
	run pgrep -f 'sleep 1003'
	[ "$status" -eq 1 ]
}

@test "a sanitizer's report" {
	printf '@test "a" { echo ERROR: something >"%s/build/reports"; }\n' "$DIR" >"$FILE"
	mkdir -p "$DIR/build"
	run_file
	[ "$status" -eq 1 ]
	[[ $output == *"a sanitizer has reported"* ]]
}

@test "two worlds do not see each other" {
	printf '@test "a" { [ ! -e /tmp/mine ]; touch /tmp/mine; rm /tmp/mine; [ "$(ls /sys/class/net | wc -l)" -ge 0 ]; ip -o link | grep -c . | grep -x 1; }\n' >"$FILE"
	touch /tmp/mine
	ip link add mine0 type bridge
	run_file
	ip link del mine0
	rm /tmp/mine
	[ "$status" -eq 0 ]
}
