/* counts - sessions and errors added up by server, client and cause: the tables "server", "client", "cause_count", "server_cause".
 * In:    a population, and a database where these tables stand empty (views.sql).
 * Out:   their rows, in the order in which the population numbers servers and clients. */
#ifndef SMTPWHY_STORE_COUNTS_H
#define SMTPWHY_STORE_COUNTS_H

#include "store/population.h"

bool counts_write(struct database *, const struct population *, struct error *);

#endif
