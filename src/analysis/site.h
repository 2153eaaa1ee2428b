/*
 * Sites: the frame of a stack that a person wants to see, and texts for frames and whole stacks.
 *
 * The site is the innermost frame that is neither the allocator's own nor a trivial wrapper around
 * it (operator new, strdup and its kin, xmalloc-like names, g_malloc, std::allocator, ...; plus the
 * caller's patterns). Inlined frames count as frames. Frames of libc and ld.so count like any
 * other. Frames inside the preload are never shown. When everything would be skipped, the innermost
 * frame outside the preload is the site.
 *
 * Texts: `function (file:line)` with the base name of the file; `function (module)` without line
 * numbers; `module+0x12ab` without a name; `0x7f12ab` without a module. Normalised texts name
 * functions only (no lines, no addresses of a process), so that they compare across runs and
 * builds; frames without names keep module+offset there, which compares across runs of one build,
 * and are `[unknown]` without a module.
 */
#ifndef ANALYSIS_SITE_H
#define ANALYSIS_SITE_H

#include "analysis/frame_names.h"
#include "analysis/heap.h"

struct site_rules {
	/* patterns: '*' any run, '?' any character; matched against the function's name with and
	 * without its parameters */
	const char *const *skip;
	size_t skip_count;
	bool show_all_frames; /* wrappers are shown and may be sites */
};

/* One frame of a stack. */
struct site_frame {
	uint32_t node;
	uint32_t module;	       /* row of MODULES; 0 unknown */
	uint64_t offset;	       /* module-relative pc (the pc itself without a module) */
	const struct frame_name *name; /* NULL: no name */
	uint32_t inline_depth;	       /* 0: the innermost of the node's frames */
	bool wrapper;		       /* skipped when looking for the site */
};

/* True when FUNCTION is the allocator's own or a trivial wrapper by the built-in list or RULES
 * (may be NULL). */
bool site_is_wrapper(const struct site_rules *rules, const char *function);
/* Walk a logical stack, innermost first, without the frames of the preload. Returns the number
 * of frames of the whole stack and fills at most CAPACITY of them. NAMES may be NULL. */
size_t site_frames(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, struct site_frame *frames, size_t capacity);
/* The site of a logical stack. False when the stack has no frame at all (*ret_site is then
 * zeroed). */
bool site_of_stack(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, struct site_frame *ret_site);

/* Finds sites of many stacks fast: what was decided about a node is remembered. */
struct site_finder {
	const struct heap *heap;
	const struct frame_names *names;
	const struct site_rules *rules;
	uint8_t *decisions; /* by node */
};
/* What is passed must outlive the finder. 0, or STATUS_NO_MEMORY. */
int site_finder_open(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, struct site_finder *ret_finder);
void site_finder_release(struct site_finder *finder);
/* As site_of_stack. */
bool site_finder_find(struct site_finder *finder, uint32_t stack, struct site_frame *ret_site);

/* Texts, cut to fit and always ended. Return the length the whole text has (like snprintf). */
size_t site_text(const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes);
size_t site_text_normalised(
    const struct heap *heap, const struct site_frame *frame, char *text, size_t bytes);
/* Frames from the site outwards (from the innermost with show_all_frames), normalised, innermost
 * first, joined with ';'. */
size_t site_stack_text_normalised(const struct heap *heap, const struct frame_names *names,
    const struct site_rules *rules, uint32_t stack, char *text, size_t bytes);
/* Base name of the path of a module; "" for row 0. */
const char *site_module_name(const struct heap *heap, uint32_t module);

#endif
