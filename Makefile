# One makefile, one graph. `make help` lists the targets.
VERSION    := $(shell sed -n 's/.*ALLOCSCOPE_VERSION "\(.*\)"/\1/p' include/allocscope/allocscope.h)
VARIANT    ?= release
# CROSS=aarch64-linux-gnu-: for another machine, in a folder of its own: make/cross.mk.
CROSS      ?=
BUILD      := build/$(VARIANT)$(if $(CROSS),-$(firstword $(subst -, ,$(CROSS))))
ifneq ($(CROSS),)
CC         := $(CROSS)gcc
CXX        := $(CROSS)g++
endif
prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
libdir     ?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir     ?= $(prefix)/share/man
docdir     ?= $(prefix)/share/doc/allocscope
INSTALL    ?= install
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy

WARN := -Wall -Wextra -Wshadow -Wundef -Wvla -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition -Wformat=2
ifneq ($(CI),)
WARN += -Werror
endif
OPT-release := -O2 -g
OPT-debug   := -O0 -g3 -DALLOCSCOPE_CHECK=2
OPT-stress  := -O1 -g -DALLOCSCOPE_CHECK=1 -DALLOCSCOPE_STRESS=1
OPT-asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DALLOCSCOPE_CHECK=2
# The sanitizer does not know fences, and says so when it compiles one: gate.c's are argued in gate.h.
OPT-tsan    := -O1 -g -fsanitize=thread -DALLOCSCOPE_CHECK=1 -Wno-tsan
ifeq ($(OPT-$(VARIANT)),)
$(error VARIANT must be release, debug, stress, asan or tsan, not '$(VARIANT)')
endif
SANITIZED := $(filter asan tsan,$(VARIANT))
ALL_CPPFLAGS = -D_GNU_SOURCE -Iinclude -Isrc $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 -fno-common $(WARN) $(OPT-$(VARIANT)) $(CFLAGS)
# The preload lives in other people's processes: no sanitizer, no dynamic TLS, no calloc built from malloc.
PRELOAD_OPT    = $(if $(SANITIZED),$(OPT-release),$(OPT-$(VARIANT)))
PRELOAD_CFLAGS = -std=gnu11 -fno-common $(WARN) $(PRELOAD_OPT) $(CFLAGS) -fPIC -fvisibility=hidden \
	-ftls-model=initial-exec -fno-plt -fno-stack-protector -fno-tree-vectorize -fno-tree-slp-vectorize -fno-builtin-malloc -fno-builtin-calloc \
	-fno-builtin-realloc -fno-builtin-free
PRELOAD_LDFLAGS = -shared -Wl,-soname,liballocscope.so -Wl,--version-script=src/preload/exports.map \
	-Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-z,nodlopen -Wl,--no-as-needed
# libgcc_s stands before libunwind, so that exceptions keep the C++ runtime's own unwinder.
PRELOAD_LIBS = -lgcc_s -lunwind
CLI_LIBS     = -ldw -lelf -lzstd -ljansson -ldl -lm -lpthread

base_src     := $(wildcard src/base/*.c)
writer_src   := src/snapshot/snapshot_writer.c
snapshot_src := $(wildcard src/snapshot/*.c)
preload_src  := $(wildcard src/preload/*.c) $(filter-out src/base/status.c src/base/text_out.c,$(base_src)) $(writer_src)
tool_src     := $(wildcard src/symbols/*.c src/analysis/*.c src/report/*.c src/export/*.c) $(snapshot_src) $(base_src)
cli_src      := $(wildcard src/cli/*.c) $(tool_src)
unit_src     := $(wildcard test/unit/*_test.c)
headers      := $(shell find include src -name '*.h' 2>/dev/null)

preload_obj := $(preload_src:%.c=$(BUILD)/pic/%.o)
cli_obj     := $(cli_src:%.c=$(BUILD)/obj/%.o)
tool_obj    := $(tool_src:%.c=$(BUILD)/obj/%.o)
unit_bin    := $(unit_src:%.c=$(BUILD)/%)
PRELOAD     := $(BUILD)/liballocscope.so
CLI         := $(BUILD)/allocscope

V ?= 0
ifeq ($(V),0)
quiet = @printf '  %-7s %s\n' $(1) $@;
endif

all: $(PRELOAD) $(CLI) $(BUILD)/allocscope.pc links
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# As many jobs as processors, unless -j says otherwise.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif

# build/liballocscope.so and build/allocscope exist whatever the variant's folder.
links: $(PRELOAD) $(CLI)
	@ln -sfn $(VARIANT)/liballocscope.so build/liballocscope.so; ln -sfn $(VARIANT)/allocscope build/allocscope

# Any change of flags rebuilds what they touch.
FLAGS := $(CC)|$(ALL_CPPFLAGS)|$(ALL_CFLAGS)|$(PRELOAD_CFLAGS)|$(PRELOAD_LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(FLAGS)' | cmp -s - $@ || printf '%s\n' '$(FLAGS)' > $@

$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CPPFLAGS) $(PRELOAD_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
# Only the hooks keep frame pointers: the caller's frame is then exact.
$(BUILD)/pic/src/preload/interpose%.o: PRELOAD_CFLAGS += -fno-omit-frame-pointer
$(PRELOAD): $(preload_obj) src/preload/exports.map
	$(call quiet,LD)$(CC) $(PRELOAD_CFLAGS) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@ $(preload_obj) $(PRELOAD_LIBS)
$(CLI): $(cli_obj)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(cli_obj) $(CLI_LIBS)
clean:
	rm -rf build
FORCE:
.PHONY: all links clean FORCE
.SECONDARY:
include $(wildcard make/*.mk)
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
