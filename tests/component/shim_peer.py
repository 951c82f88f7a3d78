# SPDX-License-Identifier: Apache-2.0
"""The daemon's side of a shim, for tests: spawns lighter-shim with its descriptors and speaks src/shim/protocol.h."""
import json
import os
import select
import shutil
import socket
import struct
import tempfile
import time

MAGIC = 0x3152544C
APPLETS = "sh cat echo sleep true false head tr wc yes dd seq stty ls kill od md5sum mkfifo printf env id ps".split()


class ShimError(Exception):
    pass


def send_packet(sock, members, raw=b"", fds=()):
    body = json.dumps(members).encode()
    packet = struct.pack("<III", MAGIC, len(body), len(raw)) + body + raw
    socket.send_fds(sock, [packet], list(fds))


def recv_packet(sock):
    """(members, raw, fds), or None at the end."""
    data, fds, _, _ = socket.recv_fds(sock, 200 * 1024, 16)
    if not data:
        return None
    magic, json_len, raw_len = struct.unpack("<III", data[:12])
    assert magic == MAGIC and len(data) == 12 + json_len + raw_len
    return json.loads(data[12 : 12 + json_len]), data[12 + json_len :], list(fds)


class Connection:
    """One SEQPACKET connection: calls, and the events that come in between."""

    def __init__(self, sock):
        self.sock, self.seq, self.events, self.fds = sock, 0, [], []
        sock.settimeout(60)

    def call(self, kind, raw=b"", fds=(), **members):
        self.seq += 1
        send_packet(self.sock, {"type": kind, "seq": self.seq, **members}, raw, fds)
        while True:
            packet = recv_packet(self.sock)
            if packet is None:
                raise ShimError("the shim closed the connection")
            reply, _, self.fds = packet
            if reply["type"] == "event":
                self.events.append(reply)
                continue
            assert reply["seq"] == self.seq
            if reply["type"] == "error":
                raise ShimError(f'{reply["kind"]}: {reply["message"]}')
            return reply

    def event(self, name):
        """Waits for the next event of that name."""
        while True:
            for i, e in enumerate(self.events):
                if e["event"] == name:
                    return self.events.pop(i)
            packet = recv_packet(self.sock)
            if packet is None:
                raise ShimError("the shim closed the connection")
            self.events.append(packet[0])

    def close(self):
        self.sock.close()


def busybox_root(path):
    """A root file system of busybox alone."""
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc"):
        os.makedirs(os.path.join(path, name))
    shutil.copy("/bin/busybox", os.path.join(path, "bin/busybox"))
    for name in APPLETS:
        os.symlink("busybox", os.path.join(path, "bin", name))


def spec(root, args, name, tty=False, uid=0, pid_namespace=True):
    kinds = ["mount", "ipc", "uts", "network"] + (["pid"] if pid_namespace else [])
    caps = ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE"]
    return {
        "ociVersion": "1.2.1",
        "process": {
            "terminal": tty,
            "user": {"uid": uid, "gid": uid},
            "args": args,
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": {k: caps for k in ("bounding", "effective", "permitted")},
        },
        "root": {"path": root},
        "hostname": "c",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        ],
        "linux": {"cgroupsPath": "/lighter-test/" + name, "namespaces": [{"type": k} for k in kinds]},
    }


