#include "cli/gate.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analysis/check.h"
#include "cli/fatal.h"
#include "report/report_check.h"
#include "report/resize_sites.h"

const struct argument_option gate_options[] = {
    {ARGUMENT_LIMIT, 0, "max-retained", "BYTES|Nblocks",
	"At most so much may be retained from all counted iterations together: N, NK, NM, NG bytes, or Nblocks. Bytes "
	"by which older blocks grew count too.",
	offsetof(struct gate_settings, max_retained), NULL},
    {ARGUMENT_LIMIT, 0, "max-per-iteration", "BYTES|Nblocks",
	"At most so much may be retained from any one counted iteration.",
	offsetof(struct gate_settings, max_per_iteration), NULL},
    {ARGUMENT_COUNT, 0, "max-allocs-per-iteration", "N",
	"At most N allocations in any counted iteration (churn).",
	offsetof(struct gate_settings, max_allocs_per_iteration), NULL},
    {ARGUMENT_BYTES, 0, "max-bytes-per-iteration", "BYTES",
	"At most so many bytes allocated in any counted iteration (churn).",
	offsetof(struct gate_settings, max_bytes_per_iteration), NULL},
    {ARGUMENT_LIMIT, 0, "max-leaked", "BYTES|Nblocks",
	"At most so much may be leaked, out of reach from any root; needs a snapshot with a reference graph.",
	offsetof(struct gate_settings, max_leaked), NULL},
    {ARGUMENT_FLAG, 0, "no-growth", NULL,
	"No site may grow with every stretch of the iterations (shape linear); needs 14 counted iterations.",
	offsetof(struct gate_settings, no_growth), NULL},
    {ARGUMENT_FLAG, 0, "accept-estimates", NULL,
	"With sampled files: a limit passes when the sample cannot tell, and fails only when the 95 % interval of the "
	"estimate lies above it.",
	offsetof(struct gate_settings, accept_estimates), NULL},
    {ARGUMENT_COUNT, 0, "error-exitcode", "N", "Exit with N instead of 1 when a limit is broken.",
	offsetof(struct gate_settings, error_exitcode), NULL},
    {.kind = ARGUMENT_END},
};

static void set_limit(
    struct check_limits *limits, enum check_rule rule, const struct argument_number *number)
{
	if (number->given) {
		limits->set[rule] = true;
		limits->limit[rule] = number->value;
	}
}

static struct check_limits limits_of(const struct gate_settings *settings)
{
	struct check_limits limits = {0};

	set_limit(&limits,
	    settings->max_retained.is_blocks ? CHECK_MAX_RETAINED_BLOCKS : CHECK_MAX_RETAINED_BYTES,
	    &settings->max_retained);
	set_limit(&limits,
	    settings->max_per_iteration.is_blocks ? CHECK_MAX_PER_ITERATION_BLOCKS
						  : CHECK_MAX_PER_ITERATION_BYTES,
	    &settings->max_per_iteration);
	set_limit(&limits, CHECK_MAX_ALLOCS_PER_ITERATION, &settings->max_allocs_per_iteration);
	set_limit(&limits, CHECK_MAX_BYTES_PER_ITERATION, &settings->max_bytes_per_iteration);
	set_limit(&limits,
	    settings->max_leaked.is_blocks ? CHECK_MAX_LEAKED_BLOCKS : CHECK_MAX_LEAKED_BYTES,
	    &settings->max_leaked);
	limits.set[CHECK_NO_GROWTH] = settings->no_growth;
	limits.accept_estimates = settings->accept_estimates;
	return limits;
}

bool gate_has_rule(const struct gate_settings *settings)
{
	struct check_limits limits = limits_of(settings);

	for (size_t i = 0; i < CHECK_RULE_COUNT; i++) {
		if (limits.set[i])
			return true;
	}
	return false;
}

