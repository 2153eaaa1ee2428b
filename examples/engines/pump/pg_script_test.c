/*
 * One world per script: executors and flows by name, tags by name, one scope that opens at its first use.
 *
 * An expression makes a value, which whoever asked for it releases. While `skip` is set nothing has an effect: that is
 * how the branch that wasn't chosen is read.
 */
#include "engines/pump/pg_script_test.h"

#include "engines/pump/pump.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
	WORD_BYTES = 48,
	TEXT_BYTES = 256,
	TRACE_BYTES = 8192,
	THINGS_MAX = 32,
	TAGS_MAX = 16,
	EXTENSIONS_MAX = 8
};

struct thing {
	char name[WORD_BYTES];
	struct pg_executor *executor; /* or */
	struct pg_flow *flow;
	const char *body; /* behind its brace */
	unsigned runs;
};

/* What an extension does, and logs. */
enum hook {
	HOOK_WRAP = 1,
	HOOK_START = 2,
	HOOK_END = 4,
	HOOK_ERROR = 8,
	HOOK_HANDLE = 16,
	HOOK_PASS = 32,
	HOOK_PANIC = 64,
	HOOK_REFUSE = 128,
	HOOK_DISPOSE = 256,
	HOOK_FAIL_END = 512
};
static const char *const hook_words[] = {
    "wrap", "start", "end", "error", "handle", "pass", "panic", "refuse", "dispose", "failend"};

struct tag {
	char name[WORD_BYTES];
	struct pg_tag tag;
};

struct extension {
	char name[WORD_BYTES];
	unsigned hooks;
	struct pg_extension extension;
};

static struct world {
	struct thing things[THINGS_MAX];
	struct tag tags[TAGS_MAX];
	struct extension extensions[EXTENSIONS_MAX];
	struct pg_extension *extension_list[EXTENSIONS_MAX];
	struct pg_preset presets[THINGS_MAX];
	uint32_t thing_count, tag_count, extension_count, preset_count;
	struct pg_scope *scope;
	struct pg_execution *last, *kept;
	struct pg_cancellation cancellation;
	char trace[TRACE_BYTES];
	size_t trace_length;
} world;

struct reader {
	const char *at;
	struct pg_call *call; /* NULL: outside of factories */
	bool skip;
};

/* --- the trace --- */

static void log_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void log_text(const char *format, ...)
{
	const size_t room = sizeof(world.trace) - world.trace_length;
	va_list arguments;
	int length = 0;

	if (room <= 2)
		return;
	if (world.trace_length > 0)
		world.trace[world.trace_length++] = ' ';
	va_start(arguments, format);
	length = vsnprintf(world.trace + world.trace_length, room - 1, format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < room - 1)
		world.trace_length += (size_t)length;
}

static const char *text_of(struct value value, char text[TEXT_BYTES])
{
	switch ((enum value_tag)value.tag) {
	case VALUE_BOOLEAN:
		return value.as.boolean ? "true" : "false";
	case VALUE_INTEGER:
		(void)snprintf(text, TEXT_BYTES, "%jd", (intmax_t)value.as.integer);
		return text;
	case VALUE_NUMBER:
		(void)snprintf(text, TEXT_BYTES, "%g", value.as.number);
		return text;
	case VALUE_STRING:
		(void)snprintf(text, TEXT_BYTES, "%s", value.as.string);
		return text;
	case VALUE_UNDEFINED:
	case VALUE_NULL:
	case VALUE_OBJECT:
	case VALUE_DATE:
		break;
	}
	return "undefined";
}

/* Takes VALUE. */
static void log_value(struct value value)
{
	char text[TEXT_BYTES];

	log_text("%s", text_of(value, text));
	pg_value_release(value);
}

static void log_outcome(bool ok, struct value value, const struct pg_error *error)
{
	if (ok)
		log_value(value);
	else
		log_text("!%s", error->message);
}

static void log_found(bool found, struct value value)
{
	if (found)
		log_value(value);
	else
		log_text("absent");
}

static _Noreturn void wrong(const struct reader *reader, const char *what)
{
	fprintf(stderr, "script: %s before: %.60s\n", what, reader->at);
	exit(2);
}

/* --- words --- */

