/* fuzz_decode - arbitrary frames of one link type through one decoder, so that fragments meet. Input: link type (an index), then
 * frames, each with a length octet pair and a time step. */
#include "decode/decode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct frame *f, const struct packet *p)
{
	const uint8_t *from = f->bytes.p;
	if (p->payload_length < p->payload.n || p->payload_length > 65535u + f->wire_length)
		abort();
	if (p->payload.n && !p->was_fragmented && (p->payload.p < from || p->payload.p + p->payload.n > from + f->bytes.n))
		abort();
	volatile uint8_t sum = 0;
	for (size_t i = 0; i < p->segment.n; i++)
		sum = (uint8_t)(sum + p->segment.p[i]);
	char text[46];
	address_text(&p->from.address, text);
	(void)packet_checksum_is_bad(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = { 1, 0, 9, 10, 12, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 163, 166, 192, 204, 219, 239, 240, 241, 258, 276 };
	if (size < 1)
		return 0;
	struct decoder *d = decoder_new();
	struct packet p;
	struct frame f = { .linktype = links[data[0] % (sizeof links / sizeof *links)] };
	data++, size--;
	while (size >= 4) {
		size_t n = (size_t)data[0] << 8 | data[1];
		n = n > size - 4 ? size - 4 : n;
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, data + 4, n);
		f.bytes = (struct bytes){ copy, n };
		f.wire_length = (uint32_t)n + data[2];
		f.time += (int64_t)data[3] * 1000000000;
		f.number++, f.ordinal++;
		if (decoder_packet(d, &f, &p) == DECODED_TCP)
			check(&f, &p);
		free(copy);
		data += 4 + n, size -= 4 + n;
	}
	decoder_free(d);
	return 0;
}
