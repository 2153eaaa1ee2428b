#include "preload/memory_map.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/compiler.h"
#include "base/fd_io.h"
#include "base/system_call.h"
#include "preload/arena.h"
#include "preload/system.h"
#include "preload/system_tasks.h"

#define PAGE_BYTES	4096u
#define TEXT_BYTES	((size_t)64 << 20)
#define AREAS_MAX	262144u
#define BATCH		512u
#define WINDOW_BYTES	((size_t)64 << 10)
#define PAGEMAP_PRESENT ((uint64_t)1 << 63)
#define PAGEMAP_SWAPPED ((uint64_t)1 << 62)
#define PAGEMAP_SHARED	((uint64_t)1 << 61) /* of a file, or of shared memory */
#define PAGE(address)	((address) & ~(uintptr_t)(PAGE_BYTES - 1))

static char *text; /* of /proc/self/maps, with ends of strings */
static struct memory_area *areas;
static size_t area_count, last_found;
static bool reads_in_place;
static int pagemap = -1, own_memory = -1;
static char *window;
static char word_buffer[PAGE_BYTES]; /* a copy of word_page */
static uintptr_t word_page;
static uint64_t absent_bytes, unreadable_bytes;
/* Of pages [batch_first, batch_first + batch_count): do they hold anything? */
static uintptr_t batch_first;
static size_t batch_count;
static bool batch_used[BATCH];
static uint64_t entries[BATCH];

/* ---- the list ---- */

/* A hexadecimal number at *AT, which is moved behind it. */
static uintptr_t take_hex(const char **at)
{
	uintptr_t number = 0;

	for (;; (*at)++) {
		unsigned digit = (unsigned char)**at;

		if (digit - '0' < 10)
			digit -= '0';
		else if (digit - 'a' < 6)
			digit = digit - 'a' + 10;
		else
			return number;
		number = number << 4 | digit;
	}
}

