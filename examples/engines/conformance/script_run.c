/*
 * The interpreter of the conformance language.
 *
 * Names live in scopes: one per case, one per turn of a loop, one per run of a function, whose parent is the scope of
 * its definition. A name that is bound to a node and stands in an expression is a tracked read. Functions that evaluate
 * return 0, or an error's code with the error as *ret_value: the same way errors travel through the engines.
 */
#include "engines/conformance/script_run.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { NUMBER_CHARS = 32, THROWN_CODE = 1 };

enum binding_kind { BOUND_VALUE, BOUND_NODE, BOUND_EFFECT };

struct binding {
	struct binding *next;
	const char *name;
	enum binding_kind kind;
	struct rx_value value;	  /* of BOUND_VALUE */
	struct held_handle *held; /* of the others */
};

struct scope {
	struct scope *parent;
	struct binding *bindings;
};

struct context {
	struct context *next;
	const char *name; /* NULL: the default one */
	void *api;
};

struct held_handle {
	struct held_handle *next;
	void *handle;
	bool is_effect;
	bool dropped; /* it may be gone where a collector runs */
};

struct interned_text {
	struct interned_text *next;
	const char *text;
};

struct run {
	struct arena *arena;
	const struct engine *engine;
	const struct engine_options *options;
	struct context *contexts;
	struct held_handle *handles; /* everything created, newest first */
	struct interned_text *texts;
	struct engine_totals before;
	char *trace; /* NULL before the first token */
	size_t trace_length, trace_capacity;
	bool silent;	    /* tearing down: nothing is logged any more */
	bool effect_failed; /* an effect's first run raised an error: nobody holds its handle */
};

/* Where a piece of the script runs. */
struct frame {
	struct run *run;
	struct scope *scope;
	struct rx_cleanup *cleanup; /* of the effect's run, or NULL */
};

/* A function of the script and the scope of its definition: the environment that the engine is given. */
struct closure {
	struct run *run;
	const struct script_node *body;
	struct scope *scope;
	const char *parameter;
};

static int evaluate(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value);

static int raise_error(struct rx_value *ret_value, const char *message)
{
	*ret_value = rx_error(THROWN_CODE, message);
	return THROWN_CODE;
}

/* A mistake in the case, not in the engine. */
_Noreturn static void give_up(const char *what, const char *name)
{
	fprintf(stderr, "conformance case: %s: %s\n", what, name);
	exit(2);
}

/* Equal texts are one object, so that identity compares them as the originals' host would. */
static const char *intern(struct run *run, const char *text)
{
	struct interned_text *entry = NULL;

	for (entry = run->texts; entry != NULL; entry = entry->next)
		if (strcmp(entry->text, text) == 0)
			return entry->text;
	entry = arena_new(run->arena, sizeof(*entry));
	entry->text = arena_text(run->arena, text, strlen(text));
	entry->next = run->texts;
	run->texts = entry;
	return entry->text;
}

static const char *join(struct run *run, const char *left, const char *right)
{
	const size_t size_bytes = strlen(left) + strlen(right) + 1;
	char *text = arena_new(run->arena, size_bytes);

	snprintf(text, size_bytes, "%s%s", left, right);
	return text;
}

static void add_token(struct run *run, const char *token)
{
	const size_t length = strlen(token);
	const size_t needed = run->trace_length + length + 2;

	if (run->silent)
		return;
	if (needed > run->trace_capacity) {
		char *grown = arena_new(run->arena, 2 * needed);

		if (run->trace_length > 0)
			memcpy(grown, run->trace, run->trace_length);
		run->trace = grown;
		run->trace_capacity = 2 * needed;
	}
	if (run->trace_length > 0)
		run->trace[run->trace_length++] = ' ';
	memcpy(run->trace + run->trace_length, token, length + 1);
	run->trace_length += length;
}

static struct scope *new_scope(struct run *run, struct scope *parent)
{
	struct scope *scope = arena_new(run->arena, sizeof(*scope));

	scope->parent = parent;
	return scope;
}

