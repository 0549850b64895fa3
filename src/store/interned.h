/* interned - texts that occur often become rows of the table "text" once.
 * In:    printable text.
 * Out:   its text_id.
 * Keeps: the latest texts within INTERNED_MOST; then it forgets them all, so that a text may get a second row.
 * Lives: until interned_free. */
#ifndef SMTPWHY_STORE_INTERNED_H
#define SMTPWHY_STORE_INTERNED_H

#include "base/map.h"
#include "store/feed.h"

/* Memory for look-ups stays below some 4 MiB: half of it texts, the rest the map's own. */
enum { INTERNED_MOST = 16384, INTERNED_OCTETS = 2 * 1024 * 1024, INTERNED_SIGHTED = 8192, INTERNED_WORDS = 256 };

struct interned_word { /* a string of ours that was met at this address */
	const char *address;
	struct bytes text;
	int64_t id;
};

struct interned {
	struct feed rows;
	struct map map; /* value: the id */
	size_t octets;
	int64_t last;
	uint32_t sighted[INTERNED_SIGHTED]; /* hashes of texts that came once or, with the lowest bit, twice */
	struct interned_word words[INTERNED_WORDS]; /* by address */
	struct arena says;                  /* their texts */
};

bool interned_begin(struct interned *, struct database *, struct error *);
int64_t interned_id(struct interned *, struct bytes, struct error *); /* 0: the error is filled */
/* For places that can hold the text itself: a row is made at the third sighting. 0: keep the text. Most texts come once or
 * twice (queue ids, addresses), and a row costs more than they do. */
int64_t interned_again(struct interned *, struct bytes, uint64_t hash, struct error *); /* hash: bytes_hash of it */
/* The same of lines of the wire, as wire_add_lines escapes them: escaped, in room, only where a row may be made. */
int64_t interned_lines(struct interned *, struct bytes wire, uint64_t hash, size_t most, struct text *room, struct error *);
/* The same as interned_id, for words of ours, which come again from the same address. */
int64_t interned_says(struct interned *, const char *, struct error *);
/* For a text that one of these will be asked for: its hash, for the second step (map_fetch). */
uint64_t interned_fetch(const struct interned *, struct bytes);
void interned_free(struct interned *);

#endif
