/* writer - what the files of this folder that write rows share.
 * Lives: with the store. */
#ifndef SMTPWHY_STORE_WRITER_H
#define SMTPWHY_STORE_WRITER_H

#include "base/text.h"
#include "store/interned.h"
#include "base/limits.h"
#include "store/census.h"
#include "store/store.h"
#include "store/veil.h"
#include "store/wire.h"

#include <string.h>

/* What trace.c gathers of a session, window by window. */
struct trace {
	bool seen, greeted_ehlo, refused_ehlo, greeted_helo;
	struct text name;         /* as the table "look" has it; empty unknown */
	int64_t offer, hidden, wait, quickest;
	struct place offer_at;
};

struct pending { /* of a session: what its row needs of its windows */
	unsigned findings, parts, pipelined;
	bool auth_seen;
	char auth[32];
	int64_t slowest;
	char slowest_verb[16];
	struct trace trace;
};

/* Texts of TCP stacks that were met: few, and each session has two. */
enum { STACKS_KNOWN = 64 };
struct known_stack {
	uint64_t options, window; /* window: with its scale and the segment size */
	int64_t id;               /* 0: none is known here */
};

/* What looks the same by its ids alone, and its row: a session whose greeting is a row of "text", and whose name is the greeting's or none. */
enum { LOOKS_KNOWN = 8192, LOOKS_ALIKE = 2 /* of one hash */ };
struct known_look { /* in words, so that what is written is read again as it was written */
	uint64_t told;   /* text_id of the greeting and of the offer */
	uint64_t rest;   /* of what the offer hides, and of the server's stack */
	uint32_t manner; /* enum hello, and whether it has a name */
	uint32_t look;   /* 0: none is known here */
};

/* What rows are looked up by: hashes, taken while the session before it is stored. */
enum { FETCHED_MOST = 4 };
struct fetched {
	const struct session *session; /* NULL: none */
	uint64_t id;                   /* its */
	uint64_t banner, replies[FETCHED_MOST], details[FETCHED_MOST]; /* replies, details: of its first errors */
	unsigned n;
};

enum { REPLIES_TOLD = 64 };

struct store {
	struct database database;
	struct interned texts;
	struct tree_file file;                /* open while rows go past SQLite */
	struct feed session, error, finding, ladder, look, capture, content;
	sqlite3_stmt *difference, *comparison, *pair;
	int64_t causes[CAUSE_COUNT];          /* cause_id by enum cause */
	int64_t session_offset, capture_offset; /* what the appended database holds: packets, captures */
	int64_t comparison_id;                /* of the comparison being stored; 0 none */
	struct map pending;                   /* of sessions that came in windows, and go on, by their id; NULL once it ended */
	struct pending whole;                 /* of the session that comes now, if all of it comes at once; its texts' room stays */
	struct known_stack stacks[STACKS_KNOWN];
	struct text text, line, note;         /* scratch, cleared by whoever uses it */
	struct map looks;                     /* rows of "look", their texts spelled out, to their ids */
	struct known_look known_looks[LOOKS_KNOWN][LOOKS_ALIKE]; /* by their ids' hash, what came last before what came earlier */
	struct known_look *known;             /* of them, those of this session's hash; NULL: its texts are asked for */
	struct known_look asked;              /* of this session */
	uint32_t asked_look;                  /* found by its ids; 0: by its texts, if it has one */
	struct text greeting, key;            /* then, of this session: its greeting as "look" has it, and what it is found by in looks */
	bool starred;                         /* its greeting is filler */
	uint64_t key_hash;
	int64_t banner;                       /* text_id of its greeting; 0: that is in its row */
	struct fetched fetched[2], *now, *next; /* now: of this session; next: of the one behind it */
	int64_t last_look;
	uint64_t replies_told;                /* writer_reply_is_told of the first errors of this window, a bit each */
	const struct offer *offer;            /* of this session, whose text is offer_id; NULL none */
	int64_t offer_id;
	struct veil *veil;                    /* NULL: nothing is redacted */
	bool counts;                          /* the census is taken: no rows stood here before, and names stay */
	struct census census;
};

enum { IDS_PER_SESSION = 100000, ESCAPED_MOST = 4 /* octets of text that an octet of the wire becomes */ };

bool writer_settle(struct store *, struct error *); /* all rows are in the database, and what follows goes there through SQLite */
static inline int64_t writer_capture(const struct store *s, struct place place)  /* capture_id, 0 nowhere */
{
	return place.number ? s->capture_offset + place.file + 1 : 0;
}
int64_t writer_text(struct store *, struct bytes wire, size_t most, struct error *);  /* id of its C-escaped text */
int64_t writer_says(struct store *, const char *, struct error *);       /* id; 0 for NULL */
int64_t writer_lines(struct store *, struct bytes wire, uint64_t hash, struct error *); /* id of its C-escaped text, if that came often; 0. hash: bytes_hash of it */
/* The next column of a row, which holds a text or the id of one that came often. */
void writer_wire(struct feed *, struct bytes wire, int64_t id);                                  /* C-escaped where there is no id; .p NULL is NULL */
void writer_sentence(struct store *, struct feed *, const char *, uint64_t hash, struct error *); /* as it stands; NULL is NULL */
struct bytes writer_verb(const struct command *, struct text *room); /* trigger_verb of a command; .p NULL is NULL. A view of room, which is cleared, or of ours */
/* The next number of a JSON array behind its first; 0 is null where the id is unknown. at has room for NUMBER_MOST + 1. */
static inline char *writer_put(char *at, int64_t number)
{
	*at++ = ',';
	return wire_put_number(at, number);
}

static inline char *writer_put_id(char *at, int64_t id)
{
	if (id)
		return writer_put(at, id);
	memcpy(at, ",null", 5);
	return at + 5;
}

/* After rows_of_errors, of the error at this index: the raw line of its reply is what columns of its row say, one behind the other. */
bool writer_reply_is_told(const struct store *, const struct verdicts *, size_t at);
bool ladder_write(struct store *, const struct session *, const struct verdicts *, int64_t session_id, unsigned part, struct error *);
int64_t writer_offer(struct store *, const struct offer *, struct error *); /* id of its keyword lines, joined by LF; 0 without EHLO */
void trace_gather(struct store *, struct trace *, const struct session *, struct error *); /* each window */
/* Once all is gathered, and some time before trace_look: what it looks up begins to be fetched. trace_fetch, trace_fetch_entry: the rest, in between. */
void trace_key(struct store *, const struct trace *, const struct session *, struct error *);
void trace_fetch(struct store *, const struct trace *, const struct session *, struct error *);
void trace_fetch_entry(const struct store *);
void trace_free(struct trace *);
int64_t trace_look(struct store *, const struct trace *, const struct session *, struct error *); /* its row of "look", made where it is new; 0 none */
/* What trace.c fills of the row of a session, 0 where it is unknown. */
struct shown {
	int64_t client_ttl, server_ttl, client_stack, wait, quickest;
	struct place offer;
};
struct shown trace_shown(struct store *, const struct trace *, const struct session *, struct error *);
/* session_row.c: what the row of a session needs of its exchanges, also of windows that are gone by then; and the row. */
void writer_gather(struct store *, struct pending *, const struct session *);
bool session_row(struct store *, const struct session *, const struct pending *, int64_t id, struct error *);
bool rows_of_errors(struct store *, const struct verdicts *, int64_t session_id, struct error *);
bool rows_of_findings(struct store *, const struct verdicts *, int64_t session_id, unsigned before, struct error *);

#endif
