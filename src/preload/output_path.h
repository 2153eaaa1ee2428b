/* Where a snapshot goes: the pattern of ALLOCSCOPE_OUTPUT expanded, made absolute from the directory of the start. */
#ifndef PRELOAD_OUTPUT_PATH_H
#define PRELOAD_OUTPUT_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/options.h"

void output_path_init(void);
/* Expand the pattern; INFIX ("first", "last", or NULL) goes before ".snap". SERIAL > 0: ".SERIAL" before ".snap" too.
 * False when it does not fit. */
bool output_path_make(char path[OPTIONS_PATH_BYTES], const char *infix, uint32_t serial);
/* PATH as given by the API: made absolute. */
bool output_path_absolute(char path[OPTIONS_PATH_BYTES], const char *given);

const char *output_program_name(void);	  /* base name */
const char *output_executable_path(void); /* or "" */
const char *output_host_name(void);
const char *output_start_directory(void);

#endif
