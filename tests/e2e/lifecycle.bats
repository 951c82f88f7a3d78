#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# States and what moves a container between them; names; wait; removal.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

# In the background, without bats' own descriptors.
behind() {
	"$@" 3>&- 4>&- &
}

@test "created, running, exited, running again, removed" {
	local id
	id=$(lighter create --name states "$IMAGE" sh -c 'trap "exit 4" TERM; while :; do sleep 0.05; done')
	[ "$(field states '[.State.Status, .State.Running, .State.Pid == 0, .State.StartedAt] | @csv')" = '"created",false,true,"0001-01-01T00:00:00Z"' ]
	[ "$(lighter start states)" = states ]
	[ "$(field states .State.Status)" = running ]
	alive "$(field states .State.Pid)"
	[ "$(lighter stop states)" = states ]
	[ "$(field states '[.State.Status, .State.ExitCode, .State.Pid] | @csv')" = '"exited",4,0' ]
	[[ $(field states .State.FinishedAt) == 20* ]]
	lighter start states
	[ "$(field states .State.Status)" = running ]
	[ "$(field states .Id)" = "$id" ]
	lighter rm -f states
	answers 404 "No such container: states" GET /containers/states/json
}

@test "start twice and stop twice are 304" {
	create '"Cmd": ["sleep", "1000"]' twice
	[ "$(api_status POST /containers/twice/stop)" = 304 ]
	[ "$(api_status POST /containers/twice/start)" = 204 ]
	[ "$(api_status POST /containers/twice/start)" = 304 ]
	[ "$(api_status POST '/containers/twice/stop?t=0')" = 204 ]
	[ "$(api_status POST /containers/twice/stop)" = 304 ]
	answers 400 "starting container with non-empty request body was deprecated" POST /containers/twice/start '{"Binds": ["/:/x"]}'
}

@test "what is refused in which state" {
	local id
	id=$(create '"Cmd": ["sleep", "1000"]' refused)
	answers 409 "cannot kill container: refused: container $id is not running" POST /containers/refused/kill
	answers 409 "container $id is not running" POST '/containers/refused/resize?h=10&w=20'
	lighter start refused
	answers 409 "cannot remove container \\\"refused\\\": container is running: stop the container before removing or force remove" DELETE /containers/refused
	answers 400 "cannot kill container: refused: invalid signal: SIGNOPE" POST '/containers/refused/kill?signal=SIGNOPE'
	answers 400 "does not support signal 99" POST '/containers/refused/kill?signal=99'
	answers 500 "cannot stop container: refused: invalid signal: SIGNOPE" POST '/containers/refused/stop?signal=SIGNOPE'
	[ "$(api_status POST '/containers/refused/kill?signal=winch')" = 204 ]
	[ "$(api_status DELETE '/containers/refused?force=1')" = 204 ]
	answers 404 "No such container: refused" DELETE '/containers/refused?force=1'
	answers 404 "cannot kill container: refused: No such container: refused" POST /containers/refused/kill
	answers 404 "No such container: refused" POST /containers/refused/start
	answers 404 "No such container: refused" POST /containers/refused/stop
	answers 404 "No such container: refused" POST /containers/refused/wait
}

@test "stop asks first, by the container's own signal and timeout, then kills" {
	lighter run -d --name own-signal --stop-signal USR1 "$IMAGE" sh -c 'trap "exit 3" USR1; echo ready; while :; do sleep 0.05; done'
	eventually 10 logs_are own-signal ready
	lighter stop own-signal
	[ "$(field own-signal .State.ExitCode)" = 3 ]
	lighter run -d --name deaf --stop-timeout 1 "$IMAGE" sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	eventually 10 logs_are deaf ready
	lighter stop deaf
	[ "$(field deaf .State.ExitCode)" = 137 ]
	lighter start deaf
	lighter stop -t 0 deaf
	lighter start deaf
	lighter stop -s KILL -t 60 deaf
	[ "$(field deaf .State.ExitCode)" = 137 ]
}

