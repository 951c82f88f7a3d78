#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# attach: heads, frames, what comes from the log, half close, StdinOnce, detach keys; by raw API clients and by the command line.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

@test "attached before start, nothing is missed" {
	raw <<-'E'
		for upgrade in (True, False):
		    c = create(Cmd=["sh", "-c", "echo first; cat; echo err >&2"], OpenStdin=True, StdinOnce=True, AttachStdin=True)
		    link = attach(c, upgrade=upgrade)
		    start(c)
		    link.send(b"echoed\n")
		    link.half_close()
		    frames = wire.frames(link.recv_all())
		    same(joined(frames, 1), b"first\nechoed\n")
		    same(joined(frames, 2), b"err\n")
		    same(wait(c), 0)
	E
}

@test "the heads: 101 with upgrade, 200 without, and what follows them" {
	raw <<-'E'
		c = create(Cmd=["true"])
		link = connect()
		link.request("POST", f"/containers/{c}/attach?stream=1&stdout=1", [("Connection", "Upgrade"), ("Upgrade", "tcp")], None)
		head = link.read_head()
		same((head.status, head.reason), (101, "UPGRADED"))
		same(head.heads, [("Content-Type", "application/vnd.docker.multiplexed-stream"), ("Connection", "Upgrade"), ("Upgrade", "tcp")])
		link = connect()
		link.request("POST", f"/containers/{c}/attach?stream=1&stdout=1", [], None)
		head = link.read_head()
		same((head.status, head.heads), (200, [("Content-Type", "application/vnd.docker.raw-stream")]))
	E
}

@test "bytes right behind the request reach the container" {
	raw <<-'E'
		c = create(Cmd=["cat"], OpenStdin=True, StdinOnce=True)
		link = connect()
		head = f"POST /containers/{c}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
		link.sock.sendall(head.encode() + b"early\n")
		same(link.read_head().status, 101)
		start(c)
		link.half_close()
		same(joined(wire.frames(link.recv_all()), 1), b"early\n")
	E
}

@test "StdinOnce: the end of the first attached client is the end of input; without it input stays open" {
	raw <<-'E'
		c = create(Cmd=["cat"], OpenStdin=True, StdinOnce=True)
		link = attach(c)
		start(c)
		link.send(b"x\n")
		link.recv_until(b"x\n")
		link.close()
		same(wait(c), 0)
		c = create(Cmd=["cat"], OpenStdin=True)
		link = attach(c)
		start(c)
		link.send(b"one\n")
		link.recv_until(b"one\n")
		link.close()
		link = attach(c)
		link.send(b"two\n")
		link.recv_until(b"two\n")
		assert inspect(c)["State"]["Running"]
		call("DELETE", f"/containers/{c}?force=1")
	E
}

@test "logs=1: first what was, then what comes; without stream it ends" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "echo before; read line; echo got $line"], OpenStdin=True)
		start(c)
		until(lambda: joined(logs(c), 1) == b"before\n", "the first line")
		link = attach(c, "logs=1&stream=1&stdin=1&stdout=1")
		link.recv_until(b"before\n")
		link.send(b"it\n")
		same(joined(wire.frames(link.recv_all()), 1), b"before\ngot it\n")
		same(joined(wire.frames(attach(c, "logs=1&stdout=1").recv_all()), 1), b"before\ngot it\n")
		same(attach(c, "stdout=1").recv_all(), b"")
	E
}

@test "only the streams that were asked for" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "echo out; echo err >&2"])
		out, err = attach(c, "stream=1&stdout=1"), attach(c, "stream=1&stderr=1")
		start(c)
		same(wire.frames(out.recv_all()), [(1, b"out\n")])
		same(wire.frames(err.recv_all()), [(2, b"err\n")])
	E
}

@test "several clients see the same" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "seq 1 20000"])
		links = [attach(c, "stream=1&stdout=1") for _ in range(5)]
		start(c)
		wanted = b"".join(b"%d\n" % i for i in range(1, 20001))
		for link in links:
		    same(joined(wire.frames(link.recv_all()), 1), wanted)
	E
}

@test "a terminal: raw bytes, echo, its size at the start and after a resize" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "stty size; read x; stty size; echo done"], Tty=True, OpenStdin=True, host={"ConsoleSize": [30, 100]})
		link = attach(c)
		start(c)
		link.recv_until(b"30 100\r\n")
		same(call("POST", f"/containers/{c}/resize?h=24&w=80")[0], 200)
		link.send(b"x\n")
		data = link.recv_all()
		assert data.endswith(b"24 80\r\ndone\r\n"), data
		for query, sentence in (("h=x&w=1", 'invalid resize height "x": invalid syntax'), ("h=-1&w=1", 'invalid resize height "-1": value out of range'),
		            ("h=1&w=x", 'invalid resize width "x": invalid syntax')):
		    status, answer = call("POST", f"/containers/{c}/resize?{query}")
		    same((status, answer["message"]), (400, sentence))
	E
}

@test "detach keys end the stream and nothing else" {
	raw <<-'E'
		c = create(Cmd=["cat"], Tty=True, OpenStdin=True)
		link = attach(c)
		start(c)
		link.send(b"a\n")
		link.recv_until(b"a")
		link.send(b"\x10\x11")
		link.recv_all()
		assert inspect(c)["State"]["Running"]
		link = attach(c, "stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,x")
		link.send(b"b\x01")
		link.send(b"yc\x01x")
		link.recv_all()
		assert inspect(c)["State"]["Running"]
		call("DELETE", f"/containers/{c}?force=1")
		c = create(Cmd=["cat"], OpenStdin=True, StdinOnce=True)  # without a terminal they are bytes like any other
		link = attach(c)
		start(c)
		link.send(b"\x10\x11\n")
		link.half_close()
		same(joined(wire.frames(link.recv_all()), 1), b"\x10\x11\n")
	E
}

