# SPDX-License-Identifier: Apache-2.0
"""What is taken out of a reply before it is kept or compared. The rules are data: tests/recordings/masks.tsv.

text rules are regular expressions over every string; json rules replace the value at a path by its type, so that
"present, and a number" is still compared; header rules replace a header's value.
"""
import fnmatch
import pathlib
import re

KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number",
         type(None): "null"}


def kind(value):
    return KINDS[type(value)]


class Masks:
    def __init__(self, path):
        self.text, self.json, self.headers = [], [], []
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != 4:
                raise SystemExit(f"{path}:{number}: four fields wanted, not {len(fields)}")
            scope, where, pattern, replacement = fields
            if scope == "text":
                self.text.append((where, re.compile(pattern), replacement))
            elif scope == "json":
                self.json.append((where, pattern, replacement))
            elif scope == "header":
                self.headers.append((pattern.lower(), replacement))
            else:
                raise SystemExit(f"{path}:{number}: no such scope: {scope}")

    def mask_text(self, title, text):
        for where, pattern, replacement in self.text:
            if fnmatch.fnmatch(title, where):
                text = pattern.sub(replacement, text)
        return text

    def mask_header(self, name, value):
        for wanted, replacement in self.headers:
            if fnmatch.fnmatch(name.lower(), wanted):
                return replacement
        return self.mask_text("header", value)

    def mask_json(self, title, value, path=""):
        for where, pattern, replacement in self.json:
            if path and fnmatch.fnmatchcase(path, pattern) and fnmatch.fnmatch(title, where):
                return f"<{kind(value)}>" if replacement == "<type>" else replacement
        if isinstance(value, dict):
            return {self.mask_text(title, k): self.mask_json(title, v, f"{path}.{k}" if path else k)
                    for k, v in value.items()}
        if isinstance(value, list):
            return [self.mask_json(title, v, f"{path}.#" if path else "#") for v in value]
        if isinstance(value, str):
            return self.mask_text(title, value)
        return value
