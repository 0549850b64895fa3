/* outbreak - since when a cause strikes, at one server, from one client network, or everywhere.
 * In:    a population.
 * Out:   changes of kind TURN_ERRORS: for each cause at the scope that explains the order best.
 * Never: tells the same moment once for each server when all are struck. */
#ifndef SMTPWHY_STORE_OUTBREAK_H
#define SMTPWHY_STORE_OUTBREAK_H

#include "store/population.h"

/* cause_of: enum cause by cause_id, CAUSE_COUNT unknown; ncauses of them. */
void outbreaks_find(const struct population *, const enum cause *cause_of, size_t ncauses, struct arena *, struct turns *);

#endif
