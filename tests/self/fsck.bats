#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tests/fsck sees each kind of disagreement: planted one by one in a copy of a data root with an image and a container in it.

bats_require_minimum_version 1.5.0

setup_file() {
	load ../e2e/lib
	start_daemon
	load_busybox
	lighter create --name one busybox:latest true
	lighter run -d --name two busybox:latest sleep 1000
	export ONE TWO
	ONE=$(field one .Id) TWO=$(field two .Id)
}

teardown_file() {
	load ../e2e/lib
	stop_daemon
}

setup() {
	load ../e2e/lib
	export FSCK_SECONDS=0
	COPY=$BATS_TEST_TMPDIR/data
	cp -a "$DAEMON_DIR/data" "$COPY"
}

sql() {
	python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()' "$COPY/state.db" "$1"
}

finds() { # WORDS: exactly this kind is told
	run tests/fsck "$COPY" "$DAEMON_DIR/exec"
	[ "$status" -eq 1 ] && [[ $output == *"$1"* ]] && return 0
	echo "wanted: $1; got $status: $output"
	return 1
}

blob() {
	local files=("$COPY"/content/blobs/sha256/*)
	echo "${files[0]}"
}

@test "nothing is wrong with what a daemon made" {
	run tests/fsck "$COPY" "$DAEMON_DIR/exec"
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "a blob: missing, of nobody, changed, of another size" {
	cp -a "$(blob)" "$BATS_TEST_TMPDIR/blob"
	local name
	name=$(blob)
	rm "$name"
	finds "a row without a file"
	echo changed >"$name"
	finds "its bytes are"
	cp -a "$BATS_TEST_TMPDIR/blob" "$name"
	sql "UPDATE blobs SET size = size + 1"
	finds "its row says"
	sql "UPDATE blobs SET size = size - 1"
	echo x >"$COPY/content/blobs/sha256/$(printf 'x\n' | sha256sum | cut -d ' ' -f 1)"
	finds "a file without a row"
}

@test "a layer: missing, of nobody, another chain, a parent that is none" {
	mkdir -p "$COPY/layers/4242/fs"
	finds "layers/4242: a directory without a row"
	rmdir "$COPY/layers/4242/fs" "$COPY/layers/4242"
	sql "UPDATE layers SET diff = 'sha256:$(printf '0%.0s' {1..64})' WHERE parent != ''"
	finds "its parts make"
	sql "UPDATE layers SET parent = 'sha256:$(printf '1%.0s' {1..64})' WHERE parent != ''"
	finds "is no layer"
	mv "$COPY/layers/1" "$COPY/layers/x"
	finds "layer 1 ("
}

@test "references: of nobody, to nothing, missing, of work that is over" {
	sql "INSERT INTO refs VALUES ('image:sha256:none', 'blob:sha256:none')"
	finds "there is no such image"
	finds "there is no such blob"
	sql "DELETE FROM refs WHERE holder = 'image:sha256:none'"
	sql "INSERT INTO refs SELECT 'lease:x', what FROM refs WHERE what LIKE 'layer:%' LIMIT 1"
	finds "its work is over"
	sql "DELETE FROM refs WHERE holder LIKE 'container:%'"
	finds "it holds no layer"
	sql "DELETE FROM refs"
	finds "nobody holds it"
	finds "it does not hold its own configuration"
}

@test "images: a tag of nothing, a configuration that is missing" {
	sql "UPDATE tags SET image_id = 'sha256:none'"
	finds "its image sha256:none is missing"
	sql "INSERT INTO images (id, document) VALUES ('sha256:$(printf '2%.0s' {1..64})', '{}')"
	finds "its configuration is no blob"
}

@test "containers: a directory of nobody, a row without one, parts, names" {
	mkdir "$COPY/containers/nobody"
	finds "containers/nobody: a directory without a row"
	rmdir "$COPY/containers/nobody"
	rm -r "$COPY/containers/$ONE/upper"
	finds "no upper/ in it"
	rm -r "$COPY/containers/$ONE"
	finds "container $ONE: a row without a directory"
	sql "UPDATE containers SET name = 'same'"
	finds "its name same is"
	sql "UPDATE containers SET state = 'no json'"
	finds "its state can't be read"
}

@test "shims: none for a running container, one for a stopped, run directories of nobody, a shim nobody knows" {
	sql "UPDATE containers SET state = '{\"status\":\"running\"}' WHERE name = 'one'"
	finds "running by its row, and no shim is there"
	sql "UPDATE containers SET state = '{\"status\":\"exited\"}'"
	finds "exited by its row, and shim"
	sql "DELETE FROM containers WHERE name = 'two'"
	finds "a run directory of no container"
	cp -a "$DAEMON_DIR/data/state.db"* "$COPY"
	mkdir "$DAEMON_DIR/exec/shims/$ONE"
	finds "no living shim belongs to it"
	rmdir "$DAEMON_DIR/exec/shims/$ONE"
	mv "$DAEMON_DIR/exec/shims/$TWO/pid" "$DAEMON_DIR/exec/pid"
	finds "which its run directory does not know"
	mv "$DAEMON_DIR/exec/pid" "$DAEMON_DIR/exec/shims/$TWO/pid"
}

@test "cgroups and namespaces: those of a stopped container, processes that share what they should not" {
	sql "UPDATE containers SET state = '{\"status\":\"exited\"}'"
	finds "a cgroup of a container that is exited"
	cp -a "$DAEMON_DIR/data/state.db"* "$COPY"
	local init
	init=$(field two .State.Pid)
	run nsenter -t "$init" -n tests/fsck "$COPY" "$DAEMON_DIR/exec" # who looks from within shares it
	[ "$status" -eq 1 ]
	[[ $output == *"has no net namespace of its own"* ]]
}

@test "half-made things, mounts, an open data root, a damaged database" {
	mkdir "$COPY/tmp/half"
	finds "tmp/ is not empty"
	rmdir "$COPY/tmp/half"
	mount -t tmpfs none "$COPY/trash"
	finds "$COPY/trash is mounted"
	umount "$COPY/trash"
	chmod 755 "$COPY"
	finds "is open to others"
	echo garbage >"$COPY/state.db"
	rm -f "$COPY"/state.db-*
	finds "state.db:"
	rm "$COPY/state.db"
	finds "state.db is missing"
}
