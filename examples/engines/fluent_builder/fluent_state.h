/*
 * The immutable builder: each with(value) makes a function, each call of it on a state makes a new, frozen state.
 *
 * Earlier states never change. States share values by reference and know nothing of each other.
 */
#ifndef ENGINES_FLUENT_STATE_H
#define ENGINES_FLUENT_STATE_H

#include "engines/fluent_builder/fluent_object.h"

struct fluent_state_setter;

struct fluent_object *fluent_state_empty(void);
/* with(key)(value): a function from a state to a state, to be called once. Takes VALUE. */
struct fluent_state_setter *fluent_state_with(const char *key, struct value value);
/* The state after STATE; frees the setter. */
struct fluent_object *fluent_state_apply(
    struct fluent_state_setter *setter, const struct fluent_object *state);
/* A copy that may change. */
struct fluent_object *fluent_state_build(const struct fluent_object *state);

#endif
