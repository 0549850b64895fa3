/* store - sessions, failures and findings become rows of one SQLite database.
 * In:    sessions with their verdicts, captures, in any order; ids come from the timeline, so the order does not show.
 * Out:   the database of docs/database.md: tables of schema.sql, views of views.sql, compiled in as text.
 * Ids:   session_id is the ordinal of the connection's first packet in the timeline (plus what an appended database already
 *        holds); error_id and finding_id are session_id * 100000 + ordinal. Same input, same ids, whatever the threads or shards.
 * Writing is all or nothing: built beside the target, renamed into place by store_finish; store_abandon leaves what stood there.
 * The only user of sqlite3.h, with merge.c, query.c and read.c of this folder. */
#ifndef SMTPWHY_STORE_STORE_H
#define SMTPWHY_STORE_STORE_H

#include "base/error.h"
#include "capture/timeline.h"
#include "decode/decode.h"
#include "why/why.h"

struct store_options {
	const char *path;  /* NULL: a temporary database that goes with the store */
	unsigned threads;  /* that store_finish may use; 0: the caller's alone */
	bool append;       /* the database at path is copied first, and keeps its rows */
	bool redact;       /* names become tokens (veil.h) before anything is put in its place; not with append */
	const char *redact_key; /* key file of the tokens; NULL: a random key */
	bool exclusive;    /* an existing database that is not ours is never overwritten; one of ours is replaced (the default) */
};

struct store;
struct store *store_new(struct store_options, struct error *);
bool store_session(struct store *, const struct session *, const struct verdicts *, bool final, struct error *);
void store_ahead(struct store *, const struct session *, const struct verdicts *); /* they are stored behind what is stored next: nothing but time depends on it */
bool store_capture(struct store *, uint32_t file, const struct capture *, const struct decode_counts *, struct error *);
bool store_print(struct store *, uint32_t file, const char *print, struct error *); /* of a capture that was stored (capture/print.h) */
/* Two sides of a box (comparison.c). Sessions are those of struct session.id; 0 where one side has none. */
struct comparison {
	bool clock_known;
	int64_t clock_offset, transit; /* nanoseconds */
	uint32_t first_outside_file;   /* files from here on were taken outside */
};
struct difference {
	uint64_t inside_session, outside_session;
	enum direction direction;
	struct place inside, outside;
	struct bytes inside_text, outside_text; /* wire bytes, credentials masked; NULL pointer: nothing stands there */
	const char *kind;
	enum cause cause;          /* CAUSE_COUNT: none */
	unsigned inside_exchange;  /* 0: none */
	const char *detail;        /* NULL: none */
};
bool store_comparison(struct store *, const struct comparison *, struct error *);
bool store_pair(struct store *, uint64_t inside_session, uint64_t outside_session, const char *known_by, struct error *); /* after its comparison */
bool store_difference(struct store *, const struct difference *, struct error *);

void store_advance(struct store *, uint64_t packets, size_t files); /* what follows is another timeline, behind one of so many packets and files */
bool store_forget(struct store *, struct error *);   /* the sessions of the timeline that is being stored; its captures must not be stored yet */
bool store_finish(struct store *, struct error *);   /* indexes, views, sync, rename */
const char *store_path(const struct store *);        /* where the database lies after store_finish; of a temporary one as well */
void store_free(struct store *);                     /* unfinished: nothing of it stays; a temporary one is removed */

#endif
