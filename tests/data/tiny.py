#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the docker-archive that every image in images/ was made from: two layers, `lighter-test/tiny:1`.

The first layer has a 1-KB file, a hard link, a symbolic link, a directory with set-gid and an owner, a file with an
extended attribute; the second changes one file, removes one (whiteout) and makes a directory opaque. What must be
there after unpacking is in images.tsv. Usage: tiny.py OUT.tar
"""
import hashlib
import io
import json
import sys
import tarfile

MTIME = 1700000000
CREATED = "2023-11-14T22:13:20Z"
TEXT = ("0123456789abcdef" * 64).encode()


def entry(tar, name, kind=tarfile.REGTYPE, mode=0o644, data=b"", link="", owner=(0, 0), pax=None):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, len(data), link, MTIME
    info.uid, info.gid = owner
    info.pax_headers = pax or {}
    tar.addfile(info, io.BytesIO(data))


def layer(fill):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        fill(tar)
    return out.getvalue()


def lower(tar):
    entry(tar, "etc", tarfile.DIRTYPE, 0o755)
    entry(tar, "etc/text", data=TEXT)
    entry(tar, "etc/hard", tarfile.LNKTYPE, link="etc/text")
    entry(tar, "etc/soft", tarfile.SYMTYPE, 0o777, link="/etc/text")
    entry(tar, "etc/gone", data=b"removed by the second layer\n")
    entry(tar, "etc/changed", data=b"old\n")
    entry(tar, "srv", tarfile.DIRTYPE, 0o2750, owner=(1000, 2000))
    entry(tar, "srv/xattr", data=b"x\n", pax={"SCHILY.xattr.user.lighter": "yes"})
    entry(tar, "opaque", tarfile.DIRTYPE, 0o755)
    entry(tar, "opaque/hidden", data=b"hidden\n")


def upper(tar):
    entry(tar, "etc", tarfile.DIRTYPE, 0o755)
    entry(tar, "etc/changed", mode=0o600, data=b"new\n")
    entry(tar, "etc/.wh.gone")
    entry(tar, "opaque", tarfile.DIRTYPE, 0o755)
    entry(tar, "opaque/.wh..wh..opq")
    entry(tar, "opaque/shown", data=b"shown\n")


def archive():
    layers = [layer(lower), layer(upper)]
    ids = [hashlib.sha256(blob).hexdigest() for blob in layers]
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "created": CREATED,
        "config": {"Cmd": ["/etc/text"], "Env": ["PATH=/bin"], "Labels": {"tiny": "yes"}, "WorkingDir": "/srv"},
        "history": [{"created": CREATED, "created_by": "lower"}, {"created": CREATED, "created_by": "upper"}],
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{i}" for i in ids]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for blob, digest in zip(layers, ids):
            entry(tar, f"{digest}.tar", data=blob)
        entry(tar, name, data=config)
        manifest = [{"Config": name, "RepoTags": ["lighter-test/tiny:1"], "Layers": [f"{i}.tar" for i in ids]}]
        entry(tar, "manifest.json", data=json.dumps(manifest).encode())
    return out.getvalue()


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.write(archive())
