/* ladder - a dialogue as a picture: client on the left, server on the right, time downwards.
 * In:    rungs in order of the dialogue, filled by whoever reads the database.
 * Out:   the rungs to show around one of them, and their drawing on a page of text.
 * Never: reads a database; loses the greeting or the offer in force where it leaves rungs out.
 * Lives: texts belong to the ladder's arena; until ladder_free. Zeroed storage is an empty ladder. */
#ifndef SMTPWHY_REPORT_LADDER_H
#define SMTPWHY_REPORT_LADDER_H

#include "base/arena.h"
#include "report/page.h"

enum rung_kind {
	RUNG_CLIENT, RUNG_SERVER, /* who says it */
	RUNG_NOTE,                /* something between them: a gap, a reset */
	RUNG_LEFT_OUT,            /* so many rungs are not shown; number */
};

struct rung {
	enum rung_kind kind;
	double at;            /* seconds since the session began */
	int64_t frame;        /* 0: not known */
	struct bytes text;    /* lines joined by \n, escaped as in the database */
	struct bytes remark;  /* what is odd about it, in our words; empty */
	bool error;           /* the 5xx that is explained, and the command that drew it */
	bool keep;            /* never left out: the greeting, the offer in force */
	int64_t exchange;     /* ordinal in the session; rungs of one exchange stay together */
	int64_t number;
};

struct ladder {
	struct arena arena;
	struct rung *rungs;
	size_t n, room;
	struct bytes client, server; /* what the two rails are headed with */
};

struct rung *ladder_add(struct ladder *, enum rung_kind); /* zeroed but for its kind; valid until the next addition */
/* Leaves out what is further from the error than so many exchanges before and after it. */
void ladder_around(struct ladder *, int64_t exchange, int64_t before, int64_t after);
void ladder_draw(struct page *, const struct ladder *);
void ladder_free(struct ladder *);

#endif
