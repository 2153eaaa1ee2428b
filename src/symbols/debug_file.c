#include "symbols/debug_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/debug_server.h"
#include "symbols/embedded_symbols.h"

static bool elf_file_open_fd(struct elf_file *ret_file, int fd, char *path)
{
	Elf *elf;

	(void)elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
		(void)elf_end(elf);
		(void)close(fd);
		free(path);
		return false;
	}
	*ret_file = (struct elf_file){.elf = elf, .fd = fd, .path = path};
	return true;
}

/* A descriptor for the regular file PATH, or -1: a fifo or device under a module's name must not hang us. */
static int open_regular(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Takes PATH over. */
static bool elf_file_open(struct elf_file *ret_file, char *path)
{
	int fd = path == NULL ? -1 : open_regular(path);

	if (fd < 0) {
		free(path);
		return false;
	}
	return elf_file_open_fd(ret_file, fd, path);
}

static void elf_file_release(struct elf_file *file)
{
	if (file->elf != NULL) {
		(void)elf_end(file->elf);
		if (file->fd >= 0)
			(void)close(file->fd);
	}
	free(file->path);
	free(file->image);
	*file = (struct elf_file){0};
}

void elf_file_build_id(Elf *elf, char ret_hex[BUILD_ID_BYTES_MAX * 2 + 1])
{
	const void *bytes = NULL;
	ssize_t count = dwelf_elf_gnu_build_id(elf, &bytes);

	ret_hex[0] = '\0';
	if (count <= 0 || count > BUILD_ID_BYTES_MAX)
		return;
	for (ssize_t i = 0; i < count; i++)
		(void)snprintf(
		    ret_hex + 2 * i, 3, "%02x", (unsigned int)((const unsigned char *)bytes)[i]);
}

Elf_Scn *elf_file_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *found;

		if (gelf_getshdr(section, &header) == NULL || header.sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (found != NULL && strcmp(found, name) == 0)
			return section;
	}
	return NULL;
}

static bool has_dwarf(Elf *elf)
{
	return elf != NULL && (elf_file_section(elf, ".debug_info") != NULL ||
				  elf_file_section(elf, ".zdebug_info") != NULL);
}

bool build_id_is_valid(const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	return text[length] == '\0' && length >= 4 && length <= (size_t)BUILD_ID_BYTES_MAX * 2 &&
	       length % 2 == 0;
}

static char *format_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_path(const char *format, ...)
{
	va_list arguments;
	char *path = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&path, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : path;
}

static bool has_build_id(const struct elf_file *file, const char *build_id_hex)
{
	char found[BUILD_ID_BYTES_MAX * 2 + 1];

	elf_file_build_id(file->elf, found);
	return strcmp(found, build_id_hex) == 0;
}

/* The checksum of .gnu_debuglink: CRC-32 as in zlib (reflected polynomial 0xedb88320). */
static bool has_checksum(const struct elf_file *file, uint32_t expected)
{
	size_t count;
	const unsigned char *bytes = (const unsigned char *)elf_rawfile(file->elf, &count);
	uint32_t table[256], crc = 0xffffffff;

	if (bytes == NULL)
		return false;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320 : value >> 1;
		table[i] = value;
	}
	for (size_t i = 0; i < count; i++)
		crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
	return ~crc == expected;
}

/* Take PATH as the separate file if it is proven to belong to the module. */
static bool try_separate(
    struct debug_file *file, char *path, const char *build_id_hex, const uint32_t *checksum)
{
	struct elf_file candidate;
	bool proven;

	/* A debug link may name the module itself; that is no news. */
	if (path != NULL && file->module.path != NULL && strcmp(path, file->module.path) == 0) {
		free(path);
		return false;
	}
	if (!elf_file_open(&candidate, path))
		return false;
	proven = build_id_hex[0] != '\0' ? has_build_id(&candidate, build_id_hex)
					 : checksum != NULL && has_checksum(&candidate, *checksum);
	if (!proven) {
		elf_file_release(&candidate);
		return false;
	}
	file->separate = candidate;
	return true;
}

static bool find_by_build_id(
    struct debug_file *file, const struct debug_search *search, const char *build_id_hex)
{
	if (build_id_hex[0] == '\0')
		return false;
	for (const char *const *directory = search->directories; *directory != NULL; directory++)
		if (try_separate(file,
			format_path("%s%s/.build-id/%.2s/%s.debug", search->prefix, *directory,
			    build_id_hex, build_id_hex + 2),
			build_id_hex, NULL))
			return true;
	return false;
}

