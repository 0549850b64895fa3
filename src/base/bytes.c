/* bytes.c - views of bytes: cut, compare, search, to number. Takes views, gives views; never allocates. */
#include "base/bytes.h"

#include <string.h>

#if defined __SSE2__
#include <emmintrin.h>
#endif

static const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;

/* The first octet is the lowest. */
static uint64_t eight_at(const uint8_t *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

static uint64_t four_at(const uint8_t *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof word);
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap32(word);
}

/* High bits where octets are 0; above the lowest of these, perhaps where they are not. */
static uint64_t zeros_of(uint64_t word)
{
	return (word - ones) & ~word & highs;
}

/* Where the next blank is, eight octets at a time. */
static size_t blank_from(struct bytes b, size_t i)
{
	for (; i + 8 <= b.n; i += 8) {
		uint64_t word = eight_at(b.p + i), found = zeros_of(word ^ ' ' * ones) | zeros_of(word ^ '\t' * ones);
		if (found)
			return i + (size_t)__builtin_ctzll(found) / 8;
	}
	while (i < b.n && !octet_is_blank(b.p[i]))
		i++;
	return i;
}

struct cut bytes_word(struct bytes b)
{
	size_t start = 0, end, next;
	while (start < b.n && octet_is_blank(b.p[start]))
		start++;
	end = blank_from(b, start);
	for (next = end; next < b.n && octet_is_blank(b.p[next]);)
		next++;
	struct bytes word = bytes_first(bytes_from(b, start), end - start);
	return (struct cut){ word, bytes_from(b, next), word.n > 0 };
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.n && octet_is_blank(b.p[0]))
		b = bytes_from(b, 1);
	while (b.n && octet_is_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

static bool octets_same(uint8_t a, uint8_t b)
{
	return a == b || ((a ^ b) == 0x20 && octet_is_alpha(a));
}

/* Where two words differ in case only: 0x20 in each octet that differs, which is then a letter. */
static bool words_same(uint64_t a, uint64_t b)
{
	uint64_t differ = a ^ b;
	if (differ & ~(0x20 * ones))
		return false;
	for (; differ; differ &= differ - 1)
		if (!octet_is_alpha((uint8_t)(a >> (__builtin_ctzll(differ) & ~7))))
			return false;
	return true;
}

/* The last group overlaps the one before it. */
bool bytes_same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
	if (n < 4) {
		for (size_t i = 0; i < n; i++)
			if (!octets_same(a[i], b[i]))
				return false;
		return true;
	}
	if (n < 8)
		return words_same(four_at(a) | four_at(a + n - 4) << 32, four_at(b) | four_at(b + n - 4) << 32);
	for (size_t i = 0; i + 8 < n; i += 8)
		if (!words_same(eight_at(a + i), eight_at(b + i)))
			return false;
	return words_same(eight_at(a + n - 8), eight_at(b + n - 8));
}

/* Sixteen octets at a time. Setting 0x20 makes letters lower case; what else it makes equal, bytes_same_letters tells apart. */
typedef uint8_t octets __attribute__((vector_size(16)));

static octets octets_of(uint8_t c)
{
	return (octets){ 0 } + (uint8_t)(c | 0x20);
}

static octets octets_at(const uint8_t *p)
{
	octets v;
	memcpy(&v, p, sizeof v);
	return v | 0x20;
}

/* Of the first sixteen of the 17 octets at p those, as bits, where the needle's first two letters stand. */
static inline unsigned may_begin(const uint8_t *p, octets first, octets second)
{
	octets both = (octets)(octets_at(p) == first) & (octets)(octets_at(p + 1) == second);
#if defined __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)both);
#else
	unsigned bits = 0;
	for (unsigned i = 0; i < sizeof both; i++)
		bits |= (both[i] & 1u) << i;
	return bits;
#endif
}

static size_t find_in_few(struct bytes b, struct bytes needle, size_t end)
{
	for (size_t at = 0; at < end; at++)
		if (((b.p[at] ^ needle.p[0]) & 0xdf) == 0 && bytes_same_letters(b.p + at, needle.p, needle.n))
			return at;
	return BYTES_NONE;
}

size_t bytes_find(struct bytes b, struct bytes needle)
{
	size_t end = needle.n <= b.n ? b.n - needle.n + 1 : 0; /* where it may begin */
	if (end == 0 || needle.n == 0)
		return end ? 0 : BYTES_NONE;
	if (needle.n < 2 || end < sizeof(octets))
		return find_in_few(b, needle, end);
	octets first = octets_of(needle.p[0]), second = octets_of(needle.p[1]);
	size_t last = end - sizeof(octets); /* the last group overlaps the one before it */
	for (size_t i = 0;; i = i + sizeof(octets) < last ? i + sizeof(octets) : last) {
		for (unsigned bits = may_begin(b.p + i, first, second); bits; bits &= bits - 1) {
			size_t at = i + (unsigned)__builtin_ctz(bits);
			if (bytes_same_letters(b.p + at, needle.p, needle.n))
				return at;
		}
		if (i == last)
			return BYTES_NONE;
	}
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

/* Both halves of the product. The factors stay in it, so that one of zero does not make all else alike. */
static inline uint64_t mixed(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return a ^ b ^ (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A multiplication for each sixteen octets, the last of which overlap those before them; hostile input can at worst slow one bucket that map.c
 * bounds. */
uint64_t bytes_hash(struct bytes b)
{
	const uint64_t first = 0x9e3779b97f4a7c15u, second = 0xd6e8feb86659fd93u;
	uint64_t h = 0xcbf29ce484222325u ^ b.n, low = 0, high = 0;
	for (size_t i = 0; i + 16 < b.n; i += 16)
		h = mixed(eight_at(b.p + i) ^ first, eight_at(b.p + i + 8) ^ h);
	if (b.n >= 16) {
		low = eight_at(b.p + b.n - 16);
		high = eight_at(b.p + b.n - 8);
	} else if (b.n >= 8) {
		low = eight_at(b.p);
		high = eight_at(b.p + b.n - 8);
	} else if (b.n >= 4) {
		low = four_at(b.p);
		high = four_at(b.p + b.n - 4);
	} else if (b.n) {
		low = b.p[0] | (uint64_t)b.p[b.n / 2] << 8 | (uint64_t)b.p[b.n - 1] << 16;
	}
	return mixed(mixed(low ^ first, high ^ h), second);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}
