/*
 * Rows: which blocks and counters belong together, by site, stack, type, module, thread or birth,
 * over one snapshot or over two at once, and the totals of each row in one snapshot.
 *
 * A grouping gives each logical stack (site, stack, module, thread) or each block (type, born) the
 * number of a row. Two snapshots share one set of rows, so that a row means the same in both. Rows
 * of the same run are matched by function, file, line and module; of different runs or builds
 * (normalised) by function and module name alone.
 */
#ifndef ANALYSIS_GROUP_H
#define ANALYSIS_GROUP_H

#include "analysis/block_names.h"
#include "analysis/growth.h"
#include "analysis/heap.h"
#include "analysis/hold.h"
#include "analysis/site.h"

enum group_by {
	GROUP_BY_SITE,
	GROUP_BY_STACK,
	GROUP_BY_TYPE,
	GROUP_BY_MODULE,
	GROUP_BY_THREAD,
	GROUP_BY_BORN
};

/* "site", "stack", ...; false for any other word. */
bool group_by_parse(const char *word, enum group_by *ret_by);
const char *group_by_name(enum group_by by);

struct group_input {
	struct heap *heap;
	const struct frame_names *names;  /* NULL: none known */
	const struct block_names *types;  /* NULL: labels alone */
	const struct site_rules *rules;	  /* NULL: the built-in list */
	const struct heap_filter *filter; /* NULL: all */
	const struct reachability
	    *reach; /* NULL: nobody asks who holds the blocks, or nobody knows */
};

/* What a row stands for. Strings live as long as the grouping (and the snapshots and names
 * behind it). */
struct group_key {
	/* of the row: "node_create (lattice.c:41)", "main;run;f", "worker 3 (tid 17)", "parse
	 * #12", ... */
	const char *text;
	const char *function; /* of the site; NULL unknown or not by site or stack */
	const char *file;     /* as the names give it; NULL unknown */
	uint32_t line;
	const char *module;			    /* path; NULL unknown */
	const char *type;			    /* by type; NULL unknown */
	uint32_t tid;				    /* by thread */
	uint32_t first_generation, last_generation; /* by born; 0..0 outside iterations */
	uint32_t input; /* which input (0, 1) `stack` belongs to: the last one that knows the row */
	/* logical stack that stands for the row (most live bytes); HEAP_NONE none */
	uint32_t stack;
};

struct grouping {
	enum group_by by;
	bool normalised;
	size_t input_count;
	struct group_input inputs[2];
	struct group_key *keys;
	size_t key_count;
	uint32_t *key_of_stack[2]; /* by logical stack; NULL by type and born */
	uint32_t *key_of_block[2]; /* by block; NULL otherwise */
	/* logical stacks of the last input, by row: stacks_by_key[first_stack[k] ..
	 * first_stack[k + 1]); NULL by type, born */
	uint32_t *stacks_by_key;
	size_t *first_stack;
	struct text_pool *pool; /* private */
};

/* Group 1 or 2 inputs. 0, or STATUS_NO_MEMORY. */
int grouping_open(const struct group_input *inputs, size_t input_count, enum group_by by,
    bool normalised, struct grouping **ret_grouping);
void grouping_close(struct grouping *grouping);
static inline uint32_t grouping_key_of_block(
    const struct grouping *grouping, size_t input, size_t block)
{
	if (grouping->key_of_block[input] != NULL)
		return grouping->key_of_block[input][block];
	return grouping
	    ->key_of_stack[input][heap_stack_of_block(grouping->inputs[input].heap, block)];
}
/* Shape of row KEY in the last input; by type and born always unknown. JUDGE belongs to that
 * input's heap. */
struct growth grouping_growth(
    const struct grouping *grouping, uint32_t key, struct growth_judge *judge);

/* Totals of a row in one snapshot. The first four are pprof's words. */
struct group_row {
	uint32_t key; /* into keys */
	/* over the whole run; 0 by type and born, which no counter knows */
	uint64_t alloc_objects, alloc_space;
	uint64_t inuse_objects, inuse_space; /* alive in the file, without ignored blocks */
	uint64_t free_objects, free_space;
	uint64_t temporary_objects, temporary_space;
	uint64_t realloc_objects;
	uint64_t peak_space;
	uint64_t retained_objects, retained_space;
	uint64_t ignored_objects, ignored_space;
	/* of a sampled file; what was freed has what alloc has and inuse has not */
	struct spread alloc_spread, inuse_spread, temporary_spread, retained_spread;
	struct growth growth;
	struct hold
	    hold; /* of the blocks in use; empty unless the input has its reach; verdict with shapes */
};

enum group_sort {
	GROUP_SORT_BYTES,     /* inuse_space */
	GROUP_SORT_BLOCKS,    /* inuse_objects */
	GROUP_SORT_RETAINED,  /* retained_space */
	GROUP_SORT_ALLOCS,    /* alloc_objects */
	GROUP_SORT_TEMPORARY, /* temporary_objects */
	GROUP_SORT_PEAK,      /* peak_space */
};

struct group_table {
	struct group_row *rows; /* sorted, largest first; rows that are all zero are left out */
	size_t row_count;
	struct group_row total;
};

/* Totals per row of the last input of GROUPING. With SHAPES also growth. 0, or STATUS_NO_MEMORY. */
int group_table_open(const struct grouping *grouping, enum group_sort sort, bool shapes,
    struct group_table **ret_table);
void group_table_close(struct group_table *table);

#endif
