# SPDX-License-Identifier: Apache-2.0
# The fixture of end-to-end tests. A file starts with `load lib` and usually has
#     setup_file() { start_daemon; load_busybox; }
#     teardown_file() { stop_daemon; }
# Every file runs in a world of its own (tests/lib/world); the daemon here has its own roots, socket and bridge as well, so
# that a file with "# world: host" meets nobody either. After start_daemon: LIGHTER_HOST and DOCKER_HOST, DAEMON_DIR (data,
# exec, log, pid below it), BRIDGE. For a second daemon: DAEMON_DIR= start_daemon, and keep the first one's variables.

bats_require_minimum_version 1.5.0
export DOCKER_CONFIG=$BATS_FILE_TMPDIR/docker-config
export IMAGE=busybox:latest
BUSYBOX_TAR=$LIGHTER_TREE/build/tests/busybox.tar
BUSYBOX_ROOTFS=$LIGHTER_TREE/build/tests/busybox-rootfs.tar

# eventually SECONDS COMMAND...: until the command holds; for what has no event to wait for. TEST_SLOW multiplies the time.
eventually() {
	local end=$((SECONDS + $1 * ${TEST_SLOW:-1}))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not within the time: $*" >&2; return 1; }
		sleep 0.02
	done
}

# Is the process there, and not merely unburied?
alive() {
	local state
	state=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c 1)
	[ -n "$state" ] && [ "$state" != Z ] && [ "$state" != X ]
}

gone() {
	! alive "$1"
}

# api METHOD PATH [JSON]: the reply's body; the status is in $API_STATUS_FILE and, by `api_status`, on standard output.
api() {
	curl -sS --unix-socket "${LIGHTER_HOST#unix://}" -X "$1" ${3+-H 'Content-Type: application/json' -d "$3"} "http://localhost$2"
}

api_status() {
	curl -sS --unix-socket "${LIGHTER_HOST#unix://}" -o /dev/null -w '%{http_code}' -X "$1" \
		${3+-H 'Content-Type: application/json' -d "$3"} "http://localhost$2"
}

# reply METHOD PATH [JSON]: the status on the first line, then the body.
reply() {
	curl -sS --unix-socket "${LIGHTER_HOST#unix://}" -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}\n' -X "$1" \
		${3+-H 'Content-Type: application/json' -d "$3"} "http://localhost$2"
	cat "$BATS_TEST_TMPDIR/body"
}

# answers STATUS SENTENCE METHOD PATH [JSON]: exactly this status, and a body that contains the sentence.
answers() {
	local status=$1 sentence=$2 got
	shift 2
	got=$(reply "$@")
	[ "${got%%$'\n'*}" = "$status" ] && [[ $got == *"$sentence"* ]] && return 0
	printf '%s: wanted %s %s\ngot %s\n' "$*" "$status" "$sentence" "$got" >&2
	return 1
}

# refused STATUS SENTENCE MEMBERS: a create with these members (JSON text, without braces) beside the image is refused so.
refused() {
	answers "$1" "$2" POST /containers/create "{\"Image\": \"$IMAGE\", \"Cmd\": [\"true\"], $3}"
}

# create MEMBERS [NAME]: a container by the API; prints its id.
create() {
	api POST "/containers/create${2:+?name=$2}" "{\"Image\": \"$IMAGE\", $1}" | jq -er .Id
}

# ran MEMBERS: creates, starts and waits; prints what it wrote to both streams (a terminal is asked for, so no frames).
ran() {
	local id
	id=$(create "\"Tty\": true, $1")
	[ "$(api_status POST "/containers/$id/start")" = 204 ] || { reply POST "/containers/$id/start" >&2; return 1; }
	api POST "/containers/$id/wait" >/dev/null
	api GET "/containers/$id/logs?stdout=1" | tr -d '\r'
	api DELETE "/containers/$id?force=1" >/dev/null
}

# field CONTAINER FILTER: of its inspect document, by jq.
field() {
	api GET "/containers/$1/json" | jq -r "$2"
}

running() {
	[ "$(field "$1" .State.Running)" = true ]
}

exited() {
	[ "$(field "$1" .State.Status)" = exited ]
}

# cgroup_file CONTAINER CONTROLLER FILE [FILE_V2]: its content, in the container's cgroup.
cgroup_file() {
	local pid path
	pid=$(field "$1" .State.Pid)
	if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
		path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
		cat "/sys/fs/cgroup$path/${4:-$3}"
	else
		path=$(awk -F: -v c="$2" '{ n = split($2, a, ","); for (i = 1; i <= n; i++) if (a[i] == c) print $3 }' "/proc/$pid/cgroup")
		cat "/sys/fs/cgroup/$2$path/$3"
	fi
}

# raw [ARGUMENT...] <PROGRAM: Python with the names of tests/lib/rawapi.py.
raw() {
	PYTHONPATH=$LIGHTER_TREE/tests/lib:$LIGHTER_TREE/tests/recorder python3 -B <(echo "from rawapi import *"; cat) "$@"
}

# For `eventually`, which runs its condition again and again: a substitution in its arguments would be made only once.
logs_are() { # CONTAINER TEXT
	[ "$(lighter logs "$1")" = "$2" ]
}

status_is() { # STATUS METHOD PATH
	[ "$(api_status "$2" "$3")" = "$1" ]
}

