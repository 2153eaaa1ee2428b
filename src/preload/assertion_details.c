#include "preload/assertion_details.h"

#include <string.h>

#include "base/text.h"
#include "preload/arena.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/options.h"
#include "preload/snapshot_take.h"
#include "preload/stack_table.h"
#include "preload/survivors.h"
#include "preload/system.h"
#include "preload/tool_run.h"
#include "snapshot/format.h"

/* Too much for the stack of a thread that may be small, and the graph must not find its addresses. */
struct details {
	const struct allocscope_scope *scope;
	struct survivors survivors;
	char path[OPTIONS_PATH_BYTES]; /* of the snapshot; "": none */
};

static void add_sum(struct text *text, const struct allocscope_retained *sum)
{
	text_add_unsigned(text, sum->blocks);
	text_add(text, sum->blocks == 1 ? " block (" : " blocks (");
	text_add_size(text, sum->bytes);
	text_add(text, ")");
}

/* ", 17-32: 4 blocks (64 B)" */
static void add_span(struct text *text, uint64_t first, uint64_t last,
    const struct allocscope_retained *sum, bool *is_first)
{
	if (sum->blocks == 0)
		return;
	text_add(text, *is_first ? " " : ", ");
	*is_first = false;
	text_add_unsigned(text, first);
	if (last > first) {
		text_add(text, "-");
		text_add_unsigned(text, last);
	}
	text_add(text, ": ");
	add_sum(text, sum);
}

static void tell_rounds(const struct details *details)
{
	const struct allocscope_scope *scope = details->scope;
	uint64_t rounds = scope->round - scope->warmup;
	char buffer[MESSAGE_BYTES];
	struct text text;
	bool is_first = true;

	if (rounds < 2)
		return;
	message_begin(&text, buffer);
	text_add(&text, "  by counted round:");
	for (uint64_t i = 0; i < SURVIVORS_SPANS && i * scope->stride < rounds; i++) {
		uint64_t last = (i + 1) * scope->stride;

		add_span(&text, i * scope->stride + 1, last < rounds ? last : rounds,
		    &details->survivors.by_round[i], &is_first);
	}
	message_end_always(&text);
}

static void tell_iterations(const struct details *details)
{
	const struct survivors *survivors = &details->survivors;
	char buffer[MESSAGE_BYTES];
	struct text text;
	bool is_first = true;

	if (survivors->span == 0)
		return;
	message_begin(&text, buffer);
	text_add(&text, "  by iteration of birth:");
	for (uint32_t i = 0; i < SURVIVORS_SPANS; i++) {
		uint64_t first = survivors->first_generation + (uint64_t)i * survivors->span;

		add_span(&text, first, first + survivors->span - 1, &survivors->by_generation[i],
		    &is_first);
	}
	if (survivors->outside.blocks != 0) {
		text_add(&text, is_first ? " outside: " : ", outside: ");
		add_sum(&text, &survivors->outside);
	}
	message_end_always(&text);
}

/* ---- sites without the tool: module and offset, as addr2line takes them ---- */

static void add_place(struct text *text, uint32_t stack)
{
	const struct stack_row *row = stack_table_get(stack);
	const struct node_row *node = row != NULL ? stack_table_node(row->leaf) : NULL;
	const struct module *module =
	    node != NULL && node->module != 0 ? modules_get(node->module) : NULL;

	if (module == NULL) {
		text_add(text, "an unknown place");
		return;
	}
	const char *slash = strrchr(module->path, '/');

	text_add(text, slash != NULL ? slash + 1 : module->path);
	text_add(text, "+0x");
	text_add_hex(text, node->pc - 1 - module->bias);
}

