/* fuzz_line - lines and replies from arbitrary octets, cut where the first octet says. */
#include "smtp/line.h"
#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines = { .bare_cr_ends = size && data[0] & 1 };
	struct replies replies = { 0 };
	struct arena arena = { 0 };
	size_t step = size ? (size_t)data[0] % 61 + 1 : 1;
	struct line line;
	struct reply reply;
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
