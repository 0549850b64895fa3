/* likeness - what the errors of each cause are like: how certain, which replies to which commands, and the clearest one.
 * In:    a reader, how many values of a kind are wanted.
 * Out:   for each cause_id a phrase for each kind, the most frequent value first, and an error_id.
 * Never: asks more than once: the errors are read in one go, however many causes there are.
 * Lives: until likenesses_free. */
#ifndef SMTPWHY_REPORT_LIKENESS_H
#define SMTPWHY_REPORT_LIKENESS_H

#include "report/read.h"

enum likeness_kind { LIKENESS_CERTAINTY, LIKENESS_REPLIES, LIKENESS_KINDS };

struct likeness {
	int64_t cause_id, example;              /* example: error_id; the best proven, whose command was seen, then the first */
	struct text phrases[LIKENESS_KINDS];    /* "proven 40, likely 21" */
};

struct likenesses {
	struct likeness *all; /* by cause_id */
	size_t n, room;
};

void likenesses_read(struct likenesses *, struct reader *, unsigned most);
const struct likeness *likeness_of(const struct likenesses *, int64_t cause_id); /* NULL: no error has this cause */
void likenesses_free(struct likenesses *);

#endif
