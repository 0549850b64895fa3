/* listener - what a test gives a flow that wants to hear all of it and looks at none. */
#ifndef SMTPWHY_TESTS_LISTENER_H
#define SMTPWHY_TESTS_LISTENER_H

#include "flow/flow.h"

static inline enum interest hear_data(void *to, enum direction from, const struct chunk *chunk)
{
	(void)to, (void)from, (void)chunk;
	return INTEREST_ALL;
}

static inline enum interest hear_gap(void *to, enum direction from, const struct gap *gap)
{
	(void)to, (void)from, (void)gap;
	return INTEREST_ALL;
}

static inline void hear_overlap(void *to, enum direction from, const struct overlap *overlap)
{
	(void)to, (void)from, (void)overlap;
}

#endif
