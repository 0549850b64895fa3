/* glance - what a session and a failure show at once, so that only the rows are asked that can say yes.
 * In:    a session; a failure of it.
 * Out:   a set of marks. A row of the rules or observers names those of which it needs one; without names it is always asked.
 * Never: decides anything: a mark is necessary for a row, never enough.
 * Lives: values. */
#ifndef SMTPWHY_WHY_GLANCE_H
#define SMTPWHY_WHY_GLANCE_H

#include "why/rule.h"

enum shows {
	/* of the session */
	SHOWS_STARS = 1,           /* the greeting is filler */
	SHOWS_MASKS = 1 << 1,      /* an offer with an overwritten keyword */
	SHOWS_RUNS = 1 << 2,       /* a verb that is filler, or is quoted as filler */
	SHOWS_NOTES = 1 << 3,      /* anything that stands on its own */
	SHOWS_ODD = 1 << 4,        /* a reply whose packets look odd */
	SHOWS_RESETS = 1 << 5,
	SHOWS_BOX = 1 << 6,        /* a proxy's greeting, or a reply in the words of a box */
	SHOWS_DIALECT = 1 << 7,    /* a reply that the product of the greeting does not give */
	SHOWS_EHLO = 1 << 8,       /* EHLO refused as unknown */
	SHOWS_WAITING = 1 << 9,    /* the last command is not answered */
	SHOWS_FOREIGN = 1 << 10,   /* another protocol, or TLS records */
	SHOWS_BARE = 1 << 11,      /* a line end other than CRLF */
	SHOWS_LONG = 1 << 12,      /* a line beyond its limit */
	SHOWS_8BIT = 1 << 13,      /* in a message's header */
	SHOWS_USE = 1 << 14,       /* something accepted that needs an offer */
	SHOWS_HASTE = 1 << 15,     /* something sent ahead of a reply */
	SHOWS_TLS = 1 << 16,       /* plain text behind STARTTLS, or a handshake that ended */
	/* of the failure */
	AT_ANY = 0,
	AT_GREETING = 1 << 17,
	AT_CONTENT = 1 << 18,      /* message data or a chunk */
	AT_AUTH = 1 << 19,
	AT_STARTTLS = 1 << 20,
	AT_HELLO = 1 << 21,        /* EHLO, HELO or LHLO */
	AT_RCPT = 1 << 22,
	AT_RARE = 1 << 23,         /* a verb that is not every session's */
	AT_FAULT = 1 << 24,        /* no sound command line */
	AT_PATH = 1 << 25,         /* its address has marks */
	AT_PARAMETERS = 1 << 26,
	AT_STRAY = 1 << 27,        /* message content read as a command */
	AT_HASTE = 1 << 28,        /* sent ahead, or followed too soon */
	AT_BARE = 1 << 29,         /* its line ends oddly, or the reply says so */
	AT_LONG = 1 << 30,
};

unsigned session_shows(const struct session *);
unsigned failure_shows(const struct failure *); /* failure.shows must hold the session's: they are among them */

#endif