static void skip_blanks(struct reader *reader)
{
	while (isspace((unsigned char)*reader->at) || *reader->at == ';')
		reader->at++;
}

static bool is_word_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool take(struct reader *reader, const char *text)
{
	const size_t length = strlen(text);

	skip_blanks(reader);
	if (strncmp(reader->at, text, length) != 0 ||
	    (is_word_character(text[length - 1]) && is_word_character(reader->at[length])))
		return false;
	reader->at += length;
	return true;
}

static void need(struct reader *reader, const char *text)
{
	if (!take(reader, text))
		wrong(reader, text);
}

static const char *word(struct reader *reader, char text[WORD_BYTES])
{
	size_t length = 0;

	skip_blanks(reader);
	while (is_word_character(reader->at[length]) && length < WORD_BYTES - 1)
		length++;
	if (length == 0)
		wrong(reader, "a word is missing");
	memcpy(text, reader->at, length);
	text[length] = '\0';
	reader->at += length;
	return text;
}

static const char *block(struct reader *reader)
{
	const char *body = NULL;
	int depth = 1;

	need(reader, "{");
	body = reader->at;
	for (; depth > 0; reader->at++) {
		if (*reader->at == '\0')
			wrong(reader, "a brace is missing");
		depth += *reader->at == '{';
		depth -= *reader->at == '}';
	}
	return body;
}

/* --- names --- */

static struct thing *find_thing(const char *name)
{
	for (uint32_t i = 0; i < world.thing_count; i++)
		if (strcmp(world.things[i].name, name) == 0)
			return &world.things[i];
	fprintf(stderr, "script: nothing is called %s\n", name);
	exit(2);
}

static struct thing *thing(struct reader *reader)
{
	char name[WORD_BYTES];

	return find_thing(word(reader, name));
}

static const struct pg_tag *tag(struct reader *reader)
{
	static const struct {
		const char *name;
		const struct pg_tag *tag;
	} builtin[] = {{"name", &pg_tag_flow_name}, {"start", &pg_tag_start_time},
	    {"end", &pg_tag_end_time}, {"status", &pg_tag_status}, {"error", &pg_tag_error},
	    {"output", &pg_tag_output}, {"stack", &pg_tag_panic_stack}};
	char name[WORD_BYTES];
	struct tag *made = NULL;

	word(reader, name);
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		if (strcmp(builtin[i].name, name) == 0)
			return builtin[i].tag;
	for (uint32_t i = 0; i < world.tag_count; i++)
		if (strcmp(world.tags[i].name, name) == 0)
			return &world.tags[i].tag;
	if (world.tag_count == TAGS_MAX)
		wrong(reader, "too many tags");
	made = &world.tags[world.tag_count++];
	(void)snprintf(made->name, WORD_BYTES, "%s", name);
	made->tag.key = made->name;
	return &made->tag;
}

static struct pg_scope *scope(void)
{
	struct pg_error error = {0};
	const struct pg_scope_config config = {.extensions = world.extension_list,
	    .extension_count = world.extension_count,
	    .presets = world.presets,
	    .preset_count = world.preset_count};

	if (world.scope == NULL)
		world.scope = pg_scope_open(&config, &error);
	return world.scope;
}

/* --- expressions --- */

static struct value expression(struct reader *reader);

static struct value number(struct reader *reader)
{
	char *end_integer = NULL;
	char *end_number = NULL;
	const long long integer = strtoll(reader->at, &end_integer, 10);
	const double amount = strtod(reader->at, &end_number);
	const bool whole = end_number == end_integer;

	reader->at = end_number;
	return whole ? value_integer(integer) : value_number(amount);
}

static struct value quoted(struct reader *reader)
{
	const size_t length = strcspn(reader->at, "\"");
	const char *start = reader->at;

	reader->at += length + 1;
	return reader->skip ? value_undefined() : pg_string("%.*s", (int)length, start);
}

/* own(tag), parent(tag), lookup(tag), scope(tag): of the execution that runs. */
static struct value tag_of(
    struct reader *reader, bool (*get)(const struct pg_execution *execution,
			       const struct pg_tag *tag, struct value *ret_value))
{
	struct value value = value_undefined();
	const struct pg_tag *asked = NULL;

	need(reader, "(");
	asked = tag(reader);
	need(reader, ")");
	if (!reader->skip && !get(reader->call->execution, asked, &value))
		return value_string("absent");
	return value;
}