@test "kill sends any signal by name or number" {
	lighter run -d --name signalled "$IMAGE" sh -c 'trap "echo usr1" USR1; trap "exit 5" INT; echo ready; while :; do sleep 0.05; done'
	eventually 10 logs_are signalled ready
	lighter kill -s USR1 signalled
	eventually 10 bash -c '[[ $(lighter logs signalled) == *usr1* ]]'
	lighter kill -s 2 signalled
	[ "$(lighter wait signalled)" = 5 ]
	lighter start signalled
	lighter kill signalled
	[ "$(lighter wait signalled)" = 137 ]
}

@test "wait before start: not-running answers a created container at once, next-exit and removed wait" {
	create '"Cmd": ["sh", "-c", "exit 6"]' waited
	[ "$(api POST '/containers/waited/wait?condition=not-running' | jq .StatusCode)" = 0 ]
	behind curl -sSN --unix-socket "$DAEMON_DIR/s" -X POST -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/next" 'http://localhost/containers/waited/wait?condition=next-exit'
	local next=$!
	behind curl -sSN --unix-socket "$DAEMON_DIR/s" -X POST -D "$BATS_TEST_TMPDIR/head2" -o "$BATS_TEST_TMPDIR/removed" 'http://localhost/containers/waited/wait?condition=removed'
	local removed=$!
	eventually 10 grep -q '200 OK' "$BATS_TEST_TMPDIR/head" # the head is there before anything has started
	eventually 10 grep -q '200 OK' "$BATS_TEST_TMPDIR/head2"
	lighter start waited
	wait $next
	[ "$(cat "$BATS_TEST_TMPDIR/next")" = '{"StatusCode":6}' ]
	alive $removed
	lighter rm waited
	wait $removed
	[ "$(cat "$BATS_TEST_TMPDIR/removed")" = '{"StatusCode":6}' ]
}

@test "wait on an exited container answers at once; a wrong condition is refused" {
	lighter run --name over "$IMAGE" sh -c 'exit 11' || true
	[ "$(lighter wait over)" = 11 ]
	answers 400 'invalid condition: \"nonsense\"' POST '/containers/over/wait?condition=nonsense'
}

@test "an --rm container is gone when its wait for removed ends" {
	local id
	id=$(create '"Cmd": ["true"], "HostConfig": {"AutoRemove": true}' auto-removed)
	behind curl -sSN --unix-socket "$DAEMON_DIR/s" -X POST -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/out" "http://localhost/containers/$id/wait?condition=removed"
	local waiting=$!
	eventually 10 grep -q '200 OK' "$BATS_TEST_TMPDIR/head"
	[ "$(api_status POST "/containers/$id/start")" = 204 ]
	wait $waiting
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = '{"StatusCode":0}' ]
	[ "$(api_status GET "/containers/$id/json")" = 404 ]
	create '"Cmd": ["true"]' auto-removed # the name is free
}

@test "removal takes the directory, the cgroup and the processes" {
	local id pid
	id=$(lighter run -d --name removed "$IMAGE" sh -c 'sleep 1000 & sleep 1000')
	pid=$(field removed .State.Pid)
	[ -d "$DAEMON_DIR/data/containers/$id" ]
	lighter rm -f removed
	gone "$pid"
	[ ! -e "$DAEMON_DIR/data/containers/$id" ]
	eventually 10 bash -c "! find /sys/fs/cgroup -name '*$id*' | grep ."
	eventually 10 bash -c "! find '$DAEMON_DIR/exec' -name '*$id*' | grep ."
}

@test "what is left of a container dies with its first process" {
	lighter run -d --name leader "$IMAGE" sh -c 'setsid sleep 4242 & sleep 0.3; exit 0'
	[ "$(lighter wait leader)" = 0 ]
	eventually 10 bash -c '! pgrep -f "^sleep 4242"'
}

@test "changes of the file system stay over a stop and go with the removal" {
	lighter run --name writer "$IMAGE" sh -c 'cat /kept 2>/dev/null; echo line >>/kept'
	[ "$(lighter start -a writer)" = line ]
	[ "$(lighter run --rm "$IMAGE" ls /kept 2>&1 || true)" = "ls: /kept: No such file or directory" ]
}

