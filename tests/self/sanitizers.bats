#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tags: tsan
# Planted errors are reported where tests/run looks, also by a child that was cloned into another root. In a build without
# sanitizers there is nothing to plant, and the one case says so.

plant_is_reported() {
	export LIGHTER_REPORTS=$BATS_TEST_TMPDIR/reports
	run "$LIGHTER_BUILD/tests/plant" "$1"
	grep -E "$2" "$LIGHTER_REPORTS"
}

plant_is_quiet() {
	LIGHTER_REPORTS=$BATS_TEST_TMPDIR/reports "$LIGHTER_BUILD/tests/plant" nothing
	[ ! -s "$BATS_TEST_TMPDIR/reports" ]
}

sanitizers() {
	if [ -x "$LIGHTER_BUILD/tests/plant" ]; then
		meson introspect "$LIGHTER_BUILD" --buildoptions | jq -r '.[] | select(.name == "b_sanitize").value'
	else
		echo none
	fi
}

@test "what is planted is reported" {
	case $(sanitizers) in
	*address*)
		plant_is_quiet
		plant_is_reported leak "LeakSanitizer: detected memory leaks"
		plant_is_reported overflow "AddressSanitizer: heap-buffer-overflow"
		plant_is_reported undefined "runtime error: signed integer overflow"
		plant_is_reported child "AddressSanitizer: heap-buffer-overflow"
		;;
	*thread*)
		plant_is_quiet
		plant_is_reported race "ThreadSanitizer: data race"
		;;
	none)
		[ ! -e "$LIGHTER_BUILD/tests/plant" ]
		;;
	esac
}
