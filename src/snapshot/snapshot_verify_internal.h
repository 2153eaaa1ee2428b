/* What the files of verify share: the checks of snapshot_verify_books.c and snapshot_verify_shape.c are rows of
 * the table in snapshot_verify.c, which calls them one after the other. */
#ifndef SNAPSHOT_SNAPSHOT_VERIFY_INTERNAL_H
#define SNAPSHOT_SNAPSHOT_VERIFY_INTERNAL_H

#include "snapshot/snapshot_verify.h"

struct verifier {
	const struct snapshot *snapshot;
	snapshot_finding *report;
	void *context;
	const char *rule;	/* being checked */
	uint64_t findings;	/* of all rules */
	uint64_t rule_findings; /* of this one */
	bool exact;		/* snapshot_books_are_exact */
	bool at_cut; /* all sections were counted at one moment; not so in journalled files */
};

/* Report one finding of the current rule. */
void verifier_found(struct verifier *verifier, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The rule could not be checked. */
void verifier_no_memory(struct verifier *verifier);

/* snapshot_verify_shape.c: each part by itself and references that are in bounds but wrong */
void verify_section_table(struct verifier *verifier);
void verify_run(struct verifier *verifier);
void verify_reserved_rows(struct verifier *verifier);
void verify_module_ranges(struct verifier *verifier);
void verify_node_roots(struct verifier *verifier);
void verify_node_modules(struct verifier *verifier);
void verify_stack_leaves(struct verifier *verifier);
void verify_block_epochs(struct verifier *verifier);
void verify_epoch_born(struct verifier *verifier);
void verify_block_overlap(struct verifier *verifier);
void verify_block_identity(struct verifier *verifier);
void verify_extra_flags(struct verifier *verifier);
void verify_names(struct verifier *verifier);

/* snapshot_verify_books.c: sums and balances */
void verify_temporary(struct verifier *verifier);
void verify_stack_books(struct verifier *verifier);
void verify_total_sums(struct verifier *verifier);
void verify_total_live(struct verifier *verifier);
void verify_total_books(struct verifier *verifier);
void verify_total_peak(struct verifier *verifier);
void verify_thread_sums(struct verifier *verifier);
void verify_marked_blocks(struct verifier *verifier);
void verify_pool_books(struct verifier *verifier);

/* snapshot_verify_iterations.c: iterations, samples and survival */
void verify_iteration_rows(struct verifier *verifier);
void verify_iteration_order(struct verifier *verifier);
void verify_iteration_counts(struct verifier *verifier);
void verify_sample_generations(struct verifier *verifier);
void verify_sample_sums(struct verifier *verifier);
void verify_series_steps(struct verifier *verifier);
void verify_deaths(struct verifier *verifier);
void verify_survival(struct verifier *verifier);

/* snapshot_verify_graph.c: who points to whom */
void verify_graph(struct verifier *verifier);
void verify_own_memory(struct verifier *verifier);
void verify_edge_places(struct verifier *verifier);
void verify_root_ranges(struct verifier *verifier);
void verify_root_edges(struct verifier *verifier);
void verify_stack_frames(struct verifier *verifier);
void verify_virtual_tables(struct verifier *verifier);

#endif