static struct value sub_flow(struct reader *reader)
{
	struct value value = value_undefined();
	struct pg_error error = {0};
	const struct thing *flow = NULL;

	need(reader, "(");
	flow = thing(reader);
	need(reader, ")");
	if (!reader->skip &&
	    !pg_exec_sub(reader->call->execution, flow->flow, &value, NULL, &error))
		return pg_call_fail(reader->call, "%s", error.message);
	return value;
}

static struct value primary(struct reader *reader)
{
	struct value value = value_undefined();

	skip_blanks(reader);
	if (isdigit((unsigned char)*reader->at) || *reader->at == '-')
		return number(reader);
	if (take(reader, "\""))
		return quoted(reader);
	if (take(reader, "$")) {
		const uint32_t place = (uint32_t)(*reader->at++ - '1');

		return reader->skip ? value : pg_call_get(reader->call, place);
	}
	if (take(reader, "(")) {
		value = expression(reader);
		need(reader, ")");
		return value;
	}
	if (take(reader, "true"))
		return value_boolean(true);
	if (take(reader, "false"))
		return value_boolean(false);
	if (take(reader, "own"))
		return tag_of(reader, pg_execution_get);
	if (take(reader, "parent"))
		return tag_of(reader, pg_execution_get_from_parent);
	if (take(reader, "lookup"))
		return tag_of(reader, pg_execution_lookup);
	if (take(reader, "scope"))
		return tag_of(reader, pg_execution_get_from_scope);
	if (take(reader, "sub"))
		return sub_flow(reader);
	wrong(reader, "no expression");
}

static struct value product(struct reader *reader)
{
	struct value left = primary(reader);

	while (take(reader, "*"))
		left = value_integer(left.as.integer * primary(reader).as.integer);
	return left;
}

/* Of two numbers, or of two texts, of which one may be a number. Takes both. */
static struct value sum_of(struct value left, struct value right)
{
	char texts[2][TEXT_BYTES];
	struct value sum = value_undefined();

	if (value_is(left, VALUE_STRING) || value_is(right, VALUE_STRING))
		sum = pg_string("%s%s", text_of(left, texts[0]), text_of(right, texts[1]));
	else if (value_is(left, VALUE_INTEGER) && value_is(right, VALUE_INTEGER))
		sum = value_integer(left.as.integer + right.as.integer);
	pg_value_release(left);
	pg_value_release(right);
	return sum;
}

static struct value sum(struct reader *reader)
{
	struct value left = product(reader);

	while (take(reader, "+"))
		left = sum_of(left, product(reader));
	return left;
}

static struct value comparison(struct reader *reader)
{
	const struct value left = sum(reader);
	struct value right;
	bool same = false;

	if (!take(reader, "=="))
		return left;
	right = sum(reader);
	same = value_same(left, right);
	pg_value_release(left);
	pg_value_release(right);
	return value_boolean(same);
}

static struct value expression(struct reader *reader)
{
	const struct value condition = comparison(reader);
	const bool skip = reader->skip;
	struct value chosen[2];
	bool holds = false;

	if (!take(reader, "?"))
		return condition;
	holds = condition.as.boolean;
	reader->skip = skip || !holds;
	chosen[0] = expression(reader);
	need(reader, ":");
	reader->skip = skip || holds;
	chosen[1] = expression(reader);
	reader->skip = skip;
	return chosen[holds ? 0 : 1];
}

/* As text, which the caller needs no longer than until the next. */
static const char *message(struct reader *reader)
{
	static char text[TEXT_BYTES];
	const struct value value = expression(reader);
	char own[TEXT_BYTES];

	(void)snprintf(text, sizeof(text), "%s", text_of(value, own));
	pg_value_release(value);
	return text;
}

/* --- the bodies of factories --- */

struct cleanup {
	bool fails;
	char text[TEXT_BYTES];
};

/* The engine keeps no argument but a pointer: cleanups live as long as the world. */
static struct cleanup cleanups[64];
static size_t cleanup_count;

