# SPDX-License-Identifier: Apache-2.0
# CVE-2019-5736: whoever gets hold of /proc/PID/exe of the runtime's process in a container writes to the runtime's own file
# as soon as nothing executes it any more.

load ../e2e/lib
load ../e2e/bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() {
	lighter-runtime --root "$BUNDLES/state" delete --force attacker || true
	bundle_done
}

@test "the runtime's file can't be written to through a process of its own" {
	cp "$(command -v lighter-runtime)" "$BUNDLES/runtime"
	before=$(sha256sum <"$BUNDLES/runtime")
	# The attacker sees the host's processes and may look into them: more than Docker ever gives.
	cp "$BUNDLE/config.json" "$BUNDLE/victim.json"
	edit ".linux.cgroupsPath = \"/$TEST_TAG.rt/attacker\"
		| .linux.namespaces |= map(select(.type != \"pid\"))
		| .process.capabilities |= map_values(. + [\"CAP_SYS_PTRACE\", \"CAP_DAC_OVERRIDE\", \"CAP_SYS_ADMIN\"])"
	command_is sleep 1000
	rt run -d --bundle "$BUNDLE" attacker </dev/null 3>&- 4>&-
	mv "$BUNDLE/victim.json" "$BUNDLE/config.json"
	command_is sleep 1000
	"$BUNDLES/runtime" --root "$BUNDLES/state" create --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	pid=$(rt state "$ID" | jq .pid)
	# holds the file open, waits until nobody executes it, opens it again for writing
	mkfifo "$BUNDLE/rootfs/go"
	rt exec attacker sh -c "exec 9</proc/$pid/exe || exit 8; echo open; read x </go; echo broken >/proc/self/fd/9" \
		>"$BUNDLE/out" 2>&1 3>&- 4>&- &
	attack=$!
	eventually 30 grep -q open "$BUNDLE/out"
	"$BUNDLES/runtime" --root "$BUNDLES/state" start "$ID"
	eventually 30 sh -c "! grep -qs $BUNDLES/runtime /proc/[0-9]*/maps"
	echo now >"$BUNDLE/rootfs/go"
	status=0
	wait $attack || status=$?
	[ "$before" = "$(sha256sum <"$BUNDLES/runtime")" ]
	[ $status -ne 0 ]
	grep -q "Read-only file system" "$BUNDLE/out"
}
