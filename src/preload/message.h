/*
 * What we say to the user: one line, "allocscope: ..." on the stderr of the start, through a descriptor of our
 * own (programs close stderr before they are done). Never written when the number means another file by now.
 * Async-signal-safe.
 */
#ifndef PRELOAD_MESSAGE_H
#define PRELOAD_MESSAGE_H

#include <stdbool.h>

#include "base/text.h"

#define MESSAGE_BYTES 1024

/* Remember stderr. In the constructor. */
void message_init(void);
void message_set_quiet(bool quiet); /* quiet=1: warnings and failures only */
/* The descriptor that lines go to, or -1: they go nowhere. */
int message_descriptor(void);
/* Start a line in BUFFER of MESSAGE_BYTES. */
void message_begin(struct text *text, char buffer[MESSAGE_BYTES]);
void message_end(struct text *text);	    /* information: dropped when quiet */
void message_end_always(struct text *text); /* warning or failure */
/* Shorthand for a fixed warning with one detail (may be NULL). */
void message_warn(const char *what, const char *detail);

#endif
