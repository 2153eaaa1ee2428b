#include "snapshot/snapshot_rewrite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot_replace.h"
#include "snapshot/snapshot_writer.h"

#define WRITE_BUFFER_BYTES ((size_t)1 << 18)

static int check_name(const struct snapshot *in, const struct snapshot_additions *additions,
    size_t row, struct status_error *error)
{
	const struct snapshot_name *name = &additions->names[row];

	if (name->node >= in->node_count)
		return status_set(error, STATUS_BAD_ARGUMENT, 0,
		    "name %zu is of node %" PRIu32 ", there are only %zu", row, name->node,
		    in->node_count);
	if (name->function >= additions->string_bytes || name->file >= additions->string_bytes)
		return status_set(error, STATUS_BAD_ARGUMENT, 0,
		    "name %zu lies beyond the %zu bytes of strings", row, additions->string_bytes);
	if (row > 0 &&
	    (name->node < name[-1].node ||
		(name->node == name[-1].node && name->inline_depth <= name[-1].inline_depth)))
		return status_set(error, STATUS_BAD_ARGUMENT, 0, "name %zu does not ascend", row);
	return 0;
}

static int check_symbol(const struct snapshot *in, const struct snapshot_additions *additions,
    size_t row, struct status_error *error)
{
	const struct snapshot_symbol *symbol = &additions->symbols[row];

	if (symbol->module >= in->module_count || symbol->name >= additions->string_bytes)
		return status_set(error, STATUS_BAD_ARGUMENT, 0,
		    "symbol %zu is of module %" PRIu32 " and has string %" PRIu32
		    ": one of them is not there",
		    row, symbol->module, symbol->name);
	if (row > 0 && snapshot_symbol_compare(&symbol[-1], symbol) >= 0)
		return status_set(error, STATUS_BAD_ARGUMENT, 0, "symbol %zu does not ascend", row);
	return 0;
}

static int check_additions(const struct snapshot *in, const struct snapshot_additions *additions,
    struct status_error *error)
{
	int status = 0;

	if (additions->string_bytes < in->string_bytes ||
	    additions->string_bytes > SNAPSHOT_STRING_BYTES_MAX ||
	    memcmp(additions->strings, in->strings, in->string_bytes) != 0)
		return status_set(error, STATUS_BAD_ARGUMENT, 0,
		    "the new strings (%zu bytes) do not begin with the old ones (%zu bytes)",
		    additions->string_bytes, in->string_bytes);
	if (additions->strings[additions->string_bytes - 1] != '\0')
		return status_set(
		    error, STATUS_BAD_ARGUMENT, 0, "the last of the new strings does not end");
	for (size_t i = 0; status == 0 && i < additions->name_count; i++)
		status = check_name(in, additions, i, error);
	for (size_t i = 0; status == 0 && i < additions->symbol_count; i++)
		status = check_symbol(in, additions, i, error);
	return status;
}

static int write_sections(const struct snapshot *in, const struct snapshot_additions *additions,
    int fd, void *buffer, struct status_error *error)
{
	struct snapshot_writer writer;

	snapshot_writer_begin(&writer, fd, buffer, WRITE_BUFFER_BYTES);
	for (uint32_t i = 0; i < in->section_count; i++) {
		const struct snapshot_section *section = &in->sections[i];

		if (section->id == SNAPSHOT_NAMES || section->id == SNAPSHOT_SYMBOLS)
			continue;
		snapshot_writer_section(&writer, section->id, section->row_bytes, section->flags);
		if (section->id == SNAPSHOT_STRINGS)
			snapshot_writer_put(&writer, additions->strings, additions->string_bytes);
		else
			snapshot_writer_put(&writer, in->bytes + section->offset, section->bytes);
		snapshot_writer_end_section(&writer);
	}
	snapshot_writer_section(&writer, SNAPSHOT_NAMES, sizeof(struct snapshot_name), 0);
	snapshot_writer_put(
	    &writer, additions->names, additions->name_count * sizeof(struct snapshot_name));
	snapshot_writer_end_section(&writer);
	if (additions->symbol_count > 0) {
		snapshot_writer_section(
		    &writer, SNAPSHOT_SYMBOLS, sizeof(struct snapshot_symbol), 0);
		snapshot_writer_put(&writer, additions->symbols,
		    additions->symbol_count * sizeof(struct snapshot_symbol));
		snapshot_writer_end_section(&writer);
	}

	int failed = snapshot_writer_finish(&writer);

	return failed == 0
		   ? 0
		   : status_set(error, STATUS_IO, 0, "cannot be written: %s", strerror(-failed));
}

int snapshot_rewrite_with_names(const struct snapshot *in,
    const struct snapshot_additions *additions, const char *out_path,
    struct status_error *ret_error)
{
	struct snapshot_replacement replacement;
	void *buffer = malloc(WRITE_BUFFER_BYTES);
	int status = buffer != NULL
			 ? check_additions(in, additions, ret_error)
			 : status_set(ret_error, STATUS_NO_MEMORY, 0, "no memory to write");

	if (status == 0)
		status = snapshot_replacement_begin(&replacement, out_path, 0600, ret_error);
	if (status == 0) {
		status = write_sections(in, additions, replacement.fd, buffer, ret_error);
		if (status == 0)
			status = snapshot_replacement_commit(&replacement, ret_error);
		else
			snapshot_replacement_abandon(&replacement);
	}
	free(buffer);
	return status;
}
