# SPDX-License-Identifier: Apache-2.0
# The short way to everything; the build itself is meson.build, the packages it needs are bootstrap.sh's business.
PREFIX ?= /usr/local
SCALE ?= full
LIST ?= all
T ?= 60

all: build/build.ninja
	ninja -C build
build/build.ninja:
	meson setup build --prefix=$(PREFIX) -Db_lto=true
demo: all
	tools/demo
test: all
	tests/run
accept: all
	SCALE=$(SCALE) tests/run accept
lint:
	tools/lint
format:
	git ls-files --cached --others --exclude-standard '*.c' '*.h' | grep -v -e /data/ -e '_table\.c$$' | xargs clang-format -i
bench: all
	bench/run
asan: build/asan/build.ninja
	ninja -C build/asan
	tests/run --build build/asan
build/asan/build.ninja:
	CC=clang meson setup build/asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
tsan: build/tsan/build.ninja
	ninja -C build/tsan
	tests/run --build build/tsan --only tsan
build/tsan/build.ninja:
	CC=clang meson setup build/tsan -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
fuzz fuzz-replay: build/fuzz/build.ninja
	ninja -C build/fuzz
	tools/fuzz $@ $(TARGET) $(T)
build/fuzz/build.ninja:
	CC=clang meson setup build/fuzz -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true
prove:
	tools/prove
install: all
	meson configure build --prefix=$(PREFIX) && ninja -C build
	DESTDIR=$(DESTDIR) meson install -C build --no-rebuild --quiet
uninstall: build/build.ninja
	meson configure build --prefix=$(PREFIX) && ninja -C build build.ninja
	meson introspect build --installed | tools/uninstall "$(DESTDIR)"
deps deps-test:
	sh bootstrap.sh $@
test-fresh:
	tools/test-fresh
test-vm: all
	tests/vm/run $(LIST)
clean:
	rm -rf build
.PHONY: all demo test accept lint format bench asan tsan fuzz fuzz-replay prove install uninstall deps deps-test test-fresh \
	test-vm clean
