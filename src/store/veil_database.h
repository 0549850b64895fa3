/* veil_database - every row of a report database loses its names.
 * In:    an open database in its transaction; a veil.
 * Out:   the same rows with tokens, in a new transaction; a table "redaction" that says so. What was there before is not in the file.
 * Never: leaves a column of text alone that it does not know: that is veiled as a line of the wire. */
#ifndef SMTPWHY_STORE_VEIL_DATABASE_H
#define SMTPWHY_STORE_VEIL_DATABASE_H

#include "store/database.h"
#include "store/veil.h"

bool veil_database(struct database *, struct veil *, struct error *);

#endif
