#include "preload/elf_functions.h"

#include <elf.h>
#include <string.h>

struct table {
	const unsigned char *symbols;
	size_t count;
	const char *names;
	size_t names_bytes;
};

static bool is_inside(size_t bytes, uint64_t offset, uint64_t length)
{
	return offset <= bytes && length <= bytes - offset;
}

static bool read_section(const unsigned char *file, size_t bytes, const Elf64_Ehdr *header,
    uint64_t number, Elf64_Shdr *ret_section)
{
	uint64_t offset = header->e_shoff + number * sizeof *ret_section;

	if (number >= header->e_shnum || offset < header->e_shoff ||
	    !is_inside(bytes, offset, sizeof *ret_section))
		return false;
	memcpy(ret_section, file + offset, sizeof *ret_section);
	return true;
}

static bool read_header(const unsigned char *file, size_t bytes, Elf64_Ehdr *ret_header)
{
	if (bytes < sizeof *ret_header || memcmp(file, ELFMAG, SELFMAG) != 0 ||
	    file[EI_CLASS] != ELFCLASS64)
		return false;
	memcpy(ret_header, file, sizeof *ret_header);
	return ret_header->e_shentsize == sizeof(Elf64_Shdr);
}

static bool find_table(
    const unsigned char *file, size_t bytes, uint32_t type, struct table *ret_table)
{
	Elf64_Ehdr header;
	Elf64_Shdr symbols, names;

	if (!read_header(file, bytes, &header))
		return false;
	for (unsigned i = 0; read_section(file, bytes, &header, i, &symbols); i++) {
		if (symbols.sh_type != type)
			continue;
		if (!read_section(file, bytes, &header, symbols.sh_link, &names) ||
		    !is_inside(bytes, symbols.sh_offset, symbols.sh_size) ||
		    !is_inside(bytes, names.sh_offset, names.sh_size) || names.sh_size == 0 ||
		    file[names.sh_offset + names.sh_size - 1] != '\0')
			return false;
		*ret_table = (struct table){
		    .symbols = file + symbols.sh_offset,
		    .count = symbols.sh_size / sizeof(Elf64_Sym),
		    .names = (const char *)file + names.sh_offset,
		    .names_bytes = names.sh_size,
		};
		return true;
	}
	return false;
}

bool elf_functions_each(const void *file, size_t bytes, enum elf_functions_of which,
    elf_function_visitor *visit, void *context)
{
	struct table table;

	if (!find_table(file, bytes, which == ELF_ALL_FUNCTIONS ? SHT_SYMTAB : SHT_DYNSYM, &table))
		return false;
	for (size_t i = 0; i < table.count; i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, table.symbols + i * sizeof symbol, sizeof symbol);
		unsigned type = ELF64_ST_TYPE(symbol.st_info);

		if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF ||
		    symbol.st_value == 0 || symbol.st_name >= table.names_bytes)
			continue;
		visit(context, &(struct elf_function){.name = table.names + symbol.st_name,
				   .address = symbol.st_value,
				   .bytes = symbol.st_size,
				   .is_chosen_late = type == STT_GNU_IFUNC});
	}
	return true;
}