/* A check that cannot see must not pass: what is missing that a broken limit could hide in; NULL: nothing. */
static const char *blindness(const struct snapshot *snapshot, const struct check_limits *limits,
    const struct check_result *result)
{
	const struct snapshot_losses *losses = &snapshot->run->losses;

	if (result->unseen != NULL)
		return result->unseen;
	if (losses->blocks != 0 || losses->deferred != 0 || losses->journal != 0)
		return "blocks are missing in the file (see `allocscope info`)";
	if (limits->set[CHECK_NO_GROWTH] && losses->series != 0)
		return "growth series are missing in the file (see `allocscope info`)";
	if (losses->iterations != 0)
		return "iterations are missing in the file (see `allocscope info`)";
	if (result->unjudged_rows != 0)
		return "the growth of some sites that retain blocks cannot be told";
	return NULL;
}

static int exit_code_of(const struct report_check *check, const struct snapshot *snapshot,
    const struct gate_settings *settings)
{
	if (check->result->finding_count != 0)
		return settings->error_exitcode.given ? (int)(settings->error_exitcode.value & 0xff)
						      : EXIT_FINDING;
	if (check->unseen == NULL)
		return EXIT_CLEAN;
	message("%s: %s; a check that cannot see does not pass", snapshot->path, check->unseen);
	return EXIT_USAGE;
}

/* The findings, and what they stand on. */
struct judgement {
	struct grouping *grouping; /* of one file */
	struct diff *diff;	   /* of two */
	struct check_result *result;
	uint64_t iterations;
};

static void judge(const struct loaded_files *files, const struct check_limits *limits,
    struct judgement *ret_judgement)
{
	struct judgement judgement = {0};

	if (files->count == 1) {
		load_or_die(grouping_open(
		    &files->files[0].input, 1, GROUP_BY_SITE, false, &judgement.grouping));
		load_or_die(check_file(judgement.grouping, limits, &judgement.result));
		judgement.iterations = heap_iterations_counted(files->files[0].heap);
	} else {
		const struct group_input inputs[2] = {files->files[0].input, files->files[1].input};

		load_or_die(
		    diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, true, &judgement.diff));
		load_or_die(check_diff(judgement.diff, limits, &judgement.result));
		judgement.iterations = judgement.diff->iterations_between;
	}
	*ret_judgement = judgement;
}

static void judgement_release(struct judgement *judgement)
{
	check_result_close(judgement->result);
	diff_close(judgement->diff);
	grouping_close(judgement->grouping);
}

/* Who holds what is asked when a limit is about it, or when something was found: most checks pass, and need not wait. */
static void judge_with_graph(struct loaded_files *files, const struct check_limits *limits,
    bool no_graph, struct judgement *ret_judgement)
{
	const bool at_once =
	    limits->set[CHECK_MAX_LEAKED_BYTES] || limits->set[CHECK_MAX_LEAKED_BLOCKS];

	if (at_once && !no_graph)
		load_graph(files);
	judge(files, limits, ret_judgement);
	if (at_once || no_graph || ret_judgement->result->finding_count == 0)
		return;
	load_graph(files);
	if (files->view == NULL)
		return;
	judgement_release(ret_judgement);
	judge(files, limits, ret_judgement);
}

int gate_judge(FILE *out, char **paths, size_t count, const struct gate_settings *settings,
    const struct name_settings *names, const struct filter_settings *filters,
    const struct report_options *options)
{
	struct check_limits limits = limits_of(settings);
	struct report_check check = {.limits = &limits};
	const struct snapshot *last = NULL;
	struct judgement judgement;
	uint32_t *resized_in = NULL;
	struct loaded_files files;
	int code = EXIT_CLEAN;

	load_files(&files, paths, count, names, filters);
	judge_with_graph(&files, &limits, settings->no_graph, &judgement);
	last = files.files[count - 1].snapshot;
	check.view = files.view;
	check.result = judgement.result;
	check.iterations = judgement.iterations;
	check.grouping = judgement.diff != NULL ? judgement.diff->grouping : judgement.grouping;
	load_or_die(resize_sites_open(check.grouping, &resized_in));
	check.resized_in = resized_in;
	check.unseen = blindness(last, &limits, judgement.result);
	code = load_exit_code(options->json ? report_check_json(out, &check, options)
					    : report_check_text(out, &check, options));
	if (code == EXIT_CLEAN)
		code = exit_code_of(&check, last, settings);
	free(resized_in);
	judgement_release(&judgement);
	load_files_release(&files);
	return code;
}