static struct binding *find_binding(struct scope *scope, const char *name)
{
	for (; scope != NULL; scope = scope->parent)
		for (struct binding *binding = scope->bindings; binding != NULL;
		     binding = binding->next)
			if (strcmp(binding->name, name) == 0)
				return binding;
	return NULL;
}

static struct binding *bind(
    struct run *run, struct scope *scope, const char *name, enum binding_kind kind)
{
	struct binding *binding = arena_new(run->arena, sizeof(*binding));

	binding->name = name;
	binding->kind = kind;
	binding->next = scope->bindings;
	scope->bindings = binding;
	return binding;
}

static void bind_value(struct frame *frame, const char *name, struct rx_value value)
{
	bind(frame->run, frame->scope, name, BOUND_VALUE)->value = value;
}

/* What a loop names with an index is meant to be seen after it: c[1], c[2]. */
static struct scope *scope_of_name(const struct frame *frame, const char *name)
{
	struct scope *scope = frame->scope;

	while (scope->parent != NULL && strchr(name, '[') != NULL)
		scope = scope->parent;
	return scope;
}

static void drop(const struct run *run, struct held_handle *held)
{
	if (held->dropped)
		return;
	held->dropped = true;
	if (held->is_effect)
		run->engine->drop_disposer(held->handle);
	else
		run->engine->drop(held->handle);
}

/* A handle without a name is dropped at once, as a result that nobody takes. */
static void bind_handle(struct frame *frame, const char *name, enum binding_kind kind, void *handle)
{
	struct held_handle *held = arena_new(frame->run->arena, sizeof(*held));

	held->handle = handle;
	held->is_effect = kind == BOUND_EFFECT;
	held->next = frame->run->handles;
	frame->run->handles = held;
	if (name != NULL)
		bind(frame->run, scope_of_name(frame, name), name, kind)->held = held;
	else
		drop(frame->run, held);
}

static const char *format_value(struct run *run, struct rx_value value)
{
	char number[NUMBER_CHARS];

	switch ((enum rx_tag)value.tag) {
	case RX_UNDEFINED:
		return "undefined";
	case RX_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, value.as.integer);
		return intern(run, number);
	case RX_NUMBER:
		snprintf(number, sizeof(number), "%g", value.as.number);
		return intern(run, number);
	case RX_POINTER:
		return value.as.pointer; /* the only pointers that cases print are texts */
	case RX_ERROR:
		break;
	}
	return value.as.message;
}

/* The edges counted so far: made, held by a consumer, linked at a producer. */
static bool edge_counter(const struct run *run, const char *name, struct rx_value *ret_value)
{
	struct engine_totals now;
	uint64_t count = 0;

	run->engine->totals(&now);
	if (strcmp(name, "made") == 0)
		count = now.edges - run->before.edges;
	else if (strcmp(name, "held") == 0)
		count = now.edges_held - run->before.edges_held;
	else if (strcmp(name, "linked") == 0)
		count = now.edges_linked - run->before.edges_linked;
	else
		return false;
	*ret_value = rx_integer((int64_t)count);
	return true;
}

/* The name that a (possibly indexed) name node stands for now: c, c[5]. */
static int name_of(struct frame *frame, const struct script_node *node, const char **ret_name,
    struct rx_value *ret_value)
{
	const char *index = NULL;
	int code = 0;

	*ret_name = node->text;
	if (node->first == NULL)
		return 0;
	code = evaluate(frame, node->first, ret_value);
	if (code != 0)
		return code;
	index = join(frame->run, format_value(frame->run, *ret_value), "]");
	*ret_name = join(frame->run, join(frame->run, node->text, "["), index);
	return 0;
}

/* The binding of a name node that must exist and be of KIND. */
static int find_bound(struct frame *frame, const struct script_node *node, enum binding_kind kind,
    struct binding **ret_binding, struct rx_value *ret_value)
{
	const char *name = NULL;
	const int code = name_of(frame, node, &name, ret_value);

	if (code != 0)
		return code;
	*ret_binding = find_binding(frame->scope, name);
	if (*ret_binding == NULL || (*ret_binding)->kind != kind)
		give_up("no such name", name);
	return 0;
}

