/*
 * How to damage: changes of single members, with checksums made right again so that the rule behind them is
 * reached, and conversions of the whole file as careless transfers make them.
 */
#include "snapshot_damage.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/checksum.h"
#include "snapshot/format.h"

#define UNKNOWN_SECTION 4000

/* --- access --- */

static struct snapshot_file_header *header_of(struct damaged_image *image)
{
	return (struct snapshot_file_header *)(void *)image->bytes;
}

static struct snapshot_section *table_of(struct damaged_image *image)
{
	return (struct snapshot_section *)(void *)(image->bytes + header_of(image)->table_offset);
}

static struct snapshot_section *section_of(struct damaged_image *image, uint32_t id)
{
	for (uint32_t i = 0; i < header_of(image)->section_count; i++)
		if (table_of(image)[i].id == id)
			return &table_of(image)[i];
	return NULL;
}

/* Where row ROW of section ID is; NULL when there is none. */
static unsigned char *row_of(struct damaged_image *image, uint32_t id, uint64_t row)
{
	const struct snapshot_section *section = section_of(image, id);

	if (section == NULL || row >= section->bytes / section->row_bytes)
		return NULL;
	return image->bytes + section->offset + row * section->row_bytes;
}

static void seal_header(struct damaged_image *image)
{
	struct snapshot_file_header *header = header_of(image);

	header->header_checksum =
	    checksum_of(header, offsetof(struct snapshot_file_header, header_checksum));
}

static void seal_table(struct damaged_image *image)
{
	struct snapshot_file_header *header = header_of(image);

	header->table_checksum =
	    checksum_of(table_of(image), header->section_count * sizeof(struct snapshot_section));
	seal_header(image);
}

static void seal_section(struct damaged_image *image, uint32_t id)
{
	struct snapshot_section *section = section_of(image, id);

	section->checksum = checksum_of(image->bytes + section->offset, section->bytes);
	seal_table(image);
}

static void resize(struct damaged_image *image, size_t count)
{
	image->bytes = realloc(image->bytes, count > 0 ? count : 1);
	if (image->bytes == NULL)
		abort();
	if (count > image->count)
		memset(image->bytes + image->count, 0, count - image->count);
	image->count = count;
}

static void replace(struct damaged_image *image, unsigned char *bytes, size_t count)
{
	free(image->bytes);
	image->bytes = bytes;
	image->count = count;
}

/* --- single members --- */

static bool set_header(struct damaged_image *image, const struct snapshot_damage *damage)
{
	memcpy(image->bytes + damage->offset, &damage->value, damage->bytes);
	seal_header(image);
	return true;
}

static bool flip_byte(struct damaged_image *image, const struct snapshot_damage *damage)
{
	image->bytes[damage->offset] ^= 0x10;
	return true;
}

static bool flip_in_table(struct damaged_image *image, const struct snapshot_damage *damage)
{
	table_of(image)[0].checksum ^= damage->value;
	return true;
}

static bool flip_in_section(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *row = row_of(image, damage->section, damage->row);

	if (row == NULL)
		return false;
	row[damage->offset] ^= 1;
	return true;
}

static bool set_table(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);

	if (section == NULL)
		return false;
	memcpy((unsigned char *)section + damage->offset, &damage->value, damage->bytes);
	seal_table(image);
	return true;
}

static bool add_to_table(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);
	uint64_t value;

	if (section == NULL || section->bytes == 0)
		return false;
	memcpy(&value, (unsigned char *)section + damage->offset, sizeof value);
	value += damage->value;
	memcpy((unsigned char *)section + damage->offset, &value, sizeof value);
	section->checksum = checksum_of(image->bytes, 0);
	if (section->offset <= image->count && section->bytes <= image->count - section->offset)
		section->checksum = checksum_of(image->bytes + section->offset, section->bytes);
	seal_table(image);
	return true;
}

/* Rows of no bytes at all. */
static bool empty_section(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);

	if (section == NULL)
		return false;
	section->bytes = 0;
	seal_section(image, damage->section);
	return true;
}

static bool lose_section(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);

	if (section == NULL)
		return false;
	section->id = UNKNOWN_SECTION;
	section->flags = 0;
	seal_table(image);
	return true;
}

static bool require_unknown(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);

	if (section == NULL)
		return false;
	section->id = UNKNOWN_SECTION;
	section->flags = SNAPSHOT_SECTION_REQUIRED;
	seal_table(image);
	return true;
}

static bool overlap_sections(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);
	const struct snapshot_section *other = section_of(image, (uint32_t)damage->value);

	if (section == NULL || other == NULL || section->bytes == 0 || other->bytes == 0)
		return false;
	section->offset = other->offset;
	seal_section(image, damage->section);
	return true;
}

static bool overlap_table(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *section = section_of(image, damage->section);

	if (section == NULL)
		return false;
	section->offset = header_of(image)->table_offset;
	section->bytes = section->row_bytes;
	seal_table(image);
	return true;
}