static const char *skip_word(const char *at)
{
	while (*at != ' ' && *at != '\0')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

static bool starts_with(const char *string, const char *start)
{
	return strncmp(string, start, strlen(start)) == 0;
}

/* "START-END rwxp OFFSET MAJOR:MINOR INODE   NAME" */
static void parse_line(const char *line, struct memory_area *area)
{
	const char *at = line;

	area->start = take_hex(&at);
	at++;
	area->end = take_hex(&at);
	at++;
	area->flags = (at[0] == 'r' ? MEMORY_READABLE : 0u) |
		      (at[1] == 'w' ? MEMORY_WRITABLE : 0u) | (at[3] == 's' ? MEMORY_SHARED : 0u);
	const char *inode = skip_word(skip_word(skip_word(at)));

	area->name = skip_word(inode);
	if (inode[0] != '0' || inode[1] != ' ')
		area->flags |= MEMORY_FILE;
	if (area->name[0] == '[' && !starts_with(area->name, "[anon"))
		area->flags |= MEMORY_SPECIAL;
	if ((starts_with(area->name, "/dev/") && !starts_with(area->name, "/dev/shm/") &&
		!starts_with(area->name, "/dev/zero")) ||
	    starts_with(area->name, "anon_inode:") || starts_with(area->name, "[v"))
		area->flags |= MEMORY_DEVICE;
}

static int read_list(void)
{
	int fd = system_open_read("/proc/self/maps");

	if (fd < 0)
		return fd;
	ssize_t bytes = fd_read_full(fd, text, TEXT_BYTES - 1);

	(void)system_close(fd);
	if (bytes <= 0)
		return bytes < 0 ? (int)bytes : -EIO;
	for (char *line = text; line < text + bytes && area_count < AREAS_MAX;) {
		char *end = memchr(line, '\n', (size_t)(text + bytes - line));

		if (end == NULL)
			break;
		*end = '\0';
		parse_line(line, &areas[area_count++]);
		line = end + 1;
	}
	return 0;
}

int memory_map_open(bool in_copy)
{
	reads_in_place = in_copy;
	absent_bytes = unreadable_bytes = 0;
	area_count = last_found = batch_count = 0;
	word_page = 0;
	text = arena_map(TEXT_BYTES, ARENA_BUFFERS);
	areas = arena_map(AREAS_MAX * sizeof *areas, ARENA_BUFFERS);
	window = in_copy ? NULL : arena_map(WINDOW_BYTES, ARENA_BUFFERS);
	int result = text != NULL && areas != NULL && (in_copy || window != NULL) ? 0 : -ENOMEM;

	if (result == 0)
		result = read_list();
	if (result == 0)
		pagemap = system_open_read("/proc/self/pagemap");
	if (result != 0)
		memory_map_close();
	return result;
}

void memory_map_close(void)
{
	if (pagemap >= 0)
		(void)system_close(pagemap);
	if (own_memory >= 0)
		(void)system_close(own_memory);
	pagemap = own_memory = -1;
	arena_unmap(text, TEXT_BYTES, ARENA_BUFFERS);
	arena_unmap(areas, AREAS_MAX * sizeof *areas, ARENA_BUFFERS);
	arena_unmap(window, WINDOW_BYTES, ARENA_BUFFERS);
	text = NULL;
	areas = NULL;
	window = NULL;
	area_count = 0;
}

size_t memory_map_count(void)
{
	return area_count;
}

const struct memory_area *memory_map_get(size_t number)
{
	return &areas[number];
}

/* The number of the first area that ends above ADDRESS. */
static size_t first_above(uintptr_t address)
{
	size_t low = 0, high = area_count;

	if (last_found < area_count && address < areas[last_found].end &&
	    (last_found == 0 || areas[last_found - 1].end <= address))
		return last_found;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (areas[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	last_found = low;
	return low;
}

const struct memory_area *memory_map_find(uintptr_t address)
{
	size_t number = first_above(address);

	return number < area_count && areas[number].start <= address ? &areas[number] : NULL;
}

/* ---- pages ---- */

/* Nothing there can be a pointer of the program: no memory, or what the file says and nobody changed. */
static bool is_closed(const struct memory_area *area)
{
	return (area->flags & MEMORY_READABLE) == 0 || (area->flags & MEMORY_DEVICE) != 0 ||
	       (area->flags & (MEMORY_SHARED | MEMORY_WRITABLE)) == MEMORY_SHARED;
}

/* What the kernel keeps of shared memory and files; also the way when there is no pagemap. */
static size_t ask_shared(uintptr_t start, size_t count)
{
	unsigned char *resident = (unsigned char *)entries;

	if (system_call(SYS_mincore, start, count * PAGE_BYTES, resident) != 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		batch_used[i] = (resident[i] & 1) != 0;
	return count;
}

static size_t ask_private(const struct memory_area *area, uintptr_t start, size_t count)
{
	bool of_file = (area->flags & MEMORY_FILE) != 0;
	long bytes = system_call(SYS_pread64, pagemap, entries, count * sizeof entries[0],
	    start / PAGE_BYTES * sizeof entries[0]);

	count = bytes > 0 ? (size_t)bytes / sizeof entries[0] : 0;
	for (size_t i = 0; i < count; i++)
		batch_used[i] = (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) != 0 &&
				!(of_file && (entries[i] & PAGEMAP_SHARED) != 0);
	return count;
}

/* The batch begins with the page of ADDRESS in AREA. False when the system does not tell. */
static bool ask(const struct memory_area *area, uintptr_t address)
{
	uintptr_t start = PAGE(address);
	size_t count = (area->end - start) / PAGE_BYTES;

	count = count < BATCH ? count : BATCH;
	batch_first = start / PAGE_BYTES;
	batch_count = (area->flags & MEMORY_SHARED) != 0 || pagemap < 0
			  ? ask_shared(start, count)
			  : ask_private(area, start, count);
	return batch_count > 0;
}

/* struct pm_scan_arg and page_region of linux/fs.h, which is newer than most headers. */
struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages, inverted,
	    all_of, any_of, returned;
};
struct pagemap_region {
	uint64_t start, end, categories;
};
#define PAGEMAP_SCAN	   0xc0606610ul
#define PAGEMAP_IS_PRESENT 8u
#define PAGEMAP_IS_SWAPPED 16u
#define HOLE_BYTES	   ((size_t)16 << 20) /* from which on a hole may be worth a question */

/* FROM, or the first page in [from, limit) that is there, when the kernel (6.7) can skip what is not. */
static uintptr_t skip_hole(const struct memory_area *area, uintptr_t from, uintptr_t limit)
{
	static bool is_unknown;
	struct pagemap_region region = {0};
	struct pagemap_scan scan = {
	    .size = sizeof scan,
	    .start = PAGE(from),
	    .end = PAGE(limit + PAGE_BYTES - 1),
	    .regions = (uintptr_t)&region,
	    .region_count = 1,
	    .any_of = PAGEMAP_IS_PRESENT | PAGEMAP_IS_SWAPPED,
	    .returned = PAGEMAP_IS_PRESENT,
	};

	if (is_unknown || limit - from < HOLE_BYTES || pagemap < 0 ||
	    (area->flags & MEMORY_SHARED) != 0)
		return from;
	long found = system_call(SYS_ioctl, pagemap, PAGEMAP_SCAN, &scan);

	is_unknown = found < 0;
	if (found < 0)
		return from;
	if (found == 0)
		return limit;
	return region.start > from ? region.start : from;
}

/* The first address of [from, limit), all in AREA, whose page holds anything. */
static uintptr_t first_used(const struct memory_area *area, uintptr_t from, uintptr_t limit)
{
	while (from < limit) {
		size_t page = from / PAGE_BYTES - batch_first;

		if (page >= batch_count) {
			from = skip_hole(area, from, limit);
			if (from >= limit || !ask(area, from))
				return limit;
			page = 0;
		}
		if (batch_used[page])
			return from;
		from = PAGE(from) + PAGE_BYTES;
	}
	return limit;
}

/* The end of the used pages from that of ADDRESS on, as far as the batch goes. */
static uintptr_t used_end(uintptr_t address)
{
	size_t page = address / PAGE_BYTES - batch_first;

	while (page < batch_count && batch_used[page])
		page++;
	return (batch_first + page) * PAGE_BYTES;
}

bool memory_is_used(uintptr_t start, uintptr_t end)
{
	while (start < end) {
		size_t number = first_above(start);

		if (number == area_count || areas[number].start >= end)
			return false;
		const struct memory_area *area = &areas[number];
		uintptr_t limit = area->end < end ? area->end : end;

		start = start > area->start ? start : area->start;
		batch_count = 0;
		if (!is_closed(area) && first_used(area, start, limit) < limit)
			return true;
		start = limit;
	}
	return false;
}

/* ---- words ---- */

bool memory_copy(uintptr_t address, void *buffer, size_t bytes)
{
	struct iovec local = {.iov_base = buffer, .iov_len = bytes};
	struct iovec remote = {
	    .iov_base = (void *)address, // NOLINT(performance-no-int-to-ptr): not ours to own
	    .iov_len = bytes,
	};
	static bool is_refused; /* by a filter of system calls: a slower way */

	if (address >> 47 != 0)
		return false;
	if (!is_refused) {
		long copied = system_call(
		    SYS_process_vm_readv, system_process_id(), &local, 1, &remote, 1, 0);

		if (copied == (long)bytes)
			return true;
		is_refused = copied == -EPERM || copied == -ENOSYS;
		if (!is_refused)
			return false;
	}
	if (own_memory < 0)
		own_memory = system_open_read("/proc/self/mem");
	return own_memory >= 0 &&
	       system_call(SYS_pread64, own_memory, buffer, bytes, address) == (long)bytes;
}

/* Words are asked for in neighbourhoods. */
static bool cached_word(uintptr_t address, uint64_t *ret_word)
{
	uintptr_t page = PAGE(address);

	if (address - page > PAGE_BYTES - sizeof *ret_word)
		return memory_copy(address, ret_word, sizeof *ret_word);
	if (page != word_page) {
		word_page = 0;
		if (!memory_copy(page, word_buffer, PAGE_BYTES))
			return false;
		word_page = page;
	}
	memcpy(ret_word, word_buffer + (address - page), sizeof *ret_word);
	return true;
}

bool memory_word(uintptr_t address, uint64_t *ret_word)
{
	const struct memory_area *area = memory_map_find(address);

	if (area == NULL || (area->flags & MEMORY_READABLE) == 0 ||
	    (area->flags & MEMORY_DEVICE) != 0 || area->end - address < sizeof *ret_word)
		return false;
	if (!reads_in_place)
		return cached_word(address, ret_word);
	memcpy(ret_word, (const void *)address, // NOLINT(performance-no-int-to-ptr)
	    sizeof *ret_word);
	return true;
}

/* Let VIEW show [address, end), or a part from ADDRESS on. */
static bool show(struct memory_view *view, uintptr_t address, uintptr_t end)
{
	uintptr_t low = PAGE(address);

	if (reads_in_place) {
		*view = (struct memory_view){.low = low, .high = end};
		return true;
	}
	if (end - low > WINDOW_BYTES)
		end = low + WINDOW_BYTES;
	if (!memory_copy(low, window, end - low)) {
		end = low + PAGE_BYTES;
		if (!memory_copy(low, window, PAGE_BYTES))
			return false;
	}
	*view = (struct memory_view){.low = low, .high = end, .offset = (uintptr_t)window - low};
	return true;
}

COLD uintptr_t memory_see_slow(struct memory_view *view, uintptr_t from, uintptr_t limit)
{
	while (from < limit) {
		size_t number = first_above(from);

		if (number == area_count || areas[number].start >= limit) {
			unreadable_bytes += limit - from;
			return limit;
		}
		const struct memory_area *area = &areas[number];

		if (from < area->start) {
			unreadable_bytes += area->start - from;
			from = area->start;
		}
		uintptr_t end = area->end < limit ? area->end : limit;

		if (is_closed(area)) {
			unreadable_bytes += end - from;
			from = end;
			continue;
		}
		uintptr_t used = first_used(area, from, end);

		absent_bytes += used - from;
		from = used;
		if (from == end)
			continue;
		if (show(view, from, used_end(from)))
			return from;
		uintptr_t next = PAGE(from) + PAGE_BYTES;

		next = next < end ? next : end;
		unreadable_bytes += next - from;
		from = next;
	}
	return limit;
}

uint64_t memory_absent_bytes(void)
{
	return absent_bytes;
}

uint64_t memory_unreadable_bytes(void)
{
	return unreadable_bytes;
}

void memory_unreadable(int number, void *info, void *context)
{
	uintptr_t page = PAGE(system_fault_address(info));

	(void)number;
	(void)context;
	unreadable_bytes += PAGE_BYTES;
	if (page == 0 || page >> 47 != 0 || memory_map_find(page) == NULL ||
	    system_map_zeros(page, PAGE_BYTES) != 0)
		system_copy_end(1);
}