static int evaluate_name(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	struct binding *binding = NULL;
	const char *name = NULL;
	const int code = name_of(frame, node, &name, ret_value);

	if (code != 0)
		return code;
	binding = find_binding(frame->scope, name);
	if (binding == NULL) {
		if (!edge_counter(frame->run, name, ret_value))
			give_up("no such name", name);
		return 0;
	}
	if (binding->kind == BOUND_NODE)
		return frame->run->engine->read(binding->held->handle, ret_value);
	*ret_value = binding->value;
	return 0;
}

static bool is_true(struct rx_value value)
{
	return value.tag == RX_INTEGER ? value.as.integer != 0 : value.tag == RX_POINTER;
}

static struct rx_value apply(
    enum script_operator operation, struct rx_value left, struct rx_value right)
{
	const int64_t a = left.as.integer;
	const int64_t b = right.as.integer;

	switch (operation) {
	case SCRIPT_ADD:
		return rx_integer(a + b);
	case SCRIPT_SUBTRACT:
		return rx_integer(a - b);
	case SCRIPT_MULTIPLY:
		return rx_integer(a * b);
	case SCRIPT_REMAINDER:
		return rx_integer(a % b);
	case SCRIPT_EQUAL:
		return rx_integer(rx_same(left, right));
	case SCRIPT_LESS:
		return rx_integer(a < b);
	case SCRIPT_GREATER:
		return rx_integer(a > b);
	case SCRIPT_AND:
		break;
	}
	return rx_integer(is_true(left) && is_true(right));
}

static int evaluate_binary(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	struct rx_value left;
	int code = evaluate(frame, node->first, ret_value);

	if (code != 0 || (node->integer == SCRIPT_AND && !is_true(*ret_value)))
		return code;
	left = *ret_value;
	code = evaluate(frame, node->second, ret_value);
	if (code == 0)
		*ret_value = apply((enum script_operator)node->integer, left, *ret_value);
	return code;
}

static int evaluate_join(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const char *text = "";

	for (const struct script_node *piece = node->first; piece != NULL; piece = piece->next) {
		const int code = evaluate(frame, piece, ret_value);

		if (code != 0)
			return code;
		text = join(frame->run, text, format_value(frame->run, *ret_value));
	}
	*ret_value = rx_pointer(intern(frame->run, text));
	return 0;
}

/* A function's body in a scope of its own. */
static int call(const struct closure *closure, struct rx_cleanup *cleanup,
    const struct rx_value *argument, struct rx_value *ret_value)
{
	struct frame frame = {
	    .run = closure->run,
	    .scope = new_scope(closure->run, closure->scope),
	    .cleanup = cleanup,
	};

	if (argument != NULL)
		bind_value(&frame, closure->parameter, *argument);
	return evaluate(&frame, closure->body, ret_value);
}

static int call_compute(void *environment, struct rx_value *ret_value)
{
	return call(environment, NULL, NULL, ret_value);
}

static int call_effect(
    void *environment, struct rx_cleanup *ret_cleanup, struct rx_value *ret_error)
{
	return call(environment, ret_cleanup, NULL, ret_error);
}

static int call_subscriber(void *environment, struct rx_value value, struct rx_value *ret_error)
{
	return call(environment, NULL, &value, ret_error);
}

/* Of the arena, so that the engine has nothing to destroy and, all names being roots, nothing to trace. */
static struct closure *new_closure(struct frame *frame, const struct script_node *body)
{
	struct closure *closure = arena_new(frame->run->arena, sizeof(*closure));

	closure->run = frame->run;
	closure->body = body;
	closure->scope = frame->scope;
	return closure;
}

static void *find_api(const struct run *run, const char *name)
{
	const struct context *context = run->contexts;

	while (context != NULL &&
	       (context->name == NULL || name == NULL ? context->name != name
						      : strcmp(context->name, name) != 0))
		context = context->next;
	if (context == NULL)
		give_up("no such context", name != NULL ? name : "the default one");
	return context->api;
}

static int define_signal(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const char *name = NULL;
	int code = name_of(frame, node->first, &name, ret_value);

	if (code == 0)
		code = evaluate(frame, node->second, ret_value);
	if (code == 0)
		bind_handle(frame, name, BOUND_NODE,
		    frame->run->engine->signal(find_api(frame->run, node->context), *ret_value));
	return code;
}

