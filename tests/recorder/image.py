# SPDX-License-Identifier: Apache-2.0
"""The test images, made from the machine's static busybox without any engine.

Both share one layer and are byte for byte the same for the same busybox: every time is fixed, owners are root, names
are sorted. `lighter-test/busybox:1` is plain; `lighter-test/full:1` sets every field of an image's config that a
container inherits. Run as a program it writes the archive: python3 tests/recorder/image.py OUT.tar
"""
import hashlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile

MTIME = 1700000000
CREATED = "2023-11-14T22:13:2%dZ"
PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1000:\nextra:x:2000:app\n"
SCRIPT = "#!/bin/sh\nexit 7\n"


def _busybox():
    for place in ("/bin/busybox", "/usr/bin/busybox"):
        path = pathlib.Path(place)
        if path.exists():
            return path
    raise SystemExit("the test image needs the package busybox-static")


def _entry(tar, name, kind=tarfile.REGTYPE, mode=0o644, data=b"", link="", owner=0):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, len(data), link, MTIME
    info.uid = info.gid = owner
    tar.addfile(info, io.BytesIO(data))


def layer():
    """The one layer, as tar bytes."""
    busybox = _busybox()
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("bin", "dev", "etc", "home", "proc", "root", "sys"):
            _entry(tar, name, tarfile.DIRTYPE, 0o755)
        _entry(tar, "home/app", tarfile.DIRTYPE, 0o755, owner=1000)
        _entry(tar, "tmp", tarfile.DIRTYPE, 0o1777)
        _entry(tar, "bin/busybox", mode=0o755, data=busybox.read_bytes())
        for applet in sorted(set(applets) - {"busybox"}):
            _entry(tar, f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")
        _entry(tar, "etc/passwd", data=PASSWD.encode())
        _entry(tar, "etc/group", data=GROUP.encode())
        _entry(tar, "not-executable", data=SCRIPT.encode())
        _entry(tar, "exit-seven", mode=0o755, data=SCRIPT.encode())
        _entry(tar, "bad-format", mode=0o755, data=b"no magic here\n")
    return out.getvalue()


def _config(diff_id, config, number):
    created = CREATED % number  # no two alike: lists sort by it
    return json.dumps({
        "architecture": "amd64", "os": "linux", "created": created, "config": config,
        "history": [{"created": created, "created_by": "tests/recorder/image.py"}],
        "rootfs": {"type": "layers", "diff_ids": [diff_id]}}, sort_keys=True).encode()


PLAIN = {"Cmd": ["sh"], "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}
FULL = {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo from the image"], "Env": ["PATH=/bin", "FROM_IMAGE=yes"],
        "User": "app:extra", "WorkingDir": "/made/on/start", "Labels": {"from.image": "yes"}, "StopSignal": "SIGINT",
        "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}}


def archive(images=(("lighter-test/busybox:1", PLAIN), ("lighter-test/full:1", FULL))):
    """A docker-archive of the images, as `docker save` lays it out, in bytes."""
    blob = layer()
    diff_id = hashlib.sha256(blob).hexdigest()
    out, manifest = io.BytesIO(), []
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _entry(tar, f"{diff_id}.tar", data=blob)
        for number, (name, config) in enumerate(images):
            document = _config(f"sha256:{diff_id}", config, number)
            file = hashlib.sha256(document).hexdigest() + ".json"
            _entry(tar, file, data=document)
            manifest.append({"Config": file, "RepoTags": [name], "Layers": [f"{diff_id}.tar"]})
        _entry(tar, "manifest.json", data=json.dumps(manifest).encode())
    return out.getvalue()


def small_rootfs():
    """A root file system of one file, for import."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _entry(tar, "etc", tarfile.DIRTYPE, 0o755)
        _entry(tar, "etc/motd", data=b"hello\n")
    return out.getvalue()


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_bytes(archive())
