/* raise - the ids inside JSON columns of rows that move into a database that has ids already.
 * In:    proofs of an error or a finding, lines of a ladder, as views.sql describes them; by how much ids grow.
 * Out:   the same octets, but for the ids.
 * Never: gives half a column: what is not so made is refused. */
#ifndef SMTPWHY_STORE_RAISE_H
#define SMTPWHY_STORE_RAISE_H

#include "base/text.h"
#include "store/database.h"

enum raise_column { RAISE_PROOFS, RAISE_LADDER };
struct raise { /* by so much */
	int64_t text, capture;
};

bool raise_ids(struct text *, struct bytes json, enum raise_column, struct raise); /* added to the text; false: half of it may be there */
bool raise_functions(struct database *, struct error *); /* SQL: raised_proofs(proofs, text, capture), raised_ladder(lines, text, capture) */

#endif
