/* The directory of the names files: which one it is, and how it is kept from growing without end. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "symbols/name_cache.h"

char *name_cache_directory(const char *option)
{
	const char *base;
	char *path = NULL;
	int length;

	if (option != NULL)
		return option[0] == '\0' ? NULL : strdup(option);
	base = getenv(
	    "XDG_CACHE_HOME"); /* NOLINT(concurrency-mt-unsafe): the tool never calls setenv */
	if (base != NULL && base[0] == '/') { /* the specification has relative paths ignored */
		length = asprintf(&path, "%s/allocscope", base);
	} else {
		base = getenv("HOME"); /* NOLINT(concurrency-mt-unsafe): as above */
		if (base == NULL || base[0] != '/')
			return NULL;
		length = asprintf(&path, "%s/.cache/allocscope", base);
	}
	return length < 0 ? NULL : path;
}

struct cache_file {
	char *name;
	uint64_t bytes;
	struct timespec modified;
};

struct cache_listing {
	struct cache_file *files;
	size_t count, capacity;
	uint64_t bytes;
};

/* Names files, and temporaries that a killed writer left. */
static bool is_ours(const char *name)
{
	const size_t length = strlen(name), suffix = strlen(".names");

	return strncmp(name, ".names-", strlen(".names-")) == 0 ||
	       (length > suffix && strcmp(name + length - suffix, ".names") == 0);
}

static int listing_add(struct cache_listing *listing, const char *name, const struct stat *status)
{
	if (listing->count == listing->capacity) {
		size_t capacity = listing->capacity == 0 ? 64 : listing->capacity * 2;
		struct cache_file *files = reallocarray(listing->files, capacity, sizeof *files);

		if (files == NULL)
			return STATUS_NO_MEMORY;
		listing->files = files;
		listing->capacity = capacity;
	}
	listing->files[listing->count] = (struct cache_file){
	    .name = strdup(name), .bytes = (uint64_t)status->st_size, .modified = status->st_mtim};
	if (listing->files[listing->count].name == NULL)
		return STATUS_NO_MEMORY;
	listing->count++;
	listing->bytes += (uint64_t)status->st_size;
	return STATUS_OK;
}

/* Oldest first; of the same moment by name, so that the order is one. */
static int compare_files(const void *left, const void *right)
{
	const struct cache_file *a = left, *b = right;

	if (a->modified.tv_sec != b->modified.tv_sec)
		return a->modified.tv_sec < b->modified.tv_sec ? -1 : 1;
	if (a->modified.tv_nsec != b->modified.tv_nsec)
		return a->modified.tv_nsec < b->modified.tv_nsec ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void list(struct cache_listing *listing, DIR *stream)
{
	struct dirent *entry;

	while ((entry = readdir(stream)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
		struct stat status;

		if (!is_ours(entry->d_name) ||
		    fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		if (listing_add(listing, entry->d_name, &status) != STATUS_OK)
			return;
	}
}

void name_cache_prune(const char *directory, uint64_t bytes_max)
{
	struct cache_listing listing = {0};
	DIR *stream = opendir(directory);

	if (stream == NULL)
		return;
	list(&listing, stream);
	if (listing.bytes > bytes_max)
		qsort(listing.files, listing.count, sizeof *listing.files, compare_files);
	for (size_t i = 0; i < listing.count; i++) {
		if (listing.bytes > bytes_max &&
		    unlinkat(dirfd(stream), listing.files[i].name, 0) == 0)
			listing.bytes -= listing.files[i].bytes;
		free(listing.files[i].name);
	}
	free(listing.files);
	(void)closedir(stream);
}
