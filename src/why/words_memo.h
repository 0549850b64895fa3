/* words_memo - what was judged before need not be judged again: replies of one server mostly differ in what folding makes equal.
 * In:    a folded text with the codes and the stage it was judged for, and the result.
 * Out:   the same result for the same text, codes and stage.
 * Keeps: MEMO_SLOTS texts of at most MEMO_TEXT octets; a new one takes the place of the oldest of its set.
 * Never: changes a result; is used by two threads, or with two tables.
 * Lives: until words_memo_free. A result's matched is a view of the text that was asked for. */
#ifndef SMTPWHY_WHY_WORDS_MEMO_H
#define SMTPWHY_WHY_WORDS_MEMO_H

#include "why/words.h"

enum { MEMO_SETS = 256, MEMO_WAYS = 4, MEMO_SLOTS = MEMO_SETS * MEMO_WAYS, MEMO_TEXT = 1000 };

struct asked { /* the codes and the stage that rows are held against */
	enum stage stage;
	int code;
	struct enhanced enhanced;
};

bool words_memo_find(const struct words_memo *, const struct asked *, struct bytes text, struct words_result *); /* false: not known, or no memo */
void words_memo_put(struct words_memo *, const struct asked *, struct bytes text, const struct words_result *);

#endif
