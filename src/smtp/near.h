/* near - which verb a word that is none was meant to be.
 * In:    a line whose first word is no verb.
 * Out:   the verb it stands for, by typing errors (edit distance), by what was left out between verb and argument, or by what
 *        was put into the word; VERB_UNKNOWN when it is far from all.
 * Never: guesses for words of other protocols (foreign.h is asked first) or for runs of a filler. */
#ifndef SMTPWHY_SMTP_NEAR_H
#define SMTPWHY_SMTP_NEAR_H

#include "smtp/session.h"

enum verb near_verb(struct bytes line);
/* Drops octets that are not printable ASCII first: NUL, controls, invisible characters. */
enum verb near_verb_cleaned(struct bytes line);

#endif
