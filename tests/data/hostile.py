#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corrupt and hostile archives into a directory, with a table of what must come of each.

Usage: hostile.py DIR. DIR/hostile.tsv has a line per archive: file, use (load: `docker load`; import: `docker import`), verdict
(refused, accepted, or either: both are safe), what must hold (for refused a regular expression, without regard to case, over the error
message; for accepted and either what the layer then has: file:PATH, dir:PATH, symlink:PATH, device:PATH), and why. Nothing
outside the new layer may be touched; after a refusal the data root has the same files as before. Many aim at /tmp/lighter-escape.
Never feed layer-device.tar or layer-fifo.tar to a Docker that others use: 28.5 reads /dev/zero, and waits on the pipe, for ever.
"""
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

sys.dont_write_bytecode = True
import tiny  # noqa: E402

TARGET = "tmp/lighter-escape"
UP = "../" * 12
REG, DIR, SYM, LNK, CHR, FIFO = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE,
                                 tarfile.FIFOTYPE)
ROWS = []


def case(name, use, verdict, holds, why):
    def register(make):
        ROWS.append((name, use, verdict, holds, why, make))
        return make
    return register


def tar(*entries):
    """Each entry: (name, type, data or link), a callable given the tar, or raw bytes put in as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in entries:
            if callable(item):
                item(archive)
                continue
            name, kind, rest = item
            data, link = (rest, "") if kind == REG else (b"", rest)
            tiny.entry(archive, name, kind, 0o755 if kind == DIR else 0o644, data, link)
    return out.getvalue()


def header(name, size=0, kind=b"0", size_field=None, mode=b"0000644\0", fix=True):
    """One ustar header made by hand, for what a library refuses to write."""
    raw = bytearray(512)
    raw[0:len(name)] = name
    raw[100:108], raw[108:116], raw[116:124] = mode, b"0000000\0", b"0000000\0"
    raw[124:136] = size_field or b"%011o\0" % size
    raw[136:148], raw[148:156], raw[156:157], raw[257:265] = b"14524756620\0", b" " * 8, kind, b"ustar\x0000"
    if fix:
        raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def padded(data):
    return data + b"\0" * (-len(data) % 512)


END = b"\0" * 1024


def docker_archive(layer, layer_name="layer.tar", config_name="config.json", manifest=None, diff_id=None, extra=()):
    """A docker-archive of one layer; every part can be replaced."""
    digest = diff_id or hashlib.sha256(layer).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"]},
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
    if manifest is None:
        manifest = [{"Config": config_name, "RepoTags": ["lighter-test/hostile:1"], "Layers": [layer_name]}]
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return tar(*extra, ("layer.tar", REG, layer), ("config.json", REG, config), ("manifest.json", REG, text))


GOOD = tar(("etc", DIR, ""), ("etc/ok", REG, b"ok\n"))


# -- layers that try to leave their root ---------------------------------------------------------------------------

@case("dotdot.tar", "import", "refused", r"\.\.|outside|escape|breakout|invalid", "a name with ../")
def _():
    return tar((UP + TARGET, REG, b"x"))


@case("dotdot-middle.tar", "import", "refused", r"\.\.|outside|escape|breakout|invalid", "../ behind a directory of its own")
def _():
    return tar(("a", DIR, ""), ("a/" + UP + TARGET, REG, b"x"))


@case("absolute.tar", "import", "accepted", f"file:/{TARGET}", "an absolute name means below the root")
def _():
    return tar(("/" + TARGET, REG, b"x"))


@case("through-symlink.tar", "import", "accepted", f"file:/{TARGET}", "a link to /tmp, then a file through it: inside the root")
def _():
    return tar(("tmp", DIR, ""), ("link", SYM, "/tmp"), ("link/lighter-escape", REG, b"x"))


@case("through-symlink-up.tar", "import", "either", f"file:/{TARGET}", "a link that climbs, then a file through it: the root stops it")
def _():
    return tar(("tmp", DIR, ""), ("link", SYM, UP + "tmp"), ("link/lighter-escape", REG, b"x"))


@case("symlink-out.tar", "import", "accepted", "symlink:/etc/shadow-link", "a link that points out is only text")
def _():
    return tar(("etc", DIR, ""), ("etc/shadow-link", SYM, UP + "etc/shadow"))


