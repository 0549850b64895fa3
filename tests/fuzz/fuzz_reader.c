/* fuzz_reader - any octets as a capture file, plain or packed: the frames lie inside what was read, and reading ends. */
#define _GNU_SOURCE
#include "capture/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct frame frame;
	volatile unsigned sum = 0; /* so that the reads stay */
	unsigned frames = 0;
	int file = memfd_create("capture", MFD_CLOEXEC);
	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	struct reader *r = reader_open(path, (struct source_options){ .window = 64, .frugal = size & 1 });
	for (; frames < 100000 && reader_next(r, &frame); frames++)
		for (size_t i = 0; i < frame.bytes.n; i++)
			sum += frame.bytes.p[i]; /* AddressSanitizer looks at each */
	if (frame.wire_length < frame.bytes.n && frames)
		abort();
	reader_close(r);
	close(file);
	(void)sum;
	return 0;
}