static bool run_cleanup(void *argument, struct pg_error *ret_error)
{
	const struct cleanup *cleanup = argument;

	log_text("%s", cleanup->text);
	if (!cleanup->fails)
		return true;
	(void)snprintf(ret_error->message, PG_MESSAGE_BYTES, "%.150s failed", cleanup->text);
	return false;
}

static void register_cleanup(struct reader *reader)
{
	struct cleanup *cleanup =
	    &cleanups[cleanup_count++ % (sizeof(cleanups) / sizeof(cleanups[0]))];

	(void)snprintf(cleanup->text, TEXT_BYTES, "%s", message(reader));
	cleanup->fails = take(reader, "fails");
	if (!reader->call->failed)
		pg_call_on_cleanup(reader->call, run_cleanup, cleanup);
}

/* True: the body ends here, with *ret_value. */
static bool body_statement(struct reader *reader, struct value *ret_value)
{
	if (take(reader, "log")) {
		const char *text = message(reader);

		if (!reader->call->failed)
			log_text("%s", text);
	} else if (take(reader, "cleanup")) {
		register_cleanup(reader);
	} else if (take(reader, "fail")) {
		*ret_value = pg_call_fail(reader->call, "%s", message(reader));
	} else if (take(reader, "panic")) {
		pg_panic(message(reader));
	} else if (take(reader, "return")) {
		*ret_value = expression(reader);
		return true;
	} else if (take(reader, "set")) {
		const struct pg_tag *key = tag(reader);

		pg_execution_set(reader->call->execution, key, expression(reader));
	} else if (take(reader, "cancel")) {
		world.cancellation.cancelled = true;
	} else {
		wrong(reader, "no statement of a body");
	}
	return reader->call->failed;
}

static struct value run_body(struct pg_call *call)
{
	struct thing *self = *(struct thing *const *)call->captured;
	struct reader reader = {.at = self->body, .call = call};
	struct value value = value_undefined();

	self->runs++;
	while (!take(&reader, "}") && !body_statement(&reader, &value))
		;
	return value;
}

/* --- definitions --- */

static struct thing *new_thing(struct reader *reader)
{
	struct thing *made = &world.things[world.thing_count];

	if (world.thing_count == THINGS_MAX)
		wrong(reader, "too many names");
	word(reader, made->name);
	world.thing_count++;
	return made;
}

static uint32_t dependencies(struct reader *reader, struct pg_dependency list[PG_DEPENDENCIES_MAX])
{
	uint32_t count = 0;

	if (!take(reader, "("))
		return 0;
	while (!take(reader, ")")) {
		if (count == PG_DEPENDENCIES_MAX)
			wrong(reader, "too many dependencies");
		if (take(reader, "reactive"))
			list[count++] = pg_reactive(thing(reader)->executor);
		else if (take(reader, "lazy"))
			list[count++] = pg_lazy(thing(reader)->executor);
		else
			list[count++] = pg_static(thing(reader)->executor);
		(void)take(reader, ",");
	}
	return count;
}

static void define(struct reader *reader, bool flow)
{
	struct pg_dependency list[PG_DEPENDENCIES_MAX];
	struct thing *made = new_thing(reader);
	const uint32_t count = dependencies(reader, list);
	const struct pg_factory factory = {
	    .run = run_body, .captured = &made, .captured_bytes = sizeof(void *)};

	made->body = block(reader);
	if (flow)
		made->flow = pg_flow_create(list, count, factory);
	else
		made->executor = count > 0 ? pg_derive(list, count, factory) : pg_provide(factory);
}

static void define_preset(struct reader *reader)
{
	struct pg_preset *preset = &world.presets[world.preset_count++];

	preset->executor = thing(reader)->executor;
	if (take(reader, "by"))
		preset->replacement = thing(reader)->executor;
	else
		preset->value = expression(reader);
}

/* --- extensions --- */

static struct extension *own(struct pg_extension *self)
{
	return self->user;
}

