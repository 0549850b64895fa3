/* audit - which path does what to mail: paths against behaviours.
 * In:    a report database; how long the prefixes of client and server networks are, and what makes a row.
 * Out:   rows, each with its cells: sessions affected of sessions seen, since when and until when, by what, where the box sits.
 * Never: counts a session twice in a cell; tells where a box sits from one path alone.
 * Where: a box acts on all that passes it (both directions, every server): the same sign from several servers for one client network
 *        lies at the client's end, from one server for several client networks at the server's end.
 * Lives: until audit_free. */
#ifndef SMTPWHY_REPORT_AUDIT_H
#define SMTPWHY_REPORT_AUDIT_H

#include "base/map.h"
#include "base/network.h"
#include "report/page.h"
#include "report/read.h"
#include "why/why.h"

enum behaviour {
#define BEHAVIOUR(id, ...) BEHAVIOUR_##id,
#include "report/behaviours.def"
#undef BEHAVIOUR
	BEHAVIOURS
};

struct behaviour_entry {
	const char *brief, *name;
	enum cause cause;
};
const struct behaviour_entry *behaviour_entry(enum behaviour);

enum audit_by { AUDIT_BY_PATH, AUDIT_BY_CLIENT, AUDIT_BY_SERVER };
enum box_place { BOX_UNKNOWN, BOX_CLIENT_END, BOX_SERVER_END, BOX_EVERYWHERE, BOX_SOME_PATHS };
const char *box_place_name(enum box_place);

struct audit_options {
	enum audit_by by;
	struct prefixes client, server; /* server prefixes of full length: each address and port alone */
};

enum { AUDIT_EXAMPLES = 3 };

struct audit_cell {
	unsigned sessions;
	int64_t first, last, last_session; /* times; last_session: of the walk */
	int64_t examples[AUDIT_EXAMPLES];  /* sessions to look at, 0 none */
	unsigned certainty;                /* the best */
	struct bytes device;               /* empty: unknown */
	enum box_place place;
};

struct audit_row {
	struct bytes client, server;       /* "" for any */
	unsigned sessions, whole, affected; /* seen; of these read whole; with any behaviour */
	int64_t first, last;
	unsigned partners;                 /* rows of the other kind it was seen with: servers of a client, clients of a server */
	struct audit_cell *cells;          /* one a behaviour; NULL: no sign of any */
};

struct audit {
	struct arena arena;
	struct audit_row *rows;            /* the most affected first; rows without any sign last */
	size_t nrows, naffected;           /* affected rows stand first */
	unsigned sessions, affected;
	bool seen[BEHAVIOURS];
};

bool audit_read(struct audit *, struct reader *, struct audit_options);
void audit_free(struct audit *);

void audit_draw(const struct audit *, struct audit_options, struct reader *, struct page *);
void audit_json(const struct audit *, struct text *); /* a line a cell */
void audit_csv(const struct audit *, struct text *);

#endif
