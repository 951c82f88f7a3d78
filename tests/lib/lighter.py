# SPDX-License-Identifier: Apache-2.0
"""What acceptance programs share: a private daemon, the clients, memory figures, and checks that count.

A program begins with `from lighter import ...` after putting tests/lib on its path; it runs in a world of its own
(tests/lib/world), so nothing here has to look out for others. It prints its figures and ends with `done()`.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TREE = os.environ.get("LIGHTER_TREE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("LIGHTER_BUILD") or os.path.join(TREE, "build")
BIN = os.path.join(BUILD, "src", "main")
LIGHTER = os.path.join(BIN, "lighter")
TAG = os.environ.get("TEST_TAG", "ltacc")
CI = os.environ.get("SCALE", "full") == "ci"
IMAGE = "busybox:latest"
failures = []


def sanitized():
    """Whether this build has sanitizers: memory and time are measured on others only."""
    with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as options:
        return any(o["name"] == "b_sanitize" and o["value"] not in ("none", []) for o in json.load(options))


def scaled(full, ci):
    return ci if CI else full


def check(held, what):
    """Counts a statement; false ones make the program fail at its end."""
    print(("held:   " if held else "FAILED: ") + what, flush=True)
    if not held:
        failures.append(what)
    return held


def wait_until(condition, seconds, what):
    """Polls what has no event; the deadline is an error that names it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError(f"not within {seconds} s: {what}")


def docker_clients():
    """Debian's 20.10 (unpacked by bootstrap.sh) and the newer one on the PATH, where there is one."""
    old = os.path.join(TREE, "build", "peer-docker-cli", "usr", "bin", "docker")
    new = shutil.which("docker")
    return [("docker 20.10", old)] + ([("docker on the PATH", new)] if new else [])


def peak_memory_kb(pid):
    """VmHWM: the most that was resident at any time."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise LookupError(f"no VmHWM for {pid}")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """lighterd on roots of its own. Use as a context manager: everything is removed at the end."""

    def __init__(self, *flags):
        self.dir = tempfile.mkdtemp(prefix=f"{TAG}.", dir="/tmp")
        self.sock = os.path.join(self.dir, "s")
        self.host = "unix://" + self.sock
        self.bridge = TAG + "b0"
        self.flags = list(flags)
        self.process = None
        self.env = dict(os.environ, LIGHTER_HOST=self.host, DOCKER_HOST=self.host, DOCKER_CONFIG=os.path.join(self.dir, "config"))

    def start(self):
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(BIN, "lighterd"), "--data-root", self.dir + "/data", "--exec-root", self.dir + "/exec", "-H", self.host,
                 "--bridge", self.bridge, "--instance", self.bridge, "--pidfile", self.dir + "/pid", "--docker-socket=false"] + self.flags,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, 30, "the daemon answers")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("the daemon ended:\n" + self.last_log())
        try:
            return self.api("GET", "/_ping")[0] == 200
        except OSError:
            return False

    def last_log(self, lines=20):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def end(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def kill(self):
        self.end(signal.SIGKILL)

    def api(self, method, path, body=None):
        """Status and decoded JSON (or text)."""
        connection = UnixConnection(self.sock)
        try:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def inspect(self, name):
        return self.api("GET", f"/containers/{name}/json")[1]

    def run(self, *args, client=LIGHTER, **kwargs):
        """A client's command; output captured as text unless said otherwise."""
        kwargs.setdefault("stdin", None if "input" in kwargs else subprocess.DEVNULL)
        if kwargs["stdin"] is None:
            del kwargs["stdin"]
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        kwargs.setdefault("timeout", 300)
        kwargs.setdefault("text", True)
        return subprocess.run([client, *args], env=self.env, check=False, **kwargs)

    def popen(self, *args, client=LIGHTER, **kwargs):
        return subprocess.Popen([client, *args], env=self.env, **kwargs)

    def load_busybox(self):
        tests = os.path.join(TREE, "build", "tests")
        os.makedirs(tests, exist_ok=True)
        subprocess.run(["flock", tests, os.path.join(TREE, "tests", "lib", "busybox-image"), tests], check=True)
        loaded = self.run("load", "-i", os.path.join(tests, "busybox.tar"))
        if loaded.returncode != 0:
            raise RuntimeError("load: " + loaded.stderr)
        return os.path.join(tests, "busybox.tar"), os.path.join(tests, "busybox-rootfs.tar")

    def shim_pid(self, name):
        """Of a running container: its init's parent."""
        pid = self.inspect(name)["State"]["Pid"]
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return int(stat.read().rsplit(")", 1)[1].split()[1])

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if kind:
            failures.append(str(value))
            print(self.last_log(), file=sys.stderr)
        try:
            if self.process.poll() is not None:
                self.start()
            for container in self.api("GET", "/containers/json?all=1")[1]:
                self.api("DELETE", f"/containers/{container['Id']}?force=1&v=1")
            self.end()
        finally:
            fsck = os.path.join(TREE, "tests", "fsck")
            if os.path.exists(fsck):
                check(subprocess.run([fsck, self.dir + "/data", self.dir + "/exec"], check=False).returncode == 0, "fsck finds nothing amiss")
            subprocess.run(["ip", "link", "del", self.bridge], check=False, stderr=subprocess.DEVNULL)
            tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
            for table in tables.splitlines():
                if self.bridge in table:
                    subprocess.run(["nft", "delete"] + table.split(), check=False)
            remove_cgroups(self.bridge)
            shutil.rmtree(self.dir, ignore_errors=True)
        return False


def remove_cgroups(name):
    """The daemon's own cgroup stays for containers that go on; here none do."""
    for top, dirs, _ in os.walk("/sys/fs/cgroup", topdown=False):
        for entry in dirs:
            if name in entry:
                try:
                    os.rmdir(os.path.join(top, entry))
                except OSError:
                    pass


def done():
    if failures:
        print(f"{len(failures)} statements did not hold")
        sys.exit(1)
    sys.exit(0)
