/* Maps whose header is a block, maps of tags, and computed strings. */
#include "engines/pump/pg_internal.h"

#include <stdarg.h>

void pg_map_open(struct omap **place, const struct pg_map_kind *kind)
{
	if (pg_options.lazy_headers != 0)
		return;
	*place = pg_books[kind->header].make(sizeof(**place));
	**place = (struct omap){0};
}

struct value *pg_map_set(
    struct omap **place, const struct pg_map_kind *kind, struct value key, struct value value)
{
	if (*place == NULL) {
		*place = pg_books[kind->header].make(sizeof(**place));
		**place = (struct omap){0};
	}
	return omap_set(*place, &kind->table, key, value);
}

struct value *pg_map_find(const struct omap *map, struct value key)
{
	return map != NULL ? omap_find(map, key) : NULL;
}

void pg_map_free(struct omap **place, const struct pg_map_kind *kind)
{
	if (*place == NULL)
		return;
	omap_release(*place, &kind->table);
	pg_free(kind->header, *place, sizeof(**place));
	*place = NULL;
}

void pg_tags_set(struct omap **place, const struct pg_map_kind *kind, const struct pg_tag *tag,
    struct value value)
{
	struct value *old = pg_map_find(*place, pg_tag_value(tag));

	if (old != NULL)
		pg_value_release(*old);
	pg_map_set(place, kind, pg_tag_value(tag), value);
}

bool pg_tags_get(const struct omap *map, const struct pg_tag *tag, struct value *ret_value)
{
	const struct value *found = pg_map_find(map, pg_tag_value(tag));

	if (found == NULL)
		return false;
	*ret_value = pg_value_retain(*found);
	return true;
}

void pg_tags_clear(struct omap *map)
{
	for (uint32_t i = 0; i < map->count; i++)
		pg_value_release(map->entries[i].value);
	omap_clear(map);
}

void pg_tags_free(struct omap **place, const struct pg_map_kind *kind)
{
	if (*place != NULL)
		pg_tags_clear(*place);
	pg_map_free(place, kind);
}

/* --- computed strings: characters, 0, padding, number of references --- */

static uint32_t *references_of(struct value value)
{
	return (uint32_t *)((char *)value.as.object + value.owned_bytes - sizeof(uint32_t));
}

static bool is_computed(struct value value)
{
	return value_is(value, VALUE_STRING) && value.owned_bytes > 0;
}

struct value pg_string(const char *format, ...)
{
	struct value value = {.tag = VALUE_STRING};
	va_list arguments;
	int length = 0;
	size_t padded = 0;
	char *text = NULL;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	padded = ((size_t)length + sizeof(uint32_t)) / sizeof(uint32_t) * sizeof(uint32_t);
	value.owned_bytes = (uint32_t)(padded + sizeof(uint32_t));
	pg_enter();
	text = pg_string_new(value.owned_bytes);
	pg_leave();
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	value.as.string = text;
	*references_of(value) = 1;
	return value;
}

struct value pg_value_retain(struct value value)
{
	if (!is_computed(value))
		return value;
	pg_enter();
	++*references_of(value);
	pg_leave();
	return value;
}

void pg_value_release(struct value value)
{
	if (!is_computed(value))
		return;
	pg_enter();
	if (--*references_of(value) == 0)
		pg_free(PG_STRING_BLOCK, value.as.object, value.owned_bytes);
	pg_leave();
}
