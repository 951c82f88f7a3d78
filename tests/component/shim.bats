# SPDX-License-Identifier: Apache-2.0
# deadline: 1200
# A real lighter-shim with real containers; daemon and clients are scripted (shim_peer.py). SCALE=full moves 1 GB each way.

shim_test() {
	python3 -B "$LIGHTER_TREE/tests/component/shim_$1_test.py" "$LIGHTER_BUILD/src/main/lighter-shim" -v "$2"
}

@test "lighter-shim: a container's life and end, with and without a daemon" { shim_test life Life; }
@test "lighter-shim: input and its ends" { shim_test streams Input; }
@test "lighter-shim: terminals and detach keys" { shim_test streams Terminal; }
@test "lighter-shim: bulk in bounded memory, slow readers" { shim_test streams Bulk; }
@test "lighter-shim: log, replay, rotation, a full disk" { shim_test streams Log; }
@test "lighter-shim: exec" { shim_test life Exec; }