@test "names: form, use, reuse" {
	answers 400 'Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed' POST '/containers/create?name=a' "{\"Image\": \"$IMAGE\"}"
	answers 400 'Invalid container name' POST '/containers/create?name=has%20space' "{\"Image\": \"$IMAGE\"}"
	answers 400 'Invalid container name' POST '/containers/create?name=_x' "{\"Image\": \"$IMAGE\"}"
	local id
	id=$(create '"Cmd": ["true"]' /slashed)
	[ "$(field slashed .Name)" = /slashed ]
	answers 409 "Conflict. The container name \\\"/slashed\\\" is already in use by container \\\"$id\\\". You have to remove (or rename) that container to be able to reuse that name." \
		POST '/containers/create?name=slashed' "{\"Image\": \"$IMAGE\"}"
	run lighter create --name slashed "$IMAGE"
	[ "$status" -eq 1 ]
	lighter rm slashed
	create '"Cmd": ["true"]' slashed
	[[ $(field "$(create '"Cmd": ["true"]')" .Name) =~ ^/[a-z]+_[a-z]+[0-9]?$ ]]
}

@test "lookup by full id, name, unique prefix; ambiguous prefixes" {
	local id other
	id=$(create '"Cmd": ["true"]' looked-up)
	[ "$(field "$id" .Id)" = "$id" ]
	[ "$(field "${id:0:12}" .Id)" = "$id" ]
	# seventeen containers: two of them share a first digit
	for _ in $(seq 17); do create '"Cmd": ["true"], "Labels": {"many": ""}'; done >"$BATS_TEST_TMPDIR/ids"
	other=$(cut -c 1 "$BATS_TEST_TMPDIR/ids" | sort | uniq -d | head -n 1)
	answers 400 "multiple IDs found with provided prefix: $other" GET "/containers/$other/json"
	xargs lighter rm <"$BATS_TEST_TMPDIR/ids"
}

@test "many names in one command: the others go on" {
	create '"Cmd": ["true"]' many-one
	create '"Cmd": ["true"]' many-two
	run --separate-stderr lighter start many-one nosuch many-two
	[ "$status" -eq 1 ]
	[ "$output" = $'many-one\nmany-two' ]
	[[ $stderr == *"No such container: nosuch"* && $stderr == *"failed to start containers: nosuch"* ]]
	lighter wait many-one many-two
	run --separate-stderr lighter rm many-one nosuch many-two
	[ "$status" -eq 1 ] && [ "$output" = $'many-one\nmany-two' ]
	lighter rm -f nosuch
}

@test "ps: filters, columns, formats" {
	local id
	id=$(lighter create --name ps-one -l colour=red -l size=1 "$IMAGE" echo 'two words')
	lighter run -d --name ps-two "$IMAGE" sleep 1000
	[ "$(lighter ps --format '{{.Names}}')" = ps-two ]
	[ "$(lighter ps -a --format '{{.Names}}' --filter label=colour=red)" = ps-one ]
	[ "$(lighter ps -a --filter name=ps- --format '{{.Names}} {{.State}}')" = $'ps-two running\nps-one created' ]
	[ "$(lighter ps -aq --no-trunc --filter name=ps-one)" = "$id" ]
	[ "$(lighter ps -q --filter status=created --filter name=ps-one)" = "${id:0:12}" ]
	[ "$(lighter ps -l --format '{{.Names}}')" = ps-two ]
	[ "$(lighter ps -n 2 --format '{{.Names}}')" = $'ps-two\nps-one' ]
	[[ $(lighter ps -as --filter name=ps-two --format '{{.Size}}') == *virtual* ]]
	[[ $(lighter ps --filter name=ps-two --format '{{.Status}}') == "Up "* ]]
	[[ $(lighter ps) == "CONTAINER ID"*"\"sleep 1000\""*ps-two* ]]
	answers 400 "invalid filter 'nonsense'" GET '/containers/json?filters=%7B%22nonsense%22%3A%5B%22x%22%5D%7D'
	answers 400 "invalid filter 'status=nonsense'" GET '/containers/json?filters=%7B%22status%22%3A%5B%22nonsense%22%5D%7D'
	answers 500 'strconv.Atoi: parsing \"x\": invalid syntax' GET '/containers/json?limit=x'
	[ "$(api GET '/containers/json?limit=1' | jq length)" = 1 ]
	[ "$(api GET '/containers/json?size=1' | jq '.[0] | has("SizeRootFs")')" = true ]
	lighter stop -t 0 ps-two
	[[ $(lighter ps -a --filter name=ps-two --format '{{.Status}}') == "Exited (137) "*" ago" ]]
}

