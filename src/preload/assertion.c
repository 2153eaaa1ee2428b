#include "preload/assertion.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/text.h"
#include "preload/assertion_details.h"
#include "preload/counters.h"
#include "preload/epoch.h"
#include "preload/message.h"
#include "preload/options.h"
#include "preload/survivors.h"

#define ENDS_MAX (sizeof(((struct allocscope_scope *)NULL)->ends) / sizeof(uint32_t))

static atomic_uint detailed; /* failures */

/* ---- rounds ---- */

static struct thread_totals totals_of(const struct thread_state *state, bool process)
{
	return process ? counters_sum() : state->totals;
}

static void begin_counting(const struct thread_state *state, struct allocscope_scope *scope)
{
	struct thread_totals totals = totals_of(state, scope->process);

	scope->mark = (struct allocscope_mark){
	    .epoch = survivors_cut(), .thread = state->row, .allocs = state->totals.allocs};
	scope->allocs = totals.allocs;
	scope->bytes = totals.bytes;
	scope->renumberings = epoch_renumberings();
	scope->stride = 1;
	scope->end_count = 0;
}

/* When there is no more room, neighbours become one: the number of rounds is not bounded. */
static void note_end(struct allocscope_scope *scope)
{
	scope->ends[scope->end_count++] = survivors_cut();
	if (scope->end_count < ENDS_MAX)
		return;
	for (uint32_t i = 0; i < ENDS_MAX / 2; i++)
		scope->ends[i] = scope->ends[2 * i + 1];
	scope->end_count = ENDS_MAX / 2;
	scope->stride *= 2;
}

void assertion_round(const struct thread_state *state, struct allocscope_scope *scope)
{
	int saved_errno = errno;

	if (scope->size < sizeof *scope || scope->round < scope->warmup)
		return;
	if (scope->round == scope->warmup)
		begin_counting(state, scope);
	else if ((scope->round - scope->warmup) % scope->stride == 0)
		note_end(scope);
	errno = saved_errno;
}

/* ---- the verdict ---- */

struct finding {
	struct allocscope_retained retained;
	uint64_t allocs, bytes; /* allocated */
	bool retains, allocates_often, allocates_much;
};

static struct finding look(const struct thread_state *state, const struct allocscope_scope *scope)
{
	const struct allocscope_limits *limits = &scope->limits;
	struct thread_totals totals = totals_of(state, scope->process);
	struct finding finding = {
	    .retained = survivors_count(scope->mark, scope->process),
	    .allocs = totals.allocs - scope->allocs,
	    .bytes = totals.bytes - scope->bytes,
	};

	finding.retains = finding.retained.blocks > limits->retained_blocks ||
			  finding.retained.bytes > limits->retained_bytes;
	finding.allocates_often = finding.allocs > limits->allocs;
	finding.allocates_much = finding.bytes > limits->bytes;
	return finding;
}

static uint64_t told_number(const struct finding *finding)
{
	if (finding->retains)
		return finding->retained.blocks;
	return finding->allocates_often ? finding->allocs : finding->bytes;
}

/* ---- the line ---- */

static void begin_line(struct text *text, char *buffer, const struct allocscope_scope *scope)
{
	message_begin(text, buffer);
	text_add(text, "assertion \"");
	text_add(text, scope->name);
	text_add(text, "\" at ");
	text_add(text, scope->file);
	text_add(text, ":");
	text_add_unsigned(text, (uint64_t)scope->line);
}

static uint64_t unseen(const struct allocscope_scope *scope, const char *why)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	if (options.optional)
		return 0;
	begin_line(&text, buffer, scope);
	text_add(&text, " cannot be checked ");
	text_add(&text, why);
	text_add(&text, ", or set ALLOCSCOPE_OPTIONAL=1 to let it pass");
	message_end_always(&text);
	return UINT64_MAX;
}

static const char *unable(const struct thread_state *state, const struct allocscope_scope *scope)
{
	if (state == NULL)
		return "where nothing is recorded; see follow_fork";
	if (scope->size < sizeof *scope)
		return "with a header of another version; compile anew";
	if (scope->renumberings != epoch_renumberings())
		return "over so many iterations: the epochs were numbered anew; assert less at a time";
	return NULL;
}

/* "; retained blocks 3, limit 2" */
static void add_limit(
    struct text *text, bool *is_first, const char *what, uint64_t actual, uint64_t limit)
{
	if (actual <= limit)
		return;
	text_add(text, *is_first ? "" : "; ");
	text_add(text, what);
	text_add_unsigned(text, actual);
	text_add(text, ", limit ");
	text_add_unsigned(text, limit);
	*is_first = false;
}

static void add_rounds(struct text *text, const struct allocscope_scope *scope)
{
	if (scope->round == 1)
		return;
	text_add(text, " in ");
	text_add_unsigned(text, scope->round - scope->warmup);
	text_add(text, " counted rounds after ");
	text_add_unsigned(text, scope->warmup);
	text_add(text, " of warm-up");
}

static void tell(const struct allocscope_scope *scope, const struct finding *finding)
{
	const struct allocscope_limits *limits = &scope->limits;
	char buffer[MESSAGE_BYTES];
	struct text text;
	bool is_first = true;

	begin_line(&text, buffer, scope);
	text_add(&text, " failed");
	add_rounds(&text, scope);
	text_add(&text, ": ");
	if (limits->retained_blocks == 0 && limits->retained_bytes == 0 && finding->retains) {
		text_add_unsigned(&text, finding->retained.blocks);
		text_add(&text, finding->retained.blocks == 1 ? " block (" : " blocks (");
		text_add_unsigned(&text, finding->retained.bytes);
		text_add(
		    &text, finding->retained.bytes == 1 ? " byte) retained" : " bytes) retained");
		is_first = false;
	} else {
		add_limit(&text, &is_first, "retained blocks ", finding->retained.blocks,
		    limits->retained_blocks);
		add_limit(&text, &is_first, "retained bytes ", finding->retained.bytes,
		    limits->retained_bytes);
	}
	add_limit(&text, &is_first, "allocations ", finding->allocs, limits->allocs);
	add_limit(&text, &is_first, "bytes allocated ", finding->bytes, limits->bytes);
	message_end_always(&text);
}

static void tell_details(const struct allocscope_scope *scope)
{
	unsigned number = atomic_fetch_add_explicit(&detailed, 1, memory_order_relaxed);

	if (number < ASSERTION_DETAILED_MAX)
		assertion_details(scope);
	else if (number == ASSERTION_DETAILED_MAX)
		message_warn(
		    "further failed assertions of this process are told in one line, without a snapshot",
		    NULL);
}

uint64_t assertion_judge(const struct thread_state *state, const struct allocscope_scope *scope)
{
	int saved_errno = errno;
	const char *why = unable(state, scope);

	if (why != NULL)
		return unseen(scope, why);
	struct finding finding = look(state, scope);

	if (!finding.retains && !finding.allocates_often && !finding.allocates_much) {
		/* a sample that met no survivor proves nothing */
		return options.sample == 0
			   ? 0
			   : unseen(scope,
				 "with sample=BYTES, which sees only some blocks; record all");
	}
	tell(scope, &finding);
	tell_details(scope);
	errno = saved_errno;
	return told_number(&finding);
}
