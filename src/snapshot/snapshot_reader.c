/*
 * From bytes to sections: the table is checked as a whole (bounds, alignment, order, checksums) before any
 * row is looked at; then each known section is hung into struct snapshot, in place where its rows have our
 * size, as a converted copy where a newer writer made them longer. snapshot_rules.c has the last word.
 */
#include "snapshot/snapshot_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/section_kinds.h"
#include "snapshot/snapshot_header.h"
#include "snapshot/snapshot_image.h"
#include "snapshot/snapshot_rules.h"

/* The image while it is checked. */
struct reader {
	const char *bytes;
	size_t count;
	struct snapshot_file_header header;
	const struct snapshot_section *sections;
	struct status_error *error;
};

static uint64_t table_bytes(const struct reader *reader)
{
	return (uint64_t)reader->header.section_count * sizeof(struct snapshot_section);
}

/* --- a file that was cut --- */

/* Names of the sections that reach beyond what is left, as many as fit into TEXT. */
static void list_lost(
    const struct reader *reader, const struct snapshot_section *sections, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < reader->header.section_count; i++) {
		const struct snapshot_section *section = &sections[i];

		if (section->bytes == 0 || (section->offset <= reader->count &&
					       section->bytes <= reader->count - section->offset))
			continue;

		int length = snprintf(text + used, room - used, "%s%s", used > 0 ? ", " : "",
		    section_name(section->id));

		if (length < 0 || (size_t)length >= room - used) {
			/* no room for the name: say that there are more */
			(void)snprintf(text + (used < room - 5 ? used : room - 5), 5, " ...");
			return;
		}
		used += (size_t)length;
	}
}

static int explain_cut(const struct reader *reader)
{
	const struct snapshot_file_header *header = &reader->header;
	uint64_t missing = header->file_bytes - reader->count;
	char lost[128];

	/* The writer puts the table last, so it is mostly lost too; another writer may not. */
	if (header->table_offset > reader->count ||
	    table_bytes(reader) > reader->count - header->table_offset)
		return status_set(reader->error, STATUS_CUT, reader->count,
		    "the file ends at byte %zu, %" PRIu64 " of %" PRIu64
		    " bytes are missing: the section table at "
		    "byte %" PRIu64 " is lost, and with it all sections",
		    reader->count, missing, header->file_bytes, header->table_offset);
	list_lost(reader,
	    (const struct snapshot_section *)(const void *)(reader->bytes + header->table_offset),
	    lost, sizeof lost);
	return status_set(reader->error, STATUS_CUT, reader->count,
	    "the file ends at byte %zu, %" PRIu64 " of %" PRIu64
	    " bytes are missing; lost sections: %s",
	    reader->count, missing, header->file_bytes, lost[0] != '\0' ? lost : "none");
}

/* --- the table --- */

static int check_table(struct reader *reader)
{
	const struct snapshot_file_header *header = &reader->header;

	if (header->section_count > SNAPSHOT_SECTIONS_MAX)
		return status_set(reader->error, STATUS_DAMAGED, 0,
		    "the header announces %" PRIu32 " sections, more than the %d allowed",
		    header->section_count, SNAPSHOT_SECTIONS_MAX);
	if (header->table_offset % SNAPSHOT_ALIGNMENT != 0)
		return status_set(reader->error, STATUS_DAMAGED, header->table_offset,
		    "the section table at byte %" PRIu64 " is not aligned to %d",
		    header->table_offset, SNAPSHOT_ALIGNMENT);
	if (header->table_offset < sizeof *header || header->table_offset > header->file_bytes ||
	    table_bytes(reader) > header->file_bytes - header->table_offset)
		return status_set(reader->error, STATUS_DAMAGED, header->table_offset,
		    "the section table at byte %" PRIu64 " lies outside the file of %" PRIu64
		    " bytes",
		    header->table_offset, header->file_bytes);
	if (reader->count < header->file_bytes)
		return explain_cut(reader);
	if (reader->count > header->file_bytes)
		return status_set(reader->error, STATUS_DAMAGED, header->file_bytes,
		    "the file has %" PRIu64 " bytes more than the %" PRIu64
		    " that its header announces",
		    reader->count - header->file_bytes, header->file_bytes);
	if (!snapshot_checksum_fits(
		reader->bytes + header->table_offset, table_bytes(reader), header->table_checksum))
		return status_set(reader->error, STATUS_DAMAGED, header->table_offset,
		    "the checksum of the section table does not fit its bytes");
	reader->sections =
	    (const struct snapshot_section *)(const void *)(reader->bytes + header->table_offset);
	return 0;
}

