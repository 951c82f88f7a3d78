#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `lighter run`: exit codes, streams, and what its most used options do inside the container.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }

@test "both streams stay apart" {
	run --separate-stderr lighter run --rm "$IMAGE" sh -c 'echo out; echo err >&2'
	[ "$status" -eq 0 ] && [ "$output" = out ] && [ "$stderr" = err ]
}

@test "the exit code is the container's" {
	run lighter run --rm "$IMAGE" sh -c 'exit 41'
	[ "$status" -eq 41 ]
}

@test "death by a signal is 128 and its number" {
	run lighter run --rm --pid host "$IMAGE" sh -c 'kill -TERM $$; sleep 100' # of a namespace of its own it would be process 1
	[ "$status" -eq 143 ]
	run lighter run --rm --pid host "$IMAGE" sh -c 'kill -KILL $$; sleep 100'
	[ "$status" -eq 137 ]
}

@test "125: the engine refuses" {
	run --separate-stderr lighter run --rm nosuch:1 true
	[ "$status" -eq 125 ]
	[[ $stderr == *"nosuch"* ]]
	run lighter run --rm --cap-add NOPE "$IMAGE" true
	[ "$status" -eq 125 ]
	[[ $output == *'unknown capability: "CAP_NOPE"'* ]]
	run lighter run --no-such-flag "$IMAGE"
	[ "$status" -eq 125 ]
	[[ $output == *"unknown flag: --no-such-flag"* ]]
}

@test "126: not executable, or a directory" {
	run lighter run --rm "$IMAGE" /etc/passwd
	[ "$status" -eq 126 ]
	[[ $output == *"permission denied"* ]]
	run lighter run --rm "$IMAGE" /etc
	[ "$status" -eq 126 ]
}

@test "127: not there" {
	run -127 lighter run --rm "$IMAGE" no-such-command
	[ "$status" -eq 127 ]
	[[ $output == *'executable file not found in $PATH'* ]]
	run -127 lighter run --rm "$IMAGE" /no/such/path
	[ "$status" -eq 127 ]
	[[ $output == *"no such file or directory"* ]]
}

@test "a failed run leaves no container with --rm, and a created one without" {
	run -127 lighter run --rm --name rm127 "$IMAGE" no-such-command
	eventually 10 status_is 404 GET /containers/rm127/json
	run -127 lighter run --name kept127 "$IMAGE" no-such-command
	[ "$(field kept127 .State.Status)" = created ]
	[ "$(field kept127 .State.ExitCode)" = 127 ]
	[[ $(field kept127 .State.Error) == *"executable file not found"* ]]
}

@test "-i: standard input arrives, and its end too" {
	[ "$(echo abc | lighter run -i --rm "$IMAGE" cat)" = abc ]
	[ "$(printf 'no newline' | lighter run -i --rm "$IMAGE" wc -c)" = 10 ]
}

@test "without -i there is no standard input" {
	[ "$(echo abc | lighter run --rm "$IMAGE" wc -c)" = 0 ]
}

@test "-d prints the id and leaves it running" {
	run lighter run -d --name detached "$IMAGE" sleep 1000
	[ "$status" -eq 0 ]
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	running detached
	lighter rm -f detached
}

@test "-t: a terminal of its own; TERM is set" {
	run lighter run -d -t --name tty "$IMAGE" sh -c 'tty; echo "$TERM"; test -t 0 && test -t 1 && test -t 2 && echo all'
	[ "$(lighter wait tty)" = 0 ]
	[ "$(lighter logs tty | tr -d '\r')" = $'/dev/pts/0\nxterm\nall' ]
}

@test "-it asks for a terminal" {
	run lighter run -it --rm "$IMAGE" true </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *"the input device is not a TTY"* ]]
}

@test "--rm removes it; --name names it" {
	lighter run --rm --name gone-at-once "$IMAGE" true
	[ "$(api_status GET /containers/gone-at-once/json)" = 404 ]
	lighter run --rm --name gone-at-once "$IMAGE" true # the name is free when run returns
	lighter run --name stays "$IMAGE" true
	[ "$(field stays .Name)" = /stays ]
}

@test "-e, --env-file: variables" {
	printf '# comment\nFROM_FILE=yes\nINHERITED\n' >"$BATS_TEST_TMPDIR/env"
	run env INHERITED=here lighter run --rm -e A=b -e 'SPACE=a b' -e INHERITED -e NOT_SET_ANYWHERE --env-file "$BATS_TEST_TMPDIR/env" "$IMAGE" env
	[[ $output == *"A=b"* && $output == *"SPACE=a b"* && $output == *"FROM_FILE=yes"* && $output == *"INHERITED=here"* ]]
	[[ $output != *NOT_SET_ANYWHERE* ]]
}

@test "PATH, HOSTNAME and HOME have defaults, and give way" {
	run lighter run --rm -h named "$IMAGE" sh -c 'echo $PATH; echo $HOSTNAME; hostname; echo $HOME; echo "[$TERM]"'
	[ "$output" = $'/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nnamed\nnamed\n/root\n[]' ]
	run lighter run --rm -e PATH=/bin:/own -e HOME=/own -e HOSTNAME=own "$IMAGE" sh -c 'echo $PATH $HOME $HOSTNAME'
	[ "$output" = "/bin:/own /own own" ]
	[ "$(lighter run --rm -u app "$IMAGE" sh -c 'echo $HOME')" = /home/app ]
	[ "$(lighter run --rm -u 4711 "$IMAGE" sh -c 'echo $HOME')" = / ]
}

