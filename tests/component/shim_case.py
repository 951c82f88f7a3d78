# SPDX-License-Identifier: Apache-2.0
"""What the tests of lighter-shim share: PROGRAM [unittest arguments] on the command line; root is needed."""
import os
import select
import sys
import unittest

from shim_peer import Shim

PROGRAM = os.path.abspath(sys.argv[1])
FULL = os.environ.get("SCALE") == "full"
MB = 1 << 20
SANITIZED = b"__asan_init" in open(PROGRAM, "rb").read()
MEMORY_KB = 4096


def read_until(sock, wanted):
    data = b""
    while wanted not in data:
        part = sock.recv(65536)
        if not part:
            raise AssertionError(f"the end came before {wanted!r}: {data!r}")
        data += part
    return data


def readable(sock, seconds):
    return bool(select.select([sock], [], [], seconds)[0])


class ShimCase(unittest.TestCase):
    def shim(self, script, expect_clean=True, **options):
        s = Shim(PROGRAM, ["sh", "-c", script] if isinstance(script, str) else script, **options)
        self.addCleanup(self.finish, s, expect_clean)
        s.control.call("subscribe")
        return s

    def finish(self, s, expect_clean):
        clean = s.close()
        if expect_clean and sys.exc_info() == (None, None, None):
            self.assertTrue(clean, "the shim did not leave by itself")

    def end(self, s, code):
        """Plays the daemon's part in the end, and sees it through."""
        event = s.control.event("exit")
        self.assertEqual(code, event["exit_code"])
        self.assertEqual(code, s.record()["exit_code"])
        self.assertEqual("exited", s.record()["status"])
        s.control.call("exited_ok")
        s.control.event("gone")
        self.assertEqual(0, s.join())
        self.assertEqual(["exit.json"], os.listdir(os.path.join(s.base, "run")))
        return event

    def bounded(self, s):
        if not SANITIZED:
            used = s.memory_kb()
            print(f"  peak memory of the shim: {used} kB", file=sys.stderr)
            self.assertLessEqual(used, MEMORY_KB)


def main():
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[2:]], warnings="ignore")
