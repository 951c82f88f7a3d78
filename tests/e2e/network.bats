#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The plain case of networking: the default bridge with its gateway and masquerading; none; host; what is refused.

load lib
setup_file() {
	start_daemon
	load_busybox
	# Another machine, as far as a packet can tell: behind a veth, with no route back to the containers.
	ip netns add elsewhere
	ip link add uplink type veth peer name far netns elsewhere
	ip addr add 192.0.2.1/24 dev uplink
	ip link set uplink up
	ip -n elsewhere addr add 192.0.2.2/24 dev far
	ip -n elsewhere link set far up
	ip -n elsewhere link set lo up
}
teardown_file() {
	stop_daemon
	ip link del uplink
	ip netns del elsewhere
	umount /run/netns
	rmdir /run/netns
}

@test "bridge: an address of the bridge's subnet, the gateway as route, both in inspect" {
	lighter run -d --name bridged "$IMAGE" sleep 1000
	local address gateway
	address=$(field bridged .NetworkSettings.IPAddress)
	gateway=$(field bridged .NetworkSettings.Gateway)
	[ "$(field bridged .NetworkSettings.Networks.bridge.IPAddress)" = "$address" ]
	ip -4 addr show "$BRIDGE" | grep -qF "inet $gateway/$(field bridged .NetworkSettings.IPPrefixLen)"
	nsenter -t "$(field bridged .State.Pid)" -n ip -4 addr show eth0 | grep -qF "inet $address/"
	[ "$(nsenter -t "$(field bridged .State.Pid)" -n ip route show default | awk '{ print $3, $5 }')" = "$gateway eth0" ]
	nsenter -t "$(field bridged .State.Pid)" -n ip -o link show eth0 | grep -qF "link/ether $(field bridged .NetworkSettings.MacAddress) "
	busybox ping -c 1 -W 5 "$address"
	lighter rm -f bridged
}

@test "the gateway answers from inside, and containers reach each other" {
	lighter run -d --name one "$IMAGE" sh -c 'echo here >/tmp/index.html; exec httpd -f -h /tmp -p 80'
	local one
	one=$(field one .NetworkSettings.IPAddress)
	lighter run --rm "$IMAGE" ping -c 1 -W 5 "$(field one .NetworkSettings.Gateway)"
	[ "$(lighter run --rm "$IMAGE" sh -c "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://$one/index.html && exit; sleep 0.2; done; exit 1")" = here ]
	lighter rm -f one
}

@test "masquerading: the outside sees the host's address" {
	ip netns exec elsewhere timeout 30 python3 -c 'import socket, sys
s = socket.create_server(("192.0.2.2", 7000))
open(sys.argv[1] + "/ready", "w").close()
c, who = s.accept()
print(who[0], c.makefile().readline().strip())' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/got" 3>&- &
	local server=$!
	eventually 10 test -e "$BATS_TEST_TMPDIR/ready"
	lighter run --rm "$IMAGE" sh -c 'echo through | nc -w 5 192.0.2.2 7000'
	wait $server
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = "192.0.2.1 through" ]
	lighter run --rm "$IMAGE" ping -c 1 -W 5 192.0.2.2
}

@test "the outside does not reach a container by itself" {
	lighter run -d --name hidden "$IMAGE" sleep 1000
	ip -n elsewhere route add default via 192.0.2.1
	run ip netns exec elsewhere busybox ping -c 1 -W 1 "$(field hidden .NetworkSettings.IPAddress)"
	ip -n elsewhere route del default
	[ "$status" -ne 0 ]
	lighter rm -f hidden
}

@test "default is the bridge; addresses are given back" {
	create '"Cmd": ["true"], "HostConfig": {"NetworkMode": "default"}' defaulted
	[ "$(field defaulted .HostConfig.NetworkMode)" = bridge ]
	local before after i
	before=$(lighter run --rm "$IMAGE" hostname -i)
	for i in 1 2 3 4 5 6; do lighter run --rm "$IMAGE" true; done
	eventually 10 bash -c "[ -z \"\$(ip -o link show master $BRIDGE)\" ]"
	after=$(lighter run --rm "$IMAGE" hostname -i)
	[[ $before == *.*.*.* && $after == *.*.*.* ]]
	[ "$(field defaulted .NetworkSettings.IPAddress)" = "" ]
}

@test "two containers have two addresses" {
	lighter run -d --name two-a "$IMAGE" sleep 1000
	lighter run -d --name two-b "$IMAGE" sleep 1000
	[ "$(field two-a .NetworkSettings.IPAddress)" != "$(field two-b .NetworkSettings.IPAddress)" ]
	[ "$(field two-a .NetworkSettings.MacAddress)" != "$(field two-b .NetworkSettings.MacAddress)" ]
	lighter rm -f two-a two-b
}

@test "none: lo alone, no address" {
	lighter run -d --name nowhere --network none "$IMAGE" sleep 1000
	[ "$(nsenter -t "$(field nowhere .State.Pid)" -n ls /sys/class/net 2>/dev/null || true)" != "" ]
	[ "$(nsenter -t "$(field nowhere .State.Pid)" -n ip -o link | wc -l)" -eq 1 ]
	nsenter -t "$(field nowhere .State.Pid)" -n busybox ping -c 1 -W 2 127.0.0.1
	[ "$(field nowhere .NetworkSettings.Networks.none.IPAddress)" = "" ]
	lighter rm -f nowhere
}

