/* bytes.c - views of bytes: cut, compare, search, to number. Takes views, gives views; never allocates. */
#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, string ? strlen(string) : 0 };
}

struct bytes bytes_from(struct bytes b, size_t offset)
{
	if (offset >= b.n)
		return (struct bytes){ 0 };
	return (struct bytes){ b.p + offset, b.n - offset };
}

struct bytes bytes_first(struct bytes b, size_t n)
{
	if (n < b.n)
		b.n = n;
	return b;
}

size_t bytes_index(struct bytes b, uint8_t octet)
{
	const uint8_t *at = b.n ? memchr(b.p, octet, b.n) : NULL;
	return at ? (size_t)(at - b.p) : BYTES_NONE;
}

struct cut bytes_cut(struct bytes b, uint8_t at)
{
	size_t i = bytes_index(b, at);
	if (i == BYTES_NONE)
		return (struct cut){ .head = b };
	return (struct cut){ bytes_first(b, i), bytes_from(b, i + 1), true };
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct cut bytes_word(struct bytes b)
{
	size_t start = 0, end, next;
	while (start < b.n && is_blank(b.p[start]))
		start++;
	for (end = start; end < b.n && !is_blank(b.p[end]);)
		end++;
	for (next = end; next < b.n && is_blank(b.p[next]);)
		next++;
	struct bytes word = bytes_first(bytes_from(b, start), end - start);
	return (struct cut){ word, bytes_from(b, next), word.n > 0 };
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.n && is_blank(b.p[0]))
		b = bytes_from(b, 1);
	while (b.n && is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (octet_lower(a[i]) != octet_lower(b[i]))
			return false;
	return true;
}

bool bytes_is(struct bytes b, struct bytes word)
{
	return b.n == word.n && same_letters(b.p, word.p, b.n);
}

bool bytes_starts(struct bytes b, struct bytes prefix)
{
	return bytes_equal(bytes_first(b, prefix.n), prefix);
}

bool bytes_starts_word(struct bytes b, struct bytes prefix)
{
	return bytes_is(bytes_first(b, prefix.n), prefix);
}

size_t bytes_find(struct bytes b, struct bytes needle)
{
	for (size_t i = 0; needle.n <= b.n && i <= b.n - needle.n; i++)
		if (same_letters(b.p + i, needle.p, needle.n))
			return i;
	return BYTES_NONE;
}

bool bytes_number(struct bytes b, uint64_t *value)
{
	uint64_t sum = 0;
	if (b.n == 0)
		return false;
	for (size_t i = 0; i < b.n; i++) {
		if (!octet_is_digit(b.p[i]))
			return false;
		if (__builtin_mul_overflow(sum, 10u, &sum) || __builtin_add_overflow(sum, (uint64_t)(b.p[i] - '0'), &sum))
			return false;
	}
	*value = sum;
	return true;
}

/* FNV-1a with a final mix: keys are short, and hostile input can at worst slow one bucket that map.c bounds. */
uint64_t bytes_hash(struct bytes b)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}