@case("hardlink-up.tar", "import", "refused", r"\.\.|outside|escape|breakout|invalid", "a hard link to ../")
def _():
    return tar(("hosts", LNK, UP + "etc/hosts"))


@case("hardlink-absolute.tar", "import", "refused", "no such file|not exist|missing|hard ?link", "a hard link to /etc/hosts, which the layer lacks")
def _():
    return tar(("hosts", LNK, "/etc/hosts"))


@case("hardlink-through-symlink.tar", "import", "refused", "no such file|not exist|missing|hard ?link|outside", "a hard link whose target runs through a link out")
def _():
    return tar(("link", SYM, "/etc"), ("hosts", LNK, "link/hosts"))


@case("hardlink-write-through.tar", "import", "refused", r"\.\.|outside|escape|no such file|breakout|invalid", "a hard link to a host file, then written")
def _():
    return tar(("h", LNK, UP + TARGET), ("h", REG, b"overwritten"))


@case("cyclic-links.tar", "import", "refused", "too many|loop|level", "a -> b, b -> a, then a file below")
def _():
    return tar(("a", SYM, "b"), ("b", SYM, "a"), ("a/x", REG, b"x"))


@case("root-replaced.tar", "import", "either", "file:/x", "the root itself as a symbolic link")
def _():
    return tar(("./", SYM, "/" + TARGET), ("x", REG, b"x"))


@case("pax-path.tar", "import", "refused", r"\.\.|outside|escape|breakout|invalid", "a PAX path that overrides a harmless name")
def _():
    return tar(lambda t: tiny.entry(t, "harmless", data=b"x", pax={"path": UP + TARGET}))


@case("pax-linkpath.tar", "import", "refused", r"\.\.|outside|escape|breakout|invalid", "a PAX linkpath that overrides a harmless target")
def _():
    return tar(lambda t: tiny.entry(t, "l", LNK, link="harmless", pax={"linkpath": UP + "etc/hosts"}))


@case("whiteout-up.tar", "load", "refused", r"\.\.|outside|escape|breakout|whiteout|invalid", "a whiteout that climbs out: .wh... names the parent")
def _():
    return docker_archive(tar(("a", DIR, ""), ("a/.wh...", REG, b"")))


@case("device.tar", "import", "accepted", "device:/disk", "a block device is allowed in an image, as a node only")
def _():
    def node(archive):
        info = tarfile.TarInfo("disk")
        info.type, info.devmajor, info.devminor, info.mode = tarfile.BLKTYPE, 7, 200, 0o600
        archive.addfile(info)
    return tar(node)


# -- broken tar ----------------------------------------------------------------------------------------------------

@case("truncated.tar", "import", "refused", "unexpected|trunc|eof|end of", "ends in the middle of a file")
def _():
    return header(b"a", 4096) + b"x" * 1000


@case("truncated-header.tar", "import", "refused", "unexpected|trunc|eof|end of|header", "ends in the middle of a header")
def _():
    return GOOD[:512] + header(b"b")[:200]


@case("bad-checksum.tar", "import", "refused", "header|checksum|invalid", "a header whose checksum is wrong")
def _():
    return GOOD[:512] + header(b"b", fix=False) + END


@case("negative-size.tar", "import", "refused", "header|size|invalid|negative", "a size of minus one in base 256")
def _():
    return header(b"a", size_field=b"\xff" * 12) + END


@case("giant-size.tar", "import", "refused", "unexpected|trunc|eof|end of|size|large|space", "8 EB declared, 1 KB there")
def _():
    return header(b"a", size_field=b"\x80\0\0\0\x7f" + b"\xff" * 7) + b"x" * 1024


@case("pax-giant.tar", "import", "refused", "header|pax|large|size|unexpected|trunc|eof", "a PAX header that says it is 4 GB long")
def _():
    return header(b"pax", 1 << 32, b"x") + b"30 path=x\n" + END


@case("pax-bad-record.tar", "import", "refused", "header|pax|record|invalid", "a PAX record whose length lies")
def _():
    return header(b"pax", 12, b"x") + padded(b"99999 path=x") + header(b"a") + END