static bool hook_wrap(struct pg_extension *self, struct pg_next *next,
    const struct pg_operation *operation, struct value *ret_value, struct pg_error *ret_error)
{
	const char *what = operation->kind == PG_UPDATE ? "update" : "resolve";
	bool ok = false;

	log_text("%s:%s{", self->name, what);
	ok = pg_next_run(next, ret_value, ret_error);
	log_text("}%s", self->name);
	return ok;
}

static void hook_error(
    struct pg_extension *self, const struct pg_error *error, const struct pg_operation *operation)
{
	(void)operation;
	log_text("%s:error:%s", self->name, error->message);
}

static bool hook_cleanup_error(struct pg_extension *self, struct pg_executor *executor,
    const struct pg_error *error, const char *context)
{
	log_text("%s:%s:%s", self->name, context, error->message);
	for (uint32_t i = 0; i < world.tag_count; i++) {
		struct value value = value_undefined();

		if (pg_executor_tag(executor, &world.tags[i].tag, &value))
			log_value(value);
	}
	return (own(self)->hooks & HOOK_HANDLE) != 0;
}

static bool hook_start(struct pg_extension *self, struct pg_execution *execution,
    struct pg_flow *flow, struct pg_error *ret_error)
{
	(void)execution;
	(void)flow;
	log_text("%s:start", self->name);
	return (own(self)->hooks & HOOK_REFUSE) == 0 || pg_fail_constant(ret_error, "not now");
}

static bool hook_end(struct pg_extension *self, struct pg_execution *execution,
    const struct pg_error *error, struct pg_error *ret_error)
{
	(void)execution;
	log_text("%s:end%s%s", self->name, error != NULL ? ":" : "",
	    error != NULL ? error->message : "");
	return (own(self)->hooks & HOOK_FAIL_END) == 0 || pg_fail_constant(ret_error, "bad end");
}

static void hook_panic(struct pg_extension *self, struct pg_execution *execution, const char *text)
{
	(void)execution;
	log_text("%s:panic:%s", self->name, text);
}

static bool hook_dispose(
    struct pg_extension *self, struct pg_scope *disposed, struct pg_error *ret_error)
{
	(void)disposed;
	(void)ret_error;
	log_text("%s:dispose", self->name);
	return true;
}

static void take_hooks(struct reader *reader, struct extension *made)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < sizeof(hook_words) / sizeof(hook_words[0]); i++)
			if (take(reader, hook_words[i])) {
				made->hooks |= 1U << i;
				more = true;
			}
	}
	need(reader, "]");
}

/* extension NAME ORDER [hooks] */
static void define_extension(struct reader *reader)
{
	struct extension *made = &world.extensions[world.extension_count];
	struct pg_extension *extension = &made->extension;

	*made = (struct extension){0};
	word(reader, made->name);
	extension->name = made->name;
	extension->user = made;
	extension->order = (int)expression(reader).as.integer;
	need(reader, "[");
	take_hooks(reader, made);
	extension->wrap = made->hooks & HOOK_WRAP ? hook_wrap : NULL;
	extension->on_error = made->hooks & HOOK_ERROR ? hook_error : NULL;
	extension->on_cleanup_error =
	    made->hooks & (HOOK_HANDLE | HOOK_PASS) ? hook_cleanup_error : NULL;
	extension->on_flow_start = made->hooks & (HOOK_START | HOOK_REFUSE) ? hook_start : NULL;
	extension->on_flow_end = made->hooks & (HOOK_END | HOOK_FAIL_END) ? hook_end : NULL;
	extension->on_flow_panic = made->hooks & HOOK_PANIC ? hook_panic : NULL;
	extension->dispose = made->hooks & HOOK_DISPOSE ? hook_dispose : NULL;
	world.extension_list[world.extension_count++] = extension;
}

/* --- statements --- */

static void do_resolve(struct reader *reader)
{
	struct value value = value_undefined();
	struct pg_error error = {0};
	const bool ok = pg_resolve(scope(), thing(reader)->executor, &value, &error);

	log_outcome(ok, value, &error);
}

static void do_update(struct reader *reader)
{
	struct pg_executor *executor = thing(reader)->executor;
	struct pg_error error = {0};

	if (!pg_update(scope(), executor, expression(reader), &error))
		log_text("!%s", error.message);
}

