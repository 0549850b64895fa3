/* fuzz_grammar - a line of arbitrary octets through the grammar; the same octets as an EHLO reply through the offer. */
#include "smtp/extension.h"
#include "smtp/grammar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct command command = { .line = { .text = { data, size }, .length = size } };
	struct reply reply = { .code = 250, .text = { data, size } };
	grammar_parse(&arena, &command);
	if (command.fault->kind != FAULT_NONE && (command.fault->at > size || !command.fault->wanted || !command.fault->clause))
		abort();
	struct offer *offer = offer_new(&arena, OFFER_EHLO, &reply, NULL);
	offer_copy(&arena, offer);
	arena_drop(&arena);
	return 0;
}
