/* Paths of source files as compilers write them, tidied: "/b/./malloc/malloc.c" -> "/b/malloc/malloc.c". */
#ifndef SYMBOLS_SOURCE_PATH_H
#define SYMBOLS_SOURCE_PATH_H

/* A copy (free it) of PATH without "." components and repeated slashes; ".." stays, since what stands
 * before it may be a link. NULL when out of memory. */
char *source_path_tidy(const char *path);

#endif
