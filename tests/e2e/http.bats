#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# HTTP as clients speak it: heads, versions, kept connections, pipelines, chunks, 100-continue.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

@test "/_ping by GET and HEAD, with all its headers" {
	local method name
	for method in "" --head; do
		curl -sS --unix-socket "$DAEMON_DIR/s" $method -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/body" http://localhost/_ping
		grep -q '^HTTP/1.1 200 OK' "$BATS_TEST_TMPDIR/head"
		for name in 'Api-Version: 1.51' 'Docker-Experimental: false' 'Ostype: linux' 'Server: ' 'Date: ' 'Builder-Version: ' \
			'Cache-Control: no-cache, no-store, must-revalidate' 'Pragma: no-cache' 'Swarm: inactive' 'Content-Type: text/plain; charset=utf-8'; do
			grep -q "^$name" "$BATS_TEST_TMPDIR/head" || { echo "no $name"; return 1; }
		done
		! grep -q '^Builder-Version: 2' "$BATS_TEST_TMPDIR/head"
	done
	[ "$(curl -sS --unix-socket "$DAEMON_DIR/s" http://localhost/_ping | od -An -c | tr -d ' ')" = OK ]
	grep -q '^Content-Length: 0' "$BATS_TEST_TMPDIR/head"
}

@test "versions: unversioned, lowest, highest, too old, too new, none" {
	[ "$(api_status GET /v1.24/version)" = 200 ]
	[ "$(api_status GET /v1.51/version)" = 200 ]
	[ "$(api GET /version | jq -r '.ApiVersion, .MinAPIVersion')" = $'1.51\n1.24' ]
	[[ $(api GET /version | jq -r .Version) == 28.5.2+lighter.* ]]
	[ "$(reply GET /v1.23/version)" = $'400\nclient version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version' ]
	answers 400 '{"message":"client version 1.52 is too new. Maximum supported API version is 1.51"}' GET /v1.52/version
	answers 400 'client version 9.99 is too new' GET /v9.99/_ping
	answers 404 'page not found' GET /vfoo/version
	run env DOCKER_API_VERSION=1.23 lighter version
	[[ $output == *"client version 1.23 is too old"* ]]
	[ "$(DOCKER_API_VERSION=1.30 lighter version --format '{{.Client.APIVersion}}')" = 1.30 ]
}

@test "a kept connection answers again and again; a pipeline in order" {
	raw <<-'E'
		link = connect()
		for _ in range(50):
		    link.request("GET", "/_ping", [], None)
		    same(link.read_reply("GET").body, b"OK")
		paths = ["/_ping", "/version", "/containers/json", "/nonsense", "/_ping"] * 10
		link.send(b"".join(f"GET {p} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for p in paths))
		for path in paths:
		    answer = link.read_reply("GET")
		    same(answer.status, 404 if path == "/nonsense" else 200)
		    if path == "/_ping":
		        same(answer.body, b"OK")
	E
}

@test "HTTP/1.0 and Connection: close end the connection" {
	raw <<-'E'
		for request in (b"GET /_ping HTTP/1.0\r\n\r\n", b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
		    link = connect()
		    link.send(request)
		    data = link.recv_all()
		    assert data.endswith(b"OK"), data
	E
}

@test "a body in chunks, also byte by byte" {
	raw <<-'E'
		body = json.dumps({"Image": IMAGE, "Cmd": ["true"]}).encode()
		head = b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
		link = connect()
		link.send(head + b"".join(b"1\r\n%c\r\n" % b for b in body) + b"0\r\n\r\n")
		same(link.read_reply("POST").status, 201)
		for byte in head + b"%x;ext=1\r\n" % len(body) + body + b"\r\n0\r\nTrailer: x\r\n\r\n":
		    link.send(bytes([byte]))
		same(link.read_reply("POST").status, 201)
		link.request("GET", "/_ping", [], None)
		same(link.read_reply("GET").status, 200)
	E
}

@test "Expect: 100-continue" {
	raw <<-'E'
		body = json.dumps({"Image": IMAGE, "Cmd": ["true"]}).encode()
		link = connect()
		link.request("POST", "/containers/create", [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Expect", "100-continue")], None)
		same(link.read_head().status, 100)
		link.send(body)
		same(link.read_reply("POST").status, 201)
		link.request("GET", "/_ping", [("Expect", "100-continue")], None)
		same(link.read_reply("GET").status, 200)
	E
	curl -sS --unix-socket "$DAEMON_DIR/s" -H 'Expect: 100-continue' -T "$BUSYBOX_TAR" -X POST http://localhost/images/load | grep -q 'Loaded image'
}

@test "HEAD has the head of GET and no body; OPTIONS is 200" {
	raw <<-'E'
		link = connect()
		link.request("HEAD", "/_ping", [], None)
		answer = link.read_head()
		link.request("GET", "/version", [], None)
		same(link.read_reply("GET").status, 200)
		link.request("OPTIONS", "/containers/json", [], None)
		answer = link.read_reply("OPTIONS")
		same((answer.status, answer.body), (200, b""))
	E
}

@test "204 and 304 carry neither type nor length; JSON ends with a newline" {
	create '"Cmd": ["sleep", "1000"]' heads
	raw <<-'E'
		link = connect()
		for wanted in (204, 304):
		    link.request("POST", "/containers/heads/start", [], None)
		    answer = link.read_head()
		    same(answer.status, wanted)
		    same((answer.head("Content-Type"), answer.head("Content-Length")), ("", ""))
		link.request("GET", "/containers/heads/json", [], None)
		assert link.read_reply("GET").body.endswith(b"}\n")
	E
	lighter rm -f heads
}

@test "percent-encoding in paths and queries; booleans in Docker's words" {
	create '"Cmd": ["true"]' enc.oded
	[ "$(api GET /containers/enc%2Eoded/json | jq -r .Name)" = /enc.oded ]
	[ "$(api GET '/containers/json?all=maybe' | jq 'length > 0')" = true ]
	[ "$(api GET '/containers/json?all=no' | jq 'length')" = 0 ]
	[ "$(api GET '/containers/json?all=False' | jq 'length')" = 0 ]
	[ "$(api GET '/containers/json?filters=%7B%22name%22%3A%7B%22enc%22%3Atrue%7D%7D&all=1' | jq 'length')" = 1 ]
}

@test "two hundred connections at once, most of them idle" {
	raw <<-'E'
		links = [connect() for _ in range(200)]
		for link in links:
		    link.send(b"GET /_pi")
		same(call("GET", "/_ping"), (200, "OK"))
		for link in links:
		    link.send(b"ng HTTP/1.1\r\nHost: x\r\n\r\n")
		for link in links:
		    same(link.read_reply("GET").body, b"OK")
	E
}

@test "over TCP, when asked, with a warning" {
	DAEMON_DIR= BRIDGE= start_daemon -H tcp://127.0.0.1:23759
	[ "$(curl -sS http://127.0.0.1:23759/_ping)" = OK ]
	[ "$(lighter -H tcp://127.0.0.1:23759 version --format '{{.Server.APIVersion}}')" = 1.51 ]
	grep -qi 'level=warn.*tcp' "$DAEMON_DIR/log"
	make_busybox_image
	lighter -H tcp://127.0.0.1:23759 load -q -i "$BUSYBOX_TAR"
	[ "$(echo through | lighter -H tcp://127.0.0.1:23759 run -i --rm "$IMAGE" cat)" = through ]
	stop_daemon
}