static void do_peek(struct reader *reader)
{
	struct value value = value_undefined();
	const bool found =
	    pg_controller_peek(pg_controller(scope(), thing(reader)->executor), &value);

	log_found(found, value);
}

static void do_release(struct reader *reader)
{
	pg_controller_release(pg_controller(scope(), thing(reader)->executor));
}

static void do_reload(struct reader *reader)
{
	struct value value = value_undefined();
	struct pg_error error = {0};
	const bool ok =
	    pg_controller_reload(pg_controller(scope(), thing(reader)->executor), &value, &error);

	log_outcome(ok, value, &error);
}

static void do_cached(struct reader *reader)
{
	log_text("%s", pg_controller_is_cached(pg_controller(scope(), thing(reader)->executor))
			   ? "cached"
			   : "gone");
}

static void do_runs(struct reader *reader)
{
	log_text("%u", thing(reader)->runs);
}

/* run: as exec, without a word to the trace. */
static void execute(struct reader *reader, bool quiet)
{
	const struct thing *flow = thing(reader);
	struct value value = value_undefined();
	struct pg_error error = {0};
	bool ok = false;

	if (world.last != world.kept)
		pg_execution_free(world.last);
	ok = pg_exec(scope(), &world.cancellation, flow->flow, &value, &world.last, &error);
	if (quiet)
		pg_value_release(value);
	else
		log_outcome(ok, value, &error);
}

static void do_exec(struct reader *reader)
{
	execute(reader, false);
}

static void do_run(struct reader *reader)
{
	execute(reader, true);
}

static void log_data(const struct pg_execution *execution, const struct pg_tag *key)
{
	struct value value = value_undefined();

	log_found(execution != NULL && pg_execution_get(execution, key, &value), value);
}

static void do_data(struct reader *reader)
{
	log_data(world.last, tag(reader));
}

static void do_kept(struct reader *reader)
{
	log_data(world.kept, tag(reader));
}

static void do_keep(struct reader *reader)
{
	(void)reader;
	world.kept = world.last;
}

static void do_id(struct reader *reader)
{
	char text[PG_ID_BYTES];

	(void)reader;
	if (world.last == NULL)
		log_text("none");
	else
		log_text("<%s>", pg_execution_name(world.last, text));
}

static void do_cancel(struct reader *reader)
{
	(void)reader;
	world.cancellation.cancelled = true;
}

static void do_tree(struct reader *reader)
{
	const struct pg_node *root = pg_tree_root(scope(), 0);
	const char *id = root != NULL ? pg_node_id(root) : "none";

	(void)reader;
	log_text("%u nodes %u roots first %s with %u", pg_tree_node_count(scope()),
	    pg_tree_root_count(scope()), id, root != NULL ? pg_tree_child_count(scope(), id) : 0);
}

static bool log_node(const struct pg_node *node, void *unused)
{
	(void)unused;
	log_text("%s", pg_node_id(node));
	return true;
}

/* The nodes in order of insertion, with their parents; then the first root's tree, parents first. */
static void do_walk(struct reader *reader)
{
	(void)reader;
	for (uint32_t i = 0; i < pg_tree_node_count(scope()); i++) {
		const struct pg_node *node = pg_tree_node_at(scope(), i);
		const char *parent = pg_node_parent_id(node);

		log_text("%s<%s", pg_node_id(node), parent != NULL ? parent : "");
	}
	log_text("|");
	pg_tree_walk(scope(), pg_node_id(pg_tree_root(scope(), 0)), log_node, NULL);
}

/* node ID TAG */
static void do_node(struct reader *reader)
{
	char id[WORD_BYTES];
	const struct pg_node *node = pg_tree_node(scope(), word(reader, id));
	const struct pg_tag *key = tag(reader);
	struct value value = value_undefined();

	log_found(node != NULL && pg_node_tag(node, key, &value), value);
}

static void do_tag(struct reader *reader)
{
	const struct thing *tagged = thing(reader);
	const struct pg_tag *key = tag(reader);
	const struct value value = expression(reader);

	if (tagged->executor != NULL)
		pg_executor_set_tag(tagged->executor, key, value);
	else
		pg_flow_set_tag(tagged->flow, key, value);
}

