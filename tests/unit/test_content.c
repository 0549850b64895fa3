/* test_content.c - facts of message data and where it ends, at every chunk size. */
#include "support/guard.h"
#include "support/table.h"

#include "smtp/content.h"

#include <string.h>

static const struct kase { const char *name, *data; size_t end; struct content want; } cases[] = {
	{ "a message", "From: a\r\nDate: b\r\n\r\nhi\r\n.\r\nQUIT\r\n", 27,
	  { .octets = 24, .lines = 4, .longest_line = 7, .has_header = true, .header_from = true, .header_date = true } },
	{ "an empty one", ".\r\n", 3, { .octets = 0 } },
	{ "a stuffed dot does not end it", "..\r\n.\r\n", 7, { .octets = 4, .lines = 1, .longest_line = 2 } },
	{ "bare LF", "a: b\nc\r\n.\r\n", 11, { .octets = 8, .lines = 2, .longest_line = 4, .bare_lf = 1, .has_header = true } },
	{ "a dot behind a bare LF", "a\n.\r\nb\r\n.\r\n", 11, { .octets = 8, .lines = 3, .longest_line = 1, .bare_lf = 1, .lone_dots_odd = 1 } },
	{ "a dot before a bare LF", "a\r\n.\nb\r\n.\r\n", 11, { .octets = 8, .lines = 3, .longest_line = 1, .bare_lf = 1, .lone_dots_odd = 1 } },
	{ "bare CR", "a\rb\r\n.\r\n", 8, { .octets = 5, .lines = 1, .longest_line = 3, .bare_cr = 1 } },
	{ "8-bit in the header", "Subject: \xe4\r\n\r\n\xe4\r\n.\r\n", 20,
	  { .octets = 17, .lines = 3, .longest_line = 10, .octets_8bit = 2, .header_8bit = true, .has_header = true } },
	{ "Received is counted", "Received: a\r\nreceived: b\r\n.\r\n", 29,
	  { .octets = 26, .lines = 2, .longest_line = 11, .has_header = true, .received_headers = 2 } },
	{ "no end", "a: b\r\n", 0, { .octets = 6, .lines = 1, .longest_line = 4, .has_header = true } },
};

static void reads(void **state)
{
	const struct kase *k = *state;
	for (size_t size = 1; size <= strlen(k->data); size++) {
		struct reader_of_content r = { 0 };
		size_t at = 0, all = strlen(k->data);
		bool ended = false, odd;
		while (at < all && !ended) {
			struct guard g = guarded((struct bytes){ (const uint8_t *)k->data + at, size < all - at ? size : all - at });
			at += content_read(&r, g.bytes, true, &ended, &odd);
			guard_free(&g);
		}
		assert_int_equal(ended ? at : 0, k->end);
		assert_memory_equal(&r.facts, &k->want, sizeof r.facts);
	}
}

int main(void)
{
	return TABLE_RUN("content", cases, reads) != 0;
}
