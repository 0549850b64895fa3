/* grammar - a client line becomes a command: verb, arguments, parameters, and the first place where it breaks its grammar.
 * In:    one line; the phase plays no part (that is the dialogue's business).
 * Out:   command.verb .. command.protocol; command.fault names octet, what was wanted and the RFC clause.
 * Keeps: views of the line's text; params, path and fault on the arena.
 * Never: fails on input.
 * Grammar: RFC 5321 and the extensions of verbs.def, params.def; near misses of verbs by edit distance (Damerau, 1; 2 from six letters). */
#ifndef SMTPWHY_SMTP_GRAMMAR_H
#define SMTPWHY_SMTP_GRAMMAR_H

#include "smtp/session.h"

/* command->line is set by the caller, with its text on the arena; everything from verb to chunk_last is filled here. */
void grammar_parse(struct arena *, struct command *);
struct bytes grammar_word(struct bytes line, enum verb *);                            /* its first word, and the verb that this is, or VERB_UNKNOWN */
/* grammar_parse, where these are known. line: the command's, by value, for it was written a moment before, in other pieces than it would be read in. */
void grammar_parse_from(struct arena *, struct command *, struct bytes line, struct bytes word, enum verb);
const char *grammar_foreign(struct bytes line);     /* "HTTP", "SSH", "SIP", "RTSP", "PROXY" ... for a first line of another protocol; NULL */
enum verb verb_find(struct bytes word);             /* VERB_UNKNOWN */
bool grammar_is_masked_run(struct bytes word, bool whole_line); /* XXXX, ****: one filler repeated, at least 4 */

#endif
