# Fuzzing the readers of what others wrote, and the tool that damages snapshots on purpose.
#   corrupt-snapshot  build/<variant>/test/corrupt-snapshot, for the integration tests
#   corpus            build/<variant>/fuzz/corpus: a good snapshot, plain and damaged in every listed way
#   fuzz              libFuzzer with clang and address and undefined-behaviour sanitizers, FUZZ_SECONDS long
#   fuzz-graph        the same for the analysis of a snapshot's reference graph
#   fuzz-corpus       both targets over the corpus, with any compiler: a regression test
FUZZ_SECONDS ?= 120
FUZZ_CC      ?= clang
FUZZ_FLAGS   := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -std=gnu11 $(WARN) \
	-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION=1
fuzz_src     := test/fuzz/fuzz_snapshot_reader.c $(snapshot_src) $(base_src)
corrupt_src  := test/tools/corrupt_snapshot.c $(wildcard test/support/snapshot_*.c) $(snapshot_src) $(base_src)
corrupt_bin  := $(BUILD)/test/corrupt-snapshot
fuzz_bin     := $(BUILD)/fuzz/fuzz_snapshot_reader
driver_bin   := $(BUILD)/fuzz/corpus_driver
corpus       := $(BUILD)/fuzz/corpus
graph_fuzz_src    := test/fuzz/fuzz_reference_graph.c $(wildcard src/analysis/*.c) $(snapshot_src) $(base_src)
graph_fuzz_bin    := $(BUILD)/fuzz/fuzz_reference_graph
graph_driver_bin  := $(BUILD)/fuzz/graph_corpus_driver

$(corrupt_bin): $(corrupt_src:%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lzstd
corrupt-snapshot: $(corrupt_bin)

$(corpus)/good: $(corrupt_bin)
	@rm -rf $(@D); mkdir -p $(@D)
	$(call quiet,GEN)$(corrupt_bin) --good $@.tmp && $(corrupt_bin) --list | cut -f 1 | \
		while read -r name; do $(corrupt_bin) $@.tmp "$$name" "$(@D)/$$name" || exit 1; done && mv $@.tmp $@
corpus: $(corpus)/good

$(fuzz_bin): $(fuzz_src) $(headers) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,FUZZ)$(FUZZ_CC) -D_GNU_SOURCE -Iinclude -Isrc $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(fuzz_src) -lzstd
# New inputs go to a folder of their own; a crash leaves its input beside them and fails the target.
fuzz: $(fuzz_bin) $(corpus)/good
	@mkdir -p $(BUILD)/fuzz/found
	$(fuzz_bin) -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/found $(corpus)

$(driver_bin): test/fuzz/corpus_driver.c $(fuzz_src) $(headers) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -D_GNU_SOURCE -Iinclude -Isrc $(FUZZ_FLAGS) -o $@ test/fuzz/corpus_driver.c $(fuzz_src) -lzstd
$(graph_fuzz_bin): $(graph_fuzz_src) $(headers) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,FUZZ)$(FUZZ_CC) -D_GNU_SOURCE -Iinclude -Isrc $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(graph_fuzz_src) -lzstd -lm
fuzz-graph: $(graph_fuzz_bin) $(corpus)/good
	@mkdir -p $(BUILD)/fuzz/found-graph
	$(graph_fuzz_bin) -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/found-graph $(corpus)

$(graph_driver_bin): test/fuzz/corpus_driver.c $(graph_fuzz_src) $(headers) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -D_GNU_SOURCE -Iinclude -Isrc $(FUZZ_FLAGS) -o $@ test/fuzz/corpus_driver.c $(graph_fuzz_src) -lzstd -lm
fuzz-corpus: $(driver_bin) $(graph_driver_bin) $(corpus)/good
	$(driver_bin) $(corpus)
	$(graph_driver_bin) $(corpus)

.PHONY: corrupt-snapshot corpus fuzz fuzz-graph fuzz-corpus

# test/integration/damaged_snapshots.bats needs it.
test-programs: $(corrupt_bin)
