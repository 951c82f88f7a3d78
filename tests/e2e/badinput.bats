#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: each has its status and a sentence that names what is wrong, and the daemon goes on.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() {
	[ "$(api_status GET /_ping)" = 200 ]
	stop_daemon
}

# body STATUS SENTENCE BYTES: create with this body.
body() {
	answers "$1" "$2" POST /containers/create "$3"
}

@test "malformed JSON" {
	body 400 "invalid JSON" '{"Image": '
	body 400 "invalid JSON" '{"Image": "x",}'
	body 400 "invalid JSON" ' '
	body 400 "invalid JSON" '{"Image": "x"} trailing'
	body 400 "invalid JSON" "$(printf '[%.0s' $(seq 3000))"
	body 400 "invalid JSON" '{"Image": "\ud800\q"}'
	body 400 "config cannot be empty in order to create a container" '{}'
	body 400 "config cannot be empty in order to create a container" 'null'
	body 400 "no command specified" '{"Image": ""}'
}

@test "a wrong type names the field" {
	body 400 "Image" '{"Image": 5}'
	body 400 "Memory" '{"Image": "x", "HostConfig": {"Memory": "much"}}'
	body 400 "Memory" '{"Image": "x", "HostConfig": {"Memory": 1.5}}'
	body 400 "Tty" '{"Image": "x", "Tty": "yes"}'
	body 400 "Env" '{"Image": "x", "Env": {"A": "b"}}'
	body 400 "Labels" '{"Image": "x", "Labels": ["a"]}'
	body 400 "HostConfig" '{"Image": "x", "HostConfig": []}'
	body 400 "out of range" '{"Image": "x", "HostConfig": {"Memory": 99999999999999999999999}}'
	body 400 "EndpointsConfig" '{"Image": "x", "NetworkingConfig": {"EndpointsConfig": 1}}'
	body 400 "invalid JSON" '["a"]'
	body 400 "invalid JSON" '"text"'
	body 400 "CpusetCpus" '{"Image": "x", "HostConfig": {"CpusetCpus": 1}}'
}

@test "member names match without regard to case; unknown ones are ignored; one string is a list" {
	local id
	id=$(api POST /containers/create "{\"image\": \"$IMAGE\", \"CMD\": \"true\", \"hostconfig\": {\"memory\": 33554432}, \"Unknown\": {\"a\": [1]}}" | jq -er .Id)
	[ "$(field "$id" '[.Path, .HostConfig.Memory] | @csv')" = '"true",33554432' ]
}

