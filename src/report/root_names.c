#include "report/root_names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/room.h"
#include "base/status.h"

#define NO_ROOT UINT32_MAX

struct builder {
	const struct snapshot *snapshot;
	struct object_names *objects;
	struct root_names *names;
	size_t root_capacity, text_capacity;
	size_t frame; /* of STACK_FRAMES: edges and frames ascend alike */
	bool failed;
};

const char *root_kind_name(uint32_t kind)
{
	switch (kind) {
	case SNAPSHOT_ROOT_DATA:
		return "data";
	case SNAPSHOT_ROOT_TLS:
		return "thread-local";
	case SNAPSHOT_ROOT_STACK:
		return "stack";
	case SNAPSHOT_ROOT_REGISTERS:
		return "register";
	case SNAPSHOT_ROOT_GIVEN:
		return "given";
	case SNAPSHOT_ROOT_MAPPING:
		return "mapping";
	default:
		return "unknown";
	}
}

/* Text of the names' own; "" when memory is short. */
__attribute__((format(printf, 2, 3))) static const char *keep(
    struct builder *builder, const char *format, ...)
{
	struct root_names *names = builder->names;
	char **texts = room_for((void *)names->texts, &builder->text_capacity,
	    names->text_count + 1, sizeof names->texts[0]);
	va_list arguments;
	char *text = NULL;

	builder->failed |= texts == NULL;
	if (texts == NULL)
		return "";
	names->texts = texts;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);

	va_end(arguments);
	builder->failed |= length < 0;
	if (length < 0)
		return "";
	return names->texts[names->text_count++] = text;
}

static uint32_t add_root(struct builder *builder, const struct root_name *root)
{
	struct root_names *names = builder->names;

	struct root_name *roots = room_for(
	    names->roots, &builder->root_capacity, (size_t)names->count + 1, sizeof *roots);

	builder->failed |= roots == NULL;
	if (roots == NULL)
		return 0;
	names->roots = roots;
	names->roots[names->count] = *root;
	return names->count++;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static struct root_name root_of_range(
    const struct builder *builder, const struct snapshot_root_range *range)
{
	const struct snapshot *snapshot = builder->snapshot;
	struct root_name root = {
	    .kind = range->kind, .name = "", .tid = range->tid, .base = range->start};

	if (range->module != 0)
		root.module =
		    base_name(snapshot_string(snapshot, snapshot->modules[range->module].path));
	if (range->thread < snapshot->thread_count && snapshot->threads[range->thread].name != 0)
		root.thread = snapshot_string(snapshot, snapshot->threads[range->thread].name);
	return root;
}

/* What the C library and the loader keep for the program, by the names of their variables. */
static const char *library_state(const char *module, const char *variable)
{
	static const struct {
		const char *prefix, *meaning;
	} known[] = {
	    {"_IO_", "standard streams"},
	    {"stdin", "standard streams"},
	    {"stdout", "standard streams"},
	    {"stderr", "standard streams"},
	    {"initial", "exit handlers"},
	    {"__exit_funcs", "exit handlers"},
	    {"main_arena", "allocator"},
	    {"environ", "environment"},
	    {"__environ", "environment"},
	    {"_environ", "environment"},
	    {"_rtld_", "loader"},
	    {"_dl_", "loader"},
	    {"_r_debug", "loader"},
	    {"_ns_", "loader"},
	};

	if (module == NULL ||
	    (strncmp(module, "libc.", 5) != 0 && strncmp(module, "libc-", 5) != 0 &&
		strncmp(module, "ld-", 3) != 0 && strncmp(module, "ld.", 3) != 0))
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strncmp(variable, known[i].prefix, strlen(known[i].prefix)) == 0)
			return known[i].meaning;
	return strncmp(module, "ld", 2) == 0 ? "loader" : "C library";
}

static bool find_variable(const struct builder *builder, const struct snapshot_root_range *range,
    uint64_t address, struct symbol_variable *ret_variable)
{
	const bool is_thread_local = range->kind == SNAPSHOT_ROOT_TLS;

	return object_names_variable(builder->objects, range->module, is_thread_local,
	    is_thread_local ? address - range->start : address, ret_variable);
}

