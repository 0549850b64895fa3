/* diagnose - a talk, its verdicts, and what a row of a test wants of them. */
#ifndef SMTPWHY_TESTS_DIAGNOSE_H
#define SMTPWHY_TESTS_DIAGNOSE_H

#include "why/why.h"

struct diagnosis {
	const char *name;
	const char *talk;
	unsigned error;       /* 1.. the 5xx that is looked at; 0: the findings */
	const char *want;     /* slug of its cause, or of a finding; NULL: any */
	const char *never;    /* slug that must not be its cause nor a finding; NULL */
	const char *certainty; /* NULL: any */
};

/* The session's verdicts, after a look at what holds of any: proofs, places, text, and that rules which were not asked had nothing to say. */
struct verdicts verdicts_of(const struct why *, struct session *);
void diagnose(void **state); /* cmocka: *state is a struct diagnosis */

#endif