static bool set_row(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *row = row_of(image, damage->section, damage->row);

	if (row == NULL)
		return false;
	memcpy(row + damage->offset, &damage->value, damage->bytes);
	seal_section(image, damage->section);
	return true;
}

static bool add_to_row(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *row = row_of(image, damage->section, damage->row);
	uint64_t value = 0;

	if (row == NULL)
		return false;
	memcpy(&value, row + damage->offset, damage->bytes);
	value += damage->value;
	memcpy(row + damage->offset, &value, damage->bytes);
	seal_section(image, damage->section);
	return true;
}

/* A copy of the member of row `value` into row `row`. */
static bool copy_member(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *row = row_of(image, damage->section, damage->row);
	const unsigned char *from = row_of(image, damage->section, damage->value);

	if (row == NULL || from == NULL)
		return false;
	memcpy(row + damage->offset, from + damage->offset, damage->bytes);
	seal_section(image, damage->section);
	return true;
}

static bool swap_first_rows(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *first = row_of(image, damage->section, 0);
	unsigned char *second = row_of(image, damage->section, 1);

	if (first == NULL || second == NULL)
		return false;
	for (uint32_t i = 0; i < section_of(image, damage->section)->row_bytes; i++) {
		unsigned char byte = first[i];

		first[i] = second[i];
		second[i] = byte;
	}
	seal_section(image, damage->section);
	return true;
}

static bool unend_strings(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_section *strings = section_of(image, damage->section);

	image->bytes[strings->offset + strings->bytes - 1] = 'x';
	seal_section(image, damage->section);
	return true;
}

/* Two blocks of one identity: the second takes over the address and epoch of the first. */
static bool double_identity(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_block_extra *extra =
	    (void *)row_of(image, SNAPSHOT_BLOCK_EXTRAS, damage->row);

	if (extra == NULL || extra->block == 0)
		return false;
	memcpy(
	    &extra->identity_address, row_of(image, SNAPSHOT_BLOCK_ADDRESS, 0), sizeof(uint64_t));
	extra->flags |= SNAPSHOT_BLOCK_MOVED;
	memcpy(row_of(image, SNAPSHOT_BLOCK_EPOCH, extra->block),
	    row_of(image, SNAPSHOT_BLOCK_EPOCH, 0), 4);
	seal_section(image, SNAPSHOT_BLOCK_EPOCH);
	seal_section(image, SNAPSHOT_BLOCK_EXTRAS);
	return true;
}

/* The last block, which is of a pool, at the address of the one before, with its epoch. */
static bool pool_twice(struct damaged_image *image, const struct snapshot_damage *damage)
{
	const struct snapshot_section *addresses = section_of(image, SNAPSHOT_BLOCK_ADDRESS);
	uint64_t last = addresses->bytes / addresses->row_bytes - 1;

	(void)damage;
	if (last < 2)
		return false;
	memcpy(row_of(image, SNAPSHOT_BLOCK_ADDRESS, last),
	    row_of(image, SNAPSHOT_BLOCK_ADDRESS, last - 1), 8);
	memcpy(row_of(image, SNAPSHOT_BLOCK_EPOCH, last),
	    row_of(image, SNAPSHOT_BLOCK_EPOCH, last - 1), 4);

	struct snapshot_block_extra *extra = NULL;

	for (uint64_t i = 0; row_of(image, SNAPSHOT_BLOCK_EXTRAS, i) != NULL; i++)
		extra = (void *)row_of(image, SNAPSHOT_BLOCK_EXTRAS, i);
	if (extra == NULL || extra->block != last || (extra->flags & SNAPSHOT_BLOCK_POOLED) == 0)
		return false;
	memcpy(&extra->identity_address, row_of(image, SNAPSHOT_BLOCK_ADDRESS, last), 8);
	seal_section(image, SNAPSHOT_BLOCK_EXTRAS);
	seal_section(image, SNAPSHOT_BLOCK_EPOCH);
	seal_section(image, SNAPSHOT_BLOCK_ADDRESS);
	return true;
}

/* And one more, where two is the most. */
static bool pool_thrice(struct damaged_image *image, const struct snapshot_damage *damage)
{
	const struct snapshot_section *addresses = section_of(image, SNAPSHOT_BLOCK_ADDRESS);
	uint64_t last = addresses->bytes / addresses->row_bytes - 1;

	if (!pool_twice(image, damage))
		return false;
	memcpy(row_of(image, SNAPSHOT_BLOCK_ADDRESS, last - 2),
	    row_of(image, SNAPSHOT_BLOCK_ADDRESS, last), 8);
	seal_section(image, SNAPSHOT_BLOCK_ADDRESS);
	return true;
}

/* --- whole files --- */

static bool keep_bytes(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, damage->value);
	return true;
}

static bool cut_bytes(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, image->count - damage->value);
	return true;
}

static bool cut_at_table(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, header_of(image)->table_offset + damage->value);
	return true;
}

static bool cut_half(struct damaged_image *image, const struct snapshot_damage *damage)
{
	(void)damage;
	resize(image, image->count / 2);
	return true;
}

static bool append_bytes(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, image->count + damage->value);
	return true;
}

