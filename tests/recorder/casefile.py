# SPDX-License-Identifier: Apache-2.0
"""Case files: what is asked. tests/recordings/README.md is the manual of the format.

A line at column 0 is a step, indented lines below it are its options; '#' opens a comment, a line ending in a
backslash goes on. Variables are written @{name}: those saved by earlier steps, and the ones of the fixture.
"""
import pathlib
import re

VERBS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO"}
WORDS = VERBS | {"$", "&", "stream", "send", "expect", "half-close", "end", "join", "file"}


class Step:
    def __init__(self, words, number):
        self.kind, self.arg, self.number = words[0], words[1] if len(words) > 1 else "", number
        self.options = []

    def option(self, name, default=None):
        return next((v for k, v in self.options if k == name), default)

    def has(self, name):
        return self.option(name) is not None

    def heads(self):
        return [(k[:-1], v) for k, v in self.options if k.endswith(":")]

    def title(self):
        return f"{self.kind} {self.arg}".strip()


def _logical_lines(text):
    held = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.endswith("\\"):
            held += line[:-1]
            continue
        if (held + line).strip() and not line.lstrip().startswith("#"):
            yield number, held + line
        held = ""


def parse(path):
    """The steps of one case file."""
    steps = []
    for number, line in _logical_lines(pathlib.Path(path).read_text()):
        if not line[0].isspace():
            step = Step(line.split(None, 1), number)
            if step.kind not in WORDS:
                raise SystemExit(f"{path}:{number}: no such step: {step.kind}")
            steps.append(step)
        else:
            name, _, value = line.strip().partition(" ")
            steps[-1].options.append((name, value.strip()))
    return steps


def expand(text, variables):
    def value(match):
        if match[1] not in variables:
            raise SystemExit(f"no variable @{{{match[1]}}}; there are {', '.join(sorted(variables))}")
        return variables[match[1]]
    return re.sub(r"@\{([\w.]+)\}", value, text)
