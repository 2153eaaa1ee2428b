# make help: the targets a person types.
help:
	@printf '%s\n' \
	'make            build build/liballocscope.so and build/allocscope' \
	'make demo       record a small reactive engine twice and show what it retains' \
	'make compare-originals  the JavaScript originals of the engines on Node, beside our C engines' \
	'make test       all tests and all gates; installs what they need when something is missing' \
	'                test-unit, test-integration, test-asan, test-tsan, test-stress: parts of it; fuzz: the reader' \
	'make field-notes  jansson, cJSON and libyaml from Debian, their own tests judged (docs/field-notes.md)' \
	'make soak       the validated unwinder against an honest walk, 10^8 stacks, in some minutes' \
	'make gates-50   each limit of `check` and each habit of real programs, 50 times' \
	'make reports    examples/reports and docs/seeds.md: their commands run again, what they print stored' \
	'make golden-update   write the expected reports anew and show the difference' \
	'make check      the gates alone: headers, layers, imports, options, format, clang-tidy, shellcheck, man pages' \
	'make bench      cost per malloc+free pair, per block and per mark, beside heaptrack; writes bench/results.md' \
	'make bench-hot  one pair of malloc and free by depth, kind of stack and threads, beside every peer' \
	'make bench-programs  python, perl, compilers, sqlite, redis, lua, node, beside every peer' \
	'make bench-deps install the peers of the benchmarks; what is missing is named and left out' \
	'make bench-graph  the pause of a snapshot with its graph, redis meanwhile, seconds and memory of its analysis' \
	'make bench-gather would vector gathers compare stacks faster? (ARCHITECTURE.md: no)' \
	'make deps       install what building and testing need (DEPS=no: never install, only say)' \
	'make CROSS=aarch64-linux-gnu- recorder   the library for aarch64; make deps-aarch64 gets what that and its test need' \
	'make install    to prefix (/usr/local), DESTDIR honoured; make uninstall takes it away' \
	'make format     clang-format over all sources' \
	'make clean      remove build/' \
	'' \
	'VARIANT=release|debug|stress|asan|tsan   CI=true: warnings are errors   V=1: show commands' \
	'CC, CFLAGS, CPPFLAGS, LDFLAGS, prefix, libdir, bindir, includedir, mandir, DESTDIR as usual'
.PHONY: help
