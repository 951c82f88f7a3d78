# SPDX-License-Identifier: Apache-2.0
"""A real lighter-shim with a real container, and a scripted daemon and clients.

Usage: shim_test.py PROGRAM [unittest arguments]. Needs root. SCALE=full moves 1 GB where the default moves 64 MB.
"""
import hashlib
import os
import select
import signal
import socket
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
from shim_peer import Shim, ShimError, frames, read_all, recv_packet, send_packet, text_of

PROGRAM = os.path.abspath(sys.argv[1])
FULL = os.environ.get("SCALE") == "full"
MB = 1 << 20
BULK = 1024 * MB if FULL else 64 * MB
SANITIZED = b"__asan_init" in open(PROGRAM, "rb").read()
MEMORY_KB = 4096


def read_until(sock, wanted):
    data = b""
    while wanted not in data:
        part = sock.recv(65536)
        if not part:
            raise AssertionError(f"the end came before {wanted!r}: {data!r}")
        data += part
    return data


def readable(sock, seconds):
    return bool(select.select([sock], [], [], seconds)[0])


class ShimCase(unittest.TestCase):
    def shim(self, script, expect_clean=True, **options):
        s = Shim(PROGRAM, ["sh", "-c", script] if isinstance(script, str) else script, **options)
        self.addCleanup(self.finish, s, expect_clean)
        s.control.call("subscribe")
        return s

    def finish(self, s, expect_clean):
        clean = s.close()
        if expect_clean and sys.exc_info() == (None, None, None):
            self.assertTrue(clean, "the shim did not leave by itself")

    def end(self, s, code):
        """Plays the daemon's part in the end, and sees it through."""
        event = s.control.event("exit")
        self.assertEqual(code, event["exit_code"])
        self.assertEqual(code, s.record()["exit_code"])
        self.assertEqual("exited", s.record()["status"])
        s.control.call("exited_ok")
        s.control.event("gone")
        self.assertEqual(0, s.join())
        self.assertEqual(["exit.json"], os.listdir(os.path.join(s.base, "run")))
        return event

    def bounded(self, s):
        if not SANITIZED:
            used = s.memory_kb()
            print(f"  peak memory of the shim: {used} kB", file=sys.stderr)
            self.assertLessEqual(used, MEMORY_KB)


