/* facts - what several families ask of a failure.
 * In:    a failure, a session or an exchange; all read-only.
 * Out:   yes or no, or a row of the session.
 * Never: decides a cause. */
#ifndef SMTPWHY_WHY_FACTS_H
#define SMTPWHY_WHY_FACTS_H

#include "why/rule.h"

void failure_judge(struct failure *); /* its tone, and whether its words overrule: from its command, reply, state and words */
static inline enum tone failure_tone(const struct failure *f) { return f->tone; }
static inline bool words_overrule(const struct failure *f) { return f->overruled; }

bool reply_says(const struct reply *, const char *const *phrases); /* one of them, ended by NULL; ASCII case ignored */
bool reply_enhanced(const struct reply *, unsigned subject, unsigned detail);
bool reply_is_unrecognised(const struct failure *); /* the server does not know the command */
bool words_say(const struct failure *, enum cause, int strength); /* the words stand for this cause, at least so strongly */

const char *failure_wrong_moment(const struct failure *); /* what is wrong with the moment of the command; NULL nothing (sequence_rules.c) */
bool failure_was_hasty(const struct failure *); /* something was sent ahead of its time, here or before (sequence_rules.c) */
bool failure_is_content(const struct failure *); /* the line is message content read as a command */

bool exchange_accepted(const struct exchange *);      /* 2xx or 3xx */
bool command_is_line(const struct command *);         /* a command line that was read as such */
bool command_is_sound(const struct command *);        /* a known verb, no grammar fault */
const struct exchange *exchange_earlier(const struct exchange *, bool (*is)(const struct exchange *)); /* the nearest before it */
uint64_t command_limit(const struct command *);       /* octets without CRLF that its line may have */
bool command_typed(const struct command *);           /* one octet a segment: typed into telnet */
bool param_not_offered(const struct command *, const struct param *, const struct offer *);
enum extension param_extension(const struct command *, const struct param *); /* the one it needs; EXT_UNKNOWN */
bool offer_is_known(const struct offer *, const struct state *); /* an absent keyword proves something */
bool is_foreign(const struct exchange *); /* a line of another protocol, or one that follows such a line */
const struct exchange *foreign_opening(const struct exchange *); /* the line that shows the other protocol; NULL */
bool is_tls_junk(const struct exchange *); /* TLS records, or lines cut from them */
bool tls_handshake_broke(const struct tls *); /* it had begun; plain text that follows is what came of that, not its cause */
bool tls_was_plain(const struct tls *);       /* plain text where TLS belongs, and no handshake that broke before */

#endif
