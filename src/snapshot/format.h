/*
 * The snapshot file, version 1: structs, ids and limits; nothing else.
 *
 *   +--------------------+ 0
 *   | file header  64 B  |  magic, version, size, where the section table is
 *   +--------------------+ 64
 *   | section            |  each starts at a multiple of 64 and holds rows of one struct
 *   | section            |  (or bytes: STRINGS)
 *   | ...                |
 *   +--------------------+ table_offset
 *   | section table      |  one row of 40 B per section, checksummed
 *   +--------------------+ file_bytes
 *
 * Everything is little-endian and naturally aligned, so that a mapped file can be read in place.
 * Strings are offsets into STRINGS, each ends in '\0', offset 0 is the empty string (unknown).
 * Row numbers that refer to another section start at 0 unless stated; node 0, stack 0 and module 0
 * are reserved and mean "none". A newer minor writer may append members to a row struct: the reader
 * takes row_bytes from the table and ignores the tail. allocscope-snapshot(5) is the specification;
 * change both together.
 *
 * Path of data: preload/snapshot_take.c -> snapshot_writer.c -> file -> snapshot_reader.c -> analysis/heap.c
 */
#ifndef SNAPSHOT_FORMAT_H
#define SNAPSHOT_FORMAT_H

#include <assert.h>
#include <stdint.h>

/* \x89 catches 7-bit transports, \r\n and \n line-ending repair, \x1a a DOS "type". 16 bytes with the final 0. */
#define SNAPSHOT_MAGIC                                                                             \
	"\x89"                                                                                     \
	"ALLOCSCOPE\r\n\x1a\n"
#define SNAPSHOT_MAGIC_BYTES	  16
#define SNAPSHOT_VERSION	  1
#define SNAPSHOT_ALIGNMENT	  64
#define SNAPSHOT_SECTIONS_MAX	  64
#define SNAPSHOT_STRING_BYTES_MAX (1u << 30)

struct snapshot_file_header {
	char magic[SNAPSHOT_MAGIC_BYTES];
	uint32_t version;	  /* SNAPSHOT_VERSION */
	uint32_t header_bytes;	  /* 64 */
	uint64_t file_bytes;	  /* whole file; a shorter file was cut */
	uint64_t table_offset;	  /* of the section table, multiple of 64 */
	uint32_t section_count;	  /* at most SNAPSHOT_SECTIONS_MAX */
	uint32_t flags;		  /* 0 */
	uint64_t table_checksum;  /* XXH3-64, seed 0, of the section table */
	uint64_t header_checksum; /* XXH3-64, seed 0, of the 56 bytes before */
};
static_assert(sizeof(struct snapshot_file_header) == 64, "file header is 64 bytes");

enum snapshot_section_flags {
	SNAPSHOT_SECTION_REQUIRED = 1
}; /* unknown and required: the reader refuses */

struct snapshot_section {
	uint32_t id; /* enum snapshot_section_id; each at most once */
	uint32_t flags;
	uint64_t offset;    /* multiple of 64 */
	uint64_t bytes;	    /* multiple of row_bytes */
	uint32_t row_bytes; /* 1 for STRINGS */
	uint32_t reserved;  /* 0 */
	uint64_t checksum;  /* XXH3-64, seed 0, of the section's bytes */
};
static_assert(sizeof(struct snapshot_section) == 40, "section row is 40 bytes");