/* One row of the table by itself. */
static int check_section(const struct reader *reader, const struct snapshot_section *section)
{
	const char *name = section_name(section->id);

	if (section->offset % SNAPSHOT_ALIGNMENT != 0)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s (%" PRIu32 ") at byte %" PRIu64 " is not aligned to %d", name,
		    section->id, section->offset, SNAPSHOT_ALIGNMENT);
	if (section->offset < sizeof reader->header || section->offset > reader->count ||
	    section->bytes > reader->count - section->offset)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s (%" PRIu32 ") with %" PRIu64 " bytes at byte %" PRIu64
		    " lies outside the file of %zu bytes",
		    name, section->id, section->bytes, section->offset, reader->count);
	if (section->row_bytes == 0 || section->bytes % section->row_bytes != 0)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s (%" PRIu32 "): %" PRIu64 " bytes are not whole rows of %" PRIu32
		    " bytes",
		    name, section->id, section->bytes, section->row_bytes);
	return 0;
}

static bool ranges_overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a_bytes > 0 && b_bytes > 0 && a < b + b_bytes && b < a + a_bytes;
}

/* Section NUMBER against the table and all sections before it. At most 64: pairs are cheap. */
static int check_neighbours(const struct reader *reader, uint32_t number)
{
	const struct snapshot_section *section = &reader->sections[number];
	const char *name = section_name(section->id);

	if (ranges_overlap(
		section->offset, section->bytes, reader->header.table_offset, table_bytes(reader)))
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s (%" PRIu32 ") overlaps the section table", name, section->id);
	for (uint32_t i = 0; i < number; i++) {
		const struct snapshot_section *other = &reader->sections[i];

		if (other->id == section->id)
			return status_set(reader->error, STATUS_DAMAGED, section->offset,
			    "section %s (%" PRIu32 ") occurs twice", name, section->id);
		if (ranges_overlap(section->offset, section->bytes, other->offset, other->bytes))
			return status_set(reader->error, STATUS_DAMAGED, section->offset,
			    "sections %s (%" PRIu32 ") and %s (%" PRIu32 ") overlap",
			    section_name(other->id), other->id, name, section->id);
	}
	return 0;
}

/* Do we know what to do with it? */
static int check_kind(const struct reader *reader, const struct snapshot_section *section)
{
	const struct section_kind *kind = section_kind(section->id);

	if (kind == NULL)
		return (section->flags & SNAPSHOT_SECTION_REQUIRED) == 0
			   ? 0
			   : status_set(reader->error, STATUS_UNSUPPORTED, section->offset,
				 "the file needs section %" PRIu32
				 ", which this allocscope does not know: read it with a newer one",
				 section->id);
	if (section->row_bytes < kind->row_bytes)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s has rows of %" PRIu32 " bytes, version %d has %" PRIu32, kind->name,
		    section->row_bytes, SNAPSHOT_VERSION, kind->row_bytes);
	if (kind->fixed && section->row_bytes != kind->row_bytes)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s has rows of %" PRIu32 " bytes, its numbers have %" PRIu32,
		    kind->name, section->row_bytes, kind->row_bytes);
	if ((section->id == SNAPSHOT_RUN || section->id == SNAPSHOT_GRAPH) &&
	    section->bytes != section->row_bytes)
		return status_set(reader->error, STATUS_DAMAGED, section->offset,
		    "section %s has %" PRIu64 " rows, not one", kind->name,
		    section->bytes / section->row_bytes);
	return 0;
}

static int check_section_checksum(
    const struct reader *reader, const struct snapshot_section *section)
{
	if (snapshot_checksum_fits(
		reader->bytes + section->offset, section->bytes, section->checksum))
		return 0;
	return status_set(reader->error, STATUS_DAMAGED, section->offset,
	    "the checksum of section %s (%" PRIu32 ", %" PRIu64 " bytes at byte %" PRIu64
	    ") does not fit its bytes",
	    section_name(section->id), section->id, section->bytes, section->offset);
}

static int check_required_sections(const struct reader *reader)
{
	size_t kind_count;
	const struct section_kind *kinds = section_kinds(&kind_count);

	for (size_t k = 0; k < kind_count; k++) {
		uint32_t i = 0;

		while (i < reader->header.section_count && reader->sections[i].id != kinds[k].id)
			i++;
		if (kinds[k].required && i == reader->header.section_count)
			return status_set(reader->error, STATUS_DAMAGED, 0,
			    "the required section %s is missing", kinds[k].name);
	}
	return 0;
}

static int check_sections(const struct reader *reader)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < reader->header.section_count; i++)
		status = check_section(reader, &reader->sections[i]);
	for (uint32_t i = 0; status == 0 && i < reader->header.section_count; i++)
		status = check_neighbours(reader, i);
	for (uint32_t i = 0; status == 0 && i < reader->header.section_count; i++)
		status = check_section_checksum(reader, &reader->sections[i]);
	for (uint32_t i = 0; status == 0 && i < reader->header.section_count; i++)
		status = check_kind(reader, &reader->sections[i]);
	if (status == 0)
		status = check_required_sections(reader);
	return status;
}