/* The places where gdb looks: beside the module, .debug beside it, and below each debug directory. */
static bool find_by_link(struct debug_file *file, const struct debug_search *search,
    const char *path, const char *build_id_hex)
{
	GElf_Word word;
	const char *link = dwelf_elf_gnu_debuglink(file->module.elf, &word);
	const char *slash = strrchr(path, '/');
	const int directory_length = slash == NULL ? 0 : (int)(slash - path);
	uint32_t checksum;

	if (link == NULL || link[0] == '\0' || strchr(link, '/') != NULL || slash == NULL)
		return false;
	checksum = word;
	if (try_separate(file,
		format_path("%s%.*s/%s", search->prefix, directory_length, path, link),
		build_id_hex, &checksum) ||
	    try_separate(file,
		format_path("%s%.*s/.debug/%s", search->prefix, directory_length, path, link),
		build_id_hex, &checksum))
		return true;
	for (const char *const *directory = search->directories; *directory != NULL; directory++)
		if (try_separate(file,
			format_path("%s%s%.*s/%s", search->prefix, *directory, directory_length,
			    path, link),
			build_id_hex, &checksum))
			return true;
	return false;
}

static enum symbolizer_status open_module(struct debug_file *file,
    const struct debug_search *search, const char *path, const char *build_id_hex)
{
	char *full_path = format_path("%s%s", search->prefix, path);
	int fd = full_path == NULL ? -1 : open_regular(full_path);

	if (fd < 0) {
		free(full_path);
		return SYMBOLIZER_FILE_MISSING;
	}
	if (!elf_file_open_fd(&file->module, fd, full_path))
		return SYMBOLIZER_NOT_ELF;
	if (build_id_hex[0] == '\0')
		return SYMBOLIZER_UNVERIFIED;
	if (!has_build_id(&file->module, build_id_hex)) {
		elf_file_release(&file->module);
		return SYMBOLIZER_BUILD_ID_DIFFERS;
	}
	return SYMBOLIZER_OK;
}

enum symbolizer_status debug_file_open(struct debug_file *ret_file,
    const struct debug_search *search, const char *path, const char *build_id_hex)
{
	char own_build_id[BUILD_ID_BYTES_MAX * 2 + 1] = "";
	enum symbolizer_status status;

	*ret_file = (struct debug_file){0};
	status = open_module(ret_file, search, path, build_id_hex);
	if (has_dwarf(ret_file->module.elf))
		return status;
	if (build_id_hex[0] == '\0' && ret_file->module.elf != NULL) {
		elf_file_build_id(ret_file->module.elf, own_build_id);
		build_id_hex = own_build_id;
	}
	if (!find_by_build_id(ret_file, search, build_id_hex) && ret_file->module.elf != NULL)
		(void)find_by_link(ret_file, search, path, build_id_hex);
	if (ret_file->module.elf == NULL && ret_file->separate.elf != NULL)
		return SYMBOLIZER_OK;
	return status;
}

void debug_file_release(struct debug_file *file)
{
	elf_file_release(&file->module);
	elf_file_release(&file->separate);
	elf_file_release(&file->embedded);
}

Elf *debug_file_with_dwarf(const struct debug_file *file)
{
	if (has_dwarf(file->separate.elf))
		return file->separate.elf;
	return has_dwarf(file->module.elf) ? file->module.elf : NULL;
}

bool debug_file_ask_servers(struct debug_file *file, const char *build_id_hex)
{
	char *path = NULL;
	int fd;

	if (file->separate.elf != NULL || !build_id_is_valid(build_id_hex))
		return false;
	fd = debug_server_find(build_id_hex, &path);
	if (fd < 0 || !elf_file_open_fd(&file->separate, fd, path))
		return false;
	if (!has_build_id(&file->separate, build_id_hex)) {
		elf_file_release(&file->separate);
		return false;
	}
	return true;
}

void debug_file_open_embedded(struct debug_file *file)
{
	Elf_Scn *section;
	Elf_Data *packed;
	void *image;
	size_t count;

	if (file->embedded.elf != NULL || file->module.elf == NULL)
		return;
	section = elf_file_section(file->module.elf, ".gnu_debugdata");
	packed = section == NULL ? NULL : elf_rawdata(section, NULL);
	if (packed == NULL ||
	    !embedded_symbols_unpack(packed->d_buf, packed->d_size, &image, &count))
		return;
	file->embedded =
	    (struct elf_file){.elf = elf_memory(image, count), .fd = -1, .image = image};
	if (file->embedded.elf == NULL || elf_kind(file->embedded.elf) != ELF_K_ELF)
		elf_file_release(&file->embedded);
}
