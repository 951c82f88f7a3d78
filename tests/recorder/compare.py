# SPDX-License-Identifier: Apache-2.0
"""Compares two runs of one case. JSON by structure (keys, types, masked values; the order of keys is free), everything
else byte by byte. A difference has a place, so that differences.tsv can list it; see tests/recordings/README.md.
"""
import difflib
import fnmatch
import json
import pathlib

from masks import kind


class Difference:
    def __init__(self, case, step, place, what):
        self.case, self.step, self.place, self.what = case, step, place, what

    def __str__(self):
        return f"{self.case}\t{self.step}\t{self.place}\t{self.what}"


def _json_differences(wanted, got, path):
    """Yields (path, what) for every place where two JSON values differ."""
    if kind(wanted) != kind(got):
        yield path, f"type {kind(wanted)} became {kind(got)}"
    elif isinstance(wanted, dict):
        for key in wanted:
            inner = f"{path}.{key}"
            if key not in got:
                yield inner, "missing key"
            else:
                yield from _json_differences(wanted[key], got[key], inner)
        for key in got.keys() - wanted.keys():
            yield f"{path}.{key}", "extra key"
    elif isinstance(wanted, list):
        if len(wanted) != len(got):
            yield path, f"length {len(wanted)} became {len(got)}"
        for index, (one, other) in enumerate(zip(wanted, got)):
            yield from _json_differences(one, other, f"{path}.{index}")
    elif wanted != got:
        yield path, f"{json.dumps(wanted)} became {json.dumps(got)}"


def _named(result):
    """Sections by a name that is unique in the step."""
    out, seen = {}, {}
    for name, text in result.sections:
        count = seen[name] = seen.get(name, 0) + 1
        out[name if count == 1 else f"{name}#{count}"] = text
    return out


def _section_differences(wanted, got):
    one, other = _named(wanted), _named(got)
    for name in one.keys() - other.keys():
        yield name, "missing"
    for name in other.keys() - one.keys():
        yield name, f"extra: {other[name][:200]!r}"
    for name in [n for n in one if n in other]:
        if name.startswith("json"):
            yield from _json_differences(json.loads(one[name]), json.loads(other[name]), name)
        elif one[name] != other[name]:
            yield name, f"{one[name][:200]!r} became {other[name][:200]!r}"


def differences(case, wanted, got):
    """All differences of one case; wanted and got are lists of results."""
    out = []
    if len(wanted) != len(got):
        out.append(Difference(case, "*", "steps", f"{len(wanted)} recorded, {len(got)} made: record the case again"))
    for number, (one, other) in enumerate(zip(wanted, got), 1):
        if one.title != other.title:
            out.append(Difference(case, str(number), "title", f"{one.title!r} became {other.title!r}"))
            continue
        out += [Difference(case, str(number), place, what) for place, what in _section_differences(one, other)]
    return out


def unified(case, wanted, got):
    """Both runs as text, as a diff for people."""
    def lines(results):
        return [line for r in results for line in
                [f"=== {r.title}", *(f"{n}: {row}" for n, t in r.sections for row in t.split("\n"))]]
    return "\n".join(difflib.unified_diff(lines(wanted), lines(got), f"recorded/{case}", f"made/{case}", lineterm="", n=2))


class Known:
    """differences.tsv: case, step, place (globs), deliberate or -, reason. Statuses, exit codes and missing keys may only
    stand there as a deliberate decision of the design, named."""

    def __init__(self, path):
        self.rows = []
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != 5 or not fields[4].strip():
                raise SystemExit(f"{path}:{number}: case, step, place, deliberate, reason wanted")
            self.rows.append([number, *fields, 0])

    def covers(self, difference):
        for row in self.rows:
            _, case, step, place, deliberate, _, _ = row
            if not (fnmatch.fnmatchcase(difference.case, case) and fnmatch.fnmatchcase(difference.step, step)
                    and fnmatch.fnmatchcase(difference.place, place)):
                continue
            grave = difference.place in ("status", "exit") or difference.what == "missing key"
            if grave and deliberate == "-":
                continue
            row[-1] += 1
            return True
        return False

    def unused(self, cases):
        """Rows for cases that ran and that covered nothing: the difference is gone, so the row must go."""
        return [row for row in self.rows if not row[-1] and any(fnmatch.fnmatchcase(c, row[1]) for c in cases)]
