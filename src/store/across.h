/* across - what only all sessions together tell: the tables "change", "server", "client", "cause_count", "server_cause", and findings that rest on
 * other sessions (their ordinals begin at ACROSS_FIRST).
 * In:    a database whose rows are complete and whose derived tables stand empty (views.sql).
 * Out:   these rows, and indexes; those of an earlier fill are gone.
 * Order: by the rows' ids and times, so that neither threads nor the order of merging show. */
#ifndef SMTPWHY_STORE_ACROSS_H
#define SMTPWHY_STORE_ACROSS_H

#include "store/census.h"
#include "store/database.h"

enum { ACROSS_FIRST = 99901 };

/* indexes_sql: run on the way. census: of all sessions, used up; NULL: they are read. beside: what is compared is compared on a thread of its own meanwhile. */
bool across_fill(struct database *, const char *indexes_sql, struct census *, bool beside, struct error *);

#endif