static void tell_places(const struct survivors *survivors)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	for (uint32_t i = 0; i < survivors->site_count; i++) {
		message_begin(&text, buffer);
		text_add(&text, "  ");
		add_sum(&text, &survivors->sites[i].sum);
		text_add(&text, " from ");
		add_place(&text, survivors->sites[i].stack);
		message_end_always(&text);
	}
	if (survivors->sites_more == 0)
		return;
	message_begin(&text, buffer);
	text_add(&text, "  and from ");
	text_add_unsigned(&text, survivors->sites_more);
	text_add(&text, " more stacks");
	message_end_always(&text);
}

/* ---- names and paths, by the tool ---- */

static void tell(const char *what)
{
	char buffer[MESSAGE_BYTES];
	struct text text;

	message_begin(&text, buffer);
	text_add(&text, what);
	message_end_always(&text);
}

static void add_id(struct text *text, const struct live_block *block)
{
	text_add(text, "0x");
	text_add_hex(text, block->identity);
	text_add(text, ".");
	text_add_unsigned(text, block->epoch);
}

static enum tool_result tell_sites(const struct details *details)
{
	char epochs[32], thread[16];
	struct text text;
	const char *arguments[] = {"allocscope", "report", "--top", "8", "--epochs", epochs,
	    details->path, "--thread", thread, NULL};

	text_init(&text, epochs, sizeof epochs);
	text_add_unsigned(&text, (uint64_t)details->scope->mark.epoch + 1);
	text_add(&text, "..");
	text_add_unsigned(&text, details->survivors.last_epoch);
	text_init(&text, thread, sizeof thread);
	text_add_unsigned(&text, (uint64_t)system_thread_id());
	if (details->scope->process)
		arguments[7] = NULL;
	return tool_run(arguments);
}

static enum tool_result tell_holders(const struct details *details)
{
	char id[48];
	struct text text;
	const char *arguments[] = {
	    "allocscope", "retainers", "--top", "3", "--id", id, details->path, NULL};

	text_init(&text, id, sizeof id);
	add_id(&text, &details->survivors.largest);
	tell("  who holds the largest survivor:");
	return tool_run(arguments);
}

/* False when the sites have no names. */
static bool tell_named(const struct details *details)
{
	if (details->survivors.all.blocks == 0)
		return true;
	enum tool_result result = tell_sites(details);

	if (result == TOOL_ABSENT)
		tell("  the tool allocscope, which names sites and holders, was not found; see "
		     "ALLOCSCOPE_TOOL");
	if (result == TOOL_DONE && options.graph == 0)
		tell("  who holds them is not known: no graph was recorded");
	else if (result == TOOL_DONE)
		(void)tell_holders(details);
	return result == TOOL_DONE;
}

/* ---- how to look further ---- */

static void tell_command(const struct details *details)
{
	char buffer[MESSAGE_BYTES + OPTIONS_PATH_BYTES];
	struct text text;

	if (details->path[0] == '\0')
		return;
	text_init(&text, buffer, sizeof buffer - 1);
	/* the name again: processes of a test suite may talk at the same time */
	text_add(&text, "allocscope: the heap of \"");
	text_add(&text, details->scope->name);
	text_add(&text, "\" is saved; look further: allocscope ");
	if (details->survivors.all.blocks != 0) {
		text_add(&text, "retainers --id ");
		add_id(&text, &details->survivors.largest);
		text_add(&text, " ");
	} else {
		text_add(&text, "report --sort allocs ");
	}
	text_add(&text, details->path);
	message_end_always(&text);
}

void assertion_details(const struct allocscope_scope *scope)
{
	struct details *details = arena_map(sizeof *details, ARENA_BUFFERS);

	if (details == NULL)
		return;
	details->scope = scope;
	survivors_describe(scope, &details->survivors);
	if (snapshot_take_named(SNAPSHOT_BY_API, scope->name, details->path) != 0)
		details->path[0] = '\0';
	tell_rounds(details);
	tell_iterations(details);
	if (details->path[0] == '\0' || !tell_named(details))
		tell_places(&details->survivors);
	tell_command(details);
	arena_unmap(details, sizeof *details, ARENA_BUFFERS);
}
