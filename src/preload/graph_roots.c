#include "preload/graph_roots.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <time.h>

#include "preload/annotations.h"
#include "preload/arena.h"
#include "preload/loader.h"
#include "preload/memory_map.h"
#include "preload/modules.h"
#include "preload/system.h"
#include "preload/unwind_memory.h"

#define PAGE_END(address) (((address) + 4095) & ~(uintptr_t)4095)
#define SEGMENTS_MAX	  32768u
#define MODULES_TLS_MAX	  8192u
#define RANGES_MAX	  ((size_t)1 << 20)
#define CLAIMS_MAX	  ((size_t)1 << 20)
#define LIBC_HEAP_BYTES                                                                            \
	((uintptr_t)64 << 20) /* glibc's further arenas begin at multiples of this */

struct segment {
	uintptr_t start, end;
	uint32_t module;
};
struct claim {
	uintptr_t start, end;
};

static struct segment segments[SEGMENTS_MAX];
static size_t segment_count;
static struct graph_module_tls tls[MODULES_TLS_MAX];
static size_t tls_count;
static struct graph_range *ranges;
static size_t range_count;
static struct claim *claims; /* disjoint, ascending */
static size_t claim_count;

/* ---- modules ---- */

static void add_tls(const struct dl_phdr_info *info, uint32_t module, size_t bytes)
{
	uintptr_t pointer = (uintptr_t)__builtin_thread_pointer();
	uintptr_t data = (uintptr_t)info->dlpi_tls_data;

	if (tls_count == MODULES_TLS_MAX || info->dlpi_tls_modid == 0)
		return;
	tls[tls_count++] = (struct graph_module_tls){
	    .module = module,
	    .number = info->dlpi_tls_modid,
	    .bytes = bytes,
	    /* further away it is not part of the block that each thread has at its pointer */
	    .below_pointer = data != 0 && pointer - data < (1u << 20) ? pointer - data : 0,
	};
}

static int list_module(struct dl_phdr_info *info, size_t bytes, void *context)
{
	uint32_t module = 0;

	(void)context;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_LOAD && module == 0)
			module = modules_find(start);
		if (header->p_type == PT_LOAD && (header->p_flags & PF_W) != 0 &&
		    segment_count < SEGMENTS_MAX)
			segments[segment_count++] = (struct segment){
			    .start = start, .end = start + header->p_memsz, .module = module};
	}
	if (module == 0 || modules_get(module)->is_self)
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_TLS &&
		    bytes >= offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof(void *))
			add_tls(info, module, info->dlpi_phdr[i].p_memsz);
	return 0;
}

#define HEADERS_MAX 64

/* What stands at the start of MODULE. Another thread may have been unloading it when this process was forked: then the
 * memory is gone and nothing says so. */