static int define_computed(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const char *name = NULL;
	const int code = name_of(frame, node->first, &name, ret_value);
	const struct rx_computation computation = {
	    call_compute, new_closure(frame, node->second), NULL};

	if (code == 0)
		bind_handle(frame, name, BOUND_NODE,
		    frame->run->engine->computed(find_api(frame->run, node->context), computation));
	return code;
}

static int define_effect(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const struct rx_reaction reaction = {call_effect, new_closure(frame, node->second), NULL};
	const char *name = NULL;
	void *disposer = NULL;
	int code = node->first != NULL ? name_of(frame, node->first, &name, ret_value) : 0;

	if (code != 0)
		return code;
	code = frame->run->engine->effect(
	    find_api(frame->run, node->context), reaction, &disposer, ret_value);
	if (code == 0)
		bind_handle(frame, name, BOUND_EFFECT, disposer);
	else
		frame->run->effect_failed = true;
	return code;
}

static int define_subscription(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	struct closure *closure = new_closure(frame, node->second);
	const struct rx_callback callback = {call_subscriber, closure, NULL};
	struct binding *source = NULL;
	void *disposer = NULL;
	int code = find_bound(frame, node->first, BOUND_NODE, &source, ret_value);

	closure->parameter = node->text;
	if (code == 0)
		code = frame->run->engine->subscribe(find_api(frame->run, NULL),
		    source->held->handle, callback, &disposer, ret_value);
	if (code == 0)
		bind_handle(frame, NULL, BOUND_EFFECT, disposer);
	return code;
}

static void define_context(struct run *run, const char *name)
{
	struct context *context = arena_new(run->arena, sizeof(*context));

	context->name = name;
	context->api = run->engine->api_new(run->options);
	context->next = run->contexts;
	run->contexts = context;
}

/* Assigns to the variable in sight, or makes one of this function. */
static int assign(struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	struct binding *binding = NULL;
	const char *name = NULL;
	int code = name_of(frame, node->first, &name, ret_value);

	if (code == 0)
		code = evaluate(frame, node->second, ret_value);
	if (code != 0)
		return code;
	binding = find_binding(frame->scope, name);
	if (binding != NULL)
		binding->value = *ret_value;
	else
		bind_value(frame, name, *ret_value);
	return 0;
}

static int run_write(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	struct binding *signal = NULL;
	int code = find_bound(frame, node->first, BOUND_NODE, &signal, ret_value);

	if (code == 0)
		code = evaluate(frame, node->second, ret_value);
	if (code == 0)
		code = frame->run->engine->write(signal->held->handle, *ret_value, ret_value);
	return code;
}

static int call_cleanup(void *environment, struct rx_value *ret_error)
{
	return call(environment, NULL, NULL, ret_error);
}

static int run_try(struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const int code = evaluate(frame, node->first, ret_value);

	if (code == 0)
		return 0;
	if (node->second != NULL)
		return evaluate(frame, node->second, ret_value);
	add_token(frame->run, join(frame->run, "throw:", ret_value->as.message));
	*ret_value = rx_undefined();
	return 0;
}

/* Each turn has a scope, so that a function made in it keeps this turn's number. */
static int run_for(struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	int64_t last = 0;
	int code = evaluate(frame, node->second, ret_value);

	last = ret_value->as.integer;
	if (code == 0)
		code = evaluate(frame, node->first, ret_value);
	for (int64_t i = ret_value->as.integer; code == 0 && i <= last; i++) {
		struct frame turn = *frame;

		turn.scope = new_scope(frame->run, frame->scope);
		bind_value(&turn, node->text, rx_integer(i));
		code = evaluate(&turn, node->third, ret_value);
	}
	return code;
}

static int run_while(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	int code = evaluate(frame, node->first, ret_value);

	while (code == 0 && is_true(*ret_value)) {
		code = evaluate(frame, node->second, ret_value);
		if (code == 0)
			code = evaluate(frame, node->first, ret_value);
	}
	return code;
}

/* Code that an engine runs in a batch or untracked, in the scope of the code around it. */
struct inline_block {
	struct frame *frame;
	const struct script_node *body;
};