static void do_read_tag(struct reader *reader)
{
	const struct thing *tagged = thing(reader);
	const struct pg_tag *key = tag(reader);
	struct value value = value_undefined();
	const bool found = tagged->executor != NULL ? pg_executor_tag(tagged->executor, key, &value)
						    : pg_flow_tag(tagged->flow, key, &value);

	log_found(found, value);
}

static void do_must_tag(struct reader *reader)
{
	const struct thing *tagged = thing(reader);
	struct value value = value_undefined();
	struct pg_error error = {0};
	const bool ok = pg_executor_must_tag(tagged->executor, tag(reader), &value, &error);

	log_outcome(ok, value, &error);
}

static void do_scope_tag(struct reader *reader)
{
	const struct pg_tag *key = tag(reader);

	pg_scope_set_tag(scope(), key, expression(reader));
}

static void do_dispose(struct reader *reader)
{
	struct pg_error error = {0};

	(void)reader;
	if (!pg_dispose(scope(), &error))
		log_text("!%s", error.message);
}

static void do_reset(struct reader *reader)
{
	(void)reader;
	pg_scope_reset_cache(scope());
}

static void do_drop(struct reader *reader)
{
	struct thing *dropped = thing(reader);

	pg_executor_free(dropped->executor);
	dropped->executor = NULL;
}

/* Edges visited since the last time. */
static void do_edges(struct reader *reader)
{
	(void)reader;
	log_text("%ju", (uintmax_t)pg_counts.edges_visited);
	pg_counts.edges_visited = 0;
}

static void do_log(struct reader *reader)
{
	log_text("%s", message(reader));
}

static void do_provide(struct reader *reader)
{
	define(reader, false);
}

static void do_flow(struct reader *reader)
{
	define(reader, true);
}

static void run(const char *script);

static void do_repeat(struct reader *reader)
{
	const int64_t times = expression(reader).as.integer;
	const char *body = block(reader);

	for (int64_t i = 0; i < times; i++)
		run(body);
}

static const struct {
	const char *word;
	void (*run)(struct reader *reader);
} statements[] = {
    {"provide", do_provide},
    {"derive", do_provide},
    {"flow", do_flow},
    {"preset", define_preset},
    {"extension", define_extension},
    {"resolve", do_resolve},
    {"update", do_update},
    {"peek", do_peek},
    {"release", do_release},
    {"reload", do_reload},
    {"cached", do_cached},
    {"runs", do_runs},
    {"exec", do_exec},
    {"run", do_run},
    {"data", do_data},
    {"keep", do_keep},
    {"kept", do_kept},
    {"id", do_id},
    {"cancel", do_cancel},
    {"tree", do_tree},
    {"walk", do_walk},
    {"node", do_node},
    {"tag", do_tag},
    {"readtag", do_read_tag},
    {"musttag", do_must_tag},
    {"scopetag", do_scope_tag},
    {"dispose", do_dispose},
    {"reset", do_reset},
    {"drop", do_drop},
    {"edges", do_edges},
    {"log", do_log},
    {"repeat", do_repeat},
};

/* To the end of the text, or to the brace that closes it. */
static void run(const char *script)
{
	struct reader reader = {.at = script};

	while (!take(&reader, "}") && *reader.at != '\0') {
		size_t i = 0;

		while (i < sizeof(statements) / sizeof(statements[0]) &&
		       !take(&reader, statements[i].word))
			i++;
		if (i == sizeof(statements) / sizeof(statements[0]))
			wrong(&reader, "no statement");
		statements[i].run(&reader);
	}
}

static void end_world(void)
{
	if (world.kept != world.last)
		pg_execution_free(world.kept);
	pg_execution_free(world.last);
	pg_scope_free(world.scope);
	for (uint32_t i = 0; i < world.preset_count; i++)
		pg_value_release(world.presets[i].value);
	for (uint32_t i = 0; i < world.thing_count; i++) {
		pg_executor_free(world.things[i].executor);
		pg_flow_free(world.things[i].flow);
	}
	pg_pools_release();
}

const char *pg_script_run(const char *script)
{
	memset(&world, 0, sizeof(world));
	cleanup_count = 0;
	pg_counts = (struct pg_counts){0};
	run(script);
	end_world();
	return world.trace;
}
