#include "report/utf8.h"

#include <stddef.h>

int utf8_decode(const char *text, uint32_t *ret_point)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} kinds[] = {
	    {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *bytes = (const unsigned char *)text;

	for (int length = 1; length <= 4; length++) {
		uint32_t point = 0;
		int i = 1;

		if ((bytes[0] & kinds[length - 1].mask) != kinds[length - 1].lead)
			continue;
		point = bytes[0] & (unsigned char)~kinds[length - 1].mask;
		for (; i < length && (bytes[i] & 0xc0) == 0x80; i++)
			point = point << 6 | (bytes[i] & 0x3f);
		if (i < length || point < kinds[length - 1].least || point > 0x10ffff ||
		    (point >= 0xd800 && point <= 0xdfff))
			return 0;
		*ret_point = point;
		return length;
	}
	return 0;
}
