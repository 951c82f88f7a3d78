#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lighterd's settings, sockets and signals, over an engine that only remembers how it was opened. Prints TAP. Needs root.

Usage: lighterd_test.py LIGHTERD [NAME...]
"""
import grp
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile

from scripted import Client, run

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Daemon:
    """lighterd with these arguments; "%" in them is its directory. Waits until it says that it is ready."""

    def __init__(self, bench, *args, config=None, ready=True, prefix=(), **more):
        self.directory = bench.directory.name
        self.config = os.path.join(self.directory, "daemon.json")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(json.dumps(config or {}) if not isinstance(config, str) else config)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.settimeout(60)
        if os.path.exists(self.path("notify")):
            os.unlink(self.path("notify"))
        notify.bind(self.path("notify"))
        self.notify = notify
        command = [*prefix, bench.program, "--docker-socket=false", "--config-file", self.config] + [a.replace("%", self.directory) for a in args]
        env = dict(os.environ, NOTIFY_SOCKET=self.path("notify"))
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, **more)
        bench.processes.append(self.process)
        if ready:
            assert notify.recv(100) == b"READY=1"

    def path(self, name):
        return os.path.join(self.directory, name)

    def client(self, name="s"):
        return Client(type("Server", (), {"path": self.path(name)}))

    def ends(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.notify.recv(100) == b"STOPPING=1"
        status, _, err = self.ends()
        assert status == 0, (status, err)
        return err


class Bench:
    """What scripted.run() calls the server: a place for daemons."""

    def __init__(self, program):
        self.program = program
        self.directory = tempfile.TemporaryDirectory(prefix="lighterd-test.")
        self.processes = []

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.directory.cleanup()


def opened(client):
    return json.loads(client.get("/info")[2])["last"]


def refused(bench, *args, **more):
    status, _, err = Daemon(bench, *args, ready=False, **more).ends()
    assert status == 1, (status, err)
    return err


@test
def it_serves_until_it_is_told_to_end(bench):
    daemon = Daemon(bench, "-H", "unix://%/s", "--pidfile", "%/pid")
    assert daemon.client().get("/_ping")[2] == "OK"
    assert int(open(daemon.path("pid"), encoding="ascii").read()) == daemon.process.pid
    daemon.stop()
    assert not os.path.exists(daemon.path("pid"))


@test
def several_sockets(bench):
    daemon = Daemon(bench, "-H", "unix://%/s", "--host", "unix://%/new/directory/t", "--host=unix://%/" + "d" * 100 + "/" + "e" * 50 + "/u")
    assert daemon.client("s").get("/_ping")[2] == "OK"
    assert daemon.client("new/directory/t").get("/_ping")[2] == "OK"
    fd = os.open(daemon.path("d" * 100 + "/" + "e" * 50), os.O_RDONLY | os.O_DIRECTORY)
    assert Client(type("Server", (), {"path": f"/proc/self/fd/{fd}/u"})).get("/_ping")[2] == "OK"
    os.close(fd)
    mode = os.stat(daemon.path("s"))
    assert stat.S_IMODE(mode.st_mode) == 0o660 and mode.st_uid == 0


@test
def the_sockets_group(bench):
    group = grp.getgrgid(os.getgid()) if os.getgid() else grp.getgrnam("daemon")
    daemon = Daemon(bench, "-H", "unix://%/s", "--group", group.gr_name)
    assert os.stat(daemon.path("s")).st_gid == group.gr_gid


@test
def a_stale_socket_is_replaced_and_a_served_one_is_not(bench):
    first = Daemon(bench, "-H", "unix://%/s")
    assert "another program serves it" in refused(bench, "-H", "unix://%/s")
    first.process.kill()
    first.process.communicate()
    assert os.path.exists(first.path("s"))
    assert Daemon(bench, "-H", "unix://%/s").client().get("/_ping")[2] == "OK"
    with open(first.path("file"), "w", encoding="ascii") as file:
        file.write("precious")
    assert "no socket" in refused(bench, "-H", "unix://%/file")
    assert open(first.path("file"), encoding="ascii").read() == "precious"


@test
def sockets_of_a_service_manager(bench):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.path.join(bench.directory.name, "activated"))
    listener.listen()

    fd = listener.fileno()
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{fd}'
    daemon = Daemon(bench, "-H", "fd://", prefix=["/bin/sh", "-c", script], pass_fds=[fd])
    assert daemon.client("activated").get("/_ping")[2] == "OK"
    listener.close()
    assert "passed no socket" in refused(bench, "-H", "fd://")


@test
def a_tcp_socket(bench):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = Daemon(bench, "-H", f"tcp://127.0.0.1:{port}", "-H", "unix://%/s")
    server = type("Server", (), {"path": ("127.0.0.1", port)})
    assert Client(server).get("/_ping")[2] == "OK"
    watcher = Client(server).send("GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
    assert watcher.head()[0] == 200 and watcher.line()
    watcher.close()
    log = daemon.stop()
    assert "without TLS" in log


@test
def flags_reach_the_engine(bench):
    daemon = Daemon(bench, "-H", "unix://%/s", "--data-root", "/d", "--exec-root=/e", "-b", "br9", "--bip", "10.0.0.1/24", "--label", "a=b", "--instance", "i", "-D")
    assert opened(daemon.client()) == "open i /d /e br9 10.0.0.1/24 a=b 1"


@test
def the_file_has_the_same_keys(bench):
    config = {"data-root": "/d", "exec-root": "/e", "bridge": "br9", "bip": "10.0.0.1/24", "labels": ["a=b"], "instance": "i", "debug": True}
    config["hosts"] = ["unix://" + os.path.join(bench.directory.name, "s")]
    daemon = Daemon(bench, config=config)
    assert opened(daemon.client()) == "open i /d /e br9 10.0.0.1/24 a=b 1"


@test
def bad_settings_are_refused_by_name(bench):
    for args, config, words in (
        ([], {"no-such-key": 1}, ["no-such-key", "don't match any configuration option"]),
        (["--data-root", "/x"], {"data-root": "/y"}, ["data-root", "both as a flag and in the configuration file"]),
        (["-H", "unix://%/s"], {"hosts": ["unix:///x"]}, ["hosts", "both as a flag"]),
        ([], {"debug": "yes"}, ["debug", "true or false"]),
        ([], {"labels": "a"}, ["labels", "a list of strings"]),
        ([], {"bridge": 1}, ["bridge", "a string"]),
        ([], "[]", ["an object"]),
        ([], '{"debug": tru}', ["daemon.json", "offset"]),
        (["--no-such-flag"], None, ["no-such-flag"]),
        (["argument"], None, ["argument"]),
        (["-H", "http://x"], None, ["http://x", "unix://"]),
        (["--log-level", "loud"], None, ["loud"]),
        (["--log-format", "xml"], None, ["xml"]),
    ):
        err = refused(bench, *args, config=config)
        for word in words:
            assert word in err, (args, config, err)
    missing = subprocess.run([bench.program, "--config-file", "/nonexistent/x"], capture_output=True, text=True, timeout=60, check=False)
    assert missing.returncode == 1 and "/nonexistent/x" in missing.stderr


@test
def help_and_version(bench):
    shown = subprocess.run([bench.program, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    for flag in ("--host", "--data-root", "--exec-root", "--bridge", "--bip", "--pidfile", "--log-level", "--debug", "--docker-socket", "--group", "--label", "--config-file", "--instance", "--version"):
        assert flag in shown, flag
    for flag in ("--version", "-v"):
        assert subprocess.run([bench.program, flag], capture_output=True, text=True, timeout=60, check=True).stdout.startswith("Lighter version ")


@test
def only_root_may_start_it(bench):
    os.chmod(bench.directory.name, 0o755)
    err = refused(bench, "-H", "unix://%/s", preexec_fn=lambda: os.setuid(65534))
    assert "needs to be started as root" in err


@test
def a_running_daemons_pidfile_is_respected(bench):
    daemon = Daemon(bench, "-H", "unix://%/s", "-p", "%/pid")
    comm = open(f"/proc/{daemon.process.pid}/comm", encoding="ascii").read().strip()
    if comm == "lighterd":
        assert "still running" in refused(bench, "-H", "unix://%/t", "-p", "%/pid")
    daemon.process.kill()
    daemon.process.communicate()
    assert os.path.exists(daemon.path("pid"))
    Daemon(bench, "-H", "unix://%/s", "-p", "%/pid").stop()


@test
def the_log_level_is_read_again(bench):
    daemon = Daemon(bench, "-H", "unix://%/s", config={"log-level": "error"})
    daemon.client().get("/_ping")
    with open(daemon.config, "w", encoding="utf-8") as file:
        json.dump({"log-level": "debug"}, file)
    daemon.process.send_signal(signal.SIGHUP)
    while "read again" not in daemon.process.stderr.readline():
        pass
    daemon.client().get("/version")
    with open(daemon.config, "w", encoding="utf-8") as file:
        json.dump({"log-level": "loud"}, file)
    daemon.process.send_signal(signal.SIGHUP)
    said = ""
    while "loud" not in said:
        said += daemon.process.stderr.readline()
    assert "GET /version" in said
    assert daemon.client().get("/_ping")[2] == "OK"


@test
def a_second_signal_or_a_busy_client_does_not_hold_it(bench):
    daemon = Daemon(bench, "-H", "unix://%/s")
    watcher = daemon.client().send("GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
    assert watcher.head()[0] == 200
    log = daemon.stop()
    assert "containers go on" in log


if __name__ == "__main__":
    sys.exit(run(TESTS, Bench))
