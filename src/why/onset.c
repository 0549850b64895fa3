/* onset.c - takes which sessions met a cause, gives the moment since which they do more often. The split that explains the order best
 * is taken (the maximum of the likelihood of two rates over that of one), and told only when an accident would hardly do as well. */
#include "why/turns.h"

#include <math.h>

#include "base/banned.h"

enum { SESSIONS_BEFORE = 5, HITS_AFTER = 3, TIMES = 3 };
static const double gain_least = 8; /* e^8: 3,000 to 1, against the thousands of splits that are tried */

static double likelihood(double hits, double n)
{
	if (n <= 0 || hits <= 0 || hits >= n)
		return 0;
	return hits * log(hits / n) + (n - hits) * log((n - hits) / n);
}

bool onset_find(const uint32_t *hits, size_t nhits, size_t n, size_t tried, struct onset *out)
{
	double whole = likelihood((double)nhits, (double)n), best = 0;
	for (size_t i = 0; i + HITS_AFTER <= nhits; i++) {
		double before = hits[i], after = (double)n - before, more = (double)(nhits - i);
		if (before < SESSIONS_BEFORE || more / after < TIMES * (double)i / before)
			continue;
		double gain = likelihood((double)i, before) + likelihood(more, after) - whole;
		if (gain <= best)
			continue;
		best = gain;
		*out = (struct onset){ i, (unsigned)i, gain };
	}
	return best >= gain_least + log((double)(tried ? tried : 1));
}