static uint32_t variable_root(struct builder *builder, const struct snapshot_root_range *range,
    const struct snapshot_root_edge *edge)
{
	struct root_name root = root_of_range(builder, range);
	struct symbol_variable variable = {.name = ""};

	if (find_variable(builder, range, edge->address, &variable)) {
		root.name = variable.name;
		root.base = edge->address - variable.offset;
		root.bytes = variable.size;
	} else {
		root.name = root.module != NULL ? root.module : "[unknown]";
	}
	root.detail = library_state(root.module, variable.name);
	return add_root(builder, &root);
}

/* The frame that EDGE, a word of a stack, lies in; HEAP words below the first frame belong to it. */
static const struct snapshot_stack_frame *frame_of_edge(
    struct builder *builder, const struct snapshot_root_edge *edge)
{
	const struct snapshot *snapshot = builder->snapshot;
	const struct snapshot_stack_frame *frames = snapshot->stack_frames;
	size_t at = builder->frame;

	while (at + 1 < snapshot->stack_frame_count &&
	       (frames[at + 1].range < edge->range ||
		   (frames[at + 1].range == edge->range && frames[at + 1].low <= edge->address)))
		at++;
	builder->frame = at;
	if (at >= snapshot->stack_frame_count || frames[at].range != edge->range ||
	    frames[at].low > edge->address)
		return NULL;
	return &frames[at];
}

static uint32_t frame_root(struct builder *builder, const struct snapshot_root_range *range,
    const struct snapshot_root_edge *edge)
{
	struct root_name root = root_of_range(builder, range);
	const struct snapshot_stack_frame *frame = frame_of_edge(builder, edge);

	root.name = frame != NULL ? object_names_frame(builder->objects, frame) : "[no frame]";
	if (frame != NULL) {
		root.base = frame->low;
		root.module = frame->module != 0
				  ? base_name(snapshot_string(builder->snapshot,
					builder->snapshot->modules[frame->module].path))
				  : NULL;
	}
	return add_root(builder, &root);
}

/* DWARF numbers of x86-64; other machines' registers go by number. */
static const char *register_text(struct builder *builder, uint64_t number)
{
	static const char *const names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
	    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};

	if (number < sizeof names / sizeof names[0])
		return names[number];
	return keep(builder, "register %" PRIu64, number);
}

static uint32_t new_root(struct builder *builder, const struct snapshot_root_range *range,
    const struct snapshot_root_edge *edge)
{
	struct root_name root = root_of_range(builder, range);
	const char *name = snapshot_string(builder->snapshot, range->name);

	switch (range->kind) {
	case SNAPSHOT_ROOT_DATA:
	case SNAPSHOT_ROOT_TLS:
		return variable_root(builder, range, edge);
	case SNAPSHOT_ROOT_STACK:
		return frame_root(builder, range, edge);
	case SNAPSHOT_ROOT_REGISTERS:
		root.name = register_text(builder, edge->address);
		root.base = edge->address;
		break;
	default:
		root.name = name[0] != '\0' ? name : "[anon]";
		root.bytes = range->end - range->start;
		break;
	}
	return add_root(builder, &root);
}

/* EDGE belongs to what the edge before it, of the same range, belongs to. */
static bool is_same_root(
    struct builder *builder, const struct snapshot_root_edge *edge, const struct root_name *root)
{
	switch (root->kind) {
	case SNAPSHOT_ROOT_DATA:
	case SNAPSHOT_ROOT_TLS: {
		struct symbol_variable variable;
		const struct snapshot_root_range *range =
		    &builder->snapshot->root_ranges[edge->range];

		if (root->bytes != 0)
			return edge->address - root->base < root->bytes;
		return !find_variable(builder, range, edge->address, &variable);
	}
	case SNAPSHOT_ROOT_STACK: {
		const struct snapshot_stack_frame *frame = frame_of_edge(builder, edge);

		return frame == NULL || frame->low == root->base;
	}
	case SNAPSHOT_ROOT_REGISTERS:
		return root->base == edge->address;
	default:
		return true;
	}
}

/* Unnamed data of a module is one root, wherever named variables lie in between. */
static uint32_t find_root(
    struct builder *builder, const struct snapshot_root_edge *edge, uint32_t last, uint32_t unnamed)
{
	const struct snapshot *snapshot = builder->snapshot;
	const struct snapshot_root_range *range = &snapshot->root_ranges[edge->range];
	struct symbol_variable variable;

