# SPDX-License-Identifier: Apache-2.0
"""The API by hand for end-to-end tests: one connection, what goes over it and how it ends. `raw` of tests/e2e/lib.bash runs a
program with these names; the daemon is LIGHTER_HOST's."""
import json
import os
import socket
import subprocess
import sys
import time

import wire

HOST = os.environ.get("LIGHTER_HOST", "")
IMAGE = "busybox:latest"
wire.TIMEOUT_S = 60


def connect():
    return wire.Connection(HOST)


def call(method, path, body=None, heads=()):
    """Status and body (decoded when it is JSON)."""
    heads = list(heads)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        heads.append(("Content-Type", "application/json"))
    answer = wire.call(HOST, method, path, heads, body)
    try:
        return answer.status, json.loads(answer.body)
    except ValueError:
        return answer.status, answer.body.decode("utf-8", "replace")


def create(**members):
    """The new container's id. `host` is HostConfig."""
    name = members.pop("name", None)
    body = {"Image": IMAGE, "HostConfig": members.pop("host", {}), **members}
    status, document = call("POST", "/containers/create" + (f"?name={name}" if name else ""), body)
    assert status == 201, (status, document)
    return document["Id"]


def start(container):
    status, document = call("POST", f"/containers/{container}/start")
    assert status == 204, (status, document)


def inspect(container):
    return call("GET", f"/containers/{container}/json")[1]


def wait(container, condition="not-running"):
    return call("POST", f"/containers/{container}/wait?condition={condition}")[1]["StatusCode"]


def attach(container, query="stream=1&stdin=1&stdout=1&stderr=1", upgrade=True):
    """A hijacked connection, its head read and checked."""
    connection = connect()
    heads = [("Connection", "Upgrade"), ("Upgrade", "tcp")] if upgrade else []
    connection.request("POST", f"/containers/{container}/attach?{query}", heads, None)
    head = connection.read_head()
    assert head.status == (101 if upgrade else 200), head.status
    return connection


def logs(container, query="stdout=1&stderr=1"):
    """The frames: (stream, bytes)."""
    return wire.frames(wire.call(HOST, "GET", f"/containers/{container}/logs?{query}", [], None).body)


def joined(frames, stream):
    return b"".join(data for number, data in frames if number == stream)


def until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within the time: " + what
        time.sleep(0.02)


def same(got, wanted):
    assert got == wanted, f"{got!r} should be {wanted!r}"
