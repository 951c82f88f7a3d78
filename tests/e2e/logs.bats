#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container wrote, read back.

load lib
setup_file() {
	start_daemon
	load_busybox
	lighter run --name ten "$IMAGE" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo "out $i"; usleep 9000; echo "err $i" >&2; usleep 9000; done; printf last' >/dev/null 2>&1
}
teardown_file() { stop_daemon; }

@test "both streams, each apart, and together in order" {
	run --separate-stderr lighter logs ten
	[ "$output" = "$(for i in 1 2 3 4 5 6 7 8 9; do echo "out $i"; done; printf last)" ]
	[ "$stderr" = "$(for i in 1 2 3 4 5 6 7 8 9; do echo "err $i"; done)" ]
	raw <<-'E'
		frames = logs("ten", "stdout=1")
		assert all(n == 1 for n, _ in frames)
		same(joined(frames, 1)[-10:], b"out 9\nlast")
		frames = logs("ten", "stderr=1")
		assert all(n == 2 for n, _ in frames)
		same(len(logs("ten")), 19)
	E
}

@test "a last line without newline stays without" {
	[ "$(lighter logs ten 2>/dev/null | tail -c 4)" = last ]
	[ "$(lighter logs ten 2>/dev/null | tail -c 1)" = t ]
}

@test "a line of 100,000 bytes is kept in records of 16 KiB and comes back whole" {
	lighter run --name long "$IMAGE" sh -c 'head -c 100000 /dev/zero | tr "\0" x; echo; echo next' >/dev/null
	lighter logs long | head -n 1 | tr -d '\n' | wc -c | grep -x 100000
	[ "$(lighter logs long | tail -n 1)" = next ]
	[ "$(jq -s '[.[] | select(.stream == "stdout")] | length' "$(field long .LogPath)")" -eq 8 ]
	[ "$(jq -s '.[0].log | length' "$(field long .LogPath)")" -eq 16384 ]
	# a time stamp for each record, within the line
	[ "$(lighter logs -t long | head -n 1 | grep -o 'Z x' | wc -l)" -eq 7 ]
}

@test "tail counts records of both streams before choosing among them" {
	[ "$(lighter logs --tail 1 ten 2>&1)" = last ]
	[ "$(lighter logs -n 3 ten 2>&1 | wc -l)" -eq 2 ]
	[ -z "$(lighter logs --tail 0 ten 2>&1)" ]
	[ "$(lighter logs --tail all ten 2>&1 | wc -l)" -eq 18 ]
	raw <<-'E'
		same(logs("ten", "stdout=1&tail=2")[0], (1, b"last")[:2])
		same(len(logs("ten", "stdout=1&stderr=1&tail=-5")), 19)
		same(len(logs("ten", "stdout=1&stderr=1&tail=nonsense")), 19)
	E
}

@test "timestamps and details" {
	run lighter logs -t --tail 1 ten
	[[ $output =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}Z\ last$ ]]
	run lighter logs --details --tail 1 ten
	[ "$output" = " last" ]
}

@test "since and until" {
	lighter run --name timed "$IMAGE" sh -c 'echo one; sleep 1.2; echo two; sleep 1.2; echo three' >/dev/null
	local second
	second=$(lighter logs -t timed | sed -n '2s/ .*//p')
	[ "$(lighter logs --since "$second" timed)" = $'two\nthree' ]
	[ "$(lighter logs --until "$second" timed)" = $'one\ntwo' ]
	[ "$(lighter logs --since "$second" --until "$second" timed)" = two ]
	[ "$(lighter logs --since 1h timed | wc -l)" -eq 3 ]
	[ -z "$(lighter logs --until 1h timed)" ]
}

@test "follow: what is there, what comes, and its end" {
	lighter run -d --name followed "$IMAGE" sh -c 'echo before; while [ ! -e /go ]; do sleep 0.05; done; echo after; echo err >&2'
	lighter logs -f followed >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local follower=$!
	eventually 10 grep -q before "$BATS_TEST_TMPDIR/out"
	touch "/proc/$(field followed .State.Pid)/root/go"
	wait $follower
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'before\nafter' ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = err ]
}