@test "Content-Type" {
	typed() { curl -sS --unix-socket "$DAEMON_DIR/s" -w '\n%{http_code}' -X POST -H "Content-Type:$1" -d "{\"Image\": \"$IMAGE\"}" http://localhost/containers/create; }
	[[ $(typed ' text/plain') == *"unsupported Content-Type header (text/plain): must be 'application/json'"*400 ]]
	[[ $(typed '') == *"malformed Content-Type header ()"*400 ]]
	[[ $(typed ' application/json; charset=utf-8') == *Id*201 ]]
}

@test "a body over the cap is 413, by its length and by its bytes" {
	head -c 20000000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/big"
	[ "$(curl -sS --unix-socket "$DAEMON_DIR/s" -o "$BATS_TEST_TMPDIR/out" -w '%{http_code}' -X POST -H 'Content-Type: application/json' -T "$BATS_TEST_TMPDIR/big" http://localhost/containers/create)" = 413 ]
	jq -e .message "$BATS_TEST_TMPDIR/out"
	[ "$(curl -sS --unix-socket "$DAEMON_DIR/s" -o /dev/null -w '%{http_code}' -X POST -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -T "$BATS_TEST_TMPDIR/big" http://localhost/containers/create || true)" = 413 ]
}

@test "unknown image" {
	body 404 "No such image: nosuch:latest" '{"Image": "nosuch"}'
	body 404 "No such image: nosuch:1" '{"Image": "nosuch:1"}'
	run lighter run --rm nosuch:1 true
	[ "$status" -eq 125 ]
	answers 404 "No such image" GET /images/nosuch/json
	answers 404 "No such image" DELETE /images/nosuch
}

@test "values that make no sense" {
	refused 400 "invalid signal: SIGNOPE" '"StopSignal": "SIGNOPE"'
	refused 400 'invalid environment variable: =x' '"Env": ["=x"]'
	refused 400 "the working directory 'relative' is invalid" '"WorkingDir": "relative"'
	refused 400 'unknown capability: \"CAP_NOPE\"' '"HostConfig": {"CapAdd": ["NOPE"]}'
	refused 400 'unknown capability: \"CAP_NOPE\"' '"HostConfig": {"CapDrop": ["NOPE"]}'
	refused 400 "can't create 'AutoRemove' container with restart policy" '"HostConfig": {"AutoRemove": true, "RestartPolicy": {"Name": "always"}}'
	refused 400 "invalid restart policy: unknown policy 'sometimes'" '"HostConfig": {"RestartPolicy": {"Name": "sometimes"}}'
	refused 400 'error looking up logging plugin nolog: plugin \"nolog\" not found' '"HostConfig": {"LogConfig": {"Type": "nolog"}}'
	refused 400 "unknown or invalid runtime name: nope" '"HostConfig": {"Runtime": "nope"}'
	refused 400 "SHM size can not be less than 0" '"HostConfig": {"ShmSize": -1}'
	refused 400 "bad format for add-host" '"HostConfig": {"ExtraHosts": ["nonsense"]}'
	refused 400 "Duplicate mount point: /d" '"HostConfig": {"Binds": ["/tmp:/d", "/run:/d"]}'
	refused 500 "Cannot mkdir: /etc/passwd is not a directory" '"WorkingDir": "/etc/passwd"'
}

@test "unknown ids, routes and methods" {
	answers 404 "No such container: x" GET /containers/x/json
	answers 404 "page not found" GET /nonsense
	answers 404 "page not found" PUT /containers/json
	answers 404 "page not found" POST /_ping
	answers 404 "page not found" GET /containers/json/
	[ "$(curl -sS --path-as-is --unix-socket "$DAEMON_DIR/s" -o /dev/null -w '%{http_code} %{redirect_url}' 'http://localhost//containers//json')" = "301 http://localhost/containers/json" ]
}

@test "routes that are not there yet say so" {
	answers 404 "No such container: x" POST /containers/x/exec
	answers 501 "yet" GET /exec/x/json
	answers 501 "yet" GET /volumes
	answers 501 "yet" POST /build
	answers 501 "yet" POST /networks/create
	answers 501 "yet" GET /swarm
}

@test "no daemon: one sentence" {
	run lighter -H unix:///nonexistent/s ps
	[ "$status" -eq 1 ]
	[ "$output" = "Cannot connect to the Lighter daemon at unix:///nonexistent/s. Is it running?" ]
	run lighter -H unix:///nonexistent/s run --rm "$IMAGE" true
	[ "$status" -eq 125 ]
	[[ $output == *"Cannot connect to the Lighter daemon at unix:///nonexistent/s. Is it running?"* ]]
	run lighter -H tcp://127.0.0.1:1 ps
	[ "$status" -eq 1 ]
	[[ $output == *"Cannot connect to the Lighter daemon at tcp://127.0.0.1:1. Is it running?"* ]]
}

@test "a command line that makes no sense" {
	run lighter nonsense
	[ "$status" -eq 1 ]
	[[ $output == *"unknown command"*nonsense* ]]
	run lighter rm
	[ "$status" -eq 1 ]
	[[ $output == *"requires at least 1 argument"* ]]
	run lighter ps --nonsense
	[ "$status" -eq 125 ]
	[[ $output == *"unknown flag: --nonsense"* ]]
	run lighter run
	[ "$status" -ne 0 ]
	run lighter create -m nonsense "$IMAGE"
	[ "$status" -ne 0 ]
	[[ $output == *nonsense* ]]
	run lighter ps --filter nonsense=1
	[ "$status" -eq 1 ]
	run lighter ps --format '{{.Nonsense'
	[ "$status" -ne 0 ]
}

@test "bytes that are no HTTP" {
	raw <<-'E'
		for bytes in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", b"GET /_ping HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		          b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		          b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		          b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n"):
		    link = connect()
		    try:
		        link.send(bytes)
		        link.half_close()
		        data = link.recv_all()
		    except (ConnectionError, BrokenPipeError):
		        continue
		    assert data == b"" or data.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 5")), data[:80]
		same(call("GET", "/_ping"), (200, "OK"))
	E
}
