# SPDX-License-Identifier: Apache-2.0
# CVE-2024-21626: a working directory that is a descriptor the runtime still holds, of a directory of the host.

load ../e2e/lib
load ../e2e/bundle

setup_file() { bundle_setup; }
teardown_file() { bundle_teardown; }
setup() { bundle; }
teardown() { bundle_done; }

@test "no descriptor leads out of the root as a working directory" {
	touch "$BUNDLE/secret-of-the-host"
	script_is 'ls . .. ../.. 2>/dev/null; readlink /proc/self/cwd'
	for fd in $(seq 3 48); do
		edit --arg cwd "/proc/self/fd/$fd" '.process.cwd = $cwd'
		run start_it
		[[ $output != *secret-of-the-host* ]]
		[[ $output != *config.json* || $output == *"set in config.json"* ]]
		[ "$status" -ne 0 ] || [[ ${lines[-1]} == /* ]] # not "(unreachable)/..."
	done
	assert_nothing_left
}

@test "nor for a process that is exec'ed" {
	touch "$BUNDLE/secret-of-the-host"
	command_is sleep 1000
	rt run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- 4>&-
	for fd in $(seq 3 24); do
		run rt exec --cwd "/proc/self/fd/$fd" "$ID" sh -c 'ls . .. ../.. 2>/dev/null; readlink /proc/self/cwd'
		[[ $output != *secret-of-the-host* ]] && [[ $output != *state.json* ]]
		[ "$status" -ne 0 ] || [[ ${lines[-1]} == /* ]] # not "(unreachable)/..."
	done
}
