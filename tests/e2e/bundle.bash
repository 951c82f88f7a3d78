# SPDX-License-Identifier: Apache-2.0
# Bundles for tests of lighter-runtime: `load bundle` after `load lib` (from tests/attacks: `load ../e2e/bundle`).
#     setup_file() { bundle_setup; }      a root file system and a place for bundles
#     setup() { bundle; }                 a new bundle in $BUNDLE, its root in $BUNDLE/rootfs; the container's id is $ID
#     teardown() { bundle_done; }         deletes it, and its cgroup's parent; `bundle_teardown` at the end of the file
# `edit JQ...` changes its config.json, `command_is ARG...` and `script_is TEXT` set what it runs, `rt` is lighter-runtime with a root of its own.

bundle_setup() {
	make_busybox_image
	BUNDLES=$(mktemp -d "/tmp/$TEST_TAG.bundles.XXXX")
	export BUNDLES
}

bundle_teardown() {
	rm -rf "$BUNDLES" /run/lighter-runtime-seccomp
	find /sys/fs/cgroup -depth -type d -path "*/$TEST_TAG.rt*" -exec rmdir {} \; 2>/dev/null || true
}

rt() {
	lighter-runtime --root "$BUNDLES/state" "$@"
}

edit() {
	jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# jq wants its program before --args.
edit_args() {
	local program=$1
	shift
	jq "$program" "$BUNDLE/config.json" --args -- "$@" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

command_is() {
	edit_args '.process.args = $ARGS.positional' "$@"
}

script_is() {
	command_is sh -c "$1"
}

bundle() {
	ID=c$BATS_TEST_NUMBER
	BUNDLE=$BUNDLES/$ID
	mkdir -p "$BUNDLE/rootfs"
	tar -xf "$BUSYBOX_ROOTFS" -C "$BUNDLE/rootfs"
	rt spec --bundle "$BUNDLE"
	edit ".process.terminal = false | .linux.cgroupsPath = \"/$TEST_TAG.rt/$ID\" | .root.readonly = false"
}

bundle_done() {
	rt delete --force "$ID" || true
	umount -R "$BUNDLE/rootfs" 2>/dev/null || true
	rm -rf "$BUNDLE"
}

# Runs the bundle in the foreground; `run start_it` for bats.
start_it() {
	rt run --bundle "$BUNDLE" "$ID" </dev/null
}

# Nothing of the container is left: no state, no cgroup.
assert_nothing_left() {
	[ -z "$(ls -A "$BUNDLES/state")" ]
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$TEST_TAG.rt/$ID" 2>/dev/null)" ]
}
