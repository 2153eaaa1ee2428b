#include "symbols/symbol_table.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

/* The sections that symbols of a kind lie in. At most 65,536 here; a file with more keeps its names for those. */
struct home_sections {
	GElf_Shdr *headers; /* index = section number; sh_size 0: none of them */
	size_t count;
	uint64_t thread_data; /* where the thread-local segment starts */
};

static bool is_home(const GElf_Shdr *header, enum symbol_kind kind)
{
	const GElf_Xword wanted = kind == SYMBOL_CODE	? SHF_EXECINSTR
				  : kind == SYMBOL_DATA ? SHF_ALLOC
							: SHF_TLS;

	if (kind == SYMBOL_DATA && (header->sh_flags & (SHF_EXECINSTR | SHF_TLS)) != 0)
		return false;
	return (header->sh_flags & wanted) != 0;
}

static uint64_t thread_data_start(Elf *elf)
{
	size_t count = 0;

	if (elf_getphdrnum(elf, &count) != 0)
		return 0;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, (int)i, &segment) != NULL && segment.p_type == PT_TLS)
			return segment.p_vaddr;
	}
	return 0;
}

static int home_sections_read(struct home_sections *ret_sections, Elf *elf, enum symbol_kind kind)
{
	Elf_Scn *section = NULL;
	size_t count;

	if (elf_getshdrnum(elf, &count) != 0)
		count = 0;
	ret_sections->thread_data = kind == SYMBOL_THREAD_DATA ? thread_data_start(elf) : 0;
	ret_sections->headers = calloc(count + 1, sizeof *ret_sections->headers);
	ret_sections->count = count;
	if (ret_sections->headers == NULL)
		return STATUS_NO_MEMORY;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		size_t number = elf_ndxscn(section);
		GElf_Shdr header;

		if (number < count && gelf_getshdr(section, &header) != NULL &&
		    is_home(&header, kind)) {
			header.sh_addr -= ret_sections->thread_data;
			ret_sections->headers[number] = header;
		}
	}
	return STATUS_OK;
}

/* Exported names before local ones, names for people (malloc) before those for the implementation
 * (__libc_malloc): they are what the program's author wrote. Weak ones are no worse: a C library makes
 * its public names weak. */
static int rank_of(const GElf_Sym *symbol, const char *name)
{
	int rank = GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? 8 : 0;

	if (symbol->st_size == 0)
		rank += 16;
	if (GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE)
		rank += 32;
	/* _Z and _R are mangled, not private. */
	if (name[0] == '_' && name[1] != 'Z' && name[1] != 'R')
		rank += 1 + (name[1] == '_') + (name[1] == '_' && name[2] == '_');
	return rank;
}

static bool is_function(const GElf_Sym *symbol, const char *name)
{
	const int type = GELF_ST_TYPE(symbol->st_info);

	if (symbol->st_value == 0 || name == NULL || name[0] == '\0')
		return false;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		return true;
	/* Labels of assembler sources; "$x" and ".L1" mark something inside a function. */
	return type == STT_NOTYPE && name[0] != '$' && name[0] != '.';
}

static bool is_variable(const GElf_Sym *symbol, const char *name, enum symbol_kind kind)
{
	const int type = GELF_ST_TYPE(symbol->st_info);

	if (name == NULL || name[0] == '\0' || symbol->st_size == 0)
		return false;
	return kind == SYMBOL_THREAD_DATA ? type == STT_TLS
					  : type == STT_OBJECT || type == STT_COMMON;
}

static int add_row(struct symbol_table *table, struct symbol_row row)
{
	if (table->count == table->capacity) {
		size_t capacity = table->capacity == 0 ? 256 : table->capacity * 2;
		struct symbol_row *rows = reallocarray(table->rows, capacity, sizeof *rows);

		if (rows == NULL)
			return STATUS_NO_MEMORY;
		table->rows = rows;
		table->capacity = capacity;
	}
	table->rows[table->count++] = row;
	return STATUS_OK;
}