@case("pax-negative-size.tar", "import", "refused", "header|size|invalid|negative", "a PAX size of -1")
def _():
    record = b"11 size=-1\n"
    return header(b"pax", len(record), b"x") + padded(record) + header(b"a", 0) + END


@case("nul-in-name.tar", "import", "refused", "header|name|nul|invalid|pax", "a NUL inside a PAX path")
def _():
    record = b"20 path=a\0/../../b\n"
    return header(b"pax", len(record), b"x") + padded(record) + header(b"a") + END


@case("long-name.tar", "import", "refused", "name|long|large|header|pax", "a path of 70,000 bytes")
def _():
    return tar(lambda t: tiny.entry(t, "/".join(["d" * 200] * 350), data=b"x"))


@case("long-component.tar", "import", "refused", "name|long", "a name of 300 bytes")
def _():
    return tar(("n" * 300, REG, b"x"))


@case("duplicates.tar", "import", "either", "file:/a", "one name as directory, file, link, file: refused, or the last one counts")
def _():
    return tar(("a", DIR, ""), ("a/b", REG, b"1"), ("a", REG, b"2"), ("a", SYM, "/etc/hosts"), ("a", REG, b"last\n"))


@case("many-entries.tar.gz", "import", "accepted", "file:/f/19999", "20,000 empty files")
def _():
    return gzip.compress(tar(("f", DIR, ""), *((f"f/{i}", REG, b"") for i in range(20000))), 6, mtime=0)


@case("deep.tar", "import", "accepted", "dir:/" + "/".join(["d"] * 300), "300 directories deep, in order")
def _():
    return tar(*(("/".join(["d"] * i), DIR, "") for i in range(1, 301)))


@case("gzip-truncated.tar.gz", "import", "refused", "unexpected|trunc|eof|end of|gzip|corrupt", "a gzip stream cut in half")
def _():
    packed = gzip.compress(tar(("a", REG, bytes(range(256)) * 64)), mtime=0)
    return packed[:len(packed) // 2]


@case("gzip-corrupt.tar.gz", "import", "refused", "gzip|checksum|crc|corrupt|invalid|data", "a gzip stream with a wrong CRC")
def _():
    packed = bytearray(gzip.compress(GOOD, mtime=0))
    packed[-8] ^= 0xff
    return bytes(packed)


@case("gzip-bomb.tar.gz", "load", "refused", "large|limit|size|manifest|json|invalid", "64 MB of spaces as manifest.json in 64 KB")
def _():
    return gzip.compress(docker_archive(GOOD, manifest=b" " * (64 << 20)), mtime=0)


@case("not-a-tar.tar", "import", "refused", "header|archive|tar|invalid", "text")
def _():
    return b"this is not an archive\n" * 100


# -- image archives that lie ---------------------------------------------------------------------------------------

@case("empty.tar", "load", "refused", "manifest|not an image|no such file|empty|invalid", "no entry at all")
def _():
    return END


@case("manifest-json.tar", "load", "refused", "manifest|json|unexpected|invalid", "manifest.json is cut")
def _():
    return docker_archive(GOOD, manifest=b'[{"Config": "config.json", "Layers": [')


@case("manifest-type.tar", "load", "refused", "manifest|json|type|unmarshal|invalid", "manifest.json is an object, Layers a number")
def _():
    return docker_archive(GOOD, manifest=b'{"Config": 5, "Layers": 7}')


@case("manifest-deep.tar", "load", "refused", "manifest|json|depth|deep|nest|invalid", "200,000 nested arrays")
def _():
    return docker_archive(GOOD, manifest=b"[" * 200000)


@case("layer-missing.tar", "load", "refused", "no such file|not found|missing|layer", "the manifest names a layer that is not there")
def _():
    return docker_archive(GOOD, layer_name="nothing.tar")


@case("layer-traversal.tar", "load", "refused", r"no such file|\.\.|invalid|outside|not found|missing", "the manifest names a layer by ../")
def _():
    return docker_archive(GOOD, layer_name=UP + "etc/hosts")


@case("config-traversal.tar", "load", "refused", r"no such file|\.\.|invalid|outside|not found|missing", "the manifest names its config by ../")
def _():
    return docker_archive(GOOD, config_name=UP + "etc/hosts")


@case("config-absolute.tar", "load", "refused", "no such file|invalid|outside|not found|missing", "the manifest names its config by /etc/hosts")
def _():
    return docker_archive(GOOD, config_name="/etc/hosts")


@case("layer-symlink.tar", "load", "refused", "link|regular|outside|no such file|not found|missing|invalid", "the layer is a symbolic link to a host file")
def _():
    return docker_archive(GOOD, layer_name="l.tar", extra=[("l.tar", SYM, UP + "etc/hosts")])


@case("layer-device.tar", "load", "refused", "regular|device|invalid|no such file|not found|missing", "the layer is /dev/zero as a device node")
def _():
    def node(archive):
        info = tarfile.TarInfo("z.tar")
        info.type, info.devmajor, info.devminor = CHR, 1, 5
        archive.addfile(info)
    return docker_archive(GOOD, layer_name="z.tar", extra=[node])


@case("layer-fifo.tar", "load", "refused", "regular|fifo|invalid|no such file|not found|missing", "the layer is a FIFO: opening it must not hang")
def _():
    return docker_archive(GOOD, layer_name="p.tar", extra=[("p.tar", FIFO, "")])


@case("wrong-digest.tar", "load", "refused", "digest|diff ?id|mismatch|layer", "the layer does not have the diff id the config names")
def _():
    return docker_archive(GOOD, diff_id="0" * 64)


@case("bad-diff-id.tar", "load", "refused", "digest|diff ?id|invalid", "a diff id that climbs")
def _():
    return docker_archive(GOOD, diff_id="../../" + "0" * 58)


@case("layer-count.tar", "load", "refused", "layer|count|length|match|mismatch", "two layers in the manifest, one in the config")
def _():
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["layer.tar", "layer.tar"]}]
    return docker_archive(GOOD, manifest=manifest)


