/* headline - the first lines of a report; also what `smtpwhy analyze` says when it is done.
 * In:    a reader, asked once; then what it found.
 * Out:   lines on a page. Times leave out the day on which the captures begin.
 * Lives: a headline until headline_free. */
#ifndef SMTPWHY_REPORT_HEADLINE_H
#define SMTPWHY_REPORT_HEADLINE_H

#include "report/page.h"
#include "report/read.h"

enum { HEADLINE_CAUSES = 5 };

struct headline_cause {
	int64_t cause_id, errors;
	struct bytes name, party, first; /* first: ISO time */
};
struct headline_host { /* of one side */
	int64_t hosts;                   /* that met errors */
	int64_t errors;                  /* of the one with most */
	struct text address;
};

struct headline {
	int64_t all, sessions, hit;      /* connections seen; of them SMTP in clear; of these, with a 5xx */
	int64_t errors;
	size_t causes;
	struct headline_cause top[HEADLINE_CAUSES]; /* those with most errors */
	struct headline_host server, client;
	int64_t encrypted, not_whole, unread, foreign; /* sessions; unread: encrypted, not whole, or both */
	int64_t commandless;             /* 5xx replies whose command is not in the capture */
	int64_t to_change;               /* the cause whose remedy comes first; 0 none */
	int64_t box;                     /* the most frequent cause that is a middlebox's; 0 none */
	bool redacted;                   /* names are tokens */
	int64_t damaged;                 /* captures that were not read whole */
	int64_t packets, segments;       /* of all captures; segments: of TCP */
	int64_t findings, traces;        /* observations; of them a middlebox's */
	struct text day;                 /* "2026-11-22" */
	struct bytes first, last;        /* ISO times of the first and the last 5xx */
	struct arena arena;
};

void headline_read(struct reader *, struct headline *);
void headline_free(struct headline *);
void headline_draw(struct reader *, const struct headline *, struct page *);
enum ink headline_verdict(const struct headline *, struct text *); /* its sentence: how many, how bad, since when */
/* What could not be looked into, a sentence a call, from *next = 0 on; false: no more. */
bool headline_blind(const struct headline *, size_t *next, struct text *);
void headline_day(struct reader *, struct text *day); /* "2026-11-22" */

#endif
