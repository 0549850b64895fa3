/* inside - what the files of the dialogue share: client.c, sending.c, data.c, held.c (the client's octets become exchanges), pairing.c, start.c,
 * alignment.c, ways.c, naming.c and loss.c (replies find them), phase.c (what a reply changes), window.c (handing over), dialogue.c (the streams
 * come in).
 * Never: included by anything else.
 *
 * The queue is the tail of the session's list from "waiting" on: exchanges without reply, in order of commands.
 * Latent lines are what the server may have read as commands though the client meant them as data: they join the queue only when
 * the server gives more replies than there are commands waiting.
 * After a loss, replies are put off until the client speaks again: a client that waits for its replies then shows which have come. */
#ifndef SMTPWHY_SMTP_INSIDE_H
#define SMTPWHY_SMTP_INSIDE_H

#include "base/limits.h"
#include "smtp/content.h"
#include "smtp/dialogue.h"
#include "smtp/extension.h"
#include "smtp/grammar.h"
#include "smtp/line.h"
#include "smtp/offers.h"
#include "smtp/redact.h"
#include "smtp/reply.h"
#include "smtp/tls.h"

enum {
	HELD_MOST = 64 * 1024, /* octets behind a DATA, AUTH or STARTTLS that wait for its reply; what comes beyond is dropped as a gap */
	LATENT_MOST = 200,     /* servers give up long before */
	PUT_OFF_MOST = 64,     /* replies that wait for an anchor */
	HOLES_MOST = 12,       /* further ones are joined to the last */
	EXCERPT = 256,
};

enum mode {
	MODE_LINES,   /* the client sends command lines */
	MODE_HELD,    /* what it sends now means what the reply to held_for makes of it */
	MODE_CONTENT,
	MODE_CHUNK,
	MODE_TLS,
};

struct held {
	struct held *next;
	bool is_gap;
	struct chunk chunk;
	struct gap gap;
	uint8_t octets[];
};

struct hole {
	struct exchange *after;       /* NULL: before all */
	uint64_t begin, end;          /* in the client's stream */
	bool from_line_begin, whole;  /* whole: lines only, so that one command at least is missing */
	bool answered;                /* a reply was given to what stood in it */
	uint64_t acked;               /* what the client had received before it */
};

struct lost { /* somewhere here replies are missing, or parts of some */
	uint64_t begin, end;
};

struct put_off {
	struct reply reply;
	uint64_t end; /* of its last line in the server's stream */
};

/* What an undisturbed exchange of command and reply touches comes first: some thousand dialogues take turns, and each is fetched
 * from memory that the others have pushed out of the caches. */
struct dialogue {
	const struct connection *connection;
	struct dialogue_sink sink;
	struct session *session;

	enum mode mode : 8;
	bool heard[2], ended[2];
	bool begun;
	bool start_judged : 1;          /* the first reply of a capture that began late has been looked at */
	bool had_loss : 1;
	bool runs_ahead : 1;            /* the client has sent a command before the reply to an earlier one had come */
	bool reply_holed : 1;           /* a hole lies in the reply being gathered */
	bool tail_dropped : 1;          /* the line before was the end of one whose beginning is missing */
	bool head_taken : 1;            /* the line before the hole was read: what follows of it is no line of its own */
	bool command_head_taken : 1;    /* the same of the client's */
	bool latent_live : 1;           /* they proved to be commands for the server: further ones are queued at once */
	bool content_answered : 1;      /* the reply to the data came before its end */
	bool content_lost : 1;          /* a hole lies in it */
	bool auth_expected : 1;         /* 334 pends */
	bool auth_tried : 1;
	bool surplus_begun : 1;
	bool plain_masked : 1;
	bool prelude_read : 1;          /* its first octets were no PROXY header of version 2 */
	bool plain_after_tls : 1;       /* SMTP went on in clear where TLS belongs */
	bool helo_done : 1;
	bool fills_hole;                /* what is read now came late: what its segment acknowledges was not known when it was first sent */
	bool altered_skip[2];
	enum phase before_auth : 8;
	size_t nheld;
	struct prelude *prelude;        /* a PROXY header of version 2 that has not come whole; NULL: none */
	uint64_t seen[2];               /* end of what was delivered or declared lost */
	uint64_t acked;                 /* by the client's newest octets */
	struct lines lines[2];
	struct replies replies;

