/*
 * first-instructions FILE: for each function of an ELF file (.symtab, else .dynsym) a line with its address and the length
 * of its first instruction as the recorder reads it, or "refused". test/integration/preload_iterate.bats compares it with
 * what objdump says.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "preload/elf_functions.h"
#include "preload/first_instruction.h"
#include "preload/system.h"

struct file {
	const unsigned char *bytes;
	size_t count;
};

/* The code at ADDRESS, as linked. *RET_BYTES: how much there is. */
static const unsigned char *code_at(const struct file *file, uint64_t address, size_t *ret_bytes)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	memcpy(&header, file->bytes, sizeof header);
	for (unsigned i = 0; i < header.e_phnum; i++) {
		memcpy(&segment, file->bytes + header.e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret_bytes = (size_t)(segment.p_filesz - (address - segment.p_vaddr));
		return file->bytes + segment.p_offset + (address - segment.p_vaddr);
	}
	return NULL;
}

static void print(void *context, const struct elf_function *function)
{
	size_t bytes = 0;
	const unsigned char *code = code_at(context, function->address, &bytes);
	struct first_instruction instruction;

	if (code == NULL)
		return;
	printf("%" PRIx64 " ", function->address);
	if (first_instruction_read(code, bytes, &instruction))
		printf("%u\n", instruction.length);
	else
		printf("refused\n");
}

int main(int argc, char **argv)
{
	struct file file;

	if (argc != 2 || (file.bytes = system_map_file(argv[1], &file.count)) == NULL)
		return 2;
	if (!elf_functions_each(file.bytes, file.count, ELF_ALL_FUNCTIONS, print, &file))
		(void)elf_functions_each(
		    file.bytes, file.count, ELF_EXPORTED_FUNCTIONS, print, &file);
	return 0;
}
