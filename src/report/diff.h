/* diff - two reports side by side: what is new, gone, more, less.
 * In:    two report databases, the older one first, and what their reader calls them.
 * Out:   a page; or a line of JSON a difference.
 * Rates: things are compared by the share of sessions they hit, not by their number, for no two captures are of one size. More and
 *        less are said where chance alone would rarely give such a difference; a small count that came or went says so.
 * Never: calls gone what could not be seen: without sessions at a server, nothing about it is gone. */
#ifndef SMTPWHY_REPORT_DIFF_H
#define SMTPWHY_REPORT_DIFF_H

#include "base/map.h"
#include "report/page.h"
#include "report/read.h"

enum diff_change {
	DIFF_NEW,     /* sessions were seen before, none was hit */
	DIFF_MORE,
	DIFF_LESS,
	DIFF_GONE,    /* sessions are seen now, none is hit */
	DIFF_FIRST,   /* hit now; before, no session of it was seen */
	DIFF_UNSEEN,  /* hit before; now no session of it is seen */
	DIFF_SAME,
	DIFF_CHANGES,
};
const char *diff_change_name(enum diff_change);

struct diff_side {
	int64_t errors; /* 5xx replies; 0 where they do not apply */
	int64_t hit, of; /* sessions hit of sessions that could have been */
};

struct diff_entry {
	struct bytes key;
	struct diff_side side[2]; /* old, new */
	enum diff_change change;
	bool chance; /* so few sessions that it may be chance */
};

enum { DIFF_SECTIONS_MOST = 8 };

struct diff_section {
	const char *name, *title; /* "causes", "Causes" */
	bool prose;               /* keys are too long for a table */
	struct map keys;          /* to entries */
	struct diff_entry **entries; /* in the order they are shown */
	size_t n;
};

struct diff {
	struct arena arena;
	struct reader *reader[2];
	const char *name[2];
	struct diff_entry total;  /* sessions with 5xx replies */
	struct diff_section sections[DIFF_SECTIONS_MOST];
	size_t nsections;
};

bool diff_read(struct diff *, struct reader *old, const char *old_name, struct reader *new, const char *new_name); /* false: an error */
void diff_draw(const struct diff *, bool all, struct page *); /* all: what is the same, too */
void diff_json(const struct diff *, bool all, struct text *);
void diff_free(struct diff *);

#endif
