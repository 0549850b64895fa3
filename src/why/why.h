/* why - the causes of a session's failures, and what its traces say without a failure.
 * In:    one struct session (or one window of it), complete.
 * Out:   for each exchange with a 5xx reply one verdict; findings for what needs no 5xx.
 * Order: all rules run; the best rank is the cause, the others are "also possible". The dialogue decides first, the path second,
 *        the words of the reply last (rule.h).
 * Never: prints, stores, changes the session; leaves a 5xx without a verdict ("unknown" is one).
 * Lives: the verdicts on the session's arena. */
#ifndef SMTPWHY_WHY_WHY_H
#define SMTPWHY_WHY_WHY_H

#include "base/error.h"
#include "smtp/session.h"

enum party { PARTY_CLIENT, PARTY_SERVER, PARTY_MIDDLEBOX, PARTY_SENDER, PARTY_RECIPIENT, PARTY_POLICY, PARTY_MESSAGE, PARTY_ROUTING,
	PARTY_UNKNOWN, PARTY_COUNT };

enum cause {
#define CAUSE(id, ...) CAUSE_##id,
#include "why/causes.def"
#undef CAUSE
	CAUSE_COUNT
};

/* A row of the catalogue; all text is ours. */
struct cause_entry {
	const char *slug;          /* "client.bad_sequence" */
	enum party party;
	const char *meaning;       /* one sentence */
	const char *recognised;    /* how smtpwhy tells it */
	const char *remedy_client; /* what the client's administrator changes; "" nothing to do there */
	const char *remedy_server; /* what the server's (or the box's) administrator changes */
	const char *clause;        /* RFC clauses */
};

const struct cause_entry *cause_entry(enum cause);
enum cause cause_find(struct bytes slug); /* CAUSE_COUNT when there is none */
const char *party_name(enum party);

enum certainty { CERTAINTY_POSSIBLE, CERTAINTY_LIKELY, CERTAINTY_PROVEN };
const char *certainty_name(enum certainty);

struct proof {
	struct place place;
	enum direction direction;
	struct bytes text;   /* the wire text that proves it (masked as in the session); empty when the packet itself does */
	const char *says;    /* one phrase of ours, static or on the session's arena */
};

struct verdict { /* on one 5xx reply */
	const struct exchange *exchange;
	enum cause cause;
	enum certainty certainty;
	struct proof *proofs;
	size_t nproofs;
	enum cause *also;    /* other causes whose rules fired, best first, without repetition */
	size_t nalso;
	const char *rule;    /* the name of the rule, for tests and --debug */
	const char *detail;  /* one sentence about this very case ("STARTTLS was meant"), NULL none; on the arena */
	unsigned ordinal;    /* 1.. among the 5xx of the whole session, also across windows */
};

struct finding { /* needs no 5xx */
	enum cause cause;
	const char *device;  /* name of the known kind of middlebox, NULL */
	enum certainty certainty;
	struct proof *proofs;
	size_t nproofs;
	struct place place;  /* where it was first seen */
	const struct exchange *exchange; /* NULL: the connection as a whole */
	const char *detail;
};

struct verdicts {
	struct verdict *errors;
	size_t nerrors;
	struct finding *findings;
	size_t nfindings;
};

struct why_options {
	const char *rules_file; /* further words rules, NULL none */
};

struct why; /* compiled rules; shared by all sessions, read-only after why_new */
struct why *why_new(struct why_options, struct error *); /* NULL: the rules file is wrong; the error names its line */
struct words_memo; /* reply texts that the caller's thread judged before (words.h); the verdicts are the same without */
struct verdicts why_explain(const struct why *, struct session *);
struct verdicts why_explain_with(const struct why *, struct words_memo *, struct session *); /* NULL: no memo */
/* The same verdicts, found by asking every rule and observer whatever the session shows (glance.h): for tests, which compare. */
struct verdicts why_explain_asking_all(const struct why *, struct session *);
void why_free(struct why *);

#endif
