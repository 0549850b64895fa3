/* alignment - what alignment.c (which commands do the replies behind a loss answer?) and ways.c (how good is each way to give replies to
 * commands?) share.
 * Never: included by anything else. */
#ifndef SMTPWHY_SMTP_ALIGNMENT_H
#define SMTPWHY_SMTP_ALIGNMENT_H

#include "smtp/inside.h"

enum { ALIGN_MOST = 48 }; /* replies, and commands */

struct boundary { /* before command j */
	bool hole, whole, answered, held, recipients;
	bool in_line; /* the hole begins in the line of command j - 1 */
	uint64_t begin;
};

/* Replies ..i and commands ..j. Of two: 1 where what stood in the hole before j was answered. */
struct score {
	int forth[2], back[2];
	int pair, skip; /* of reply i and command j, kept since each is asked for many times */
};

struct alignment {
	struct exchange **commands;
	struct boundary *before;
	struct score *scores;
	int8_t *names;                   /* reply i repeats the address of command j (1), or another one's only (-1) */
	bool *certain;
	size_t hole_at[HOLES_MOST];
	const struct put_off *replies;
	size_t nreplies, ncommands;
	const struct lost *lost;
	unsigned nlost;
	bool no_greeting;                /* the server's first octets may be missing: the first reply need not be the greeting */
	const struct exchange *held_for; /* what waits behind it was sent in the knowledge of held_acked octets of replies */
	uint64_t held_acked;
	bool patient;
	bool lost_track;                 /* of the server's state */
	bool in_turn;                    /* the client waits for each reply */
	bool latent;                     /* a header stands before all, which the server may have read as a command */
	bool client_spoke, over;         /* over: the server has said all that it will */
};

static inline struct score *score_at(const struct alignment *a, size_t i, size_t j)
{
	return &a->scores[i * (a->ncommands + 1) + j];
}

/* ways.c: scores all ways, finds out which replies are certain, and whether the client waits for each reply. */
void ways_judge(struct alignment *);
bool ways_lost_for(const struct alignment *, size_t i, size_t j); /* replies may be missing where command j's would stand, before reply i */
bool ways_over_for(const struct alignment *, size_t j);           /* the client went on as one that has had its answer */
int ways_leave(const struct alignment *, size_t i, size_t j, unsigned answered); /* scores of a step */
int ways_pair(const struct alignment *, size_t i, size_t j);
int ways_unseen(const struct alignment *, size_t i, size_t j, unsigned answered);

#endif
