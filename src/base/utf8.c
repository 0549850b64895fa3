/* utf8.c - one well-formed character of UTF-8 at the start of a view, and strings made of such characters. */
#include "base/utf8.h"

/* The first octet decides the range of the second and how many follow. */
static const struct { uint8_t first, last, low, high, more, bits; } sequences[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 1, 0x1f }, { 0xe0, 0xe0, 0xa0, 0xbf, 2, 0x0f },
	{ 0xe1, 0xec, 0x80, 0xbf, 2, 0x0f }, { 0xed, 0xed, 0x80, 0x9f, 2, 0x0f }, { 0xee, 0xef, 0x80, 0xbf, 2, 0x0f },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3, 0x07 }, { 0xf1, 0xf3, 0x80, 0xbf, 3, 0x07 }, { 0xf4, 0xf4, 0x80, 0x8f, 3, 0x07 },
};

size_t utf8_character(struct bytes b, uint32_t *code)
{
	if (b.n && b.p[0] < 0x80) {
		if (code)
			*code = b.p[0];
		return 1;
	}
	for (size_t r = 0; b.n && r < sizeof sequences / sizeof *sequences; r++) {
		if (b.p[0] < sequences[r].first || b.p[0] > sequences[r].last)
			continue;
		if (b.n <= sequences[r].more)
			return 0;
		uint32_t sum = b.p[0] & sequences[r].bits;
		for (size_t i = 1; i <= sequences[r].more; i++) {
			if (b.p[i] < (i == 1 ? sequences[r].low : 0x80) || b.p[i] > (i == 1 ? sequences[r].high : 0xbf))
				return 0;
			sum = sum << 6 | (b.p[i] & 0x3f);
		}
		if (code)
			*code = sum;
		return sequences[r].more + 1u;
	}
	return 0;
}

void utf8_mend(char *string)
{
	uint8_t *p = (uint8_t *)string + bytes_printable(bytes_of(string));
	while (octet_is_print(*p))
		p++;
	for (struct bytes rest = bytes_of((const char *)p); rest.n;) {
		size_t n = utf8_character(rest, NULL);
		if (n == 0 || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
		p += n;
		rest = bytes_from(rest, n);
	}
}
