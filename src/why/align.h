/* align - two sequences side by side, at the least cost.
 * In:    two lengths, what it costs to set two items side by side (0: they are equal), what it costs to leave one alone.
 * Out:   steps in order: both, or one of them.
 * How:   equal ends are cut off, then dynamic programming in blocks of ALIGN_BLOCK items, joined where items were equal.
 * Never: crosses pairs: what was moved shows as left alone on both sides.
 * Lives: the steps on the arena. */
#ifndef SMTPWHY_WHY_ALIGN_H
#define SMTPWHY_WHY_ALIGN_H

#include "base/arena.h"

enum { ALIGN_BLOCK = 600 }; /* 360,000 costs a block */
#define ALIGN_NONE ((size_t)-1)

struct step { size_t a, b; }; /* ALIGN_NONE: alone */

struct alignment {
	struct step *steps;
	size_t n;
};

struct align_costs {
	unsigned (*both)(void *to, size_t a, size_t b);
	unsigned alone;
	void *to;
};

struct alignment align(struct arena *, size_t na, size_t nb, struct align_costs);

#endif
