/* dialogue - two streams of bytes become the record of a session.
 * In:    what flow's sink gives: chunks, gaps, overlaps, ends, in causal order.
 * Out:   a struct session, handed over when it closes, or when its window is full (LIMIT_SESSION_MEMORY): then what is answered is
 *        handed over as one window and the dialogue goes on with a fresh arena that keeps only what is in force.
 * Keeps: no content, no credentials.
 * Never: fails on input; stops reading a session for anything it contains.
 * Rules: every reply takes a slot: the greeting, unknown verbs, junk and empty lines, AUTH continuations, BDAT chunks, the final
 *        dot (one reply a recipient in LMTP). DATA begins at 354 and at nothing else. ACKs order and re-anchor. */
#ifndef SMTPWHY_SMTP_DIALOGUE_H
#define SMTPWHY_SMTP_DIALOGUE_H

#include "smtp/session.h"

struct offers;
struct dialogue_sink {
	/* The session is the receiver's: it ends it with session_free. final: false for a window of a session that goes on. */
	void (*session)(void *to, struct session *, bool final);
	void *to;
	struct offers *offers;   /* replies that other dialogues of this thread heard (offers.h); NULL: none */
	struct arena_pool *pool; /* for sessions that end in this thread, before the pool does; NULL: none */
};

struct dialogue;
struct dialogue *dialogue_new(const struct connection *, struct dialogue_sink);
enum interest dialogue_data(struct dialogue *, enum direction, const struct chunk *);
enum interest dialogue_gap(struct dialogue *, enum direction, const struct gap *);
void dialogue_overlap(struct dialogue *, enum direction, const struct overlap *);
void dialogue_end(struct dialogue *, enum direction, enum ending, struct place);
void dialogue_close(struct dialogue *, const struct connection *, const char *speaks); /* hands over the session, frees the dialogue */
size_t dialogue_size(const struct dialogue *); /* bytes on the heap, about */
void dialogue_fetch(const struct dialogue *, unsigned part); /* 0.. of it and its session, into the caches, where those before it are */
void dialogue_discard(struct dialogue *); /* it turned out to be no SMTP: nothing is handed over */
void session_free(struct session *);

#endif
