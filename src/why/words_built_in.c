/* words_built_in.c - the rows of words.tsv as scripts/words_compile wrote them when the program was built: nothing is read or built when it runs. */
#include "why/words_table.h"

#include "base/banned.h"

#include "why/words_built_in.inc"

const struct words_table *words_built_in(void)
{
	return &built_in;
}
