/* change - what a box did to a session, from two accounts of it.
 * In:    the account of the client's side (inside) and of the server's (outside), aligned turn by turn; how their clocks differ.
 * Out:   changes in the order of the dialogue, each with its frames on both sides and the cause it stands for.
 * Never: tells what one capture merely lacks (holes, an early end, a late start), what TCP and IP do differently on the two sides,
 *        or what cannot be read (TLS). Each changed line is told once.
 * Lives: changes on the arena given; their texts belong to the accounts. */
#ifndef SMTPWHY_WHY_CHANGE_H
#define SMTPWHY_WHY_CHANGE_H

#include "why/account.h"
#include "why/align.h"

enum change_kind {
	CHANGE_MASKED,     /* overwritten by filler of the same length */
	CHANGE_REMOVED,    /* lines of a reply or of a message did not pass */
	CHANGE_ADDED,      /* the sender did not send it */
	CHANGE_REWRITTEN,
	CHANGE_REORDERED,
	CHANGE_ANSWERED,   /* the box answered in the server's place */
	CHANGE_SWALLOWED,  /* a command or reply did not come through */
	CHANGE_DELAYED,
	CHANGE_INJECTED,   /* a reset that its alleged sender did not send */
	CHANGE_KINDS
};
const char *change_name(enum change_kind); /* "answered_by_box" */

struct change {
	enum change_kind kind;
	enum direction direction;
	enum cause cause;                 /* CAUSE_COUNT: none */
	struct place inside, outside;     /* number 0: nothing stands there */
	struct bytes inside_text, outside_text; /* NULL pointer likewise; message content has no text */
	const char *detail;               /* one phrase of ours, NULL none */
	const struct exchange *at_inside, *at_outside; /* the exchange it is part of; NULL: none there */
	struct change *next;
};

struct clock {
	bool known;
	int64_t offset;   /* outside time = inside time + offset, nanoseconds */
	int64_t transit;  /* from one side to the other */
};

struct sides {
	const struct account *inside, *outside;
	struct alignment turns;
};

struct sides sides_align(struct arena *, const struct account *inside, const struct account *outside);
/* Times of what passed unchanged, outside minus inside: what clocks are estimated from. Returns how many of at most room. */
size_t sides_times(const struct sides *, enum direction, int64_t *times, size_t room);
struct clock clock_estimate(int64_t *from_client, size_t nclient, int64_t *from_server, size_t nserver); /* sorts them */
struct change *sides_changes(struct arena *, const struct sides *, struct clock);

#endif
