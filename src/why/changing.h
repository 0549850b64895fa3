/* changing - what the files of change share: sides.c (side by side), change.c (turns), altered.c (lines), changing.c (the list of changes).
 * Never: included by anything else. */
#ifndef SMTPWHY_WHY_CHANGING_H
#define SMTPWHY_WHY_CHANGING_H

#include "base/map.h"
#include "why/change.h"

struct changes {
	struct arena *arena;
	const struct sides *sides;
	struct clock clock;
	int64_t anchor;                      /* as clock.offset, by the last line that stands on both sides */
	bool anchored;
	struct change *first, **end;
	const struct reset *cut_inside, *cut_outside; /* resets that their alleged senders did not send; NULL */
	const struct turn *inside, *outside; /* the turns being compared; NULL: none there */
	struct map counts[2];                /* of each line by its direction, hash and length: more often inside, more often outside, by so many */
	bool impaired;                       /* a side has holes, or began late: what was moved there cannot be told */
};

/* Counts a side's lines of one direction into counts. */
void lines_count(struct changes *, const struct account *, enum direction, bool inside);
/* The line stands more often on the first side than on the second, whatever it was read as there: it was really lost or added between
 * them. Where it does not, the two sides only read it differently (message data as commands, after a loss). */
bool line_exceeds(const struct changes *, enum direction, const struct uttered *, bool inside_exceeds);
bool reply_exceeds(const struct changes *, const struct turn *, bool inside_exceeds); /* any of its lines */
/* Adds a change at the turns being compared. */
struct change *change_add(struct changes *, enum change_kind, enum direction, enum cause, const char *detail);
const char *change_phrase(struct changes *, const char *format, ...) __attribute__((format(printf, 2, 3))); /* on the arena */
/* What a command's loss or change comes to: STARTTLS and EHLO have causes of their own. */
enum cause cause_of_command(const struct turn *, enum cause otherwise);

/* sides.c */
/* Both sides say the same command or reply: after a loss, what is only alike may be the next one of a group. */
bool sides_agree(const struct sides *, struct step);

/* altered.c */
bool bytes_masked(struct bytes from, struct bytes to); /* the same length, and what differs is filler */
void altered_command(struct changes *);
void altered_reply(struct changes *);
void altered_content(struct changes *);
struct bytes reply_lines(struct changes *, const struct turn *); /* its lines joined by CRLF */

#endif
