# SPDX-License-Identifier: Apache-2.0
"""A real lighter-shim with a real container and scripted clients: input, terminals, bulk, log. See shim_case.py.

SCALE=full moves 1 GB where the default moves 64 MB.
"""
import hashlib
import os
import resource
import select
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from shim_case import FULL, MB, MEMORY_KB, SANITIZED, ShimCase, main, read_until, readable
from shim_peer import ShimError, read_all, send_packet, text_of

BULK = 1024 * MB if FULL else 64 * MB


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

    def test_without_stdin_once_a_half_close_ends_that_client_s_input_only(self):
        s = self.shim("cat", open_stdin=True)
        a, b = s.attach(stdin=True), s.attach(stdin=True)
        s.start()
        a.sendall(b"one\n")
        read_until(a, b"one\n")
        read_until(b, b"one\n")
        a.shutdown(socket.SHUT_WR)
        b.sendall(b"two\n")
        self.assertIn(b"two\n", read_until(b, b"two\n"))
        self.assertIn(b"two\n", read_until(a, b"two\n"))
        s.control.call("signal", signo=9)
        self.end(s, 137)
        self.assertEqual(b"", read_all(a))

    def test_a_process_that_closes_its_input(self):
        s = self.shim("exec 0<&-; echo closed; sleep 0.5; echo done", open_stdin=True, stdin_once=True)
        a = s.attach(stdin=True)
        s.start()
        read_until(a, b"closed\n")
        a.sendall(b"x" * 600000)  # taken and dropped: the client is not stuck
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
        s = self.shim("head -c 60000 /dev/zero; echo end >&2")
        a, w = s.attach(send_buffer=4096), s.wait("next-exit")
        s.start()
        self.assertEqual(0, s.control.event("exit")["exit_code"])
        s.control.call("exited_ok")
        read_all(w)
        s.control.event("gone")
        self.assertEqual(60000, sum(len(t) for stream, t in s.log() if stream == "stdout"))
        data = read_all(a)
        self.assertEqual(60000, len(text_of(data)))
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


if __name__ == "__main__":
    main()
