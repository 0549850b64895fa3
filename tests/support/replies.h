/* replies - reply texts with the causes that are right, judged as a row each.
 * Each is judged alone and twice with a memo: the three results must be one. */
#ifndef SMTPWHY_TESTS_REPLIES_H
#define SMTPWHY_TESTS_REPLIES_H

#include "support/table.h"

#include "why/words.h"

struct reply_case {
	const char *name;
	enum stage stage;
	int code;
	const char *enhanced; /* "5.7.1", "" none */
	const char *text;
	const char *causes;   /* accepted ones, joined by '|' */
};

struct words_result reply_judge(const struct words *, const struct reply_case *); /* matched: not kept */
int replies_run(const char *group, const struct reply_case *, size_t n);          /* the failures, as TABLE_RUN */

#define REPLIES_RUN(group, rows) replies_run((group), (rows), sizeof(rows) / sizeof *(rows))

#endif
