/*
 * Unpacks .gnu_debugdata ("mini debug info"): an xz-compressed ELF file with a .symtab, as Fedora and
 * its kin leave in their stripped programs. liblzma is loaded when such a section is met; libdw needs
 * it anyway, so that it is there where this code runs.
 */
#ifndef SYMBOLS_EMBEDDED_SYMBOLS_H
#define SYMBOLS_EMBEDDED_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

/* Unpack COUNT BYTES into *RET_IMAGE (free it). False when they are not xz, are damaged or unpack to
 * an unreasonable size, or when liblzma is missing. */
bool embedded_symbols_unpack(const void *bytes, size_t count, void **ret_image, size_t *ret_count);

#endif