static int call_inline(void *environment, struct rx_value *ret_value)
{
	const struct inline_block *block = environment;

	return evaluate(block->frame, block->body, ret_value);
}

static int run_inline(struct frame *frame, const struct script_node *node,
    int (*function)(
	void *api, rx_compute_function run, void *environment, struct rx_value *ret_value),
    struct rx_value *ret_value)
{
	struct inline_block block = {frame, node->first};

	if (function == NULL)
		return raise_error(ret_value, "not offered by this engine");
	return function(find_api(frame->run, NULL), call_inline, &block, ret_value);
}

static int run_handle(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const struct engine *engine = frame->run->engine;
	const enum binding_kind kind = node->kind == SCRIPT_DISPOSE ? BOUND_EFFECT : BOUND_NODE;
	struct binding *binding = NULL;
	const int code = find_bound(frame, node->first, kind, &binding, ret_value);

	if (code != 0)
		return code;
	if (node->kind == SCRIPT_DISPOSE)
		return engine->dispose(binding->held->handle, ret_value);
	if (node->kind == SCRIPT_PEEK && engine->peek == NULL)
		return raise_error(ret_value, "not offered by this engine");
	if (node->kind == SCRIPT_PEEK)
		return engine->peek(binding->held->handle, ret_value);
	drop(frame->run, binding->held);
	return 0;
}

/* The value of a block is that of its last statement. */
static int run_block(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	*ret_value = rx_undefined();
	for (const struct script_node *statement = node->first; statement != NULL;
	     statement = statement->next) {
		const int code = evaluate(frame, statement, ret_value);

		if (code != 0)
			return code;
	}
	return 0;
}

static int run_if(struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const int code = evaluate(frame, node->first, ret_value);

	if (code != 0 || !is_true(*ret_value))
		return code;
	return evaluate(frame, node->second, ret_value);
}

static int evaluate_statement(
    struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	const struct engine *engine = frame->run->engine;
	int code = 0;

	switch (node->kind) {
	case SCRIPT_SIGNAL:
		return define_signal(frame, node, ret_value);
	case SCRIPT_COMPUTED:
		return define_computed(frame, node, ret_value);
	case SCRIPT_EFFECT:
		return define_effect(frame, node, ret_value);
	case SCRIPT_SUBSCRIBE:
		return define_subscription(frame, node, ret_value);
	case SCRIPT_CONTEXT:
		define_context(frame->run, node->text);
		return 0;
	case SCRIPT_OBJECT:
		bind_value(frame, node->text, rx_pointer(arena_new(frame->run->arena, 1)));
		return 0;
	case SCRIPT_LOG:
		code = evaluate(frame, node->first, ret_value);
		if (code == 0)
			add_token(frame->run, format_value(frame->run, *ret_value));
		return code;
	case SCRIPT_WRITE:
		return run_write(frame, node, ret_value);
	case SCRIPT_ASSIGN:
		return assign(frame, node, ret_value);
	case SCRIPT_CLEANUP:
		if (frame->cleanup == NULL)
			give_up("outside of an effect", "cleanup");
		*frame->cleanup =
		    (struct rx_cleanup){call_cleanup, new_closure(frame, node->first)};
		return 0;
	case SCRIPT_TRY:
		return run_try(frame, node, ret_value);
	case SCRIPT_THROW:
		return raise_error(ret_value, node->text);
	case SCRIPT_IF:
		return run_if(frame, node, ret_value);
	case SCRIPT_FOR:
		return run_for(frame, node, ret_value);
	case SCRIPT_WHILE:
		return run_while(frame, node, ret_value);
	case SCRIPT_BATCH:
		return run_inline(frame, node, engine->batch, ret_value);
	default:
		return run_handle(frame, node, ret_value); /* dispose, drop, peek */
	}
}