@test "wrong detach keys, unknown container: a text behind the raw-stream type" {
	local id
	id=$(create '"Cmd": ["true"]')
	curl -sS --unix-socket "$DAEMON_DIR/s" -i -X POST "http://localhost/containers/$id/attach?stream=1&stdin=1&detachKeys=nonsense" >"$BATS_TEST_TMPDIR/out"
	grep -q '400 Bad Request' "$BATS_TEST_TMPDIR/out"
	grep -qi 'content-type: application/vnd.docker.raw-stream' "$BATS_TEST_TMPDIR/out"
	grep -q 'Invalid detach keys (nonsense) provided' "$BATS_TEST_TMPDIR/out"
	curl -sS --unix-socket "$DAEMON_DIR/s" -i -X POST "http://localhost/containers/nosuch/attach?stream=1" >"$BATS_TEST_TMPDIR/out"
	grep -q '404 Not Found' "$BATS_TEST_TMPDIR/out"
	grep -q 'No such container: nosuch' "$BATS_TEST_TMPDIR/out"
}

@test "a reader that is slow loses nothing, and the container waits" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "seq 1 300000; echo finished >&2"])
		link = attach(c, "stream=1&stdout=1")
		start(c)
		time.sleep(1)
		data = joined(wire.frames(link.recv_all()), 1)
		same(data, b"".join(b"%d\n" % i for i in range(1, 300001)))
	E
}

@test "a client that vanishes does no harm" {
	raw <<-'E'
		c = create(Cmd=["sh", "-c", "seq 1 100000; echo end"], OpenStdin=True)
		link = attach(c)
		start(c)
		link.close()
		same(wait(c), 0)
		assert joined(logs(c, "stdout=1&tail=1"), 1) == b"end\n"
	E
}

@test "lighter attach: output, exit code, --no-stdin, --detach-keys" {
	lighter run -d -i --name attached "$IMAGE" sh -c 'read line; echo "got $line"; exit 8'
	run lighter attach attached < <(echo it; sleep 1) # the end of its input would end the attachment: no StdinOnce with -d
	[ "$status" -eq 8 ] && [ "$output" = "got it" ] || { echo "$status: $output"; return 1; }
	run lighter attach attached
	[ "$status" -eq 1 ]
	[[ $output == *"You cannot attach to a stopped container, start it first"* ]]
	lighter run -d -i --name attached2 "$IMAGE" sh -c 'read line; echo "got [$line]"'
	(echo unread | timeout -s KILL 1 lighter attach --no-stdin attached2 >"$BATS_TEST_TMPDIR/out") || true
	running attached2
	lighter rm -f attached2
}

@test "--detach-keys at a terminal: run, start and attach" {
	raw <<-'E'
		import pty, select, termios
		def person(keys, *command):
		    pid, fd = pty.fork()
		    if pid == 0:
		        mode = termios.tcgetattr(0)
		        mode[3] &= ~termios.ECHO  # so that what is seen is the container's echo
		        termios.tcsetattr(0, termios.TCSANOW, mode)
		        os.write(1, b"quiet")
		        os.execvp("lighter", ["lighter", *command])
		    seen = b""
		    while b"quiet" not in seen:
		        seen += os.read(fd, 4096)
		    try:
		        while b"hi" not in seen:  # what is typed before the terminal is raw may be lost
		            os.write(fd, b"hi\r")
		            if select.select([fd], [], [], 0.3)[0]:
		                seen += os.read(fd, 4096)
		        os.write(fd, keys)
		        while data := os.read(fd, 4096):
		            seen += data
		    except OSError:
		        pass
		    same(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
		    assert inspect("keys")["State"]["Running"]
		person(b"x", "run", "-it", "--name", "keys", "--detach-keys", "x", IMAGE, "cat")
		person(b"\x01y", "attach", "--detach-keys", "ctrl-a,y", "keys")
		person(b"\x10\x11", "attach", "keys")
		call("POST", "/containers/keys/kill")
		person(b"z", "start", "-ai", "--detach-keys", "z", "keys")
		call("DELETE", "/containers/keys?force=1")
	E
}

@test "lighter attach --sig-proxy" {
	local client option
	for option in "" --sig-proxy=false; do
		lighter run -d --name proxied "$IMAGE" sh -c 'trap "exit 12" TERM; while :; do echo .; usleep 50000; done'
		lighter attach --no-stdin $option proxied >"$BATS_TEST_TMPDIR/out$option" 3>&- &
		client=$!
		eventually 10 test -s "$BATS_TEST_TMPDIR/out$option" # it is attached, and has its signals in hand
		kill -TERM $client
		wait $client || true
		if [ -z "$option" ]; then
			eventually 10 exited proxied
			[ "$(field proxied .State.ExitCode)" = 12 ]
		else
			running proxied
		fi
		lighter rm -f proxied
	done
}

@test "lighter start -a, -i" {
	lighter create -i --name started "$IMAGE" sh -c 'cat; exit 13'
	run lighter start -a -i started <<<"through"
	[ "$status" -eq 13 ] && [ "$output" = through ]
	lighter create --name started2 "$IMAGE" echo hi
	[ "$(lighter start -a started2)" = hi ]
}