class Shim:
    """A shim with its directories and, once started, its container."""

    count = 0

    def __init__(self, program, args, tty=False, open_stdin=False, stdin_once=False, spec_options=None, **start):
        Shim.count += 1
        self.id = f"shimtest{os.getpid()}x{Shim.count}"
        self.base = tempfile.mkdtemp(prefix="lighter-shim-test-")
        for name in ("run", "container", "layers"):
            os.mkdir(os.path.join(self.base, name), 0o700)
        self.root = os.path.join(self.base, "root")
        busybox_root(self.root)
        log = {"driver": "json-file", "path": "c-json.log"}
        document = {"version": 1, "id": self.id, "tty": tty, "open_stdin": open_stdin, "stdin_once": stdin_once, "log": log,
                    "spec": spec(self.root, args, self.id, tty, **(spec_options or {}))}
        document.update(start)
        self.process, sock = self.spawn(program, document)
        self.control = Connection(sock)
        self.pid = 0

    def spawn(self, program, document):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memfd = os.memfd_create("start", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.write(memfd, json.dumps(document).encode())
        os.lseek(memfd, 0, os.SEEK_SET)
        dirs = [os.open(os.path.join(self.base, d), os.O_RDONLY | os.O_DIRECTORY) for d in ("run", "container", "layers")]
        high = [os.dup2(fd, 100 + i, inheritable=False) for i, fd in enumerate([memfd, theirs.fileno(), *dirs])]
        moves = [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(high)]
        pid = os.posix_spawn(program, ["lighter-shim", self.id], os.environ, file_actions=moves)
        for fd in [memfd, *dirs, *high]:
            os.close(fd)
        theirs.close()
        return pid, ours

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(os.path.join(self.base, "run", "s"))
        return Connection(sock)

    def start(self):
        self.pid = self.control.call("start")["pid"]
        return self.pid

    def attach(self, raw=b"", connection=None, send_buffer=None, **members):
        """Our end of an attached connection."""
        ours, theirs = socket.socketpair()
        if send_buffer:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        members = {"stream": True, "stdout": True, "stderr": True, **members}
        (connection or self.control).call("attach", raw=raw, fds=[theirs.fileno()], **members)
        theirs.close()
        ours.settimeout(60)
        return ours

    def wait(self, condition, connection=None):
        ours, theirs = socket.socketpair()
        (connection or self.control).call("wait", fds=[theirs.fileno()], condition=condition)
        theirs.close()
        ours.settimeout(60)
        return ours

    def record(self):
        with open(os.path.join(self.base, "run", "exit.json"), encoding="utf-8") as f:
            return json.load(f)

    def log(self):
        """The log's records: (stream, text)."""
        with open(os.path.join(self.base, "container", "c-json.log"), encoding="utf-8") as f:
            return [(r["stream"], r["log"]) for r in map(json.loads, f)]

    def memory_kb(self, field="VmHWM"):
        with open(f"/proc/{self.process}/status", encoding="utf-8") as f:
            return int(next(line for line in f if line.startswith(field)).split()[1])

    def join(self, seconds=60):
        """Waits for the shim itself to leave; its wait status."""
        pidfd = os.pidfd_open(self.process)
        try:
            if not select.select([pidfd], [], [], seconds)[0]:
                raise TimeoutError("the shim did not leave")
        finally:
            os.close(pidfd)
        status = os.waitpid(self.process, 0)[1]
        self.process = 0
        return status

    def close(self):
        """Kills what is left. True when nothing was."""
        clean = self.process == 0
        if self.process:
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)
        self.control.close()
        deadline = time.monotonic() + 10
        for top in cgroup_dirs(self.id):
            while os.path.isdir(top):
                kill_cgroup(top)
                try:
                    os.rmdir(top)
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
        for top in cgroup_dirs(""):
            try:
                os.rmdir(top)
            except OSError:
                pass  # another test is there
        shutil.rmtree(self.base)
        return clean


def cgroup_dirs(name):
    base = "/sys/fs/cgroup"
    tops = [base] + [os.path.join(base, d) for d in os.listdir(base)]
    return [d for d in (os.path.join(t, "lighter-test", name) for t in tops) if os.path.isdir(d)]


def kill_cgroup(path):
    for name, thawed in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
        if os.path.exists(os.path.join(path, name)):
            with open(os.path.join(path, name), "w", encoding="utf-8") as f:
                f.write(thawed)
    with open(os.path.join(path, "cgroup.procs"), encoding="utf-8") as f:
        for pid in f.read().split():
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass


def read_all(sock):
    """Bytes until the other side ends."""
    data = bytearray()
    while True:
        part = sock.recv(1 << 20)
        if not part:
            return bytes(data)
        data += part


def frames(data):
    """Docker's frames: (stream, bytes)."""
    out, at = [], 0
    while at < len(data):
        stream, size = struct.unpack(">BxxxI", data[at : at + 8])
        assert len(data) >= at + 8 + size, "a torn frame"
        out.append((stream, data[at + 8 : at + 8 + size]))
        at += 8 + size
    return out


def text_of(data, stream=1):
    return b"".join(b for s, b in frames(data) if s == stream)