class Life(ShimCase):
    def test_start_output_exit(self):
        s = self.shim("echo out; echo err >&2; printf end; exit 3")
        w = [s.wait(c) for c in ("next-exit", "removed")]
        a = s.attach()
        self.assertEqual("created", s.control.call("state")["status"])
        s.start()
        s.control.event("exit")
        self.assertFalse(readable(w[0], 0))  # nobody is told before the daemon
        reply = s.control.call("take_waits")
        self.assertEqual((1, ["removed"], False), (reply["n"], reply["conditions"], reply["more"]))
        removed = socket.socket(fileno=s.control.fds[0])
        s.control.call("exited_ok")
        self.assertEqual(b'11\r\n{"StatusCode":3}\n\r\n0\r\n\r\n', read_all(w[0]))
        self.assertEqual(b"out\nend", text_of(read_all(a)))
        s.control.event("gone")
        self.assertEqual(0, s.join())
        removed.sendall(b"the daemon's")
        self.assertEqual(b"the daemon's", w[1].recv(100))
        removed.close()
        self.assertEqual(("stdout", "end"), s.log()[-1])
        self.assertEqual({("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "end")}, set(s.log()))

    def test_without_a_daemon(self):
        s = self.shim("read x; exit 7", open_stdin=True, stdin_once=True)
        a, w = s.attach(stdin=True), s.wait("next-exit")
        s.start()
        s.control.close()
        a.sendall(b"x\n")
        self.assertEqual(b'11\r\n{"StatusCode":7}\n\r\n0\r\n\r\n', read_all(w))
        self.assertEqual(b"", read_all(a))
        self.assertEqual(0, s.join())
        self.assertEqual(7, s.record()["exit_code"])

    def test_another_daemon_takes_over(self):
        s = self.shim("read x; exit 5", open_stdin=True)
        s.start()
        s.control.close()
        c = s.connect()
        self.assertEqual(1, c.call("hello", min=1, max=9)["version"])
        state = c.call("subscribe")
        self.assertEqual(("running", s.pid), (state["status"], state["pid"]))
        a = s.attach(stdin=True, connection=c)
        a.sendall(b"\n")
        s.control = c
        self.end(s, 5)

    def test_a_signal(self):
        s = self.shim("sleep 100")
        s.start()
        s.control.call("signal", signo=9, all=False)
        self.end(s, 137)

    def test_the_command_is_missing(self):
        s = self.shim(["/no/such/command"])
        a, w = s.attach(), s.wait("next-exit")
        with self.assertRaisesRegex(ShimError, "command missing: .*no such file"):
            s.start()
        self.assertEqual(b"", read_all(a))
        self.assertEqual("created", s.control.call("state")["status"])
        reply = s.control.call("take_waits")
        self.assertEqual((1, ["next-exit"]), (reply["n"], reply["conditions"]))
        os.close(s.control.fds[0])
        self.assertEqual(b"", read_all(w))
        s.control.call("quit")
        self.assertEqual(0, s.join())
        self.assertEqual([], os.listdir(os.path.join(s.base, "run")))

    def test_a_document_that_is_none(self):
        s = self.shim("true", version=99)
        with self.assertRaisesRegex(ShimError, "not implemented"):
            s.start()
        s.control.call("quit")
        self.assertEqual(0, s.join())

    def test_quit_leaves_no_trace(self):
        s = self.shim("true")
        a = s.attach()
        s.control.call("quit")
        self.assertEqual(0, s.join())
        self.assertEqual(b"", read_all(a))
        self.assertEqual([], os.listdir(os.path.join(s.base, "run")))

    def test_a_killed_shim_takes_its_container_along(self):
        s = self.shim("sleep 100")
        s.start()
        pidfd = os.pidfd_open(s.pid)
        os.kill(s.process, signal.SIGKILL)
        self.assertTrue(select.select([pidfd], [], [], 10)[0], "the container outlived its shim")
        os.close(pidfd)
        s.join()

    def test_termination_signals_are_ignored(self):
        s = self.shim("read x", open_stdin=True, stdin_once=True)
        a = s.attach(stdin=True)
        s.start()
        for signo in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            os.kill(s.process, signo)
        self.assertEqual("running", s.control.call("state")["status"])
        a.close()
        self.end(s, 1)

    def test_pause(self):
        s = self.shim("while true; do echo x; sleep 0.01; done")
        s.start()
        s.control.call("pause")
        self.assertEqual("paused", s.control.call("state")["status"])
        with self.assertRaisesRegex(ShimError, "already paused"):
            s.control.call("pause")
        a = s.attach()
        self.assertFalse(readable(a, 0.2))
        s.control.call("resume")
        self.assertTrue(readable(a, 10))
        s.control.call("signal", signo=9, all=True)
        self.end(s, 137)

    def test_the_rest_of_the_cgroup_is_killed(self):
        """No pid namespace: what the first process leaves behind would go on, and holds the pipes."""
        s = self.shim("sleep 1000 & sleep 1000 & echo started", spec_options={"pid_namespace": False})
        a = s.attach()
        s.start()
        self.end(s, 0)
        self.assertEqual(b"started\n", text_of(read_all(a)))

    def test_a_pipe_held_from_outside(self):
        s = self.shim("echo one; read x; echo two", open_stdin=True)
        a = s.attach(stdin=True)
        s.start()
        read_until(a, b"one\n")
        held = os.open(f"/proc/{s.pid}/fd/1", os.O_WRONLY)
        a.sendall(b"\n")
        began = time.monotonic()
        s.control.event("exit")
        self.assertLess(time.monotonic() - began, 10)
        s.control.call("exited_ok")
        self.assertEqual(b"two\n", text_of(read_all(a)))
        os.close(held)
        s.control.event("gone")
        s.join()

    def test_the_next_shim_keeps_its_socket(self):
        """One shim waits for a slow client, the next has started in the same directory."""
        s = self.shim("head -c 300000 /dev/zero")
        slow = s.attach()
        s.start()
        s.control.event("exit")
        s.control.call("exited_ok")
        s.control.event("gone")
        path = os.path.join(s.base, "run", "s")
        os.unlink(path)
        other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        other.bind(path)
        self.assertEqual(300000, len(text_of(read_all(slow))))
        slow.close()
        self.assertEqual(0, s.join())
        self.assertTrue(os.path.exists(path))
        other.close()

    def test_bad_requests(self):
        s = self.shim("read x", open_stdin=True, stdin_once=True)
        s.start()
        with self.assertRaisesRegex(ShimError, "not implemented: .*no request .levitate"):
            s.control.call("levitate")
        with self.assertRaisesRegex(ShimError, "invalid: signo"):
            s.control.call("signal", signo="nine")
        with self.assertRaisesRegex(ShimError, "invalid: 65 is not a signal"):
            s.control.call("signal", signo=65)
        with self.assertRaisesRegex(ShimError, "invalid: attach needs one descriptor"):
            s.control.call("attach", stream=True)
        with self.assertRaisesRegex(ShimError, "invalid condition"):
            s.wait("nonsense")
        with self.assertRaisesRegex(ShimError, "has no terminal"):
            s.control.call("resize", rows=1, cols=1)
        with self.assertRaisesRegex(ShimError, "conflict"):
            s.control.call("quit")
        with self.assertRaisesRegex(ShimError, "not implemented"):
            s.control.call("hello", min=7, max=9)
        c = s.connect()
        c.sock.send(b"this is no packet")
        self.assertIsNone(recv_packet(c.sock))
        a = s.attach(stdin=True)
        a.close()
        self.end(s, 1)

    def test_waits(self):
        s = self.shim("read x; exit 9", open_stdin=True, stdin_once=True)
        early = s.wait("not-running")  # a created container is not running
        self.assertEqual(b'11\r\n{"StatusCode":0}\n\r\n0\r\n\r\n', read_all(early))
        a = s.attach(stdin=True)
        s.start()
        waits = [s.wait(c) for c in ("not-running", "next-exit") for _ in range(20)]
        leaver = s.wait("removed")
        leaver.close()
        many = [s.wait("removed") for _ in range(20)]
        a.close()
        s.control.event("exit")
        fds, more = 0, True
        while more:
            reply = s.control.call("take_waits")
            more = reply["more"]
            fds += len(s.control.fds)
            for fd in s.control.fds:
                os.close(fd)
        self.assertEqual(20, fds)
        s.control.call("exited_ok")
        for w in waits:
            self.assertEqual(b'11\r\n{"StatusCode":9}\n\r\n0\r\n\r\n', read_all(w))
        for w in many:
            self.assertEqual(b"", read_all(w))
        s.control.event("gone")
        s.join()

    def test_wait_for_the_removal_without_a_daemon(self):
        s = self.shim("exit 4")
        w = s.wait("removed")
        s.start()
        s.control.close()
        began = time.monotonic()
        self.assertEqual(b'11\r\n{"StatusCode":4}\n\r\n0\r\n\r\n', read_all(w))
        self.assertGreater(time.monotonic() - began, 5)
        s.join()


class Input(ShimCase):
    def test_none(self):
        s = self.shim("cat; echo done")
        a = s.attach(stdin=True)
        s.start()
        self.end(s, 0)
        self.assertEqual(b"done\n", text_of(read_all(a)))

    def test_bytes_behind_the_request_come_first(self):
        s = self.shim("cat", open_stdin=True, stdin_once=True)
        early = os.urandom(150000)
        a = s.attach(raw=early, stdin=True)
        out = []
        reader = threading.Thread(target=lambda: out.append(read_all(a)))
        reader.start()
        s.start()
        a.sendall(b"then this")
        a.shutdown(socket.SHUT_WR)
        self.end(s, 0)
        reader.join()
        self.assertEqual(early + b"then this", text_of(out[0]))

    def test_stdin_once_ends_with_the_first_client(self):
        s = self.shim("cat; echo done", open_stdin=True, stdin_once=True)
        a, b = s.attach(stdin=True), s.attach(stdin=True)
        s.start()
        a.sendall(b"from a\n")
        read_until(b, b"from a\n")
        a.shutdown(socket.SHUT_WR)
        self.end(s, 0)
        self.assertEqual(b"from a\ndone\n", text_of(read_all(a)))
        self.assertEqual(b"done\n", text_of(read_all(b)))

    def test_stdin_once_and_a_client_that_vanishes(self):
        s = self.shim("cat; echo done", open_stdin=True, stdin_once=True)
        a, b = s.attach(stdin=True), s.attach()
        s.start()
        a.sendall(b"last words\n")
        a.close()
        self.end(s, 0)
        self.assertEqual(b"last words\ndone\n", text_of(read_all(b)))

    def test_without_stdin_once_a_half_close_ends_that_client(self):
        s = self.shim("cat", open_stdin=True)
        a, b = s.attach(stdin=True), s.attach(stdin=True)
        s.start()
        a.sendall(b"one\n")
        read_until(a, b"one\n")
        read_until(b, b"one\n")
        a.shutdown(socket.SHUT_WR)
        self.assertEqual(b"", read_all(a))
        b.sendall(b"two\n")
        self.assertIn(b"two\n", read_until(b, b"two\n"))
        c = s.attach(stdin=True)
        c.sendall(b"three\n")
        read_until(c, b"three\n")
        s.control.call("signal", signo=9)
        self.end(s, 137)

    def test_a_process_that_closes_its_input(self):
        s = self.shim("exec 0<&-; echo closed; sleep 0.5; echo done", open_stdin=True, stdin_once=True)
        a = s.attach(stdin=True)
        s.start()
        read_until(a, b"closed\n")
        a.sendall(b"x" * 3000000)  # taken and dropped: the client is not stuck
        a.shutdown(socket.SHUT_WR)
        self.end(s, 0)
        self.assertEqual(b"done\n", text_of(read_all(a)))

    def test_a_process_that_does_not_read(self):
        s = self.shim("sleep 1000", open_stdin=True, stdin_once=True)
        a = s.attach(stdin=True)
        s.start()
        a.setblocking(False)
        sent = 0
        while select.select([], [a], [], 0.3)[1]:
            sent += a.send(b"x" * 65536)
        self.assertLess(sent, 2 * MB)
        a.close()
        s.control.call("signal", signo=9)
        self.end(s, 137)


class Terminal(ShimCase):
    def test_size_and_bytes(self):
        s = self.shim("stty size; read a; stty size; echo got $a", tty=True, open_stdin=True, rows=30, cols=100)
        a = s.attach(stdin=True)
        s.start()
        self.assertEqual(b"30 100\r\n", read_until(a, b"100\r\n"))
        s.control.call("resize", rows=24, cols=80)
        a.sendall(b"abc\n")
        self.end(s, 0)
        self.assertEqual(b"abc\r\n24 80\r\ngot abc\r\n", read_all(a))
        self.assertEqual(("stdout", "30 100\r\n"), s.log()[0])

    def test_detach_keys(self):
        script = "stty raw -echo; echo ready; cat"
        cases = [
            (None, [b"ab\x10\x11lost"], b"ab"),
            (None, [b"ab\x10", b"\x11"], b"ab"),
            (None, [b"\x10x\x10\x10\x11\x11", b"\x10\x11"], b"\x10x\x10\x10\x11\x11"),
            ("ctrl-a,b", [b"\x10\x11\x01a\x01b"], b"\x10\x11\x01a"),
        ]
        s = self.shim(script, tty=True, open_stdin=True)
        ready = s.attach()
        s.start()
        read_until(ready, b"ready\n")
        for keys, sends, passed in cases:
            a = s.attach(stdin=True, stdout=False, stderr=False, **({"detach_keys": keys} if keys else {}))
            for part in sends:
                a.sendall(part)
            self.assertEqual(b"", read_all(a))
            self.assertEqual(passed, ready.recv(len(passed), socket.MSG_WAITALL))
        with self.assertRaisesRegex(ShimError, r"Invalid detach keys \(ctrl-A\) provided"):
            s.attach(stdin=True, detach_keys="ctrl-A")
        self.assertEqual("running", s.control.call("state")["status"])
        s.control.call("signal", signo=9)
        self.end(s, 137)

    def test_no_detach_keys_without_a_terminal(self):
        s = self.shim("cat", open_stdin=True, stdin_once=True)
        a = s.attach(stdin=True)
        s.start()
        a.sendall(b"\x10\x11")
        a.shutdown(socket.SHUT_WR)
        self.end(s, 0)
        self.assertEqual(b"\x10\x11", text_of(read_all(a)))

    def test_all_output_comes_before_the_end(self):
        s = self.shim("seq 1 20000", tty=True)
        a = s.attach()
        out = []
        reader = threading.Thread(target=lambda: out.append(read_all(a)))
        reader.start()
        s.start()
        self.end(s, 0)
        reader.join()
        self.assertEqual([str(i).encode() for i in range(1, 20001)], out[0].split())

    def test_nobody_has_the_terminal_open(self):
        """All of its descriptors are closed for a while: no hang-up, no end, no spinning."""
        s = self.shim("exec <&- >&- 2>&-; sleep 0.5; exec </dev/pts/0 >/dev/pts/0; echo back", tty=True)
        a = s.attach()
        s.start()
        self.assertEqual(b"back\r\n", read_until(a, b"back\r\n"))
        self.end(s, 0)


class Bulk(ShimCase):
    def pour(self, a, total):
        block = os.urandom(MB)
        digest = hashlib.sha256()
        for _ in range(total // MB):
            digest.update(block)
            a.sendall(block)
        a.shutdown(socket.SHUT_WR)
        return digest.hexdigest()

    def through_cat(self, pause):
        s = self.shim("exec cat", open_stdin=True, stdin_once=True, log={"driver": "none"})
        a = s.attach(stdin=True)
        s.start()
        sent = []
        writer = threading.Thread(target=lambda: sent.append(self.pour(a, BULK)))
        writer.start()
        time.sleep(pause)
        got, digest, buffered = 0, hashlib.sha256(), b""
        peak = 0
        while True:
            part = a.recv(1 << 18)
            if not part:
                break
            if got % (16 * MB) < len(part):
                s.control.call("state")
                peak = max(peak, s.memory_kb())
            buffered += part
            while len(buffered) >= 8:
                size = int.from_bytes(buffered[4:8], "big")
                if len(buffered) < 8 + size:
                    break
                digest.update(buffered[8 : 8 + size])
                got += size
                buffered = buffered[8 + size :]
            if got == BULK and peak == 0 or got == BULK:
                peak = max(peak, s.memory_kb()) if s.process else peak
                break
        writer.join()
        self.assertEqual(BULK, got)
        self.assertEqual(sent[0], digest.hexdigest())
        print(f"  {BULK // MB} MB each way, peak memory of the shim: {peak} kB", file=sys.stderr)
        if not SANITIZED:
            self.assertLessEqual(peak, MEMORY_KB)
        self.end(s, 0)

    def test_both_ways(self):
        self.through_cat(0)

    def test_both_ways_with_a_reader_that_sleeps_first(self):
        self.through_cat(10 if FULL else 1)

    def test_a_slow_reader_stops_the_container_until_it_leaves(self):
        s = self.shim("yes", log={"driver": "none"})
        slow, other = s.attach(), s.attach()
        s.start()

        def flowing(seconds):
            """Bytes `other` gets until nothing comes for so long."""
            n = 0
            while readable(other, seconds) and n < 50 * MB:
                n += len(other.recv(1 << 20))
            return n

        self.assertLess(flowing(0.5), 2 * MB)
        began = time.monotonic()
        slow.close()
        self.assertTrue(readable(other, 10))
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertGreaterEqual(flowing(5), 50 * MB)
        self.bounded(s)
        s.control.call("signal", signo=9)
        other.close()
        self.end(s, 137)

    def test_an_exit_is_not_held_up_by_a_slow_reader(self):
        s = self.shim("head -c 300000 /dev/zero; echo end >&2")
        a, w = s.attach(), s.wait("next-exit")
        s.start()
        self.assertEqual(0, s.control.event("exit")["exit_code"])
        s.control.call("exited_ok")
        read_all(w)
        s.control.event("gone")
        self.assertEqual(300000, sum(len(t) for stream, t in s.log() if stream == "stdout"))
        data = read_all(a)
        self.assertEqual(300000, len(text_of(data)))
        self.assertEqual(b"end\n", text_of(data, 2))
        self.assertEqual(0, s.join())


class Log(ShimCase):
    def test_lines_survive_daemons(self):
        """200,000 numbered lines on both streams while control connections come and go: each once, in order."""
        n = 200000 if FULL else 20000
        script = f"""i=0; while [ $i -lt {n} ]; do
            case $((i % 1000)) in
                500) printf "%d %020000d\\n" $i 0;;
                *) echo $i;;
            esac; i=$((i + 1)); echo $i >&2; i=$((i + 1)); done"""
        s = self.shim(script)
        a = s.attach()
        got = []
        reader = threading.Thread(target=lambda: got.append(read_all(a)))
        reader.start()
        s.start()
        for _ in range(20):
            c = s.connect()
            c.call("subscribe")
            c.close()
            c = s.connect()
            send_packet(c.sock, {"type": "state", "seq": 1})
            c.sock.close()
        s.control.event("exit")
        s.control.call("exited_ok")
        reader.join()
        s.control.event("gone")
        for stream, number in (("stdout", 1), ("stderr", 2)):
            lines = "".join(text for name, text in s.log() if name == stream).splitlines()
            numbers = list(range(number - 1, n, 2))
            self.assertEqual(numbers, [int(line.split()[0]) for line in lines])
            self.assertEqual(numbers, [int(line.split()[0]) for line in text_of(got[0], number).splitlines()])
        self.assertEqual(0, s.join())

    def test_replay_then_live_without_gap_or_double(self):
        n = 60000
        s = self.shim(f"seq 1 {n}; read x; printf partial; read x; echo ' end'", open_stdin=True,
                      log={"driver": "json-file", "path": "c-json.log", "max_size": 5000000, "max_file": 3})
        feed = s.attach(stdin=True, stdout=False, stderr=False)
        s.start()
        want = b"".join(b"%d\n" % i for i in range(1, n + 1))
        joins, threads, results = [], [], {}

        def follow(i, sock):
            results[i] = text_of(read_all(sock))

        for i in range(8):
            joins.append(s.attach(logs=True))
            threads.append(threading.Thread(target=follow, args=(i, joins[i])))
            threads[i].start()
        feed.sendall(b"\n")
        watcher = s.attach()
        read_until(watcher, b"partial")
        late = s.attach(logs=True)
        only = s.attach(logs=True, stream=False)
        self.assertEqual(want, text_of(read_all(only)))
        for i, sock in ((8, late), (9, watcher)):
            threads.append(threading.Thread(target=follow, args=(i, sock)))
            threads[-1].start()
        feed.sendall(b"\n")
        self.end(s, 0)
        for t in threads:
            t.join()
        for i in range(9):
            self.assertEqual(want + b"partial end\n", results[i])
        self.assertEqual(b" end\n", results[9])

    def test_a_replay_does_not_hold_up_the_container(self):
        s = self.shim("seq 1 100000; echo ready >&2; read x; seq 100001 200000; echo done >&2; read x", open_stdin=True)
        feed = s.attach(stdin=True, stdout=False)
        s.start()
        read_until(feed, b"ready")
        slow = s.attach(logs=True, stderr=False)
        feed.sendall(b"\n")
        read_until(feed, b"done")  # though nobody reads `slow`
        feed.sendall(b"\n")
        self.end_with_slow(s, slow)

    def end_with_slow(self, s, slow):
        s.control.event("exit")
        s.control.call("exited_ok")
        s.control.event("gone")
        self.assertEqual(b"".join(b"%d\n" % i for i in range(1, 200001)), text_of(read_all(slow)))
        self.assertEqual(0, s.join())

    def test_rotation(self):
        s = self.shim("seq 1 5000", log={"driver": "json-file", "path": "c-json.log", "max_size": 10000, "max_file": 2})
        s.start()
        self.end(s, 0)
        sizes = [os.path.getsize(os.path.join(s.base, "container", f)) for f in sorted(os.listdir(s.base + "/container"))]
        self.assertEqual(2, len(sizes))
        self.assertTrue(all(size <= 10000 for size in sizes))

    def test_a_full_disk_does_not_stop_the_container(self):
        s = self.shim("seq 1 200000; echo done >&2")
        directory = os.path.join(s.base, "container")
        s_log = os.path.join(directory, "c-json.log")
        a = s.attach()
        # The limit stands in for a full disk; SIGXFSZ is ignored by the shim.
        import resource
        resource.prlimit(s.process, resource.RLIMIT_FSIZE, (1000000, resource.RLIM_INFINITY))
        out = []
        reader = threading.Thread(target=lambda: out.append(read_all(a)))
        reader.start()
        s.start()
        event = s.control.event("exit")
        self.assertGreater(event["log_dropped"], 100000)
        s.control.call("exited_ok")
        s.control.event("gone")
        reader.join()
        self.assertEqual(200000, len(text_of(out[0]).splitlines()))
        self.assertLessEqual(os.path.getsize(s_log), 1000000)
        self.assertEqual(("stdout", "1\n"), s.log()[0])
        self.assertEqual(0, s.join())

    def test_no_log(self):
        s = self.shim("echo x", log={"driver": "none"})
        a = s.attach(logs=True)
        s.start()
        self.end(s, 0)
        self.assertEqual(b"x\n", text_of(read_all(a)))
        self.assertEqual([], os.listdir(os.path.join(s.base, "container")))


class Exec(ShimCase):
    def exec(self, s, exec_id, args, client=True, tty=False, stdin=False, raw=b"", **more):
        process = {"args": args, "cwd": "/", "env": ["PATH=/bin"], "terminal": tty, "user": {"uid": 0, "gid": 0}}
        ours, theirs = socket.socketpair()
        s.control.call("exec_start", raw=raw, fds=[theirs.fileno()] if client else [], exec_id=exec_id, process=process,
                       tty=tty, stdin=stdin, stdout=True, stderr=True, **more)
        theirs.close()
        ours.settimeout(60)
        return ours

    def running(self):
        s = self.shim("read x", open_stdin=True, stdin_once=True)
        s.feed = s.attach(stdin=True)
        s.start()
        return s

    def finish_container(self, s):
        s.feed.close()
        self.end(s, 1)

    def test_output_and_code(self):
        s = self.running()
        a = self.exec(s, "e1", ["sh", "-c", "echo out; echo err >&2; exit 4"])
        data = read_all(a)
        self.assertEqual((b"out\n", b"err\n"), (text_of(data), text_of(data, 2)))
        event = s.control.event("exec_exit")
        self.assertEqual(("e1", 4), (event["exec_id"], event["exit_code"]))
        state = s.control.call("exec_state", exec_id="e1")
        self.assertEqual((False, 4), (state["running"], state["exit_code"]))
        with self.assertRaisesRegex(ShimError, "conflict"):
            self.exec(s, "e1", ["true"])
        with self.assertRaisesRegex(ShimError, "not found"):
            s.control.call("exec_state", exec_id="e2")
        self.finish_container(s)

    def test_input(self):
        s = self.running()
        a = self.exec(s, "e1", ["cat"], stdin=True, raw=b"first ")
        a.sendall(b"second")
        a.shutdown(socket.SHUT_WR)
        self.assertEqual(b"first second", text_of(read_all(a)))
        self.finish_container(s)

    def test_terminal(self):
        s = self.running()
        a = self.exec(s, "e1", ["sh", "-c", "stty size; read a; stty size"], stdin=True, tty=True, rows=10, cols=20)
        read_until(a, b"10 20\r\n")
        s.control.call("resize", exec_id="e1", rows=11, cols=21)
        a.sendall(b"\n")
        self.assertEqual(b"\r\n11 21\r\n", read_all(a))
        a = self.exec(s, "e2", ["cat"], stdin=True, tty=True)
        a.sendall(b"\x10\x11")
        self.assertEqual(b"", read_all(a))
        self.assertTrue(s.control.call("exec_state", exec_id="e2")["running"])
        self.finish_container(s)

    def test_command_missing(self):
        s = self.running()
        with self.assertRaisesRegex(ShimError, "command missing"):
            self.exec(s, "e1", ["/no/such"])
        self.finish_container(s)

    def test_detached_and_many(self):
        s = self.running()
        for i in range(300):
            self.exec(s, f"e{i}", ["true"], client=False)
        for _ in range(300):
            s.control.event("exec_exit")
        self.bounded(s)
        self.finish_container(s)

    def test_a_child_that_holds_the_pipe(self):
        s = self.running()
        a = self.exec(s, "e1", ["sh", "-c", "sleep 1000 & echo hi"])
        self.assertEqual(b"hi\n", text_of(read_all(a)))
        self.finish_container(s)

    def test_the_container_ends_first(self):
        s = self.running()
        a = self.exec(s, "e1", ["sleep", "1000"])
        self.finish_container(s)
        self.assertEqual(b"", read_all(a))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], warnings="ignore")