enum snapshot_section_id {
	SNAPSHOT_RUN = 1,	 /* exactly one struct snapshot_run */
	SNAPSHOT_STRINGS = 2,	 /* bytes */
	SNAPSHOT_MODULES = 3,	 /* struct snapshot_module; row 0 = none */
	SNAPSHOT_NODES = 4,	 /* struct snapshot_node; row 0 = none */
	SNAPSHOT_STACKS = 5,	 /* struct snapshot_stack; row 0 = stack not known */
	SNAPSHOT_THREADS = 6,	 /* struct snapshot_thread */
	SNAPSHOT_BENCHMARKS = 7, /* struct snapshot_benchmark */
	SNAPSHOT_ITERATIONS = 8, /* struct snapshot_iteration, ascending first_generation */
	/* live blocks, columns of equal length, ascending address */
	SNAPSHOT_BLOCK_ADDRESS =
	    16, /* uint64_t, ascending; equal only when the second block is pooled */
	SNAPSHOT_BLOCK_SIZE = 17,   /* uint64_t, requested bytes */
	SNAPSHOT_BLOCK_STACK = 18,  /* uint32_t, row of STACKS: where it was born */
	SNAPSHOT_BLOCK_EPOCH = 19,  /* uint32_t, identity together with the identity address */
	SNAPSHOT_BLOCK_BORN = 20,   /* uint32_t, generation; 0 = outside iterations */
	SNAPSHOT_BLOCK_EXTRAS = 21, /* struct snapshot_block_extra, ascending block */
	SNAPSHOT_BORN_RANGES =
	    22, /* struct snapshot_born_range, ascending epoch: epochs that were merged */
	SNAPSHOT_BLOCK_WEIGHT =
	    23, /* uint32_t, how many blocks it stands for; sampled files only, a column like those above */
	/* survival statistics */
	SNAPSHOT_SAMPLES =
	    32, /* struct snapshot_sample, ascending generation: the sampled iteration ends */
	SNAPSHOT_SERIES = 33, /* struct snapshot_series_point, ascending (stack, sample) */
	SNAPSHOT_DEATHS = 34, /* struct snapshot_deaths, ascending stack */
	SNAPSHOT_SURVIVAL =
	    35, /* struct snapshot_survival, ascending (stack, born_first, died_first) */
	/* what the program told us */
	SNAPSHOT_ROOTS = 48,	    /* struct snapshot_root */
	SNAPSHOT_POOLS = 49,	    /* struct snapshot_pool */
	SNAPSHOT_SUPPRESSIONS = 52, /* bytes: lines in the syntax of LeakSanitizer's suppressions */
	/* sampled files only: how inexact the estimates are */
	SNAPSHOT_SAMPLING = 50,	       /* one struct snapshot_sampling */
	SNAPSHOT_STACK_VARIANCES = 51, /* struct snapshot_stack_variance, as many rows as STACKS */
	/* what the recorder cost the program */
	SNAPSHOT_OWN_MEMORY = 53, /* struct snapshot_own_memory, one for each table */
	SNAPSHOT_GATE = 54,	  /* one struct snapshot_gate */
	/* added by the tool: names for addresses, so that the file can be read elsewhere */
	SNAPSHOT_NAMES = 64,   /* struct snapshot_name, ascending (node, inline_depth) */
	SNAPSHOT_SYMBOLS = 65, /* struct snapshot_symbol, ascending (kind, module, address) */
	/* who points to whom; all or none of them. Edges of block i: rows [first[i], first[i + 1]) of three columns */
	SNAPSHOT_GRAPH = 80,	  /* exactly one struct snapshot_graph */
	SNAPSHOT_EDGE_FIRST = 81, /* uint64_t, ascending, one more than there are blocks */
	SNAPSHOT_EDGE_WORD = 82,  /* uint32_t, place in the source in words of 8 bytes, ascending */
	SNAPSHOT_EDGE_TARGET = 83, /* uint32_t, row of the BLOCK columns */
	SNAPSHOT_EDGE_INTO = 84, /* uint32_t, bytes from the target's start; UINT32_MAX: or more */
	SNAPSHOT_ROOT_RANGES = 85,  /* struct snapshot_root_range */
	SNAPSHOT_ROOT_EDGES = 86,   /* struct snapshot_root_edge, ascending (range, address) */
	SNAPSHOT_STACK_FRAMES = 87, /* struct snapshot_stack_frame, ascending (range, low) */
	/* whose class's virtual table a block's first word points to; both or none */
	SNAPSHOT_VIRTUAL_TABLES = 88,	   /* struct snapshot_virtual_table; row 0 is reserved */
	SNAPSHOT_BLOCK_VIRTUAL_TABLE = 89, /* uint32_t row of VIRTUAL_TABLES, 0 none; a column */
};

enum snapshot_trigger {
	SNAPSHOT_AT_EXIT = 1,
	SNAPSHOT_AT_FIRST = 2,
	SNAPSHOT_AT_LAST = 3,
	SNAPSHOT_AT_ITERATION = 4,
	SNAPSHOT_AT_EVERY = 5,
	SNAPSHOT_AT_PEAK = 6,
	SNAPSHOT_AT_GROWTH = 7,
	SNAPSHOT_BY_API = 8,
	SNAPSHOT_BY_SIGNAL = 9,
	SNAPSHOT_BY_CONTROL = 10, /* allocscope snapshot -p */
};

