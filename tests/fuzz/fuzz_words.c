/* fuzz_words.c - any reply text, and any rules file, must be judged or refused without a fault. The first octet chooses. */
#include "why/words.h"
#include "why/words_reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct words *table(void)
{
	static struct words *words;
	struct error error;
	if (!words && !(words = words_new(NULL, &error)))
		abort();
	return words;
}

static void judge(struct bytes input)
{
	if (input.n < 5)
		return;
	struct reply reply = { .code = 500 + input.p[1] % 100, .text = bytes_from(input, 5) };
	reply.enhanced = (struct enhanced){ input.p[2] & 1, 5, input.p[3] % 8, input.p[4] };
	struct words_result r = words_judge(table(), NULL, (enum stage)(input.p[0] % (STAGE_OTHER + 1)), &reply);
	if (r.cause >= CAUSE_COUNT || r.nalso > 4)
		abort();
	if (r.matched.n && (r.matched.p < reply.text.p || r.matched.p + r.matched.n > reply.text.p + reply.text.n))
		abort();
}

static void read_rules(struct bytes input)
{
	struct words_reader *rules = words_reader_new();
	struct error error;
	if (words_reader_add(rules, "rules", input, &error))
		words_reader_table(rules);
	words_reader_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = { data, size };
	if (size == 0)
		return 0;
	if (data[0] & 1)
		judge(bytes_from(input, 1));
	else
		read_rules(bytes_from(input, 1));
	return 0;
}
