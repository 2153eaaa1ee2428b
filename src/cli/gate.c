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

int gate_judge(FILE *out, char **paths, size_t count, const struct gate_settings *settings,
    const struct name_settings *names, const struct filter_settings *filters,
    const struct report_options *options)
{
	struct check_limits limits = limits_of(settings);
	struct report_check check = {.limits = &limits};
	struct check_result *result = NULL;
	struct grouping *grouping = NULL;
	struct diff *diff = NULL;
	uint32_t *resized_in = NULL;
	struct loaded_files files;
	int code = EXIT_CLEAN;

	load_files(&files, paths, count, names, filters);
	load_graph(&files);
	check.view = files.view;
	if (count == 1) {
		load_or_die(
		    grouping_open(&files.files[0].input, 1, GROUP_BY_SITE, false, &grouping));
		load_or_die(check_file(grouping, &limits, &result));
		check.iterations = heap_iterations_counted(files.files[0].heap);
	} else {
		const struct group_input inputs[2] = {files.files[0].input, files.files[1].input};

		load_or_die(diff_open(inputs, GROUP_BY_SITE, DIFF_SORT_BYTES, true, &diff));
		load_or_die(check_diff(diff, &limits, &result));
		check.iterations = diff->iterations_between;
	}
	check.result = result;
	check.grouping = diff != NULL ? diff->grouping : grouping;
	load_or_die(resize_sites_open(check.grouping, &resized_in));
	check.resized_in = resized_in;
	check.unseen = blindness(files.files[count - 1].snapshot, &limits, result);
	code = load_exit_code(options->json ? report_check_json(out, &check, options)
					    : report_check_text(out, &check, options));
	if (code == EXIT_CLEAN)
		code = exit_code_of(&check, files.files[count - 1].snapshot, settings);
	free(resized_in);
	check_result_close(result);
	diff_close(diff);
	grouping_close(grouping);
	load_files_release(&files);
	return code;
}
