#include "symbols/embedded_symbols.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_BYTES_MAX	 ((size_t)256 << 20)
#define MEMORY_BYTES_MAX ((uint64_t)256 << 20)

/* Of liblzma's stable interface (lzma/container.h); LZMA_OK and LZMA_BUF_ERROR of its enum lzma_ret. */
typedef int decode_function(uint64_t *memory_limit, uint32_t flags, const void *allocator,
    const uint8_t *in, size_t *in_position, size_t in_size, uint8_t *out, size_t *out_position,
    size_t out_size);
enum { DECODE_OK = 0, DECODE_BUFFER_TOO_SMALL = 10 };

static decode_function *find_decoder(void)
{
	void *library = dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL);
	void *address = library == NULL ? NULL : dlsym(library, "lzma_stream_buffer_decode");
	decode_function *decode;

	memcpy(&decode, &address, sizeof decode);
	return decode;
}

bool embedded_symbols_unpack(const void *bytes, size_t count, void **ret_image, size_t *ret_count)
{
	decode_function *decode;

	if (bytes == NULL || count == 0)
		return false;
	decode = find_decoder();
	if (decode == NULL)
		return false;
	/* The unpacked size is not announced where it is easy to read: try, double, try again. */
	for (size_t size = (size_t)64 * 1024; size <= IMAGE_BYTES_MAX; size *= 2) {
		uint64_t memory_limit = MEMORY_BYTES_MAX;
		size_t in_position = 0, out_position = 0;
		uint8_t *image = malloc(size);
		int result;

		if (image == NULL)
			return false;
		result = decode(
		    &memory_limit, 0, NULL, bytes, &in_position, count, image, &out_position, size);
		if (result == DECODE_OK) {
			*ret_image = image;
			*ret_count = out_position;
			return true;
		}
		free(image);
		if (result != DECODE_BUFFER_TOO_SMALL)
			return false;
	}
	return false;
}
