/* side - the captures of one side of a box become accounts of its sessions.
 * In:    paths; where its files and packets are numbered from, so that two sides share one database.
 * Out:   accounts in order of their sessions' ids, after side_read.
 * Lives: until side_free, which frees the accounts with their sessions and transcripts. */
#ifndef SMTPWHY_SIDE_H
#define SMTPWHY_SIDE_H

#include "base/map.h"
#include "capture/timeline.h"
#include "compare.h"
#include "decode/decode.h"
#include "why/account.h"

struct side {
	struct timeline *timeline;
	struct decoder *decoder;
	const struct why *why;
	struct account *accounts;
	size_t n, room;
	uint32_t first_file;      /* number of its first file in the database */
	uint64_t first_ordinal;   /* packets that were read before */
	uint64_t packets;
	int64_t last_time;
	struct map isns;          /* of the clients' SYNs, by the two endpoints */
};

void side_begin(struct side *, const struct compare_options *, const struct why *);
bool side_read(struct side *, const struct compare_options *); /* false: progress said stop */
void side_free(struct side *);

#endif
