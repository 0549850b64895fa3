/* text.c - a growing output buffer, and the escapes that make wire bytes safe to store. Never fails. */
#include "base/text.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void make_room(struct text *t, size_t more)
{
	if (t->room - t->n > more)
		return;
	size_t room = t->room ? t->room * 2 : 128;
	while (room - t->n <= more)
		room *= 2;
	t->p = memory_grow(t->p, room, 1);
	t->room = room;
}

void text_add(struct text *t, struct bytes b)
{
	make_room(t, b.n);
	if (b.n)
		memcpy(t->p + t->n, b.p, b.n);
	t->n += b.n;
	t->p[t->n] = 0;
}

void text_add_string(struct text *t, const char *string)
{
	text_add(t, bytes_of(string));
}

void text_add_octet(struct text *t, uint8_t octet)
{
	text_add(t, (struct bytes){ &octet, 1 });
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int need = vsnprintf(NULL, 0, format, arguments);
	if (need > 0) {
		make_room(t, (size_t)need);
		vsnprintf(t->p + t->n, (size_t)need + 1, format, again);
		t->n += (size_t)need;
	}
	va_end(again);
	va_end(arguments);
}

void text_add_c(struct text *t, struct bytes wire, size_t most)
{
	wire = bytes_first(wire, most);
	for (size_t i = 0; i < wire.n; i++) {
		uint8_t c = wire.p[i];
		if (c == '\\')
			text_add_string(t, "\\\\");
		else if (c == '\t')
			text_add_string(t, "\\t");
		else if (c == '\r')
			text_add_string(t, "\\r");
		else if (c == '\n')
			text_add_string(t, "\\n");
		else if (octet_is_print(c))
			text_add_octet(t, c);
		else
			text_addf(t, "\\x%02x", c);
	}
}

/* Length of the well-formed UTF-8 character at the start of b (RFC 3629 section 4), 0 when there is none. */
static size_t utf8_length(struct bytes b)
{
	static const struct { uint8_t first, last, low, high, more; } rows[] = {
		{ 0x00, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
		{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 }, { 0xee, 0xef, 0x80, 0xbf, 2 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 3 }, { 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
	};
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		if (b.p[0] < rows[r].first || b.p[0] > rows[r].last)
			continue;
		if (b.n <= rows[r].more)
			return 0;
		for (size_t i = 1; i <= rows[r].more; i++)
			if (b.p[i] < (i == 1 ? rows[r].low : 0x80) || b.p[i] > (i == 1 ? rows[r].high : 0xbf))
				return 0;
		return rows[r].more + 1u;
	}
	return 0;
}

void text_add_json(struct text *t, struct bytes b)
{
	text_add_octet(t, '"');
	while (b.n) {
		uint8_t c = b.p[0];
		size_t n = utf8_length(b);
		if (n == 0) {
			text_add_string(t, "\xef\xbf\xbd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			text_addf(t, "\\%c", c);
		} else if (c == '\n') {
			text_add_string(t, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			text_addf(t, "\\u%04x", c);
		} else {
			text_add(t, bytes_first(b, n));
		}
		b = bytes_from(b, n);
	}
	text_add_octet(t, '"');
}

void text_add_time(struct text *t, int64_t nanoseconds)
{
	int64_t seconds = nanoseconds / 1000000000, rest = nanoseconds % 1000000000;
	if (rest < 0) {
		rest += 1000000000;
		seconds--;
	}
	time_t clock = (time_t)seconds;
	struct tm tm = { 0 };
	gmtime_r(&clock, &tm);
	text_addf(t, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	          tm.tm_sec, (int)(rest / 1000));
}

struct bytes text_view(const struct text *t)
{
	return (struct bytes){ (const uint8_t *)(t->p ? t->p : ""), t->n };
}

void text_clear(struct text *t)
{
	t->n = 0;
	if (t->p)
		t->p[0] = 0;
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}