daemon_pid() {
	cat "$DAEMON_DIR/pid"
}

daemon_answers() {
	gone "$(cat "$DAEMON_DIR/child")" && return 0 # start_daemon tells the difference
	curl -sf --unix-socket "$DAEMON_DIR/s" -o /dev/null http://localhost/_ping 2>/dev/null
}

# A cgroup of the daemon's own, as a service manager would give it; only cgroup v2 asks for one.
daemon_cgroup() {
	[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || return 0
	mkdir -p "/sys/fs/cgroup/$TEST_TAG.daemon"
	echo 0 >"/sys/fs/cgroup/$TEST_TAG.daemon/cgroup.procs"
}

# start_daemon [FLAG...]: on the roots of DAEMON_DIR, new ones when it is unset or empty. Returns when it answers.
start_daemon() {
	if [ -z "${DAEMON_DIR:-}" ]; then
		DAEMON_DIR=$(mktemp -d "/tmp/$TEST_TAG.XXXX")
		BRIDGE=${TEST_TAG}b${DAEMON_COUNT:-0}
		DAEMON_COUNT=$((${DAEMON_COUNT:-0} + 1))
	fi
	export DAEMON_DIR BRIDGE DAEMON_COUNT LIGHTER_HOST=unix://$DAEMON_DIR/s DOCKER_HOST=unix://$DAEMON_DIR/s
	(
		daemon_cgroup
		exec 3>&- 4>&- 5>&-
		setsid lighterd --data-root "$DAEMON_DIR/data" --exec-root "$DAEMON_DIR/exec" -H "$LIGHTER_HOST" --bridge "$BRIDGE" \
			--instance "$BRIDGE" --pidfile "$DAEMON_DIR/pid" --docker-socket=false "$@" </dev/null >>"$DAEMON_DIR/log" 2>&1 &
		echo $! >"$DAEMON_DIR/child"
	)
	eventually 30 daemon_answers && alive "$(cat "$DAEMON_DIR/child")" && return 0
	echo "lighterd does not answer" >&2
	daemon_log >&2
	return 1
}

daemon_log() {
	echo "last lines of $DAEMON_DIR/log:"
	tail -n 20 "$DAEMON_DIR/log"
}

kill_daemon() { # [SIGNAL]
	local pid
	pid=$(daemon_pid)
	kill -"${1:-KILL}" "$pid"
	eventually 30 gone "$pid"
}

restart_daemon() { # [FLAG...]: ends it as a service manager would, starts it again on the same roots
	kill_daemon TERM
	start_daemon "$@"
}

remove_containers() {
	local id
	for id in $(api GET '/containers/json?all=1' | jq -r '.[].Id'); do
		api DELETE "/containers/$id?force=1&v=1" >/dev/null
	done
}

# Removes every container, ends the daemon, looks whether its roots agree with themselves, and removes them. What a daemon
# keeps at its end by design, so that containers can go on (bridge, nft table, its cgroup), goes here too.
stop_daemon() {
	local failed=0 table
	[ -n "${DAEMON_DIR:-}" ] && [ -d "$DAEMON_DIR" ] || return 0
	if alive "$(cat "$DAEMON_DIR/child")"; then
		remove_containers || failed=1
		kill_daemon TERM || { failed=1; kill_daemon KILL || true; }
	fi
	if [ -x "$LIGHTER_TREE/tests/fsck" ] && [ -d "$DAEMON_DIR/data" ]; then
		"$LIGHTER_TREE/tests/fsck" "$DAEMON_DIR/data" "$DAEMON_DIR/exec" || failed=1
	fi
	[ $failed -eq 0 ] || daemon_log >&2
	ip link del "$BRIDGE" 2>/dev/null || true
	nft list tables | grep -F "$BRIDGE" | while read -r table; do nft delete "$table"; done
	find /sys/fs/cgroup -depth -type d \( -name "*$BRIDGE*" -o -name "$TEST_TAG.daemon" \) -exec rmdir {} \; 2>/dev/null || true
	rm -rf "$DAEMON_DIR"
	unset DAEMON_DIR
	return $failed
}

make_busybox_image() {
	flock "$LIGHTER_TREE/build/tests" "$LIGHTER_TREE/tests/lib/busybox-image" "$LIGHTER_TREE/build/tests"
}

# Loads busybox:latest ($IMAGE) over the API, so that tests of other things do not depend on the command line.
load_busybox() {
	make_busybox_image
	curl -sSf --unix-socket "${LIGHTER_HOST#unix://}" -X POST -H 'Content-Type: application/x-tar' -T "$BUSYBOX_TAR" \
		"http://localhost/images/load?quiet=1" >/dev/null
}

# The unmodified clients: Debian's 20.10, and the newer one that may be on the PATH.
docker20() {
	"$LIGHTER_TREE/build/peer-docker-cli/usr/bin/docker" "$@"
}

docker28() {
	command docker "$@"
}

# Names of the clients there are, for `for docker in $(docker_clients)`.
docker_clients() {
	echo docker20
	! command -v docker >/dev/null || echo docker28
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || [ ! -f "${DAEMON_DIR:-/nowhere}/log" ] || daemon_log
	[ -n "${BATS_TEST_COMPLETED:-}" ] || remove_containers 2>/dev/null || true # so that the next case does not meet them
}
