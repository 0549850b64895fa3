/* account - one session as one side of a box saw it: turns, each a command with its content and its reply, line by line.
 * In:    the windows of a session and its transcript.
 * Out:   turns in order; each line with its hash, frames, and the text that the session keeps of it.
 * Keeps: references to the windows and the transcript, which must outlive it.
 * Never: holds text that the session does not hold: credentials are masked there, message content has no text here.
 * Lives: until account_end. */
#ifndef SMTPWHY_WHY_ACCOUNT_H
#define SMTPWHY_WHY_ACCOUNT_H

#include "why/transcript.h"
#include "why/why.h"

struct uttered { /* a line */
	struct spoken spoken;
	struct bytes text;   /* masked as in the session; NULL pointer: message content */
};

struct turn {
	const struct exchange *exchange; /* NULL: a PROXY header, or message data without an end */
	enum command_kind kind;
	bool spoken;         /* the command is a line of the capture */
	struct uttered command;
	struct uttered *content; /* what came before the final dot, or in the chunk */
	size_t ncontent;
	bool answered, reply_holed;
	struct uttered *reply;
	size_t nreply;
	uint64_t command_key, content_key, reply_key; /* equal for what is equal */
};

struct account {
	struct session **windows;
	struct verdicts *verdicts;    /* of each window */
	size_t nwindows;
	struct transcript *transcript;
	uint32_t isn;                 /* of the client's SYN */
	bool isn_known;
	int64_t watched_until;        /* time of the last packet of its side */

	/* by account_begin */
	struct arena arena;
	const struct connection *connection; /* as it was at the end */
	struct turn *turns;
	size_t n;
	bool encrypted;               /* what follows the last turn cannot be read */
};

void account_begin(struct account *);
bool account_is_smtp(const struct account *);
bool account_begun(const struct account *, enum direction); /* its stream's first octet was in reach: a SYN */
bool account_impaired(const struct account *); /* holes, or no beginning */
bool account_closed(const struct account *); /* a FIN or RST ended it */
bool uttered_same(const struct uttered *, const struct uttered *); /* octets and ending */
void account_end(struct account *); /* the turns; windows and transcript are the caller's */

#endif
