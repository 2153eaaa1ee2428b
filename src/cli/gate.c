#include "cli/gate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/check.h"
#include "cli/baseline_file.h"
#include "cli/fatal.h"
#include "cli/judgement.h"
#include "cli/suppression_file.h"
#include "report/report_check.h"
#include "report/report_check_ci.h"

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
    {ARGUMENT_TEXT, 0, "budget", "FILE",
	"More limits, and limits of single sites, from a JSON file. What has a budget of its own does not count for the "
	"general limits.",
	offsetof(struct gate_settings, budget), NULL},
    {ARGUMENT_TEXT, 0, "baseline", "FILE",
	"No stack may retain more, and no iteration allocate more, than in the run that FILE was made of "
	"(allocscope baseline). Stacks are compared by functions and modules, so FILE may come from another build.",
	offsetof(struct gate_settings, baseline), NULL},
    {ARGUMENT_TEXT, 0, "tolerance", "P%", "With --baseline: by how much more (default 0%).",
	offsetof(struct gate_settings, tolerance), NULL},
    {ARGUMENT_FLAG, 0, "update", NULL,
	"With --baseline: judge, then write the present numbers to FILE and end with 0.",
	offsetof(struct gate_settings, update), NULL},
    {ARGUMENT_LIST, 0, "suppressions", "FILE",
	"Leave out what FILE names, in the syntax of LeakSanitizer (leak:PATTERN). May be given several times.",
	offsetof(struct gate_settings, suppressions), NULL},
    {ARGUMENT_FLAG, 0, "no-default-suppressions", NULL,
	"Do not leave out what the C and C++ run-time libraries keep for good, nor what the program itself suppresses "
	"(__lsan_default_suppressions).",
	offsetof(struct gate_settings, no_default_suppressions), NULL},
    {ARGUMENT_COUNT, 0, "error-exitcode", "N", "Exit with N instead of 1 when a limit is broken.",
	offsetof(struct gate_settings, error_exitcode), NULL},
    {.kind = ARGUMENT_END},
};

static void set_limit(struct check_limits *limits, const char *name, bool in_blocks,
    const struct argument_number *number)
{
	enum check_rule rule;

	if (!number->given || !check_rule_find(name, in_blocks, &rule))
		return;
	/* one limit of a kind: what the command line says replaces the budget's, in either unit */
	for (enum check_rule other = 0; other < CHECK_RULE_COUNT; other++)
		if (strcmp(check_rule_name(other), name) == 0)
			limits->set[other] = false;
	limits->set[rule] = true;
	limits->limit[rule] = number->value;
}

static void set_limits(struct check_limits *limits, const struct gate_settings *settings)
{
	set_limit(
	    limits, "max-retained", settings->max_retained.is_blocks, &settings->max_retained);
	set_limit(limits, "max-per-iteration", settings->max_per_iteration.is_blocks,
	    &settings->max_per_iteration);
	set_limit(limits, "max-allocs-per-iteration", true, &settings->max_allocs_per_iteration);
	set_limit(limits, "max-bytes-per-iteration", false, &settings->max_bytes_per_iteration);
	set_limit(limits, "max-leaked", settings->max_leaked.is_blocks, &settings->max_leaked);
	limits->set[CHECK_NO_GROWTH] = limits->set[CHECK_NO_GROWTH] || settings->no_growth;
	limits->accept_estimates = settings->accept_estimates;
}

static bool has_limit(const struct check_limits *limits)
{
	for (size_t i = 0; i < CHECK_RULE_COUNT; i++)
		if (limits->set[i])
			return true;
	return false;
}

bool gate_has_rule(const struct gate_settings *settings)
{
	struct check_limits limits = {0};

	set_limits(&limits, settings);
	return has_limit(&limits) || settings->budget != NULL || settings->baseline != NULL;
}

/* "5" or "5%". */
static uint64_t tolerance_of(const char *text)
{
	char *end = NULL;
	uint64_t percent = 0;

	if (text == NULL)
		return 0;
	percent = strtoull(text, &end, 10);
	if (end == text || text[0] == '-' || (end[0] != '\0' && strcmp(end, "%") != 0))
		die(EXIT_USAGE, "check: --tolerance takes P or P%%, not '%s'", text);
	return percent;
}

/* ---- what there is to judge ---- */

#define PARTS_BESIDES_BUDGETS 2 /* the general limits, the baseline */

struct gate {
	struct gate_scope scope;
	struct check_limits general;
	struct judgement *judgements;
	size_t count;
	struct baseline was;
	struct baseline_comparison comparison;
	uint32_t *suppressed_by; /* by logical stack of the last file */
};

