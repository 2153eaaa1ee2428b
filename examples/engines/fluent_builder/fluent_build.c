/* The end of a builder's use: an object now or later, and the builder's way back to its pool. */
#include "engines/fluent_builder/fluent_internal.h"

struct fluent_promise {
	bool settled;
	struct fluent_outcome outcome;
};

/* Settles a promise when its turn comes. */
struct fluent_job {
	struct fluent_job *next;
	struct fluent_promise *promise;
	struct fluent_builder *builder;
	struct fluent_outcome outcome;
};

/* The jobs that wait, first in, first out. */
static struct fluent_job *first_job;
static struct fluent_job *last_job;

struct fluent_proxy *fluent_factory_call(struct fluent_factory *factory)
{
	struct fluent_builder *builder = fluent_pool_get(&factory->pool->objects);

	fluent_pool_retain(factory->pool);
	return builder->proxy;
}

static struct fluent_outcome build_instance(const struct fluent_builder *builder)
{
	const struct fluent_class *class_constructor =
	    ((const struct fluent_class_builder *)builder)->class_constructor;
	const char *message = "classConstructor is not a constructor";
	struct fluent_outcome outcome = {0};

	if (class_constructor != NULL)
		outcome.object = fluent_construct(class_constructor, builder->data, &message);
	if (outcome.object == NULL)
		outcome.error = fluent_error_new(message);
	return outcome;
}

struct fluent_outcome fluent_build_object(const struct fluent_builder *builder)
{
	const struct fluent_schema *schema = NULL;

	switch (builder->config->mode) {
	case FLUENT_CLASS:
		return build_instance(builder);
	case FLUENT_SCHEMA:
		schema = ((const struct fluent_schema_builder *)builder)->schema;
		return schema->parse(schema, builder->data);
	case FLUENT_INTERFACE:
	case FLUENT_MODE_COUNT:
		break;
	}
	return (struct fluent_outcome){.object = fluent_object_copy(FLUENT_RESULT, builder->data,
					   fluent_object_defined(builder->data))};
}

void fluent_builder_built(struct fluent_builder *builder)
{
	struct fluent_pool *home = builder->home;

	if (fluent_options.release != FLUENT_RELEASE_AUTO)
		return;
	fluent_pool_release(&home->objects, builder);
	fluent_pool_unreference(home);
}

struct fluent_outcome fluent_build(struct fluent_proxy *builder)
{
	const struct fluent_outcome outcome = fluent_build_object(builder->builder);

	fluent_builder_built(builder->builder);
	return outcome;
}

void fluent_builder_drop(struct fluent_proxy *builder)
{
	struct fluent_pool *home = builder->builder->home;

	fluent_builder_destroy(builder->builder);
	fluent_pool_unreference(home);
}

struct fluent_promise *fluent_build_async(struct fluent_proxy *builder)
{
	struct fluent_promise *promise = fluent_new_promise(sizeof(*promise));
	struct fluent_job *job = fluent_new_job(sizeof(*job));

	*promise = (struct fluent_promise){.settled = false};
	*job = (struct fluent_job){
	    .promise = promise,
	    .builder = builder->builder,
	    .outcome = fluent_build_object(builder->builder),
	};
	if (last_job != NULL)
		last_job->next = job;
	else
		first_job = job;
	last_job = job;
	return promise;
}

static void run_first_job(void)
{
	struct fluent_job *job = first_job;

	first_job = job->next;
	if (first_job == NULL)
		last_job = NULL;
	job->promise->outcome = job->outcome;
	job->promise->settled = true;
	fluent_builder_built(job->builder);
	fluent_free(FLUENT_JOB, job, sizeof(*job));
}

struct fluent_outcome fluent_await(struct fluent_promise *promise)
{
	struct fluent_outcome outcome;

	while (!promise->settled && first_job != NULL)
		run_first_job();
	outcome = promise->outcome;
	fluent_free(FLUENT_PROMISE, promise, sizeof(*promise));
	return outcome;
}