@test "host: the host's own namespace, name and links" {
	[ "$(lighter run --rm --network host "$IMAGE" readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(lighter run --rm --network host "$IMAGE" hostname)" = "$(hostname)" ]
	lighter run --rm --network host "$IMAGE" ls "/sys/class/net/$BRIDGE" >/dev/null
}

@test "NetworkDisabled: no network" {
	[ "$(ran '"NetworkDisabled": true, "Cmd": ["ls", "/sys/class/net"]')" = lo ]
}

@test "hosts, hostname and resolv.conf" {
	run lighter run --rm -h box --domainname example.org --add-host extra:192.0.2.9 --dns 192.0.2.53 --dns-search corp.example --dns-option ndots:3 \
		"$IMAGE" sh -c 'cat /etc/hosts; echo ==; cat /etc/hostname; hostname -f; cat /proc/sys/kernel/domainname; echo ==; cat /etc/resolv.conf'
	[ "$status" -eq 0 ]
	[[ $output =~ 192\.0\.2\.9[[:space:]]+extra ]]
	[[ $output =~ [0-9.]+[[:space:]]+box ]]
	[[ $output == *"nameserver 192.0.2.53"* && $output == *"search corp.example"* && $output == *"options ndots:3"* ]]
	[ "$(lighter run --rm -h box --domainname example.org "$IMAGE" cat /proc/sys/kernel/domainname)" = example.org ]
	[ "$(lighter run --rm -h box "$IMAGE" cat /etc/hostname)" = box ]
	[[ $(lighter run --rm --add-host gate:host-gateway "$IMAGE" cat /etc/hosts) =~ [0-9.]+[[:space:]]+gate ]]
}

@test "--sysctl of the network namespace" {
	[ "$(lighter run --rm --sysctl net.ipv4.ip_forward=0 --sysctl net.ipv4.ip_unprivileged_port_start=777 "$IMAGE" \
		cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_unprivileged_port_start)" = $'0\n777' ]
	[ "$(lighter run --rm "$IMAGE" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 0 ]
}

@test "what is not there yet is refused with a sentence" {
	refused 501 "networks other than bridge, none and host are not supported yet: mine" '"HostConfig": {"NetworkMode": "mine"}'
	refused 501 "publishing ports is not supported yet" '"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}'
	refused 501 "publishing ports is not supported yet" '"HostConfig": {"PublishAllPorts": true}'
	create '"Cmd": ["true"]' linked
	refused 501 "links between containers are not supported yet" '"HostConfig": {"Links": ["linked:b"]}'
	refused 501 "choosing a container's MAC address is not supported yet" '"MacAddress": "02:42:ac:11:00:09"'
	refused 501 "sharing another container's network is not supported yet" '"HostConfig": {"NetworkMode": "container:x"}'
	endpoint() { refused "$1" "$2" "\"NetworkingConfig\": {\"EndpointsConfig\": {\"$3\": {$4}}}"; }
	endpoint 501 "networks other than bridge, none and host are not supported yet: mine" mine ''
	endpoint 400 "network-scoped alias is supported only for containers in user defined networks" bridge '"Aliases": ["a"]'
	endpoint 501 "links between containers are not supported yet" bridge '"Links": ["a:b"]'
	endpoint 400 "user specified IP address is supported on user defined networks only" bridge '"IPAMConfig": {"IPv4Address": "172.17.0.9"}'
	endpoint 501 "driver options of a network endpoint are not supported yet" bridge '"DriverOpts": {"a": "b"}'
	endpoint 501 "choosing a container's MAC address is not supported yet" bridge '"MacAddress": "02:42:ac:11:00:09"'
	endpoint 501 "the priority of a network's gateway is not supported yet" bridge '"GwPriority": 7'
}

@test "what is not there yet, on the command line" {
	cli() { # SENTENCE OPTION...
		local sentence=$1
		shift
		run lighter run --rm "$@" "$IMAGE" true
		[ "$status" -eq 125 ] && [[ $output == *"$sentence"* ]] && return 0
		echo "$*: $status $output" >&2
		return 1
	}
	cli "publishing ports is not supported yet" -p 80:80
	cli "publishing ports is not supported yet" -P --expose 80
	create '"Cmd": ["true"]' linked-too
	cli "links between containers are not supported yet" --link linked-too:b
	cli "choosing a container's MAC address is not supported yet" --mac-address 02:42:ac:11:00:09
	cli "network-scoped alias is supported only for containers in user defined networks" --network-alias a
	cli "networks other than bridge, none and host are not supported yet: mine" --network mine
}

@test "expose is only said" {
	create '"Cmd": ["true"], "ExposedPorts": {"80/tcp": {}}' exposed
	lighter start exposed
	[ "$(field exposed '.Config.ExposedPorts | keys[0]')" = 80/tcp ]
	[ "$(field "$(lighter create --expose 81 "$IMAGE")" '.Config.ExposedPorts | keys[0]')" = 81/tcp ]
}