static int add_section(struct symbol_table *table, Elf *elf, Elf_Scn *section,
    const GElf_Shdr *header, const struct home_sections *homes, enum symbol_kind kind)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const size_t entry_bytes = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	const size_t count = data == NULL || entry_bytes == 0 ? 0 : data->d_size / entry_bytes;

	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Sym symbol;
		const GElf_Shdr *home;
		const char *name;
		int result;

		if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx >= homes->count)
			continue;
		home = &homes->headers[symbol.st_shndx];
		if (symbol.st_value < home->sh_addr ||
		    symbol.st_value - home->sh_addr >= home->sh_size)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (kind == SYMBOL_CODE ? !is_function(&symbol, name)
					: !is_variable(&symbol, name, kind))
			continue;
		result = add_row(table, (struct symbol_row){.address = symbol.st_value,
					    .size = symbol.st_size,
					    .section_end = home->sh_addr + home->sh_size,
					    .name = name,
					    .rank = rank_of(&symbol, name)});
		if (result != STATUS_OK)
			return result;
	}
	return STATUS_OK;
}

int symbol_table_add(struct symbol_table *table, Elf *elf, enum symbol_kind kind)
{
	struct home_sections homes = {0};
	Elf_Scn *section = NULL;
	int result;

	if (elf == NULL)
		return STATUS_OK;
	result = home_sections_read(&homes, elf, kind);
	while (result == STATUS_OK && (section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) != NULL &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			result = add_section(table, elf, section, &header, &homes, kind);
	}
	free(homes.headers);
	return result;
}

static int compare_rows(const void *left, const void *right)
{
	const struct symbol_row *a = left, *b = right;
	size_t a_length, b_length;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	a_length = strlen(a->name);
	b_length = strlen(b->name);
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The ranges of symbols that have a size (first), or of those that have none (then). */
static int add_ranges(struct symbol_table *table, bool sized)
{
	uint64_t next_address = UINT64_MAX; /* of the first row behind all rows of this address */

	for (size_t i = table->count; i > 0; i--) {
		const struct symbol_row *row = &table->rows[i - 1];
		uint64_t end = row->address + row->size;
		uint32_t inside;
		int result;

		if (i < table->count && table->rows[i].address != row->address)
			next_address = table->rows[i].address;
		/* Only the best name of an address; the others would win with a smaller size. */
		if (i > 1 && table->rows[i - 2].address == row->address)
			continue;
		if ((row->size != 0) != sized)
			continue;
		/* A label in the middle of a function is not a function. */
		if (!sized && range_table_find(&table->sized, row->address, &inside))
			continue;
		if (!sized)
			end = next_address < row->section_end ? next_address : row->section_end;
		else if (end < row->address || end > row->section_end)
			end = row->section_end;
		result = range_table_add(
		    sized ? &table->sized : &table->labels, row->address, end, (uint32_t)(i - 1));
		if (result != STATUS_OK)
			return result;
	}
	return STATUS_OK;
}

int symbol_table_seal(struct symbol_table *table)
{
	int result;

	if (table->count == 0)
		return STATUS_OK;
	qsort(table->rows, table->count, sizeof table->rows[0], compare_rows);
	result = add_ranges(table, true);
	if (result != STATUS_OK)
		return result;
	range_table_seal(&table->sized);
	result = add_ranges(table, false);
	range_table_seal(&table->labels);
	return result;
}

const struct symbol_row *symbol_table_find_row(const struct symbol_table *table, uint64_t address)
{
	uint32_t row;

	if (range_table_find(&table->sized, address, &row) ||
	    range_table_find(&table->labels, address, &row))
		return &table->rows[row];
	return NULL;
}

const char *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	const struct symbol_row *row = symbol_table_find_row(table, address);

	return row != NULL ? row->name : NULL;
}

void symbol_table_release(struct symbol_table *table)
{
	free(table->rows);
	range_table_release(&table->sized);
	range_table_release(&table->labels);
	*table = (struct symbol_table){0};
}
