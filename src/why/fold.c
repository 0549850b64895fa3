/* fold.c - makes a reply's text plain for matching. Takes wire bytes, gives lower-case text with placeholders. */
#include "why/fold.h"

#include "base/banned.h"

static void put(struct folded *f, uint8_t c, size_t from)
{
	if (f->n < FOLD_MOST) {
		f->text[f->n] = c;
		f->from[f->n++] = (uint16_t)(from > UINT16_MAX ? UINT16_MAX : from);
	}
}

static void put_all(struct folded *f, struct bytes b, size_t from)
{
	for (size_t i = 0; i < b.n; i++)
		put(f, b.p[i], from);
}

static void put_space(struct folded *f, size_t from)
{
	if (f->n && f->text[f->n - 1] != ' ')
		put(f, ' ', from);
}

/* Base letters of U+00C0..U+017F; '?' where there is none. */
static uint8_t base_letter(uint32_t code)
{
	static const char letters[] =
		"aaaaaaaceeeeiiiidnooooo?ouuuuyts" /* U+00C0.. the capitals */
		"aaaaaaaceeeeiiiidnooooo?ouuuuyty" /* U+00E0.. */
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
	uint32_t i = code - 0xc0;
	return code >= 0xc0 && i < sizeof letters - 1 ? (uint8_t)letters[i] : '?';
}

/* One character beyond ASCII; returns its octets. */
static size_t fold_wide(struct folded *f, struct bytes rest, size_t at)
{
	uint8_t a = rest.p[0], b = rest.n > 1 ? rest.p[1] : 0, c = rest.n > 2 ? rest.p[2] : 0;
	if (a >= 0xc2 && a <= 0xdf && (b & 0xc0) == 0x80) {
		uint32_t code = (uint32_t)(a & 0x1f) << 6 | (b & 0x3f);
		if (code >= 0xc0 && code <= 0x17f) {
			put(f, base_letter(code), at);
		} else if (code == 0xa0) {
			put_space(f, at);
		} else if (code == 0xab || code == 0xbb) {
			put(f, '"', at);
		} else if (code >= 0x410 && code <= 0x42f) { /* Cyrillic capitals */
			code += 0x20;
			put(f, (uint8_t)(0xc0 | code >> 6), at);
			put(f, (uint8_t)(0x80 | (code & 0x3f)), at);
		} else {
			put(f, a, at);
			put(f, b, at);
		}
		return 2;
	}
	if (a >= 0xe0 && a <= 0xef && (b & 0xc0) == 0x80 && (c & 0xc0) == 0x80) {
		uint32_t code = (uint32_t)(a & 0xf) << 12 | (uint32_t)(b & 0x3f) << 6 | (c & 0x3f);
		if (code == 0x2018 || code == 0x2019 || code == 0x2032)
			put(f, '\'', at);
		else if (code == 0x201c || code == 0x201d || code == 0x201e)
			put(f, '"', at);
		else if (code >= 0x2010 && code <= 0x2015)
			put(f, '-', at);
		else if (code >= 0x2000 && code <= 0x200f)
			put_space(f, at);
		else
			put_all(f, bytes_first(rest, 3), at);
		return 3;
	}
	if (a >= 0xc0) /* Latin-1: no well-formed UTF-8 begins here */
		put(f, base_letter(a), at);
	else
		put(f, a, at);
	return 1;
}

static bool is_hex(uint8_t c)
{
	return octet_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_atom(uint8_t c)
{
	return octet_is_digit(c) || octet_is_alpha(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '=' || c == '%' || c >= 0x80;
}

static size_t span(struct bytes b, bool (*is)(uint8_t))
{
	size_t n = 0;
	while (n < b.n && is(b.p[n]))
		n++;
	return n;
}

/* Octets of an IP address at the start of b, 0 when there is none: four numbers with dots, or hex groups with at least two colons. */
static size_t ip_length(struct bytes b)
{
	size_t n = 0, dots = 0, colons = 0, digits = 0;
	while (n < b.n && (is_hex(b.p[n]) || b.p[n] == '.' || b.p[n] == ':')) {
		dots += b.p[n] == '.';
		colons += b.p[n] == ':';
		digits += octet_is_digit(b.p[n]);
		n++;
	}
	while (n && (b.p[n - 1] == '.' || b.p[n - 1] == ':')) {
		dots -= b.p[n - 1] == '.';
		colons -= b.p[n - 1] == ':';
		n--;
	}
	if (n < b.n && is_atom(b.p[n]))
		return 0;
	if (colons == 0 && dots == 3 && digits + 3 == n && n >= 7 && n <= 15)
		return n;
	return colons >= 2 && colons <= 7 && digits && n >= 4 ? n : 0;
}

/* An id: 8 octets or more that mix letters and at least three digits, without a dot inside. */
static bool is_id(struct bytes word)
{
	size_t digits = 0;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.' || word.p[i] == '_')
			return false;
		digits += octet_is_digit(word.p[i]);
	}
	return word.n >= 10 && digits >= 3 && digits < word.n;
}

/* A word of atom octets at the start of rest; returns the octets taken. */
static size_t fold_word(struct folded *f, struct bytes rest, size_t at)
{
	size_t n = ip_length(rest);
	if (n) {
		put_all(f, B("<ip>"), at);
		return n;
	}
	n = span(rest, is_atom);
	struct bytes word = bytes_first(rest, n);
	if (n < rest.n && rest.p[n] == '@' && n + 1 < rest.n && is_atom(rest.p[n + 1])) {
		put_all(f, B("<addr>"), at);
		return n + 1 + span(bytes_from(rest, n + 1), is_atom);
	}
	if (is_id(word)) {
		put_all(f, B("<id>"), at);
		return n;
	}
	for (size_t i = 0; i < n;) {
		if (word.p[i] >= 0x80) {
			i += fold_wide(f, bytes_from(word, i), at + i);
			continue;
		}
		put(f, octet_lower(word.p[i]), at + i);
		i++;
	}
	return n;
}

void fold(struct bytes text, struct folded *f)
{
	f->n = 0;
	for (size_t i = 0; i < text.n;) {
		struct bytes rest = bytes_from(text, i);
		uint8_t c = rest.p[0];
		if (bytes_starts_word(rest, B("http://")) || bytes_starts_word(rest, B("https://"))) {
			put_all(f, B("<url> "), i);
			i += bytes_index(rest, ':') + 3;
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			put_space(f, i);
			i++;
		} else if (is_atom(c) || (c == ':' && rest.n > 2 && rest.p[1] == ':' && is_hex(rest.p[2]))) {
			size_t n = fold_word(f, rest, i);
			if (n == 0) { /* "::" that begins no address */
				put(f, c, i);
				n = 1;
			}
			i += n;
		} else {
			put(f, octet_is_print(c) ? octet_lower(c) : ' ', i);
			i++;
		}
	}
}
