#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server against scripted clients that do what clients should and shouldn't. Prints TAP.

Usage: http_server_test.py HTTP_TEST_SERVER [NAME...]
"""
import socket
import sys

from scripted import GET, Client, post, run

TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def headers_of_every_reply(server):
    status, headers, body = Client(server).get("/inline")
    assert (status, body) == (200, "inline")
    assert headers["api-version"] == "1.51" and headers["docker-experimental"] == "false" and headers["ostype"] == "linux"
    assert headers["server"].startswith("Lighter/") and headers["server"].endswith(" (linux)")
    assert headers["content-length"] == "6" and headers["date"].endswith(" GMT") and "connection" not in headers


@test
def one_connection_serves_many_requests(server):
    client = Client(server)
    for _ in range(200):
        assert client.get("/inline")[2] == "inline"


@test
def pipelined_requests_are_answered_in_order(server):
    client, other = Client(server), Client(server)
    client.send(GET.format("/wait") + GET.format("/inline") + post("/echo", "abc") + GET.format("/nope") + GET.format("/inline"))
    assert other.get("/release?n=1")[2] == "released"
    answers = [client.answer() for _ in range(5)]
    assert [a[2] for a in answers if a[0] == 200] == ["waited", "inline", "abc", "inline"]
    assert answers[3][0] == 404


@test
def a_thousand_pipelined_requests(server):
    client = Client(server)
    client.send(GET.format("/inline") * 1000)
    for _ in range(1000):
        assert client.answer()[2] == "inline"


@test
def requests_may_come_byte_by_byte(server):
    client = Client(server)
    for c in post("/echo", "abc"):
        client.send(c)
    assert client.answer()[2] == "abc"


@test
def head_has_no_body_and_needs_a_route(server):
    client = Client(server)
    status, headers = client.send("HEAD /inline HTTP/1.1\r\nHost: d\r\n\r\n").head()
    assert status == 200 and headers["content-length"] == "6"
    status, headers = client.send("HEAD /param/x HTTP/1.1\r\nHost: d\r\n\r\n").head()
    assert status == 404 and "api-version" not in headers
    assert client.get("/inline")[2] == "inline"


@test
def unknown_routes_and_methods(server):
    client = Client(server)
    for request in (GET.format("/nope"), GET.format("/v1.51/nope"), post("/inline", ""), GET.format("/inline/"), GET.format("/vx/inline"), GET.format("/v1.51")):
        status, headers, body = client.send(request).answer()
        assert (status, body) == (404, '{"message":"page not found"}\n'), (request, status, body)
        assert "api-version" not in headers and "server" not in headers


@test
def versions_are_checked_in_dockers_words(server):
    client = Client(server)
    assert client.get("/v1.24/param/x")[2] == "x|-|124"
    assert client.get("/v1.51/param/x")[2] == "x|-|151"
    assert client.get("/param/x")[2] == "x|-|151"
    for version in ("1.52", "1.99", "2.0", "1.51.1", "99999999999999999999"):
        status, _, body = client.get(f"/v{version}/inline")
        assert (status, body) == (400, f'{{"message":"client version {version} is too new. Maximum supported API version is 1.51"}}\n'), body
    for version in ("1.23", "1", "0.9"):
        status, headers, body = client.get(f"/v{version}/inline")
        assert status == 400 and headers["content-type"] == "text/plain; charset=utf-8"
        assert body == f"client version {version} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n"


@test
def paths_are_decoded_cleaned_and_matched(server):
    client = Client(server)
    assert client.get("/names/a/b%2Fc:d/json?q=%20+x")[2] == "a/b/c:d|  x|151"
    assert client.get("/names/json/json")[2] == "json|-|151"
    assert client.get("/v1.30/names/x/json/json")[2] == "x/json|-|130"
    for path, location in (("//inline", "/inline"), ("/v1.51//inline?a=b", "/v1.51/inline?a=b"), ("/a/../inline", "/inline")):
        status, headers, _ = client.get(path)
        assert (status, headers["location"]) == (301, location)
    status, _, body = client.get("/inline?a=1;b=2")
    assert (status, body) == (400, '{"message":"invalid semicolon separator in query"}\n')
    status, _, _ = client.send("OPTIONS /anything HTTP/1.1\r\nHost: d\r\n\r\n").answer()
    assert status == 200


@test
def bad_heads_are_refused_and_closed(server):
    for text, expected in (
        ("garbage\r\n\r\n", 400),
        ("GET /inline HTTP/1.1\r\n\r\n", 400),
        ("GET /inline HTTP/3.0\r\nHost: d\r\n\r\n", 505),
        ("GET /%zz HTTP/1.1\r\nHost: d\r\n\r\n", 400),
        ("GET /inline HTTP/1.1\r\nHost: d\r\n folded\r\n\r\n", 400),
        ("GET /inline HTTP/1.1\r\nHost: d\r\nA: b\rc\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("POST /echo HTTP/1.1\r\nHost: d\r\nExpect: miracles\r\n\r\n", 417),
    ):
        client = Client(server)
        status, headers, _ = client.send(text).answer()
        assert (status, headers.get("connection")) == (expected, "close"), (text, status, headers)
        assert client.at_end()


@test
def huge_heads_are_refused(server):
    for text in ("GET /" + "a" * 70000 + " HTTP/1.1\r\nHost: d\r\n\r\n", "GET /inline HTTP/1.1\r\nHost: d\r\n" + "A: bbbbbbbb\r\n" * 300 + "\r\n", "GET /inline HTTP/1.1\r\nHost: d\r\nA: " + "b" * 300000 + "\r\n\r\n"):
        client = Client(server)
        status, _, _ = client.send(text).answer()
        assert status == 431, status
        assert client.at_end()


@test
def an_endless_head_is_cut(server):
    client = Client(server)
    try:
        for _ in range(1000):
            client.send("A" * 10000)
    except OSError:
        pass
    assert client.head()[0] == 431


@test
def slow_heads_and_bodies_are_closed(server):
    for start in ("GET /inl", "POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nabc"):
        client = Client(server).send(start)
        assert client.at_end()
    # Bytes that trickle in do not lengthen a head's time.
    client = Client(server).send("GET /inline HTTP/1.1\r\nA: ")
    client.socket.settimeout(0.05)
    for _ in range(2000):
        try:
            client.send("x")
            if not client.socket.recv(1):
                return
        except socket.timeout:
            continue
        except OSError:
            return
    raise AssertionError("a slow head was never cut")


@test
def bodies_in_both_framings(server):
    client = Client(server)
    assert client.send(post("/echo", "x" * 100000)).answer()[2] == "x" * 100000
    client.send("POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n")
    assert client.answer()[2] == "abcde"
    client.send("POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert client.answer()[0] == 400
    assert client.at_end()


@test
def bodies_over_the_cap(server):
    client = Client(server).send("POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 9000000\r\n\r\n")
    assert client.answer()[0] == 413
    client = Client(server).send("POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        for _ in range(10):
            client.send("100000\r\n" + "x" * 0x100000 + "\r\n")
    except OSError:
        pass
    assert client.answer()[0] == 413


@test
def continue_is_said_when_the_body_is_wanted(server):
    for path, expected in (("/echo", "abc"), ("/count", "3 0")):
        client = Client(server).send(f"POST {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.head()[0] == 100
        assert client.send("abc").answer()[2] == expected
        assert client.get("/inline")[2] == "inline"
    for path, expected in (("/unread", 400), ("/nope", 404)):
        client = Client(server).send(f"POST {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        status, headers, _ = client.answer()
        assert (status, headers["connection"]) == (expected, "close")


@test
def streamed_bodies(server):
    client = Client(server)
    assert client.send(post("/count", "x" * 1000000)).answer()[2] == "1000000 0"
    client.send("POST /count HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n")
    for n in (1, 5000, 20000, 70000):
        client.send(f"{n:x}\r\n" + "y" * n + "\r\n")
    assert client.send("0\r\n\r\n" + GET.format("/inline")).answer()[2] == "95001 0"
    assert client.answer()[2] == "inline"


@test
def a_body_that_ends_early_is_an_error(server):
    client = Client(server).send("POST /count HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\nabc")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.answer()[2] == "3 -104"
    client = Client(server).send("POST /count HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.answer()[2] == "3 -71"


@test
def an_unread_body_does_not_eat_the_answer(server):
    client = Client(server)
    try:
        client.send(post("/unread", "x" * 4000000))
    except OSError:
        pass
    status, headers, body = client.answer()
    assert (status, headers["connection"], body) == (400, "close", "unread")


@test
def an_answer_may_come_while_the_body_is_sent(server):
    client = Client(server).send("POST /both HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert client.head()[0] == 200
    for word in ("one", "two", "three"):
        client.send(f"{len(word):x}\r\n{word}\r\n")
        assert client.take(int(client.line(), 16)) == word.encode()
        assert client.line() == ""
    assert client.send("0\r\n\r\n").line() == "0"
    assert client.line() == ""
    assert client.get("/inline")[2] == "inline"


@test
def streams_are_chunked_and_kept_alive(server):
    client = Client(server)
    status, headers, body = client.get("/stream?n=3&size=5")
    assert headers["transfer-encoding"] == "chunked" and body == "x" * 15
    assert len(client.get("/stream?n=100&size=100000")[2]) == 10000000
    assert client.get("/inline")[2] == "inline"


@test
def a_cut_stream_looks_broken(server):
    client = Client(server).send(GET.format("/stream?n=2&size=5&cut=1"))
    headers = client.head()[1]
    try:
        client.body(headers)
        raise AssertionError("it looked whole")
    except EOFError:
        pass


@test
def http_1_0(server):
    client = Client(server).send("GET /inline HTTP/1.0\r\n\r\n")
    assert client.answer()[2] == "inline"
    assert client.at_end()
    client = Client(server).send("GET /inline HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + "GET /stream?n=2&size=3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert client.answer()[1]["connection"] == "keep-alive"
    status, headers = client.head()
    assert "transfer-encoding" not in headers and headers["connection"] == "close"
    assert client.take(6) == b"xxxxxx"
    assert client.at_end()


@test
def half_closed_clients_are_answered(server):
    client = Client(server).send(GET.format("/inline") + GET.format("/stream?n=50&size=100000"))
    client.socket.shutdown(socket.SHUT_WR)
    assert client.answer()[2] == "inline"
    assert len(client.answer()[2]) == 5000000
    assert client.at_end()


@test
def clients_that_leave_are_noticed(server):
    leavers = [Client(server).send(GET.format(path)) for path in ("/hold", "/hold", "/gone", "/stream?n=1000&size=100000")]
    for client in leavers:
        if client is not leavers[2]:
            assert client.head()[0] == 200
        client.close()
    assert Client(server).get("/closed?n=4")[2] == "closed"


@test
def a_reader_that_sleeps_holds_up_nobody(server):
    sleepers = [Client(server).send(GET.format("/stream?n=1000&size=100000")) for _ in range(40)]
    for _ in range(20):
        assert Client(server).get("/stream?n=1&size=1")[2] == "x"
    for client in sleepers:
        client.close()


@test
def hijacked_connections(server):
    upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
    client = Client(server).send(f"POST /hijack HTTP/1.1\r\nHost: d\r\n{upgrade}\r\nright behind")
    status, headers = client.head()
    assert status == 101 and headers == {"content-type": "application/vnd.docker.raw-stream", "connection": "Upgrade", "upgrade": "tcp"}
    assert client.take(12) == b"right behind"
    assert client.send("more").take(4) == b"more"
    client.socket.shutdown(socket.SHUT_WR)
    assert client.at_end()
    client = Client(server).send("POST /hijack HTTP/1.1\r\nHost: d\r\n\r\nold")
    assert client.head() == (200, {"content-type": "application/vnd.docker.raw-stream"})
    assert client.take(3) == b"old"
    client.close()
    client = Client(server).send("POST /hijack?chunked=1 HTTP/1.1\r\nHost: d\r\n\r\n")
    status, headers = client.head()
    assert (status, headers["transfer-encoding"], headers["api-version"]) == (200, "chunked", "1.51")
    client.close()


@test
def many_clients_at_once(server):
    clients = [Client(server) for _ in range(300)]
    for i, client in enumerate(clients):
        client.send(post("/echo", f"client {i}") if i % 2 else GET.format("/inline"))
    for i, client in enumerate(clients):
        assert client.answer()[2] == (f"client {i}" if i % 2 else "inline")
        client.close()


@test
def the_server_ends_with_clients_connected(server):
    clients = [Client(server).send(GET.format(path)) for path in ("/hold", "/stream?n=1000&size=100000", "/gone", "/inline", "/inl")]
    assert clients[0].head()[0] == 200
    assert clients[1].head()[0] == 200
    assert clients[3].answer()[2] == "inline"


if __name__ == "__main__":
    sys.exit(run(TESTS))