static bool zero_header(struct damaged_image *image, const struct snapshot_damage *damage)
{
	memset(image->bytes, 0, damage->value);
	return true;
}

static bool other_magic(struct damaged_image *image, const struct snapshot_damage *damage)
{
	(void)damage;
	memcpy(image->bytes,
	    "\x7f"
	    "ELF\x02\x01\x01",
	    8);
	return true;
}

static bool strip_eighth_bit(struct damaged_image *image, const struct snapshot_damage *damage)
{
	(void)damage;
	for (size_t i = 0; i < image->count; i++)
		image->bytes[i] &= 0x7f;
	return true;
}

/* "\r\n" becomes "\n", or with `value` "\n" becomes "\r\n". */
static bool repair_line_endings(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *out = malloc(2 * image->count);
	size_t used = 0;

	for (size_t i = 0; i < image->count; i++) {
		if (damage->value != 0 && image->bytes[i] == '\n')
			out[used++] = '\r';
		if (damage->value == 0 && image->bytes[i] == '\r' && image->bytes[i + 1] == '\n')
			continue;
		out[used++] = image->bytes[i];
	}
	replace(image, out, used);
	return true;
}

static bool encode_utf8(struct damaged_image *image, const struct snapshot_damage *damage)
{
	unsigned char *out = malloc(2 * image->count);
	size_t used = 0;

	(void)damage;
	for (size_t i = 0; i < image->count; i++) {
		unsigned char byte = image->bytes[i];

		if (byte < 0x80) {
			out[used++] = byte;
		} else {
			out[used++] = (unsigned char)(0xc0 | byte >> 6);
			out[used++] = (unsigned char)(0x80 | (byte & 0x3f));
		}
	}
	replace(image, out, used);
	return true;
}

/* The table right behind the header, as another writer might put it; then the last bytes are cut, so
 * that the table is there to tell which sections are lost. */
static bool cut_with_table_first(struct damaged_image *image, const struct snapshot_damage *damage)
{
	struct snapshot_file_header *header = header_of(image);
	size_t table_bytes = header->section_count * sizeof(struct snapshot_section);
	size_t shift = (table_bytes + SNAPSHOT_ALIGNMENT - 1) & ~(size_t)(SNAPSHOT_ALIGNMENT - 1);
	size_t body = header->table_offset - sizeof *header;
	struct snapshot_section *table = malloc(table_bytes);

	memcpy(table, table_of(image), table_bytes);
	resize(image, header->table_offset + shift);
	header = header_of(image);
	memmove(image->bytes + sizeof *header + shift, image->bytes + sizeof *header, body);
	for (uint32_t i = 0; i < header->section_count; i++)
		table[i].offset += shift;
	memcpy(image->bytes + sizeof *header, table, table_bytes);
	free(table);
	header->table_offset = sizeof *header;
	header->file_bytes = image->count;
	seal_table(image);
	resize(image, image->count - damage->value);
	return true;
}

static void compress(struct damaged_image *image)
{
	size_t room = ZSTD_compressBound(image->count);
	unsigned char *out = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size_t count = ZSTD_compress2(context, out, room, image->bytes, image->count);

	(void)ZSTD_freeCCtx(context);
	replace(image, out, count);
}

static bool compress_and_cut(struct damaged_image *image, const struct snapshot_damage *damage)
{
	compress(image);
	resize(image, damage->value != 0 ? image->count - damage->value : image->count / 2);
	return true;
}

static bool compress_cut(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, image->count - damage->value);
	compress(image);
	return true;
}

static bool compress_and_flip(struct damaged_image *image, const struct snapshot_damage *damage)
{
	compress(image);
	image->bytes[image->count - damage->value] ^= 0xff;
	return true;
}

static bool compress_longer(struct damaged_image *image, const struct snapshot_damage *damage)
{
	resize(image, image->count + damage->value);
	compress(image);
	return true;
}

/* A few bytes that claim to be very many. */
static bool compress_bomb(struct damaged_image *image, const struct snapshot_damage *damage)
{
	header_of(image)->file_bytes = damage->value;
	seal_header(image);
	compress(image);
	return true;
}

static bool compress_other(struct damaged_image *image, const struct snapshot_damage *damage)
{
	(void)damage;
	memset(image->bytes, 'x', image->count);
	compress(image);
	return true;
}

/* --- the table --- */

#define MEMBER(type, member)                                                                       \
	.offset = offsetof(struct snapshot_##type, member),                                        \
	.bytes = sizeof(((struct snapshot_##type *)NULL)->member)
#define SECTION(id) .section = SNAPSHOT_##id
#define TOO_HIGH    .value = UINT32_MAX

static const struct snapshot_damage damages[] = {
#include "snapshot_damage.def"
};

const struct snapshot_damage *snapshot_damages(size_t *ret_count)
{
	*ret_count = sizeof damages / sizeof damages[0];
	return damages;
}

const struct snapshot_damage *snapshot_damage_named(const char *name)
{
	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++)
		if (strcmp(damages[i].name, name) == 0)
			return &damages[i];
	return NULL;
}