static void make_scope(
    const struct loaded_files *files, const struct gate_settings *settings, struct gate *gate)
{
	struct gate_scope *scope = &gate->scope;
	const struct snapshot *last = files->files[files->count - 1].snapshot;

	suppression_files_read(&scope->suppressions, &settings->suppressions,
	    settings->no_default_suppressions ? NULL : last);
	for (size_t i = 0; i < files->count; i++) {
		const struct loaded_file *file = &files->files[i];
		size_t stacks = file->heap->stack_count;

		scope->hidden[i] = xcalloc(stacks + 1, 1);
		if (file->stack_hidden != NULL)
			memcpy(scope->hidden[i], file->stack_hidden, stacks);
		uint32_t *rows = NULL;

		load_or_die(suppressions_apply(
		    &scope->suppressions, &file->input, scope->hidden[i], &rows));
		if (i + 1 == files->count)
			gate->suppressed_by = rows;
		else
			free(rows);
		if (scope->budgets.count != 0)
			scope->budget_of_stack[i] =
			    budgets_of_stacks(&scope->budgets, &file->input);
	}
}

static void gate_open(
    const struct loaded_files *files, const struct gate_settings *settings, struct gate *gate)
{
	*gate = (struct gate){.comparison.tolerance = tolerance_of(settings->tolerance)};
	if (settings->baseline == NULL && (settings->update || settings->tolerance != NULL))
		die(EXIT_USAGE, "check: --update and --tolerance need --baseline");
	if (settings->budget != NULL)
		budgets_read(&gate->scope.budgets, settings->budget);
	gate->general = gate->scope.budgets.general;
	/* a baseline that is about to be made is empty */
	if (settings->baseline != NULL &&
	    !(settings->update && access(settings->baseline, F_OK) != 0)) {
		baseline_file_read(settings->baseline, &gate->was);
		gate->general.set[CHECK_MAX_ALLOCS_PER_ITERATION] = true;
		gate->general.limit[CHECK_MAX_ALLOCS_PER_ITERATION] =
		    baseline_allowance(gate->was.maximum_allocs, gate->comparison.tolerance);
		gate->general.set[CHECK_MAX_BYTES_PER_ITERATION] = true;
		gate->general.limit[CHECK_MAX_BYTES_PER_ITERATION] =
		    baseline_allowance(gate->was.maximum_bytes, gate->comparison.tolerance);
	}
	set_limits(&gate->general, settings);
	gate->comparison.was = &gate->was;
	make_scope(files, settings, gate);
	gate->judgements =
	    xcalloc(gate->scope.budgets.count + PARTS_BESIDES_BUDGETS, sizeof *gate->judgements);
}

static void gate_release(struct gate *gate)
{
	for (size_t i = 0; i < gate->count; i++)
		judgement_release(&gate->judgements[i]);
	free(gate->judgements);
	baseline_release(&gate->was);
	baseline_release(&gate->comparison.now);
	for (size_t i = 0; i < 2; i++) {
		free(gate->scope.hidden[i]);
		free(gate->scope.budget_of_stack[i]);
	}
	free(gate->suppressed_by);
	suppressions_release(&gate->scope.suppressions);
	budgets_release(&gate->scope.budgets);
}

static void judge_part(const struct loaded_files *files, struct gate *gate, uint32_t part,
    const struct check_limits *limits)
{
	judgement_make(files, &gate->scope, part, limits, &gate->judgements[gate->count++]);
}

static void judge_all(
    const struct loaded_files *files, struct gate *gate, const struct gate_settings *settings)
{
	while (gate->count != 0)
		judgement_release(&gate->judgements[--gate->count]);
	baseline_release(&gate->comparison.now);
	if (has_limit(&gate->general))
		judge_part(files, gate, BUDGET_NONE, &gate->general);
	for (uint32_t i = 0; i < gate->scope.budgets.count; i++) {
		gate->scope.budgets.rows[i].limits.accept_estimates = settings->accept_estimates;
		judge_part(files, gate, i, &gate->scope.budgets.rows[i].limits);
	}
	if (settings->baseline != NULL) {
		struct check_limits limits = {.set[CHECK_BASELINE] = true,
		    .accept_estimates = settings->accept_estimates,
		    .compare = baseline_compare,
		    .compare_context = &gate->comparison};

		judge_part(files, gate, PART_EVERYTHING, &limits);
	}
}

static bool asks_for_leaks(const struct check_limits *limits)
{
	return limits->set[CHECK_MAX_LEAKED_BYTES] || limits->set[CHECK_MAX_LEAKED_BLOCKS];
}

static bool any_asks_for_leaks(const struct gate *gate)
{
	bool any = asks_for_leaks(&gate->general);

	for (size_t i = 0; i < gate->scope.budgets.count; i++)
		any = any || asks_for_leaks(&gate->scope.budgets.rows[i].limits);
	return any;
}

static size_t count_findings(const struct gate *gate)
{
	size_t count = 0;

	for (size_t i = 0; i < gate->count; i++)
		count += gate->judgements[i].result->finding_count;
	return count;
}

/* Who holds what is asked when a limit is about it, or when something was found: most checks pass, and need not wait. */
static void judge_with_graph(
    struct loaded_files *files, struct gate *gate, const struct gate_settings *settings)
{
	const bool at_once = any_asks_for_leaks(gate);

