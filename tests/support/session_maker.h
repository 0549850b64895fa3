/* session_maker - made-up sessions with their verdicts, for tests and measurements of what stores and reports them.
 * Exchange by exchange: the greeting first; each call gives a command and its reply two frames and some time.
 * Lives: everything on the maker's session arena, until session_maker_end. */
#ifndef SMTPWHY_TESTS_SESSION_MAKER_H
#define SMTPWHY_TESTS_SESSION_MAKER_H

#include "why/why.h"

struct session_maker {
	struct session session;
	struct verdicts verdicts;
	struct verdict errors[64];
	struct finding findings[16];
	int64_t clock;
	uint32_t frame;
	unsigned transaction;
};

void session_maker_begin(struct session_maker *, uint64_t id, int64_t start);
/* word and rest make the line; enhanced may be "" */
struct exchange *session_maker_exchange(struct session_maker *, enum verb, const char *line, int code, const char *enhanced, const char *reply);
struct verdict *session_maker_error(struct session_maker *, struct exchange *, enum cause, unsigned nproofs);
struct finding *session_maker_finding(struct session_maker *, struct exchange *, enum cause, const char *device);
void session_maker_next_window(struct session_maker *); /* forgets exchanges and verdicts, keeps the counts */
void session_maker_end(struct session_maker *);

#endif