@test "-w: the directory is made when it is missing" {
	[ "$(lighter run --rm -w /tmp "$IMAGE" pwd)" = /tmp ]
	[ "$(lighter run --rm -w /made/by/run "$IMAGE" sh -c 'pwd; stat -c "%u:%g %a" .')" = $'/made/by/run\n0:0 755' ]
	run lighter run --rm -w relative "$IMAGE" pwd
	[ "$status" -eq 125 ]
	[[ $output == *"the working directory 'relative' is invalid, it needs to be an absolute path"* ]]
}

@test "-u: name, uid, uid:gid, name:group, supplementary groups" {
	ids() { lighter run --rm -u "$1" "$IMAGE" sh -c 'echo $(id -u):$(id -g):$(id -G)'; }
	[ "$(ids app)" = "1000:1000:1000 2000 2001" ]
	[ "$(ids 1000)" = "1000:1000:1000 2000 2001" ]
	[ "$(ids 4711)" = "4711:0:0" ]
	[ "$(ids 4711:42)" = "4711:42:42" ]
	[ "$(ids app:extra)" = "1000:2000:2000" ]
	[ "$(ids :extra)" = "0:2000:2000" ]
	run lighter run --rm -u nobody-here "$IMAGE" id
	[ "$status" -eq 125 ]
	[[ $output == *"unable to find user nobody-here: no matching entries in passwd file"* ]]
	run lighter run --rm -u app:nogroup-here "$IMAGE" id
	[ "$status" -eq 125 ]
	[[ $output == *"unable to find group nogroup-here: no matching entries in group file"* ]]
	run lighter run --rm -u 4294967296 "$IMAGE" id
	[ "$status" -eq 125 ]
}

@test "--entrypoint replaces the image's; an empty one clears it" {
	BUSYBOX_ENTRY=$(lighter import --change 'ENTRYPOINT ["echo", "entry"]' --change 'CMD ["cmd"]' "$BUSYBOX_ROOTFS" entry:1)
	[[ $BUSYBOX_ENTRY == sha256:* ]]
	[ "$(lighter run --rm entry:1)" = "entry cmd" ]
	[ "$(lighter run --rm entry:1 mine)" = "entry mine" ]
	[ "$(lighter run --rm --entrypoint printf entry:1 '%s-' a b)" = "a-b-" ]
	[ "$(lighter run --rm --entrypoint "" entry:1 echo plain)" = plain ]
	run lighter run --rm --entrypoint "" entry:1
	[ "$status" -eq 125 ]
	[[ $output == *"no command specified"* ]]
	[ "$(lighter run --rm --entrypoint pwd entry:1)" = / ] # the image's command is forgotten
	lighter rmi -f entry:1
}

@test "--network none: only lo" {
	[ "$(lighter run --rm --network none "$IMAGE" ls /sys/class/net)" = lo ]
}

@test "signals are forwarded" {
	lighter run --name forwarded "$IMAGE" sh -c 'trap "echo got; exit 9" USR1; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
	eventually 20 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -USR1 $!
	run wait $!
	eventually 20 exited forwarded
	[ "$(field forwarded .State.ExitCode)" = 9 ]
	grep -q got "$BATS_TEST_TMPDIR/out"
}

@test "--sig-proxy=false keeps signals here" {
	lighter run --sig-proxy=false --name unforwarded "$IMAGE" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
	eventually 20 grep -q ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $!
	wait $! || true
	running unforwarded
	lighter rm -f unforwarded
}

@test "--cidfile, --pull=never, -q, -a" {
	lighter run --cidfile "$BATS_TEST_TMPDIR/cid" --name cidfile "$IMAGE" true
	[ "$(cat "$BATS_TEST_TMPDIR/cid")" = "$(field cidfile .Id)" ]
	run lighter run --cidfile "$BATS_TEST_TMPDIR/cid" "$IMAGE" true
	[ "$status" -eq 125 ]
	run lighter run --pull never nosuch:2 true
	[ "$status" -eq 125 ]
	[[ $output == *"No such image: nosuch:2"* ]]
	run lighter run --pull always -q "$IMAGE" true
	[ "$status" -eq 125 ]
	[[ $output == *"not supported yet"* ]]
	run --separate-stderr lighter run -a stderr "$IMAGE" sh -c 'echo out; echo err >&2'
	[ -z "$output" ] && [ "$stderr" = err ]
}

@test "large output arrives whole on both streams" {
	lighter run --rm "$IMAGE" sh -c 'seq 1 50000; seq 1 50000 >&2' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	cmp "$BATS_TEST_TMPDIR/out" <(seq 1 50000)
	cmp "$BATS_TEST_TMPDIR/err" <(seq 1 50000)
}

@test "binary input and output are unchanged" {
	head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	lighter run -i --rm "$IMAGE" cat <"$BATS_TEST_TMPDIR/in" | cmp - "$BATS_TEST_TMPDIR/in"
}

@test "a file without a known format starts and ends with 255" {
	mkdir "$BATS_TEST_TMPDIR/d"
	printf 'no magic\n' >"$BATS_TEST_TMPDIR/d/bad"
	chmod +x "$BATS_TEST_TMPDIR/d/bad"
	run lighter run --rm -v "$BATS_TEST_TMPDIR/d:/d" "$IMAGE" /d/bad
	[ "$status" -eq 255 ]
	[[ $output == *"exec /d/bad: exec format error"* ]]
}
