/*
 * The field of a type, as a person reads it. Filled by type_names.c.
 */
#ifndef SYMBOLS_TYPE_FIELD_H
#define SYMBOLS_TYPE_FIELD_H

#define TYPE_PATH_BYTES 256

struct type_field {
	char path[TYPE_PATH_BYTES]; /* ".subscribers", "[2].next" */
	const char *pointee;	    /* the type that it points to; NULL unknown, or no pointer */
};

#endif