enum snapshot_run_flags {
	SNAPSHOT_RUN_APPROXIMATE =
	    1, /* a thread could not be held at the gate: the cut is not exact */
	SNAPSHOT_RUN_JOURNALLED =
	    2, /* trigger last: blocks freed after the iteration end were put back */
	SNAPSHOT_RUN_FORKED = 4,	/* this process began as a copy of its parent's heap */
	SNAPSHOT_RUN_THREAD_SCOPE = 8,	/* iterations tag only the thread that began them */
	SNAPSHOT_RUN_SAMPLED = 16,	/* sample=BYTES: numbers are estimates */
	SNAPSHOT_RUN_IN_ITERATION = 32, /* an iteration was open at the cut */
};

/* What was dropped or could not be seen; all 0 in a healthy exact run (nested and unknown_frees are information). */
struct snapshot_losses {
	uint64_t blocks; /* allocations that no table had room for: live, but not in the file */
	uint64_t stacks; /* allocations filed under stack 0 because a stack could not be stored */
	uint64_t frames_cut; /* allocations whose stack was deeper than max_frames */
	uint64_t series;     /* stacks without survival series (table full) */
	uint64_t survival;   /* deaths not in the survival matrix (table full) */
	uint64_t iterations; /* iteration rows lost */
	uint64_t
	    deferred; /* events written down by half: left by longjmp out of a handler or by a fork meanwhile, or
			 without memory for their counters; their books were settled from the table */
	uint64_t replaced; /* an allocation at an address that was still live in our table */
	uint64_t
	    unknown_frees; /* frees of addresses never recorded (before start, paused, other allocator) */
	uint64_t
	    nested; /* allocator calls made by the allocator or the C library inside ours, passed through */
	uint64_t
	    ignored_marks; /* iteration begins ignored because one was open, and ends without begin */
	uint64_t journal; /* frees after the last iteration end that the journal had no room for */
	uint64_t threads; /* threads that had no record of their own */
	uint64_t
	    paused; /* allocations not recorded between allocscope_pause and allocscope_resume */
};

struct snapshot_totals {
	uint64_t allocs, bytes;	     /* realloc growth adds to bytes, not to allocs */
	uint64_t frees, freed_bytes; /* realloc shrinkage adds to freed_bytes */
	uint64_t reallocs;
	uint64_t temporary, temporary_bytes; /* born and freed in the same generation >= 1 */
	uint64_t live_blocks, live_bytes;    /* = the BLOCK columns */
	uint64_t peak_bytes;		     /* highest live bytes so far */
	uint64_t peak_error_bytes; /* the true peak lies within +- this; 0 on one thread */
	uint64_t peak_generation;  /* in which the peak was reached */
};

/* Bytes of our own memory, per table: what the profiler costs. */
struct snapshot_costs {
	uint64_t live_table, large_table, stack_index, nodes, stacks, counters, survival,
	    iterations, threads, other;
};

struct snapshot_run {
	uint8_t
	    run_id[16]; /* random, equal in all files of one process; a forked child gets its own */
	uint8_t parent_run_id[16]; /* of the process this one was forked from, or zeros */
	uint64_t start_time_ns;	   /* Unix time at start of recording */
	uint64_t time_ns;	   /* Unix time of the cut */
	uint64_t elapsed_ns;	   /* monotonic, start to cut */
	uint64_t pause_ns;	   /* how long the host stood still for this file */
	uint32_t pid, parent_pid;
	uint32_t trigger;   /* enum snapshot_trigger */
	uint32_t flags;	    /* enum snapshot_run_flags */
	uint32_t cut_epoch; /* blocks with epoch <= this were born before the cut */
	uint32_t
	    inherited_epoch; /* forked: blocks with epoch <= this came from the parent; else 0 */
	uint32_t generation; /* of the open iteration, or of the last that ended */
	uint32_t
	    renumberings; /* how often epochs were merged; ids compare only between equal values */
	uint32_t granule_bytes; /* of the live table */
	uint32_t max_frames, warmup;
	uint32_t page_bytes;
	uint32_t program;	 /* string: base name */
	uint32_t executable;	 /* string: path */
	uint32_t arguments;	 /* string: joined with spaces */
	uint32_t host;		 /* string */
	uint32_t version;	 /* string: of allocscope */
	uint32_t trigger_detail; /* string: for instance "iteration=100" */
	uint32_t directory;	 /* string: working directory at start */
	uint32_t thread_count;	 /* threads seen so far */
	uint64_t rss_bytes;	 /* at the cut; 0 unknown */
	uint64_t mapped_bytes;	 /* held by the allocator from the system; 0 unknown */
	uint64_t sample_bytes;	 /* mean bytes between samples; 0 exact */
	uint64_t iterations_ended, iterations_counted;
	uint64_t inherited_blocks, inherited_bytes; /* forked: of the live blocks */
	uint64_t ignored_blocks, ignored_bytes;	    /* allocscope_ignore: of the live blocks */
	struct snapshot_totals totals;
	struct snapshot_losses losses;
	struct snapshot_costs costs;
};

