#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From Debian 12's minimal installation to a built and shown, or tested, Lighter: installs what is missing, then calls make.
# Usage: sh bootstrap.sh demo | test | deps | deps-test        as root, or as a user with sudo
# When nothing is missing no package manager is called and no network is needed. Exit 3: packages could not be had.
set -eu
cd "$(dirname "$0")"
case ${1:-} in
demo | deps) lists=packaging/deps-build ;;
test | deps-test) lists="packaging/deps-build packaging/deps-test" ;;
*) sed -n '3,5s/^# //p' "$0" >&2 && exit 2 ;;
esac
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
made=
clean_up() {
	rm -f "$log"
	[ -z "$made" ] || as_root rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
give_up() {
	echo "bootstrap: cannot install:$missing: $1" >&2
	exit 3
}
three_tries() {
	"$@" >"$log" 2>&1 || { sleep 2 && "$@" >"$log" 2>&1; } || { sleep 5 && "$@" >"$log" 2>&1; }
}
update_and_install() {
	as_root apt-get -q update && as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $missing
}
fetch_client() {
	(cd $client && apt-get -q download docker.io) || { as_root apt-get -q update && (cd $client && apt-get -q download docker.io); }
}
missing=
for package in $(sed 's/#.*//' $lists); do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null || give_up "this is not root, and sudo is not there"
	echo "bootstrap: installing$missing"
	if [ ! -e $policy ]; then # no package starts a service
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && made=yes && as_root chmod 755 $policy
	fi
	three_tries update_and_install || give_up "$(grep -E '^E:' "$log" | tail -n 1 || tail -n 1 "$log")"
fi
client=build/peer-docker-cli # Debian's own docker client, unpacked and not installed: its daemon must not come along
if [ "${lists#* }" != "$lists" ] && [ ! -x $client/usr/bin/docker ]; then
	missing=" docker.io (unpacked for its client)"
	mkdir -p $client
	three_tries fetch_client || give_up "$(grep -E '^E:' "$log" | tail -n 1 || tail -n 1 "$log")"
	dpkg -x $client/docker.io_*.deb $client
fi
case $1 in demo | test) make -s "$1" ;; esac
