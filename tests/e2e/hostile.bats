#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Corrupt and hostile archives (tests/data/hostile.py): each is refused for its own reason or does only what is safe, and the
# data root has the same files afterwards.

load lib
setup_file() {
	start_daemon
	load_busybox
	mkdir "$BATS_FILE_TMPDIR/hostile"
	python3 -B tests/data/hostile.py "$BATS_FILE_TMPDIR/hostile"
	cp "$(command -v busybox)" "$BATS_FILE_TMPDIR/busybox"
	echo untouched >/tmp/lighter-escape
}
teardown_file() {
	rm -f /tmp/lighter-escape
	stop_daemon
}

files() {
	find "$DAEMON_DIR/data" -mindepth 1 ! -name 'state.db*' -printf '%p %y %s\n' | LC_ALL=C sort
}

same_files() {
	diff "$1" <(files)
}

rows() { # of the database, without what changes by itself
	python3 - "$DAEMON_DIR/data/state.db" <<-'E'
		import sqlite3, sys
		db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
		for table in ("blobs", "layers", "refs", "images", "tags", "containers"):
		    print(table, sorted(str([v for v in row]) for row in db.execute(f"SELECT {'digest' if table == 'blobs' else 'number' if table == 'layers' else 'holder, what' if table == 'refs' else 'id' if table != 'tags' else 'name'} FROM {table}")))
	E
}

feed() { # FILE USE: the engine's answer; an image id in $BATS_TEST_TMPDIR/id
	local query="images/load"
	[ "$2" = load ] || query="images/create?fromSrc=-&repo=hostile&tag=1"
	curl -sS --max-time 60 --unix-socket "$DAEMON_DIR/s" -o "$BATS_TEST_TMPDIR/answer" -X POST -T "$BATS_FILE_TMPDIR/hostile/$1" "http://localhost/$query"
}

refused_for() { # PATTERN
	local message
	message=$(jq -rs 'map(.message // .error // empty) | .[0] // empty' "$BATS_TEST_TMPDIR/answer")
	[ -n "$message" ] && grep -qiE -- "$1" <<<"$message" && return 0
	echo "not refused, or not for its reason: $(cut -c 1-300 "$BATS_TEST_TMPDIR/answer")"
	return 1
}

# kind:/path in the new image, seen from a container of it.
holds() {
	local kind=${1%%:*} path=${1#*:} flag
	case $kind in file) flag=-f ;; dir) flag=-d ;; symlink) flag=-h ;; device) flag=-b ;; esac
	lighter run --rm -v "$BATS_FILE_TMPDIR/busybox:/.lighter/busybox" --entrypoint /.lighter/busybox hostile:1 sh -c "[ $flag '$path' ]"
}

judge() { # FILE USE VERDICT HOLDS
	files >"$BATS_TEST_TMPDIR/before"
	rows >"$BATS_TEST_TMPDIR/rows"
	feed "$1" "$2" || { echo "no answer"; return 1; }
	if [ "$3" = refused ] || { [ "$3" = either ] && ! grep -q '"status"' "$BATS_TEST_TMPDIR/answer"; }; then
		[ "$3" = either ] || refused_for "$4" || return 1
	else
		grep -q '"status":"sha256:' "$BATS_TEST_TMPDIR/answer" || { echo "not accepted: $(cat "$BATS_TEST_TMPDIR/answer")"; return 1; }
		holds "$4" || { echo "$4 is not there"; return 1; }
		lighter rmi -f hostile:1 >/dev/null || return 1
	fi
	eventually 10 same_files "$BATS_TEST_TMPDIR/before" >"$BATS_TEST_TMPDIR/diff" 2>&1 || { tail -n 20 "$BATS_TEST_TMPDIR/diff"; return 1; }
	rows | diff "$BATS_TEST_TMPDIR/rows" - || return 1
	[ "$(cat /tmp/lighter-escape)" = untouched ]
}

@test "every archive of the table gets its verdict, and leaves nothing" {
	local file use verdict holds why failed=0 count=0 problem
	while IFS=$'\t' read -r file use verdict holds why; do
		[[ $file != \#* ]] || continue
		count=$((count + 1))
		problem=$(judge "$file" "$use" "$verdict" "$holds" 2>&1) || { echo "$file ($why): $problem"; failed=$((failed + 1)); }
	done <"$BATS_FILE_TMPDIR/hostile/hostile.tsv"
	echo "$count archives, $failed wrong"
	[ $count -ge 25 ] && [ $failed -eq 0 ]
	[ "$(api_status GET /_ping)" = 200 ]
}

@test "an archive that stops in the middle of its way leaves nothing" {
	files >"$BATS_TEST_TMPDIR/before"
	raw "$BUSYBOX_TAR" <<-'E'
		data = open(sys.argv[1], "rb").read()
		for cut in (0, 1, 511, 1500, len(data) // 2, len(data) - 2000):
		    for path in ("/images/load", "/images/create?fromSrc=-"):
		        link = connect()
		        link.sock.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[:cut])
		        link.close()
	E
	eventually 10 same_files "$BATS_TEST_TMPDIR/before"
	[ "$(lighter images -q --filter reference=busybox | wc -l)" -eq 1 ]
}