/* --- hanging sections into struct snapshot --- */

/* Rows of SECTION cut to the size this version knows. */
static void *copy_rows(
    const struct reader *reader, const struct snapshot_section *section, uint32_t row_bytes)
{
	size_t rows = section->bytes / section->row_bytes;
	char *copy = malloc(rows > 0 ? rows * row_bytes : 1);

	for (size_t i = 0; copy != NULL && i < rows; i++)
		memcpy(copy + i * row_bytes,
		    reader->bytes + section->offset + i * section->row_bytes, row_bytes);
	return copy;
}

static int attach_section(const struct reader *reader, struct snapshot *snapshot, uint32_t number)
{
	const struct snapshot_section *section = &reader->sections[number];
	const struct section_kind *kind = section_kind(section->id);
	const void *rows = reader->bytes + section->offset;
	size_t count;

	if (kind == NULL)
		return 0;
	if (section->row_bytes != kind->row_bytes) {
		rows = snapshot->copies[number] = copy_rows(reader, section, kind->row_bytes);
		if (rows == NULL)
			return status_set(reader->error, STATUS_NO_MEMORY, section->offset,
			    "no memory to convert section %s", kind->name);
	}
	count = section->bytes / section->row_bytes;
	memcpy((char *)snapshot + kind->rows_member, &rows, sizeof rows);
	if (kind->count_member != 0)
		memcpy((char *)snapshot + kind->count_member, &count, sizeof count);
	return 0;
}

/* Absent sections point at nothing with 0 rows, but not at NULL: pointer arithmetic stays defined. */
static void attach_absent(struct snapshot *snapshot)
{
	static const uint64_t nothing[1];
	const void *rows = nothing;
	size_t kind_count;
	const struct section_kind *kinds = section_kinds(&kind_count);

	for (size_t k = 0; k < kind_count; k++)
		memcpy((char *)snapshot + kinds[k].rows_member, &rows, sizeof rows);
}

static int read_image(
    const struct snapshot_image *image, struct snapshot *snapshot, struct status_error *error)
{
	struct reader reader = {.bytes = image->bytes, .count = image->count, .error = error};
	int status = snapshot_header_check(image->bytes, image->count, &reader.header, error);

	if (status == 0)
		status = check_table(&reader);
	if (status == 0)
		status = check_sections(&reader);
	if (status != 0)
		return status;
	snapshot->bytes = image->bytes;
	snapshot->file_bytes = image->count;
	snapshot->disk_bytes = image->disk_bytes;
	snapshot->sections = reader.sections;
	snapshot->section_count = reader.header.section_count;
	attach_absent(snapshot);
	for (uint32_t i = 0; status == 0 && i < snapshot->section_count; i++)
		status = attach_section(&reader, snapshot, i);
	if (status == 0)
		status = snapshot_rules_check(snapshot, error);
	return status;
}

/* Takes IMAGE over, also on failure. */
static int open_image(struct snapshot_image *image, const char *path,
    struct snapshot **ret_snapshot, struct status_error *error)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (snapshot == NULL) {
		snapshot_image_release(image);
		return status_set(error, STATUS_NO_MEMORY, 0, "no memory to open a snapshot");
	}
	snapshot->image = image->map;
	snapshot->image_bytes = image->map_bytes;
	snapshot->image_is_mapped = image->map != NULL;
	snapshot->path_storage = strdup(path);
	snapshot->path = snapshot->path_storage;

	int status = snapshot->path != NULL
			 ? read_image(image, snapshot, error)
			 : status_set(error, STATUS_NO_MEMORY, 0, "no memory to open a snapshot");

	if (status != 0)
		snapshot_close(snapshot);
	else
		*ret_snapshot = snapshot;
	return status;
}

int snapshot_open(const char *path, struct snapshot **ret_snapshot, struct status_error *ret_error)
{
	struct snapshot_image image;
	int status = snapshot_image_open(path, &image, ret_error);

	return status != 0 ? status : open_image(&image, path, ret_snapshot, ret_error);
}

int snapshot_open_memory(
    const void *bytes, size_t count, struct snapshot **ret_snapshot, struct status_error *ret_error)
{
	struct snapshot_image image;
	int status = snapshot_image_from_memory(bytes, count, &image, ret_error);

	return status != 0 ? status : open_image(&image, "", ret_snapshot, ret_error);
}

void snapshot_close(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;

	struct snapshot_image image = {.map = snapshot->image, .map_bytes = snapshot->image_bytes};

	for (size_t i = 0; i < SNAPSHOT_SECTIONS_MAX; i++)
		free(snapshot->copies[i]);
	free(snapshot->path_storage);
	snapshot_image_release(&image);
	free(snapshot);
}
