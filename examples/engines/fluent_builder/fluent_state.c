/* States are objects that refuse to change. */
#include "engines/fluent_builder/fluent_state.h"

struct fluent_state_setter {
	const char *key;
	struct value value;
};

struct fluent_object *fluent_state_empty(void)
{
	struct fluent_object *state = fluent_object_new(FLUENT_STATE, 0);

	state->frozen = true;
	return state;
}

struct fluent_state_setter *fluent_state_with(const char *key, struct value value)
{
	struct fluent_state_setter *setter = fluent_new_state_setter(sizeof(*setter));

	*setter = (struct fluent_state_setter){.key = key, .value = value};
	return setter;
}

struct fluent_object *fluent_state_apply(
    struct fluent_state_setter *setter, const struct fluent_object *state)
{
	const uint32_t capacity = state->count + (fluent_object_get(state, setter->key) == NULL);
	struct fluent_object *next = fluent_object_copy(FLUENT_STATE, state, capacity);

	(void)fluent_object_set(next, setter->key, setter->value);
	next->frozen = true;
	fluent_free(FLUENT_STATE_SETTER, setter, sizeof(*setter));
	return next;
}

struct fluent_object *fluent_state_build(const struct fluent_object *state)
{
	return fluent_object_copy(FLUENT_RESULT, state, state->count);
}