	/* the queue (pairing.c) */
	struct exchange *waiting;       /* the first without reply; NULL none */
	unsigned nwaiting;
	unsigned last_ordinal;          /* of the newest exchange, also across windows */
	uint64_t answered_end;          /* end of the last paired reply */
	uint64_t greeting_end;
	struct exchange *early;         /* answered before its line was complete: the line is still to come */
	unsigned nholes, nlost, nput_off;
	unsigned nlatent;
	struct exchange *latent;        /* lines by ->next */

	/* the server's state (phase.c) */
	const struct offer *offer, *offer_before;
	uint64_t offer_end;
	struct state state;
	unsigned transaction;

	/* the client's side (client.c, sending.c) */
	unsigned surplus_of;            /* ordinal: unknown words now are content of this DATA or BDAT */
	struct exchange *held_for;
	struct held *held, **held_end;
	uint64_t held_dropped;
	uint64_t tls_until;             /* octets before it belong to a TLS record in clear */
	uint64_t client_begins;         /* what stands before it is a PROXY header */
	struct secrets *secrets;
	struct tls_reader *tls;
	struct reader_of_content *content;
	struct lines *shadow;           /* cuts data into latent lines */
	uint64_t content_from, content_to; /* the newest range of data in the client's stream */
	uint64_t content_acked;         /* what the client had received when it began to send it */
	uint64_t secret_from, secret_to;   /* the newest AUTH line */
	struct exchange *content_exchange;
	uint64_t chunk_left;
	struct exchange *chunk_exchange;

	/* after a loss (loss.c, alignment.c); lists on the heap */
	struct hole *holes;             /* where commands are missing, until a command behind them is paired; HOLES_MOST at most */
	struct lost *lost;              /* where replies are missing, until one behind them is paired; HOLES_MOST at most */
	uint64_t lost_end;              /* of the newest of them */
	size_t aligned_replies;         /* what the last alignment left over, and with how many commands: no use to try again */
	unsigned aligned_commands;
	struct put_off *put_off;
	struct exchange **latent_end, *latent_after;
	struct place altered[2];        /* frame whose further octets are the tail of a differing copy */
};

/* pairing.c */
struct exchange *exchange_new(struct dialogue *, enum command_kind);                    /* not yet in the list */
void exchange_append(struct dialogue *, struct exchange *, bool waits);
void exchange_insert(struct dialogue *, struct exchange *after, struct exchange *, bool waits); /* later ordinals move up */
void reply_came(struct dialogue *, struct put_off *);                                   
void put_off(struct dialogue *, const struct put_off *);                                /* until more is known */
void pairing_settle(struct dialogue *, uint64_t acked, bool closing);                   /* the client had received so much */
void pairing_finish(struct dialogue *);                                                 /* nothing more will come */
void latent_add(struct dialogue *, struct exchange *);
void latent_begin(struct dialogue *, struct exchange *after);
void latent_drop(struct dialogue *);
struct note *note_add(struct dialogue *, enum note_kind, enum direction, struct place);

uint64_t command_end(const struct command *);                                           /* in the client's stream, ending included */
void exchange_give(struct dialogue *, struct exchange *, const struct put_off *, enum pairing);
void exchange_answer(struct dialogue *, struct exchange *, const struct put_off *, enum pairing); /* the same, minding LMTP's several replies */
void exchange_spawn(struct dialogue *, struct exchange *);                               /* LMTP: an exchange for each recipient */
void exchange_give_up(struct dialogue *, struct exchange *);                             /* its reply is not in the capture, or there was none */
void exchange_give_to_unseen(struct dialogue *, const struct put_off *, bool lost);