static int evaluate(struct frame *frame, const struct script_node *node, struct rx_value *ret_value)
{
	int code = 0;

	switch (node->kind) {
	case SCRIPT_INTEGER:
		*ret_value = rx_integer(node->integer);
		return 0;
	case SCRIPT_TEXT:
		*ret_value = rx_pointer(intern(frame->run, node->text));
		return 0;
	case SCRIPT_NAN:
		*ret_value = rx_number(NAN);
		return 0;
	case SCRIPT_UNDEFINED:
		*ret_value = rx_undefined();
		return 0;
	case SCRIPT_NAME:
		return evaluate_name(frame, node, ret_value);
	case SCRIPT_NEGATE:
		code = evaluate(frame, node->first, ret_value);
		ret_value->as.integer = code == 0 ? -ret_value->as.integer : ret_value->as.integer;
		return code;
	case SCRIPT_BINARY:
		return evaluate_binary(frame, node, ret_value);
	case SCRIPT_CHOOSE:
		code = evaluate(frame, node->first, ret_value);
		if (code != 0)
			return code;
		return evaluate(frame, is_true(*ret_value) ? node->second : node->third, ret_value);
	case SCRIPT_JOIN:
		return evaluate_join(frame, node, ret_value);
	case SCRIPT_READ:
		return evaluate(frame, node->first, ret_value);
	case SCRIPT_UNTRACKED:
		return run_inline(frame, node, frame->run->engine->untracked, ret_value);
	case SCRIPT_BLOCK:
		return run_block(frame, node, ret_value);
	default:
		return evaluate_statement(frame, node, ret_value);
	}
}

static void collect(const struct run *run)
{
	for (const struct context *context = run->contexts; context != NULL;
	     context = context->next)
		run->engine->collect(context->api);
}

/* A collector may run between any two statements and nobody may notice. */
static void run_program(struct run *run, const struct script_node *program)
{
	struct frame frame = {.run = run, .scope = new_scope(run, NULL)};
	const struct script_node *statement = program->first;

	for (; statement != NULL; statement = statement->next) {
		struct rx_value value = rx_undefined();

		if (evaluate(&frame, statement, &value) != 0) {
			add_token(run, join(run, "uncaught:", value.as.message));
			return;
		}
		collect(run);
	}
}

/* All handles go, in the way of the ownership mode. */
static void let_go(struct run *run)
{
	run->silent = true;
	for (struct held_handle *held = run->handles; held != NULL; held = held->next) {
		struct rx_value ignored = rx_undefined();

		if (run->options->ownership != RX_OWN_CALLER) {
			drop(run, held);
		} else if (held->is_effect) {
			(void)run->engine->dispose(held->handle, &ignored);
			run->engine->release_disposer(held->handle);
		} else {
			run->engine->release(held->handle);
		}
	}
	collect(run);
}

static bool nodes_are_gone(const struct run *run)
{
	struct engine_totals now;

	run->engine->totals(&now);
	return now.live_signals == run->before.live_signals &&
	       now.live_computeds == run->before.live_computeds &&
	       now.live_effects == run->before.live_effects &&
	       now.edges_held == run->before.edges_held &&
	       now.edges_linked == run->before.edges_linked;
}

static bool holds_queue(const struct run *run)
{
	struct engine_totals now;

	run->engine->totals(&now);
	return now.queued > 0;
}

void script_run(struct arena *arena, const struct script_node *program, const struct engine *engine,
    const struct engine_options *options, struct script_result *ret_result)
{
	struct run run = {.arena = arena, .engine = engine, .options = options};
	const uint64_t live_before = engine_live_blocks(engine);
	bool balanced = true;
	bool queue_holds = false;

	engine->totals(&run.before);
	define_context(&run, NULL);
	run_program(&run, program);
	let_go(&run);
	queue_holds = holds_queue(&run);
	if (options->ownership != RX_OWN_CTX && !queue_holds)
		balanced = nodes_are_gone(&run);
	while (run.contexts != NULL) {
		engine->api_free(run.contexts->api);
		run.contexts = run.contexts->next;
	}
	balanced = balanced && engine_live_blocks(engine) == live_before;
	/* Such an effect lives on in some engines, and no handle can give it back. */
	if (options->ownership == RX_OWN_CALLER && run.effect_failed)
		balanced = true;
	*ret_result = (struct script_result){
	    .trace = run.trace != NULL ? run.trace : "",
	    .books_balance = balanced,
	    .queue_holds = queue_holds,
	};
}