struct snapshot_module {
	uint64_t start, end; /* address range [start, end) of all its segments */
	uint64_t bias;	     /* address = bias + ELF virtual address */
	uint32_t path;	     /* string */
	uint32_t build_id;   /* string: lower-case hex, or empty */
	uint32_t
	    load_serial; /* ascending with time: a later module at the same addresses has a higher one */
	uint32_t flags; /* enum snapshot_module_flags */
};
enum snapshot_module_flags {
	SNAPSHOT_MODULE_MAIN = 1,
	SNAPSHOT_MODULE_UNLOADED = 2,
	SNAPSHOT_MODULE_SELF = 4
};

/* A frame in a call-stack tree: parent is the caller. A node's parent has a lower number. */
struct snapshot_node {
	uint64_t
	    pc; /* return address (innermost-to-outermost all are); a root node holds its thread row + 1 */
	uint32_t parent; /* node of the caller; 0 for a root node */
	uint32_t module; /* row of MODULES; 0 unknown; roots have 0 */
};

enum snapshot_stack_flags {
	SNAPSHOT_STACK_CUT = 1, /* deeper than max_frames: the outer frames are missing */
};

/* Counters of one distinct stack, over the whole run up to the cut. */
struct snapshot_stack {
	uint32_t leaf;	/* node of the innermost frame */
	uint32_t flags; /* enum snapshot_stack_flags */
	uint64_t allocs, bytes;
	uint64_t frees, freed_bytes; /* of blocks born here, wherever freed */
	uint64_t temporary, temporary_bytes;
	uint64_t reallocs;
	uint64_t peak_bytes; /* its share at the moment of the process's peak */
};

struct snapshot_thread {
	uint64_t allocs, bytes, frees, freed_bytes;
	uint32_t tid;	/* of the last thread that used this row */
	uint32_t uses;	/* threads that used it, one after the other */
	uint32_t name;	/* string */
	uint32_t flags; /* 1: alive at the cut; 2: shared by all threads beyond the limit */
};

struct snapshot_benchmark {
	uint32_t name; /* string */
	uint32_t reserved;
	uint64_t iterations; /* ended */
	uint64_t counted;    /* of them not warm-up */
};

enum snapshot_phase { SNAPSHOT_PHASE_WARMUP = 1, SNAPSHOT_PHASE_COUNTED = 2 };

/* One iteration, or `count` neighbouring ones of one benchmark and phase that were merged. */
struct snapshot_iteration {
	uint32_t benchmark; /* row of BENCHMARKS */
	uint32_t phase;	    /* enum snapshot_phase */
	uint32_t first_generation, last_generation;
	uint64_t first; /* number inside the benchmark, from 1 */
	uint64_t count;
	uint64_t allocs, bytes, frees, freed_bytes, temporary, temporary_bytes, reallocs;
	uint64_t survived_blocks; /* born in it and alive at its end */
	int64_t survived_bytes; /* bytes born in it minus bytes of its own that were freed in it */
	uint64_t live_blocks;	/* of the process at its end (last of the merged) */
	uint64_t live_bytes;
	uint64_t peak_bytes; /* highest inside it (maximum of the merged) */
	uint64_t ns;	     /* wall time, sum */
	uint64_t maximum_allocs, maximum_bytes, maximum_survived_blocks,
	    maximum_survived_bytes; /* of one iteration */
	uint32_t thread;	    /* row of THREADS that began it */
	uint32_t flags;		    /* 1: still open at the cut */
};

enum snapshot_block_flags {
	SNAPSHOT_BLOCK_MOVED = 1, /* realloc moved it: identity_address differs from its address */
	SNAPSHOT_BLOCK_RESIZED = 2, /* realloc changed it: resize_stack is set */
	SNAPSHOT_BLOCK_IGNORED = 4, /* allocscope_ignore */
	SNAPSHOT_BLOCK_LABELLED = 8,
	SNAPSHOT_BLOCK_JOURNALLED = 16, /* freed after the last iteration end, put back */
	SNAPSHOT_BLOCK_POOLED =
	    32, /* lies inside a block of the allocator: allocscope_pool_alloc */
};