/* loss.c */
static inline bool loss_any(const struct dialogue *d) { return d->nholes || d->nlost; }
void loss_of_commands(struct dialogue *, uint64_t begin, uint64_t end, bool from_line_begin); /* behind the newest command */
void loss_of_commands_before(struct dialogue *, const struct exchange *);
void loss_ends_with_line(struct dialogue *);                                             /* before the next command is added */
uint64_t loss_filled(struct dialogue *, const struct chunk *);                           /* by the client, late; what it had received when it first sent this */
bool loss_has_tail(struct dialogue *);                                                   /* the line that has just come is the end of what stood in the hole */
void loss_of_replies(struct dialogue *, uint64_t begin, uint64_t end);
void loss_grows(struct dialogue *, uint64_t from, uint64_t until);                       /* of replies */
void loss_forget_replies(struct dialogue *, uint64_t until);
bool loss_beyond(const struct dialogue *, uint64_t acked, uint64_t end);
void loss_of_commands_over(struct dialogue *, uint64_t acked);
void loss_forget_start(struct dialogue *);
void loss_forget_all(struct dialogue *);
bool lost_is_room(const struct lost *);                                                  /* for a whole reply */

/* alignment.c */
enum urgency { WHEN_CERTAIN, NOW, AT_THE_END }; /* what is not certain waits for more; or is given to no command */
void pairing_align(struct dialogue *, enum urgency);                                     /* the replies put off since a loss */

/* naming.c: 1 where the reply repeats the command's address, -1 where another one's only; of zeroed room */
void names_compare(struct bytes text, struct exchange *const *commands, size_t n, int8_t *names);

/* start.c */
void start_judge(struct dialogue *, const struct reply *first);

/* phase.c */
void phase_answered(struct dialogue *, struct exchange *, uint64_t end);
void phase_describe(const struct dialogue *, struct exchange *);                        /* fills before and transaction */
bool reply_fits(const struct exchange *, const struct reply *);
bool reply_anchors(const struct exchange *, const struct reply *);                      /* they fit, and hardly anything else does */
void unseen_guess(struct exchange *);                                                   /* what the reply itself proves */

/* client.c */
void client_chunk(struct dialogue *, const struct chunk *);
void client_read(struct dialogue *, const struct chunk *);
void client_gap(struct dialogue *, const struct gap *);
void client_end(struct dialogue *);

/* prelude.c */
bool prelude_may_go_on(const struct dialogue *, const struct chunk *);
struct chunk without_proxy_header(struct dialogue *, const struct chunk *); /* what of it is the client's own; empty: nothing so far */
void prelude_give_up(struct dialogue *); /* what was kept is no header, since something else came first: it is read */

/* sending.c */
void client_line(struct dialogue *, const struct line *);
void line_fill(struct dialogue *, struct exchange *, const struct line *);               /* copies the line, masked */
void command_describe(struct dialogue *, struct exchange *);                             /* the moment it was sent */
bool command_is_known(const struct command *);                                           /* a known verb in good order */
const struct offer *offer_in_force(const struct dialogue *, uint64_t acked);

/* data.c */
void content_begin(struct dialogue *);
void content_part(struct dialogue *, const struct chunk *, struct bytes rest);
void content_answer_early(struct dialogue *);                                            /* makes the exchange of unfinished data */
void content_may_have_ended(struct dialogue *, const struct chunk *);
void chunk_part(struct dialogue *, const struct chunk *, struct bytes rest);
void chunk_ends(struct dialogue *);

/* held.c */
void held_begin(struct dialogue *, struct exchange *);                                   /* what follows waits for the reply to this */
void held_add(struct dialogue *, const struct chunk *, const struct gap *);
void held_answered(struct dialogue *, struct exchange *);
void held_guess(struct dialogue *, const struct exchange *);                             /* its reply is lost */
void held_unanswered(struct dialogue *, const struct exchange *);
void held_release(struct dialogue *);
void server_spoke_first(struct dialogue *, bool tls);
void tls_begin(struct dialogue *, bool implicit);
void tls_join(struct dialogue *);                                                        /* it began where the capture has nothing */

/* A part of a chunk, with all that is known of the whole. */
static inline struct chunk chunk_part_of(const struct chunk *chunk, struct bytes part, uint64_t offset)
{
	struct chunk c = *chunk;
	c.bytes = part;
	c.offset = offset;
	return c;
}

/* window.c */
void window_check(struct dialogue *);
void session_hand_over(struct dialogue *, bool final);
struct session *session_begin(const struct connection *, struct arena_pool *);

#endif
