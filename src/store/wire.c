/* wire.c - takes octets of the wire, gives printable text. Copies runs of plain octets at once. Never gives half an escape. */
#include "store/wire.h"

static bool is_plain(uint8_t c)
{
	return octet_is_print(c) && c != '\\';
}

/* Sixteen octets at a time, signed, so that those from 0x80 on are below the printable ones. */
typedef int8_t octets __attribute__((vector_size(16)));

/* The end of the run of plain octets at p, as far as sixteen at a time tell. */
static size_t plain_run(const uint8_t *p, size_t at, size_t end, char but)
{
	octets v;
	for (; at + sizeof v <= end; at += sizeof v) {
		memcpy(&v, p + at, sizeof v);
		octets plain = (octets)(v > 0x1f) & (octets)(v != 0x7f) & (octets)(v != '\\') & (octets)(v != but);
		uint64_t halves[2];
		memcpy(halves, &plain, sizeof halves);
		if ((halves[0] & halves[1]) != UINT64_MAX)
			break;
	}
	return at;
}

static size_t escape(uint8_t c, char out[4])
{
	static const char digits[] = "0123456789abcdef";
	out[0] = '\\';
	switch (c) {
	case '\\':
		out[1] = '\\';
		return 2;
	case '\t':
		out[1] = 't';
		return 2;
	case '\r':
		out[1] = 'r';
		return 2;
	case '\n':
		out[1] = 'n';
		return 2;
	default:
		out[1] = 'x';
		out[2] = digits[c >> 4];
		out[3] = digits[c & 15];
		return 4;
	}
}

static void add(struct text *t, struct bytes wire, size_t most, bool lines)
{
	size_t left = most;
	for (size_t i = 0; i < wire.n && left;) {
		size_t stop = wire.n - i < left ? wire.n : i + left;
		size_t end = plain_run(wire.p, i, stop, '\\');
		for (; end < stop && (is_plain(wire.p[end]) || (lines && wire.p[end] == '\n')); end++)
			if (wire.p[end] == '\n')
				end = plain_run(wire.p, end + 1, stop, '\\') - 1;
		text_add(t, (struct bytes){ wire.p + i, end - i });
		left -= end - i;
		i = end;
		if (i == wire.n || !left)
			break;
		char escaped[4];
		size_t n = escape(wire.p[i++], escaped);
		if (n > left)
			break;
		text_add(t, (struct bytes){ (const uint8_t *)escaped, n });
		left -= n;
	}
}

void wire_add(struct text *t, struct bytes wire, size_t most)
{
	add(t, wire, most, false);
}

void wire_add_lines(struct text *t, struct bytes wire, size_t most)
{
	add(t, wire, most, true);
}

void wire_add_quoted(struct text *t, struct bytes b)
{
	text_add_octet(t, '"');
	for (size_t i = 0; i < b.n;) {
		size_t end = plain_run(b.p, i, b.n, '"');
		while (end < b.n && b.p[end] != '"' && b.p[end] != '\\' && b.p[end] >= 0x20)
			end++;
		text_add(t, (struct bytes){ b.p + i, end - i });
		i = end;
		if (i < b.n) {
			char escaped[2] = { '\\', b.p[i] == '\n' ? 'n' : (char)b.p[i] };
			text_add(t, (struct bytes){ (const uint8_t *)escaped, 2 });
			i++;
		}
	}
	text_add_octet(t, '"');
}

char *wire_put_number(char *at, int64_t number)
{
	char digits[20];
	size_t n = 0;
	uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
	if (number < 0)
		*at++ = '-';
	do {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	while (n)
		*at++ = digits[--n];
	return at;
}

void wire_add_number(struct text *t, int64_t number)
{
	text_room(t, NUMBER_MOST);
	t->n = (size_t)(wire_put_number(t->p + t->n, number) - t->p);
	t->p[t->n] = 0;
}
