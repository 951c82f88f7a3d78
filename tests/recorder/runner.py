# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of one case against one engine and turns what came back into masked results.

A case leaves nothing behind: containers it created are removed by force after its last step, whatever happened; the
images it needs were loaded by the caller. Waiting is for events (wait, an attached stream's end), never for time.
"""
import json
import os
import re
import shlex
import subprocess
import threading
import time

import casefile
import image
import wire
from result import Result, json_text

CLI_TIMEOUT_S = 60
EVENTS_WINDOW_S = 5


def _unescape(text):
    """The bytes a "..." argument stands for, with backslash escapes."""
    return json.loads(text.replace("\\x", "\\u00")).encode("latin-1")


def visible(data):
    """Bytes as text that shows control characters and keeps line ends."""
    text = re.sub(r"(.)\1{99,}", lambda m: f"<{len(m[0])} times {m[1]}>", data.decode("utf-8", "replace"))
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}", text)


class Case:
    def __init__(self, engine, path, masks):
        self.engine, self.masks, self.steps = engine, masks, casefile.parse(path)
        now = time.time()
        self.variables = {**engine.variables, "start": f"{now:.9f}", "soon": f"{now + EVENTS_WINDOW_S:.9f}"}
        self.results, self.jobs, self.streams = [], {}, {}

    def run(self):
        try:
            for step in self.steps:
                step.arg = casefile.expand(step.arg, self.variables)
                step.options = [(k, casefile.expand(v, self.variables)) for k, v in step.options]
                self._step(step)
        finally:
            for stream in self.streams.values():
                stream.close()
            self.engine.remove_containers()
            for thread, _ in self.jobs.values():
                thread.join()
        return self.results

    def _step(self, step):
        handler = {"$": self._cli, "&": self._background, "join": self._join, "file": self._file, "stream": self._stream,
                   "send": self._send, "expect": self._expect, "half-close": self._half_close, "end": self._end}
        try:
            handler.get(step.kind, self._http)(step)
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
            raise RuntimeError(f"line {step.number}: {step.title()}: {type(why).__name__}: {why}") from why

    def _keep(self, step, result):
        if not step.has("quiet"):
            self.results.append(result)

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def _body(self, step):
        """(extra headers, body) of a request step."""
        if step.has("json"):
            return [("Content-Type", "application/json")], step.option("json").encode()
        if step.has("tar"):
            return [("Content-Type", "application/x-tar")], self.engine.archives[step.option("tar")]()
        if step.has("body"):
            return [], step.option("body").encode()
        return [], (b"" if step.kind in ("POST", "PUT") else None)

    def _http(self, step):
        extra, body = self._body(step)
        given = {k.lower() for k, _ in step.heads()}
        heads = step.heads() + [h for h in extra if h[0].lower() not in given]
        reply = self._call(step, heads, body)
        for key, value in step.options:
            if key == "save":
                name, _, place = value.partition(" = ")
                self.variables[name] = self._dig(json.loads(reply.body), place, step)
        if step.has("quiet") and reply.status >= 400 and step.option("quiet") != "any":
            raise RuntimeError(f"line {step.number}: {step.title()}: {reply.status} {reply.body[:300]!r}")
        self._keep(step, self._http_result(step, reply))

    def _call(self, step, heads, body):
        """The request's reply; with the option `until TEXT`, asked again until the body has the text: Docker's lists lag
        behind its waits, and have no event to wait for."""
        deadline = time.monotonic() + wire.TIMEOUT_S
        while True:
            reply = wire.call(self.engine.host, step.kind, step.arg, heads, body)
            if step.option("until", "").encode() in reply.body:
                return reply
            if time.monotonic() > deadline:
                raise ValueError(f"no {step.option('until')} in {reply.body[:300]!r}")

    @staticmethod
    def _dig(value, place, step):
        for part in place.split("."):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError) as why:
                raise RuntimeError(f"line {step.number}: no {place} in the reply") from why
        return str(value)

    def _http_result(self, step, reply):
        title = self.masks.mask_text("title", step.title())
        result = Result(title)
        result.add("status", str(reply.status))
        for name, value in reply.heads:
            if step.has("heads") or name.lower() == "content-type":
                result.add(f"header {name}", self.masks.mask_header(name, value))
        if step.has("status-only"):
            return result
        if step.has("frames"):
            self._add_frames(result, reply.body)
        elif "json" in reply.head("Content-Type") and reply.body.strip():
            self._add_json(step, result, reply.body.decode())
        elif reply.body:
            result.add("body", self.masks.mask_text(title, visible(reply.body)))
        return result

    @classmethod
    def _only(cls, value, keys):
        if isinstance(value, list):
            return [cls._only(v, keys) for v in value]
        return {k: v for k, v in value.items() if k in keys or k == "message"}

    def _add_json(self, step, result, text):
        decoder, values, at = json.JSONDecoder(), [], 0
        text = text.strip()
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at += len(text[at:]) - len(text[at:].lstrip())
        if step.has("only"):
            values = [self._only(value, step.option("only").split()) for value in values]
        for value in values:
            result.add("json", json_text(self.masks.mask_json(step.title(), value)) + "\n")

    def _add_frames(self, result, data):
        """Frames of one stream that follow each other are joined: where an engine cuts is not part of the contract."""
        try:
            frames = wire.frames(data)
        except ValueError as why:
            result.add("not framed", f"{why}")
            return
        joined = []
        for stream, payload in frames:
            if joined and joined[-1][0] == stream:
                joined[-1][1] += payload
            else:
                joined.append([stream, payload])
        for stream, payload in joined:
            result.add(f"frame {stream}", self.masks.mask_text(result.title, visible(payload)))

    # -- jobs beside the case ---------------------------------------------------------------------------------------

    def _background(self, step):
        name, kind, rest = (step.arg.split(None, 2) + [""])[:3]
        inner = casefile.Step([kind, rest], step.number)
        inner.options = step.options
        if kind == "$":
            self._start_job(name, inner, lambda: self._run_cli(rest))
            return
        connection = wire.Connection(self.engine.host)
        extra, body = self._body(inner)
        connection.request(kind, rest, inner.heads() + extra, body)
        head = connection.read_head() if step.has("head-first") else None

        def read():
            reply = head or connection.read_head()
            again = wire.Connection.read_head
            connection.read_head = lambda: reply
            try:
                return self._http_result(inner, connection.read_reply(kind))
            finally:
                connection.read_head = again
                connection.close()
        self._start_job(name, inner, read)

    def _start_job(self, name, step, work):
        box = {}

        def body():
            try:
                box["result"] = work()
            except Exception as why:  # handed to join, which raises it
                box["error"] = why
        thread = threading.Thread(target=body)
        thread.start()
        self.jobs[name] = (thread, box)

    def _join(self, step):
        thread, box = self.jobs.pop(step.arg)
        thread.join(CLI_TIMEOUT_S)
        if "error" in box or "result" not in box:
            raise RuntimeError(f"line {step.number}: {step.arg}: {box.get('error', 'did not end')}")
        self._keep(step, box["result"])

    # -- hijacked streams -------------------------------------------------------------------------------------------

    def _stream(self, step):
        name, method, target = step.arg.split(None, 2)
        connection = wire.Connection(self.engine.host)
        extra, body = self._body(casefile.Step([method, target], step.number))
        connection.request(method, target, step.heads() + extra, body)
        reply = connection.read_head()
        result = Result(self.masks.mask_text("title", step.title()))
        result.add("status", f"{reply.status} {reply.reason}")
        for key, value in reply.heads:
            result.add(f"header {key}", self.masks.mask_header(key, value))
        self.streams[name] = connection
        self._keep(step, result)

    def _send(self, step):
        name, text = step.arg.split(None, 1)
        self.streams[name].send(_unescape(text))

    def _expect(self, step):
        name, text = step.arg.split(None, 1)
        self.streams[name].recv_until(_unescape(text))

    def _half_close(self, step):
        self.streams[step.arg].half_close()

    def _end(self, step):
        """Everything the stream still brings, up to its end."""
        result = Result(step.title())
        data = self.streams[step.arg].recv_all()
        if step.has("raw"):
            result.add("bytes", self.masks.mask_text(step.title(), visible(data)))
        else:
            self._add_frames(result, data)
        self._keep(step, result)

    # -- command line -----------------------------------------------------------------------------------------------

    def _file(self, step):
        name, kind = step.arg.split()
        (self.engine.work / name).write_bytes(self.engine.archives[kind]())

    def _cli(self, step):
        result = self._run_cli(step.arg, step)
        for key, value in step.options:
            if key == "save":
                self.variables[value] = self.last_stdout.strip()
        self._keep(step, result)

    def _run_cli(self, command, step=None):
        env = {"PATH": f"{self.engine.work}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DOCKER_HOST": self.engine.host,
               "LIGHTER_HOST": self.engine.host, "HOME": str(self.engine.work), "LC_ALL": "C.UTF-8", "TERM": "dumb",
               "DOCKER_CONFIG": str(self.engine.work / "config"), "DOCKER_CLI_HINTS": "false"}
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=CLI_TIMEOUT_S, env=env,
                              stdin=subprocess.DEVNULL, cwd=self.engine.work)
        title = self.masks.mask_text("title", f"$ {command}")
        result = Result(title)
        self.last_stdout = done.stdout.decode("utf-8", "replace")
        result.add("exit", str(done.returncode))
        for name, data in (("stdout", done.stdout), ("stderr", done.stderr)):
            text = self.masks.mask_text(title, visible(data))
            if step and step.has("table"):
                text = re.sub(r" {2,}", "  ", text)
                text = re.sub(r" +$", "", text, flags=re.M)
            if step and step.has("json-out") and name == "stdout" and done.returncode == 0:
                for value in json.loads(text or "[]"):
                    result.add("json", json_text(self.masks.mask_json(title, value)) + "\n")
            elif text:
                result.add(name, text)
        return result


class Engine:
    """The engine under question: its socket, its client, a directory for files, the fixture's images."""

    def __init__(self, host, cli, work):
        self.host, self.work = host, work
        (work / "bin").mkdir()
        os.symlink(cli, work / "bin" / "docker")
        self.archives = {"image": image.archive, "rootfs": image.small_rootfs, "empty": lambda: b"\0" * 1024,
                         "garbage": lambda: b"this is no archive\n" * 100}
        self.variables = {"image": "lighter-test/busybox:1", "full": "lighter-test/full:1"}
        self.version = self._version(cli)

    def _version(self, cli):
        reply = json.loads(self.get("/version"))
        client = subprocess.run([cli, "--version"], capture_output=True, text=True, check=True).stdout
        client = re.search(r"(\d+\.\d+\.\d+[^\s,]*)", client)[1]
        return f"Docker {reply['Version']}, API {reply['ApiVersion']}; client {client}"

    def get(self, target):
        reply = wire.call(self.host, "GET", target, [], None)
        if reply.status != 200:
            raise RuntimeError(f"GET {target}: {reply.status} {reply.body!r}")
        return reply.body

    def load_images(self):
        reply = wire.call(self.host, "POST", "/images/load?quiet=1", [("Content-Type", "application/x-tar")],
                          image.archive())
        if reply.status != 200 or b'"error"' in reply.body:
            raise RuntimeError(f"the test images don't load: {reply.status} {reply.body!r}")
        for name in ("image", "full"):
            found = json.loads(self.get(f"/images/{self.variables[name]}/json"))
            self.variables[f"{name}_id"] = found["Id"]

    def remove_images(self):
        for entry in json.loads(self.get("/images/json")):
            for name in entry["RepoTags"] or []:
                if name.startswith("lighter-test/"):
                    wire.call(self.host, "DELETE", f"/images/{name}?force=1", [], None)

    def remove_containers(self):
        for entry in json.loads(self.get("/containers/json?all=1")):
            ours = entry["Image"].startswith("lighter-test/") or entry["Names"][0].startswith("/rec-")
            if ours:
                wire.call(self.host, "DELETE", f"/containers/{shlex.quote(entry['Id'])}?force=1&v=1", [], None)
