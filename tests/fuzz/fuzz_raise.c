/* fuzz_raise.c - JSON columns of a hostile database; the first octet chooses which. What is taken stays as it is when ids grow by nothing. */
#include "store/raise.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct text out = { 0 };
	struct bytes json = { data + 1, size - 1 };
	enum raise_column column = data[0] & 1 ? RAISE_LADDER : RAISE_PROOFS;
	raise_ids(&out, json, column, (struct raise){ INT64_MAX, -7 });
	text_clear(&out);
	/* But for zeroes before a number, and a negative zero, which we never write. */
	if (raise_ids(&out, json, column, (struct raise){ 0, 0 }) && out.n > json.n)
		abort();
	text_free(&out);
	return 0;
}
