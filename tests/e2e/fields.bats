#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Properties, parameters and options that no other file sets: their effect, or the words that refuse them (tests/fields.tsv).

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

# warned SENTENCE MEMBERS: a create succeeds and warns so.
warned() {
	api POST /containers/create "{\"Image\": \"$IMAGE\", \"Cmd\": [\"true\"], $2}" >"$BATS_TEST_TMPDIR/warned"
	jq -e .Id "$BATS_TEST_TMPDIR/warned" >/dev/null && jq -r '.Warnings[]' "$BATS_TEST_TMPDIR/warned" | grep -qF "$1" && return 0
	cat "$BATS_TEST_TMPDIR/warned" >&2
	return 1
}

cli_refuses() { # SENTENCE OPTION...
	local sentence=$1
	shift
	run lighter run --rm "$@" "$IMAGE" true
	[ "$status" -eq 125 ] && [[ $output == *"$sentence"* ]] && return 0
	echo "$*: $status $output" >&2
	return 1
}

@test "throttling of block devices, in the cgroup" {
	local loop numbers rate
	truncate -s 1M "$LIGHTER_TREE/build/tests/$TEST_TAG.img"
	loop=$(losetup -f --show "$LIGHTER_TREE/build/tests/$TEST_TAG.img")
	numbers=$((16#$(stat -c %t "$loop"))):$((16#$(stat -c %T "$loop")))
	create "\"Cmd\": [\"sleep\", \"1000\"], \"HostConfig\": {\"BlkioDeviceReadBps\": [{\"Path\": \"$loop\", \"Rate\": 1001}], \"BlkioDeviceWriteBps\": [{\"Path\": \"$loop\", \"Rate\": 1002}],
		\"BlkioDeviceReadIOps\": [{\"Path\": \"$loop\", \"Rate\": 1003}], \"BlkioDeviceWriteIOps\": [{\"Path\": \"$loop\", \"Rate\": 1004}]}" throttled
	lighter start throttled
	if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
		rate=$(cgroup_file throttled io io.max)
		[ "$rate" = "$numbers rbps=1001 wbps=1002 riops=1003 wiops=1004" ]
	else
		[ "$(cgroup_file throttled blkio blkio.throttle.read_bps_device)" = "$numbers 1001" ]
		[ "$(cgroup_file throttled blkio blkio.throttle.write_bps_device)" = "$numbers 1002" ]
		[ "$(cgroup_file throttled blkio blkio.throttle.read_iops_device)" = "$numbers 1003" ]
		[ "$(cgroup_file throttled blkio blkio.throttle.write_iops_device)" = "$numbers 1004" ]
	fi
	lighter rm -f throttled
	losetup -d "$loop"
	rm "$LIGHTER_TREE/build/tests/$TEST_TAG.img"
}

@test "weights of block devices: in the cgroup, or a warning that the kernel has none" {
	local file
	for file in /sys/fs/cgroup/blkio/blkio.weight /sys/fs/cgroup/blkio/blkio.bfq.weight; do
		[ ! -e $file ] || { lighter run -d --name weighed --blkio-weight 300 "$IMAGE" sleep 1000; [ "$(cgroup_file weighed blkio "${file##*/}")" = 300 ]; lighter rm -f weighed; return; }
	done
	[ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || return 0
	warned "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded." '"HostConfig": {"BlkioWeight": 300}'
	warned "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded." '"HostConfig": {"BlkioWeightDevice": [{"Path": "/dev/x", "Weight": 300}]}'
	[[ $(lighter create --blkio-weight 300 "$IMAGE" 2>&1) == *"Weight discarded"* ]]
}

@test "what only Windows has is warned of or refused" {
	local member
	for member in CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth; do
		warned "CpuCount, CpuPercent, IOMaximumIOps and IOMaximumBandwidth are options of Windows and have no effect." "\"HostConfig\": {\"$member\": 7}"
	done
	refused 400 "linux only supports 'default'" '"HostConfig": {"Isolation": "hyperv"}'
}

@test "what is not there yet is refused by create" {
	refused 501 "a limit of the kernel's TCP memory is not supported" '"HostConfig": {"KernelMemoryTCP": 7000000}'
	refused 501 "device requests are not supported yet" '"HostConfig": {"DeviceRequests": [{"Count": -1}]}'
	refused 501 "sharing another container's cgroup is not supported yet" '"HostConfig": {"Cgroup": "container:x"}'
	refused 501 "an init process inside the container is not supported yet" '"HostConfig": {"Init": true}'
	refused 501 "restart policies are not supported yet" '"HostConfig": {"RestartPolicy": {"Name": "always"}}'
	refused 500 "--storage-opt is supported only for overlay over xfs with 'pquota' mount option" '"HostConfig": {"StorageOpt": {"size": "1g"}}'
	refused 501 "health checks are not supported yet" '"Healthcheck": {"Test": ["CMD", "true"]}'
	refused 400 "Interval in Healthcheck cannot be less than 1ms" '"Healthcheck": {"Interval": 1}'
	refused 400 "Timeout in Healthcheck cannot be less than 1ms" '"Healthcheck": {"Timeout": 1}'
	refused 400 "StartPeriod in Healthcheck cannot be less than 1ms" '"Healthcheck": {"StartPeriod": 1}'
	refused 400 "StartInterval in Healthcheck cannot be less than 1ms" '"Healthcheck": {"StartInterval": 1}'
	refused 400 "Retries in Healthcheck cannot be negative" '"Healthcheck": {"Retries": -1}'
	refused 400 "the empty string is not permitted as an annotation key" '"HostConfig": {"Annotations": {"": "x"}}'
}

@test "what is not there yet, by options of run" {
	cli_refuses "an init process inside the container is not supported yet" --init
	cli_refuses "--mount is not supported yet" --mount type=bind,source=/,target=/d
	cli_refuses "--storage-opt is supported only for overlay over xfs" --storage-opt size=1g
	cli_refuses "unknown or invalid runtime name: nope" --runtime nope
	cli_refuses "volume drivers are not supported yet" --volume-driver x
	create '"Cmd": ["true"]' volumes-from
	cli_refuses "volumes of other containers are not supported yet" --volumes-from volumes-from
	run lighter run -d --restart always "$IMAGE" true
	[ "$status" -eq 125 ]
	[[ $output == *"restart policies are not supported yet"* ]]
	[ "$(lighter run --rm --no-healthcheck --runtime runc "$IMAGE" echo hi)" = hi ]
}

@test "annotations, labels, label files: told again" {
	printf 'from=file\n# comment\nbare\n' >"$BATS_TEST_TMPDIR/labels"
	lighter create --name labelled -l own=1 --label-file "$BATS_TEST_TMPDIR/labels" "$IMAGE"
	[ "$(lighter ps -aq --filter label=from=file --filter label=own=1 --filter label=bare | wc -l)" -eq 1 ]
	[ "$(field "$(create '"Cmd": ["true"], "HostConfig": {"Annotations": {"a.b": "c"}}')" '.HostConfig.Annotations["a.b"]')" = c ]
}

@test "removal: force, volumes, links" {
	create '"Cmd": ["true"]' unlinked
	[ "$(api_status DELETE '/containers/unlinked?link=1')" != 204 ]
	run lighter rm --link unlinked
	[ "$status" -eq 1 ]
	[ "$(api_status DELETE '/containers/unlinked?v=1')" = 204 ]
	create '"Cmd": ["true"]' unlinked
	[ "$(lighter rm -v unlinked)" = unlinked ]
}

@test "start: checkpoints are refused" {
	create '"Cmd": ["true"]' checkpointed
	answers 501 'the parameter' POST '/containers/checkpointed/start?checkpoint=x'
	answers 501 'the parameter' POST '/containers/checkpointed/start?checkpoint-dir=x'
}

@test "events: order, filters, since, until, formats" {
	local since
	since=$(date +%s.%N)
	lighter run --rm --name eventful -l seen=1 "$IMAGE" sh -c 'exit 3' || true
	lighter create --name quiet "$IMAGE"
	[ "$(lighter events --since "$since" --until "$(date +%s.%N)" --filter container=eventful --format '{{.Action}}' | tr '\n' ' ')" = "create attach start die destroy " ]
	[ "$(lighter events --since "$since" --until "$(date +%s.%N)" --filter label=seen=1 --filter event=die --format '{{.Actor.Attributes.exitCode}}')" = 3 ]
	[ "$(lighter events --since "$since" --until "$(date +%s.%N)" --filter type=container --filter event=create | wc -l)" -eq 2 ]
	[[ $(lighter events --since "$since" --until "$(date +%s.%N)" --filter event=die) == *" container die "*"exitCode=3"*"name=eventful"* ]]
	[ -z "$(lighter events --since "$since" --until "$since")" ]
	answers 400 'cannot be after `until` time' GET '/events?since=20&until=10'
	answers 500 'strconv.ParseInt' GET '/events?since=x&until=10' || answers 400 'x' GET '/events?since=x&until=10'
	# live, from a connection that is open before it happens
	timeout -s KILL 20 lighter events --filter event=create --format '{{.Actor.Attributes.name}}' >"$BATS_TEST_TMPDIR/live" 3>&- &
	local watcher=$! n=0
	until grep -q . "$BATS_TEST_TMPDIR/live"; do
		n=$((n + 1))
		[ $n -lt 100 ]
		create '"Cmd": ["true"]' "live-$n"
	done
	kill -KILL $watcher
	grep -q '^live-' "$BATS_TEST_TMPDIR/live"
}

none_runs() {
	[ "$(lighter info --format '{{.ContainersRunning}}')" = 0 ]
}

@test "info and version by templates" {
	[ "$(lighter info --format '{{.Driver}}')" = overlay2 ] || [ "$(lighter info --format '{{.Driver}}')" = overlay ]
	eventually 30 none_runs
	[ "$(lighter version --format '{{.Server.APIVersion}} {{.Server.MinAPIVersion}}')" = "1.51 1.24" ]
	lighter version --format json | jq -e .Server.Version >/dev/null
}

@test "names by query, platforms by query" {
	[ "$(api POST '/containers/create?name=by-query&platform=' "{\"Image\": \"$IMAGE\"}" | jq -r .Id)" = "$(field by-query .Id)" ]
}