/* Pooled blocks have this bit in their identity address: they lie inside a block that may start where they do. */
#define SNAPSHOT_POOLED_IDENTITY ((uint64_t)1 << 63)

struct snapshot_block_extra {
	uint64_t block;		   /* row of the BLOCK columns */
	uint64_t identity_address; /* id = (identity_address, epoch) */
	uint32_t flags;
	uint32_t resize_stack; /* row of STACKS; 0 none */
	uint32_t label;	       /* string; 0 none */
	uint32_t pool;	       /* row of POOLS + 1; 0 none */
};

struct snapshot_born_range {
	uint32_t epoch, first_generation, last_generation, reserved;
};

/* An iteration end at which all stacks were counted. At most 64; when full every second one is dropped. */
struct snapshot_sample {
	uint32_t generation;
	uint32_t benchmark; /* row of BENCHMARKS */
	uint32_t phase;
	uint32_t reserved;
	uint64_t live_blocks, live_bytes;
};

/* Live blocks and bytes of a stack at a sample. A stack's points are stored only where they differ from the
 * point before (0 before the first): carry the value forward. */
struct snapshot_series_point {
	uint32_t stack, sample;
	uint64_t live_blocks, live_bytes;
};

#define SNAPSHOT_AGE_BUCKETS 16
/* Blocks born here in generation >= 1 and freed in a later one: bucket 0 holds age 1, bucket k ages (2^(k-1), 2^k]. */
struct snapshot_deaths {
	uint32_t stack, reserved;
	uint64_t by_age[SNAPSHOT_AGE_BUCKETS];
};

/* Blocks born in generations [born_first, born_first + width) that died in [died_first, died_first + width). */
struct snapshot_survival {
	uint32_t stack, width, born_first, died_first;
	uint64_t blocks;
};

struct snapshot_root {
	uint64_t start, bytes;
	uint32_t name, reserved;
};

struct snapshot_pool {
	uint64_t address;
	uint32_t name, flags; /* 1: destroyed */
	uint64_t allocs, bytes, frees, freed_bytes, resets;
};

enum snapshot_graph_method {
	SNAPSHOT_GRAPH_SINGLE = 1, /* one thread: it read its own memory */
	SNAPSHOT_GRAPH_FORKED = 2, /* a forked child read a frozen copy while the program went on */
	SNAPSHOT_GRAPH_STOPPED = 3, /* no child could be made: read while the other threads stood */
};

/* How the program's memory was read, and what that cost it. Counts of what was found are the sections' rows. */
struct snapshot_graph {
	uint32_t method;  /* enum snapshot_graph_method */
	uint32_t threads; /* other threads alive at the cut */
	uint32_t
	    threads_running; /* of them those that could not be stopped: the graph is approximate */
	uint32_t interrupted_calls; /* threads that were stopped inside a system call */
	uint64_t stop_ns;	    /* until all stood */
	uint64_t pause_ns;	    /* until they went on */
	uint64_t scan_ns;	    /* reading and writing the graph; the others ran */
	uint64_t scanned_bytes;	    /* looked at */
	uint64_t
	    absent_bytes; /* of pages that were not resident: left alone, they hold no pointer */
	uint64_t unreadable_bytes; /* not mapped readable, or beyond the end of a file */
	uint64_t lost_edges;	   /* that no table had room for */
};

enum snapshot_root_kind {
	SNAPSHOT_ROOT_DATA = 1,	     /* writable segment of `module` */
	SNAPSHOT_ROOT_TLS = 2,	     /* thread-local data of `module` in `thread` */
	SNAPSHOT_ROOT_STACK = 3,     /* of `thread`, from its stack pointer */
	SNAPSHOT_ROOT_REGISTERS = 4, /* of `thread`; addresses are DWARF register numbers */
	SNAPSHOT_ROOT_GIVEN = 5,     /* allocscope_root */
	SNAPSHOT_ROOT_MAPPING = 6,   /* mapped by the program and no allocator's */
};

struct snapshot_root_range {
	uint64_t start, end;
	uint32_t kind;	 /* enum snapshot_root_kind */
	uint32_t module; /* row of MODULES; 0 none */
	uint32_t thread; /* row of THREADS; UINT32_MAX none */
	uint32_t tid;	 /* of the thread; 0 none */
	uint32_t name;	 /* string: given, or the path of a mapped file; "" anonymous */
	uint32_t reserved;
};

