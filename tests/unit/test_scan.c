/* test_scan - sixteen octets at a time say what octet by octet says, at every length and for octets of every kind. */
#include "base/scan.h"

#include "support/guard.h"
#include "support/table.h"

static const struct kase {
	const char *name;
	struct bytes octets; /* what texts are made of */
} cases[] = {
	{ "a line", B("aZ09 -.:<>@\r\n") },
	{ "ends of lines", B("a\r\n") },
	{ "tabs and controls", B("ab\t\v\x1f\x7f \x80\xff\n") },
	{ "the edges of the classes", B("@A[Z`a{z/0:9,-./^_+*=<>\xc1\xe1\xb0") },
	{ "names", B("abc019-.@_+=") },
	{ "NULs", B("\0a\r\n") },
};

static struct line_end line_by_octets(struct bytes b)
{
	struct line_end end = { 0, true };
	while (end.at < b.n && b.p[end.at] != '\n')
		end.at++;
	if (end.at == b.n)
		return (struct line_end){ BYTES_NONE, false };
	for (size_t i = 0; i < end.at; i++)
		end.plain &= octet_is_print(b.p[i]) || b.p[i] == '\t' || (b.p[i] == '\r' && i + 1 == end.at);
	return end;
}

static void check(struct bytes b)
{
	struct line_end line = scan_line(b), want = line_by_octets(b);
	assert_int_equal(line.at, want.at);
	assert_true(line.at == BYTES_NONE || line.plain == want.plain);
	struct classes c = scan_classes(b);
	for (size_t i = 0; i < SCAN_MOST; i++) {
		uint8_t o = i < b.n ? b.p[i] : 0;
		assert_int_equal(c.letters >> i & 1, (o >= 'a' && o <= 'z') || (o >= 'A' && o <= 'Z'));
		assert_int_equal(c.digits >> i & 1, o >= '0' && o <= '9');
		assert_int_equal(c.hyphens >> i & 1, o == '-');
		assert_int_equal(c.dots >> i & 1, o == '.');
		assert_int_equal(c.ats >> i & 1, o == '@');
		assert_int_equal(c.marks >> i & 1, o == '_' || o == '+' || o == '=');
	}
}

static void scanned_alike(void **state)
{
	const struct kase *k = *state;
	uint64_t seed = 1;
	for (size_t n = 0; n <= 80; n++)
		for (unsigned round = 0; round < 60; round++) {
			uint8_t octets[80];
			for (size_t i = 0; i < n; i++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				octets[i] = round % 3 && (seed >> 40) % 8 ? 'x' : k->octets.p[(seed >> 33) % k->octets.n]; /* some with few of them */
			}
			struct guard g = guarded((struct bytes){ octets, n });
			check(g.bytes);
			guard_free(&g);
		}
}

int main(void)
{
	return TABLE_RUN("scanned alike", cases, scanned_alike) != 0;
}
