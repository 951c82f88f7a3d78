#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# load, import, list, inspect and removal of images.

load lib
setup_file() { start_daemon; load_busybox; }
teardown_file() { stop_daemon; }


@test "load: every archive in tests/data/images" {
	local file name id line
	while IFS=$'\t' read -r file name id; do
		[[ $file != \#* ]] || continue
		run lighter load -i "tests/data/images/$file"
		[ "$status" -eq 0 ] || { echo "$file: $output"; return 1; }
		if [ "$name" = - ]; then
			[ "$output" = "Loaded image ID: $id" ] || { echo "$file: $output"; return 1; }
			[ "$(api GET "/images/$id/json" | jq -r .Id)" = "$id" ]
		else
			[ "$output" = "Loaded image: $name" ] || { echo "$file: $output"; return 1; }
			[ "$(api GET "/images/$name/json" | jq -r .Id)" = "$id" ]
		fi
		[ "$(api GET "/images/$id/json" | jq -r '.Config.Labels.tiny, .Config.WorkingDir, (.RootFS.Layers | length)')" = $'yes\n/srv\n2' ]
		lighter rmi -f "$id" >/dev/null
	done <tests/data/images/images.tsv
	[ "$(lighter images -aq | wc -l)" -eq 1 ]
	# nothing of them is left
	[ "$(ls "$DAEMON_DIR/data/layers" | wc -l)" -eq 2 ]
}

@test "load: from standard input, compressed; -q; twice is once" {
	local out
	gzip -c "$BUSYBOX_TAR" >"$BATS_TEST_TMPDIR/b.tar.gz"
	zstd -q "$BUSYBOX_TAR" -o "$BATS_TEST_TMPDIR/b.tar.zst"
	[ "$(lighter load <"$BATS_TEST_TMPDIR/b.tar.gz")" = "Loaded image: busybox:latest" ]
	[ "$(lighter load -q -i "$BATS_TEST_TMPDIR/b.tar.zst")" = "Loaded image: busybox:latest" ]
	[ "$(lighter images -q busybox | wc -l)" -eq 1 ]
	[ "$(curl -sS --unix-socket "$DAEMON_DIR/s" -T "$BUSYBOX_TAR" -X POST 'http://localhost/images/load?quiet=1' | jq -r .stream)" = "Loaded image: busybox:latest" ]
	run lighter load -i /no/such/file
	[ "$status" -eq 1 ]
	answers 501 'the parameter "platform" is not supported yet' POST '/images/load?platform=%7B%7D' || answers 501 'platform' POST '/images/load?platform=%7B%7D'
}

@test "layers: whiteouts, opaque directories, links, owners and modes, as the archive says" {
	local root
	lighter load -q -i tests/data/images/docker-28.tar
	# tiny has no program: mount busybox beside it
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/busybox"
	run lighter run --rm -v "$BATS_TEST_TMPDIR/busybox:/busybox" --entrypoint /busybox lighter-test/tiny:1 sh -c '
		cd /
		/busybox cat etc/changed; /busybox ls etc | /busybox grep -c gone
		/busybox ls opaque; /busybox stat -c "%a %u:%g" srv; /busybox stat -c "%a" etc/changed
		/busybox readlink etc/soft; [ etc/hard -ef etc/text ] && echo linked; /busybox wc -c <etc/text; /busybox stat -c %Y etc/text; pwd'
	[ "$output" = $'new\n0\nshown\n2750 1000:2000\n600\n/etc/text\nlinked\n1024\n1700000000\n/' ]
	lighter rmi lighter-test/tiny:1
}

@test "import: plain, gzip, zstd, standard input, --change, --message" {
	local kind
	gzip -c "$BUSYBOX_ROOTFS" >"$BATS_TEST_TMPDIR/gzip"
	zstd -q "$BUSYBOX_ROOTFS" -o "$BATS_TEST_TMPDIR/zstd"
	cp "$BUSYBOX_ROOTFS" "$BATS_TEST_TMPDIR/plain"
	for kind in plain gzip zstd; do
		[[ $(lighter import "$BATS_TEST_TMPDIR/$kind" "imported:$kind") =~ ^sha256:[0-9a-f]{64}$ ]]
		[ "$(lighter run --rm "imported:$kind" echo hi)" = hi ]
	done
	[ "$(api GET /images/imported:gzip/json | jq -r '.RootFS.Layers[0]')" = "$(api GET /images/imported:plain/json | jq -r '.RootFS.Layers[0]')" ]
	[ "sha256:$(sha256sum <"$BUSYBOX_ROOTFS" | cut -d ' ' -f 1)" = "$(api GET /images/imported:plain/json | jq -r '.RootFS.Layers[0]')" ]
	lighter import --change 'CMD ["echo", "changed"]' -c 'ENV A=b' -c 'WORKDIR /tmp' -c 'USER app' -c 'LABEL l=m' -c 'EXPOSE 80' -m "a comment" - imported:changed <"$BUSYBOX_ROOTFS"
	[ "$(lighter run --rm imported:changed)" = changed ]
	[ "$(lighter run --rm imported:changed sh -c 'echo $A; pwd; id -un')" = $'b\n/tmp\napp' ]
	[ "$(api GET /images/imported:changed/json | jq -r '.Comment, .Config.Labels.l, (.Config.ExposedPorts | keys[0])')" = $'a comment\nm\n80/tcp' ]
	curl -sS --unix-socket "$DAEMON_DIR/s" -T "$BUSYBOX_ROOTFS" -X POST 'http://localhost/images/create?fromSrc=-&repo=imported&tag=api&message=by%20api&changes=ENV%20X%3Dy' | jq -er .status
	[ "$(api GET /images/imported:api/json | jq -r '.Comment, .Config.Env[-1]')" = $'by api\nX=y' ]
	answers 400 "RUN is not a valid change command" POST '/images/create?fromSrc=-&changes=RUN%20x'
	lighter rmi $(lighter images --format '{{.Repository}}:{{.Tag}}' imported)
}

@test "pulling and importing from an address: a sentence" {
	answers 501 "pulling images from registries is not supported yet" POST '/images/create?fromImage=alpine&tag=latest'
	answers 501 "importing from an address is not supported yet" POST '/images/create?fromSrc=http://example.org/x.tar'
	answers 501 "importing for another platform is not supported yet" POST '/images/create?fromSrc=-&platform=linux/arm64'
	run lighter load --platform linux/amd64 -i "$BUSYBOX_TAR"
	[ "$status" -eq 1 ]
	run lighter import --platform linux/arm64 "$BUSYBOX_ROOTFS"
	[ "$status" -eq 1 ]
	run lighter run --platform linux/s390x --rm "$IMAGE" true
	[ "$status" -eq 125 ]
	answers 404 "does not match the specified platform" POST '/containers/create?platform=linux/s390x' "{\"Image\": \"$IMAGE\"}"
	[ "$(lighter run --rm --platform "linux/$(api GET "/images/$IMAGE/json" | jq -r .Architecture)" "$IMAGE" echo hi)" = hi ]
}

@test "images: columns, filters, quiet, digests" {
	lighter import -c 'LABEL colour=blue' "$BUSYBOX_ROOTFS" listed:1
	[ "$(lighter images --format '{{.Repository}}:{{.Tag}}' listed)" = listed:1 ]
	[ "$(lighter images --filter label=colour=blue --format '{{.Tag}}')" = 1 ]
	[ "$(lighter images --filter reference='list*' -q | wc -l)" -eq 1 ]
	[ "$(lighter images -q --no-trunc listed)" = "$(api GET /images/listed:1/json | jq -r .Id)" ]
	[[ $(lighter images) == "REPOSITORY"*"listed"* ]]
	[[ $(lighter images --digests listed) == *"DIGEST"*"<none>"* ]]
	[ "$(api GET '/images/json?filters=%7B%22label%22%3A%5B%22colour%3Dblue%22%5D%7D' | jq length)" = 1 ]
	answers 501 'the parameter' GET '/images/json?shared-size=1'
	answers 501 'the parameter' GET '/images/json?manifests=1'
	answers 501 'the parameter' GET "/images/$IMAGE/json?manifests=1"
	answers 501 'the parameter' GET "/images/$IMAGE/json?platform=%7B%7D"
	answers 400 'invalid filter' GET '/images/json?filters=%7B%22nonsense%22%3A%5B%22x%22%5D%7D'
	lighter import "$BUSYBOX_ROOTFS" # untagged
	[ "$(lighter images --filter dangling=true -q | wc -l)" -eq 1 ]
	[ "$(api GET '/images/json?all=1' | jq length)" -ge 3 ]
	[ "$(lighter images -a -q | wc -l)" -ge 3 ]
	lighter rmi listed:1 $(lighter images --filter dangling=true -q)
}

@test "lookup of images: tag, id, prefix of an id, with and without the registry" {
	local id
	id=$(api GET "/images/$IMAGE/json" | jq -r .Id)
	local name
	for name in busybox busybox:latest docker.io/library/busybox:latest library/busybox "$id" "${id#sha256:}" "${id:7:12}"; do
		[ "$(api GET "/images/$name/json" | jq -r .Id)" = "$id" ] || { echo "$name"; return 1; }
		[ "$(lighter run --rm "$name" echo hi)" = hi ]
	done
	answers 404 "No such image: busybox:nosuch" GET /images/busybox:nosuch/json
}

@test "rmi: in use, by tag, by id, forced" {
	local id container
	lighter import "$BUSYBOX_ROOTFS" removed:1
	id=$(api GET /images/removed:1/json | jq -r .Id)
	container=$(lighter create removed:1 sleep 1000)
	answers 409 "conflict: unable to remove repository reference \\\"removed:1\\\" (must force) - container ${container:0:12} is using its referenced image ${id:7:12}" DELETE /images/removed:1
	answers 409 "conflict: unable to delete ${id:7:12} (must be forced) - image is being used by stopped container ${container:0:12}" DELETE "/images/$id"
	lighter start "$container"
	answers 409 "conflict: unable to delete ${id:7:12} (cannot be forced) - image is being used by running container ${container:0:12}" DELETE "/images/$id?force=1"
	lighter rm -f "$container"
	run lighter rmi removed:1
	[ "$status" -eq 0 ]
	[[ $output == "Untagged: removed:1"*"Deleted: $id"* ]]
	answers 404 "No such image: removed:1" DELETE /images/removed:1
	lighter rmi -f nosuch:1
	run lighter rmi nosuch:1
	[ "$status" -eq 1 ]
	answers 501 'the parameter' DELETE "/images/$IMAGE?platforms=x"
	# noprune keeps untagged parents; there are none without a builder, so the image itself goes all the same
	lighter import "$BUSYBOX_ROOTFS" removed:2
	lighter rmi --no-prune removed:2
	[ "$(api_status GET /images/removed:2/json)" = 404 ]
}

@test "a container goes on when its image loses its tag" {
	lighter import "$BUSYBOX_ROOTFS" untagged:1
	lighter run -d --name survivor untagged:1 sleep 1000
	[ "$(api_status DELETE '/images/untagged:1?force=1')" = 200 ]
	running survivor
	[[ $(lighter ps --filter name=survivor --format '{{.Image}}') != "" ]]
	lighter stop -t 0 survivor
	lighter start survivor
	lighter rm -f survivor
	lighter rmi "$(lighter images --filter dangling=true -q)"
}

@test "a tag moves; the old image stays without" {
	local first second
	first=$(lighter import -c 'LABEL n=1' "$BUSYBOX_ROOTFS" moving:1)
	second=$(lighter import -c 'LABEL n=2' "$BUSYBOX_ROOTFS" moving:1)
	[ "$(api GET /images/moving:1/json | jq -r .Id)" = "$second" ]
	[ "$(api GET "/images/$first/json" | jq -r '.RepoTags | length')" = 0 ]
	lighter rmi "$first" moving:1
}

@test "what nobody needs goes from the disk" {
	local before
	before=$(find "$DAEMON_DIR/data/layers" "$DAEMON_DIR/data/content" | LC_ALL=C sort | sha256sum)
	lighter load -q -i tests/data/images/skopeo-oci-zstd.tar
	lighter rmi "$(lighter images --filter dangling=true -q)"
	eventually 10 bash -c "[ \"\$(find '$DAEMON_DIR/data/layers' '$DAEMON_DIR/data/content' | LC_ALL=C sort | sha256sum)\" = '$before' ]"
}
