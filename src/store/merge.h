/* merge - several report databases become one.
 * In:    paths of report databases; the path of the result, which may stand already (it is replaced, as store.h does).
 * Out:   one database with the rows of all.
 * Ids:   databases that tell of the same captures (same names, packets and times, in the same order) are shards of one run: their
 *        captures are kept once and ids are kept, so that the result equals the single run's. Any other database is appended: its
 *        captures follow, and its ids are raised by the packets (and beyond the ids) that the result holds by then.
 * Never: changes an input; leaves half a result. A session that two shards both hold is an error. */
#ifndef SMTPWHY_STORE_MERGE_H
#define SMTPWHY_STORE_MERGE_H

#include "base/error.h"

#include <stddef.h>

bool merge_databases(const char *out, const char *const *in, size_t n, struct error *);

#endif
