# SPDX-License-Identifier: Apache-2.0
"""A server program under test, a client that writes and reads HTTP as it is told, and a runner that prints TAP."""
import os
import socket
import subprocess
import sys
import tempfile
import traceback

GET = "GET {} HTTP/1.1\r\nHost: d\r\n\r\n"


class Server:
    def __init__(self, program):
        self.directory = tempfile.TemporaryDirectory(prefix="http-test.")
        self.path = os.path.join(self.directory.name, "s")
        self.process = subprocess.Popen([program, self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def close(self):
        """Ends the server; it must end by itself, with everything freed."""
        self.process.stdin.close()
        status = self.process.wait(60)
        self.process.stdout.close()
        self.directory.cleanup()
        assert status == 0, f"the server ended with {status}"


class Client:
    def __init__(self, server):
        family = socket.AF_UNIX if isinstance(server.path, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(server.path)
        self.bytes = b""

    def send(self, text):
        self.socket.sendall(text.encode("latin1") if isinstance(text, str) else text)
        return self

    def close(self):
        self.socket.close()

    def fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError(self.bytes)
        self.bytes += more

    def take(self, n):
        while len(self.bytes) < n:
            self.fill()
        part, self.bytes = self.bytes[:n], self.bytes[n:]
        return part

    def line(self):
        while b"\r\n" not in self.bytes:
            self.fill()
        part, self.bytes = self.bytes.split(b"\r\n", 1)
        return part.decode("latin1")

    def head(self):
        status = self.line()
        headers = {}
        while True:
            line = self.line()
            if not line:
                return int(status.split()[1]), headers
            name, value = line.split(": ", 1)
            headers[name.lower()] = value

    def body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            text = b""
            while True:
                n = int(self.line(), 16)
                text += self.take(n)
                assert self.line() == ""
                if n == 0:
                    return text
        return self.take(int(headers.get("content-length", 0)))

    def answer(self):
        status, headers = self.head()
        return status, headers, self.body(headers).decode("latin1")

    def get(self, path):
        return self.send(GET.format(path)).answer()

    def at_end(self):
        """Whether the server has closed."""
        try:
            while True:
                self.fill()
        except EOFError:
            return not self.bytes
        except ConnectionResetError:
            return True


def post(path, body, *headers):
    text = "".join(h + "\r\n" for h in headers)
    return f"POST {path} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n{text}\r\n{body}"


def run(tests, make=Server):
    """Each test with a server of its own: program and test names are on the command line."""
    program, names = sys.argv[1], sys.argv[2:]
    tests = [t for t in tests if not names or t.__name__ in names]
    failed = 0
    print(f"1..{len(tests)}")
    for number, function in enumerate(tests, 1):
        title = function.__name__.replace("_", " ")
        server = make(program)
        try:
            try:
                function(server)
            finally:
                server.close()
            print(f"ok {number} - {title}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {title}\n# " + traceback.format_exc().strip().replace("\n", "\n# "), flush=True)
    return 1 if failed else 0
