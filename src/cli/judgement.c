#include "cli/judgement.h"

#include <stdlib.h>

#include "cli/fatal.h"
#include "report/resize_sites.h"

/* The filter of file INPUT that leaves PART. */
static void choose_part(const struct loaded_file *file, const struct gate_scope *scope,
    size_t input, uint32_t part, struct judgement *judgement)
{
	size_t count = file->heap->stack_count;
	uint8_t *hidden = xmalloc(count + 1);

	for (size_t stack = 0; stack < count; stack++) {
		uint32_t budget = scope->budget_of_stack[input] != NULL
				      ? scope->budget_of_stack[input][stack]
				      : BUDGET_NONE;

		hidden[stack] =
		    scope->hidden[input][stack] != 0 || (part != PART_EVERYTHING && budget != part);
	}
	judgement->hidden[input] = hidden;
	judgement->filters[input] = file->filter;
	judgement->filters[input].stack_hidden = hidden;
}

void judgement_make(const struct loaded_files *files, const struct gate_scope *scope, uint32_t part,
    const struct check_limits *limits, struct judgement *ret_judgement)
{
	struct group_input inputs[2] = {0};
	const enum group_by by = limits->set[CHECK_BASELINE] ? GROUP_BY_STACK : GROUP_BY_SITE;

	*ret_judgement = (struct judgement){.limits = *limits};
	if (part < scope->budgets.count)
		ret_judgement->site = scope->budgets.rows[part].site;
	for (size_t i = 0; i < files->count; i++) {
		choose_part(&files->files[i], scope, i, part, ret_judgement);
		inputs[i] = files->files[i].input;
		inputs[i].filter = &ret_judgement->filters[i];
	}
	if (files->count == 1) {
		load_or_die(grouping_open(inputs, 1, by, false, &ret_judgement->grouping));
		load_or_die(check_file(
		    ret_judgement->grouping, &ret_judgement->limits, &ret_judgement->result));
		ret_judgement->iterations = heap_iterations_counted(inputs[0].heap);
	} else {
		load_or_die(diff_open(inputs, by, DIFF_SORT_BYTES, true, &ret_judgement->diff));
		load_or_die(check_diff(
		    ret_judgement->diff, &ret_judgement->limits, &ret_judgement->result));
		ret_judgement->grouping = ret_judgement->diff->grouping;
		ret_judgement->iterations = ret_judgement->diff->iterations_between;
	}
	load_or_die(resize_sites_open(ret_judgement->grouping, &ret_judgement->resized_in));
}

void judgement_release(struct judgement *judgement)
{
	check_result_close(judgement->result);
	free(judgement->resized_in);
	if (judgement->diff != NULL)
		diff_close(judgement->diff);
	else
		grouping_close(judgement->grouping);
	for (size_t i = 0; i < 2; i++)
		free(judgement->hidden[i]);
	*judgement = (struct judgement){0};
}
