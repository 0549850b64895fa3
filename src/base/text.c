/* text.c - a growing output buffer, and the escapes that make wire bytes safe to store. Never fails. */
#include "base/text.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void text_grow(struct text *t, size_t more)
{
	size_t room = t->room ? t->room * 2 : 128;
	while (room - t->n <= more)
		room *= 2;
	t->p = memory_grow(t->p, room, 1);
	t->room = room;
}

void text_add_string(struct text *t, const char *string)
{
	text_add(t, bytes_of(string));
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int need = vsnprintf(NULL, 0, format, arguments);
	if (need > 0) {
		text_room(t, (size_t)need);
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

void text_add_json(struct text *t, struct bytes b)
{
	text_add_octet(t, '"');
	while (b.n) {
		uint8_t c = b.p[0];
		size_t n = utf8_character(b, NULL);
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
