/* progress - one line on a terminal that tells how far long work is.
 * In:    what smtpwhy.h's progress call gives.
 * Out:   bytes done, rate, time left, sessions and errors so far, on stderr, at most five times a second.
 * Never: writes anything when stderr is no terminal; looks at the clock for anything but this line. */
#ifndef SMTPWHY_CLI_PROGRESS_H
#define SMTPWHY_CLI_PROGRESS_H

#include "smtpwhy.h"

struct progress {
	bool wanted, shown;
	int64_t begun, last; /* nanoseconds of the monotonic clock */
};

void progress_begin(struct progress *, bool wanted);
void progress_show(struct progress *, const struct smtpwhy_progress *);
void progress_clear(struct progress *); /* before any other message */

#endif
