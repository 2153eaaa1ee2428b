/*
 * The table of rules and the loop over it. The checks stand in snapshot_verify_shape.c (parts by themselves),
 * snapshot_verify_books.c (balances), snapshot_verify_iterations.c and snapshot_verify_graph.c;
 * allocscope-snapshot(5) lists the words.
 */
#include "snapshot/snapshot_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "snapshot/snapshot_verify_internal.h"

static const struct {
	struct snapshot_rule rule;
	void (*check)(struct verifier *verifier);
} rules[] = {
    {{"section-table", "flags of sections are known and reserved members are 0"},
	verify_section_table},
    {{"run", "trigger, flags and sizes of RUN are ones that this version knows"}, verify_run},
    {{"reserved-rows", "row 0 of MODULES is empty"}, verify_reserved_rows},
    {{"module-range", "every module but row 0 has a range and a path"}, verify_module_ranges},
    {{"node-root", "a root node names a thread and no module"}, verify_node_roots},
    {{"node-module", "the address of a node lies in its module"}, verify_node_modules},
    {{"stack-leaf", "every stack that has numbers has a leaf, but for row 0"}, verify_stack_leaves},
    {{"block-epoch", "no block was born after the cut"}, verify_block_epochs},
    {{"epoch-born",
	 "blocks of one epoch were born in one generation, later epochs not in earlier ones"},
	verify_epoch_born},
    {{"block-overlap", "blocks do not overlap, but for those of pools"}, verify_block_overlap},
    {{"block-identity", "no two blocks have the same identity"}, verify_block_identity},
    {{"extra-flags", "flags of BLOCK_EXTRAS are known and agree with the other members"},
	verify_extra_flags},
    {{"name-depth", "inlined functions of a node are numbered 0, 1, 2, ..."}, verify_names},
    {{"temporary", "temporary blocks are among the freed ones"}, verify_temporary},
    {{"stack-books", "allocations minus frees of each stack are its live blocks"},
	verify_stack_books},
    {{"total-sums", "totals are the sums over the stacks"}, verify_total_sums},
    {{"total-live", "live blocks and bytes of the totals are those of the columns"},
	verify_total_live},
    {{"total-books", "allocations minus frees of the totals are the live blocks"},
	verify_total_books},
    {{"total-peak", "the peak is not below what is alive"}, verify_total_peak},
    {{"thread-sums", "totals are the sums over the threads"}, verify_thread_sums},
    {{"marked-blocks", "ignored, inherited and journalled blocks are as many as RUN says"},
	verify_marked_blocks},
    {{"pool-books", "allocations minus frees of each pool are its live blocks"}, verify_pool_books},
    {{"iteration-rows", "each row of ITERATIONS is consistent in itself"}, verify_iteration_rows},
    {{"iteration-order", "iterations of a benchmark are numbered without overlap"},
	verify_iteration_order},
    {{"iteration-counts", "benchmarks and RUN count as many iterations as there are"},
	verify_iteration_counts},
    {{"sample-generation", "no sample lies after the last generation"}, verify_sample_generations},
    {{"sample-sums", "live blocks of a sample are the sum of the series there"},
	verify_sample_sums},
    {{"series-steps", "a point of a series differs from the one before"}, verify_series_steps},
    {{"death-books", "deaths by age are among the frees of their stack"}, verify_deaths},
    {{"survival-books", "nothing dies before it was born, nor more often than it was freed"},
	verify_survival},
    {{"own-memory", "no table of the recorder has more than was mapped, and RUN has their sum"},
	verify_own_memory},
    {{"graph", "the graph was read in a known way, and not with more threads than there were"},
	verify_graph},
    {{"edge-places", "words and what they point to lie before the next block"}, verify_edge_places},
    {{"root-ranges", "ranges are not empty and name their module and thread"}, verify_root_ranges},
    {{"root-edges", "the words of roots lie in their ranges"}, verify_root_edges},
    {{"stack-frames", "frames lie in their stacks"}, verify_stack_frames},
    {{"virtual-tables", "virtual tables lie in their modules"}, verify_virtual_tables},
};
#define RULE_COUNT (sizeof rules / sizeof rules[0])

bool snapshot_books_are_exact(const struct snapshot *snapshot)
{
	const struct snapshot_run *run = snapshot->run;
	const struct snapshot_losses *losses = &run->losses;

	return (run->flags & SNAPSHOT_RUN_APPROXIMATE) == 0 && losses->blocks == 0 &&
	       losses->deferred == 0 && losses->replaced == 0 && losses->journal == 0;
}

void verifier_found(struct verifier *verifier, const char *format, ...)
{
	char sentence[256];
	va_list arguments;

	verifier->findings++;
	verifier->rule_findings++;
	if (verifier->rule_findings > SNAPSHOT_FINDINGS_PER_RULE)
		return;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	verifier->report(verifier->context, verifier->rule, sentence);
}

void verifier_no_memory(struct verifier *verifier)
{
	verifier_found(verifier, "could not be checked: out of memory");
}

static void tell_the_rest(const struct verifier *verifier)
{
	char sentence[80];

	if (verifier->rule_findings <= SNAPSHOT_FINDINGS_PER_RULE)
		return;
	(void)snprintf(sentence, sizeof sentence, "and %" PRIu64 " more of this rule",
	    verifier->rule_findings - SNAPSHOT_FINDINGS_PER_RULE);
	verifier->report(verifier->context, verifier->rule, sentence);
}

uint64_t snapshot_verify(const struct snapshot *snapshot, snapshot_finding *report, void *context)
{
	struct verifier verifier = {.snapshot = snapshot,
	    .report = report,
	    .context = context,
	    .exact = snapshot_books_are_exact(snapshot),
	    .at_cut = (snapshot->run->flags & SNAPSHOT_RUN_JOURNALLED) == 0};

	for (size_t i = 0; i < RULE_COUNT; i++) {
		verifier.rule = rules[i].rule.name;
		verifier.rule_findings = 0;
		rules[i].check(&verifier);
		tell_the_rest(&verifier);
	}
	return verifier.findings;
}

const struct snapshot_rule *snapshot_verify_rule(size_t number)
{
	return number < RULE_COUNT ? &rules[number].rule : NULL;
}