@case("bad-tag.tar", "load", "refused", "reference|invalid|tag|name", "a tag that is no reference")
def _():
    manifest = [{"Config": "config.json", "RepoTags": ["../../UPPER:$(x)"], "Layers": ["layer.tar"]}]
    return docker_archive(GOOD, manifest=manifest)


@case("outer-dotdot.tar", "load", "refused", r"\.\.|outside|escape|breakout|invalid", "the archive itself has an entry ../")
def _():
    return docker_archive(GOOD, extra=[(UP + TARGET, REG, b"x")])


def oci_archive(change):
    """An OCI layout of one layer; change(blobs, manifest, index) spoils it before digests are taken."""
    def blob(data, kind):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest, "size": len(data)}
    blobs = {}
    layer = blob(GOOD, "layer.v1.tar")
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {
        "type": "layers", "diff_ids": [layer["digest"]]}}).encode(), "config.v1+json")
    manifest = {"schemaVersion": 2, "config": config, "layers": [layer]}
    change(blobs, manifest)
    top = blob(json.dumps(manifest).encode(), "manifest.v1+json")
    files = [(f"blobs/{d.replace(':', '/')}", REG, data) for d, data in blobs.items()]
    return tar(("oci-layout", REG, b'{"imageLayoutVersion":"1.0.0"}'),
               ("index.json", REG, json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()), *files)


@case("oci-wrong-blob.tar", "load", "refused", "digest|mismatch|verif", "an OCI blob that is not what its name says")
def _():
    def spoil(blobs, manifest):
        blobs[manifest["layers"][0]["digest"]] = tar(("other", REG, b"x"))
    return oci_archive(spoil)


@case("oci-digest-traversal.tar", "load", "refused", "digest|invalid", "an OCI descriptor whose digest is a path")
def _():
    def spoil(blobs, manifest):
        manifest["layers"][0]["digest"] = "sha256:" + UP + "etc/hosts"
    return oci_archive(spoil)


@case("oci-wrong-size.tar", "load", "refused", "size|mismatch|digest", "an OCI descriptor with the wrong size")
def _():
    def spoil(blobs, manifest):
        manifest["layers"][0]["size"] = 1
    return oci_archive(spoil)


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    lines = ["# file\tuse\tverdict\tholds\twhy"]
    for name, use, verdict, holds, why, make in ROWS:
        (directory / name).write_bytes(make())
        lines.append("\t".join((name, use, verdict, holds, why)))
    (directory / "hostile.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