	if (last != NO_ROOT && is_same_root(builder, edge, &builder->names->roots[last]))
		return last;
	if (unnamed != NO_ROOT && !find_variable(builder, range, edge->address, &variable))
		return unnamed;
	return new_root(builder, range, edge);
}

static void name_edges(struct builder *builder)
{
	const struct snapshot *snapshot = builder->snapshot;
	struct root_names *names = builder->names;
	uint32_t last = NO_ROOT, unnamed = NO_ROOT;

	for (size_t i = 0; i < snapshot->root_edge_count && !builder->failed; i++) {
		const struct snapshot_root_edge *edge = &snapshot->root_edges[i];

		if (i == 0 || edge->range != snapshot->root_edges[i - 1].range)
			last = unnamed = NO_ROOT;
		last = names->root_of_edge[i] = find_root(builder, edge, last, unnamed);
		if (builder->failed)
			return;
		const struct root_name *root = &names->roots[last];

		if ((root->kind == SNAPSHOT_ROOT_DATA || root->kind == SNAPSHOT_ROOT_TLS) &&
		    root->bytes == 0)
			unnamed = last;
	}
}

int root_names_open(struct object_names *objects, struct root_names **ret_names)
{
	const struct snapshot *snapshot = objects->snapshot;
	struct builder builder = {
	    .snapshot = snapshot, .objects = objects, .names = calloc(1, sizeof *builder.names)};

	if (builder.names == NULL)
		return STATUS_NO_MEMORY;
	builder.names->root_of_edge =
	    calloc(snapshot->root_edge_count + 1, sizeof *builder.names->root_of_edge);
	builder.failed = builder.names->root_of_edge == NULL;
	if (!builder.failed)
		name_edges(&builder);
	if (builder.failed) {
		root_names_close(builder.names);
		return STATUS_NO_MEMORY;
	}
	*ret_names = builder.names;
	return STATUS_OK;
}

void root_names_close(struct root_names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->text_count; i++)
		free(names->texts[i]);
	free((void *)names->texts);
	free(names->root_of_edge);
	free(names->roots);
	free(names);
}

/* "thread 17", "thread worker (17)". */
static void thread_text(const struct root_name *root, char *text, size_t bytes)
{
	if (root->thread != NULL)
		(void)snprintf(text, bytes, "thread %s (tid %" PRIu32 ")", root->thread, root->tid);
	else
		(void)snprintf(text, bytes, "thread %" PRIu32, root->tid);
}

void root_text(const struct root_name *root, uint64_t offset, char *text, size_t bytes)
{
	char place[32] = "", thread[128] = "";

	if (offset != 0)
		(void)snprintf(place, sizeof place, "+%" PRIu64, offset);
	if (root->tid != 0)
		thread_text(root, thread, sizeof thread);
	switch (root->kind) {
	case SNAPSHOT_ROOT_DATA:
		if (root->bytes == 0) /* the module's name is all there is */
			(void)snprintf(text, bytes, "%s%s (%s)", root->name, place,
			    root->detail != NULL ? root->detail : "data without a name");
		else
			(void)snprintf(text, bytes, "%s%s (%s%s%s)", root->name, place,
			    root->module != NULL ? root->module : "",
			    root->detail != NULL ? ", " : "",
			    root->detail != NULL ? root->detail : "");
		break;
	case SNAPSHOT_ROOT_TLS:
		(void)snprintf(text, bytes, "%s%s (thread-local of %s, %s)", root->name, place,
		    root->module != NULL ? root->module : "an unknown module", thread);
		break;
	case SNAPSHOT_ROOT_STACK:
		(void)snprintf(text, bytes, "%s%s, stack of %s", root->name, place, thread);
		break;
	case SNAPSHOT_ROOT_REGISTERS:
		(void)snprintf(text, bytes, "%s of %s", root->name, thread);
		break;
	case SNAPSHOT_ROOT_GIVEN:
		(void)snprintf(text, bytes, "%s%s (allocscope_root)", root->name, place);
		break;
	default:
		(void)snprintf(text, bytes, "%s%s (mapped)", root->name, place);
		break;
	}
}
