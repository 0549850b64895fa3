/* rule - all a rule may see, and how it answers.
 * A rule is a row, a predicate and its evidence; one file a family. It sees one read-only failure, says yes or no, and names the
 * lines that prove it. It never prints, stores or calls another rule. Precedence is the rank in its row.
 *
 * Ranks:  90.. the path altered or answered what was sent, and the bytes show it
 *         80.. the dialogue decides: used without offer, wrong moment, grammar broken at an octet
 *         60.. the dialogue and the reply's code together
 *         40.. the reply's enhanced code and words
 *         20.. the reply's code alone
 *          0   unknown */
#ifndef SMTPWHY_WHY_RULE_H
#define SMTPWHY_WHY_RULE_H

#include "why/why.h"

#include "why/phrases.h"
#include "why/words.h"

/* What a 5xx is about, by code, enhanced code and words together. 500 to 504 and 555 are about the dialogue (RFC 5321 4.2.2), 550
 * to 554 about mailbox or policy unless X.5.X (RFC 3463 3.6) or the words say otherwise. */
enum tone { TONE_DIALOGUE, TONE_POLICY, TONE_OPEN };

struct failure {
	const struct session *session;
	const struct exchange *exchange;  /* the refused command and its 5xx reply */
	const struct command *command;    /* &exchange->command */
	const struct reply *reply;        /* &exchange->reply */
	const struct offer *offer;        /* in force when the command was sent; never NULL */
	const struct state *state;        /* the server's when it read the command */
	struct words_result words;        /* what the reply's text says, matched once */
	struct phrases says;              /* the same text, to be asked for phrases */
	enum tone tone;                   /* failure_judge gives it, and the next: many rules ask */
	bool overruled;                   /* its words speak, specifically, of sender, recipient, policy, message or route */
	unsigned shows;                   /* enum shows: of the session and of this failure (glance.h) */
};

struct evidence {
	struct arena *arena;
	struct proof *proofs;
	size_t n, room;
	enum cause cause;          /* the row's; a predicate whose row covers several (words_rules.c) names the one */
	enum certainty certainty;  /* the row's; a predicate may lower it, and may raise it to proven when bytes show it */
	const char *detail;
	const char *device;
};

void evidence_add(struct evidence *, struct place, enum direction, struct bytes text, const char *says);
void evidence_line(struct evidence *, const struct command *, const char *says);  /* the command's line */
void evidence_reply(struct evidence *, const struct reply *, const char *says);
/* The reply that made the offer: its line of this keyword, or all its lines joined by LF where it has none, or where none is asked for. */
void evidence_offer(struct evidence *, const struct offer *, struct bytes keyword, const char *says);
void evidence_detail(struct evidence *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of the words that a row of words.tsv found; source: of the row, NULL none. Every second refusal has one. */
void evidence_words(struct evidence *, struct bytes matched, const char *source);

struct rule {
	const char *name;          /* unique, for tests */
	enum cause cause;
	int rank;
	enum certainty certainty;
	bool (*explains)(const struct failure *, struct evidence *);
	unsigned needs;            /* one of these marks (glance.h), else the predicate is not asked; AT_ANY: always */
};

/* The families, each ended by a row without predicate. */
extern const struct rule middlebox_rules[], path_rules[], grammar_rules[], sequence_rules[], offer_rules[], content_rules[],
	security_rules[], server_rules[], words_rules[];

/* A finding's predicate sees the session; it may answer several times (called with i = 0, 1, ... until false). */
struct observer {
	const char *name;
	enum cause cause;
	enum certainty certainty;
	bool (*sees)(const struct session *, size_t i, struct evidence *, struct place *, const struct exchange **);
	unsigned needs;            /* as a rule's, of the session */
};

/* What middleboxes leave, and what a client did wrong and the server let pass; each ended by a row without predicate. */
extern const struct observer middlebox_observers[], tolerance_observers[];

#endif
