/* fuzz_capture.c - a capture file of any kind through every stage: files, frames, packets, connections, dialogue, causes.
 * The octets stand in a memory file, so that the readers open them as they open all files. */
#define _GNU_SOURCE
#include "analyser.h"
#include "capture/timeline.h"
#include "decode/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void outcome_came(void *to, struct outcome outcome)
{
	size_t *n = to;
	*n += outcome.verdicts.nerrors;
	session_free(outcome.session);
}

static void run(const char *path, const struct why *why)
{
	struct frame frame;
	struct packet packet;
	size_t errors = 0;
	int64_t last = 0;
	uint64_t ordinal = 0;
	struct timeline *timeline = timeline_new((struct timeline_options){ 0 });
	struct decoder *decoder = decoder_new();
	struct analyser *analyser = analyser_new((struct flow_options){ .memory = 4 * 1024 * 1024, .no_ndpi = true }, why,
						 (struct outcome_sink){ .outcome = outcome_came, .to = &errors, .here = true });
	timeline_add(timeline, path);
	while (timeline_next(timeline, &frame))
		if (decoder_packet(decoder, &frame, &packet) == DECODED_TCP) {
			analyser_packet(analyser, &packet);
			last = packet.place.time;
			ordinal = packet.ordinal;
		}
	analyser_end(analyser, last, ordinal);
	analyser_free(analyser);
	decoder_free(decoder);
	timeline_free(timeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = { 0 };
	char path[64];
	int fd = memfd_create("capture", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	static const struct why *why; /* compiled once: the rules are constant, and take longer than a small capture */
	if (!why)
		why = why_new((struct why_options){ 0 }, &error);
	run(path, why);
	close(fd);
	return 0;
}
