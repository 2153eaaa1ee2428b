#!/usr/bin/env bats
# shellcheck disable=SC2154 # helpers.bash sets snapshot and status
# The house: what `make install` puts where and takes away again, and what the gates and the search for missing
# packages answer when something is wrong.
load helpers

# make_tree TARGET VARIABLE...: make in the tree, as a user would type it.
make_tree() {
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TEST_ROOT" VARIANT="$(basename "$BUILD")" DEPS=no "$@"
}

# A copy of what the gates read, to be spoiled.
copy_tree() {
    mkdir tree
    cp -r "$TEST_ROOT"/{Makefile,make,tools,src,include,man} tree/
    cd tree || return 1
}

@test "install puts every file where its variable says, and uninstall leaves nothing" {
    make_tree install DESTDIR="$PWD/root" prefix=/usr libdir=/usr/lib64
    [ -x root/usr/bin/allocscope ]
    [ -x root/usr/lib64/liballocscope.so ]
    [ -f root/usr/include/allocscope/allocscope.h ]
    [ -f root/usr/share/man/man1/allocscope-diff.1 ]
    [ -f root/usr/share/man/man3/allocscope.3 ]
    [ -f root/usr/share/man/man5/allocscope-snapshot.5 ]
    [ -f root/usr/share/man/man7/allocscope-preload.7 ]
    grep -qx 'prefix=/usr' root/usr/lib64/pkgconfig/allocscope.pc
    make_tree uninstall DESTDIR="$PWD/root" prefix=/usr libdir=/usr/lib64
    [ -z "$(find root -type f)" ]
    make_tree build/"$(basename "$BUILD")"/allocscope.pc
}

@test "installed, LD_PRELOAD=liballocscope.so is found by name and the tool finds the library" {
    make_tree install DESTDIR="$PWD/root" prefix=/usr
    status=0
    LD_LIBRARY_PATH=$PWD/root/usr/lib LD_PRELOAD=liballocscope.so "$PROGRAMS/malloc_and_free" >out 2>messages || status=$?
    [ "$status" = 0 ]
    [ -f x.snap ]
    root/usr/bin/allocscope run -o y.snap -- "$PROGRAMS/malloc_and_free" >out
    root/usr/bin/allocscope verify y.snap
}

@test "the layers gate names a forbidden include" {
    copy_tree
    tools/check-layers.sh
    printf '#include "cli/fatal.h"\n' >>src/analysis/diff.c
    status=0
    tools/check-layers.sh 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q 'analysis may not include cli/fatal.h' messages
}

@test "the words gate names a forbidden call" {
    copy_tree
    tools/check-words.sh
    printf 'void spoil(char *a) { sprintf(a, "x"); } /* strcpy() in a comment is fine */\n' >>src/cli/main.c
    status=0
    tools/check-words.sh 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q 'src/cli/main.c.*sprintf' messages
}

@test "the preload gate names an import that is not allowed, and exports that differ from the map" {
    copy_tree
    tools/check-preload.sh "$LIBRARY"
    sed -i '/^dlsym/d' tools/preload-imports.allow
    sed -i 's/global:/global: never_defined;/' src/preload/exports.map
    status=0
    tools/check-preload.sh "$LIBRARY" 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q 'imports that .* does not list: dlsym' messages
    grep -q 'does not export what .* names: never_defined' messages
}

@test "the preload gate refuses dynamic thread-local storage and libunwind before libgcc_s" {
    copy_tree
    printf '_Thread_local int x; int *f(void); int *f(void) { return &x; }\n' >tls.c
    cc -shared -fPIC -ftls-model=global-dynamic -Wl,--no-as-needed -lunwind -lgcc_s -o liballocscope.so tls.c
    status=0
    tools/check-preload.sh ./liballocscope.so 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q 'dynamic thread-local' messages
    grep -q 'libunwind is needed before libgcc_s' messages
}

@test "the options gate names an option that a manual page lacks, and one that only the page has" {
    copy_tree
    tools/check-options.sh "$TOOL"
    sed -i 's/^\.It Fl -json$/.It Fl -jason/' man/allocscope-diff.1
    status=0
    tools/check-options.sh "$TOOL" 2>messages || status=$?
    [ "$status" = 1 ]
    grep -q -- '--json: option of diff' messages
    grep -q -- '--jason: in man/allocscope-diff.1' messages
}

@test "the tidy gate looks at a clean file once, and is content the second time" {
    need clang-tidy
    cd "$TEST_ROOT" || return 1
    sleep 0.01 # its stamps must be newer than the sources
    tools/check-tidy.sh "$BATS_TEST_TMPDIR/tidy" src/base/text.c >"$BATS_TEST_TMPDIR/first" || {
        [ $? = 77 ] && skip "$(cat "$BATS_TEST_TMPDIR/first")"
    }
    [ "$(cat "$BATS_TEST_TMPDIR/first")" = 'clang-tidy: 1 files clean, 1 of them looked at now' ]
    tools/check-tidy.sh "$BATS_TEST_TMPDIR/tidy" src/base/text.c >"$BATS_TEST_TMPDIR/second"
    [ "$(cat "$BATS_TEST_TMPDIR/second")" = 'clang-tidy: 1 files clean, 0 of them looked at now' ]
}

@test "a missing header is named with the package that has it" {
    copy_tree
    echo 'build header:allocscope_never.h apt-never dnf-never pacman-never apk-never' >>tools/deps.table
    status=0
    tools/deps.sh missing build >out || status=$?
    [ "$status" = 1 ]
    grep -q 'header:allocscope_never.h' out
    tools/deps.sh hint build 2>messages
    grep -q 'missing: allocscope_never.h' messages
    grep -Eq '(apt|dnf|pacman|apk)-never' messages
}
