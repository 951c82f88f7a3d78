# SPDX-License-Identifier: Apache-2.0
"""A real lighter-shim with a real container and a scripted daemon: start, exit, waits, signals, exec. See shim_case.py."""
import os
import select
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from shim_case import ShimCase, main, read_until, readable
from shim_peer import ShimError, read_all, recv_packet, text_of


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
        while readable(a, 0.3):  # what was in the pipe
            a.recv(65536)
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
        s = self.shim("head -c 60000 /dev/zero")
        slow = s.attach(send_buffer=4096)
        s.start()
        s.control.event("exit")
        s.control.call("exited_ok")
        s.control.event("gone")
        path = os.path.join(s.base, "run", "s")
        os.unlink(path)
        other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        other.bind(path)
        self.assertEqual(60000, len(text_of(read_all(slow))))
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
    main()
