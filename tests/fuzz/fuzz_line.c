/* fuzz_line - lines and replies from arbitrary octets, cut where the first octet says; a reply that is read whole, and by lines. */
#include "smtp/line.h"
#include "smtp/reply.h"

#include <stdlib.h>

static void whole_as_by_lines(struct arena *arena, struct bytes octets)
{
	struct chunk chunk = { .bytes = octets };
	struct lines lines = { 0 };
	struct replies replies = { 0 };
	struct line line;
	struct reply reply, other;
	size_t n = replies_whole(arena, NULL, &chunk, 0, &reply);
	if (n == 0)
		return;
	bool done = false;
	lines_push(&lines, &chunk);
	while (!done && lines_next(&lines, &line))
		done = replies_line(&replies, arena, &line, &other);
	if (!done || lines.at != n || reply.code != other.code || reply.flags != other.flags || reply.nlines != other.nlines
	    || !bytes_equal(reply.text, other.text) || !bytes_equal(reply.raw, other.raw)
	    || memcmp(&reply.enhanced, &other.enhanced, sizeof reply.enhanced) != 0)
		abort();
	lines_free(&lines);
	replies_free(&replies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines = { .bare_cr_ends = size && data[0] & 1 };
	struct replies replies = { 0 };
	struct arena arena = { 0 };
	size_t step = size ? (size_t)data[0] % 61 + 1 : 1;
	struct line line;
	struct reply reply;
	whole_as_by_lines(&arena, (struct bytes){ data, size });
	for (size_t at = 1; at < size; at += step) {
		struct chunk chunk = { .bytes = { data + at, at + step < size ? step : size - at }, .offset = at };
		struct gap gap = { .offset = at, .missing = 9 };
		lines_push(&lines, &chunk);
		while (lines_next(&lines, &line))
			replies_line(&replies, &arena, &line, &reply);
		if (data[at] == 0xee && lines_gap(&lines, &gap, &line))
			replies_line(&replies, &arena, &line, &reply);
	}
	if (lines_end(&lines, &line))
		replies_line(&replies, &arena, &line, &reply);
	replies_cut(&replies, &arena, &reply);
	lines_free(&lines);
	replies_free(&replies);
	arena_drop(&arena);
	return 0;
}