static bool read_headers(const struct module *module, struct dl_phdr_info *ret_info)
{
	static ElfW(Phdr) headers[HEADERS_MAX]; /* under the snapshot lock */
	ElfW(Ehdr) header;

	if (!unwind_memory_copy(module->start, &header, sizeof header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phnum > HEADERS_MAX ||
	    !unwind_memory_copy(
		module->start + header.e_phoff, headers, header.e_phnum * sizeof headers[0]))
		return false;
	memset(ret_info, 0, sizeof *ret_info);
	ret_info->dlpi_addr = module->bias;
	ret_info->dlpi_phdr = headers;
	ret_info->dlpi_phnum = header.e_phnum;
	return true;
}

/* The loader must not be asked (a forked child): what stands at the start of each module says the same. */
static void list_from_memory(void)
{
	for (uint32_t row = 1; row < modules_count(); row++) {
		const struct module *module = modules_get(row);
		struct dl_phdr_info info;

		if (!atomic_load_explicit(&module->unloaded, memory_order_relaxed) &&
		    module->start == (module->start & ~(uintptr_t)4095) &&
		    read_headers(module, &info))
			(void)list_module(&info, 0, NULL);
	}
}

void graph_modules_list(void)
{
	segment_count = tls_count = 0;
	if (!loader_visit_all(list_module, NULL))
		list_from_memory();
}

uint32_t graph_module_of_libc(void)
{
	return modules_find((uintptr_t)&clock_gettime);
}

size_t graph_module_tls_count(void)
{
	return tls_count;
}

const struct graph_module_tls *graph_module_tls(size_t number)
{
	return &tls[number];
}

/* ---- claims and ranges ---- */

int graph_roots_begin(void)
{
	range_count = claim_count = 0;
	ranges = arena_map(RANGES_MAX * sizeof *ranges, ARENA_BUFFERS);
	claims = arena_map(CLAIMS_MAX * sizeof *claims, ARENA_BUFFERS);
	return ranges != NULL && claims != NULL ? 0 : -ENOMEM;
}

void graph_roots_release(void)
{
	arena_unmap(ranges, RANGES_MAX * sizeof *ranges, ARENA_BUFFERS);
	arena_unmap(claims, CLAIMS_MAX * sizeof *claims, ARENA_BUFFERS);
	ranges = NULL;
	claims = NULL;
	range_count = claim_count = 0;
}

/* Number of the first claim that ends above ADDRESS. */
static size_t first_claim_above(uintptr_t address)
{
	size_t low = 0, high = claim_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (claims[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void graph_roots_exclude(uintptr_t start, uintptr_t end)
{
	size_t first, last;

	if (start >= end)
		return;
	/* what touches it is swallowed */
	first = first_claim_above(start > 0 ? start - 1 : 0);
	for (last = first; last < claim_count && claims[last].start <= end; last++) {
		start = claims[last].start < start ? claims[last].start : start;
		end = claims[last].end > end ? claims[last].end : end;
	}
	if (first == last && claim_count == CLAIMS_MAX)
		return;
	memmove(&claims[first + 1], &claims[last], (claim_count - last) * sizeof *claims);
	claims[first] = (struct claim){.start = start, .end = end};
	claim_count += 1 - (last - first);
}

static void push_range(const struct graph_range *range, uintptr_t start, uintptr_t end)
{
	if (end - start < sizeof(uint64_t) || range_count == RANGES_MAX)
		return;
	ranges[range_count] = *range;
	ranges[range_count].start = start;
	ranges[range_count++].end = end;
}

void graph_roots_add(const struct graph_range *range)
{
	uintptr_t from = range->start;

	if (range->start >= range->end)
		return;
	for (size_t i = first_claim_above(from); i < claim_count && from < range->end; i++) {
		uintptr_t gap_end = claims[i].start < range->end ? claims[i].start : range->end;

		if (gap_end > from)
			push_range(range, from, gap_end);
		from = claims[i].end;
	}
	if (from < range->end)
		push_range(range, from, range->end);
	graph_roots_exclude(range->start, range->end);
}

void graph_roots_add_registers(uint32_t thread, uint32_t tid)
{
	const struct graph_range range = {
	    .kind = SNAPSHOT_ROOT_REGISTERS, .thread = thread, .tid = tid, .name = ""};

	push_range(&range, 0, 64);
}

size_t graph_roots_count(void)
{
	return range_count;
}

const struct graph_range *graph_roots_get(size_t number)
{
	return &ranges[number];
}

/* ---- what the program gave, and modules ---- */

static void exclude_mapping(void *context, uintptr_t start, size_t bytes)
{
	(void)context;
	graph_roots_exclude(start, PAGE_END(start + bytes));
}

void graph_roots_add_given(void)
{
	arena_each(exclude_mapping, NULL);
	for (uint32_t i = 0; i < annotation_root_count(); i++) {
		const struct root_range *given = annotation_root_get(i);

		graph_roots_add(&(struct graph_range){.start = given->start,
		    .end = given->start + given->bytes,
		    .kind = SNAPSHOT_ROOT_GIVEN,
		    .thread = UINT32_MAX,
		    .name = given->name});
	}
}

void graph_roots_add_modules(void)
{
	for (size_t i = 0; i < segment_count; i++) {
		const struct segment *segment = &segments[i];

		if (segment->module == 0)
			continue;
		if (modules_get(segment->module)->is_self)
			graph_roots_exclude(segment->start, segment->end);
		else
			graph_roots_add(&(struct graph_range){.start = segment->start,
			    .end = segment->end,
			    .kind = SNAPSHOT_ROOT_DATA,
			    .module = segment->module,
			    .thread = UINT32_MAX,
			    .name = ""});
	}
	/* the rest of a module's image is code and constants */
	for (uint32_t row = 1; row < modules_count(); row++) {
		const struct module *module = modules_get(row);

		if (!atomic_load_explicit(&module->unloaded, memory_order_relaxed))
			graph_roots_exclude(module->start, PAGE_END(module->end));
	}
}

/* ---- the rest ---- */

/* A block of glibc that has a mapping of its own: what lies beside it is not the allocator's. */
static bool has_own_mapping(const struct block_index *index, size_t row)
{
	uint64_t chunk;

	return index->is_libc && memory_word(index->blocks[row].address - 8, &chunk) &&
	       (chunk & BLOCK_CHUNK_MMAPPED) != 0;
}

/*
 * The table of live blocks is a map of where an allocator ever put one: a page of it that was never written stands
 * for memory that no allocator used. glibc is known better: its first arena is [heap], the others begin at multiples
 * of 64 MB, and large blocks have mappings of their own, which go with them.
 */
static bool is_allocators(const struct memory_area *area, const struct block_index *index)
{
	if (strcmp(area->name, "[heap]") == 0)
		return true;
	if ((area->flags & (MEMORY_FILE | MEMORY_SHARED)) != 0)
		return false;
	if (!index->is_libc || area->start % LIBC_HEAP_BYTES == 0)
		return live_table_was_used(area->start, area->end);
	for (size_t row = block_index_at(index, area->start);
	     row < index->count && index->blocks[row].address < area->end; row++)
		if (!block_is_pooled(index, (uint32_t)row) && !has_own_mapping(index, row))
			return true;
	return false;
}

static void add_mapping(const struct memory_area *area)
{
	graph_roots_add(&(struct graph_range){.start = area->start,
	    .end = area->end,
	    .kind = SNAPSHOT_ROOT_MAPPING,
	    .thread = UINT32_MAX,
	    .name = (area->flags & MEMORY_FILE) != 0 ? area->name : ""});
}

void graph_roots_add_mappings(const struct block_index *index)
{
	for (size_t i = 0; i < memory_map_count(); i++) {
		const struct memory_area *area = memory_map_get(i);

		if ((area->flags & MEMORY_READABLE) == 0 ||
		    (area->flags & (MEMORY_DEVICE | MEMORY_SPECIAL)) != 0 ||
		    (area->flags & (MEMORY_SHARED | MEMORY_WRITABLE)) == MEMORY_SHARED ||
		    strcmp(area->name, "[anon:allocscope]") == 0 || is_allocators(area, index))
			continue;
		add_mapping(area);
	}
}