@test "inspect: keys, size, format, types" {
	create '"Cmd": ["sh", "-c", "head -c 5000 /dev/zero >/five"]' inspected
	lighter start -a inspected
	[ "$(lighter inspect -f '{{.State.Status}} {{.Config.Image}}' inspected)" = "exited $IMAGE" ]
	[ "$(api GET '/containers/inspected/json' | jq 'has("SizeRw")')" = false ]
	[ "$(api GET '/containers/inspected/json?size=1' | jq '.SizeRw >= 5000 and .SizeRootFs > .SizeRw')" = true ]
	[ "$(lighter inspect -s -f '{{.SizeRw}}' inspected)" = "$(api GET '/containers/inspected/json?size=1' | jq .SizeRw)" ]
	[[ $(lighter inspect --type image -f '{{.Id}}' "$IMAGE") == sha256:* ]]
	run --separate-stderr lighter inspect nosuch
	[ "$status" -eq 1 ] && [ "$output" = "[]" ] && [ "$stderr" = "Error: No such object: nosuch" ]
	run lighter inspect --type container "$IMAGE"
	[ "$status" -eq 1 ]
}

@test "a failed start says why, and can be tried again" {
	local id
	id=$(create '"Cmd": ["/no/such"]' failing)
	answers 400 'exec: \"/no/such\": stat /no/such: no such file or directory' POST /containers/failing/start
	[ "$(field failing '[.State.Status, .State.ExitCode, .State.Pid] | @csv')" = '"created",127,0' ]
	eventually 10 bash -c "! find /sys/fs/cgroup -name '*$id*' | grep ."
	answers 400 'exec: \"/no/such\"' POST /containers/failing/start
	lighter rm failing
}

@test "twenty at a time" {
	local pids=() i
	for i in $(seq 20); do
		behind lighter run --rm "$IMAGE" echo "number $i" >>"$BATS_TEST_TMPDIR/out"
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	[ "$(sort -u "$BATS_TEST_TMPDIR/out" | wc -l)" -eq 20 ]
}

@test "one container's operations queue up" {
	create '"Cmd": ["sleep", "1000"]' contended
	local pids=() i
	for i in $(seq 5); do
		behind lighter start contended >/dev/null
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	running contended
	behind lighter stop -t 0 contended >/dev/null
	lighter rm -f contended
	wait $!  || true
	[ "$(api_status GET /containers/contended/json)" = 404 ]
}

@test "hundreds of clients wait for a start, and each has its answer" {
	create '"Cmd": ["sh", "-c", "exit 7"]' awaited
	python3 - "${LIGHTER_HOST#unix://}" <<-'END'
		import socket, subprocess, sys
		waits = []
		for i in range(600):
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(sys.argv[1])
		    s.sendall(b"POST /containers/awaited/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		    head = b""
		    while b"\r\n\r\n" not in head:
		        head += s.recv(4096)
		    waits.append(s)
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(b"POST /containers/awaited/start HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		head = s.recv(4096)
		assert head.startswith(b"HTTP/1.1 204"), head
		for s in waits:
		    s.settimeout(20)
		    body = b""
		    while b"StatusCode" not in body:
		        more = s.recv(4096)
		        assert more, "a wait without an answer"
		        body += more
		    assert b'{"StatusCode":7}' in body, body
	END
}
