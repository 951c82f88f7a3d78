#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The API's handlers over an engine that only remembers what it was asked. Prints TAP.

Usage: api_test.py API_TEST_SERVER [NAME...]
"""
import json
import sys

from scripted import GET, Client, post, run

JSON = "Content-Type: application/json"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def last(client):
    return json.loads(client.get("/info")[2])["last"]


def message(answer):
    return answer[0], json.loads(answer[2])["message"]


@test
def ping_has_dockers_headers(server):
    client = Client(server)
    for path in ("/_ping", "/v1.24/_ping", "/v1.51/_ping"):
        status, headers, body = client.get(path)
        assert (status, body) == (200, "OK")
        assert headers["builder-version"] == "1" and headers["swarm"] == "inactive" and headers["pragma"] == "no-cache"
        assert headers["cache-control"] == "no-cache, no-store, must-revalidate"
        assert headers["content-type"] == "text/plain; charset=utf-8"
        status, headers = client.send(f"HEAD {path} HTTP/1.1\r\nHost: d\r\n\r\n").head()
        assert status == 200 and headers["content-length"] == "0" and headers["builder-version"] == "1"


@test
def documents_end_with_a_newline(server):
    client = Client(server)
    status, headers, body = client.get("/version")
    assert (status, headers["content-type"], body) == (200, "application/json", '{"Version":"fake"}\n')


@test
def create_checks_its_body(server):
    client = Client(server)
    for body, headers, expected in (
        ("{}", [], "malformed Content-Type header (): mime: no media type"),
        ("{}", ["Content-Type: text/plain"], "unsupported Content-Type header (text/plain): must be 'application/json'"),
        ("", [JSON], "invalid JSON: got EOF while reading request body"),
        ("{}", [JSON], "config cannot be empty in order to create a container"),
        ('{"Image":1}', [JSON], "invalid JSON: Image: expected a string"),
        ('{"Image":"x","HostConfig":{"Memory":1.5}}', [JSON], "invalid JSON: HostConfig.Memory: expected a whole number"),
        ('{"Image":"x"', [JSON], "invalid JSON: unexpected end at offset 12"),
        ('{"Image":"x"} {}', [JSON], "invalid JSON: more text behind the document at offset 14"),
    ):
        assert message(client.send(post("/containers/create", body, *headers)).answer()) == (400, expected)
    status, _, body = client.send(post("/containers/create?name=n", '{"image":"x","hostconfig":{"memory":7}}', JSON + "; charset=utf-8")).answer()
    assert (status, body) == (201, '{"Id":"1","Warnings":[]}\n')
    assert last(client) == "create n - x memory=7"


@test
def errors_have_their_statuses(server):
    client = Client(server)
    assert message(client.send(post("/containers/missing/start", "")).answer()) == (404, "No such container: missing")
    assert message(client.send(post("/containers/busy/start", "")).answer())[0] == 409
    assert message(client.send(post("/containers/broken/start", "")).answer()) == (500, "look at broken: Input/output error")
    status, headers, body = client.send(post("/containers/same/start", "")).answer()
    assert (status, body) == (304, "") and "content-length" not in headers and "content-type" not in headers
    status, headers, body = client.send(post("/containers/x/start", "")).answer()
    assert (status, body) == (204, "") and "content-length" not in headers and "content-type" not in headers


@test
def parameters_reach_the_engine(server):
    client = Client(server)
    for request, expected in (
        (post("/containers/x/start?detachKeys=ctrl-a", "{}"), "start x"),
        (post("/containers/x/stop", ""), "stop x - -2147483648"),
        (post("/containers/x/stop?t=5&signal=INT", ""), "stop x INT 5"),
        (post("/containers/x/stop?t=-9", ""), "stop x - -1"),
        (post("/containers/x/kill", ""), "kill x SIGKILL"),
        (post("/containers/x/kill?signal=USR1", ""), "kill x USR1"),
        (post("/containers/x/resize?h=24&w=80", ""), "resize x 24 80"),
        (post("/containers/x/resize?h=70000&w=80", ""), "resize x 4464 80"),
        ("DELETE /containers/x?force=1&v=true&link=0 HTTP/1.1\r\nHost: d\r\n\r\n", "remove x 1 1 0"),
        ("DELETE /images/a/b:c?force=no&noprune=1 HTTP/1.1\r\nHost: d\r\n\r\n", "rmi a/b:c 0 1"),
        (GET.format("/containers/json?all=maybe&limit=3&size=1&filters=%7B%7D"), "list 1 1 3 {}"),
        (GET.format("/containers/json"), "list 0 0 -1 -"),
        (GET.format("/containers/a%2Fb/json?size=1"), "inspect a/b 1"),
        (GET.format("/images/json?all=1&filters=x"), "images 1 x"),
        (GET.format("/images/docker.io/library/x:y/json"), "image docker.io/library/x:y"),
    ):
        assert client.send(request).answer()[0] in (200, 204), request
        assert last(client) == expected, (request, last(client))


@test
def bad_parameters_are_refused_in_dockers_words(server):
    client = Client(server)
    for request, expected in (
        (GET.format("/containers/json?limit=x"), (500, 'strconv.Atoi: parsing "x": invalid syntax')),
        (GET.format("/containers/json?limit=99999999999"), (500, 'strconv.Atoi: parsing "99999999999": value out of range')),
        (post("/containers/x/stop?t=y", ""), (500, 'strconv.Atoi: parsing "y": invalid syntax')),
        (post("/containers/x/resize?h=x&w=1", ""), (400, 'invalid resize height "x": invalid syntax')),
        (post("/containers/x/resize?h=1&w=-1", ""), (400, 'invalid resize width "-1": value out of range')),
        (post("/containers/x/resize", ""), (400, 'invalid resize height "": invalid syntax')),
        (post("/containers/x/start", '{"Binds":[]}'), (400, "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24")),
        (GET.format("/containers/x/logs"), (400, "Bad parameters: you must choose at least one stream")),
        (GET.format("/containers/missing/logs?stdout=1"), (404, "No such container: missing")),
        (post("/containers/x/wait?condition=nonsense", ""), (400, 'invalid condition: "nonsense"')),
        (post("/containers/missing/wait", ""), (404, "No such container: missing")),
        (GET.format("/events?filters=bad"), (400, "invalid filter")),
    ):
        assert message(client.send(request).answer()) == expected, request


@test
def older_versions_have_their_documents(server):
    client = Client(server)
    new, old = ({"RepoTags": ["a/b:1"], "RepoDigests": [], "Containers": 0, "Size": 7}, {"RepoTags": [], "RepoDigests": [], "Containers": 2, "Size": 8})
    assert json.loads(client.get("/v1.51/images/json")[2]) == [new, old]
    new["Containers"] = -1
    assert json.loads(client.get("/v1.44/images/json")[2]) == [new, old]
    new["VirtualSize"], old["VirtualSize"] = 7, 8
    assert json.loads(client.get("/v1.43/images/json")[2]) == [new, old]
    new["RepoDigests"], old["RepoTags"], old["RepoDigests"] = None, ["<none>:<none>"], ["<none>@<none>"]
    assert json.loads(client.get("/v1.24/images/json")[2]) == [new, old]
    assert json.loads(client.get("/v1.50/images/x/json")[2]) == {"Id": "x", "Size": 9, "Config": {"Cmd": None}}
    image = json.loads(client.get("/v1.49/images/x/json")[2])
    assert image["Config"]["Hostname"] == "" and image["Config"]["Tty"] is False and "ContainerConfig" not in image
    image = json.loads(client.get("/v1.43/images/x/json")[2])
    assert image["ContainerConfig"]["Env"] is None and image["VirtualSize"] == 9
    info = json.loads(client.get("/v1.51/info")[2])
    assert "BridgeNfIptables" not in info and "KernelMemory" not in info and "Expected" not in info["RuncCommit"]
    info = json.loads(client.get("/v1.24/info")[2])
    assert info["BridgeNfIptables"] is False and info["KernelMemory"] is True and info["RuncCommit"]["Expected"] == "c"
    assert "FirewallBackend" not in info and info["Runtimes"] == {"runc": {"path": "p"}} and info["SecurityOptions"] == ["seccomp", "cgroupns"]
    assert info["RegistryConfig"]["AllowNondistributableArtifactsCIDRs"] is None


@test
def what_is_not_there_yet_says_so(server):
    client = Client(server)
    for method, path, word in (
        ("GET", "/networks", "networks"), ("POST", "/v1.41/networks/create", "networks"), ("GET", "/volumes", "volumes"),
        ("POST", "/containers/x/exec", "exec"), ("POST", "/build?t=x", "building"), ("POST", "/auth", "signing in"),
        ("GET", "/images/a/b/history", "history"), ("POST", "/images/a/b/tag?repo=x", "tagging"), ("GET", "/system/df", "disk usage"),
        ("PUT", "/containers/x/archive?path=/", "copying"), ("POST", "/images/create?fromImage=x", "pulling"), ("GET", "/swarm", "swarm"),
        ("GET", "/images/json?shared-size=1", "shared-size"), ("POST", "/containers/x/pause", "pausing"), ("GET", "/plugins", "plugins"),
    ):
        status, text = message(client.send(f"{method} {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n").answer())
        assert status == 501 and word in text, (path, status, text)
    for method, path in (("POST", "/containers/missing/pause"), ("GET", "/images/missing/history"), ("GET", "/containers/missing/top")):
        assert message(client.send(f"{method} {path} HTTP/1.1\r\nHost: d\r\n\r\n").answer())[0] == 404


@test
def attach_moves_the_connection(server):
    upgrade = ["Connection: Upgrade", "Upgrade: tcp"]
    for version, name, kind in (("", "x", "multiplexed"), ("/v1.42", "x", "multiplexed"), ("/v1.41", "x", "raw"), ("", "tty", "raw")):
        client = Client(server)
        client.send(post(f"{version}/containers/{name}/attach?stream=1&stdin=1&stdout=1&detachKeys=q", "", *upgrade) + "typed")
        status, headers = client.head()
        assert status == 101 and headers == {"content-type": f"application/vnd.docker.{kind}-stream", "connection": "Upgrade", "upgrade": "tcp"}
        assert client.take(13) == b"11010 q typed"
        assert client.at_end()
    client = Client(server).send(post("/containers/x/attach?logs=1", ""))
    assert client.head() == (200, {"content-type": "application/vnd.docker.raw-stream"})
    assert client.take(8) == b"00001 - "
    assert client.at_end()


@test
def errors_of_attach_are_text(server):
    status, headers, body = Client(server).send(post("/containers/missing/attach?stream=1", "")).answer()
    assert (status, headers["content-type"], body) == (404, "application/vnd.docker.raw-stream", "No such container: missing\r\n")


@test
def wait_answers_in_chunks(server):
    client = Client(server).send(post("/containers/x/wait", ""))
    status, headers = client.head()
    assert (status, headers["content-type"], headers["connection"]) == (200, "application/json", "close")
    assert client.body(headers) == b'{"StatusCode":3}\n'
    assert client.at_end()


@test
def logs_are_streamed(server):
    client = Client(server)
    status, headers, body = client.get("/containers/x/logs?stdout=1")
    assert (headers["content-type"], body) == ("application/vnd.docker.multiplexed-stream", "line\n" * 10)
    assert client.get("/containers/tty/logs?stdout=1")[1]["content-type"] == "application/vnd.docker.raw-stream"
    assert client.get("/v1.41/containers/x/logs?stdout=1")[1]["content-type"] == "application/vnd.docker.raw-stream"
    assert client.get("/containers/x/logs?stderr=1&follow=1&tail=0")[2] == "line\n" * 20
    assert last(client) == "logs x 01100 0 - -"
    client.get("/containers/x/logs?stdout=1&timestamps=1&details=1&tail=all&since=5&until=6")
    assert last(client) == "logs x 10011 -1 5 6"
    assert len(client.get("/containers/x/logs?stdout=1&tail=2000000")[2]) == 10000000


@test
def slow_readers_of_logs_hold_no_thread(server):
    slow = [Client(server).send(GET.format("/containers/x/logs?stdout=1&tail=2000000")) for _ in range(300)]
    for client in slow:
        assert client.head()[0] == 200
    assert Client(server).get("/containers/x/logs?stdout=1&tail=3")[2] == "line\n" * 3
    for client in slow[1:]:
        client.close()
    assert len(slow[0].body({"transfer-encoding": "chunked"})) == 10000000


@test
def readers_of_logs_that_leave_are_forgotten(server):
    for _ in range(20):
        client = Client(server).send(GET.format("/containers/endless/logs?stdout=1&follow=1"))
        assert client.head()[0] == 200
        client.close()


@test
def events_are_streamed(server):
    client = Client(server)
    status, headers, body = client.get("/events?until=9&since=1&filters=f")
    assert (status, headers["content-type"], body) == (200, "application/json", '{"event":1}\n' * 50)
    assert last(client) == "events f 1 9"
    watchers = [Client(server).send(GET.format("/events")) for _ in range(20)]
    for watcher in watchers:
        assert watcher.head()[0] == 200
        assert watcher.line() and watcher.line()
    for watcher in watchers[:10]:
        watcher.close()
    assert client.get("/version")[0] == 200


@test
def load_reads_and_answers(server):
    client = Client(server)
    status, headers, body = client.send(post("/images/load", "x" * 250000, "Content-Type: application/x-tar")).answer()
    assert (status, headers["content-type"]) == (200, "application/json")
    assert body.endswith("\r\n") and '{"bytes":' in body
    assert last(client) == "took 250000"
    assert client.send(post("/images/load", "")).answer()[2] == ""
    status, _, body = client.send(post("/images/load", "!bad")).answer()
    assert (status, body) == (200, '{"errorDetail":{"message":"invalid tar header"},"error":"invalid tar header"}\r\n')
    client.send("POST /images/load HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nzz")
    assert "Protocol error" in client.answer()[2]
    assert client.at_end()


@test
def a_client_that_leaves_its_load(server):
    client = Client(server).send("POST /images/load HTTP/1.1\r\nHost: d\r\nContent-Length: 1000\r\n\r\nabc")
    client.close()
    client = Client(server)
    while last(client) != "took 3":
        pass


@test
def import_reads_and_answers(server):
    client = Client(server)
    status, _, body = client.send(post("/images/create?fromSrc=-&repo=r&tag=t&message=m&changes=CMD%20a&changes=ENV%20b", "x")).answer()
    assert (status, body) == (200, '{"status":"sha256:1"}\r\n')
    assert last(client) == "import r t m CMD a ENV b"
    assert message(client.send(post("/images/create?fromSrc=-", "!")).answer()) == (400, "invalid tar header")
    assert message(client.send(post("/images/create?fromSrc=http://x/y", "")).answer())[0] == 501
    assert message(client.send(post("/images/create", "")).answer())[0] == 500


if __name__ == "__main__":
    sys.exit(run(TESTS))
