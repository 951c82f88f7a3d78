# SPDX-License-Identifier: Apache-2.0
# CVE-2019-19921, CVE-2019-16884, CVE-2021-30465, CVE-2024-45310: links in the image bend a mount's target, onto procfs (where it would
# catch what the runtime writes) or out of the root.

load ../e2e/lib
load ../e2e/bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() { bundle_done; }

@test "nothing is mounted onto procfs" {
	ln -s /proc "$BUNDLE/rootfs/data"
	mkdir "$BUNDLE/fake"
	for destination in /data/self /data/sys /data/sys/kernel /proc/sys; do
		edit --arg d "$destination" --arg s "$BUNDLE/fake" \
			'.mounts |= map(select(.type != "bind")) | .mounts += [{destination: $d, type: "bind", source: $s, options: ["bind"]}]'
		script_is 'echo ran'
		run start_it
		[ "$status" -eq 1 ] && [[ $output != *ran* ]]
		[[ $output == *"cannot be mounted because it is inside /proc"* || $output == *"ordinary directory"* ]]
	done
	assert_nothing_left
}

@test "no file or directory is made outside the root" {
	mkdir "$BUNDLE/outside" "$BUNDLE/rootfs/links"
	for n in 1 2 3 4; do ln -s "$(printf '../%.0s' $(seq $((n * 3))))$BUNDLE/outside" "$BUNDLE/rootfs/links/up$n"; done
	ln -s "$BUNDLE/outside" "$BUNDLE/rootfs/links/abs"
	echo from-host >"$BUNDLE/file"
	for link in up1 up2 up3 up4 abs; do
		edit --arg d "/links/$link/new/file" --arg s "$BUNDLE/file" \
			'.mounts |= map(select(.type != "bind")) | .mounts += [{destination: $d, type: "bind", source: $s, options: ["bind"]}]'
		run start_it
	done
	[ -z "$(ls -A "$BUNDLE/outside")" ]
}