	if (at_once && !settings->no_graph)
		load_graph(files);
	judge_all(files, gate, settings);
	if (at_once || settings->no_graph || count_findings(gate) == 0)
		return;
	load_graph(files);
	if (files->view != NULL)
		judge_all(files, gate, settings);
}

/* ---- the answer ---- */

/* A check that cannot see must not pass: what is missing that a broken limit could hide in; NULL: nothing. */
static const char *blindness(const struct snapshot *snapshot, const struct judgement *judgement)
{
	const struct snapshot_losses *losses = &snapshot->run->losses;

	if (judgement->result->unseen != NULL)
		return judgement->result->unseen;
	if (losses->blocks != 0 || losses->deferred != 0 || losses->journal != 0)
		return "blocks are missing in the file (see `allocscope info`)";
	if (judgement->limits.set[CHECK_NO_GROWTH] && losses->series != 0)
		return "growth series are missing in the file (see `allocscope info`)";
	if (losses->iterations != 0)
		return "iterations are missing in the file (see `allocscope info`)";
	if (judgement->result->unjudged_rows != 0)
		return "the growth of some sites that retain blocks cannot be told";
	return NULL;
}

static int exit_code_of(const struct gate *gate, const char *unseen,
    const struct snapshot *snapshot, const struct gate_settings *settings)
{
	if (settings->update)
		return EXIT_CLEAN;
	if (count_findings(gate) != 0)
		return settings->error_exitcode.given ? (int)(settings->error_exitcode.value & 0xff)
						      : EXIT_FINDING;
	if (unseen == NULL)
		return EXIT_CLEAN;
	message("%s: %s; a check that cannot see does not pass", snapshot->path, unseen);
	return EXIT_USAGE;
}

static int report(FILE *out, const struct report_checks *checks,
    const struct gate_settings *settings, const struct report_options *options)
{
	switch ((enum gate_format)settings->format) {
	case GATE_JUNIT:
		return report_check_junit(out, checks, options);
	case GATE_GITHUB:
		return report_check_github(out, checks, options);
	case GATE_JSON:
		return report_check_json(out, checks, options);
	case GATE_TEXT:
		break;
	}
	return options->json ? report_check_json(out, checks, options)
			     : report_check_text(out, checks, options);
}

int gate_judge(FILE *out, char **paths, size_t count, const struct gate_settings *settings,
    const struct name_settings *names, const struct filter_settings *filters,
    const struct report_options *options)
{
	struct loaded_files files;
	struct gate gate;
	struct report_checks checks = {0};
	struct report_check *parts = NULL;
	int code = EXIT_CLEAN;

	load_files(&files, paths, count, names, filters);
	gate_open(&files, settings, &gate);
	judge_with_graph(&files, &gate, settings);
	/* what no limit would have looked at is not suppressed either */
	suppressions_count(&gate.scope.suppressions, &files.files[count - 1].input,
	    gate.suppressed_by,
	    gate.judgements[0].result->counted_everything ? SUPPRESSION_EVERYTHING
	    : any_asks_for_leaks(&gate)			  ? SUPPRESSION_LEAKED
							  : SUPPRESSION_RETAINED);
	parts = xcalloc(gate.count + 1, sizeof *parts);
	for (size_t i = 0; i < gate.count; i++) {
		const struct judgement *judgement = &gate.judgements[i];

		parts[i] = (struct report_check){.site = judgement->site,
		    .result = judgement->result,
		    .limits = &judgement->limits,
		    .grouping = judgement->grouping,
		    .resized_in = judgement->resized_in,
		    .iterations = judgement->iterations};
		if (checks.unseen == NULL)
			checks.unseen = blindness(files.files[count - 1].snapshot, judgement);
	}
	checks.parts = parts;
	checks.count = gate.count;
	checks.view = files.view;
	checks.suppressions = &gate.scope.suppressions;
	checks.comparison = settings->baseline != NULL ? &gate.comparison : NULL;
	checks.baseline_path = settings->baseline;
	code = load_exit_code(report(out, &checks, settings, options));
	if (code == EXIT_CLEAN && settings->update)
		baseline_file_write(settings->baseline, &gate.comparison.now);
	if (code == EXIT_CLEAN)
		code =
		    exit_code_of(&gate, checks.unseen, files.files[count - 1].snapshot, settings);
	free(parts);
	gate_release(&gate);
	load_files_release(&files);
	return code;
}

void gate_baseline(const struct loaded_files *files, struct baseline *ret_baseline)
{
	/* compared with nothing: no file has no name */
	const struct gate_settings settings = {.baseline = "", .update = true};
	const char *unseen = NULL;
	struct gate gate;

	gate_open(files, &settings, &gate);
	judge_all(files, &gate, &settings);
	unseen = blindness(files->files[0].snapshot, &gate.judgements[0]);
	if (unseen != NULL)
		die(EXIT_USAGE, "%s: %s; a baseline that cannot see is none",
		    files->files[0].snapshot->path, unseen);
	*ret_baseline = gate.comparison.now;
	gate.comparison.now = (struct baseline){0};
	gate_release(&gate);
}
