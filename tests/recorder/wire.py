# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 by hand over a unix socket.

The recordings keep what a client library would hide: the header lines in the order they came, a reply to HEAD, the
head of a hijacked connection, the 8-byte frames. So nothing here normalises; it only finds where a message ends.
"""
import socket
import urllib.parse

TIMEOUT_S = 40
SAFE = "/?&=%+:,.~-_@!*';"


class Reply:
    def __init__(self, status, reason, heads, body, ended):
        self.status, self.reason, self.heads, self.body, self.ended = status, reason, heads, body, ended

    def head(self, name):
        return next((v for k, v in self.heads if k.lower() == name.lower()), "")


class Connection:
    """One connection: send_head() then read_reply(), or, after an upgrade, send()/recv_all()."""

    def __init__(self, host):
        if not host.startswith("unix://"):
            raise ValueError(f"only unix:// hosts can be recorded, not {host}")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(host[len("unix://"):])
        self.rest = b""

    def request(self, method, target, heads, body):
        lines = [f"{method} {urllib.parse.quote(target, safe=SAFE)} HTTP/1.1"]
        names = {k.lower() for k, _ in heads}
        if "host" not in names:
            lines.append("Host: docker")
        lines += [f"{k}: {v}" for k, v in heads]
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b""))

    def _more(self):
        data = self.sock.recv(65536)
        self.rest += data
        return bool(data)

    def _line(self):
        while b"\n" not in self.rest:
            if not self._more():
                raise ConnectionError(f"connection ended inside a line: {self.rest!r}")
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def _exactly(self, n):
        while len(self.rest) < n:
            if not self._more():
                raise ConnectionError("connection ended inside a body")
        data, self.rest = self.rest[:n], self.rest[n:]
        return data

    def read_head(self):
        """Status line and header lines; what follows stays in self.rest."""
        _, status, reason = (self._line() + "  ").split(" ", 2)
        heads = []
        while line := self._line():
            name, value = line.split(":", 1)
            heads.append((name, value.strip()))
        return Reply(int(status), reason.strip(), heads, b"", False)

    def read_reply(self, method):
        reply = self.read_head()
        if method == "HEAD" or reply.status in (101, 204, 304):
            return reply
        if "chunked" in reply.head("Transfer-Encoding"):
            while size := int(self._line().split(";")[0], 16):
                reply.body += self._exactly(size)
                self._line()
            self._line()
        elif reply.head("Content-Length"):
            reply.body = self._exactly(int(reply.head("Content-Length")))
        else:
            reply.body = self.recv_all()
        return reply

    def send(self, data):
        self.sock.sendall(data)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def recv_until(self, wanted):
        """Read until the bytes contain wanted; everything read is kept for recv_all()."""
        while wanted not in self.rest:
            if not self._more():
                raise ConnectionError(f"connection ended before {wanted!r}: {self.rest!r}")

    def recv_all(self):
        while self._more():
            pass
        data, self.rest = self.rest, b""
        return data

    def close(self):
        self.sock.close()


def frames(data):
    """Split an attach or logs stream into (stream, payload); raises ValueError when it isn't framed."""
    out = []
    while data:
        if len(data) < 8 or data[0] > 3 or data[1:4] != b"\0\0\0":
            raise ValueError(f"not a frame: {data[:16]!r}")
        size = int.from_bytes(data[4:8], "big")
        if len(data) < 8 + size:
            raise ValueError("frame cut short")
        out.append((data[0], data[8:8 + size]))
        data = data[8 + size:]
    return out


def call(host, method, target, heads, body):
    connection = Connection(host)
    try:
        connection.request(method, target, heads, body)
        return connection.read_reply(method)
    finally:
        connection.close()
