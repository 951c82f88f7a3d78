# SPDX-License-Identifier: Apache-2.0
"""What a step answered, masked, and the recording file it is kept in.

A recording is text that reads well in a diff: `=== title` opens a step, a word at column 0 opens one of its sections,
and the section's content is indented by two spaces. `\\` alone on a line says that the text before it ended without a
newline.
"""
import json

NO_NEWLINE = "\\"


class Result:
    def __init__(self, title):
        self.title, self.sections = title, []

    def add(self, name, text):
        self.sections.append((name, text))

    def section(self, name):
        return next((t for n, t in self.sections if n == name), None)


def json_text(value):
    return json.dumps(value, indent=1, ensure_ascii=False)


def _section_lines(name, text):
    if "\n" not in text and len(text) < 100 and not text.startswith((" ", NO_NEWLINE)):
        return [f"{name}: {text}" if text else f"{name}:"]
    ended = text.endswith("\n")
    lines = text[:-1].split("\n") if ended else text.split("\n")
    return [name, *("  " + line for line in lines)] + ([] if ended else ["  " + NO_NEWLINE])


def write(path, version, results):
    lines = [version]
    for result in results:
        lines += ["", f"=== {result.title}"]
        for name, text in result.sections:
            lines += _section_lines(name, text)
    path.write_text("\n".join(lines) + "\n")


def _finish(section):
    name, lines = section
    if lines and lines[-1] == NO_NEWLINE:
        return name, "\n".join(lines[:-1])
    return name, "".join(line + "\n" for line in lines)


def read(path):
    """(version line, results) of a recording."""
    version, *lines = path.read_text().split("\n")
    results, block = [], None
    for line in lines:
        if line.startswith("  "):
            block[1].append(line[2:])
            continue
        if block:
            results[-1].add(*_finish(block))
            block = None
        if line.startswith("=== "):
            results.append(Result(line[4:]))
        elif ":" in line:
            name, _, text = line.partition(":")
            results[-1].add(name, text[1:])
        elif line:
            block = (line, [])
    if block:
        results[-1].add(*_finish(block))
    return version, results