@test "follow with tail 0 has only what comes; follow ends with the container's removal" {
	lighter run -d --name tail0 "$IMAGE" sh -c 'echo before; while [ ! -e /go ]; do sleep 0.05; done; echo after; sleep 1000'
	eventually 10 logs_are tail0 before
	lighter logs -f --tail 0 tail0 >"$BATS_TEST_TMPDIR/out" 3>&- &
	local follower=$!
	sleep 0.3 # nothing tells when a follower has reached the end
	touch "/proc/$(field tail0 .State.Pid)/root/go"
	eventually 10 grep -q after "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = after ]
	lighter rm -f tail0
	wait $follower
}

@test "follow ends at until" {
	lighter run -d --name untiled "$IMAGE" sh -c 'echo one; sleep 1000'
	eventually 10 logs_are untiled one
	[ "$(timeout 20 lighter logs -f --until 1s untiled)" = "" ] || [ "$(timeout 20 lighter logs -f --until "$(($(date +%s) + 1))" untiled)" = one ]
	lighter rm -f untiled
}

@test "a terminal's log is raw, with its carriage returns" {
	create '"Tty": true, "Cmd": ["sh", "-c", "echo one; echo two >&2"]' raw-log
	lighter start raw-log
	lighter wait raw-log
	[ "$(api GET '/containers/raw-log/logs?stdout=1&stderr=1')" = $'one\r\ntwo\r' ]
	[ -z "$(api GET '/containers/raw-log/logs?stderr=1')" ]
	curl -sS --unix-socket "$DAEMON_DIR/s" -o /dev/null -D - 'http://localhost/containers/raw-log/logs?stdout=1' | grep -qi '^content-type: application/vnd.docker.raw-stream'
	curl -sS --unix-socket "$DAEMON_DIR/s" -o /dev/null -D - 'http://localhost/containers/ten/logs?stdout=1' | grep -qi '^content-type: application/vnd.docker.multiplexed-stream'
	curl -sS --unix-socket "$DAEMON_DIR/s" -o /dev/null -D - 'http://localhost/v1.41/containers/ten/logs?stdout=1' | grep -qi '^content-type: application/vnd.docker.raw-stream'
}

@test "no stream asked, unknown container, never started, driver none" {
	answers 400 "Bad parameters: you must choose at least one stream" GET /containers/nosuch/logs
	answers 404 "No such container: nosuch" GET '/containers/nosuch/logs?stdout=1'
	create '"Cmd": ["true"]' never
	[ -z "$(lighter logs never)" ]
	[ "$(lighter run --name unlogged --log-driver none "$IMAGE" echo hi)" = hi ]
	answers 501 "configured logging driver does not support reading" GET '/containers/unlogged/logs?stdout=1'
	answers 500 'strconv.ParseInt: parsing \"x\": invalid syntax' GET '/containers/ten/logs?stdout=1&since=x'
}

@test "--log-opt max-size and max-file bound the log; the newest lines are there" {
	lighter run --name bounded --log-opt max-size=20k --log-opt max-file=2 "$IMAGE" seq 1 5000 >/dev/null
	local path
	path=$(field bounded .LogPath)
	[ "$(cat "$path"* | wc -c)" -lt 50000 ]
	[ "$(lighter logs --tail 1 bounded)" = 5000 ]
	answers 400 "unknown log opt 'nonsense' for json-file log driver" POST /containers/create "{\"Image\": \"$IMAGE\", \"HostConfig\": {\"LogConfig\": {\"Type\": \"json-file\", \"Config\": {\"nonsense\": \"1\"}}}}"
	answers 501 "the log driver syslog is not supported yet" POST /containers/create "{\"Image\": \"$IMAGE\", \"HostConfig\": {\"LogConfig\": {\"Type\": \"syslog\"}}}"
}

@test "bytes that are no UTF-8 do not break the log" {
	lighter run --name bytes "$IMAGE" sh -c 'printf "a\377\376b\n\000zero\n"' >/dev/null
	[ "$(lighter logs bytes | wc -l)" -eq 2 ]
	jq -e . "$(field bytes .LogPath)" >/dev/null
	lighter logs bytes | tail -n 1 | od -An -c | grep -q '\\0'
}