/* A word outside all blocks that points into one. */
struct snapshot_root_edge {
	uint64_t address; /* of the word; of REGISTERS the register's number */
	uint32_t range;	  /* row of ROOT_RANGES */
	uint32_t target;  /* row of the BLOCK columns */
	uint32_t into;	  /* bytes from the target's start; UINT32_MAX: or more */
	uint32_t reserved;
};

/* The frame of a call on a stopped thread's stack: it reaches from `low` to the next row's, or the range's end. */
struct snapshot_stack_frame {
	uint64_t low;
	uint64_t
	    pc; /* return address; of the innermost frame of a stopped thread the next instruction */
	uint32_t range;	 /* row of ROOT_RANGES */
	uint32_t module; /* row of MODULES; 0 unknown */
	uint32_t flags;	 /* 1: pc is the next instruction, not a return address */
	uint32_t reserved;
};

/* Read-only memory of a module that the first word of some block points to, and that looks like what a C++ compiler
 * puts there: most likely the virtual table of the block's class. */
struct snapshot_virtual_table {
	uint64_t address; /* as the word has it: behind the head of the table */
	uint32_t module;  /* row of MODULES */
	uint32_t reserved;
};

/* Memory of one table of the recorder, just before the cut. */
struct snapshot_own_memory {
	uint32_t table; /* string */
	uint32_t reserved;
	uint64_t resident_bytes; /* really there, or swapped */
	uint64_t mapped_bytes;	 /* address space */
};

/* How long hooks and snapshots waited for each other, up to the moment of writing. */
struct snapshot_gate {
	uint64_t closings;	   /* how often all hooks had to end: snapshots, marks, forks */
	uint64_t longest_wait_ns;  /* until they had ended */
	uint64_t longest_stand_ns; /* that a thread stood at the closed gate before its hook */
};

/* What is exact in a sampled file. */
struct snapshot_sampling {
	uint64_t allocs,
	    bytes; /* blocks made by the allocator's functions; realloc of one is not in them */
	uint64_t frees;
	uint64_t sampled_allocs; /* of all these, recorded: what the estimates rest on */
};

/* Variances of the estimates in the row of STACKS with the same number. */
struct snapshot_stack_variance {
	double allocs, bytes, temporary,
	    temporary_bytes; /* IEEE 754 binary64, finite, not negative */
};

struct snapshot_name {
	uint32_t node;
	uint32_t inline_depth;	 /* 0 = innermost (inlined) function of the frame */
	uint32_t function, file; /* strings */
	uint32_t line, column;	 /* 0 unknown */
};

enum snapshot_symbol_kind {
	SNAPSHOT_SYMBOL_VARIABLE = 1,
	SNAPSHOT_SYMBOL_THREAD_VARIABLE = 2,
	SNAPSHOT_SYMBOL_CLASS = 3, /* C++: by its virtual table */
	SNAPSHOT_SYMBOL_TYPE = 4,  /* that the result of the call before the address is kept as */
	SNAPSHOT_SYMBOL_FRAME = 5, /* of a stack: function and line */
};

struct snapshot_symbol {
	uint64_t
	    address; /* in the process; of a thread-local variable: offset in the module's thread-local data */
	uint64_t bytes; /* of the variable; 0: it has only its address */
	uint32_t kind;	/* enum snapshot_symbol_kind; readers skip kinds they do not know */
	uint32_t module;
	uint32_t name; /* string */
	uint32_t reserved;
};

static_assert(sizeof(struct snapshot_module) == 40, "row size");
static_assert(sizeof(struct snapshot_node) == 16, "row size");
static_assert(sizeof(struct snapshot_stack) == 72, "row size");
static_assert(sizeof(struct snapshot_iteration) % 8 == 0, "row size");
static_assert(sizeof(struct snapshot_block_extra) == 32, "row size");
static_assert(sizeof(struct snapshot_sampling) == 32, "row size");
static_assert(sizeof(struct snapshot_own_memory) == 24, "row size");
static_assert(sizeof(struct snapshot_gate) == 24, "row size");
static_assert(sizeof(struct snapshot_stack_variance) == 32, "row size");
static_assert(sizeof(struct snapshot_name) == 24, "row size");
static_assert(sizeof(struct snapshot_symbol) == 32, "row size");
static_assert(sizeof(struct snapshot_graph) == 72, "row size");
static_assert(sizeof(struct snapshot_root_range) == 40, "row size");
static_assert(sizeof(struct snapshot_root_edge) == 24, "row size");
static_assert(sizeof(struct snapshot_stack_frame) == 32, "row size");
static_assert(sizeof(struct snapshot_virtual_table) == 16, "row size");

#endif
