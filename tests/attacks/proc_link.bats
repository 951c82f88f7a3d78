# SPDX-License-Identifier: Apache-2.0
# CVE-2019-19921, CVE-2023-28642: an image whose /proc or /sys is a link, so that the real one lands elsewhere, unmasked.

load ../e2e/lib
load ../e2e/bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() { bundle_done; }

@test "proc, sys and dev are mounted onto directories of their own names" {
	script_is 'echo ran'
	for name in proc sys dev; do
		rm -rf "$BUNDLE/rootfs/$name"
		mkdir "$BUNDLE/rootfs/elsewhere"
		ln -s elsewhere "$BUNDLE/rootfs/$name"
		run start_it
		[ "$status" -eq 1 ] && [[ $output != *ran* ]]
		[[ $output == *"must be mounted on ordinary directory"* ]]
		rm -rf "$BUNDLE/rootfs/$name" "$BUNDLE/rootfs/elsewhere"
	done
	run start_it
	[ "$output" = ran ]
	assert_nothing_left
}
