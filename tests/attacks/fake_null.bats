# SPDX-License-Identifier: Apache-2.0
# CVE-2025-31133: an image whose /dev/null is a link to something else, so that masking a path shows that instead.

load ../e2e/lib
load ../e2e/bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() { bundle_done; }

@test "what masks a path is the null device or nothing" {
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))' # the image's own /dev
	mkdir -p "$BUNDLE/rootfs/dev"
	rm -f "$BUNDLE/rootfs/dev/null"
	for target in /etc/passwd ../proc/sys/kernel/core_pattern /proc/kcore; do
		ln -sfn "$target" "$BUNDLE/rootfs/dev/null"
		script_is 'cat /proc/timer_list; stat -L -c %t:%T /proc/timer_list'
		run start_it
		[ "$status" -ne 0 ]
		[[ $output == *"make /dev/null"* || $output == *"can't mask path"* ]]
	done
	rm "$BUNDLE/rootfs/dev/null"
	mknod "$BUNDLE/rootfs/dev/null" c 1 5 # zero
	run start_it
	[ "$status" -ne 0 ]
	rm "$BUNDLE/rootfs/dev/null"
	run start_it
	[ "$output" = 1:3 ]
	assert_nothing_left
}
