/* analyser - packets of some connections become sessions with their verdicts: flow, dialogue and why in one hand.
 * In:    TCP segments in the order of the timeline, each connection whole.
 * Out:   outcomes, in the order in which their sessions ended, a few at a time; the receiver ends an outcome's session with session_free.
 * Never: shares state with another analyser but the compiled rules, which nobody changes: one a thread.
 * Lives: until analyser_free. */
#ifndef SMTPWHY_ANALYSER_H
#define SMTPWHY_ANALYSER_H

#include "flow/flow.h"
#include "smtp/dialogue.h"
#include "why/why.h"

struct outcome {
	struct session *session;
	struct verdicts verdicts; /* on the session's arena */
	bool final;               /* false: a window of a session that goes on */
};

struct outcome_sink {
	void (*outcome)(void *to, struct outcome);
	void *to;
	bool here;                /* sessions are ended in the analyser's thread, before it is freed */
	void (*ahead)(void *to, const struct outcome *); /* the outcome behind the next one, where it is known: time to fetch what it needs. NULL: not asked for */
};

/* Sessions that are explained one after the other, and then given one after the other: to explain and to store are more code each than the
 * first-level cache holds, which so is fetched once for all of them. */
enum { ANALYSER_AT_ONCE = 8 };

struct analyser;
struct analyser *analyser_new(struct flow_options, const struct why *, struct outcome_sink);
void analyser_packet(struct analyser *, const struct packet *);
void analyser_end(struct analyser *, int64_t clock, uint64_t ordinal); /* of the timeline's last packet, ours or not */
uint64_t analyser_cut_short(const struct analyser *); /* connections closed before their end for want of memory */
void analyser_free(struct analyser *);

#endif
