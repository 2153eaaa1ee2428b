/*
 * Types of blocks, as the caller of analysis provides them, like the names of frames (frame_names.h). Without them
 * a block's type is the label that the program gave.
 */
#ifndef ANALYSIS_BLOCK_NAMES_H
#define ANALYSIS_BLOCK_NAMES_H

#include <stdint.h>

struct block_names {
	/* The type of BLOCK, a row of the one snapshot that these names belong to; NULL unknown. It stays valid as
	 * long as the names do; equal types are mostly one pointer. */
	const char *(*type_of_block)(void *context, uint32_t block);
	void *context;
};

#endif
