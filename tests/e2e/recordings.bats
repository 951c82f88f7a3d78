#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker's recorded answers against this daemon: what differs and is not in tests/recordings/differences.tsv fails.

load lib
setup_file() { start_daemon; }
teardown_file() { stop_daemon; }

@test "every recorded case" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v lighter)" "$BATS_TEST_TMPDIR/bin/docker" # it answers to that name, in Docker's words
	tests/record --against "$LIGHTER_HOST" --cli "$BATS_TEST_TMPDIR/bin/docker"
}
