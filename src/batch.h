/* batch - many sites into one database, several of them read at a time.
 * In:    folders; each is a site: its captures are one timeline, apart from all others.
 * Out:   one database, whose rows do not depend on how many were read at a time: sites are stored in the order given.
 * Keeps: of each site that is ahead of its turn at most AHEAD_OUTCOMES windows of sessions.
 * Never: stops at a file that cannot be read; reads a content twice (by size, first and last 64 KiB), wherever it lies.
 * When:  the database is put in place at the end, when it is stopped (with the sites that were whole by then), and in between each time
 *        what was stored since has become as much as all before, so that the work of putting it there stays in proportion. */
#ifndef SMTPWHY_BATCH_H
#define SMTPWHY_BATCH_H

#include "smtpwhy.h"

#include "base/error.h"

struct batch_progress {
	size_t site, sites;       /* 1..: the one that is being stored */
	const char *folder;
};

struct batch_options {
	struct smtpwhy_options run;   /* database, append, filter, rules, ports, memory: of each site, idle, threads: sites at a time, no_ndpi */
	const char *const *folders;
	size_t nfolders;
	void (*trouble)(void *to, const char *sentence);              /* of an input that could not be read whole, site by site */
	void (*progress)(void *to, const struct batch_progress *);    /* before each site */
	bool (*stopped)(void *to);                                    /* asked often, from several threads */
	void *to;
};

struct batch_result {
	size_t sites, damaged;    /* stored; of those, not whole */
	uint64_t skipped;         /* files whose content the database told of before */
	uint64_t cut_short;       /* connections closed before their end, since a site's memory was full */
	bool stopped;
};

bool batch_run(const struct batch_options *, struct batch_result *, struct error *);

#endif
