/* fuzz_tls - arbitrary octets as TLS records of both directions: each chunk begins with a direction and a length. */
#include "smtp/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct tls tls = { .state = TLS_ACCEPTED };
	struct tls_reader *reader = tls_reader_new(&tls, &arena);
	for (size_t at = 0; at + 2 < size;) {
		enum direction from = data[at] & 1 ? FROM_CLIENT : FROM_SERVER;
		size_t n = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
		struct chunk chunk = { .bytes = { data + at + 2, n }, .place = { .number = (uint32_t)at + 1 } };
		struct gap gap = { .missing = n };
		if (data[at] & 64)
			tls_reader_gap(reader, from, &gap);
		else
			tls_reader_data(reader, from, &chunk);
		at += n + 2;
	}
	tls_reader_end(reader, FROM_CLIENT, END_FIN, (struct place){ .number = 1 });
	tls_reader_free(reader);
	arena_drop(&arena);
	return 0;
}
